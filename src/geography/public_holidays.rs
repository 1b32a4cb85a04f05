//! Public holidays (jours fériés), worked out for any year: the national ones, those of Alsace-Moselle, and the overseas
//! départements' own. Checked against `fixtures/calendar/jours_feries.csv` over its eight years.

use chrono::{Datelike, NaiveDate, TimeDelta};

/// The name of the public holiday of this day in this département (code: `59`, `2A`, `974`), if it is one.
pub fn holiday(departement: &str, day: NaiveDate) -> Option<&'static str> {
    let after_easter = easter(day.year()).map(|easter| (day - easter).num_days());
    let national = match (day.month(), day.day(), after_easter) {
        (1, 1, _) => Some("Jour de l'an"),
        (5, 1, _) => Some("Fête du Travail"),
        (5, 8, _) => Some("Victoire 1945"),
        (7, 14, _) => Some("Fête nationale"),
        (8, 15, _) => Some("Assomption"),
        (11, 1, _) => Some("Toussaint"),
        (11, 11, _) => Some("Armistice 1918"),
        (12, 25, _) => Some("Noël"),
        (_, _, Some(1)) => Some("Lundi de Pâques"),
        (_, _, Some(39)) => Some("Ascension"),
        (_, _, Some(50)) => Some("Lundi de Pentecôte"),
        _ => None,
    };
    national.or(match (departement, day.month(), day.day(), after_easter) {
        ("57" | "67" | "68" | "971", _, _, Some(-2)) => Some("Vendredi saint"),
        ("57" | "67" | "68", 12, 26, _) => Some("Saint-Étienne"),
        ("971", _, _, Some(-24)) => Some("Mi-Carême"),
        ("971", 5, 27, _) | ("972", 5, 22, _) | ("973", 6, 10, _) | ("974", 12, 20, _) | ("976", 4, 27, _) => {
            Some("Abolition de l'esclavage")
        }
        ("971" | "972", 7, 21, _) => Some("Fête Victor Schœlcher"),
        _ => None,
    })
}

/// Easter Sunday, Gregorian calendar (Meeus, Jones and Butcher).
fn easter(year: i32) -> Option<NaiveDate> {
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let correction = (8 * century + 13) / 25;
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let shift = (golden + 11 * epact + 22 * weekday) / 451;
    let after_march_22 = i64::from(epact + weekday - 7 * shift);
    Some(NaiveDate::from_ymd_opt(year, 3, 22)? + TimeDelta::days(after_march_22))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn holidays_are_those_of_the_published_calendar_and_no_others() {
        let file = include_str!("../../fixtures/calendar/jours_feries.csv");
        let listed: BTreeSet<(&str, NaiveDate)> = file
            .lines()
            .skip(1)
            .map(|line| {
                let columns: Vec<&str> = line.split(',').collect();
                (columns[0], columns[1].parse().unwrap())
            })
            .collect();
        for (departement, own) in [
            ("59", ""),
            ("67", "FR-AM"),
            ("971", "FR-971"),
            ("972", "FR-972"),
            ("973", "FR-973"),
            ("974", "FR-974"),
            ("976", "FR-976"),
        ] {
            let mut day = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
            while day.year() < 2033 {
                let expected = listed.contains(&("FR", day)) || listed.contains(&(own, day));
                assert_eq!(holiday(departement, day).is_some(), expected, "{departement} {day}");
                day += TimeDelta::days(1);
            }
        }
    }
}
