//! The triage pack, as data: its complaints (blocks), in the file's order, with their labels and usual care need. Never a
//! rule of urgency in code.

use std::sync::LazyLock;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::domain::{CareNeed, ComplaintId, Level, Modality, PackRef, Speciality};

const SEED: &[u8] = include_bytes!("../../fixtures/protocols/fr-snp-general/triage_seed.json");

static GENERAL: LazyLock<Pack> =
    LazyLock::new(|| Pack::parse("fr-snp-general", SEED).expect("a test reads the compiled-in pack"));

/// A versioned set of complaints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// Its name.
    pub id: String,
    /// Its version, as the file says.
    pub version: String,
    /// SHA-256 of the file, hexadecimal: what was signed is what runs.
    pub hash: String,
    /// Its complaints, in the file's order.
    pub complaints: Vec<Complaint>,
}

/// A complaint (block of the pack).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Its name in the API: `fievre_enfant`.
    pub id: ComplaintId,
    /// Its name for people (French).
    pub label: String,
    /// Other words callers use (French).
    pub synonyms: Vec<String>,
    /// The official motif of the Hub Santé: `M03.14`.
    pub hubsante_motif: String,
    /// Who usually sees it, and how.
    pub care_need: CareNeed,
    /// The level when nothing in the answers asks for another.
    pub default_level: Level,
}

/// Why a file is no pack. For whoever writes packs.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Not JSON, or fields missing.
    #[error("the pack does not read as one")]
    Json(#[from] serde_json::Error),
    /// A complaint with a word that has no national code, a bad identifier or level, or twice.
    #[error("complaint {complaint}: {field}: {value:?} cannot be used")]
    Complaint {
        /// Which.
        complaint: String,
        /// The field.
        field: &'static str,
        /// What it holds.
        value: String,
    },
}

#[derive(Deserialize)]
struct SeedPack {
    version: String,
    complaints: Vec<SeedComplaint>,
}

#[derive(Deserialize)]
struct SeedComplaint {
    id: String,
    label_fr: String,
    #[serde(default)]
    synonyms: Vec<String>,
    hubsante_motif: String,
    default_level: String,
    default_care_need: SeedCareNeed,
}

#[derive(Deserialize)]
struct SeedCareNeed {
    profession: String,
    speciality: String,
    modality: String,
}

impl Pack {
    /// The general pack compiled in: `fr-snp-general`.
    pub fn general() -> &'static Self {
        &GENERAL
    }

    /// Reads a pack.
    ///
    /// # Errors
    /// [`PackError`] when it is not one.
    pub fn parse(id: &str, file: &[u8]) -> Result<Self, PackError> {
        let seed: SeedPack = serde_json::from_slice(file)?;
        let mut complaints: Vec<Complaint> = Vec::with_capacity(seed.complaints.len());
        for block in seed.complaints {
            let complaint = complaint(block)?;
            if complaints.iter().any(|other| other.id == complaint.id) {
                let id = complaint.id.to_string();
                return Err(PackError::Complaint { complaint: id.clone(), field: "id", value: id });
            }
            complaints.push(complaint);
        }
        let hash = Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { id: id.to_owned(), version: seed.version, hash, complaints })
    }

    /// How requests name it.
    pub fn reference(&self) -> PackRef {
        PackRef { id: self.id.clone(), version: self.version.clone(), hash: self.hash.clone() }
    }

    /// Who usually sees a complaint; general practice for one that is not in the pack.
    pub fn care_need_of(&self, id: &ComplaintId) -> CareNeed {
        self.complaint(id).map_or_else(general_practice, |complaint| complaint.care_need.clone())
    }

    /// One of its complaints.
    pub fn complaint(&self, id: &ComplaintId) -> Option<&Complaint> {
        self.complaints.iter().find(|complaint| complaint.id == *id)
    }
}

fn general_practice() -> CareNeed {
    CareNeed {
        profession: "10".parse().expect("two digits"),
        speciality: Some("SM54".parse().expect("a code of TRE_R38")),
        modality: None,
    }
}

