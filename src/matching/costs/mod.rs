//! What makes one suitable slot better than another, in integer points: one point is worth five seconds of travel
//! (solver.md §2). Each cost is a file of its own, with its sentence.

mod fair_share;
mod lateness;
mod moving;
mod preference;
mod travel;
mod unplaced;
mod wait;

use chrono::{DateTime, Utc};

use super::{Candidate, Reason, Seeker};

pub use fair_share::{BEYOND as DEAREST_STEP, sentence as fair_share_sentence, steps as fair_share_steps};
pub use moving::POINTS as MOVING;
pub use unplaced::{expected_penalty, penalty as unplaced_penalty, weighted};

/// Points a slot costs a seeker, but for what depends on everybody's choices ([`fair_share_steps`]).
pub fn total(seeker: &Seeker, candidate: &Candidate, travel_minutes: u16, now: DateTime<Utc>) -> i64 {
    wait::points(seeker, candidate, now)
        + lateness::points(seeker, candidate)
        + travel::points(travel_minutes)
        + preference::points(seeker, candidate)
}

/// Why a slot stands where it does, for people: its own merits, each cost's sentence.
pub fn reasons(seeker: &Seeker, candidate: &Candidate, travel_minutes: u16, now: DateTime<Utc>) -> Vec<Reason> {
    [
        Some(wait::sentence(seeker, candidate, now)),
        lateness::sentence(seeker, candidate),
        Some(travel::sentence(candidate, travel_minutes)),
        preference::sentence(seeker, candidate),
    ]
    .into_iter()
    .flatten()
    .collect()
}
