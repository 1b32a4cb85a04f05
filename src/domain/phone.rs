//! Telephone numbers: stored in E.164, shown the French way.

use std::fmt;
use std::str::FromStr;

use phonenumber::country;

/// A number that can be dialled, in E.164 (`+33639981234`). `Debug` hides it: it identifies a person.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    e164: String,
}

/// Why a text is no telephone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Letters, too few digits, an unknown country.
    #[error("not a telephone number")]
    Unreadable,
    /// A French number with another length than nine digits after the country code.
    #[error("a French telephone number has 10 digits (or +33 and 9)")]
    Length,
}

impl PhoneNumber {
    /// The number in E.164.
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// False for a number in a range the numbering tables do not know. A warning, not an error: the tables reject the
    /// fiction range and some overseas mobiles (domain.md §5.9).
    pub fn is_in_known_range(&self) -> bool {
        phonenumber::parse(None, &self.e164).is_ok_and(|number| phonenumber::is_valid(&number))
    }

    /// `06 39 98 12 34` for French numbers, E.164 for the others.
    pub fn display(&self) -> String {
        match self.e164.strip_prefix("+33") {
            Some(national) => {
                let digits = format!("0{national}");
                digits
                    .as_bytes()
                    .chunks(2)
                    .map(|pair| String::from_utf8_lossy(pair).into_owned())
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            None => self.e164.clone(),
        }
    }
}

impl FromStr for PhoneNumber {
    type Err = PhoneError;
    fn from_str(text: &str) -> Result<Self, PhoneError> {
        if text.len() > 40 {
            return Err(PhoneError::Unreadable);
        }
        if let Some(e164) = plainly_french(text) {
            return Ok(Self { e164 });
        }
        let number = phonenumber::parse(Some(country::FR), text).map_err(|_| PhoneError::Unreadable)?;
        if number.extension().is_some() {
            return Err(PhoneError::Unreadable);
        }
        let e164 = number.format().mode(phonenumber::Mode::E164).to_string();
        let digits = e164.len().saturating_sub(1);
        match number.code().value() {
            33 if digits != 11 => Err(PhoneError::Length),
            _ if !(8..=15).contains(&digits) => Err(PhoneError::Unreadable),
            _ => Ok(Self { e164 }),
        }
    }
}

/// The E.164 form of a number written as nearly all are here: ten digits from 01 to 09, or nine after +33 or 0033, with
/// spaces, dots or hyphens between. Whatever else stands in a text, the numbering tables are asked.
fn plainly_french(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
    let prefixes = ["+33", "0033", "0"];
    let national = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix))?;
    let is_national = national.len() == 9 && !national.starts_with('0') && national.bytes().all(|b| b.is_ascii_digit());
    is_national.then(|| format!("+33{national}"))
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_way_of_writing_gives_one_number() {
        for text in
            ["06 12 34 56 78", "0612345678", "+33 6 12 34 56 78", "+33612345678", "0033612345678", "06.12.34.56.78"]
        {
            let number: PhoneNumber = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(number.e164(), "+33612345678", "{text}");
            assert_eq!(number.display(), "06 12 34 56 78");
            assert!(number.is_in_known_range());
        }
    }

    #[test]
    fn the_short_way_reads_what_the_numbering_tables_read() {
        let by_tables = |text: &str| {
            let number = phonenumber::parse(Some(country::FR), text).unwrap();
            number.format().mode(phonenumber::Mode::E164).to_string()
        };
        for text in ["06 39 98 12 34", "0320.00-00 00", "+33 1-23-45-67-89", "00 33 9 87 65 43 21", "05 00 00 00 00"] {
            assert_eq!(plainly_french(text), Some(by_tables(text)), "{text}");
        }
        for other in
            ["+32 2 555 12 12", "00 12 34 56 78", "+33 06 12 34 56 78", "12", "06 12 34 56 7a", "+33(0)612345678"]
        {
            assert_eq!(plainly_french(other), None, "{other}");
        }
    }

    #[test]
    fn a_fiction_number_is_taken_with_a_warning() {
        let number: PhoneNumber = "06 39 98 12 34".parse().unwrap();
        assert_eq!(number.e164(), "+33639981234");
        assert!(!number.is_in_known_range());
    }

    #[test]
    fn a_wrong_length_and_a_text_are_refused() {
        for bad in ["", "bonjour", "12", "06 12 34 56", "06 12 34 56 78 90 12", "+33 6 12 34 56 78 9"] {
            assert!(bad.parse::<PhoneNumber>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_never_shows_in_debug_output() {
        let number: PhoneNumber = "0612345678".parse().unwrap();
        assert!(!format!("{number:?}").contains("612"));
    }
}
