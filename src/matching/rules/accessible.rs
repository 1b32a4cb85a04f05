//! Somebody in a wheelchair gets in, when that was asked for. At home and by video there is nothing to get into.

use super::{Pair, Rule};
use crate::domain::Modality;

pub(super) const RULE: Rule = Rule {
    code: "accessible",
    requirement: "Le lieu doit être accessible en fauteuil roulant.",
    holds: |pair: &Pair<'_>| {
        !pair.seeker.constraints.accessible
            || pair.candidate.accessible
            || pair.candidate.slot.modality != Modality::Ambulatory
    },
    needs_travel: false,
};
