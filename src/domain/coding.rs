//! National codes and the small closed lists of the field.

use chrono::TimeDelta;

use super::checked_text::checked_text;

/// A closed list: each value with the code it has on every wire and in every record.
macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code on the wire.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::domain::coding::UnknownCode;
            fn from_str(text: &str) -> Result<Self, $crate::domain::coding::UnknownCode> {
                Self::ALL.iter().copied().find(|v| v.code() == text).ok_or_else(|| $crate::domain::coding::UnknownCode {
                    allowed: Self::ALL.iter().map(|v| v.code()).collect(),
                })
            }
        }
    };
}
pub(crate) use coded;

/// A code that is not in its list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown code; known: {}", allowed.join(", "))]
pub struct UnknownCode {
    /// The codes the list has.
    pub allowed: Vec<&'static str>,
}

coded!(
    /// How soon somebody must be seen, in the order of urgency (triage.md §2.4).
    Level {
        /// Outside unscheduled care: an ordinary appointment, a pharmacist, advice.
        Programmed = "programmed",
        /// Within 48 hours.
        H48 = "h48",
        /// Within 24 hours.
        H24 = "h24",
        /// Today, within 6 hours.
        SameDay = "same_day",
        /// Red flag: the 15, now, and never a slot.
        Immediate = "immediate",
    }
);

impl Level {
    /// The longest wait this level allows, from the moment it was decided; none for [`Level::Programmed`].
    /// Defaults of triage.md §2.4; a pack may say otherwise for `same_day`.
    pub const fn delay(self) -> Option<TimeDelta> {
        match self {
            Self::Programmed => None,
            Self::H48 => Some(TimeDelta::minutes(2_880)),
            Self::H24 => Some(TimeDelta::minutes(1_440)),
            Self::SameDay => Some(TimeDelta::minutes(360)),
            Self::Immediate => Some(TimeDelta::zero()),
        }
    }

    /// How long an evaluation that came to this level holds before somebody must ask whether anything is new (triage.md §4 for
    /// `same_day` and `h24`; the others are our assumption).
    pub const fn holds_for(self) -> TimeDelta {
        match self {
            Self::Programmed => TimeDelta::hours(24),
            Self::H48 => TimeDelta::hours(8),
            Self::H24 => TimeDelta::hours(4),
            Self::SameDay | Self::Immediate => TimeDelta::hours(1),
        }
    }
}

coded!(
    /// Where the consultation takes place (code list of the national SAS guide).
    Modality {
        /// At the practice (ambulatory).
        Ambulatory = "AMB",
        /// At the patient's home.
        HomeVisit = "HH",
        /// By video.
        Virtual = "VR",
    }
);

coded!(
    /// Who may book a slot: TRE_R314-TypeCreneau.
    Audience {
        /// Anybody.
        Public = "PUBLIC",
        /// Other professionals.
        Pro = "PRO",
        /// The regulation of unscheduled care.
        Snp = "SNP",
        /// The CPTS.
        Cpts = "CPTS",
    }
);

coded!(
    /// With or without an hour (FHIR `appointmentType`).
    Arrival {
        /// At the slot's hour.
        Routine = "ROUTINE",
        /// Walk in during the slot.
        WalkIn = "WALKIN",
    }
);

coded!(
    /// What a caller of the service is, hence what it may do.
    Role {
        /// The patient, through the link of their own request.
        Patient = "patient",
        /// Call-centre operator (OSNP, ARM).
        Operator = "operator",
        /// Médecin régulateur: all an operator may, and alone lowers a level.
        Regulator = "regulator",
        /// Coordinator of the CPTS.
        Coordinator = "coordinator",
        /// A practitioner, for their own slots.
        Practitioner = "practitioner",
        /// Software: SAS platform, agenda software.
        System = "system",
        /// The service itself: timers, generator.
        Service = "service",
    }
);

coded!(
    /// Where a request came from.
    Channel {
        /// A call taken by an operator.
        Operator = "operator",
        /// A professional (secretary, pharmacist, nurse).
        Professional = "professional",
        /// The patient's booking widget.
        Widget = "widget",
        /// The national SAS platform.
        Sas = "sas",
        /// The emergency call centre's software.
        Lrm = "lrm",
    }
);

coded!(
    /// Administrative sex as the identity documents give it.
    Sex {
        /// Female.
        Female = "F",
        /// Male.
        Male = "M",
        /// Unknown.
        Unknown = "U",
    }
);

/// A text that does not have the form of its national code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OpenCodeError(&'static str);

checked_text!(
    /// A profession of `TRE_G15-ProfessionSante`: `10` médecin, `60` infirmier… The list is open: a CPTS is not limited to
    /// the ten professions of its founding texts.
    Profession, OpenCodeError, |text| {
        open_code(text, 2..=3, "a profession is a code of TRE_G15, like 10 (médecin) or 60 (infirmier)")
    }
);

checked_text!(
    /// A speciality of `TRE_R38-SpecialiteOrdinale`: `SM54` médecine générale…
    Speciality, OpenCodeError, |text| {
        open_code(text, 3..=5, "a speciality is a code of TRE_R38, like SM54 (médecine générale)")
    }
);

impl Profession {
    /// Médecin.
    pub const MEDECIN: &'static str = "10";

    /// Whether this is a doctor.
    pub fn is_medecin(&self) -> bool {
        self.0 == Self::MEDECIN
    }
}

impl Speciality {
    /// The three specialities of `TRE_R38` a general practitioner may be registered under: médecine générale (SM26),
    /// spécialiste en médecine générale (SM53, SM54).
    pub const GENERAL_PRACTICE: [&'static str; 3] = ["SM26", "SM53", "SM54"];

    /// Whether this is general practice, under any of its three codes.
    pub fn is_general_practice(&self) -> bool {
        Self::GENERAL_PRACTICE.contains(&self.0.as_str())
    }
}

checked_text!(
    /// A language, as two letters of ISO 639-1: `fr`, `ar`.
    Language, OpenCodeError, |text| {
        let fits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_lowercase());
        if fits { Ok(()) } else { Err(OpenCodeError("a language is two letters of ISO 639-1, like fr")) }
    }
);

/// The form of a code of a list that stays open (`TRE_G15`, `TRE_R38`): membership is not checked.
fn open_code(
    text: &str,
    lengths: std::ops::RangeInclusive<usize>,
    expected: &'static str,
) -> Result<(), OpenCodeError> {
    let fits = lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    if fits { Ok(()) } else { Err(OpenCodeError(expected)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_by_urgency() {
        assert!(Level::Programmed < Level::H48 && Level::H48 < Level::H24);
        assert!(Level::H24 < Level::SameDay && Level::SameDay < Level::Immediate);
    }

    #[test]
    fn every_code_reads_back() {
        for level in Level::ALL {
            assert_eq!(level.code().parse::<Level>(), Ok(*level));
        }
        let error = "urgent".parse::<Level>().unwrap_err();
        assert_eq!(error.to_string(), "unknown code; known: programmed, h48, h24, same_day, immediate");
    }

    #[test]
    fn a_general_practitioner_has_one_of_three_codes() {
        for (code, is_gp) in [("SM26", true), ("SM53", true), ("SM54", true), ("SM40", false)] {
            assert_eq!(code.parse::<Speciality>().unwrap().is_general_practice(), is_gp, "{code}");
        }
    }
}
