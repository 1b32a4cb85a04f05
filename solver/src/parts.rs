//! The parts of an instance that have nothing to do with one another: each is a smaller problem of its own.
//!
//! Two resources belong together where a demand could use either, a group with a price or a limit is over both, or a
//! household's members could be there. What is the least for each part is the least for the whole, and bounds add up. It
//! must never look at costs, but for placements not worth using.

use crate::instance::{Arc, Demand, Group, Household, Instance};
use crate::joined::Joined;
use crate::laminar::matters;

/// A part as an instance, with what its indices are in the whole.
pub(crate) struct Part {
    pub(crate) instance: Instance,
    pub(crate) demands: Vec<usize>,
    pub(crate) resources: Vec<usize>,
    /// Its placements: how much of the budget is its share.
    pub(crate) size: usize,
}

/// The parts, the smallest first; none where there are fewer than two. Demands without any placement are in none.
pub(crate) fn parts(instance: &Instance) -> Vec<Part> {
    let resources = instance.resources().len();
    // A node for each resource, then one for each household.
    let mut joined = Joined::apart(resources + instance.households().len());
    let node_of = |demand: usize| instance.household_of(demand).map(|household| resources + household);
    for (index, demand) in instance.demands().iter().enumerate() {
        let worth = demand.arcs.iter().filter(|arc| instance.is_worth(index, **arc)).map(|arc| arc.resource);
        joined.join(node_of(index).into_iter().chain(worth));
    }
    for group in instance.groups().iter().filter(|group| matters(group)) {
        joined.join(group.resources.iter().copied());
    }
    let mut number = vec![None; resources + instance.households().len()];
    let mut found: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    for (index, demand) in instance.demands().iter().enumerate() {
        let first = demand.arcs.iter().find(|arc| instance.is_worth(index, **arc)).map(|arc| arc.resource);
        let Some(node) = node_of(index).or(first) else { continue };
        let root = joined.root(node);
        let part = *number[root].get_or_insert_with(|| {
            found.push((Vec::new(), Vec::new()));
            found.len() - 1
        });
        found[part].0.push(index);
    }
    if found.len() < 2 {
        return Vec::new();
    }
    for resource in 0..resources {
        let root = joined.root(resource);
        if let Some(part) = number[root] {
            found[part].1.push(resource);
        }
    }
    let mut place = vec![usize::MAX; resources];
    let mut parts: Vec<Part> = Vec::with_capacity(found.len());
    for (demands, resources) in found {
        for (index, &resource) in resources.iter().enumerate() {
            place[resource] = index;
        }
        // What was sound as a whole is sound in parts; were it not, the whole is solved as one.
        let Some(instance) = instance_of(instance, &demands, &resources, &place) else { return Vec::new() };
        let size = instance.demands().iter().map(|demand| demand.arcs.len() + 1).sum();
        parts.push(Part { instance, demands, resources, size });
    }
    parts.sort_by_key(|part| part.size);
    parts
}

/// The groups a part has, in its order, by their index in the whole; the resources are those of the part, rising.
pub(crate) fn groups_within(whole: &Instance, resources: &[usize]) -> impl Iterator<Item = usize> {
    let inside = |group: &Group| {
        matters(group) && group.resources.first().is_some_and(|first| resources.binary_search(first).is_ok())
    };
    (0..whole.groups().len()).filter(move |&index| inside(&whole.groups()[index]))
}

fn instance_of(whole: &Instance, demands: &[usize], resources: &[usize], place: &[usize]) -> Option<Instance> {
    let demand = |&index: &usize| {
        let of = &whole.demands()[index];
        let arcs = of.arcs.iter().filter(|arc| whole.is_worth(index, **arc));
        let arcs = arcs.map(|arc| Arc { resource: place[arc.resource], ..*arc }).collect();
        Demand { penalty: of.penalty, current: None, classes: of.classes.clone(), arcs }
    };
    let group = |group: &Group| {
        let of_part = group.resources.iter().map(|&resource| place[resource]).collect();
        Group { resources: of_part, ..group.clone() }
    };
    let household = |household: &Household| {
        let members = household.members.iter().map(|member| demands.binary_search(member).ok());
        Some(Household { members: members.collect::<Option<_>>()?, ..*household })
    };
    let groups = groups_within(whole, resources).map(|index| group(&whole.groups()[index])).collect();
    let places = resources.iter().map(|&resource| whole.resources()[resource]).collect();
    let part = Instance::new(demands.iter().map(demand).collect(), places, groups).ok()?;
    part.with_households(whole.households().iter().filter_map(household).collect()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Resource, Step};

    fn instance(groups: Vec<Group>) -> Instance {
        let demand = |arcs: &[usize]| {
            let arcs = arcs.iter().map(|&resource| Arc { resource, cost: 1 }).collect();
            Demand { penalty: 9, arcs, ..Demand::default() }
        };
        let demands = vec![demand(&[3]), demand(&[0, 1]), demand(&[]), demand(&[2, 3]), demand(&[1])];
        Instance::new(demands, vec![Resource { capacity: 1 }; 5], groups).unwrap()
    }

    fn told(instance: &Instance) -> Vec<(Vec<usize>, Vec<usize>)> {
        parts(instance).into_iter().map(|part| (part.demands, part.resources)).collect()
    }

    #[test]
    fn demands_groups_and_households_hold_parts_together() {
        assert_eq!(told(&instance(vec![])), [(vec![0, 3], vec![2, 3]), (vec![1, 4], vec![0, 1])]);
        let dear = vec![Step { width: None, unit_cost: 1 }];
        let group = |steps| Group { resources: vec![1, 2], steps, ..Group::default() };
        assert_eq!(told(&instance(vec![group(dear)])), []);
        assert_eq!(told(&instance(vec![group(vec![])])).len(), 2);
        let household = vec![Household { members: vec![0, 4], split_penalty: 1 }];
        assert_eq!(told(&instance(vec![]).with_households(household).unwrap()), []);
    }
}
