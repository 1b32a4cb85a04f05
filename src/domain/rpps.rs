//! RPPS: the national number of a health professional (Répertoire partagé des professionnels de santé).

use std::fmt;
use std::str::FromStr;

use super::checked_text::stored_as_text;
use super::luhn;

/// Eleven digits. A wrong length or another character is an error; a wrong Luhn key is only a warning
/// ([`Rpps::key_is_right`]), since numbers printed in the national examples fail it (domain.md §5.4).
/// The true check is the number's existence in the Annuaire Santé.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rpps([u8; 11]);

/// Why a text is no RPPS number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an RPPS number has 11 digits")]
pub struct RppsError;

impl Rpps {
    /// Whether the last digit is the Luhn key of the others.
    pub fn key_is_right(&self) -> bool {
        luhn::holds(self.as_str())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII digits are ever stored")
    }

    /// The form on the national FHIR edge: `8` (kind of identifier: RPPS) before the number.
    pub fn idnps(&self) -> String {
        format!("8{}", self.as_str())
    }
}

impl FromStr for Rpps {
    type Err = RppsError;
    fn from_str(text: &str) -> Result<Self, RppsError> {
        let digits: [u8; 11] = text.as_bytes().try_into().map_err(|_| RppsError)?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(Self(digits)) } else { Err(RppsError) }
    }
}

impl fmt::Display for Rpps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for Rpps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rpps({})", self.as_str())
    }
}
stored_as_text!(Rpps);

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers printed in the national examples (domain.md §5.4): all parse, two carry a right key.
    #[test]
    fn a_wrong_key_is_a_warning_and_a_wrong_length_an_error() {
        for (number, key_is_right) in [
            ("10005681340", true),
            ("10002909371", true),
            ("10100050075", false),
            ("10101288385", false),
            ("10002673899", false),
            ("10001288385", false),
            ("10106738385", false),
            ("10102727017", false),
            ("10003461033", false),
        ] {
            let rpps: Rpps = number.parse().unwrap();
            assert_eq!(rpps.key_is_right(), key_is_right, "{number}");
            assert_eq!(rpps.idnps(), format!("8{number}"));
        }
        for bad in ["", "1000568134", "100056813400", "1000568134A", "1000568134é"] {
            assert_eq!(bad.parse::<Rpps>(), Err(RppsError), "{bad}");
        }
    }
}
