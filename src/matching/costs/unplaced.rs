//! Finding no place: dearer than anything a place may cost, and the more so the more urgent.

use crate::domain::Level;
use crate::matching::Seeker;

/// Points for not keeping a promise: it is broken for somebody who waits and must be seen the same day, for nobody else. Our
/// assumption.
const PROMISE: i64 = 300_000;

/// Points for leaving a seeker unplaced (solver.md §2).
pub fn penalty(seeker: &Seeker) -> i64 {
    match seeker.level {
        Level::H24 | Level::H48 | Level::Programmed if seeker.promised.is_some_and(|promised| promised.given) => {
            PROMISE
        }
        Level::Immediate | Level::SameDay => 400_000,
        Level::H24 => 120_000,
        Level::H48 => 40_000,
        Level::Programmed => 15_000,
    }
}

/// What a place kept for somebody who may still come is worth beyond their own likelihood: if they do not come, it serves one
/// of those too unlikely to be expected one by one. Percent. Of 100, 125, 150 and 200, tried on ten to twenty seeded weeks at 0.8 places
/// per patient that no table uses, every one above 100 misses fewer same-day patients and costs less; the least of
/// them leaves most room for promises.
const ALSO_FOR_OTHERS: i64 = 125;

/// Points for leaving somebody who may still come unplaced: as far as they are likely and the place serves others besides, never
/// more than for somebody like them who waits, and never so much that a promise would be broken for them.
pub fn expected_penalty(seeker: &Seeker, probability: f64) -> i64 {
    let waits = penalty(seeker);
    weighted(waits * ALSO_FOR_OTHERS / 100, probability).min(waits).min(PROMISE - 10_000)
}

/// Points that count only as far as something is likely.
pub fn weighted(points: i64, probability: f64) -> i64 {
    // Points of a placement stay far below 2^31.
    let points = i32::try_from(points).unwrap_or(i32::MAX);
    #[expect(clippy::cast_possible_truncation, reason = "a share of a 32-bit number")]
    let share = (f64::from(points) * probability.clamp(0.0, 1.0)).round() as i64;
    share
}
