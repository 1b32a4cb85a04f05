//! Lateness: a start after the deadline, which only a régulateur's agreement makes possible.

use crate::matching::reason::spoken;
use crate::matching::{Candidate, Reason, Seeker};

/// Points per minute past the deadline: dearer than any wait before it.
const PER_MINUTE: i64 = 20;

fn minutes(seeker: &Seeker, candidate: &Candidate) -> i64 {
    seeker.deadline.map_or(0, |deadline| (candidate.slot.start - deadline).num_minutes().max(0))
}

pub(super) fn points(seeker: &Seeker, candidate: &Candidate) -> i64 {
    minutes(seeker, candidate) * PER_MINUTE
}

pub(super) fn sentence(seeker: &Seeker, candidate: &Candidate) -> Option<Reason> {
    let late = minutes(seeker, candidate);
    (late > 0).then(|| Reason::new("late", format!("{} après l'échéance, avec l'accord du régulateur.", spoken(late))))
}
