//! The bound by prices, raised by counting: as many demands are placed as units are used, and both are whole numbers.
//!
//! Prices let a household be placed by a fraction. Where places are scarce that is most of what the bound lacks: the last few
//! units would be shared by several who cannot be placed by parts, while one number of units in all must fit somebody. So
//! the resources' prices decide where everybody goes, but how many are placed in all is decided by a dynamic program over
//! how many of each household are (Lagrangian relaxation with the total kept: it need not have the integrality property,
//! Geoffrion 1974, and so proves more than the linear program). Run from both ends it also says what every count of every
//! household costs at least, the others being free. Whole numbers only. What costs as much as some limit is not looked at,
//! so it must never claim that anything costs more than that.

use crate::budget::Meter;
use crate::duals::{Paid, Prices};
use crate::instance::{Household, Instance};
use crate::rules::household;
use crate::supply::Supply;

/// The most entries of the table, demands or households that may be counted in more than one way times totals: some
/// milliseconds. Few in tests, so that they see it narrowed too.
const ENTRIES_MAX: usize = if cfg!(test) { 12 } else { 1 << 18 };

/// How often what is looked at is narrowed by a quarter until the table is small enough.
const NARROWED_MAX: usize = 32;

/// The most ways to count all of them that are told: each is a column of the exact rung.
const WAYS_MAX: usize = 64;

/// More than anything costs, and far enough from overflow to be added to a few times.
const NEVER: i64 = i64::MAX / 8;

/// What is proved beyond the bound of prices alone, in parts of a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    /// By how much the bound rises.
    pub(crate) rise: i64,
    /// Of each demand of no household and each household, by how many of it are placed: what all others cost at least above
    /// what prices make them pay.
    singles: Vec<[i64; 2]>,
    households: Vec<OfHousehold>,
    table: Table,
}

/// Who may be counted in more than one way, and together in which ways only.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    pub(crate) units: Vec<Vec<usize>>,
    /// Of each way, how many of each unit are placed.
    pub(crate) counts: Vec<Vec<usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct OfHousehold {
    others: Vec<i64>,
    /// What each member adds when placed where that is cheapest, apart from the others, over being left out; the least first.
    gains: Vec<(i64, usize)>,
    /// What nobody placed costs above what the household pays.
    out: i64,
}

/// Who is placed as one, and what it costs above what prices make them pay, by how many are placed.
struct Unit {
    above: Vec<i64>,
    of: Of,
}

impl Unit {
    /// The least and the most it may be counted below a cutoff.
    fn useful(&self, cutoff: i64) -> Option<(usize, usize)> {
        let useful = |above: &i64| *above < cutoff;
        Some((self.above.iter().position(useful)?, self.above.iter().rposition(useful)?))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Single(usize),
    Household(usize),
}

impl Counted {
    /// Counts, looking only at what may cost less than `limit` points. `None` where numbers are too large, or the meter stopped it.
    pub(crate) fn new(
        instance: &Instance,
        supply: &Supply,
        prices: &Prices,
        paid: &Paid,
        limit: i64,
        meter: &mut Meter,
    ) -> Option<Self> {
        if !meter.spend(instance.demands().iter().map(|demand| demand.arcs.len()).sum()) {
            return None;
        }
        let left = i128::from(limit) * i128::from(prices.parts()) - paid.total;
        let cutoff = i64::try_from(left).ok().filter(|cutoff| (0..NEVER).contains(cutoff))?;
        let gains = gains(instance, prices);
        if !are_small(instance, prices, &gains) {
            return None;
        }
        let (units, mut households) = units(instance, prices, paid, &gains);
        let mut table = Table::within(&units, cutoff)?;
        if !table.fill(&prices.offered(supply), meter) {
            return None;
        }
        let mut singles = vec![[0; 2]; instance.demands().len()];
        for (unit, others) in units.iter().zip(table.others(&units, meter)?) {
            match unit.of {
                Of::Single(demand) => singles[demand] = [others[0], others[1]],
                Of::Household(household) => households[household].others = others,
            }
        }
        Some(Self { rise: table.least_of_all(), singles, households, table })
    }

