//! A place is left, and the slot is still ahead.

use super::{Pair, Rule};

pub(super) const RULE: Rule = Rule {
    code: "place_left",
    requirement: "Le créneau doit avoir encore une place et ne pas avoir commencé.",
    holds: |pair: &Pair<'_>| pair.candidate.slot.places_left(pair.now) > 0,
    needs_travel: false,
};
