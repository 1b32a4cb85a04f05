//! What an earlier search knows, for one that begins from it: the places it gave and the prices it came to.
//!
//! Both are only where to begin. The places are kept as far as the new instance allows, and priced anew in its integers; the
//! prices prove what any prices prove. It must never hand on a proof: a bound holds for the very same instance alone.

use crate::instance::Instance;
use crate::parts::{Part, groups_within};
use crate::pieces::Piece;
use crate::plan::Plan;

/// Where an earlier search ended, by the indices of the instance to be solved; what it did not know is `None`.
#[derive(Debug, Clone)]
pub(crate) struct Earlier {
    places: Vec<Option<usize>>,
    /// What it proved, in points, where the instance is the very same.
    bound: Option<i64>,
    /// Points a place costs the others, groups that are part of the resource included.
    resources: Vec<Option<f64>>,
    /// Points of one more of a group.
    groups: Vec<Option<f64>>,
}

impl Earlier {
    /// What was left by the search of `asked`, for an instance that came out of it. Without prices where tiers are strict:
    /// their surcharges are in them, and are others where anything else is.
    pub(crate) fn of(asked: &Instance, plan: &Plan, pieces: &[Piece], next: &Instance) -> Self {
        let mut earlier = Self {
            bound: plan.bound.filter(|_| asked.strict_tiers().is_empty() && asked == next),
            places: (0..next.demands().len()).map(|demand| plan.assign.get(demand).copied().flatten()).collect(),
            resources: vec![None; next.resources().len()],
            groups: vec![None; next.groups().len()],
        };
        if asked.strict_tiers().is_empty() && next.strict_tiers().is_empty() {
            pieces.iter().for_each(|piece| earlier.learn(asked, piece));
        }
        earlier
    }

    fn learn(&mut self, asked: &Instance, piece: &Piece) {
        for (index, resource) in piece.resources(asked).into_iter().enumerate() {
            if let Some(price) = self.resources.get_mut(resource) {
                *price = piece.price_of_resource(index);
            }
        }
        for (index, group) in piece.groups(asked).into_iter().enumerate() {
            if let Some(price) = self.groups.get_mut(group) {
                *price = piece.price_of_group(index);
            }
        }
    }

    /// The same for a part of the whole.
    pub(crate) fn of_part(&self, whole: &Instance, part: &Part) -> Self {
        let place = |demand: &usize| self.places[*demand].and_then(|place| part.resources.binary_search(&place).ok());
        Self {
            places: part.demands.iter().map(place).collect(),
            bound: None,
            resources: part.resources.iter().map(|&resource| self.resources[resource]).collect(),
            groups: groups_within(whole, &part.resources).map(|group| self.groups[group]).collect(),
        }
    }

    /// Where everybody was, whether or not they may still be there.
    pub(crate) fn places(&self) -> &[Option<usize>] {
        &self.places
    }

    /// What is proved of the whole already, in points.
    pub(crate) fn bound(&self) -> Option<i64> {
        self.bound
    }

    /// Whether it knows any price.
    pub(crate) fn has_prices(&self) -> bool {
        self.resources.iter().any(Option::is_some)
    }

    /// Points a place costs the others, groups that are part of the resource included.
    pub(crate) fn price_of_resource(&self, resource: usize) -> Option<f64> {
        self.resources[resource]
    }

    /// Points one more demand with a resource costs the others, that of the groups above it that count everybody among them.
    #[cfg(feature = "highs")]
    pub(crate) fn price(&self, instance: &Instance, resource: usize) -> Option<i64> {
        let groups = instance.groups_of(resource).iter().filter(|&&group| instance.groups()[group].classes.is_none());
        let of_groups: f64 = groups.filter_map(|&group| self.groups[group]).sum();
        #[expect(clippy::cast_possible_truncation, reason = "prices are far below 2^53 points; more saturates")]
        let points = (self.resources[resource]? + of_groups) as i64;
        Some(points)
    }

    /// Points of one more of a group.
    pub(crate) fn price_of_group(&self, group: usize) -> Option<f64> {
        self.groups[group]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Budget, Seed};
    use crate::instance::{Arc, Demand, Group, Household, Resource, Step};
    use crate::parts::parts;
    use crate::solved::Solved;
    use std::time::Duration;

