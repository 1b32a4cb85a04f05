//! Why a demand is left unplaced, in counts: never who, only how many and of what rank.
//!
//! It only looks at the plan as it stands; it must never change it, nor search for another.

use crate::instance::{Household, Instance};
use crate::rules::{State, household};
use crate::solved::Solved;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Why a demand is left unplaced: the first reason that applies, but that a place that is free and worth it is told whatever
/// else stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unplaced {
    /// It has no admissible placement at all.
    NoArcs,
    /// Whatever would be worth it has no room.
    Taken(Taken),
    /// Whatever it could use, and has room, costs at least its penalty, group prices included.
    TooDear {
        /// The least cost in points among its arcs with room that cost less than its penalty but for the groups, or among all
        /// its arcs if there is none.
        cheapest: i64,
        /// The groups without whose prices one of those arcs or more would be worth it, in rising order; empty if it is the
        /// arcs themselves that are too dear.
        raised_by: Vec<Raise>,
    },
    /// A place is free that would be worth it, but not apart from its household, and together they cannot have it.
    Household(Apart),
    /// A place is free and worth it: the budget ended before it was found.
    Unfinished,
}

/// What one more placement would cost in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raise {
    /// Index of the group.
    pub group: usize,
    /// Points of the next unit of its load.
    pub points: i64,
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
    /// Points of the cheapest way into one of these resources, its arc and the price of the resource together: what it would
    /// cost the whole at least. Where prices prove the plan it is the demand's penalty or more; `None` where none is known.
    pub least: Option<i64>,
    /// Groups at their limit before resources that still have room, in rising order.
    pub limited_by: Vec<usize>,
}

/// What the household of an unplaced demand could have instead of a place together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Apart {
    /// Its members.
    pub members: usize,
    /// Those who are placed.
    pub placed: usize,
    /// Those who are not, and could be beside everybody else, each for less than the penalty of leaving them out but for
    /// what it costs to be apart.
    pub separately: usize,
    /// Points for each member placed apart.
    pub split_penalty: i64,
    /// Resources all of them may use and that have places for so many, whoever holds them.
    pub suit_all: usize,
    /// Those of them that have room for all beside everybody else; if there is one, it costs more than it saves.
    pub room_for_all: usize,
}

impl Solved {
    /// Why the plan leaves a demand unplaced; `None` if it is placed or unknown.
    #[must_use]
    pub fn explain_unplaced(&self, demand: usize) -> Option<Unplaced> {
        self.explain_unplaced_in(demand, || self.state())
    }

