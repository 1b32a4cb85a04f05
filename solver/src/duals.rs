//! Prices on resources and groups, and the lower bound they prove: Lagrangian duality, in whole numbers.
//!
//! Whatever the prices, no assignment costs less than what every demand would pay at them, less what the places and the
//! steps of the groups are worth at them (Geoffrion 1974). So prices read off a linear program in floats prove a bound all
//! the same once they are rounded: the bound is computed from the instance alone. Must never trust the value a linear
//! program states.

use crate::budget::Meter;
use crate::counted::{Counted, Ways};
use crate::instance::{Arc, Household, Instance};
use crate::rules::household;
use crate::supply::{Segment, Supply};

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
    /// Rounds prices given in points; a resource's is for the groups merged into it as well. What is not a number or below
    /// 0 is 0, and nothing is dearer than any assignment.
    pub(crate) fn rounded(
        instance: &Instance,
        supply: &Supply,
        resource: impl Fn(usize) -> f64,
        group: impl Fn(usize) -> f64,
    ) -> Self {
        let parts = if dearest(instance) > DEAREST { PARTS_OF_DEAR } else { PARTS };
        let of_group = |(index, segments): (usize, &Option<Vec<Segment>>)| {
            // What has no effect has no price, and without a limit the last step can always be taken.
            segments.as_ref().map_or(0, |segments| {
                let group_of = &instance.groups()[index];
                let last = segments.last().map_or(0, |segment| segment.cost * parts);
                in_parts(group(index), parts).min(if group_of.max.is_some() { i64::MAX } else { last })
            })
        };
        Self {
            parts,
            resources: (0..instance.resources().len()).map(|index| in_parts(resource(index), parts)).collect(),
            groups: supply.groups.iter().enumerate().map(of_group).collect(),
        }
    }

    /// The price of a resource, the groups merged into it included, in points.
    pub(crate) fn of_resource(&self, resource: usize) -> f64 {
        self.resources[resource] as f64 / self.parts as f64
    }

    /// The price of a group in points; 0 where it has none of its own.
    pub(crate) fn of_group(&self, group: usize) -> f64 {
        self.groups[group] as f64 / self.parts as f64
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
    pub(crate) fn paid(&self, instance: &Instance, supply: &Supply) -> Paid {
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
        for (segments, price) in supply.resources.iter().zip(&self.resources) {
            total -= self.gain(segments, *price);
        }
        for (segments, price) in supply.groups.iter().zip(&self.groups) {
            total -= segments.as_ref().map_or(0, |segments| self.gain(segments, *price));
        }
        Paid { demands, households, total, bound: ceil(total, self.parts) }
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

    /// The units of all resources, those first that are worth most above what they cost, in parts of a point each.
    pub(crate) fn offered(&self, supply: &Supply) -> Vec<(i64, usize)> {
        let of = |(segments, price): (&Vec<Segment>, &i64)| {
            segments.iter().map(|segment| (price - segment.cost * self.parts, segment.units)).collect::<Vec<_>>()
        };
        let mut offered: Vec<(i64, usize)> = supply.resources.iter().zip(&self.resources).flat_map(of).collect();
        offered.sort_unstable_by(|one, other| other.cmp(one));
        offered
    }

    /// What units are worth at their price: each that costs less than it is taken.
    fn gain(&self, segments: &[Segment], price: i64) -> i128 {
        let saved = |segment: &Segment| i128::from(price) - i128::from(segment.cost) * i128::from(self.parts);
        let gained = segments.iter().map(|segment| (saved(segment), segment.units));
        let worth = gained.take_while(|(saved, _)| *saved > 0);
        worth.map(|(saved, units)| saved * i128::try_from(units).unwrap_or(0)).sum()
    }
}

/// What prices make everybody pay, in parts of a point.
#[derive(Debug, Clone)]
pub(crate) struct Paid {
    /// Each demand on its own, what it pays for being apart included.
    pub(crate) demands: Vec<i64>,
    /// Each household, on its own or together.
    pub(crate) households: Vec<i64>,
    /// What the prices prove, in parts of a point.
    pub(crate) total: i128,
    /// Proved lower bound on the whole instance, in points.
    pub(crate) bound: i64,
}

/// Prices and the bound they prove: what says by how much at least a placement misses it.
#[derive(Debug, Clone)]
pub(crate) struct Priced {
    pub(crate) prices: Prices,
    pub(crate) paid: Paid,
    /// What counting proves beyond them.
    counted: Option<Counted>,
}

impl Priced {
    pub(crate) fn new(instance: &Instance, supply: &Supply, prices: Prices) -> Self {
        let paid = prices.paid(instance, supply);
        Self { prices, paid, counted: None }
    }

    /// Raises the bound by counting, to `limit` points at most; false if the meter stopped it.
    pub(crate) fn count(&mut self, instance: &Instance, supply: &Supply, limit: i64, meter: &mut Meter) -> bool {
        if let Some(counted) = Counted::new(instance, supply, &self.prices, &self.paid, limit, meter) {
            let bound = ceil(self.paid.total + i128::from(counted.rise), self.prices.parts());
            // What is looked at may have been narrowed further than the last time.
            if bound >= self.paid.bound {
                self.paid.bound = bound;
                self.counted = Some(counted);
            }
        }
        meter.open()
    }

    /// The only ways to count the units that may be counted in several, in what costs less than `limit` points.
    pub(crate) fn ways(&self, instance: &Instance, limit: i64) -> Ways {
        let left = i128::from(limit) * i128::from(self.prices.parts()) - self.paid.total;
        let counted = self.counted.as_ref().zip(i64::try_from(left).ok());
        counted.map_or_else(Ways::default, |(counted, left)| counted.ways(instance, left))
    }

    /// The price of one more demand with a resource in points, rounded down: its own, and that of the groups above it that
    /// count everybody.
    pub(crate) fn price(&self, instance: &Instance, resource: usize) -> i64 {
        let groups = instance.groups_of(resource).iter().filter(|&&group| instance.groups()[group].classes.is_none());
        let of_groups: i64 = groups.map(|&group| self.prices.groups[group]).sum();
        (self.prices.resources[resource] + of_groups) / self.prices.parts
    }

    /// By how many points at least a solution that uses this placement is above the bound: on its own, or with its
    /// household, whichever is less.
    pub(crate) fn reduced_cost(&self, instance: &Instance, demand: usize, arc: Arc) -> i64 {
        let alone = self.miss_alone(instance, demand, Some(arc));
        let together = instance.household_of(demand).and_then(|of| self.miss_together(instance, of, arc.resource));
        together.map_or(alone, |together| together.min(alone))
    }

    /// The same where the demand is placed there, or with `None` left out, apart from its household if it has one.
    pub(crate) fn miss_alone(&self, instance: &Instance, demand: usize, arc: Option<Arc>) -> i64 {
        let (prices, parts) = (&self.prices, self.prices.parts());
        let apart = household::split_penalty(instance, demand);
        let pays = arc.map_or(instance.demands()[demand].penalty * parts, |arc| {
            (arc.cost + apart) * parts + prices.of_placing(instance, demand, arc.resource)
        });
        let Some(of) = instance.household_of(demand) else {
            let others = self.counted.as_ref().map_or(0, |counted| counted.single(demand, arc.is_some()));
            return (pays - self.paid.demands[demand] + others).div_euclid(parts);
        };
        let members = &instance.households()[of].members;
        let miss = if let Some(counted) = &self.counted {
            let gain = arc.map(|_| pays - instance.demands()[demand].penalty * parts);
            counted.apart(of, demand, gain)
        } else {
            let alone = members.iter().map(|&member| self.paid.demands[member]).sum::<i64>();
            pays - self.paid.demands[demand] + alone - self.paid.households[of]
        };
        miss.div_euclid(parts)
    }

    /// The same where the whole household is placed there; `None` where it cannot be.
    pub(crate) fn miss_together(&self, instance: &Instance, household: usize, resource: usize) -> Option<i64> {
        let of = &instance.households()[household];
        let cost = household::cost_together(instance, of, resource)?;
        let parts = self.prices.parts();
        let pays = cost * parts + self.prices.of_all(instance, of, resource);
        let others = self.counted.as_ref().map_or(0, |counted| counted.together(household));
        Some((pays - self.paid.households[household] + others).div_euclid(parts))
    }
}

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

    fn priced(instance: &Instance, resource: f64) -> Paid {
        let supply = Supply::of(instance);
        let of_resource = |index| if index == 0 { resource } else { 0.0 };
        Prices::rounded(instance, &supply, of_resource, |_| resource).paid(instance, &supply)
    }

    #[test]
    fn the_right_prices_prove_the_optimum_and_any_others_a_lower_bound() {
        let bound = |resource| priced(&instance(), resource).bound;
        // One at the first resource for nothing more, the other at the second: 5.
        assert_eq!(bound(3.0), 5);
        assert_eq!([0.0, 1.5, 9.0, 1e9, f64::NAN, -4.0, f64::INFINITY].map(|price| bound(price) <= 5), [true; 7]);
    }

    #[test]
    fn a_group_over_several_resources_has_a_price_of_its_own() {
        let arcs = |cost| vec![Arc { resource: 0, cost }, Arc { resource: 1, cost }];
        let demand = |cost| crate::Demand { penalty: 50, arcs: arcs(cost), ..crate::Demand::default() };
        let group = crate::Group { resources: vec![0, 1], max: Some(1), ..crate::Group::default() };
        let resources = vec![crate::Resource { capacity: 1 }; 2];
        let instance = Instance::new(vec![demand(1), demand(4)], resources, vec![group]).unwrap();
        let supply = Supply::of(&instance);
        let bound = |price| Prices::rounded(&instance, &supply, |_| 0.0, |_| price).paid(&instance, &supply).bound;
        assert_eq!([bound(0.0), bound(46.0), bound(100.0)], [5, 51, 0]);
    }

    #[test]
    fn a_household_pays_for_the_cheaper_of_together_and_apart() {
        let instance = instance().with_households(vec![Household { members: vec![0, 1], split_penalty: 7 }]).unwrap();
        assert_eq!(priced(&instance, 0.0).households, [2 * PARTS]);
        // Together at the second resource: 8; apart 8 + 8 and more.
        assert_eq!((priced(&instance, 6.0).households[0], priced(&instance, 6.0).bound), (8 * PARTS, 2));
    }
}
