//! Travel: twelve points a minute.

use crate::domain::Modality;
use crate::matching::{Candidate, Reason};

/// Points per minute from door to door (solver.md §2: one point is five seconds).
const PER_MINUTE: i64 = 12;

pub(super) fn points(travel_minutes: u16) -> i64 {
    i64::from(travel_minutes) * PER_MINUTE
}

pub(super) fn sentence(candidate: &Candidate, travel_minutes: u16) -> Reason {
    let text = match candidate.slot.modality {
        Modality::Virtual => "Téléconsultation, sans trajet.".to_owned(),
        Modality::HomeVisit => "Visite à domicile.".to_owned(),
        Modality::Ambulatory => format!("{travel_minutes} min de trajet."),
    };
    Reason::new("travel", text)
}
