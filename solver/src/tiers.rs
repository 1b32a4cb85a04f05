//! Whether anybody of a higher tier went without so that others travel less: the counts of a plan beside the best there are.
//!
//! The sets of demands that can be placed together, costs apart, form a matroid where only capacities and laminar limits
//! count (Edmonds–Fulkerson 1965): with any weights that fall from tier to tier, the heaviest set has the most of the first
//! tier, then of the second, and so on. So one flow without costs says it. Where limits cross, strict tiers are searched for
//! without costs. It must never change a plan.

use crate::budget::{Budget, Meter, Seed};
use crate::flow::Network;
use crate::instance::{Arc, Demand, Group, Instance};
use crate::solved::solve;

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
    let count = tier_count(tier_of);
    // From the last tier up, 1 and more: less than any is nobody's weight.
    let bare = bare(instance, |demand| {
        let penalty = i64::try_from(count - tier_of[demand]).ok()?;
        Some((penalty, demands[demand].classes.clone()))
    })?;
    let mut network = Network::new(&bare);
    if !network.is_whole() {
        return None;
    }
    let mut order: Vec<usize> = (0..demands.len()).collect();
    order.sort_by_key(|&demand| tier_of[demand]);
    network.insert_all(&bare, &order, &mut Meter::start(budget));
    if !network.is_complete() {
        return None;
    }
    let mut told = vec![Tier { placed: 0, most: 0 }; count];
    for ((&tier, place), best) in tier_of.iter().zip(assign).zip(network.assignment()) {
        told[tier].placed += usize::from(place.is_some());
        told[tier].most += usize::from(best.is_some());
    }
    Some(told)
}

/// The most of each tier where limits cross or count only some, by a search, and whether it is proved; where it is not, no plan
/// in which the tiers above have theirs places more. `None` where one flow could say it, where a search cannot, or where the
/// lengths differ.
pub(crate) fn most_by_search(instance: &Instance, tier_of: &[usize], budget: Budget) -> Option<Vec<(usize, bool)>> {
    let demands = instance.demands();
    if tier_of.len() != demands.len() {
        return None;
    }
    // Classes of their own before all others: no limit knows them.
    let of_demands = demands.iter().flat_map(|demand| &demand.classes);
    let of_groups = instance.groups().iter().filter_map(|group| group.classes.as_ref()).flatten();
    let first = of_demands.chain(of_groups).max().map_or(Some(0), |last| last.checked_add(1))?;
    let class_of = |tier: usize| first.checked_add(u32::try_from(tier).ok()?);
    let bare = bare(instance, |demand| {
        let mut classes = vec![class_of(tier_of[demand])?];
        classes.extend(&demands[demand].classes);
        Some((1, classes))
    })?;
    if Network::new(&bare).is_whole() {
        return None;
    }
    let classes = (0..tier_count(tier_of)).map(class_of).collect::<Option<_>>()?;
    let plan = solve(&bare.with_strict_tiers(classes).ok()?, budget, Seed::default());
    Some(plan.tiers?.iter().map(|tier| (tier.most, tier.proved)).collect())
}

fn tier_count(tier_of: &[usize]) -> usize {
    tier_of.iter().max().map_or(0, |last| last + 1)
}

/// The instance without costs, prices and households, with these penalties and classes.
fn bare(instance: &Instance, of: impl Fn(usize) -> Option<(i64, Vec<u32>)>) -> Option<Instance> {
    let bare = |(index, demand): (usize, &Demand)| {
        let arcs = demand.arcs.iter().map(|arc| Arc { cost: 0, ..*arc }).collect();
        let (penalty, classes) = of(index)?;
        Some(Demand { penalty, current: None, classes, arcs })
    };
    let limit = |group: &Group| Group { steps: Vec::new(), ..group.clone() };
    let groups = instance.groups().iter().filter(|group| group.max.is_some()).map(limit).collect();
    let demands = instance.demands().iter().enumerate().map(bare).collect::<Option<_>>()?;
    Instance::new(demands, instance.resources().to_vec(), groups).ok()
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

    #[test]
    fn where_limits_cross_or_count_some_a_search_says_it() {
        let demand = |class, arcs: &[usize]| {
            let arcs = arcs.iter().map(|&resource| Arc { resource, cost: 70 }).collect();
            Demand { penalty: 5, arcs, classes: vec![class], ..Demand::default() }
        };
        let demands = vec![demand(4, &[0, 1]), demand(4, &[0]), demand(9, &[1]), demand(9, &[1, 2]), Demand::default()];
        let cap = |resources: &[usize], classes: Option<&[u32]>| Group {
            resources: resources.to_vec(),
            classes: classes.map(<[u32]>::to_vec),
            max: Some(1),
            ..Group::default()
        };
        let most = |limits, tier_of: &[usize]| {
            let instance = Instance::new(demands.clone(), vec![Resource { capacity: 1 }; 3], limits).unwrap();
            most_by_search(&instance, tier_of, Budget::wall(Duration::from_secs(3_600)))
        };
        let crossing = vec![cap(&[0, 1], None), cap(&[1, 2], None)];
        assert_eq!(most(crossing.clone(), &[0, 0, 1, 1, 0]), Some(vec![(1, true), (1, true)]));
        assert_eq!(most(crossing.clone(), &[1, 1, 0, 0, 1]), Some(vec![(1, true), (1, true)]));
        // Of the class 4, the limit lets in one.
        assert_eq!(most(vec![cap(&[0, 1], Some(&[4]))], &[0, 0, 1, 1, 0]), Some(vec![(1, true), (2, true)]));
        assert_eq!(most(crossing.clone(), &[0, 0]), None);
        // What a flow says is left to it.
        assert_eq!(most(crossing[..1].to_vec(), &[0, 0, 1, 1, 0]), None);
    }
}
