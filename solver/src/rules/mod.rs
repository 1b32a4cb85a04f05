//! What an assignment costs and what it may not do: one file per family of rules, and the running state the search moves in.
//!
//! Evaluation by differences only: a move looks at one demand, its resource and that resource's groups.
//! Must never be used by [`crate::check()`], which is there to catch its mistakes.

pub(crate) mod capacity;
pub(crate) mod demand;
pub(crate) mod group;
pub(crate) mod household;

use crate::instance::{Arc, Instance};
use crate::plan::Split;
use capacity::Holders;
use group::Loads;

/// A feasible assignment under change, with its objective kept up to date.
#[derive(Debug, Clone)]
pub(crate) struct State<'a> {
    instance: &'a Instance,
    assign: Vec<Option<Arc>>,
    holders: Holders,
    loads: Loads,
    objective: i64,
}

impl<'a> State<'a> {
    /// Nobody placed: always feasible.
    pub(crate) fn new(instance: &'a Instance) -> Self {
        Self {
            instance,
            assign: vec![None; instance.demands().len()],
            holders: Holders::new(instance),
            loads: Loads::new(instance),
            objective: instance.demands().iter().map(|demand| demand.penalty).sum(),
        }
    }

    /// As much of `wanted` as the rules allow, the first in `order` first; the rest stays unplaced.
    pub(crate) fn of(instance: &'a Instance, wanted: &[Option<usize>], order: &[usize]) -> Self {
        let mut state = Self::new(instance);
        for &demand in order {
            let arc = wanted[demand].and_then(|resource| instance.arc(demand, resource));
            if let Some(arc) = arc.filter(|arc| state.price(demand, *arc).is_some()) {
                state.place(demand, arc);
            }
        }
        state
    }

    /// Points that placing an unplaced demand there would add for arc, groups and household; `None` where a hard rule
    /// forbids it.
    pub(crate) fn price(&self, demand: usize, arc: Arc) -> Option<i64> {
        if !self.holders.has_room(self.instance, arc.resource) {
            return None;
        }
        let rise = self.loads.rise(self.instance, demand, arc.resource)?;
        Some(arc.cost + rise + household::rise(self.instance, &self.assign, demand, arc))
    }

    /// The cheapest of the arcs for an unplaced demand that is better than leaving it out, the lowest resource on ties.
    pub(crate) fn cheapest(&self, demand: usize, arcs: &[Arc]) -> Option<(i64, Arc)> {
        let mut best = None;
        let mut limit = self.instance.demands()[demand].penalty;
        for &arc in arcs.iter() {
            // Group costs only add, so the bare arc already says when to pass on; but not where a household may come together.
            if (arc.cost < limit || self.instance.household_of(demand).is_some())
                && let Some(price) = self.price(demand, arc).filter(|price| *price < limit)
            {
                limit = price;
                best = Some((price, arc));
            }
        }
        best
    }

    /// Places an unplaced demand; [`State::price`] must have allowed it.
    pub(crate) fn place(&mut self, demand: usize, arc: Arc) {
        let rise = self.loads.add(self.instance, demand, arc.resource)
            + household::rise(self.instance, &self.assign, demand, arc);
        self.holders.add(demand, arc.resource);
        self.assign[demand] = Some(arc);
        self.objective += demand::placing(self.instance, demand, arc) + rise;
    }

    /// Takes a demand from where it is, if it is anywhere.
    pub(crate) fn withdraw(&mut self, demand: usize) -> Option<Arc> {
        let arc = self.assign[demand].take()?;
        self.holders.remove(demand, arc.resource);
        let fall = self.loads.remove(self.instance, demand, arc.resource)
            + household::rise(self.instance, &self.assign, demand, arc);
        self.objective -= demand::placing(self.instance, demand, arc) + fall;
        Some(arc)
    }

    /// Points the household of this demand pays for being apart, if it has one: the most a single move could save there.
    pub(crate) fn apart(&self, demand: usize) -> i64 {
        self.instance
            .household_of(demand)
            .map_or(0, |of| household::cost(self.instance, of, |member| self.assign[member]))
    }

    pub(crate) fn instance(&self) -> &'a Instance {
        self.instance
    }

    pub(crate) fn place_of(&self, demand: usize) -> Option<Arc> {
        self.assign[demand]
    }

    pub(crate) fn holders(&self, resource: usize) -> &[usize] {
        self.holders.of(resource)
    }

    pub(crate) fn is_full(&self, resource: usize) -> bool {
        !self.holders.has_room(self.instance, resource)
    }

    /// Points one more placement there adds in each group that counts the demand and has a price for it.
    pub(crate) fn raises(&self, demand: usize, resource: usize) -> impl Iterator<Item = (usize, i64)> {
        self.loads.raises(self.instance, demand, resource)
    }

    /// Points a group costs.
    pub(crate) fn cost_of_group(&self, group: usize) -> i64 {
        self.loads.cost(self.instance, group)
    }

    /// The first group whose limit keeps the demand out of the resource.
    pub(crate) fn barrier(&self, demand: usize, resource: usize) -> Option<usize> {
        self.loads.barrier(self.instance, demand, resource)
    }

    pub(crate) fn objective(&self) -> i64 {
        self.objective
    }

    pub(crate) fn assignment(&self) -> Vec<Option<usize>> {
        self.assign.iter().map(|arc| arc.map(|arc| arc.resource)).collect()
    }

    /// The objective by its parts, summed anew.
    pub(crate) fn split(&self) -> Split {
        let households = household::total(self.instance, &self.assign);
        let mut split = Split { groups: self.loads.total(self.instance), households, ..Split::default() };
        for (demand, arc) in self.instance.demands().iter().zip(&self.assign) {
            match arc {
                Some(arc) => split.arcs += arc.cost,
                None => split.unplaced += demand.penalty,
            }
        }
        split
    }
}

/// Dearest penalty first, then order of arrival: who chooses first where not everybody can.
pub(crate) fn by_penalty(instance: &Instance) -> Vec<usize> {
    let mut order: Vec<usize> = (0..instance.demands().len()).collect();
    order.sort_by_key(|&demand| std::cmp::Reverse(instance.demands()[demand].penalty));
    order
}
