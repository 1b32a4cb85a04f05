//! The practitioner speaks one of the languages asked for.

use super::{Pair, Rule};

pub(super) const RULE: Rule = Rule {
    code: "language",
    requirement: "Le praticien doit parler l'une des langues demandées.",
    holds: |pair: &Pair<'_>| {
        let asked = &pair.seeker.constraints.languages;
        asked.is_empty() || asked.iter().any(|language| pair.candidate.practitioner.languages.contains(language))
    },
    needs_travel: false,
};
