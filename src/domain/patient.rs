//! What is known of a patient. Everything here is personal: it is sealed before it reaches the store, and stands in no
//! event, index, log line or metric. `Debug` hides what names a person.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::{ComplaintId, GeoPoint, Language, Modality, PhoneNumber, Profession, Rpps, Sex, time::Zone};

/// Age as the caller gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Age {
    /// Date of birth.
    BirthDate(NaiveDate),
    /// Whole years.
    Years(u8),
    /// Whole months, under two years.
    Months(u8),
}

impl Age {
    /// Whole years at `now`, on the territory's calendar.
    pub fn years(self, zone: Zone, now: DateTime<Utc>) -> u32 {
        match self {
            Self::BirthDate(birth) => zone.day(now).years_since(birth).unwrap_or(0),
            Self::Years(years) => u32::from(years),
            Self::Months(months) => u32::from(months) / 12,
        }
    }

    /// Whole months at `now`, as exactly as the caller's answer allows.
    pub fn months(self, zone: Zone, now: DateTime<Utc>) -> u32 {
        match self {
            Self::BirthDate(birth) => {
                let today = zone.day(now);
                let years = today.years_since(birth).unwrap_or(0);
                let within_year = (12 + today.month() - birth.month()) % 12;
                let not_yet = u32::from(today.day() < birth.day());
                if within_year == 0 && not_yet == 1 { years * 12 + 11 } else { years * 12 + within_year - not_yet }
            }
            Self::Years(years) => u32::from(years) * 12,
            Self::Months(months) => u32::from(months),
        }
    }
}

/// An answer to a triage question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Asked, not known. Unknown is not no.
    Unknown,
    /// A measure, in thousandths of the question's unit (38.5 °C is 38 500).
    Number(i64),
}

/// What the caller asks of the slot itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraints {
    /// Only this modality.
    pub modality: Option<Modality>,
    /// Another profession than the complaint's usual one.
    pub profession: Option<Profession>,
    /// At most this travel time, minutes door to door.
    pub max_travel_minutes: Option<u16>,
    /// The place must let a wheelchair in.
    pub accessible: bool,
    /// One of these languages.
    pub languages: Vec<Language>,
    /// Rather this practitioner: a preference, not a rule.
    pub preferred: Option<Rpps>,
}

/// What triage and matching need of the patient: sealed at rest, in the memory of a node while the request lives.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct PatientFacts {
    /// Age.
    pub age: Age,
    /// Sex.
    pub sex: Sex,
    /// Where the patient is: the exact point given, else the commune's.
    pub point: GeoPoint,
    /// Whether `point` was given by the caller (an address) or is the commune's.
    pub point_is_exact: bool,
    /// Main complaint: a block of the triage pack.
    pub complaint: ComplaintId,
    /// Other complaints.
    pub other_complaints: Vec<ComplaintId>,
    /// Answers by `<block>.<question>`.
    pub answers: BTreeMap<String, Answer>,
    /// Flags (`pregnant`, `anticoagulant`…).
    pub flags: BTreeMap<String, Answer>,
    /// Free text of the call.
    pub note: Option<String>,
    /// What the slot must be.
    pub constraints: Constraints,
}

impl fmt::Debug for PatientFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientFacts(…)")
    }
}

/// Who the patient is: asked for only when a slot is confirmed.
#[derive(Clone, PartialEq, Eq)]
pub struct PatientIdentity {
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// Number to call back.
    pub phone: PhoneNumber,
}

impl fmt::Debug for PatientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientIdentity(…)")
    }
}

/// A first or last name: trimmed, 1 to 100 characters, with at least one letter and no control characters.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 100 characters, at least one of them a letter")]
pub struct PersonNameError;

impl PersonName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two spellings are of one name: accents, capitals, hyphens and spaces are written one way here and another
    /// there.
    pub fn sounds_as(&self, other: &Self) -> bool {
        self.bare() == other.bare()
    }

    /// Its one spelling: small letters without accents, hyphens and spaces.
    pub fn bare(&self) -> String {
        let letters = self.0.nfkd().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
        letters.collect::<String>().replace('œ', "oe").replace('æ', "ae")
    }
}
impl std::str::FromStr for PersonName {
    type Err = PersonNameError;
    fn from_str(text: &str) -> Result<Self, PersonNameError> {
        let name = text.trim();
        let fits = (1..=100).contains(&name.chars().count());
        if fits && name.chars().any(char::is_alphabetic) && !name.chars().any(char::is_control) {
            Ok(Self(name.to_owned()))
        } else {
            Err(PersonNameError)
        }
    }
}
impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_in_any_spelling_of_it() {
        let name = |text: &str| text.parse::<PersonName>().unwrap();
        for other in ["vandewoëstyne-d'hérin", "VANDEWOESTYNE D HERIN", "Vandewoestyne-D’Herin"] {
            assert!(name("Vandewoëstyne-d'Hérin").sounds_as(&name(other)), "{other}");
        }
        assert!(!name("Martin").sounds_as(&name("Martine")));
    }

    fn months(birth: &str, now: &str) -> u32 {
        Age::BirthDate(birth.parse().unwrap()).months(Zone::PARIS, now.parse().unwrap())
    }

    #[test]
    fn months_are_counted_on_the_calendar_of_the_territory() {
        assert_eq!(months("2026-08-24", "2026-11-24T09:00:00Z"), 3);
        assert_eq!(months("2026-08-25", "2026-11-24T09:00:00Z"), 2);
        assert_eq!(months("2025-11-25", "2026-11-24T09:00:00Z"), 11);
        assert_eq!(months("2025-11-24", "2026-11-24T09:00:00Z"), 12);
        // Half past midnight in Paris is still the day before in UTC.
        assert_eq!(months("2026-08-24", "2026-11-23T23:30:00Z"), 3);
    }

    #[test]
    fn nothing_that_names_a_person_shows_in_debug_output() {
        let identity = PatientIdentity {
            first_name: "Zoé".parse().unwrap(),
            last_name: "Vandamme".parse().unwrap(),
            phone: "0639981234".parse().unwrap(),
        };
        let shown = format!("{identity:?} {:?}", identity.last_name);
        assert!(!shown.contains("Zo") && !shown.contains("Vand") && !shown.contains("0639"));
    }

    #[test]
    fn a_name_needs_a_letter() {
        for bad in ["", "  ", "123", "a\nb", &"x".repeat(101)] {
            assert_eq!(bad.parse::<PersonName>(), Err(PersonNameError));
        }
        assert_eq!("  Jean-Noël ".parse::<PersonName>().unwrap().as_str(), "Jean-Noël");
    }
}