    impl Earlier {
        /// Nobody placed, and these prices.
        pub(crate) fn of_prices(instance: &Instance, resources: Vec<Option<f64>>) -> Self {
            let places = vec![None; instance.demands().len()];
            Self { places, bound: None, resources, groups: vec![None; instance.groups().len()] }
        }
    }

    /// Twice three who compete for two places, two of whom belong together; the second three for those of two resources that
    /// share a limit.
    fn instance() -> Instance {
        let demand = |of: &[(usize, i64)]| {
            let arcs = of.iter().map(|&(resource, cost)| Arc { resource, cost }).collect();
            Demand { penalty: 100, arcs, ..Demand::default() }
        };
        let costs = [[(1, 5), (3, 7)], [(1, 9), (3, 9)], [(1, 20), (3, 30)]];
        let firsts = costs.iter().map(|of| demand(of));
        let seconds = costs.iter().map(|of| demand(&of.map(|(resource, cost)| (resource - 1, cost + 1))));
        let demands = firsts.chain(seconds).collect();
        let resources = [1, 1, 2, 1].map(|capacity| Resource { capacity }).to_vec();
        let steps = vec![Step { width: Some(1), unit_cost: 0 }, Step { width: None, unit_cost: 3 }];
        let group = |resources: &[usize]| {
            let (resources, steps) = (resources.to_vec(), steps.clone());
            Group { resources, max: Some(2), steps, ..Group::default() }
        };
        let instance = Instance::new(demands, resources, vec![group(&[1, 3]), group(&[0, 2])]).unwrap();
        let household = |members: &[usize]| Household { members: members.to_vec(), split_penalty: 4 };
        instance.with_households(vec![household(&[0, 1]), household(&[3, 4])]).unwrap()
    }

    #[test]
    fn what_is_known_of_the_parts_is_known_of_the_whole_and_of_its_parts() {
        let instance = instance();
        let solved = Solved::new(instance.clone(), Budget::wall(Duration::from_secs(60)), Seed(0));
        assert!(solved.plan().optimal);
        let earlier = solved.leaves_to(&instance);
        assert_eq!(earlier.places(), solved.plan().assign);
        assert_eq!(earlier.bound(), solved.plan().bound);
        // Every price is known, and where only two of three can be placed somebody has to pay.
        assert!((0..4).all(|resource| earlier.price_of_resource(resource).is_some()));
        assert!((0..2).all(|group| earlier.price_of_group(group).is_some_and(|price| price > 0.0)));
        let parts = parts(&instance);
        assert_eq!(parts.len(), 2);
        for part in &parts {
            let of_part = earlier.of_part(&instance, part);
            assert_eq!(of_part.bound(), None);
            assert_eq!(of_part.price_of_group(0), earlier.price_of_group(usize::from(part.demands[0] == 3)));
            for (index, &resource) in part.resources.iter().enumerate() {
                assert_eq!(of_part.price_of_resource(index), earlier.price_of_resource(resource));
            }
            for (place, demand) in of_part.places().iter().zip(&part.demands) {
                assert_eq!(place.map(|place| part.resources[place]), solved.plan().assign[*demand]);
            }
        }
    }

    #[test]
    fn of_another_instance_no_bound_is_known_and_of_strict_tiers_no_price() {
        let instance = instance();
        let solved = Solved::new(instance.clone(), Budget::wall(Duration::from_secs(60)), Seed(0));
        let mut demands = instance.demands().to_vec();
        demands.push(Demand::default());
        let more = Instance::new(demands, instance.resources().to_vec(), vec![]).unwrap();
        let earlier = solved.leaves_to(&more);
        assert_eq!((earlier.bound(), earlier.places().len(), earlier.has_prices()), (None, 7, true));
        let strict = instance.with_strict_tiers(vec![1]).unwrap();
        let earlier = solved.leaves_to(&strict);
        assert_eq!((earlier.bound(), earlier.has_prices()), (None, false));
    }
}