    /// All the ways to count for what costs less than this above the bound of prices alone, in parts of a point; none where
    /// they are many.
    pub(crate) fn ways(&self, instance: &Instance, cutoff: i64) -> Ways {
        let mut counts = Vec::new();
        let known = cutoff <= self.table.cutoff;
        if !known || !self.table.ways(cutoff, &mut Vec::new(), (0, 0), &mut counts) {
            return Ways::default();
        }
        let units = self.table.open.iter().map(|open| match open.of {
            Of::Single(demand) => vec![demand],
            Of::Household(household) => instance.households()[household].members.clone(),
        });
        Ways { units: units.collect(), counts }
    }

    /// What the others of a demand of no household add to a bound that is not raised yet: the demand placed, or left out.
    pub(crate) fn single(&self, demand: usize, placed: bool) -> i64 {
        self.singles[demand][usize::from(placed)] - self.rise
    }

    /// The same for a household placed together.
    pub(crate) fn together(&self, household: usize) -> i64 {
        self.households[household].others.last().map_or(0, |others| others - self.rise)
    }

    /// By how much a household of which a member adds `gain` when placed apart, or with `None` is left out, misses the
    /// raised bound at least.
    pub(crate) fn apart(&self, household: usize, member: usize, gain: Option<i64>) -> i64 {
        let of = &self.households[household];
        let others = &of.others[usize::from(gain.is_some())..];
        let mut cost = of.out + gain.unwrap_or(0);
        let mut least = others[0] + cost;
        let rest = of.gains.iter().filter(|(_, other)| *other != member).map(|(gain, _)| *gain);
        for (gain, others) in rest.take_while(|gain| *gain < NEVER).zip(&others[1..]) {
            cost += gain;
            least = least.min(others + cost);
        }
        least - self.rise
    }
}

/// Whether what a whole household adds up to stays far below [`NEVER`].
fn are_small(instance: &Instance, prices: &Prices, gains: &[i64]) -> bool {
    let longest = instance.households().iter().map(|household| household.members.len()).max().unwrap_or(1);
    let penalties = instance.demands().iter().map(|demand| demand.penalty.saturating_mul(prices.parts()));
    let placed = gains.iter().filter(|gain| **gain < NEVER).map(|gain| gain.saturating_abs());
    let most = penalties.chain(placed).fold(0, i64::max);
    i64::try_from(longest).is_ok_and(|longest| most < NEVER / (longest + 1))
}

/// What each demand adds when placed where that is cheapest, on its own, over being left out.
fn gains(instance: &Instance, prices: &Prices) -> Vec<i64> {
    let of = |(index, demand): (usize, &crate::Demand)| {
        let apart = household::split_penalty(instance, index);
        let pays =
            |arc: &crate::Arc| (arc.cost + apart) * prices.parts() + prices.of_placing(instance, index, arc.resource);
        demand.arcs.iter().map(pays).min().map_or(NEVER, |pays| pays - demand.penalty * prices.parts())
    };
    instance.demands().iter().enumerate().map(of).collect()
}

fn units(instance: &Instance, prices: &Prices, paid: &Paid, gains: &[i64]) -> (Vec<Unit>, Vec<OfHousehold>) {
    let penalty = |demand: usize| instance.demands()[demand].penalty * prices.parts();
    let single = |demand: &usize| instance.household_of(*demand).is_none();
    let mut units: Vec<Unit> = (0..instance.demands().len())
        .filter(single)
        .map(|demand| {
            let out = penalty(demand) - paid.demands[demand];
            let placed = if gains[demand] < NEVER { out + gains[demand] } else { NEVER };
            Unit { above: vec![out, placed], of: Of::Single(demand) }
        })
        .collect();
    let mut households = Vec::with_capacity(instance.households().len());
    for (index, household) in instance.households().iter().enumerate() {
        let out = household.members.iter().map(|&member| penalty(member)).sum::<i64>() - paid.households[index];
        let mut gains: Vec<(i64, usize)> = household.members.iter().map(|&member| (gains[member], member)).collect();
        gains.sort_unstable();
        let above = above(out, &gains, prices.together(instance, household).map(|pays| pays - paid.households[index]));
        units.push(Unit { above, of: Of::Household(index) });
        households.push(OfHousehold { others: Vec::new(), gains, out });
    }
    (units, households)
}

/// What a household costs above what it pays, by how many are placed: those who gain most by it, or all together.
fn above(out: i64, gains: &[(i64, usize)], together: Option<i64>) -> Vec<i64> {
    let mut above = vec![out];
    let mut cost = out;
    for &(gain, _) in gains {
        cost = if gain < NEVER && cost < NEVER { cost + gain } else { NEVER };
        above.push(cost);
    }
    if let (Some(last), Some(together)) = (above.last_mut(), together) {
        *last = together.min(*last);
    }
    above
}

/// A demand or household that may be counted in more than one way.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    /// Its place in the list of units.
    unit: usize,
    of: Of,
    /// The least it may be counted, and what each count from there on costs above.
    first: usize,
    above: Vec<i64>,
}

