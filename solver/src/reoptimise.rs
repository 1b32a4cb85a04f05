//! A better plan for those who already have a place, moving few: every move costs, their number is bounded, and each is told
//! with what it gains.
//!
//! The optimum at the price of moving says who should move; what changes is taken apart into exchanges that need nobody
//! else, and those are made that gain most, as far as the bound allows. It must never move anybody for less than the price.

use crate::alternatives::Displaced;
use crate::budget::{Budget, Seed};
use crate::instance::{Instance, InstanceError};
use crate::joined::Joined;
use crate::rules::{State, by_penalty};
use crate::solved::solve;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What moving may cost and how many may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moving {
    /// Points for each who has a place and gets another or none; 0 or more. 0 where the arcs say it already.
    pub penalty: i64,
    /// How many of them may move, at most. Whoever had no place gets one without being counted.
    pub most: usize,
}

/// Moves that only make sense together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Who goes from where to where, by index; those who had no place among them.
    pub moves: Vec<Displaced>,
    /// Points the whole costs less for it, the price of moving not taken off.
    pub gain: i64,
}

/// The plan with its moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reoptimised {
    /// For each demand the resource it has now.
    pub assign: Vec<Option<usize>>,
    /// Points it costs, the price of moving not added.
    pub objective: i64,
    /// What was changed, in the order it was.
    pub exchanges: Vec<Exchange>,
    /// Exchanges that would have gained, and were left for the bound on moves.
    pub left: usize,
}

/// Improves on places already held. What of `held` is not feasible counts as not held.
///
/// # Errors
/// [`InstanceError::StrictTiersMoved`] where tiers are strict: few moves may not be enough to keep them.
/// [`InstanceError::TooLarge`] where the price of moving is beyond all others, [`InstanceError::NegativeCost`] where it is
/// below 0.
pub fn reoptimise(
    instance: &Instance,
    held: &[Option<usize>],
    moving: Moving,
    budget: Budget,
    seed: Seed,
) -> Result<Reoptimised, InstanceError> {
    if !instance.strict_tiers().is_empty() {
        return Err(InstanceError::StrictTiersMoved);
    }
    let order = by_penalty(instance);
    let held: Vec<Option<usize>> =
        (0..instance.demands().len()).map(|demand| held.get(demand).copied().flatten()).collect();
    let mut state = State::of(instance, &held, &order);
    let held = state.assignment();
    let wanted = solve(&priced(instance, &held, moving.penalty)?, budget, seed).assign;
    let mut open = exchanges(instance, &held, &wanted);
    let mut room = moving.most;
    let mut made: Vec<Exchange> = Vec::new();
    // Another pass where an exchange changed what groups make of the others.
    loop {
        let mut gains: Vec<(i64, Vec<Displaced>)> = Vec::new();
        for moves in std::mem::take(&mut open) {
            let gain = gain_of(&mut state, &moves, false).unwrap_or(i64::MIN);
            gains.push((gain, moves));
        }
        gains.sort_by_key(|(gain, moves)| (Reverse(*gain), moves.first().map(|moved| moved.demand)));
        let before = made.len();
        for (_, moves) in gains {
            let counted = counted(&moves);
            let least = moving.penalty.saturating_mul(i64::try_from(counted).unwrap_or(i64::MAX));
            match gain_of(&mut state, &moves, false) {
                Some(gain) if gain > 0 && gain >= least && counted <= room => {
                    gain_of(&mut state, &moves, true);
                    room -= counted;
                    made.push(Exchange { moves, gain });
                }
                _ => open.push(moves),
            }
        }
        if made.len() == before {
            break;
        }
    }
    let mut worth = |moves: &Vec<Displaced>| gain_of(&mut state, moves, false).is_some_and(|gain| gain > 0);
    let left = open.iter().filter(|moves| counted(moves) > room && worth(moves)).count();
    Ok(Reoptimised { assign: state.assignment(), objective: state.objective(), exchanges: made, left })
}

/// Those who had a place.
fn counted(moves: &[Displaced]) -> usize {
    moves.iter().filter(|moved| moved.from.is_some()).count()
}

