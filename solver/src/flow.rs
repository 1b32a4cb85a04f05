//! The second rung: successive shortest augmenting paths with potentials, in integers.
//!
//! Exact for the plain assignment and for laminar groups: every insertion keeps the flow of least cost among those that
//! serve the demands inserted so far (Jewell 1958, Busacker–Gowen 1960, Iri 1960), and prices on the nodes keep reduced
//! costs at 0 or more so that each path is one Dijkstra search (Edmonds–Karp 1972), cut short at the sink (Jonker–Volgenant 1987).
//! Leaving a demand out is an arc of its own to the sink, so it never fails. Group costs and limits outside the [`Tree`], and
//! what households pay for being apart, are not seen: the value is then a lower bound. Must never round, and never look at a clock but through the meter.

use crate::budget::Meter;
use crate::instance::{Arc, Instance};
use crate::laminar::Tree;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Where a demand is in the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Not inserted yet.
    Absent,
    /// Inserted, and cheaper left out.
    Out,
    /// Inserted and placed.
    At(Arc),
}

/// How a search came to a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    /// The neighbouring node, or `None` where the search began.
    pub(crate) node: Option<usize>,
    /// The demand that would move along, or `None` for an arc of the tree.
    pub(crate) demand: Option<usize>,
}

/// The labels of one search over the nodes.
#[derive(Debug)]
pub(crate) struct Labels {
    pub(crate) distance: Vec<i64>,
    pub(crate) link: Vec<Link>,
    heap: BinaryHeap<Reverse<(i64, usize)>>,
    touched: Vec<usize>,
}

/// The distance of a node not reached.
pub(crate) const FAR: i64 = i64::MAX;

impl Labels {
    pub(crate) fn new(nodes: usize) -> Self {
        let link = vec![Link { node: None, demand: None }; nodes];
        Self { distance: vec![FAR; nodes], link, heap: BinaryHeap::new(), touched: Vec::new() }
    }

    fn clear(&mut self) {
        for node in self.touched.drain(..) {
            self.distance[node] = FAR;
        }
        self.heap.clear();
    }

    /// Labels the node if that is nearer than it was; whether it was.
    pub(crate) fn lower(&mut self, node: usize, distance: i64, link: Link) -> bool {
        let known = self.distance[node];
        if distance >= known {
            return false;
        }
        if known == FAR {
            self.touched.push(node);
        }
        self.distance[node] = distance;
        self.link[node] = link;
        true
    }

    pub(crate) fn reach(&mut self, node: usize, distance: i64, link: Link) {
        if self.lower(node, distance, link) {
            self.heap.push(Reverse((distance, node)));
        }
    }

    /// The nearest node not settled yet.
    pub(crate) fn settle(&mut self) -> Option<(i64, usize)> {
        while let Some(Reverse((distance, node))) = self.heap.pop() {
            if distance == self.distance[node] {
                return Some((distance, node));
            }
        }
        None
    }
}

/// A flow of least cost for the demands inserted, with the prices that prove it.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    tree: Tree,
    /// Points one more unit through the node would cost, at most: the duals. The sink's is 0.
    price: Vec<i64>,
    /// Units from each node to its parent.
    flow: Vec<usize>,
    place: Vec<Place>,
    holders: Vec<Vec<usize>>,
    cheapest: Vec<i64>,
    value: i64,
    inserted: usize,
    whole: bool,
}

impl Network {
    /// The network of an instance with nobody inserted.
    pub(crate) fn new(instance: &Instance) -> Self {
        let tree = Tree::of(instance);
        let nodes = tree.nodes();
        let least = |arcs: &[Arc]| arcs.iter().map(|arc| arc.cost).min().unwrap_or(FAR);
        Self {
            whole: tree.left_out().is_empty() && instance.households().is_empty(),
            tree,
            price: vec![0; nodes],
            flow: vec![0; nodes],
            place: vec![Place::Absent; instance.demands().len()],
            holders: vec![Vec::new(); instance.resources().len()],
            cheapest: instance.demands().iter().map(|demand| least(&demand.arcs)).collect(),
            value: 0,
            inserted: 0,
        }
    }

