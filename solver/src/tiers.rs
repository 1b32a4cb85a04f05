//! Whether anybody of a higher tier went without so that others travel less: the counts of a plan beside the best there are.
//!
//! The sets of demands that can be placed together, costs apart, form a matroid where only capacities and laminar limits
//! count (Edmonds–Fulkerson 1965): with any weights that fall from tier to tier, the heaviest set has the most of the first
//! tier, then of the second, and so on. So one flow without costs says it. It must never change a plan.

use crate::budget::{Budget, Meter};
use crate::flow::Network;
use crate::instance::{Arc, Demand, Group, Instance};

/// One tier of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// Demands of it that are placed.
    pub placed: usize,
    /// The most that can be, where no tier above gives up anybody of its own most.
    pub most: usize,
}

/// The counts of an assignment by tier, 0 the highest, as `tier_of` says for each demand. `None` where limits cross or count
/// only some, so that one flow cannot say it, where the budget ends first, or where the lengths differ.
///
/// ```
/// use solver::{Arc, Budget, Demand, Instance, Resource, Tier, tiers};
///
/// let demand = |cost| Demand { penalty: 9, arcs: vec![Arc { resource: 0, cost }], ..Demand::default() };
/// let instance = Instance::new(vec![demand(8), demand(1)], vec![Resource { capacity: 1 }], vec![])?;
/// // The second travels less, and the first is of the higher tier.
/// let told = tiers(&instance, &[None, Some(0)], &[0, 1], Budget::default());
/// assert_eq!(told, Some(vec![Tier { placed: 0, most: 1 }, Tier { placed: 1, most: 0 }]));
/// # Ok::<(), solver::InstanceError>(())
/// ```
#[must_use]
pub fn tiers(instance: &Instance, assign: &[Option<usize>], tier_of: &[usize], budget: Budget) -> Option<Vec<Tier>> {
    let demands = instance.demands();
    if assign.len() != demands.len() || tier_of.len() != demands.len() {
        return None;
    }
    let count = tier_of.iter().max().map_or(0, |last| last + 1);
    let bare = |(demand, tier): (&Demand, &usize)| {
        // From the last tier up, 1 and more: less than any is nobody's weight.
        let penalty = i64::try_from(count - tier).ok()?;
        let arcs = demand.arcs.iter().map(|arc| Arc { cost: 0, ..*arc }).collect();
        Some(Demand { penalty, current: None, classes: demand.classes.clone(), arcs })
    };
    let limit = |group: &Group| Group { steps: Vec::new(), ..group.clone() };
    let groups = instance.groups().iter().filter(|group| group.max.is_some()).map(limit).collect();
    let bare = demands.iter().zip(tier_of).map(bare).collect::<Option<_>>()?;
    let bare = Instance::new(bare, instance.resources().to_vec(), groups).ok()?;
    let mut network = Network::new(&bare);
    let mut order: Vec<usize> = (0..demands.len()).collect();
    order.sort_by_key(|&demand| tier_of[demand]);
    network.insert_all(&bare, &order, &mut Meter::start(budget));
    if !network.is_whole() || !network.is_complete() {
        return None;
    }
    let mut told = vec![Tier { placed: 0, most: 0 }; count];
    for ((&tier, place), best) in tier_of.iter().zip(assign).zip(network.assignment()) {
        told[tier].placed += usize::from(place.is_some());
        told[tier].most += usize::from(best.is_some());
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Resource;
    use std::time::Duration;

    fn most(limits: Vec<Group>, tier_of: &[usize]) -> Option<Vec<usize>> {
        let demand = |arcs: &[usize]| {
            let arcs = arcs.iter().map(|&resource| Arc { resource, cost: 70 }).collect();
            Demand { penalty: 5, arcs, classes: vec![1], ..Demand::default() }
        };
        let demands = vec![demand(&[0, 1]), demand(&[0]), demand(&[1]), demand(&[1, 2])];
        let instance = Instance::new(demands, vec![Resource { capacity: 1 }; 3], limits).unwrap();
        let budget = Budget::wall(Duration::from_secs(3_600));
        let told = tiers(&instance, &[None; 4], tier_of, budget)?;
        Some(told.iter().map(|tier| tier.most).collect())
    }

    #[test]
    fn the_highest_tier_has_its_most_first_and_costs_do_not_count() {
        assert_eq!(most(vec![], &[0, 0, 1, 1]), Some(vec![2, 1]));
        assert_eq!(most(vec![], &[1, 1, 0, 0]), Some(vec![2, 1]));
        assert_eq!(most(vec![], &[2, 0, 0, 1]), Some(vec![2, 1, 0]));
        let cap =
            |resources: &[usize], max| Group { resources: resources.to_vec(), max: Some(max), ..Group::default() };
        assert_eq!(most(vec![cap(&[0, 1, 2], 2)], &[1, 1, 1, 0]), Some(vec![1, 1]));
        assert_eq!(most(vec![cap(&[0, 1], 1), cap(&[1, 2], 1)], &[0, 0, 1, 1]), None);
        assert_eq!(most(vec![], &[0, 0]), None);
    }
}
