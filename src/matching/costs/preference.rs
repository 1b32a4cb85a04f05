//! A practitioner the caller would rather see: a preference, never a rule.

use crate::matching::{Candidate, Reason, Seeker};

/// Points for seeing somebody else than the one asked for: worth 25 minutes of travel. Our assumption.
const SOMEBODY_ELSE: i64 = 300;

fn is_met(seeker: &Seeker, candidate: &Candidate) -> Option<bool> {
    seeker.constraints.preferred.map(|preferred| preferred == candidate.slot.practitioner)
}

pub(super) fn points(seeker: &Seeker, candidate: &Candidate) -> i64 {
    if is_met(seeker, candidate) == Some(false) { SOMEBODY_ELSE } else { 0 }
}

pub(super) fn sentence(seeker: &Seeker, candidate: &Candidate) -> Option<Reason> {
    (is_met(seeker, candidate) == Some(true)).then(|| Reason::new("preferred", "Praticien souhaité par le patient."))
}
