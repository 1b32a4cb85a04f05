//! What else could be done with one demand, and what each choice would cost everybody together.
//!
//! Where the plan is the flow's, or a part of it is, prices there are exact ([`crate::detours`]). Elsewhere the price is that of
//! the best single ejection, which is the most it costs, beside the least that is proved ([`crate::pieces`]); where the two
//! meet, it is exact as well. It must never change the plan.

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
    /// Points the whole would cost more than the plan if this placement were forced, at most: some plan with it does; 0 for the
    /// planned one. What has nothing to do with the demand stays as it is.
    pub system_cost: i64,
    /// Points it would cost at least: no plan with it does for less. Below 0 only where the plan is not proved optimal; `None`
    /// where nothing is proved.
    pub at_least: Option<i64>,
    /// Whether the two meet: then `system_cost` is that of the best plan with this placement.
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
        self.alternatives_in(demand, count, || self.state())
    }

    /// The same; `state` holds the plan, and is asked for where placements have to be tried.
    pub(crate) fn alternatives_in<'s>(
        &'s self,
        demand: usize,
        count: usize,
        state: impl FnOnce() -> State<'s>,
    ) -> Vec<Alternative> {
        if demand >= self.instance().demands().len() || count == 0 {
            return Vec::new();
        }
        let arcs = &self.searched().demands()[demand].arcs;
        let piece = self.piece_of(demand);
        let mut found = match piece.filter(|piece| piece.is_exact()) {
            Some(piece) => {
                // What is not worth it may lead out of the piece.
                let outside = arcs.iter().filter(|arc| !piece.has(self.searched(), demand, **arc)).copied().collect();
                let mut found = piece.detours(self.searched(), demand, arcs, count);
                found.extend(self.by_trial(demand, outside, count, state));
                found
            }
            None => self.by_trial(demand, arcs.clone(), count, state),
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

    /// Prices those of the arcs of least cost at the present prices by forcing each, with at most one ejection.
    fn by_trial<'s>(
        &'s self,
        demand: usize,
        mut arcs: Vec<Arc>,
        count: usize,
        state: impl FnOnce() -> State<'s>,
    ) -> Vec<Alternative> {
        if arcs.is_empty() {
            return Vec::new();
        }
        let mut state = state();
        let before = state.objective();
        let planned = state.withdraw(demand);
        let dual = |arc: &Arc| arc.cost + self.price(arc.resource).unwrap_or(0);
        arcs.sort_by_key(|arc| (Some(*arc) != planned, dual(arc), arc.resource));
        arcs.truncate(count.saturating_mul(TRIALS_PER_ALTERNATIVE));
        let at_least = self.at_least(demand, &arcs);
        let tried = arcs.into_iter().zip(at_least);
        let alternative = |(arc, at_least)| {
            let found = self.trial(&mut state, demand, arc, before)?;
            Some(Alternative { at_least, exact: at_least == Some(found.system_cost), ..found })
        };
        tried.filter_map(alternative).collect()
    }

    /// What each of these placements costs at least, as far as it is proved.
    fn at_least(&self, demand: usize, arcs: &[Arc]) -> Vec<Option<i64>> {
        let none = || vec![None; arcs.len()];
        let inside = self.piece_of(demand).map_or_else(none, |piece| piece.at_least(self.searched(), demand, arcs));
        let penalty = self.searched().demands()[demand].penalty;
        let of = |(arc, inside): (&Arc, Option<i64>)| match inside {
            // What is in no piece is not worth it: leaving the demand out instead is a plan, and costs that much less.
            None if self.plan().optimal => Some((arc.cost - penalty).max(0)),
            inside => inside,
        };
        arcs.iter().zip(inside).map(of).collect()
    }

    fn trial(&self, state: &mut State<'_>, demand: usize, arc: Arc, before: i64) -> Option<Alternative> {
        let instance = self.searched();
        let alternative = |objective: i64, displaced| Alternative {
            resource: arc.resource,
            own_cost: arc.cost,
            system_cost: objective - before,
            at_least: None,
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
