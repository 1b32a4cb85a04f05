//! Why a demand is left unplaced, in counts: never who, only how many and of what rank.

use crate::solved::Solved;
use std::cmp::Ordering;

/// Why a demand is left unplaced: the first reason that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unplaced {
    /// It has no admissible placement at all.
    NoArcs,
    /// Everything it could use costs at least its penalty, group prices included.
    TooDear {
        /// The least cost among its arcs with room, or among all if none has room.
        cheapest: i64,
    },
    /// What would be worth it is taken.
    Taken(Taken),
    /// A place is free and worth it: the budget ended before it was found.
    Unfinished,
}

/// Who or what stands in the way of an unplaced demand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// Its resources that are full.
    pub full: usize,
    /// Their holders with a greater penalty than its own; where tiers are strict, of a higher tier first.
    pub held_by_dearer: usize,
    /// Their holders with the same penalty.
    pub held_by_equal: usize,
    /// Their holders with a smaller penalty: those who have nowhere else, or much cheaper arcs.
    pub held_by_cheaper: usize,
    /// Groups at their limit before resources that still have room, in rising order.
    pub limited_by: Vec<usize>,
}

impl Solved {
    /// Why the plan leaves a demand unplaced; `None` if it is placed or unknown.
    #[must_use]
    pub fn explain_unplaced(&self, demand: usize) -> Option<Unplaced> {
        let instance = self.searched();
        if self.plan().assign.get(demand)?.is_some() {
            return None;
        }
        let Some(least) = instance.demands()[demand].arcs.iter().map(|arc| arc.cost).min() else {
            return Some(Unplaced::NoArcs);
        };
        let penalty = instance.demands()[demand].penalty;
        let state = self.state();
        let mut taken = Taken::default();
        let mut open = None;
        for &arc in instance.demands()[demand].arcs.iter().filter(|arc| arc.cost < penalty) {
            if let Some(price) = state.price(demand, arc) {
                open = Some(open.map_or(price, |open: i64| open.min(price)));
            } else if state.is_full(arc.resource) {
                taken.full += 1;
                for &holder in state.holders(arc.resource) {
                    match instance.demands()[holder].penalty.cmp(&penalty) {
                        Ordering::Greater => taken.held_by_dearer += 1,
                        Ordering::Equal => taken.held_by_equal += 1,
                        Ordering::Less => taken.held_by_cheaper += 1,
                    }
                }
            } else {
                taken.limited_by.extend(state.barrier(demand, arc.resource));
            }
        }
        taken.limited_by.sort_unstable();
        taken.limited_by.dedup();
        Some(match open {
            Some(price) if price < penalty => Unplaced::Unfinished,
            _ if taken.full > 0 || !taken.limited_by.is_empty() => Unplaced::Taken(taken),
            price => Unplaced::TooDear { cheapest: price.unwrap_or(least) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Budget, Seed};
    use crate::instance::{Arc, Demand, Group, Instance, Resource, Step};
    use std::time::Duration;

    fn demand(penalty: i64, arcs: &[(usize, i64)]) -> Demand {
        let arcs = arcs.iter().map(|&(resource, cost)| Arc { resource, cost }).collect();
        Demand { penalty, arcs, ..Demand::default() }
    }

    fn why(demands: Vec<Demand>, groups: Vec<Group>, demand: usize) -> Option<Unplaced> {
        let instance = Instance::new(demands, vec![Resource { capacity: 1 }; 3], groups).unwrap();
        Solved::new(instance, Budget::wall(Duration::from_secs(600)), Seed(0)).explain_unplaced(demand)
    }

    #[test]
    fn a_demand_left_out_is_told_the_first_reason_that_applies() {
        assert_eq!(why(vec![demand(9, &[])], vec![], 0), Some(Unplaced::NoArcs));
        assert_eq!(why(vec![demand(9, &[(0, 12), (1, 10)])], vec![], 0), Some(Unplaced::TooDear { cheapest: 10 }));
        let steps = vec![Step { width: None, unit_cost: 8 }];
        let dear = Group { resources: vec![0, 1], steps, ..Group::default() };
        assert_eq!(why(vec![demand(9, &[(1, 3)])], vec![dear], 0), Some(Unplaced::TooDear { cheapest: 11 }));
        assert_eq!(why(vec![demand(9, &[(1, 3)])], vec![], 0), None);
        assert_eq!(why(vec![], vec![], 0), None);
    }

    #[test]
    fn those_in_the_way_are_counted_by_rank() {
        let rivals = vec![
            demand(9, &[(0, 1), (1, 1), (2, 5)]),
            demand(20, &[(0, 1)]),
            demand(9, &[(1, 0)]),
            demand(8, &[(2, 0)]),
        ];
        let taken = Taken { full: 3, held_by_dearer: 1, held_by_equal: 1, held_by_cheaper: 1, limited_by: vec![] };
        assert_eq!(why(rivals, vec![], 0), Some(Unplaced::Taken(taken)));
    }

    #[test]
    fn a_group_at_its_limit_is_named() {
        let cap = Group { resources: vec![0, 1], max: Some(1), ..Group::default() };
        let demands = vec![demand(9, &[(1, 3)]), demand(20, &[(0, 1)])];
        let taken = Taken { limited_by: vec![0], ..Taken::default() };
        assert_eq!(why(demands, vec![cap], 0), Some(Unplaced::Taken(taken)));
    }
}
