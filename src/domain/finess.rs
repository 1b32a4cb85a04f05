//! FINESS: the national number of an establishment (hospital, CPTS, maison de santé).

use std::fmt;
use std::str::FromStr;

use super::checked_text::stored_as_text;
use super::luhn;

/// Nine characters, the last a Luhn key. In Corsica the département is `2A` or `2B`, counted as 21 and 22 in the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Finess(String);

/// Why a text is no FINESS number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FinessError {
    /// Not nine characters (or eight, a leading zero lost), or another character than digits and the A or B of Corsica.
    #[error("a FINESS number has 9 digits (2A or 2B first in Corsica)")]
    Format,
    /// Well formed, but the last digit is not the key of the others.
    #[error("the key (last digit) of this FINESS number is wrong")]
    Key,
}

impl Finess {
    /// The nine characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the national CPTS profile can carry it: it demands `1` and nine digits, which leaves Corsica out
    /// (domain.md §5.5).
    pub fn fits_cpts_profile(&self) -> bool {
        self.0.bytes().all(|b| b.is_ascii_digit())
    }
}

impl FromStr for Finess {
    type Err = FinessError;
    fn from_str(text: &str) -> Result<Self, FinessError> {
        // Spreadsheets drop the zero of départements 01 to 09: eight digits are nine with a zero before.
        let padded = if text.len() == 8 { format!("0{text}") } else { text.to_owned() };
        let corsica = matches!(padded.as_bytes(), [b'2', b'A' | b'B', ..]);
        let (prefix, rest) = padded.split_at_checked(2).ok_or(FinessError::Format)?;
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if padded.len() != 9 || !digits(rest) || !(corsica || digits(prefix)) {
            return Err(FinessError::Format);
        }
        let counted = padded.replace('A', "1").replace('B', "2");
        if luhn::holds(&counted) { Ok(Self(padded)) } else { Err(FinessError::Key) }
    }
}

impl fmt::Display for Finess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
stored_as_text!(Finess);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_numbers_pass_corsica_and_the_lost_zero_included() {
        for good in ["110000023", "520000043", "210987582", "590000121", "2A0000022", "950047225", "010000024"] {
            assert_eq!(good.parse::<Finess>().map(|f| f.to_string()), Ok(good.to_owned()));
        }
        assert_eq!("10000024".parse::<Finess>().map(|f| f.to_string()), Ok("010000024".to_owned()));
        assert_eq!("2A0000022".parse::<Finess>().map(|f| f.fits_cpts_profile()), Ok(false));
    }

    #[test]
    fn a_wrong_key_and_a_wrong_form_are_told_apart() {
        assert_eq!("110000024".parse::<Finess>(), Err(FinessError::Key));
        for bad in ["", "1", "1100000234", "2C0000022", "11000002X", "é10000023", "1950047225"] {
            assert_eq!(bad.parse::<Finess>(), Err(FinessError::Format), "{bad}");
        }
    }
}
