//! Finding no place: dearer than anything a place may cost, and the more so the more urgent.

use crate::domain::Level;
use crate::matching::Seeker;

/// Points for leaving a seeker unplaced (solver.md §2).
pub fn penalty(seeker: &Seeker) -> i64 {
    match seeker.level {
        Level::Immediate | Level::SameDay => 400_000,
        Level::H24 => 120_000,
        Level::H48 => 40_000,
        Level::Programmed => 15_000,
    }
}
