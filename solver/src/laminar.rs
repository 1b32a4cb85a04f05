//! Which groups a flow can carry: a family where two groups are nested or disjoint, as a tree above the resources.
//!
//! Such groups are nodes on the way resource → group → wider group → sink, with their step prices as parallel arcs, so
//! that the whole stays a minimum cost flow with whole-numbered optima. A group that crosses another, or counts only some
//! of the demands that can reach it, is left out: the flow is then a relaxation, and its optimum a lower bound.

use crate::instance::{Group, Instance};
use crate::rules::group::unit_price;

/// The tree: resources first (their own indices), then one node for each group kept, then the sink.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    parent: Vec<usize>,
    children: Vec<Vec<usize>>,
    groups: Vec<usize>,
    left_out: Vec<usize>,
    resources: usize,
}

impl Tree {
    /// Keeps as many groups as fit, the widest first.
    pub(crate) fn of(instance: &Instance) -> Self {
        let resources = instance.resources().len();
        let mut wanted: Vec<usize> =
            (0..instance.groups().len()).filter(|&group| matters(&instance.groups()[group])).collect();
        wanted.sort_by_key(|&group| std::cmp::Reverse(instance.groups()[group].resources.len()));
        let partial = partial(instance);

        // The narrowest group kept so far above each resource. Widest first: a group fits where all its resources agree.
        let mut above: Vec<Option<usize>> = vec![None; resources];
        let (mut groups, mut upper, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        for group in wanted {
            let members = &instance.groups()[group].resources;
            let shared = members.first().and_then(|&first| above[first]);
            if partial[group] || members.iter().any(|&resource| above[resource] != shared) {
                left_out.push(group);
                continue;
            }
            let node = resources + groups.len();
            groups.push(group);
            upper.push(shared);
            for &resource in members {
                above[resource] = Some(node);
            }
        }
        left_out.sort_unstable();

        let sink = resources + groups.len();
        let parent: Vec<usize> = above.iter().chain(&upper).map(|node| node.unwrap_or(sink)).collect();
        let mut children = vec![Vec::new(); groups.len() + 1];
        for (node, &parent) in parent.iter().enumerate() {
            children[parent - resources].push(node);
        }
        Self { parent, children, groups, left_out, resources }
    }

    /// Groups with a price or a limit that the tree does not carry, in rising order.
    pub(crate) fn left_out(&self) -> &[usize] {
        &self.left_out
    }

    pub(crate) fn sink(&self) -> usize {
        self.parent.len()
    }

    pub(crate) fn nodes(&self) -> usize {
        self.parent.len() + 1
    }

    pub(crate) fn is_resource(&self, node: usize) -> bool {
        node < self.resources
    }

    /// The node above; the sink has none.
    pub(crate) fn parent(&self, node: usize) -> Option<usize> {
        self.parent.get(node).copied()
    }

    /// The nodes below a group or the sink; none for a resource.
    pub(crate) fn children(&self, node: usize) -> &[usize] {
        node.checked_sub(self.resources).map_or(&[], |group| &self.children[group])
    }

    /// Points of one unit more from a node to its parent under `flow` units; `None` where no more may pass.
    pub(crate) fn rise(&self, instance: &Instance, node: usize, flow: usize) -> Option<i64> {
        if self.is_resource(node) {
            return (flow < instance.resources()[node].capacity).then_some(0);
        }
        let group = &instance.groups()[self.groups[node - self.resources]];
        if group.max.is_some_and(|max| flow >= max) { None } else { Some(unit_price(&group.steps, flow + 1)) }
    }

    /// Points saved by one unit less; `None` where nothing passes.
    pub(crate) fn fall(&self, instance: &Instance, node: usize, flow: usize) -> Option<i64> {
        if flow == 0 {
            None
        } else if self.is_resource(node) {
            Some(0)
        } else {
            Some(unit_price(&instance.groups()[self.groups[node - self.resources]].steps, flow))
        }
    }
}

/// Whether the group has any effect at all.
pub(crate) fn matters(group: &Group) -> bool {
    !group.resources.is_empty() && (group.max.is_some() || group.steps.last().is_some_and(|step| step.unit_cost > 0))
}

/// For each group whether some demand that may use one of its resources is not counted by it.
pub(crate) fn partial(instance: &Instance) -> Vec<bool> {
    let mut partial = vec![false; instance.groups().len()];
    if instance.groups().iter().all(|group| group.classes.is_none()) {
        return partial;
    }
    for (index, demand) in instance.demands().iter().enumerate() {
        // Arcs too dear to be chosen count as well: an alternative may force them.
        for arc in &demand.arcs {
            for &group in instance.groups_of(arc.resource) {
                partial[group] |= !instance.counts(group, index);
            }
        }
    }
    partial
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Arc, Demand, Resource};

    fn capped(resources: &[usize], classes: Option<Vec<u32>>) -> Group {
        Group { resources: resources.to_vec(), classes, max: Some(1), ..Group::default() }
    }

    fn tree(groups: Vec<Group>) -> Tree {
        let arcs = (0..4).map(|resource| Arc { resource, cost: 1 }).collect();
        let demand = Demand { penalty: 9, classes: vec![1], arcs, ..Demand::default() };
        Tree::of(&Instance::new(vec![demand], vec![Resource { capacity: 1 }; 4], groups).unwrap())
    }

    #[test]
    fn nested_groups_become_a_tree() {
        let tree = tree(vec![capped(&[0, 1], None), capped(&[2, 1, 0], None), capped(&[3], None)]);
        assert!(tree.left_out().is_empty());
        let (wide, narrow, alone, sink) = (4, 5, 6, 7);
        assert_eq!([0, 1, 2, 3].map(|resource| tree.parent(resource)), [narrow, narrow, wide, alone].map(Some));
        assert_eq!(
            [narrow, wide, alone, sink].map(|node| tree.parent(node)),
            [Some(wide), Some(sink), Some(sink), None]
        );
    }

    #[test]
    fn the_narrower_of_two_crossing_groups_is_left_out() {
        assert_eq!(tree(vec![capped(&[0, 1], None), capped(&[1, 2, 3], None)]).left_out(), [0]);
    }

    #[test]
    fn a_class_filter_matters_only_where_it_passes_somebody_by() {
        assert_eq!(tree(vec![capped(&[0], Some(vec![2]))]).left_out(), [0]);
        assert!(tree(vec![capped(&[0], Some(vec![1]))]).left_out().is_empty());
    }
}
