//! Temperatures that are said without the word: "39,2 depuis hier" is a fever.

/// Degrees that are a fever (triage.md §5: 38 °C and more), and the most a thermometer shows.
const FEVER: std::ops::RangeInclusive<u32> = 38..=42;

/// What makes a number of this size something else. A number and its unit are one word: "39" is a fever, "39 ans" is none.
const UNITS: [&str; 36] = [
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
    "h",
    "heure",
    "heures",
    "j",
    "jour",
    "jours",
    "kg",
    "kilo",
    "kilos",
    "l",
    "m",
    "mg",
    "min",
    "minutes",
    "ml",
    "mm",
    "mmol",
    "mois",
    "sa",
    "sem",
    "semaine",
    "semaines",
    "ème",
];

/// The text with the word "fièvre" for each number that is one.
pub(super) fn written_out(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(at);
        let (number, after) = number.split_at(number_length(number));
        written.push_str(before);
        written.push_str(if is_fever(&written, number, after) { "fièvre" } else { number });
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
    let (before, after) = (before.trim_end(), after.trim_start());
    let unit = after.split(|c: char| !c.is_alphabetic() && c != '\'').next().unwrap_or_default().to_lowercase();
    whole.parse().is_ok_and(|whole| FEVER.contains(&whole))
        && decimals.len() <= 1
        && !UNITS.contains(&unit.as_str())
        // One of several numbers is a date, a telephone, a blood pressure.
        && !before.ends_with(|c: char| c.is_ascii_digit() || "/-+".contains(c))
        && !after.starts_with(|c: char| c.is_ascii_digit() || "/-€%".contains(c))
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
        ] {
            assert!(written_out(said).contains("fièvre"), "{said}");
        }
        for said in [
            "39 ans",
            "pèse 39,5 kg",
            "37,8",
            "tension 14,2",
            "le 06 38 38 38 38",
            "1,38 g",
            "38 SA",
            "pouls 140",
            "39ème",
            "chambre 38/40",
            "é38,45",
            "38j",
        ] {
            assert_eq!(written_out(said), said);
        }
    }
}