    /// The same; `state` holds the plan.
    pub(crate) fn explain_unplaced_in<'s>(
        &'s self,
        demand: usize,
        state: impl FnOnce() -> State<'s>,
    ) -> Option<Unplaced> {
        let instance = self.searched();
        if self.plan().assign.get(demand)?.is_some() {
            return None;
        }
        let Some(least) = instance.demands()[demand].arcs.iter().map(|arc| arc.cost).min() else {
            return Some(Unplaced::NoArcs);
        };
        let penalty = instance.demands()[demand].penalty;
        let mut state = state();
        let mut taken = Taken::default();
        // The cheapest of those with room: as it stands, and without what its household adds.
        let mut open: Option<(i64, i64)> = None;
        let mut raised_by = BTreeMap::new();
        for &arc in instance.demands()[demand].arcs.iter().filter(|arc| arc.cost < penalty) {
            if let Some(price) = state.price(demand, arc) {
                let raises: Vec<(usize, i64)> = state.raises(demand, arc.resource).collect();
                let own = arc.cost + raises.iter().map(|(_, points)| points).sum::<i64>();
                open = Some(open.map_or((price, own), |(least, least_own)| (least.min(price), least_own.min(own))));
                raised_by.extend(raises);
            } else if state.is_full(arc.resource) {
                taken.full += 1;
                let least = self.price(arc.resource).map(|price| arc.cost + price);
                taken.least = [taken.least, least].into_iter().flatten().min();
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
        if open.is_some_and(|(price, _)| price < penalty) {
            return Some(Unplaced::Unfinished);
        }
        let household = instance.household_of(demand).map(|of| &instance.households()[of]);
        let (apart, saves) = household.map(|household| apart(instance, &mut state, household)).unzip();
        Some(match (open, apart) {
            _ if saves == Some(true) => Unplaced::Unfinished,
            (None, _) if taken.full > 0 || !taken.limited_by.is_empty() => Unplaced::Taken(taken),
            (Some((_, own)), Some(apart)) if own < penalty => Unplaced::Household(apart),
            (open, _) => {
                let raised_by = raised_by.into_iter().map(|(group, points)| Raise { group, points }).collect();
                Unplaced::TooDear { cheapest: open.map_or(least, |(_, own)| own), raised_by }
            }
        })
    }
}

/// What a household could have beside everybody else, and whether a place together would cost less than the plan.
fn apart(instance: &Instance, state: &mut State<'_>, household: &Household) -> (Apart, bool) {
    let Household { members, split_penalty } = household;
    let mut told = Apart { members: members.len(), split_penalty: *split_penalty, ..Apart::default() };
    let before = state.objective();
    let held: Vec<_> = members.iter().filter_map(|&member| Some((member, state.withdraw(member)?))).collect();
    let mut saves = false;
    for (resource, _) in household::resources_for_all(instance, household) {
        let mut placed = Vec::with_capacity(members.len());
        for &member in members {
            let Some(arc) = instance.arc(member, resource) else { break };
            if state.price(member, arc).is_none() {
                break;
            }
            state.place(member, arc);
            placed.push(member);
        }
        let all = placed.len() == members.len();
        told.suit_all += 1;
        told.room_for_all += usize::from(all);
        saves |= all && state.objective() < before;
        for member in placed {
            state.withdraw(member);
        }
    }
    told.placed = held.len();
    for (member, arc) in held {
        state.place(member, arc);
    }
    for &member in members {
        if state.place_of(member).is_some() {
            continue;
        }
        let demand = &instance.demands()[member];
        let own = |arc: &crate::instance::Arc| {
            state.price(member, *arc)?;
            let own = arc.cost + state.raises(member, arc.resource).map(|(_, points)| points).sum::<i64>();
            (own < demand.penalty).then_some((own, *arc))
        };
        let cheapest = demand.arcs.iter().filter_map(own).min_by_key(|(own, arc)| (*own, arc.resource));
        if let Some((_, arc)) = cheapest {
            state.place(member, arc);
            told.separately += 1;
        }
    }
    (told, saves)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Budget, Seed};
    use crate::instance::{Arc, Demand, Group, Resource, Step};
    use std::time::Duration;

    fn demand(penalty: i64, arcs: &[(usize, i64)]) -> Demand {
        let arcs = arcs.iter().map(|&(resource, cost)| Arc { resource, cost }).collect();
        Demand { penalty, arcs, ..Demand::default() }
    }

    fn why(demands: Vec<Demand>, groups: Vec<Group>, demand: usize) -> Option<Unplaced> {
        let instance = Instance::new(demands, vec![Resource { capacity: 1 }; 3], groups).unwrap();
        Solved::new(instance, Budget::wall(Duration::from_secs(600)), Seed(0)).explain_unplaced(demand)
    }

    fn too_dear(cheapest: i64, raised_by: &[(usize, i64)]) -> Unplaced {
        let raised_by = raised_by.iter().map(|&(group, points)| Raise { group, points }).collect();
        Unplaced::TooDear { cheapest, raised_by }
    }

    #[test]
    fn a_demand_left_out_is_told_the_first_reason_that_applies() {
        assert_eq!(why(vec![demand(9, &[])], vec![], 0), Some(Unplaced::NoArcs));
        assert_eq!(why(vec![demand(9, &[(0, 12), (1, 10)])], vec![], 0), Some(too_dear(10, &[])));
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
        let taken = Taken {
            full: 3,
            held_by_dearer: 1,
            held_by_equal: 1,
            held_by_cheaper: 1,
            // Prices are no higher than what keeps it out.
            least: Some(9),
            limited_by: vec![],
        };
        assert_eq!(why(rivals, vec![], 0), Some(Unplaced::Taken(taken)));
    }

    #[test]
    fn what_the_cheapest_way_in_would_cost_is_told_beside_the_holders() {
        // Somebody else would give 18 - 1 for the first, and 18 - 2 for the second.
        let demands = vec![
            demand(9, &[(0, 2), (1, 6)]),
            demand(18, &[(0, 1), (1, 2)]),
            demand(20, &[(0, 1)]),
            demand(21, &[(1, 1)]),
        ];
        let taken = Taken { full: 2, held_by_dearer: 2, least: Some(2 + 17), ..Taken::default() };
        assert_eq!(why(demands, vec![], 0), Some(Unplaced::Taken(taken)));
    }

    #[test]
    fn groups_that_make_a_free_place_too_dear_are_named_with_what_they_add() {
        let group = |resources: &[usize], unit_cost| {
            let steps = vec![Step { width: Some(1), unit_cost }, Step { width: None, unit_cost: unit_cost + 50 }];
            Group { resources: resources.to_vec(), steps, ..Group::default() }
        };
        let groups = vec![group(&[0, 1], 5), group(&[1, 2], 0), group(&[1], 3)];
        let raised = too_dear(11, &[(0, 5), (2, 3)]);
        assert_eq!(why(vec![demand(9, &[(1, 3)])], groups.clone(), 0), Some(raised));
        // The first step of the second group is used up by somebody else, who is worth it.
        let demands = vec![demand(9, &[(1, 3)]), demand(90, &[(2, 0)])];
        assert_eq!(why(demands, groups.clone(), 0), Some(too_dear(61, &[(0, 5), (1, 50), (2, 3)])));
        // One more resource that is full changes nothing: the other has room.
        let demands = vec![demand(9, &[(1, 3), (2, 1)]), demand(90, &[(2, 0)])];
        assert_eq!(why(demands, groups.clone(), 0), Some(too_dear(61, &[(0, 5), (1, 50), (2, 3)])));
        // Whoever is too far away anyhow is not told of groups.
        assert_eq!(why(vec![demand(9, &[(1, 9)])], groups, 0), Some(too_dear(9, &[])));
    }

    /// What is told of the first two, who live together, where each would pay `split_penalty` for being apart; all others
    /// are worth more.
    fn why_apart(demands: Vec<Demand>, capacities: &[usize], split_penalty: i64) -> (Option<Unplaced>, usize) {
        let resources = capacities.iter().map(|&capacity| Resource { capacity }).collect();
        let household = vec![Household { members: vec![0, 1], split_penalty }];
        let instance = Instance::new(demands, resources, vec![]).unwrap().with_households(household).unwrap();
        let solved = Solved::new(instance, Budget::wall(Duration::from_secs(600)), Seed(0));
        (solved.explain_unplaced(0), solved.plan().placed())
    }

    #[test]
    fn a_household_no_resource_has_room_for_is_told_who_could_be_placed_apart() {
        let both = || vec![demand(9, &[(0, 1), (1, 2), (2, 2)]), demand(9, &[(0, 1), (1, 3), (2, 30)])];
        let told = Apart { members: 2, separately: 2, split_penalty: 8, ..Apart::default() };
        assert_eq!(why_apart(both(), &[1, 1, 1], 8), (Some(Unplaced::Household(told)), 0));
        // The first resource has two places, and one is held by somebody dear.
        let with_a_rival = || [both(), vec![demand(90, &[(0, 1)])]].concat();
        let told = Apart { suit_all: 1, ..told };
        assert_eq!(why_apart(with_a_rival(), &[2, 1, 1], 8), (Some(Unplaced::Household(told)), 1));
        // Both would have the one place left.
        let demands = vec![demand(9, &[(0, 1)]), demand(9, &[(0, 1)]), demand(90, &[(0, 1)])];
        let told = Apart { separately: 1, ..told };
        assert_eq!(why_apart(demands, &[2, 1, 1], 8), (Some(Unplaced::Household(told)), 1));
        // There is room for both, at more than it saves.
        let demands = vec![demand(9, &[(0, 1)]), demand(9, &[(0, 30)])];
        let told = Apart { suit_all: 1, room_for_all: 1, ..told };
        assert_eq!(why_apart(demands, &[2, 1, 1], 8), (Some(Unplaced::Household(told)), 0));
        // One is worth being placed apart, the other is not.
        let demands = vec![demand(9, &[(0, 2)]), demand(90, &[(1, 1)])];
        let told = Apart { members: 2, placed: 1, separately: 1, split_penalty: 8, ..Apart::default() };
        assert_eq!(why_apart(demands, &[1, 1, 1], 8), (Some(Unplaced::Household(told)), 1));
    }

    #[test]
    fn what_is_full_is_told_before_the_household() {
        let demands = vec![demand(9, &[(0, 1)]), demand(9, &[(1, 1)]), demand(90, &[(0, 1)])];
        let (told, _) = why_apart(demands, &[1, 1, 1], 8);
        assert!(matches!(told, Some(Unplaced::Taken(Taken { full: 1, held_by_dearer: 1, .. }))), "{told:?}");
    }

    #[test]
    fn a_place_together_that_was_not_found_is_told_as_such() {
        let demands = vec![demand(9, &[(0, 1)]), demand(9, &[(0, 1)])];
        let household = vec![Household { members: vec![0, 1], split_penalty: 30 }];
        let instance = Instance::new(demands, vec![Resource { capacity: 2 }], vec![]).unwrap();
        let instance = instance.with_households(household).unwrap();
        let solved = Solved::new(instance.clone(), Budget::wall(Duration::from_secs(600)), Seed(0));
        assert_eq!((solved.plan().placed(), solved.explain_unplaced(0)), (2, None));
        let nobody = State::new(&instance);
        let household = &instance.households()[0];
        let (told, saves) = apart(&instance, &mut nobody.clone(), household);
        assert!(saves);
        assert_eq!(
            told,
            Apart { members: 2, separately: 2, split_penalty: 30, suit_all: 1, room_for_all: 1, placed: 0 }
        );
    }

    #[test]
    fn a_group_at_its_limit_is_named() {
        let cap = Group { resources: vec![0, 1], max: Some(1), ..Group::default() };
        let demands = vec![demand(9, &[(1, 3)]), demand(20, &[(0, 1)])];
        let taken = Taken { limited_by: vec![0], ..Taken::default() };
        assert_eq!(why(demands, vec![cap], 0), Some(Unplaced::Taken(taken)));
    }
}
