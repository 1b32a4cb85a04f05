//! Temperatures that are said without the word: "39,2 depuis hier" is a fever.

/// Degrees that are a fever (triage.md §5: 38 °C and more), and the most a thermometer shows.
const FEVER: std::ops::RangeInclusive<u32> = 38..=42;

/// What makes a number of this size something else: its unit. A number, its unit and what it counts are one expression: "39"
/// is a fever, "39 ans" is none. Where a unit is also a word ("j'ai", "sa"), the number is a fever.
const UNITS: [&str; 32] = [
    "an",
    "ans",
    "bpm",
    "cc",
    "cl",
    "cm",
    "comprimés",
    "comprimes",
    "cp",
    "eme",
    "euros",
    "fois",
    "g",
    "heure",
    "heures",
    "jour",
    "jours",
    "kg",
    "kilo",
    "kilos",
    "mg",
    "min",
    "minutes",
    "ml",
    "mm",
    "mmol",
    "mois",
    "sem",
    "semaine",
    "semaines",
    "SA",
    "ème",
];

/// What is counted, before the number; and how an age without its unit begins.
const COUNTED: [&str; 13] =
    ["pouls", "coeur", "fc", "saturation", "sat", "tension", "ta", "pointure", "chambre", "h", "f", "pieds", "cycle"];

/// Words between what is counted and its number.
const BETWEEN: [&str; 6] = ["à", "a", "de", "du", "est", "en"];

/// The text with the word "fièvre" for each number that is one.
pub(super) fn written_out(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(at);
        let (number, after) = number.split_at(number_length(number));
        written.push_str(before);
        written.push_str(if is_fever(&written, number, after) { " fièvre " } else { number });
        rest = after;
    }
    written + rest
}

/// Digits, and those after a decimal sign or a degree sign.
fn number_length(text: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(text);
    let sign = text[whole..].chars().next().filter(|sign| [',', '.', '°'].contains(sign)).map_or(0, char::len_utf8);
    match digits(&text[whole + sign..]) {
        0 => whole,
        decimals => whole + sign + decimals,
    }
}

fn is_fever(before: &str, number: &str, after: &str) -> bool {
    let (whole, decimals) = number.split_once([',', '.', '°']).unwrap_or((number, ""));
    // No further than the line.
    let (before, after) = (before.trim_end_matches(' '), after.trim_start_matches(' '));
    let unit = after.split(|c: char| !c.is_alphabetic() && c != '\'').next().unwrap_or_default();
    let digit = |c: char| c.is_ascii_digit();
    // A number between two others is of a telephone, beside a stroke of a date or a blood pressure.
    let of_several = before.ends_with(digit) && after.starts_with(digit);
    whole.parse().is_ok_and(|whole| FEVER.contains(&whole))
        && decimals.len() <= 1
        && !UNITS.contains(&unit)
        && !UNITS.contains(&unit.to_lowercase().as_str())
        && !counted(before)
        && !of_several
        && !before.ends_with(['/', '-', '+'])
        && !after.starts_with(['/', '-', '€', '%'])
}

/// Whether what stands before a number says what it counts.
fn counted(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default().to_lowercase().replace('œ', "oe");
    let mut words = line.split(' ').rev().filter(|word| !word.is_empty()).skip_while(|word| BETWEEN.contains(word));
    words.next().is_some_and(|word| COUNTED.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_is_a_fever_and_an_age_a_weight_or_a_telephone_is_none() {
        for said in [
            "39,2 depuis hier",
            "il a 38.5",
            "40° ce matin",
            "monte à 38°5 le soir",
            "chimio 38",
            "39, abattu",
            "j'ai 39 j'ai froid",
            "nourrisson 39 2 mois",
            "39 sa mère est inquiète",
            "39\n12 kg",
            "39C",
            "T39",
        ] {
            assert!(written_out(said).split_whitespace().any(|word| word == "fièvre"), "{said}: {}", written_out(said));
        }
        for said in [
            "39 ans",
            "pèse 39,5 kg",
            "37,8",
            "tension 14,2",
            "06 38 38 38 12",
            "1,38 g",
            "38 SA",
            "pouls 140",
            "39ème",
            "chambre 38/40",
            "é38,45",
            "pouls à 40",
            "10 h 40",
            "F 40 enceinte",
        ] {
            assert_eq!(written_out(said), said);
        }
    }
}
