//! The kinds of members a territory counts, and what each is in national codes.

use crate::domain::{Profession, Speciality};

use super::parameters::Key;

/// A kind of member: the word of territory files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The word: `medecin_generaliste`.
    pub key: &'static str,
    profession: &'static str,
    speciality: Option<&'static str>,
    /// How their place of practice is called (French).
    pub(super) place: &'static str,
    /// Whether patients say "Docteur".
    pub(super) doctor: bool,
    /// Whether they may practise in the commune's maison de santé.
    pub(super) joins_group: bool,
    pub(super) share_publishing: Key,
    pub(super) slots_per_week: Key,
    pub(super) slot_minutes: Key,
}

impl Kind {
    /// `TRE_G15` code.
    pub fn profession(&self) -> Profession {
        self.profession.parse().expect("every code of the table is in the form of TRE_G15")
    }

    /// `TRE_R38` code, unless it varies (specialist doctors) or does not exist.
    pub fn speciality(&self) -> Option<Speciality> {
        self.speciality.map(|code| code.parse().expect("every code of the table is in the form of TRE_R38"))
    }
}

const OTHER: Kind = Kind {
    key: "",
    profession: "10",
    speciality: None,
    place: "Cabinet",
    doctor: false,
    joins_group: true,
    share_publishing: Key::OtherSharePublishing,
    slots_per_week: Key::OtherSlotsPerWeek,
    slot_minutes: Key::OtherSlotMinutes,
};

/// The kinds, in the order practitioners are made. The ten professions of the regional convention; doctors stand in two
/// rows, general practice and the other specialities.
pub const KINDS: &[Kind] = &[
    Kind {
        key: "medecin_generaliste",
        speciality: Some("SM54"),
        place: "Cabinet médical",
        doctor: true,
        share_publishing: Key::GpSharePublishing,
        slots_per_week: Key::GpSlotsPerWeek,
        slot_minutes: Key::GpSlotMinutes,
        ..OTHER
    },
    Kind { key: "medecin_specialiste", place: "Cabinet médical", doctor: true, ..OTHER },
    // Biologie médicale, as a doctor: the extract of TRE_R38 has no code of pharmacist-biologists.
    Kind {
        key: "biologiste",
        speciality: Some("SM03"),
        place: "Laboratoire",
        doctor: true,
        joins_group: false,
        ..OTHER
    },
    Kind {
        key: "pharmacien",
        profession: "21",
        place: "Pharmacie",
        joins_group: false,
        share_publishing: Key::PharmacistSharePublishing,
        ..OTHER
    },
    Kind {
        key: "infirmier",
        profession: "60",
        place: "Cabinet infirmier",
        share_publishing: Key::NurseSharePublishing,
        slot_minutes: Key::NurseSlotMinutes,
        ..OTHER
    },
    Kind {
        key: "masseur_kinesitherapeute",
        profession: "70",
        place: "Cabinet de kinésithérapie",
        share_publishing: Key::PhysioSharePublishing,
        ..OTHER
    },
    Kind {
        key: "chirurgien_dentiste",
        profession: "40",
        place: "Cabinet dentaire",
        doctor: true,
        share_publishing: Key::DentistSharePublishing,
        ..OTHER
    },
    Kind {
        key: "sage_femme",
        profession: "50",
        place: "Cabinet de sage-femme",
        share_publishing: Key::MidwifeSharePublishing,
        ..OTHER
    },
    Kind { key: "orthophoniste", profession: "91", place: "Cabinet d'orthophonie", ..OTHER },
    Kind { key: "orthoptiste", profession: "92", place: "Cabinet d'orthoptie", ..OTHER },
    Kind { key: "pedicure_podologue", profession: "80", place: "Cabinet de podologie", ..OTHER },
];

/// The kind of a territory file's word.
pub fn kind(key: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::parameters::{MEMBER_KINDS, SPECIALITIES};

    #[test]
    fn every_code_is_in_the_national_lists() {
        let professions = include_str!("../../fixtures/nomenclatures/professions.csv");
        let specialities = include_str!("../../fixtures/nomenclatures/specialities.csv");
        let listed = |list: &str, code: &str| list.lines().any(|line| line.split(',').next() == Some(code));
        for kind in KINDS {
            assert!(listed(professions, kind.profession().as_str()), "{}", kind.key);
            assert!(kind.speciality().is_none_or(|code| listed(specialities, code.as_str())), "{}", kind.key);
        }
        assert!(SPECIALITIES.iter().all(|code| listed(specialities, code)));
        assert!(MEMBER_KINDS.shares.iter().all(|(key, _)| kind(key).is_some()));
    }
}
