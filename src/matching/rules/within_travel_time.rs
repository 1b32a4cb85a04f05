//! The trip is no longer than the caller can make.

use super::{Pair, Rule};

pub(super) const RULE: Rule = Rule {
    code: "within_travel_time",
    requirement: "Le trajet ne doit pas dépasser la durée indiquée.",
    holds: |pair: &Pair<'_>| {
        pair.seeker.constraints.max_travel_minutes.is_none_or(|longest| pair.travel_minutes <= longest)
    },
    needs_travel: true,
};