    /// Inserts the demands in this order until the meter stops.
    pub(crate) fn insert_all(&mut self, instance: &Instance, order: &[usize], meter: &mut Meter) {
        let mut labels = Labels::new(self.tree.nodes());
        for &demand in order {
            if !meter.open() {
                return;
            }
            let steps = self.insert(instance, demand, &mut labels);
            meter.note(steps);
        }
    }

    /// Inserts one demand more than there were; those already in who move for it.
    pub(crate) fn arrive(&mut self, instance: &Instance, labels: &mut Labels) -> Vec<usize> {
        let newcomer = self.place.len();
        self.place.push(Place::Absent);
        let arcs = instance.demands()[newcomer].arcs.iter();
        self.cheapest.push(arcs.map(|arc| arc.cost).min().unwrap_or(FAR));
        self.insert(instance, newcomer, labels);
        let mut movers = Vec::new();
        let mut node = self.tree.sink();
        loop {
            let link = labels.link[node];
            movers.extend(link.demand.filter(|demand| *demand != newcomer));
            let Some(from) = link.node else { return movers };
            node = from;
        }
    }

    /// Takes a demand out where that changes nothing for the others: it was left out, or its place has no price. Whether it
    /// could; `instance` still has it as it was.
    pub(crate) fn depart(&mut self, instance: &Instance, demand: usize) -> bool {
        let Some(arc) = self.arc_of(demand) else {
            self.value -= instance.demands()[demand].penalty;
            return true;
        };
        // Without a price there is none on the way to the sink either: every residual arc there costs 0 or more.
        if self.price[arc.resource] > 0 {
            return false;
        }
        self.holders[arc.resource].retain(|holder| *holder != demand);
        let mut node = arc.resource;
        while let Some(parent) = self.tree.parent(node) {
            self.flow[node] -= 1;
            node = parent;
        }
        self.value -= arc.cost;
        self.place[demand] = Place::Out;
        true
    }

    /// Takes note of arcs of a demand that became dearer, its own apart: no price moves, what is searched by does.
    pub(crate) fn costs_changed(&mut self, instance: &Instance, demand: usize) {
        self.cheapest[demand] = instance.demands()[demand].arcs.iter().map(|arc| arc.cost).min().unwrap_or(FAR);
    }

    /// Whether the flow stays the best there is when this resource takes so many.
    pub(crate) fn bears(&self, resource: usize, capacity: usize, before: usize) -> bool {
        capacity >= self.flow[resource] && (capacity <= before || self.price[resource] <= 0)
    }

    /// The cost of the flow, in points.
    pub(crate) fn value(&self) -> i64 {
        self.value
    }

    /// Whether every demand is in.
    pub(crate) fn is_complete(&self) -> bool {
        self.inserted == self.place.len()
    }

    /// Whether it sees the whole problem, and not a relaxation of it.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Proved lower bound on the whole instance, also when the budget ended half-way: the value of the flow is the optimum of
    /// the demands inserted, and the others add at least what the prices ask of them (weak duality).
    pub(crate) fn bound(&self, instance: &Instance) -> i64 {
        let absent = |demand: &usize| self.place[*demand] == Place::Absent;
        let least = |demand: usize| {
            let dual = |arc: &Arc| arc.cost + self.price[arc.resource];
            let demand = &instance.demands()[demand];
            demand.arcs.iter().map(dual).fold(demand.penalty, i64::min)
        };
        self.value + (0..self.place.len()).filter(absent).map(least).sum::<i64>()
    }

    pub(crate) fn assignment(&self) -> Vec<Option<usize>> {
        (0..self.place.len()).map(|demand| self.arc_of(demand).map(|arc| arc.resource)).collect()
    }

    /// The arc a demand is placed on.
    pub(crate) fn arc_of(&self, demand: usize) -> Option<Arc> {
        match self.place[demand] {
            Place::At(arc) => Some(arc),
            Place::Out | Place::Absent => None,
        }
    }

    /// The node a demand that is in comes from when it moves: its resource, or the sink when it is left out.
    pub(crate) fn node_of(&self, demand: usize) -> usize {
        self.arc_of(demand).map_or(self.tree.sink(), |arc| arc.resource)
    }

