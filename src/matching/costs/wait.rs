//! Waiting: the more urgent, the dearer the minute.

use chrono::{DateTime, Utc};

use crate::domain::Level;
use crate::matching::reason::spoken;
use crate::matching::{Candidate, Reason, Seeker};

/// Tenths of a point per minute waited (solver.md §2: 6, 1.6, 0.5 and 0.2 points).
fn tenths_per_minute(level: Level) -> i64 {
    match level {
        Level::Immediate | Level::SameDay => 60,
        Level::H24 => 16,
        Level::H48 => 5,
        Level::Programmed => 2,
    }
}

/// A promise is kept before the deadline, hardly any matter when: somebody promised leaves the early places to the others, and
/// waits no longer for nothing.
pub(super) fn points(seeker: &Seeker, candidate: &Candidate, now: DateTime<Utc>) -> i64 {
    let level = if seeker.promised.is_some() { Level::Programmed } else { seeker.level };
    minutes(candidate, now) * tenths_per_minute(level) / 10
}

fn minutes(candidate: &Candidate, now: DateTime<Utc>) -> i64 {
    (candidate.slot.start - now).num_minutes().max(0)
}

pub(super) fn sentence(seeker: &Seeker, candidate: &Candidate, now: DateTime<Utc>) -> Reason {
    let wait = spoken(minutes(candidate, now));
    let text = match seeker.latest {
        Some(latest) => {
            let margin = spoken((latest - candidate.slot.start).num_minutes().max(0));
            format!("Dans {wait}, soit {margin} avant l'échéance.")
        }
        None => format!("Dans {wait}."),
    };
    Reason::new("wait", text)
}