/// The instance with the price of moving in it.
fn priced(instance: &Instance, held: &[Option<usize>], penalty: i64) -> Result<Instance, InstanceError> {
    let mut demands = instance.demands().to_vec();
    for (index, (demand, held)) in demands.iter_mut().zip(held).enumerate() {
        let Some(held) = *held else { continue };
        demand.penalty = demand.penalty.checked_add(penalty).ok_or(InstanceError::TooLarge)?;
        for arc in demand.arcs.iter_mut().filter(|arc| arc.resource != held) {
            arc.cost = arc.cost.checked_add(penalty).ok_or(InstanceError::TooLarge)?;
        }
        if penalty < 0 {
            return Err(InstanceError::NegativeCost { demand: index, position: 0, cost: penalty });
        }
    }
    Instance::new(demands, instance.resources().to_vec(), instance.groups().to_vec())?
        .with_households(instance.households().to_vec())
}

/// What changes, in parts that touch no resource and no household of another part.
fn exchanges(instance: &Instance, held: &[Option<usize>], wanted: &[Option<usize>]) -> Vec<Vec<Displaced>> {
    let resources = instance.resources().len();
    // One node for each resource, then one for each household.
    let mut joined = Joined::apart(resources + instance.households().len());
    let changed = |demand: &usize| held[*demand] != wanted[*demand];
    let touched = |demand: usize| {
        let household = instance.household_of(demand).map(|household| resources + household);
        held[demand].into_iter().chain(wanted[demand]).chain(household)
    };
    for demand in (0..held.len()).filter(changed) {
        joined.join(touched(demand));
    }
    let mut found: BTreeMap<usize, Vec<Displaced>> = BTreeMap::new();
    for demand in (0..held.len()).filter(changed) {
        let Some(node) = touched(demand).next() else { continue };
        let moved = Displaced { demand, from: held[demand], to: wanted[demand] };
        found.entry(joined.root(node)).or_default().push(moved);
    }
    found.into_values().collect()
}

/// What these moves gain, all of them made or, unless they are to be kept, undone again; `None` where a limit forbids them.
fn gain_of(state: &mut State<'_>, moves: &[Displaced], keep: bool) -> Option<i64> {
    let instance = state.instance();
    let before = state.objective();
    let was: Vec<_> = moves.iter().map(|moved| state.withdraw(moved.demand)).collect();
    let mut placed = 0;
    for moved in moves {
        if let Some(resource) = moved.to {
            let arc = instance.arc(moved.demand, resource).filter(|arc| state.price(moved.demand, *arc).is_some());
            let Some(arc) = arc else { break };
            state.place(moved.demand, arc);
        }
        placed += 1;
    }
    let gain = (placed == moves.len()).then_some(before - state.objective());
    if !keep || gain.is_none() {
        moves.iter().for_each(|moved| {
            state.withdraw(moved.demand);
        });
        for (moved, arc) in moves.iter().zip(was) {
            if let Some(arc) = arc {
                state.place(moved.demand, arc);
            }
        }
    }
    gain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Arc, Demand, Resource};
    use std::time::Duration;

    /// Two pairs who would each gain by changing places, one of them more, and one who has no place yet.
    fn instance() -> Instance {
        let demand = |arcs: &[(usize, i64)]| {
            let arcs = arcs.iter().map(|&(resource, cost)| Arc { resource, cost }).collect();
            Demand { penalty: 100, arcs, ..Demand::default() }
        };
        let demands = vec![
            demand(&[(0, 9), (1, 1)]),
            demand(&[(0, 1), (1, 9)]),
            demand(&[(2, 20), (3, 1)]),
            demand(&[(2, 1), (3, 20)]),
            demand(&[(4, 3)]),
        ];
        Instance::new(demands, vec![Resource { capacity: 1 }; 5], vec![]).unwrap()
    }

    fn made(penalty: i64, most: usize) -> (Vec<(usize, i64)>, usize, i64) {
        let held = [Some(0), Some(1), Some(2), Some(3), None];
        let budget = Budget::wall(Duration::from_secs(3_600));
        let found = reoptimise(&instance(), &held, Moving { penalty, most }, budget, Seed(0)).unwrap();
        let told = found.exchanges.iter().map(|exchange| (exchange.moves[0].demand, exchange.gain)).collect();
        (told, found.left, found.objective)
    }

    #[test]
    fn the_exchange_that_gains_most_is_made_first_and_no_more_than_may_move() {
        assert_eq!(made(0, 9), (vec![(4, 97), (2, 38), (0, 16)], 0, 7));
        assert_eq!(made(0, 3), (vec![(4, 97), (2, 38)], 1, 23));
        assert_eq!(made(0, 0), (vec![(4, 97)], 2, 61));
    }

    #[test]
    fn nobody_is_moved_for_less_than_the_price() {
        assert_eq!(made(9, 9), (vec![(4, 97), (2, 38)], 0, 23));
        assert_eq!(made(20, 9), (vec![(4, 97)], 0, 61));
    }
}