    /// The dual price of a node, in points.
    pub(crate) fn price(&self, node: usize) -> i64 {
        self.price[node]
    }

    /// What serving the demand costs the whole at the present prices, in points.
    pub(crate) fn worth(&self, instance: &Instance, demand: usize) -> i64 {
        self.arc_of(demand).map_or(instance.demands()[demand].penalty, |arc| arc.cost + self.price[arc.resource])
    }

    /// Reduced cost of an arc: no solution that uses it costs less than the bound plus this.
    pub(crate) fn reduced_cost(&self, instance: &Instance, demand: usize, arc: Arc) -> i64 {
        arc.cost + self.price[arc.resource] - self.worth(instance, demand)
    }

    /// Points of one unit more from the node to its parent; `None` where it is full.
    pub(crate) fn rise(&self, instance: &Instance, node: usize) -> Option<i64> {
        self.tree.rise(instance, node, self.flow[node])
    }

    /// Points saved by one unit less from the node to its parent; `None` where there is none.
    pub(crate) fn fall(&self, instance: &Instance, node: usize) -> Option<i64> {
        self.tree.fall(instance, node, self.flow[node])
    }

    /// Inserts one demand along a shortest path; the arcs looked at.
    fn insert(&mut self, instance: &Instance, demand: usize, labels: &mut Labels) -> usize {
        labels.clear();
        let sink = self.tree.sink();
        labels.lower(sink, instance.demands()[demand].penalty, Link { node: None, demand: Some(demand) });
        let start = Link { node: None, demand: Some(demand) };
        let mut steps = self.reach_by(instance, demand, 0, start, labels);
        let mut settled = Vec::new();
        while let Some((distance, node)) = labels.settle() {
            if distance >= labels.distance[sink] {
                break;
            }
            settled.push((node, distance));
            steps += self.expand(instance, node, distance, labels);
        }
        let length = labels.distance[sink];
        for (node, distance) in settled {
            self.price[node] += length - distance;
        }
        self.augment(instance, demand, labels);
        self.value += length;
        self.inserted += 1;
        steps
    }

    /// Reaches over the arcs of a demand that sets out at `distance`; the arcs looked at.
    fn reach_by(&self, instance: &Instance, demand: usize, distance: i64, link: Link, labels: &mut Labels) -> usize {
        let sink = self.tree.sink();
        let arcs = &instance.demands()[demand].arcs;
        for arc in arcs {
            let through = distance + arc.cost + self.price[arc.resource];
            if through >= labels.distance[sink] {
                continue;
            }
            // A resource with room right under the sink is as far as the sink: no need to go through the heap.
            if self.tree.parent(arc.resource) == Some(sink) && self.rise(instance, arc.resource).is_some() {
                if labels.lower(arc.resource, through, link) {
                    labels.lower(sink, through, Link { node: Some(arc.resource), demand: None });
                }
            } else {
                labels.reach(arc.resource, through, link);
            }
        }
        arcs.len()
    }

    /// Follows every residual arc out of a settled node; the arcs looked at.
    fn expand(&self, instance: &Instance, node: usize, distance: i64, labels: &mut Labels) -> usize {
        let sink = self.tree.sink();
        let mut steps = 1;
        let base = distance - self.price[node];
        if self.tree.is_resource(node) {
            for &holder in &self.holders[node] {
                let Place::At(held) = self.place[holder] else { continue };
                let base = base - held.cost;
                let link = Link { node: Some(node), demand: Some(holder) };
                labels.lower(sink, base + instance.demands()[holder].penalty, link);
                if base.saturating_add(self.cheapest[holder]) < labels.distance[sink] {
                    steps += self.reach_by(instance, holder, base, link, labels);
                }
            }
        }
        let along = Link { node: Some(node), demand: None };
        if let (Some(parent), Some(rise)) = (self.tree.parent(node), self.rise(instance, node)) {
            let through = base + rise + self.price[parent];
            if parent == sink {
                labels.lower(sink, through, along);
            } else if through < labels.distance[sink] {
                labels.reach(parent, through, along);
            }
        }
        for &child in self.tree.children(node) {
            steps += 1;
            if let Some(fall) = self.fall(instance, child) {
                let through = base - fall + self.price[child];
                if through < labels.distance[sink] {
                    labels.reach(child, through, along);
                }
            }
        }
        steps
    }

