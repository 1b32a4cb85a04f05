//! The exact price of every placement of one demand, by one backward shortest-path search over the flow.
//!
//! The optimum with an arc forced differs from the optimum by the cheapest cycle through that arc in the residual network
//! (optimality of the rest leaves no other cycle below 0), so distances *to* the demand's present place price all its arcs at
//! once. It holds where the network is complete and sees the whole problem; where it sees a relaxation, that is what is priced.

use crate::alternatives::{Alternative, Displaced};
use crate::flow::{FAR, Labels, Link, Network};
use crate::instance::{Arc, Instance};

/// Nodes settled between two looks at whether the search may end.
const SETTLED_PER_LOOK: usize = 16;

/// The arcs seen from where they lead; made once for all questions.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    /// For each resource without room, who has an arc to it and at what cost.
    of: Vec<Vec<(usize, i64)>>,
    /// For each node above resources, who could move to one with room right under it: the cheapest such arc of each demand.
    /// Such resources are as near as the node above them, so no search need go through each.
    spare: Vec<Vec<(usize, Arc)>>,
}

impl Incoming {
    pub(crate) fn new(instance: &Instance, network: &Network) -> Self {
        let mut of = vec![Vec::new(); instance.resources().len()];
        let mut spare: Vec<Vec<(usize, Arc)>> = vec![Vec::new(); network.tree().nodes()];
        for (index, demand) in instance.demands().iter().enumerate() {
            for &arc in demand.arcs.iter().filter(|arc| arc.cost < demand.penalty) {
                match roomy_under(instance, network, arc.resource) {
                    None => of[arc.resource].push((index, arc.cost)),
                    Some(above) => match spare[above].last_mut() {
                        Some((last, known)) if *last == index => {
                            if arc.cost < known.cost {
                                *known = arc;
                            }
                        }
                        _ => spare[above].push((index, arc)),
                    },
                }
            }
        }
        Self { of, spare }
    }
}

/// The node right above a resource that has room.
fn roomy_under(instance: &Instance, network: &Network, resource: usize) -> Option<usize> {
    network.rise(instance, resource).and(network.tree().parent(resource))
}

/// The backward search from one demand: for each node the cheapest way to make room for one unit more there, given that the
/// demand gives up the place it has.
pub(crate) struct Detours<'a> {
    instance: &'a Instance,
    network: &'a Network,
    incoming: &'a Incoming,
    demand: usize,
    labels: Labels,
    settled: Vec<bool>,
    /// The demand's arcs with their reduced cost.
    arcs: Vec<(i64, Arc)>,
}

impl<'a> Detours<'a> {
    /// Searches as far as the `count` cheapest of these placements of the demand need.
    pub(crate) fn search_from(
        instance: &'a Instance,
        network: &'a Network,
        incoming: &'a Incoming,
        demand: usize,
        arcs: Vec<Arc>,
        count: usize,
    ) -> Self {
        let nodes = network.tree().nodes();
        let arcs = arcs.into_iter().map(|arc| (network.reduced_cost(instance, demand, arc), arc)).collect();
        let labels = Labels::new(nodes);
        let mut detours = Self { instance, network, incoming, demand, labels, settled: vec![false; nodes], arcs };
        detours.search(count);
        detours
    }

    fn search(&mut self, count: usize) {
        let root = self.network.node_of(self.demand);
        self.labels.reach(root, 0, Link { node: None, demand: None });
        let mut looked = 0;
        while let Some((distance, node)) = self.labels.settle() {
            self.settled[node] = true;
            let is_sink = node == self.network.tree().sink();
            if (is_sink || looked % SETTLED_PER_LOOK == 0) && !self.is_worth_going_on(distance, count) {
                return;
            }
            looked += 1;
            self.expand(node, distance);
        }
    }

    /// The distance of a resource, once known. One with room is known with the node right above it: there is no other way out.
    fn distance(&self, resource: usize) -> Option<i64> {
        let (network, distance) = (self.network, &self.labels.distance);
        match roomy_under(self.instance, network, resource) {
            Some(above) if self.settled[above] => {
                Some(distance[above] + network.price(above) - network.price(resource))
            }
            None if self.settled[resource] => Some(distance[resource]),
            _ => None,
        }
    }

    /// Whether an arc not priced yet could still be among the `count` best, or tie with the last of them.
    fn is_worth_going_on(&self, distance: i64, count: usize) -> bool {
        let (mut priced, mut least_open) = (Vec::with_capacity(self.arcs.len()), FAR);
        for (reduced, arc) in &self.arcs {
            match self.distance(arc.resource) {
                Some(known) => priced.push(reduced + known),
                None => least_open = least_open.min(reduced + distance),
            }
        }
        let last = if priced.len() < count { FAR } else { *priced.select_nth_unstable(count - 1).1 };
        least_open <= last && least_open < FAR
    }

    /// Follows every residual arc *into* a settled node.
    fn expand(&mut self, node: usize, distance: i64) {
        let (instance, network) = (self.instance, self.network);
        let tree = network.tree();
        let sink = tree.sink();
        let base = distance + network.price(node);
        let along = Link { node: Some(node), demand: None };
        if tree.is_resource(node) {
            for &(mover, cost) in &self.incoming.of[node] {
                self.reach_from(mover, base + cost, node);
            }
        }
        for &(mover, arc) in &self.incoming.spare[node] {
            if network.node_of(mover) != arc.resource {
                self.labels.lower(arc.resource, base - network.price(arc.resource), along);
                self.reach_from(mover, base + arc.cost, arc.resource);
            }
        }
        if node == sink {
            for (mover, demand) in instance.demands().iter().enumerate() {
                self.reach_from(mover, base + demand.penalty, sink);
            }
        }
        for &child in tree.children(node).iter().filter(|child| !tree.is_resource(**child)) {
            if let Some(rise) = network.rise(instance, child) {
                self.labels.reach(child, base + rise - network.price(child), along);
            }
        }
        if let (Some(parent), Some(fall)) = (tree.parent(node), network.fall(instance, node)) {
            self.labels.reach(parent, base - fall - network.price(parent), along);
        }
    }

    /// Reaches the place of somebody else who would move to `node`, at `through` points from there on.
    fn reach_from(&mut self, mover: usize, through: i64, node: usize) {
        let from = self.network.node_of(mover);
        if mover != self.demand && from != node {
            let distance = through - self.network.worth(self.instance, mover);
            self.labels.reach(from, distance, Link { node: Some(node), demand: Some(mover) });
        }
    }

    /// Every arc the search priced, in the order they were given.
    pub(crate) fn read(self) -> Vec<Alternative> {
        let alternative = |&(reduced, arc): &(i64, Arc)| {
            let system_cost = reduced + self.distance(arc.resource)?;
            Some(Alternative {
                resource: arc.resource,
                own_cost: arc.cost,
                system_cost,
                at_least: Some(system_cost),
                exact: true,
                displaced: self.displaced(arc.resource),
            })
        };
        self.arcs.iter().filter_map(alternative).collect()
    }

    /// Those who move on the way from a node back to where the demand came from.
    fn displaced(&self, start: usize) -> Vec<Displaced> {
        let sink = self.network.tree().sink();
        let resource = |node: usize| (node != sink).then_some(node);
        let mut moves = Vec::new();
        let mut node = roomy_under(self.instance, self.network, start).unwrap_or(start);
        while let Link { node: Some(next), demand } = self.labels.link[node] {
            if let Some(demand) = demand {
                moves.push(Displaced { demand, from: resource(node), to: resource(next) });
            }
            node = next;
        }
        moves
    }
}
