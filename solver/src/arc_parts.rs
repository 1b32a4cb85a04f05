//! What the costs of arcs are made of, as a file may tell it: points by name, which add up to the cost.
//!
//! It is there to explain; no search may ever read it.

use crate::format::FormatError;
use crate::instance::Demand;
use std::collections::BTreeMap;

/// Of one demand the points of each of its arcs, by the name of the part.
pub(crate) type PartsOfDemand = BTreeMap<String, Vec<i64>>;

/// The parts of every arc of an instance, as far as its file tells them: whole points, 0 or more, with the cost as their sum.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArcParts {
    of: Vec<Option<PartsOfDemand>>,
}

impl ArcParts {
    /// Checks that the parts of each demand are those of its arcs; one entry for each demand.
    ///
    /// # Errors
    /// The first list of another length than the arcs, part below 0, or sum that is not the cost.
    pub(crate) fn new(of: Vec<Option<PartsOfDemand>>, demands: &[Demand]) -> Result<Self, FormatError> {
        for (index, (parts, demand)) in of.iter().zip(demands).enumerate() {
            if let Some(parts) = parts {
                check(index, parts, demand)?;
            }
        }
        Ok(Self { of })
    }

    /// Whether the file tells the parts of no arc.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of.iter().all(Option::is_none)
    }

    /// Points of the arc at this position of the demand's, by part; `None` where the file does not tell, and for an arc that is
    /// not there.
    #[must_use]
    pub fn of(&self, demand: usize, position: usize) -> Option<BTreeMap<&str, i64>> {
        let parts = self.of.get(demand)?.as_ref()?.iter();
        parts.map(|(name, points)| Some((name.as_str(), *points.get(position)?))).collect()
    }
}

fn check(index: usize, parts: &PartsOfDemand, demand: &Demand) -> Result<(), FormatError> {
    let mut sums = vec![0_i128; demand.arcs.len()];
    for (name, points) in parts {
        let field = || format!("demands[{index}].parts.{name}");
        if points.len() != sums.len() {
            return Err(FormatError::PartsLength { field: field(), entries: points.len(), arcs: sums.len() });
        }
        for (position, (sum, &points)) in sums.iter_mut().zip(points).enumerate() {
            if points < 0 {
                return Err(FormatError::NegativePart { field: format!("{}[{position}]", field()), points });
            }
            *sum += i128::from(points);
        }
    }
    for (position, (&sum, arc)) in sums.iter().zip(&demand.arcs).enumerate() {
        if sum != i128::from(arc.cost) {
            let field = format!("demands[{index}].parts");
            return Err(FormatError::PartsSum { field, position, sum, cost: arc.cost });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Arc;

    fn parts(of: &[(&str, &[i64])]) -> Result<ArcParts, FormatError> {
        let arcs = vec![Arc { resource: 0, cost: 5 }, Arc { resource: 2, cost: 7 }];
        let demands = [Demand::default(), Demand { arcs, ..Demand::default() }];
        let of = of.iter().map(|(name, points)| ((*name).to_owned(), points.to_vec())).collect();
        ArcParts::new(vec![None, Some(of)], &demands)
    }

    #[test]
    fn parts_are_told_arc_by_arc() {
        let told = parts(&[("wait", &[2, 7]), ("way", &[3, 0])]).unwrap();
        assert_eq!(told.of(1, 0), Some(BTreeMap::from([("wait", 2), ("way", 3)])));
        assert_eq!(told.of(1, 1), Some(BTreeMap::from([("wait", 7), ("way", 0)])));
        assert_eq!((told.of(0, 0), told.of(1, 2), told.of(2, 0), told.is_empty()), (None, None, None, false));
        assert!(ArcParts::new(vec![None], &[Demand::default()]).unwrap().is_empty());
    }

    #[test]
    fn parts_that_are_not_the_cost_are_refused_with_their_field() {
        let fault = |of: &[(&str, &[i64])]| parts(of).unwrap_err().to_string();
        assert!(fault(&[("wait", &[5])]).starts_with("demands[1].parts.wait has 1 entries; there are 2 arcs"));
        assert!(fault(&[("wait", &[6, 7]), ("way", &[-1, 0])]).starts_with("demands[1].parts.way[0] is -1"));
        assert!(fault(&[("wait", &[5, 6])]).starts_with("demands[1].parts add up to 6 for arcs[1], which costs 7"));
        assert!(fault(&[("wait", &[i64::MAX, 7]), ("way", &[i64::MAX, 0])]).contains("add up to 18446744073709551614"));
        assert!(fault(&[]).starts_with("demands[1].parts add up to 0 for arcs[0]"));
    }
}
