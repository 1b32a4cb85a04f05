//! An assignment from prices: everybody takes what costs them least at the prices, as far as there is room, those first who
//! would lose most by waiting.
//!
//! At prices that are nearly right few find their place taken; what they do then is for the moves. It must never look at
//! anything but prices: nothing here compares whole assignments.

use crate::budget::Meter;
use crate::duals::Priced;
use crate::instance::{Arc, Instance};
use crate::rules::{State, household};
use std::cmp::Reverse;

/// The next best choices kept of everybody.
const CHOICES: usize = 6;

/// Those who are placed as one, what each of their choices pays in parts of a point, and what they pay otherwise.
struct Asking {
    members: Vec<usize>,
    choices: Vec<(i64, usize)>,
    otherwise: i64,
}

impl Asking {
    fn new(members: Vec<usize>, mut choices: Vec<(i64, usize)>, otherwise: i64) -> Self {
        choices.retain(|(pays, _)| *pays < otherwise);
        if choices.len() > CHOICES {
            choices.select_nth_unstable(CHOICES);
            choices.truncate(CHOICES);
        }
        choices.sort_unstable();
        Self { members, choices, otherwise }
    }

    /// What is lost when the best choice is gone, in parts of a point.
    fn regret(&self) -> i64 {
        let next = self.choices.get(1).map_or(self.otherwise, |(pays, _)| *pays);
        self.choices.first().map_or(0, |(pays, _)| next - pays)
    }
}

/// The assignment the prices suggest; those who found no room are left out.
pub(crate) fn assign<'a>(instance: &'a Instance, priced: &Priced, meter: &mut Meter) -> State<'a> {
    let (prices, parts) = (&priced.prices, priced.prices.parts());
    let alone = |demand: usize| {
        let apart = household::split_penalty(instance, demand);
        let pays = |arc: &Arc| (arc.cost + apart) * parts + prices.of_placing(instance, demand, arc.resource);
        let of = &instance.demands()[demand];
        let choices = of.arcs.iter().map(|arc| (pays(arc), arc.resource)).collect();
        Asking::new(vec![demand], choices, of.penalty * parts)
    };
    let mut asking: Vec<Asking> = instance
        .households()
        .iter()
        .map(|household| {
            let pays = |(resource, cost)| (cost * parts + prices.of_all(instance, household, resource), resource);
            let otherwise = household.members.iter().map(|&member| priced.paid.demands[member]).sum();
            let choices = household::resources_for_all(instance, household).map(pays).collect();
            Asking::new(household.members.clone(), choices, otherwise)
        })
        .collect();
    let single = |demand: &usize| instance.household_of(*demand).is_none();
    asking.extend((0..instance.demands().len()).filter(single).map(alone));
    meter.note(instance.demands().iter().map(|demand| demand.arcs.len()).sum());

    let mut state = State::new(instance);
    asking.sort_by_cached_key(|asking| Reverse((asking.members.len(), asking.regret())));
    let mut split = Vec::new();
    for asking in &asking {
        let mut choices = asking.choices.iter();
        let placed = choices.any(|(_, resource)| place_all(&mut state, &asking.members, *resource));
        if !placed && asking.members.len() > 1 {
            split.extend(asking.members.iter().copied());
        }
    }
    for demand in split {
        alone(demand).choices.iter().any(|(_, resource)| place_all(&mut state, &[demand], *resource));
    }
    state
}

/// Places all there, or nobody; whether it did.
fn place_all(state: &mut State<'_>, members: &[usize], resource: usize) -> bool {
    let instance = state.instance();
    for (placed, &member) in members.iter().enumerate() {
        let arc = instance.arc(member, resource).filter(|arc| state.price(member, *arc).is_some());
        let Some(arc) = arc else {
            for &member in &members[..placed] {
                state.withdraw(member);
            }
            return false;
        };
        state.place(member, arc);
    }
    true
}
