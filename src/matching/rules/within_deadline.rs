//! The slot starts before the deadline that triage set (or the régulateur agreed to), and after what a promise announced.

use super::{Pair, Rule};

pub(super) const RULE: Rule = Rule {
    code: "within_deadline",
    requirement: "Le créneau doit commencer avant l'échéance de la demande.",
    holds: |pair: &Pair<'_>| {
        let start = pair.candidate.slot.start;
        start >= pair.seeker.earliest && pair.seeker.latest.is_none_or(|latest| start < latest)
    },
    needs_travel: false,
};