fn complaint(block: SeedComplaint) -> Result<Complaint, PackError> {
    let refuse = |field: &'static str, value: &str| PackError::Complaint {
        complaint: block.id.clone(),
        field,
        value: value.to_owned(),
    };
    Ok(Complaint {
        id: block.id.parse().map_err(|_| refuse("id", &block.id))?,
        default_level: block.default_level.parse().map_err(|_| refuse("default_level", &block.default_level))?,
        care_need: care_need(&block.default_care_need).map_err(|(field, value)| refuse(field, value))?,
        label: block.label_fr,
        synonyms: block.synonyms,
        hubsante_motif: block.hubsante_motif,
    })
}

/// The pack's words as national codes: `TRE_G15` professions, `TRE_R38` specialities, modalities of the SAS guide.
fn care_need(words: &SeedCareNeed) -> Result<CareNeed, (&'static str, &str)> {
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
        "cabinet" | "officine" => Some(Modality::Ambulatory),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn need(id: &str) -> (String, Option<String>, Option<Modality>) {
        let need = Pack::general().complaint(&id.parse().unwrap()).unwrap().care_need.clone();
        (need.profession.to_string(), need.speciality.map(|s| s.to_string()), need.modality)
    }

    #[test]
    fn the_compiled_in_pack_has_its_sixty_complaints_in_order() {
        let pack = Pack::general();
        assert_eq!((pack.complaints.len(), pack.version.as_str()), (60, "0.2.0"));
        assert_eq!(pack.complaints[0].id.as_str(), "signes_vitaux");
        assert_eq!(pack.complaints[59].id.as_str(), "maladie_chronique_grave");
        assert_eq!(pack.hash.len(), 64);
        assert_eq!(pack.reference().hash, pack.hash);
        assert!(pack.complaints.iter().all(|c| !c.label.is_empty() && c.hubsante_motif.starts_with('M')));
    }

    #[test]
    fn a_complaint_leads_to_the_right_profession() {
        let gp = || ("10".to_owned(), Some("SM54".to_owned()));
        let with = |(profession, speciality), modality| (profession, speciality, modality);
        assert_eq!(need("mal_de_gorge"), with(gp(), Some(Modality::Ambulatory)));
        assert_eq!(need("signes_vitaux"), with(gp(), None));
        assert_eq!(need("intoxication"), with(gp(), None));
        assert_eq!(need("resultat_avis"), with(gp(), Some(Modality::Virtual)));
        assert_eq!(need("chute"), with(gp(), Some(Modality::HomeVisit)));
        assert_eq!(need("dentaire"), ("40".into(), None, Some(Modality::Ambulatory)));
        assert_eq!(need("acte_infirmier_suivi"), ("60".into(), None, Some(Modality::HomeVisit)));
        assert_eq!(need("grossesse_autre"), ("50".into(), None, None));
        assert_eq!(need("nourrisson_moins_3_mois").1, Some("SM40".into()));
    }

    #[test]
    fn a_pack_with_an_unknown_word_or_a_complaint_twice_is_refused_with_its_place() {
        let block = |id: &str, profession: &str| {
            format!(
                r#"{{"id":"{id}","label_fr":"x","hubsante_motif":"M01.00","default_level":"h24",
                 "default_care_need":{{"profession":"{profession}","speciality":"","modality":""}}}}"#
            )
        };
        let pack = |blocks: &str| Pack::parse("t", format!(r#"{{"version":"1","complaints":[{blocks}]}}"#).as_bytes());
        assert!(pack(&block("a", "infirmier")).is_ok());
        let error = pack(&block("a", "barbier")).unwrap_err().to_string();
        assert!(error.contains("complaint a: profession: \"barbier\""), "{error}");
        let twice = format!("{},{}", block("a", ""), block("a", ""));
        assert!(matches!(pack(&twice), Err(PackError::Complaint { field: "id", .. })));
        assert!(matches!(Pack::parse("t", b"{}"), Err(PackError::Json(_))));
    }
}
