//! The INSEE code of a commune or municipal arrondissement.

use std::fmt;
use std::str::FromStr;

use super::checked_text::stored_as_text;

/// Five characters: two of the département (`2A`, `2B` in Corsica; three digits overseas, `971…`) and the commune's.
/// The form is checked here; whether the commune exists is a question for the gazetteer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommuneCode([u8; 5]);

/// Why a text is no INSEE commune code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an INSEE commune code has 5 characters: digits, or 2A/2B first in Corsica")]
pub struct CommuneCodeError;

impl CommuneCode {
    /// The five characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII is ever stored")
    }

    /// The département: two characters, three overseas.
    pub fn departement(&self) -> &str {
        let length = if matches!(self.0, [b'9', b'7' | b'8', ..]) { 3 } else { 2 };
        &self.as_str()[..length]
    }
}

impl FromStr for CommuneCode {
    type Err = CommuneCodeError;
    fn from_str(text: &str) -> Result<Self, CommuneCodeError> {
        let code: [u8; 5] = text.as_bytes().try_into().map_err(|_| CommuneCodeError)?;
        let corsica = matches!(code, [b'2', b'A' | b'B', ..]);
        let numbered = if corsica { &code[2..] } else { &code[..] };
        if numbered.iter().all(u8::is_ascii_digit) && &code[..2] != b"00" && &code[..2] != b"96" {
            Ok(Self(code))
        } else {
            Err(CommuneCodeError)
        }
    }
}

impl fmt::Display for CommuneCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
stored_as_text!(CommuneCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mainland_corsican_and_overseas_codes_name_their_departement() {
        for (code, departement) in
            [("59653", "59"), ("2A004", "2A"), ("2B033", "2B"), ("97411", "974"), ("01004", "01"), ("75113", "75")]
        {
            assert_eq!(code.parse::<CommuneCode>().unwrap().departement(), departement);
        }
        for bad in ["", "5965", "596533", "2C004", "A2004", "00001", "5965é"] {
            assert_eq!(bad.parse::<CommuneCode>(), Err(CommuneCodeError), "{bad}");
        }
    }
}
