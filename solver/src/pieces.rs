//! What a search leaves behind to be asked about, piece by piece: the flow and the prices of each, and what they prove of a
//! placement.
//!
//! Pieces have nothing to do with one another, so that what a placement costs its piece it costs the whole. Where the flow is
//! the plan of the piece the cost is exact; elsewhere the flow of a relaxation and prices still prove what it costs at least.
//! It must never be asked of a plan that is not the one it was left by.

use crate::alternatives::{Alternative, Displaced};
use crate::detours::{Detours, Incoming};
use crate::duals::Priced;
use crate::flow::Network;
use crate::instance::{Arc, Instance};
use crate::parts::groups_within;
use std::sync::Arc as Shared;

/// One piece of an instance, or all of it.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// What was searched, where it is not the instance that is asked about.
    searched: Option<Shared<Instance>>,
    /// Its demands and resources in the whole, rising; `None` where it is all of it.
    part: Option<(Vec<usize>, Vec<usize>)>,
    network: Option<Network>,
    incoming: Option<Incoming>,
    priced: Option<Box<Priced>>,
    /// What its plan costs, and what any plan of it costs at least, in points of what was searched.
    objective: i64,
    bound: Option<i64>,
}

impl Piece {
    pub(crate) fn new(
        objective: i64,
        bound: Option<i64>,
        network: Option<Network>,
        priced: Option<Box<Priced>>,
    ) -> Self {
        Self { searched: None, part: None, network, incoming: None, priced, objective, bound }
    }

    /// Of another instance than the one that is asked about, with the same indices.
    pub(crate) fn searched_as(self, instance: &Shared<Instance>) -> Self {
        Self { searched: Some(self.searched.unwrap_or_else(|| Shared::clone(instance))), ..self }
    }

    /// As a part of a whole.
    pub(crate) fn within(self, demands: &[usize], resources: &[usize]) -> Self {
        Self { part: Some((demands.to_vec(), resources.to_vec())), ..self }
    }

    /// Made ready for questions.
    pub(crate) fn ready(mut self, asked: &Instance) -> Self {
        let instance = self.searched.as_deref().unwrap_or(asked);
        let complete = self.network.as_ref().filter(|network| network.is_complete());
        self.incoming = complete.map(|network| Incoming::new(instance, network));
        self
    }

    /// Its demands in the whole.
    pub(crate) fn demands(&self) -> Option<&[usize]> {
        self.part.as_ref().map(|(demands, _)| &demands[..])
    }

    /// Its resources in the whole, in its order.
    pub(crate) fn resources(&self, asked: &Instance) -> Vec<usize> {
        let all = || (0..asked.resources().len()).collect();
        self.part.as_ref().map_or_else(all, |(_, resources)| resources.clone())
    }

    /// Its groups in the whole, in its order.
    pub(crate) fn groups(&self, asked: &Instance) -> Vec<usize> {
        let all = || (0..asked.groups().len()).collect();
        self.part.as_ref().map_or_else(all, |(_, resources)| groups_within(asked, resources).collect())
    }

    /// The price of one of its resources, groups that are part of it included, in points of what was searched: by the
    /// relaxation where it was priced, else by the flow, which has those of all groups above in it.
    pub(crate) fn price_of_resource(&self, resource: usize) -> Option<f64> {
        let by_flow = || self.network.as_ref().map(|network| network.price(resource) as f64);
        self.priced.as_ref().map(|priced| priced.prices.of_resource(resource)).or_else(by_flow)
    }

    /// The price of one of its groups in points of what was searched, where the relaxation was priced.
    pub(crate) fn price_of_group(&self, group: usize) -> Option<f64> {
        self.priced.as_ref().map(|priced| priced.prices.of_group(group))
    }

    /// The flow, where it is the plan of all there is.
    pub(crate) fn whole_network(&self) -> Option<&Network> {
        self.network.as_ref().filter(|_| self.part.is_none() && self.is_exact())
    }

    /// The flow of all there is, where there was one, whatever it proves.
    pub(crate) fn network(&self) -> Option<&Network> {
        self.network.as_ref()
    }

