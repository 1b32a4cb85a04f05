//! The first rung: dearest penalty first, each to the cheapest place left, group prices included; a household goes with its
//! dearest member, together where one resource has room for all.
//!
//! Always runs to its end, whatever the budget, because it is the answer when nothing else has one.
//! Must never be replaced by order of arrival: sorting by penalty is most of what optimising gains.

use crate::budget::Meter;
use crate::rules::State;
use crate::together;

/// Places what is unplaced, in the order given.
pub(crate) fn fill(state: &mut State<'_>, order: &[usize], meter: &mut Meter) {
    for &demand in order {
        if state.place_of(demand).is_none() {
            if together::place(state, demand, meter) {
                continue;
            }
            let arcs = &state.instance().demands()[demand].arcs;
            meter.note(arcs.len());
            if let Some((_, arc)) = state.cheapest(demand, arcs) {
                state.place(demand, arc);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::instance::{Arc, Demand, Instance, Resource};
    use crate::rules::by_penalty;

    #[test]
    fn the_dearer_demand_chooses_first_and_nobody_pays_more_than_their_penalty() {
        let arc = |resource, cost| Arc { resource, cost };
        let demand = |penalty, arcs| Demand { penalty, arcs, ..Demand::default() };
        let demands = vec![demand(10, vec![arc(0, 1), arc(1, 11)]), demand(20, vec![arc(0, 1), arc(1, 5)])];
        let instance = Instance::new(demands, vec![Resource { capacity: 1 }; 2], vec![]).unwrap();
        let mut state = State::new(&instance);
        fill(&mut state, &by_penalty(&instance), &mut Meter::start(Budget::default()));
        assert_eq!(state.assignment(), [None, Some(0)]);
        assert_eq!((state.objective(), state.split().total()), (11, 11));
    }
}
