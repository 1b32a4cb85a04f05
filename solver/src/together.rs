//! Moves of whole households: all members to one resource, with room made by sending single holders elsewhere.
//!
//! Priced by differences and kept only if the objective falls, as the moves of single demands are. Must never break up
//! another household to bring one together.

use crate::budget::Meter;
use crate::improve::Columns;
use crate::instance::{Arc, Instance};
use crate::rules::State;

/// Places a household nobody of which is placed where it costs least, if some resource has room for all and that is worth it.
/// Whether it did; false for a demand of no household.
pub(crate) fn place(state: &mut State<'_>, demand: usize, meter: &mut Meter) -> bool {
    let instance = state.instance();
    let Some(household) = instance.household_of(demand) else { return false };
    let members = &instance.households()[household].members;
    if members.iter().any(|&member| state.place_of(member).is_some()) {
        return false;
    }
    let mut best: Option<(i64, Vec<Arc>)> = None;
    let mut limit = state.objective();
    for arcs in common(instance, members, |member| &instance.demands()[member].arcs) {
        meter.note(members.len());
        if room(state, arcs[0].resource) >= members.len() {
            let placed = place_all(state, members, &arcs);
            let objective = state.objective();
            withdraw_all(state, &members[..placed]);
            if placed == members.len() && objective < limit {
                limit = objective;
                best = Some((objective, arcs));
            }
        }
    }
    let Some((_, arcs)) = best else { return false };
    place_all(state, members, &arcs);
    true
}

/// Puts a household where it costs the whole least when it is together, if that is better than how it is; false if the meter
/// stopped it (the state is whole all the same).
pub(crate) fn bring(state: &mut State<'_>, columns: &Columns, household: usize, meter: &mut Meter) -> bool {
    let instance = state.instance();
    let members = &instance.households()[household].members;
    let before = state.objective();
    let was: Vec<Option<Arc>> = members.iter().map(|&member| state.withdraw(member)).collect();
    let mut best: Option<Vec<Arc>> = None;
    let mut limit = before;
    let mut open = true;
    for arcs in common(instance, members, |member| columns.of(member)) {
        if !open {
            break;
        }
        let trial = Trial::of(state, columns, members, &arcs, limit);
        open = meter.spend(members.len() + trial.steps);
        if trial.objective.is_some_and(|objective| objective < limit) {
            limit = trial.objective.unwrap_or(limit);
            best = Some(arcs);
        }
        trial.undo(state);
    }
    match best {
        // The same steps from the same state: the same outcome.
        Some(arcs) => drop(Trial::of(state, columns, members, &arcs, before)),
        None => {
            for (&member, place) in members.iter().zip(was) {
                if let Some(arc) = place {
                    state.place(member, arc);
                }
            }
        }
    }
    open
}

/// A household placed together, with what was done to make room for it.
struct Trial {
    /// Members placed so far.
    placed: Vec<usize>,
    /// Who was sent away, from where, and whether they found another place.
    moved: Vec<(usize, Arc, bool)>,
    /// The objective, if all are placed.
    objective: Option<i64>,
    steps: usize,
}

impl Trial {
    fn of(state: &mut State<'_>, columns: &Columns, members: &[usize], arcs: &[Arc], limit: i64) -> Self {
        let mut trial = Self { placed: Vec::new(), moved: Vec::new(), objective: None, steps: 0 };
        let resource = arcs[0].resource;
        let missing = members.len().saturating_sub(room(state, resource));
        let least: i64 = members.iter().zip(arcs).map(|(&member, arc)| gain(state, member, *arc)).sum();
        if state.objective() + least >= limit {
            return trial;
        }
        let leaving = cheapest_to_send_away(state, columns, resource, missing, &mut trial.steps);
        if leaving.len() < missing {
            return trial;
        }
        for holder in leaving {
            if let Some(held) = state.withdraw(holder) {
                trial.moved.push((holder, held, false));
            }
        }
        let placed = place_all(state, members, arcs);
        trial.placed.extend(&members[..placed]);
        for (holder, _, found) in &mut trial.moved {
            trial.steps += columns.of(*holder).len();
            if let Some((_, arc)) = state.cheapest(*holder, columns.of(*holder)) {
                state.place(*holder, arc);
                *found = true;
            }
        }
        trial.objective = (placed == members.len()).then_some(state.objective());
        trial
    }

    fn undo(self, state: &mut State<'_>) {
        for (holder, _, found) in self.moved.iter().rev() {
            if *found {
                state.withdraw(*holder);
            }
        }
        withdraw_all(state, &self.placed);
        for (holder, held, _) in self.moved {
            state.place(holder, held);
        }
    }
}

