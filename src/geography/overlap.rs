//! No commune belongs to two territories: the same patient would stand on two boards.

use std::collections::BTreeMap;

use crate::domain::{CommuneCode, Territory, TerritoryId};

/// Communes two territories both claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "les territoires « {first} » et « {second} » comptent tous deux : {} ; retirez ces communes de l'un d'eux",
    communes.iter().map(|(code, name)| format!("{name} ({code})")).collect::<Vec<_>>().join(", ")
)]
pub struct Overlap {
    /// One territory.
    pub first: TerritoryId,
    /// The other.
    pub second: TerritoryId,
    /// Code and name of each commune in both, by code.
    pub communes: Vec<(CommuneCode, String)>,
}

/// Every overlap among these territories; none is what should be.
pub fn overlaps(territories: &[&Territory]) -> Vec<Overlap> {
    let mut found = Vec::new();
    for (index, first) in territories.iter().enumerate() {
        let ours: BTreeMap<CommuneCode, &str> = first.communes.iter().map(|c| (c.code, c.name.as_str())).collect();
        for second in &territories[index + 1..] {
            let mut communes: Vec<(CommuneCode, String)> = second
                .communes
                .iter()
                .filter_map(|c| ours.get(&c.code).map(|name| (c.code, (*name).to_owned())))
                .collect();
            if !communes.is_empty() {
                communes.sort();
                found.push(Overlap { first: first.id.clone(), second: second.id.clone(), communes });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::builtin;

    #[test]
    fn a_commune_in_two_territories_is_named_with_both() {
        let weppes = builtin::load("weppes").unwrap();
        let mut greedy = builtin::load("flandre-lys").unwrap();
        assert_eq!(overlaps(&[&weppes, &greedy]), []);
        greedy.communes.extend(weppes.communes.iter().filter(|c| c.name == "Aubers").cloned());
        let found = overlaps(&[&weppes, &greedy]);
        assert_eq!(found.len(), 1);
        let said = found[0].to_string();
        for word in ["weppes", "flandre-lys", "Aubers (59025)"] {
            assert!(said.contains(word), "{said}");
        }
    }
}
