//! The official search radius of the SAS in each département (ANS 2025), compiled in. An import takes it from here; the
//! territory's own file has the last word.

use crate::domain::SearchRadius;

const TABLE: &str = include_str!("../../fixtures/nomenclatures/search_radius.csv");

/// The radius of a département; none for Guyane and Mayotte, which have no default value.
pub fn of_departement(departement: &str) -> Option<SearchRadius> {
    TABLE.lines().skip(1).find_map(|line| {
        let mut columns = line.split(',');
        if columns.next() != Some(departement) {
            return None;
        }
        let first_km = columns.next()?.parse().ok()?;
        let widening_km = columns.next()?.parse().ok()?;
        Some(SearchRadius { departement: departement.to_owned(), first_km, widening_km })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values printed in domain.md §3.3.
    #[test]
    fn each_departement_has_its_published_radius() {
        for (departement, first, widening) in [
            ("21", 20.0, 10.0),
            ("52", 50.0, 25.0),
            ("59", 10.0, 5.0),
            ("11", 30.0, 15.0),
            ("34", 10.0, 5.0),
            ("45", 20.0, 10.0),
            ("48", 50.0, 25.0),
            ("75", 5.0, 3.0),
        ] {
            let radius = SearchRadius { departement: departement.into(), first_km: first, widening_km: widening };
            assert_eq!(of_departement(departement), Some(radius));
        }
        assert_eq!(of_departement("973"), None);
    }
}
