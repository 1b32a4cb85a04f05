//! Temperatures that are said without the word: "39,2 depuis hier" is a fever.

/// Degrees that are a fever (triage.md §5: 38 °C and more), and the most a thermometer shows.
const FEVER: std::ops::RangeInclusive<u32> = 38..=42;

/// What makes a number of this size something else, written right behind it. Behind a space it is another word, and more words
/// never take back what was heard: "39,5 kg" is asked about in vain.
const UNITS: [&str; 14] =
    ["kg", "kilo", "kilos", "g", "mg", "ml", "l", "cm", "mm", "mmol", "sa", "semaines", "ans", "euros"];

/// The text with the word "fièvre" after each number that is one: with a decimal or a degree sign, and no other unit.
pub(super) fn written_out(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let number = at + number_length(&rest[at..]);
        let after = &rest[number..];
        written.push_str(&rest[..number]);
        if is_fever(&rest[at..number], after) {
            written.push_str(" fièvre");
        }
        rest = after;
    }
    written + rest
}

/// Digits, and those after a decimal sign.
fn number_length(text: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(text);
    match text[whole..].strip_prefix([',', '.']).map(digits) {
        None | Some(0) => whole,
        Some(decimals) => whole + 1 + decimals,
    }
}

fn is_fever(number: &str, after: &str) -> bool {
    let (whole, decimals) = number.split_once([',', '.']).unwrap_or((number, ""));
    let unit = after.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default().to_lowercase();
    whole.parse().is_ok_and(|whole| FEVER.contains(&whole))
        && decimals.len() <= 1
        && (!decimals.is_empty() || after.starts_with('°'))
        && !UNITS.contains(&unit.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_is_a_fever_and_a_weight_is_none() {
        for said in ["39,2 depuis hier", "il a 38.5", "40° ce matin", "monte à 38°5 le soir", "39,5"] {
            assert!(written_out(said).contains("fièvre"), "{said}");
        }
        for said in
            ["39 ans", "pèse 39,5kg", "37,8", "38", "tension 14,2", "le 06 38 38 38 38", "1,38 g", "38,5SA", "é38,"]
        {
            assert_eq!(written_out(said), said);
        }
    }
}