/// The dynamic program: over the units that may be counted in more than one way, by the total placed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Table {
    /// Nothing that costs as much above the bound of prices is looked at.
    cutoff: i64,
    open: Vec<Open>,
    /// The total if all of them are counted least, and how many totals there are from there on.
    from: usize,
    totals: usize,
    /// What the rest costs at least when all before the unit come to a total; at last what the total costs itself.
    after: Vec<Vec<i64>>,
}

impl Table {
    /// The largest not too large.
    fn within(units: &[Unit], mut cutoff: i64) -> Option<Self> {
        for _ in 0..NARROWED_MAX {
            let spans = units.iter().filter_map(|unit| unit.useful(cutoff)).map(|(first, last)| last - first);
            let (open, totals) =
                spans.fold((0, 1), |(open, totals), span| (open + usize::from(span > 0), totals + span));
            if open * totals <= ENTRIES_MAX {
                return Some(Self::new(units, cutoff));
            }
            cutoff -= cutoff / 4;
        }
        None
    }

    fn new(units: &[Unit], cutoff: i64) -> Self {
        let mut table = Self { cutoff, open: Vec::new(), from: 0, totals: 1, after: Vec::new() };
        for (index, unit) in units.iter().enumerate() {
            // What costs nothing above is always useful, but where nothing is.
            let Some((first, last)) = unit.useful(cutoff) else { continue };
            table.from += first;
            if last > first {
                table.totals += last - first;
                table.open.push(Open { unit: index, of: unit.of, first, above: unit.above[first..=last].to_vec() });
            }
        }
        table
    }

    /// From the last unit to the first what the rest costs. False where the meter stopped it.
    fn fill(&mut self, offered: &[(i64, usize)], meter: &mut Meter) -> bool {
        let mut rest = self.offer(offered);
        self.after.reserve(self.open.len() + 1);
        for open in self.open.iter().rev() {
            if !meter.spend(self.totals * open.above.len()) {
                return false;
            }
            let least = |total: usize| self.least(rest[total..].iter().zip(&open.above));
            let more = (0..self.totals).map(least).collect();
            self.after.push(std::mem::replace(&mut rest, more));
        }
        self.after.push(rest);
        self.after.reverse();
        true
    }

    /// The least all cost above the bound of prices.
    fn least_of_all(&self) -> i64 {
        self.after.first().map_or(0, |rest| self.cutoff.min(rest[0]))
    }

    /// Of each unit, by its count: the least all others cost. `None` where the meter stopped it.
    fn others(&self, units: &[Unit], meter: &mut Meter) -> Option<Vec<Vec<i64>>> {
        let least = self.least_of_all();
        // Who is counted in one way only is counted so in the least of all; of other counts nothing is known.
        let alike = |unit: &Unit| unit.above.iter().map(|above| if *above == 0 { least } else { 0 }).collect();
        let mut others: Vec<Vec<i64>> = units.iter().map(alike).collect();
        let mut before = vec![NEVER; self.totals];
        before[0] = 0;
        for (open, rest) in self.open.iter().zip(&self.after[1..]) {
            let above = &open.above;
            if !meter.spend(2 * self.totals * above.len()) {
                return None;
            }
            others[open.unit].fill(0);
            for count in (0..above.len()).filter(|&count| above[count] < self.cutoff) {
                others[open.unit][open.first + count] = self.least(before.iter().zip(&rest[count..]));
            }
            let reached = |total: usize| self.least(before[..=total].iter().rev().zip(above));
            before = (0..self.totals).map(reached).collect();
        }
        Some(others)
    }

