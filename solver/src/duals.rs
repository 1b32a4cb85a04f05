//! Prices on resources and groups, and the lower bound they prove: Lagrangian duality, in whole numbers.
//!
//! Whatever the prices, no assignment costs less than what every demand would pay at them, less what the places and the
//! steps of the groups are worth at them (Geoffrion 1974). So prices read off a linear program in floats prove a bound all
//! the same once they are rounded: the bound is computed from the instance alone. Must never trust the value a linear
//! program states.

use crate::instance::{Arc, Group, Household, Instance};
use crate::rules::household;

/// Prices are kept in so many parts of a point, so that rounding them loses less than a point.
const PARTS: i64 = 1 << 12;

/// On instances with a cost above this, whose parts would leave `i64`, in fewer.
const DEAREST: i64 = 1 << 45;
const PARTS_OF_DEAR: i64 = 1 << 6;

/// Prices of what is scarce, in parts of a point, 0 or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prices {
    /// How many parts a point has.
    parts: i64,
    resources: Vec<i64>,
    groups: Vec<i64>,
}

impl Prices {
    /// Rounds prices given in points. What is not a number or below 0 is 0, and nothing is dearer than any assignment.
    pub(crate) fn rounded(instance: &Instance, resource: impl Fn(usize) -> f64, group: impl Fn(usize) -> f64) -> Self {
        let parts = if dearest(instance) > DEAREST { PARTS_OF_DEAR } else { PARTS };
        let most = |group: &Group| {
            // Without a limit the last step can always be taken: a dearer price would prove nothing.
            let last = group.steps.last().map_or(0, |step| step.unit_cost);
            if group.max.is_some() { i64::MAX } else { last * parts }
        };
        Self {
            parts,
            resources: (0..instance.resources().len()).map(|index| in_parts(resource(index), parts)).collect(),
            groups: instance
                .groups()
                .iter()
                .enumerate()
                .map(|(index, of)| in_parts(group(index), parts).min(most(of)))
                .collect(),
        }
    }

    /// How many parts a point has.
    pub(crate) fn parts(&self) -> i64 {
        self.parts
    }

    /// What placing a demand there uses up, in parts of a point.
    pub(crate) fn of_placing(&self, instance: &Instance, demand: usize, resource: usize) -> i64 {
        let groups = instance.groups_of(resource).iter().filter(|&&group| instance.counts(group, demand));
        self.resources[resource] + groups.map(|&group| self.groups[group]).sum::<i64>()
    }

    /// What every demand and household pays at these prices, and the bound this proves.
    pub(crate) fn paid(&self, instance: &Instance) -> Paid {
        let mut demands = Vec::with_capacity(instance.demands().len());
        for (index, demand) in instance.demands().iter().enumerate() {
            let apart = household::split_penalty(instance, index);
            let dual = |arc: &Arc| (arc.cost + apart) * self.parts + self.of_placing(instance, index, arc.resource);
            demands.push(demand.arcs.iter().map(dual).fold(demand.penalty * self.parts, i64::min));
        }
        let households: Vec<i64> =
            instance.households().iter().map(|household| self.household(instance, household, &demands)).collect();
        let singles = demands.iter().enumerate().filter(|(index, _)| instance.household_of(*index).is_none());
        let mut total: i128 = singles.map(|(_, paid)| i128::from(*paid)).sum();
        total += households.iter().map(|paid| i128::from(*paid)).sum::<i128>();
        for (resource, price) in instance.resources().iter().zip(&self.resources) {
            total -= i128::try_from(resource.capacity).unwrap_or(i128::MAX / PRICE_MAX) * i128::from(*price);
        }
        for (index, group) in instance.groups().iter().enumerate() {
            total -= self.gain(instance, index, group);
        }
        Paid { demands, households, bound: ceil(total, self.parts) }
    }

    /// The least a household pays: its members one by one, or all together with one resource.
    fn household(&self, instance: &Instance, household: &Household, demands: &[i64]) -> i64 {
        let alone = household.members.iter().map(|&member| demands[member]).sum();
        let together = household::resources_for_all(instance, household);
        together
            .map(|(resource, cost)| cost * self.parts + self.of_all(instance, household, resource))
            .fold(alone, i64::min)
    }

