//! The slot is at the practice, at home or by video, as the need asks. Video is never offered for a need that says where it
//! must be examined, and nobody is sent a home visit they did not ask for.

use super::{Pair, Rule};
use crate::domain::Modality;

pub(super) const RULE: Rule = Rule {
    code: "modality",
    requirement: "Le lieu de la consultation (cabinet, domicile, vidéo) doit être celui demandé.",
    holds: |pair: &Pair<'_>| match pair.seeker.need.modality {
        Some(asked) => pair.candidate.slot.modality == asked,
        None => pair.candidate.slot.modality != Modality::HomeVisit,
    },
    needs_travel: false,
};