    /// Every way to count that costs less than a cutoff, from a unit on; false where they are too many.
    fn ways(&self, cutoff: i64, chosen: &mut Vec<usize>, spent: (usize, i64), ways: &mut Vec<Vec<usize>>) -> bool {
        let Some(open) = self.open.get(chosen.len()) else {
            ways.push(chosen.clone());
            return ways.len() <= WAYS_MAX;
        };
        let (total, cost) = spent;
        for (count, above) in open.above.iter().enumerate() {
            let (total, cost) = (total + count, cost + above);
            let rest = self.after[chosen.len() + 1].get(total).copied().unwrap_or(NEVER);
            if cost + rest < cutoff {
                chosen.push(open.first + count);
                let few = self.ways(cutoff, chosen, (total, cost), ways);
                chosen.pop();
                if !few {
                    return false;
                }
            }
        }
        true
    }

    /// The least sum of two that does not reach the cutoff; the cutoff if none.
    fn least<'t>(&self, pairs: impl Iterator<Item = (&'t i64, &'t i64)>) -> i64 {
        pairs.map(|(one, other)| one + other).fold(self.cutoff, i64::min)
    }

    /// What each total costs above the units that are worth most at their prices.
    fn offer(&self, offered: &[(i64, usize)]) -> Vec<i64> {
        let worth: usize = offered.iter().take_while(|(saved, _)| *saved > 0).map(|(_, units)| units).sum();
        // Who takes one unit more than is worth it loses what that costs; who takes one less, what it is worth.
        let each = offered.iter().flat_map(|&(saved, units)| std::iter::repeat_n(saved, units));
        let mut costs = vec![NEVER; self.totals];
        let mut place = |total: usize, cost: i64| {
            if let Some(of) = total.checked_sub(self.from).and_then(|total| costs.get_mut(total)) {
                *of = cost;
            }
        };
        let mut cost = 0_i64;
        place(worth, 0);
        for (taken, saved) in each.clone().enumerate().skip(worth).take((self.from + self.totals).saturating_sub(worth))
        {
            cost = cost.saturating_sub(saved).min(NEVER);
            place(taken + 1, cost);
        }
        let mut cost = 0_i64;
        let below: Vec<i64> = each.take(worth).collect();
        for (taken, saved) in below.iter().enumerate().rev() {
            cost = cost.saturating_add(*saved).min(NEVER);
            place(taken, cost);
        }
        costs
    }
}

