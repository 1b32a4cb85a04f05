//! Names of people who do not exist. Practitioners' surnames are invented and marked; patients' are common French names,
//! with numbers of the range kept for fiction.

use std::sync::LazyLock;

use crate::domain::{PatientIdentity, Sex, TerritoryId};

use super::draws::Draws;

/// What every synthetic practitioner's name begins with.
pub const MARK: &str = "[FICTIF]";

static FIRST_NAMES: LazyLock<Vec<(&'static str, Sex)>> = LazyLock::new(|| {
    let file = include_str!("../../fixtures/names/prenoms.csv");
    let sex = |letter: &str| if letter == "F" { Sex::Female } else { Sex::Male };
    column_pairs(file).map(|(name, letter)| (name, sex(letter))).collect()
});
static SURNAMES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| column_pairs(include_str!("../../fixtures/names/noms.csv")).map(|(name, _)| name).collect());
static INVENTED: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("../../fixtures/names/noms_inventes_praticiens.csv").lines().skip(1).collect());

/// The first two columns of each line after the first.
fn column_pairs(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.lines().skip(1).filter_map(|line| {
        let mut columns = line.split(',');
        Some((columns.next()?, columns.next()?))
    })
}

/// A practitioner's name: `[FICTIF] Dr Jeanne Belabruc`.
pub(super) fn practitioner(draws: &mut Draws, doctor: bool) -> String {
    let first = draws.one_of(&FIRST_NAMES).map_or("Camille", |(name, _)| *name);
    let last = draws.one_of(&INVENTED).copied().unwrap_or("Belabruc");
    let title = if doctor { "Dr " } else { "" };
    format!("{MARK} {title}{first} {last}")
}

/// The `index`-th synthetic patient of a territory, for demo bookings. The same seed and index give the same person.
pub fn patient(seed: u64, territory: &TerritoryId, index: u32, sex: Sex) -> PatientIdentity {
    let mut draws = Draws::new(seed, territory, &format!("patient/{index}"), None);
    let fitting: Vec<&str> =
        FIRST_NAMES.iter().filter(|(_, listed)| sex == Sex::Unknown || *listed == sex).map(|(name, _)| *name).collect();
    let first = draws.one_of(&fitting).copied().unwrap_or("Camille");
    let last = draws.one_of(&SURNAMES).copied().unwrap_or("Martin");
    // 06 39 98 xx xx: kept for works of fiction (ARCEP).
    let number = format!("063998{:04}", draws.below(10_000));
    PatientIdentity {
        first_name: first.parse().expect("the list holds names"),
        last_name: last.parse().expect("the list holds names"),
        phone: number.parse().expect("ten digits of a French mobile range"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patient_has_a_fitting_name_and_a_number_nobody_has() {
        let weppes = "weppes".parse().unwrap();
        for index in 0..200 {
            let sex = if index % 2 == 0 { Sex::Female } else { Sex::Male };
            let person = patient(7, &weppes, index, sex);
            assert!(person.phone.e164().starts_with("+3363998"), "{}", person.phone.e164());
            assert!(FIRST_NAMES.contains(&(person.first_name.as_str(), sex)));
            assert!(person == patient(7, &weppes, index, sex));
        }
    }

    #[test]
    fn every_name_of_the_lists_may_be_written_on_a_booking() {
        for name in FIRST_NAMES.iter().map(|(name, _)| *name).chain(SURNAMES.iter().copied()) {
            assert!(name.parse::<crate::domain::PersonName>().is_ok(), "{name}");
        }
        assert_eq!(INVENTED.len(), 400);
    }
}