    /// Whether its plan is that of a flow that sees all of it.
    pub(crate) fn is_exact(&self) -> bool {
        let whole = |network: &Network| network.is_complete() && network.is_whole();
        self.network.as_ref().is_some_and(|network| whole(network) && network.value() == self.objective)
    }

    /// Whether it can say anything of a placement of one of its demands in the whole.
    pub(crate) fn has(&self, asked: &Instance, demand: usize, arc: Arc) -> bool {
        self.demand(demand).is_some_and(|demand| self.local(asked, demand, arc).is_some())
    }

    /// A placement of a demand as the piece has it. Parts do not have those that are not worth it: they are as good as there
    /// where every group counts the demand, as it does all others who may go there.
    fn local(&self, asked: &Instance, demand: usize, arc: Arc) -> Option<Arc> {
        let Some((_, resources)) = &self.part else { return Some(arc) };
        let searched = self.searched.as_deref().unwrap_or(asked);
        let resource = resources.binary_search(&arc.resource).ok()?;
        let counted = || searched.groups_of(resource).iter().all(|&group| searched.counts(group, demand));
        (searched.arc(demand, resource).is_some() || counted()).then_some(Arc { resource, ..arc })
    }

    /// The index here of a demand of the whole.
    fn demand(&self, demand: usize) -> Option<usize> {
        self.demands().map_or(Some(demand), |demands| demands.binary_search(&demand).ok())
    }

    /// The placements of a demand within the piece as far as the `count` cheapest need, with what each costs, by the flow alone.
    pub(crate) fn detours(&self, asked: &Instance, demand: usize, arcs: &[Arc], count: usize) -> Vec<Alternative> {
        let searched = self.searched.as_deref().unwrap_or(asked);
        let (Some(network), Some(incoming), Some(demand)) = (&self.network, &self.incoming, self.demand(demand)) else {
            return Vec::new();
        };
        let arcs = arcs.iter().filter_map(|arc| self.local(asked, demand, *arc));
        let found = Detours::search_from(searched, network, incoming, demand, arcs.collect(), count).read();
        let Some((demands, resources)) = &self.part else { return found };
        let resource = |place: Option<usize>| place.map(|place| resources[place]);
        let mut told = Vec::with_capacity(found.len());
        for alternative in found {
            let displaced = alternative.displaced.into_iter();
            let displaced = displaced.map(|moved| Displaced {
                demand: demands[moved.demand],
                from: resource(moved.from),
                to: resource(moved.to),
            });
            let (displaced, resource) = (displaced.collect(), resources[alternative.resource]);
            told.push(Alternative { resource, displaced, ..alternative });
        }
        told
    }

    /// What each of these placements of a demand costs the whole at least, in points; `None` outside the piece, and where
    /// nothing is proved.
    pub(crate) fn at_least(&self, asked: &Instance, demand: usize, arcs: &[Arc]) -> Vec<Option<i64>> {
        let searched = self.searched.as_deref().unwrap_or(asked);
        let Some(here) = self.demand(demand) else { return vec![None; arcs.len()] };
        let detours = self.detours(asked, demand, arcs, arcs.len());
        let proved = |arc: &Arc| {
            let local = self.local(asked, here, *arc)?;
            // Prices count on no more units than those who may use them: a placement the part does not have would be one more.
            let known = searched.arc(here, local.resource).is_some();
            let by_prices = self.priced.as_ref().filter(|_| known);
            let by_prices = by_prices.map(|of| of.paid.bound + of.reduced_cost(searched, here, local));
            let by_flow = self.network.as_ref().map(|network| {
                let detour = detours.iter().find(|detour| detour.resource == arc.resource);
                let reduced = || network.bound(searched) + network.reduced_cost(searched, here, local);
                detour.map_or_else(reduced, |detour| network.value() + detour.system_cost)
            });
            let best = [self.bound, by_prices, by_flow].into_iter().flatten().max()?;
            Some(best - self.objective)
        };
        arcs.iter().map(proved).collect()
    }
}