impl Prices {
    /// What a household pays at least when it is placed together.
    fn together(&self, instance: &Instance, of: &Household) -> Option<i64> {
        let pays = |(resource, cost)| cost * self.parts() + self.of_all(instance, of, resource);
        household::resources_for_all(instance, of).map(pays).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::check_assignment;
    use crate::duals::Priced;
    use crate::instance::{Arc, Demand, Group, Resource, Step};
    use proptest::prelude::*;
    use std::time::Duration;

    fn meter(work: Option<u64>) -> Meter {
        Meter::start(Budget { work, ..Budget::wall(Duration::from_secs(3_600)) })
    }

    fn priced(instance: &Instance, supply: &Supply, prices: &[f64]) -> Priced {
        Priced::new(instance, supply, Prices::rounded(instance, supply, |index| prices[index], |_| 0.0))
    }

    /// Every feasible assignment and its points.
    fn all(instance: &Instance) -> Vec<(Vec<Option<usize>>, i64)> {
        let mut all: Vec<Vec<Option<usize>>> = vec![Vec::new()];
        for demand in instance.demands() {
            let places: Vec<_> = demand.arcs.iter().map(|arc| Some(arc.resource)).chain([None]).collect();
            let longer = |assign: Vec<Option<usize>>| {
                places.iter().map(move |&place| assign.iter().copied().chain([place]).collect()).collect::<Vec<_>>()
            };
            all = all.into_iter().flat_map(longer).collect();
        }
        let priced = |assign: Vec<Option<usize>>| {
            let verdict = check_assignment(instance, &assign);
            let points = verdict.is_feasible().then(|| verdict.split.unwrap().total())?;
            Some((assign, points))
        };
        all.into_iter().filter_map(priced).collect()
    }

    /// Five who would share few places, the first two or three of them a household, the last two perhaps another.
    fn instance() -> impl Strategy<Value = Instance> {
        let demand = (30_i64..60, prop::collection::vec(prop::option::weighted(0.9, 0_i64..20), 2)).prop_map(|of| {
            let arc = |(resource, cost): (usize, Option<i64>)| Some(Arc { resource, cost: cost? });
            let arcs = of.1.into_iter().enumerate().filter_map(arc).collect();
            Demand { penalty: of.0, arcs, ..Demand::default() }
        });
        let places = prop::collection::vec((1_usize..=3).prop_map(|capacity| Resource { capacity }), 2);
        let households = (2_usize..=3, any::<bool>(), 0_i64..30);
        let parts = (prop::collection::vec(demand, 5), places, 0_usize..3, 0_i64..20, households);
        parts.prop_map(|(demands, places, width, unit_cost, (size, second, split_penalty))| {
            let steps = vec![Step { width: Some(width), unit_cost: 0 }, Step { width: None, unit_cost }];
            let groups = vec![Group { resources: vec![0], steps, ..Group::default() }];
            let mut households = vec![Household { members: (0..size).collect(), split_penalty }];
            households.extend(second.then(|| Household { members: vec![3, 4], split_penalty }));
            Instance::new(demands, places, groups).unwrap().with_households(households).unwrap()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_prices_nothing_below_the_limit_is_ruled_out(
            instance in instance(),
            prices in prop::collection::vec(0_f64..70.0, 2),
            above in 0_i64..40,
            work in prop::option::of(0_u64..200),
        ) {
            let supply = Supply::of(&instance);
            let all = all(&instance);
            let optimum = all.iter().map(|(_, points)| *points).min().unwrap();
            let limit = optimum + above;
            let mut priced = priced(&instance, &supply, &prices);
            let linear = priced.paid.bound;
            priced.count(&instance, &supply, limit, &mut meter(work));
            let bound = priced.paid.bound;
            prop_assert!(linear <= bound && bound <= optimum, "{linear}, {bound}, {optimum}");
            let ways = priced.ways(&instance, limit);
            for (assign, points) in all.iter().filter(|(_, points)| *points < limit) {
                for (demand, place) in assign.iter().enumerate() {
                    let miss = match *place {
                        Some(resource) => priced.reduced_cost(&instance, demand, instance.arc(demand, resource).unwrap()),
                        None => priced.miss_alone(&instance, demand, None),
                    };
                    prop_assert!(bound + miss <= *points, "{demand} of {assign:?}: {bound} + {miss} > {points}");
                }
                let counts: Vec<usize> =
                    ways.units.iter().map(|unit| unit.iter().filter(|&&of| assign[of].is_some()).count()).collect();
                prop_assert!(ways.counts.is_empty() || ways.counts.contains(&counts), "{counts:?} not in {ways:?}");
            }
        }
    }

    /// Two households of two, for whom there are three places.
    fn three_places_for_two_pairs() -> Instance {
        let demand = Demand { penalty: 10, arcs: vec![Arc { resource: 0, cost: 0 }], ..Demand::default() };
        let pair = |first| Household { members: vec![first, first + 1], split_penalty: 100 };
        let instance = Instance::new(vec![demand; 4], vec![Resource { capacity: 3 }], vec![]).unwrap();
        instance.with_households(vec![pair(0), pair(2)]).unwrap()
    }

    #[test]
    fn a_household_is_not_placed_by_half() {
        let instance = three_places_for_two_pairs();
        let supply = Supply::of(&instance);
        let mut priced = priced(&instance, &supply, &[10.0]);
        assert_eq!(priced.paid.bound, 10);
        assert!(priced.count(&instance, &supply, 40, &mut meter(None)));
        assert_eq!(priced.paid.bound, 20);
        // One or the other: to leave both out costs 20 more, and both cannot be placed.
        assert_eq!(priced.miss_together(&instance, 0, 0), Some(0));
        let ways = priced.ways(&instance, 40);
        assert_eq!((ways.units, ways.counts), (vec![vec![0, 1], vec![2, 3]], vec![vec![0, 2], vec![2, 0]]));
    }

    #[test]
    fn a_limit_is_never_passed_and_what_is_proved_stays() {
        let instance = three_places_for_two_pairs();
        let supply = Supply::of(&instance);
        let bounds = [15, 40, 12, 10].map(|limit| {
            let mut priced = priced(&instance, &supply, &[10.0]);
            priced.count(&instance, &supply, limit, &mut meter(None));
            let first = priced.paid.bound;
            priced.count(&instance, &supply, 12, &mut meter(None));
            assert!(priced.ways(&instance, 40).counts.is_empty() || limit == 40);
            (first, priced.paid.bound)
        });
        assert_eq!(bounds, [(15, 15), (20, 20), (12, 12), (10, 12)]);
    }
}