    /// Moves everybody on the path found one place on, from the sink back to the newcomer.
    fn augment(&mut self, instance: &Instance, newcomer: usize, labels: &Labels) {
        let sink = self.tree.sink();
        self.place[newcomer] = Place::Out;
        let mut node = sink;
        loop {
            let link = labels.link[node];
            match (link.demand, link.node) {
                (Some(demand), from) => {
                    if let Some(from) = from {
                        self.holders[from].retain(|holder| *holder != demand);
                    }
                    self.place[demand] =
                        instance.arc(demand, node).filter(|_| node != sink).map_or(Place::Out, Place::At);
                    if node != sink {
                        self.holders[node].push(demand);
                    }
                }
                (None, Some(below)) if self.tree.parent(below) == Some(node) => self.flow[below] += 1,
                (None, _) => self.flow[node] -= 1,
            }
            let Some(from) = link.node else { return };
            node = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::instance::{Demand, Group, Resource, Step};
    use crate::rules::by_penalty;
    use std::time::Duration;

    fn demand(penalty: i64, arcs: &[(usize, i64)]) -> Demand {
        let arcs = arcs.iter().map(|&(resource, cost)| Arc { resource, cost }).collect();
        Demand { penalty, arcs, ..Demand::default() }
    }

    fn solved(instance: &Instance, work: Option<u64>) -> Network {
        let mut network = Network::new(instance);
        let mut meter = Meter::start(Budget { work, ..Budget::wall(Duration::from_secs(3_600)) });
        network.insert_all(instance, &by_penalty(instance), &mut meter);
        network
    }

    #[test]
    fn an_earlier_choice_is_undone_when_the_whole_gains() {
        let demands = vec![demand(100, &[(0, 1), (1, 2)]), demand(90, &[(0, 1), (1, 50)])];
        let instance = Instance::new(demands, vec![Resource { capacity: 1 }; 2], vec![]).unwrap();
        let network = solved(&instance, None);
        assert_eq!(network.assignment(), [Some(1), Some(0)]);
        assert_eq!((network.bound(&instance), network.price(0)), (3, 1));
    }

    #[test]
    fn whoever_pays_more_for_a_place_than_for_none_stays_out() {
        let instance = Instance::new(vec![demand(5, &[(0, 6)])], vec![Resource { capacity: 1 }], vec![]).unwrap();
        let network = solved(&instance, None);
        assert_eq!((network.assignment(), network.bound(&instance)), (vec![None], 5));
    }

    #[test]
    fn laminar_prices_and_limits_are_part_of_the_flow() {
        let demands = vec![demand(100, &[(0, 0), (2, 9)]), demand(100, &[(1, 0), (2, 12)]), demand(100, &[(1, 0)])];
        let steps = vec![Step { width: Some(1), unit_cost: 0 }, Step { width: None, unit_cost: 10 }];
        let narrow = Group { resources: vec![0, 1], steps, ..Group::default() };
        let wide = Group { resources: vec![0, 1, 2], max: Some(2), ..Group::default() };
        let resources = vec![Resource { capacity: 2 }; 3];
        let network = solved(&Instance::new(demands.clone(), resources.clone(), vec![narrow.clone()]).unwrap(), None);
        assert!(network.is_whole());
        assert_eq!((network.value, network.assignment()), (19, vec![Some(2), Some(1), Some(1)]));
        let network = solved(&Instance::new(demands, resources, vec![narrow, wide]).unwrap(), None);
        assert_eq!(network.value, 109);
    }

    #[test]
    fn a_flow_cut_short_still_proves_a_bound() {
        let demands = vec![demand(100, &[(0, 7)]), demand(90, &[(0, 5), (1, 8)]), demand(80, &[(1, 3)])];
        let instance = Instance::new(demands, vec![Resource { capacity: 1 }; 2], vec![]).unwrap();
        let optimum = solved(&instance, None).value;
        let network = solved(&instance, Some(0));
        assert!(!network.is_complete());
        assert!(network.bound(&instance) > 0 && network.bound(&instance) <= optimum);
    }
}