    /// What placing all members there uses up, in parts of a point.
    pub(crate) fn of_all(&self, instance: &Instance, household: &Household, resource: usize) -> i64 {
        household.members.iter().map(|&member| self.of_placing(instance, member, resource)).sum()
    }

    /// What the steps of a group are worth at its price: every unit that costs less than it is taken.
    fn gain(&self, instance: &Instance, index: usize, group: &Group) -> i128 {
        let price = self.groups[index];
        if price == 0 {
            return 0;
        }
        let counted = (0..instance.demands().len()).filter(|&demand| instance.counts(index, demand)).count();
        let mut left = group.max.map_or(counted, |max| max.min(counted));
        if group.steps.is_empty() {
            return i128::from(price) * i128::try_from(left).unwrap_or(0);
        }
        let mut gain = 0;
        for step in &group.steps {
            let units = step.width.map_or(left, |width| width.min(left));
            left -= units;
            let saved = i128::from(price) - i128::from(step.unit_cost) * i128::from(self.parts);
            if saved <= 0 {
                break;
            }
            gain += saved * i128::try_from(units).unwrap_or(0);
        }
        gain
    }
}

/// What prices make everybody pay, in parts of a point.
#[derive(Debug, Clone)]
pub(crate) struct Paid {
    /// Each demand on its own, what it pays for being apart included.
    pub(crate) demands: Vec<i64>,
    /// Each household, on its own or together.
    pub(crate) households: Vec<i64>,
    /// Proved lower bound on the whole instance, in points.
    pub(crate) bound: i64,
}

/// The dearest price, in parts of a point: sums of many stay exact.
const PRICE_MAX: i128 = 1 << 60;

/// The dearest single cost of an instance.
fn dearest(instance: &Instance) -> i64 {
    let of_demand = |demand: &crate::Demand| demand.arcs.iter().map(|arc| arc.cost).fold(demand.penalty, i64::max);
    let demands = instance.demands().iter().map(of_demand);
    let steps = instance.groups().iter().flat_map(|group| &group.steps).map(|step| step.unit_cost);
    let households = instance.households().iter().map(|household| household.split_penalty);
    demands.chain(steps).chain(households).fold(0, i64::max)
}

fn in_parts(points: f64, parts: i64) -> i64 {
    let parts = (points * parts as f64).round();
    if parts.is_nan() || parts <= 0.0 {
        return 0;
    }
    let most = crate::instance::TOTAL_MAX as f64;
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 2^53")]
    let whole = parts.min(most) as i64;
    whole
}

/// Points, rounded up: no assignment costs a fraction.
fn ceil(total: i128, parts: i64) -> i64 {
    let parts = i128::from(parts);
    i64::try_from(total.div_euclid(parts) + i128::from(total.rem_euclid(parts) > 0)).unwrap_or(i64::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::samples::one_cheap_place_for_two as instance;

    #[test]
    fn the_right_prices_prove_the_optimum_and_any_others_a_lower_bound() {
        let bound = |resource: f64, group: f64| {
            let instance = instance();
            let resource = |index| if index == 0 { resource } else { 0.0 };
            Prices::rounded(&instance, resource, |_| group).paid(&instance).bound
        };
        // One at the first resource for nothing more, the other at the second: 5.
        assert_eq!(bound(0.0, 3.0), 5);
        assert_eq!(
            [bound(0.0, 0.0), bound(0.0, 1.5), bound(3.0, 0.0), bound(1e9, 1e9)].map(|bound| bound <= 5),
            [true; 4]
        );
        assert_eq!([bound(f64::NAN, -4.0), bound(0.0, f64::INFINITY)].map(|bound| bound <= 5), [true; 2]);
    }

    #[test]
    fn a_household_pays_for_the_cheaper_of_together_and_apart() {
        let instance = instance().with_households(vec![Household { members: vec![0, 1], split_penalty: 7 }]).unwrap();
        let paid = |group: f64| Prices::rounded(&instance, |_| 0.0, |_| group).paid(&instance);
        assert_eq!(paid(0.0).households, [2 * PARTS]);
        // Together at the second resource: 8; apart 8 + 8 and more.
        assert_eq!((paid(6.0).households[0], paid(6.0).bound), (8 * PARTS, 2));
    }
}