/// Holders of a resource who are in no household, those first whose leaving costs least; as many as asked for, or fewer.
fn cheapest_to_send_away(
    state: &mut State<'_>,
    columns: &Columns,
    resource: usize,
    count: usize,
    steps: &mut usize,
) -> Vec<usize> {
    if count == 0 {
        return Vec::new();
    }
    let holders = state.holders(resource).to_vec();
    let mut priced = Vec::new();
    let instance = state.instance();
    for holder in holders.into_iter().filter(|&holder| instance.household_of(holder).is_none()) {
        *steps += columns.of(holder).len();
        let Some(held) = state.withdraw(holder) else { continue };
        let elsewhere = columns.of(holder).iter().copied().filter(|arc| arc.resource != resource);
        let next = elsewhere.filter_map(|arc| state.price(holder, arc)).min();
        let penalty = instance.demands()[holder].penalty;
        priced.push((next.map_or(penalty, |next| next.min(penalty)) - held.cost, holder));
        state.place(holder, held);
    }
    priced.sort_unstable();
    priced.truncate(count);
    priced.into_iter().map(|(_, holder)| holder).collect()
}

fn gain(state: &State<'_>, demand: usize, arc: Arc) -> i64 {
    arc.cost - state.instance().demands()[demand].penalty
}

fn room(state: &State<'_>, resource: usize) -> usize {
    state.instance().resources()[resource].capacity - state.holders(resource).len()
}

/// Places one after the other, as far as the rules allow; how many.
fn place_all(state: &mut State<'_>, members: &[usize], arcs: &[Arc]) -> usize {
    for (placed, (&member, &arc)) in members.iter().zip(arcs).enumerate() {
        if state.price(member, arc).is_none() {
            return placed;
        }
        state.place(member, arc);
    }
    members.len()
}

fn withdraw_all(state: &mut State<'_>, members: &[usize]) {
    for &member in members {
        state.withdraw(member);
    }
}

/// For each resource all members may use and that could take them, the arc of each member, by resource.
fn common<'i, 'c: 'i>(
    instance: &'i Instance,
    members: &'i [usize],
    arcs_of: impl Fn(usize) -> &'c [Arc] + 'i,
) -> impl Iterator<Item = Vec<Arc>> + 'i {
    let first = members.first().map_or(&[][..], |&first| arcs_of(first));
    first.iter().filter(|arc| instance.resources()[arc.resource].capacity >= members.len()).filter_map(move |arc| {
        let mut arcs = Vec::with_capacity(members.len());
        for &member in members {
            let of_member = arcs_of(member);
            let place = of_member.binary_search_by_key(&arc.resource, |arc| arc.resource).ok()?;
            arcs.push(of_member[place]);
        }
        Some(arcs)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::greedy;
    use crate::instance::{Demand, Household, Resource};
    use crate::rules::by_penalty;
    use std::time::Duration;

    fn demand(penalty: i64, arcs: &[(usize, i64)]) -> Demand {
        let arcs = arcs.iter().map(|&(resource, cost)| Arc { resource, cost }).collect();
        Demand { penalty, arcs, ..Demand::default() }
    }

    /// Two who belong together and one alone, who hold the only place that has room for two.
    fn instance() -> Instance {
        let demands =
            vec![demand(100, &[(0, 10), (1, 2)]), demand(90, &[(0, 10), (2, 2)]), demand(95, &[(0, 1), (1, 5)])];
        let resources = [2, 1, 1].map(|capacity| Resource { capacity }).to_vec();
        let instance = Instance::new(demands, resources, vec![]).unwrap();
        instance.with_households(vec![Household { members: vec![0, 1], split_penalty: 40 }]).unwrap()
    }

    #[test]
    fn a_household_is_placed_together_from_the_start_where_there_is_room() {
        let instance = instance();
        let mut state = State::new(&instance);
        greedy::fill(&mut state, &by_penalty(&instance), &mut Meter::start(Budget::default()));
        assert_eq!(state.assignment(), [Some(0), Some(0), Some(1)]);
        assert_eq!((state.objective(), state.split().total(), state.split().households), (25, 25, 0));
    }

    #[test]
    fn room_for_all_is_made_by_sending_a_single_holder_elsewhere() {
        let instance = instance();
        let order = by_penalty(&instance);
        let mut state = State::of(&instance, &[Some(1), Some(2), Some(0)], &order);
        assert_eq!((state.objective(), state.split().households), (85, 80));
        let columns = Columns::new(&instance, 0, i64::MAX, |_, _| 0);
        let mut meter = Meter::start(Budget::wall(Duration::MAX));
        assert!(bring(&mut state, &columns, 0, &mut meter));
        assert_eq!((state.assignment(), state.objective()), (vec![Some(0), Some(0), Some(1)], 25));
        assert!(bring(&mut state, &columns, 0, &mut meter));
        assert_eq!((state.assignment(), state.objective()), (vec![Some(0), Some(0), Some(1)], 25));
    }

    #[test]
    fn a_move_that_does_not_help_leaves_everything_as_it_was() {
        let instance = instance().with_households(vec![Household { members: vec![0, 1], split_penalty: 1 }]).unwrap();
        let mut state = State::of(&instance, &[Some(1), Some(2), Some(0)], &by_penalty(&instance));
        let columns = Columns::new(&instance, 0, i64::MAX, |_, _| 0);
        assert!(bring(&mut state, &columns, 0, &mut Meter::start(Budget::wall(Duration::MAX))));
        assert_eq!((state.assignment(), state.objective()), (vec![Some(1), Some(2), Some(0)], 7));
    }
}
