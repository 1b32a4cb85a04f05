//! What every resource and group can take, and at what cost each unit: the supply side of prices.
//!
//! A group over a single resource that counts everybody who may go there is part of that resource: its steps and its limit
//! are merged into the resource's own, so that one price says it all. It must never look at an assignment.

use crate::instance::{Group, Instance};
use crate::laminar::{matters, partial};
use crate::rules::group::unit_price;

/// So many units at so many points each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) units: usize,
    /// Points of each unit.
    pub(crate) cost: i64,
}

/// The units of every resource and group, in rising order of cost, no more than there are demands to use them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Supply {
    /// Of each resource, the groups merged into it included.
    pub(crate) resources: Vec<Vec<Segment>>,
    /// Of each group; `None` where it has no effect, or is merged into its resource.
    pub(crate) groups: Vec<Option<Vec<Segment>>>,
}

impl Supply {
    pub(crate) fn of(instance: &Instance) -> Self {
        let partial = partial(instance);
        let own = |group: usize| instance.groups()[group].resources.len() == 1 && !partial[group];
        let mut able = vec![0; instance.resources().len()];
        for arc in instance.demands().iter().flat_map(|demand| &demand.arcs) {
            able[arc.resource] += 1;
        }
        let resources = instance.resources().iter().enumerate().map(|(index, resource)| {
            let groups = instance.groups_of(index).iter().filter(|&&group| own(group));
            let groups: Vec<&Group> = groups.map(|&group| &instance.groups()[group]).collect();
            let limits = groups.iter().filter_map(|group| group.max);
            let units = limits.chain([able[index], resource.capacity]).min().unwrap_or(0);
            segments(units, |unit| groups.iter().map(|group| unit_price(&group.steps, unit)).sum())
        });
        let groups = instance.groups().iter().enumerate().map(|(index, group)| {
            (matters(group) && !own(index)).then(|| {
                let counted = (0..instance.demands().len()).filter(|&demand| instance.counts(index, demand)).count();
                let units = group.max.map_or(counted, |max| max.min(counted));
                segments(units, |unit| unit_price(&group.steps, unit))
            })
        });
        Self { resources: resources.collect(), groups: groups.collect() }
    }
}

/// Units of the same cost together.
fn segments(units: usize, cost: impl Fn(usize) -> i64) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for unit in 1..=units {
        let cost = cost(unit);
        match segments.last_mut() {
            Some(last) if last.cost == cost => last.units += 1,
            _ => segments.push(Segment { units: 1, cost }),
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Arc, Demand, Resource, Step};

    #[test]
    fn a_group_over_one_resource_is_part_of_it_unless_it_passes_somebody_by() {
        let arcs = vec![Arc { resource: 0, cost: 1 }, Arc { resource: 1, cost: 1 }];
        let demand = |class| Demand { penalty: 9, classes: vec![class], arcs: arcs.clone(), ..Demand::default() };
        let steps = |width| vec![Step { width: Some(width), unit_cost: 0 }, Step { width: None, unit_cost: 5 }];
        let group = |classes, width| Group { resources: vec![0], classes, max: Some(3), steps: steps(width) };
        let groups = vec![group(None, 1), group(None, 2), group(Some(vec![1]), 1), Group::default()];
        let demands = vec![demand(1), demand(2), demand(1), demand(1)];
        let resources = vec![Resource { capacity: 9 }, Resource { capacity: 2 }];
        let supply = Supply::of(&Instance::new(demands, resources, groups).unwrap());
        let segment = |units, cost| Segment { units, cost };
        assert_eq!(supply.resources, [vec![segment(1, 0), segment(1, 5), segment(1, 10)], vec![segment(2, 0)]]);
        assert_eq!(supply.groups, [None, None, Some(vec![segment(1, 0), segment(2, 5)]), None]);
    }
}
