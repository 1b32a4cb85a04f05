//! The pack's words for who sees a patient, as national codes. One table: a word that is not in it is refused.

use super::form::CareNeedForm;
use crate::domain::{CareNeed, Modality, Speciality};

/// The pack's words as national codes: `TRE_G15` professions, `TRE_R38` specialities, modalities of the SAS guide.
///
/// # Errors
/// The field and the word that has no code.
pub(super) fn care_need(words: &CareNeedForm) -> Result<CareNeed, (&'static str, &str)> {
    let profession = match words.profession.as_str() {
        // `signes_vitaux` names nobody, and what the 15 sees is still a doctor's matter once it is no emergency: general
        // practice, so that such a request has somebody to look for.
        "" | "samu" | "medecin" => "10",
        "pharmacien" => "21",
        "chirurgien_dentiste" => "40",
        "sage_femme" => "50",
        "infirmier" => "60",
        "kinesitherapeute" => "70",
        other => return Err(("profession", other)),
    };
    let speciality = match words.speciality.as_str() {
        "mg" => Some("SM54"),
        "" if profession == "10" => Some("SM54"),
        "pediatrie" => Some("SM40"),
        "psychiatrie" => Some("SM42"),
        "urgences" => Some("SM59"),
        "urologie" => Some("SM12"),
        // A midwife's whole field: her profession has no speciality code.
        "" | "obstetrique" => None,
        other => return Err(("speciality", other)),
    };
    let modality = match words.modality.as_str() {
        "cabinet" | "officine" | "urgences" => Some(Modality::Ambulatory),
        "domicile" => Some(Modality::HomeVisit),
        "teleconsultation" => Some(Modality::Virtual),
        // A doctor of the regulation, a maternity ward, a referral: where to is decided in the call.
        "" | "regulation" | "maternite" | "adressage" => None,
        other => return Err(("modality", other)),
    };
    Ok(CareNeed {
        profession: profession.parse().expect("two digits"),
        speciality: speciality.map(|code| code.parse::<Speciality>().expect("a code of TRE_R38")),
        modality,
    })
}

/// Who sees what no block speaks of: general practice.
pub(in crate::triage) fn general_practice() -> CareNeed {
    CareNeed {
        profession: "10".parse().expect("two digits"),
        speciality: Some("SM54".parse().expect("a code of TRE_R38")),
        modality: None,
    }
}
