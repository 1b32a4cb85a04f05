//! The practitioner opened the slot to whoever books here.

use super::{Pair, Rule};

pub(super) const RULE: Rule = Rule {
    code: "audience",
    requirement: "Le praticien doit avoir ouvert ce créneau à ce canal de réservation.",
    holds: |pair: &Pair<'_>| pair.candidate.audience & pair.seeker.audience != 0,
    needs_travel: false,
};
