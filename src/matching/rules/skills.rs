//! The practitioner has the profession the need asks for, and the speciality. Who asks for general practice takes any of its
//! three codes.

use super::{Pair, Rule};
use crate::domain::Speciality;

pub(super) const RULE: Rule = Rule {
    code: "skills",
    requirement: "Le praticien doit exercer la profession et la spécialité demandées.",
    holds: |pair: &Pair<'_>| {
        let (need, slot) = (&pair.seeker.need, &pair.candidate.slot);
        need.profession == slot.profession
            && need
                .speciality
                .as_ref()
                .is_none_or(|asked| slot.speciality.as_ref().is_some_and(|has| answers(has, asked)))
    },
    needs_travel: false,
};

fn answers(has: &Speciality, asked: &Speciality) -> bool {
    has == asked || (has.is_general_practice() && asked.is_general_practice())
}
