//! What else could be done with one demand, and what each choice would cost everybody together.
//!
//! Where the plan is the flow's, prices are exact ([`crate::detours`]). Elsewhere the price is that of the best single ejection,
//! an upper estimate, and says so. It must never change the plan.

use crate::detours::Detours;
use crate::instance::Arc;
use crate::rules::{State, by_penalty};
use crate::solved::Solved;

/// How many arcs are priced for each alternative wanted, where pricing is by trial.
const TRIALS_PER_ALTERNATIVE: usize = 4;

/// Most holders tried for one arc behind a group's limit.
const HOLDERS_TRIED_MAX: usize = 16;

/// Somebody else who would move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Displaced {
    /// Index of the demand.
    pub demand: usize,
    /// The resource the plan gives it.
    pub from: Option<usize>,
    /// The resource it would have instead.
    pub to: Option<usize>,
}

/// A placement of one demand, with its price for the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// Index of the resource.
    pub resource: usize,
    /// Points of the arc itself.
    pub own_cost: i64,
    /// Points the whole would cost more than the plan if this placement were forced; 0 for the planned one.
    pub system_cost: i64,
    /// Whether `system_cost` is exact: the best plan with this placement, less this plan. If not, it is what one ejection
    /// achieves; the true figure is at most this where the plan is optimal.
    pub exact: bool,
    /// Who else would move.
    pub displaced: Vec<Displaced>,
}

impl Solved {
    /// The `count` placements of a demand that cost the whole least, ties by own cost, then by resource.
    ///
    /// Empty for an unknown demand or one without arcs; a placement that no plan could contain is not among them, nor one for
    /// which somebody of a strict tier would have to be left out.
    #[must_use]
    pub fn alternatives(&self, demand: usize, count: usize) -> Vec<Alternative> {
        if demand >= self.instance().demands().len() || count == 0 {
            return Vec::new();
        }
        let mut found = match self.exact_network() {
            Some((network, incoming)) => Detours::search_from(self.searched(), network, incoming, demand, count).read(),
            None => self.by_trial(demand, count),
        };
        found.retain(|found| self.is_lawful(found.system_cost));
        found.sort_by_key(|found| (found.system_cost, found.own_cost, found.resource));
        found.truncate(count);
        found
    }

    /// The plan as a state to try moves in.
    pub(crate) fn state(&self) -> State<'_> {
        State::of(self.searched(), &self.plan().assign, &by_penalty(self.searched()))
    }

    /// Prices the arcs of least cost at the present prices by forcing each, with at most one ejection.
    fn by_trial(&self, demand: usize, count: usize) -> Vec<Alternative> {
        let mut state = self.state();
        let before = state.objective();
        let planned = state.withdraw(demand);
        let dual = |arc: &Arc| arc.cost + self.price(arc.resource).unwrap_or(0);
        let mut arcs = self.searched().demands()[demand].arcs.clone();
        arcs.sort_by_key(|arc| (Some(*arc) != planned, dual(arc), arc.resource));
        arcs.truncate(count.saturating_mul(TRIALS_PER_ALTERNATIVE));
        arcs.into_iter().filter_map(|arc| self.trial(&mut state, demand, arc, before)).collect()
    }

    fn trial(&self, state: &mut State<'_>, demand: usize, arc: Arc, before: i64) -> Option<Alternative> {
        let instance = self.searched();
        let alternative = |objective: i64, displaced| Alternative {
            resource: arc.resource,
            own_cost: arc.cost,
            system_cost: objective - before,
            exact: false,
            displaced,
        };
        if let Some(price) = state.price(demand, arc) {
            let objective = state.objective() - instance.demands()[demand].penalty + price;
            return Some(alternative(objective, Vec::new()));
        }
        let holders: Vec<usize> = if state.is_full(arc.resource) {
            state.holders(arc.resource).to_vec()
        } else {
            let group = &instance.groups()[state.barrier(demand, arc.resource)?];
            group.resources.iter().flat_map(|&resource| state.holders(resource)).copied().collect()
        };
        let mut best: Option<(i64, Displaced)> = None;
        for holder in holders.into_iter().take(HOLDERS_TRIED_MAX) {
            let Some(held) = state.withdraw(holder) else { continue };
            if state.price(demand, arc).is_some() {
                state.place(demand, arc);
                let next = state.cheapest(holder, &instance.demands()[holder].arcs);
                let saved = next.map_or(0, |(price, _)| instance.demands()[holder].penalty - price);
                let objective = state.objective() - saved;
                state.withdraw(demand);
                if best.is_none_or(|(known, _)| objective < known) {
                    let to = next.map(|(_, arc)| arc.resource);
                    best = Some((objective, Displaced { demand: holder, from: Some(held.resource), to }));
                }
            }
            state.place(holder, held);
        }
        let (objective, displaced) = best?;
        let stays = displaced.from == displaced.to;
        Some(alternative(objective, if stays { Vec::new() } else { vec![displaced] }))
    }
}
