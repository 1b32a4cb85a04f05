//! The labels of the national codes, in French: professions (`TRE_G15`) and specialities (`TRE_R38`). The lists are open and
//! ours are extracts: a code without a label here is still a code.

use super::{Profession, Speciality};

const PROFESSIONS: &str = include_str!("../../fixtures/nomenclatures/professions.csv");
const SPECIALITIES: &str = include_str!("../../fixtures/nomenclatures/specialities.csv");

/// `Infirmier` for `60`.
pub fn profession_label(profession: &Profession) -> Option<&'static str> {
    label(PROFESSIONS, profession.as_str())
}

/// `Médecine générale` for `SM54`.
pub fn speciality_label(speciality: &Speciality) -> Option<&'static str> {
    label(SPECIALITIES, speciality.as_str())
}

/// Every profession in force, with its label.
pub fn professions() -> impl Iterator<Item = (&'static str, &'static str)> {
    PROFESSIONS.lines().skip(1).filter_map(|line| line.split_once(','))
}

fn label(list: &'static str, wanted: &str) -> Option<&'static str> {
    let (_, label) = list.lines().skip(1).filter_map(|line| line.split_once(',')).find(|(code, _)| *code == wanted)?;
    // A label with a comma in it is quoted in the file.
    Some(label.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_national_labels() {
        for (code, expected) in [
            ("10", Some("Médecin")),
            ("21", Some("Pharmacien")),
            ("40", Some("Chirurgien-Dentiste")),
            ("50", Some("Sage-Femme")),
            ("60", Some("Infirmier")),
            ("70", Some("Masseur-Kinésithérapeute")),
            ("80", Some("Pédicure-Podologue")),
            ("91", Some("Orthophoniste")),
            ("92", Some("Orthoptiste")),
            ("999", None),
        ] {
            assert_eq!(profession_label(&code.parse().unwrap()), expected, "{code}");
        }
        for (code, expected) in [
            ("SM54", Some("Médecine générale")),
            ("SM36", Some("Oncologie, option médicale")),
            ("SM16", Some("Endocrinologie et Métabolisme")),
            ("ZZ99", None),
        ] {
            assert_eq!(speciality_label(&code.parse().unwrap()), expected, "{code}");
        }
        assert_eq!(professions().count(), 24);
    }
}
