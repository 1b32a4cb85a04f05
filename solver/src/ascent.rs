//! Prices of what is scarce, natively: the dual of the linear relaxation, smoothed, climbed by Newton's method.
//!
//! At temperature `T` everybody spreads over the choices by `exp(-pays / T)` instead of taking the cheapest, so that the dual
//! has second derivatives (Nesterov 2005); it is climbed from one temperature to the next lower. There are as many
//! unknowns as prices, however many demands: that is what makes it worth while where few resources take many each, and what
//! it must never be used without. The floats only suggest: what the prices prove is computed from their rounded values
//! ([`crate::duals`]).

use crate::again::Earlier;
use crate::budget::Meter;
use crate::duals::{Priced, Prices};
use crate::instance::{Arc, Group, Instance};
use crate::rules::household;
use crate::supply::{Segment, Supply};
use std::ops::Range;

/// The most prices: a step takes time with their cube, some milliseconds at so many, and cannot be interrupted.
const PRICES_MAX: usize = 320;

/// The fewest choices for the square of the prices, as a share: with fewer a step takes longer than looking at the choices.
const CHOICES_MIN: usize = 4;

/// The first temperature, as a share of the dearest penalty.
const FIRST: f64 = 0.02;

/// From one temperature to the next.
const COOLING: f64 = 0.35;

/// The last temperature, in points: what it blurs is less than anybody counts.
const LAST: f64 = 0.05;

/// Newton steps at one temperature, at most.
const STEPS_MAX: usize = 6;

/// A step is short enough to go on cooling when it promises less than so many temperatures a price.
const NEAR: f64 = 0.02;

/// How many temperatures are left out where earlier prices are near enough, and how many where they are less near. Leaving out
/// six is no quicker: it takes more steps at the first.
const LEFT_OUT: [i32; 2] = [4, 2];

/// Earlier prices are too far for a temperature where a step promises more than so many temperatures a price. On instances of
/// 630 and 2 000 demands, 1 to 23 led to the top, 37 and more nowhere.
const HOPELESS: f64 = 30.0;

/// So they are where the last step promised more than so many: there 0 to 1.3 led to the top, 3.5 and more nowhere.
const FAR: f64 = 2.0;

/// No price moves further in one step than about so many temperatures.
const REACH: f64 = 8.0;

/// Shares below this are nothing.
const NOTHING: f64 = 1e-10;

/// Whether prices are few enough, and shared by enough demands.
pub(crate) fn suits(instance: &Instance) -> bool {
    let of_its_own = |group: &&Group| group.resources.len() > 1 || group.classes.is_some();
    let prices = instance.resources().len() + instance.groups().iter().filter(of_its_own).count();
    let choices: usize = instance.demands().iter().map(|demand| demand.arcs.len()).sum();
    prices <= PRICES_MAX && prices * prices <= CHOICES_MIN * choices
}

/// The best prices found before the meter stops: from those an earlier search came to where they are near, else from 0; what
/// they started from if it stops at once.
pub(crate) fn ascend(instance: &Instance, supply: &Supply, earlier: Option<&Earlier>, meter: &mut Meter) -> Priced {
    let dual = Dual::new(instance, supply);
    let dearest = instance.demands().iter().map(|demand| demand.penalty).max().unwrap_or(0);
    let first = (dearest as f64 * FIRST).max(LAST);
    let mut best = None;
    if let Some(start) = earlier.and_then(|earlier| dual.start(earlier)) {
        best = Some(dual.proved(instance, supply, &start));
        for left_out in LEFT_OUT {
            let temperature = (first * COOLING.powi(left_out)).max(LAST);
            let mut prices = start.clone();
            match dual.climb(&mut prices, temperature, true, meter) {
                Ended::Far => {}
                Ended::Near => return dual.cool(instance, supply, (prices, temperature, best), meter),
                Ended::Stopped => return better(best, dual.proved(instance, supply, &prices)),
            }
        }
    }
    let mut prices = vec![0.0; dual.prices];
    if matches!(dual.climb(&mut prices, first, false, meter), Ended::Stopped) {
        return better(best, dual.proved(instance, supply, &prices));
    }
    dual.cool(instance, supply, (prices, first, best), meter)
}

/// Whichever proves more, the first on a tie.
fn better(best: Option<Priced>, found: Priced) -> Priced {
    match best {
        Some(best) if best.paid.bound >= found.paid.bound => best,
        _ => found,
    }
}

/// How the steps at one temperature ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// As near to the top as is worth while at this temperature.
    Near,
    /// So far from the top that so low a temperature does not lead there.
    Far,
    /// The meter stopped them.
    Stopped,
}

/// A way to place somebody: what it costs, and the prices it pays so many times.
struct Choice {
    cost: f64,
    terms: Range<usize>,
}

/// One demand: its choices, or its penalty.
struct Alone {
    penalty: f64,
    choices: Range<usize>,
}

/// Those who decide together: a demand of no household, or a household with what it may do as one.
struct Unit {
    members: Range<usize>,
    together: Range<usize>,
}

/// The dual problem in plain numbers.
struct Dual {
    prices: usize,
    /// The price of each group that has one.
    of_group: Vec<Option<usize>>,
    terms: Vec<(usize, f64)>,
    choices: Vec<Choice>,
    alone: Vec<Alone>,
    units: Vec<Unit>,
    /// Of each price what is offered: units and the cost of each.
    offers: Vec<Vec<(f64, f64)>>,
}

impl Dual {
    fn new(instance: &Instance, supply: &Supply) -> Self {
        let offer = |segments: &[Segment]| segments.iter().map(|of| (of.units as f64, of.cost as f64)).collect();
        let mut offers: Vec<Vec<(f64, f64)>> = supply.resources.iter().map(|segments| offer(segments)).collect();
        let of_group = supply.groups.iter().map(|segments| {
            offers.push(offer(segments.as_ref()?));
            Some(offers.len() - 1)
        });
        let of_group: Vec<Option<usize>> = of_group.collect();
        let (terms, choices, alone, units) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut dual = Self { prices: offers.len(), of_group, terms, choices, alone, units, offers };
        for demand in (0..instance.demands().len()).filter(|demand| instance.household_of(*demand).is_none()) {
            dual.add_unit(instance, &[demand], |_| ());
        }
        for household in instance.households() {
            dual.add_unit(instance, &household.members, |dual| {
                for (resource, cost) in household::resources_for_all(instance, household) {
                    dual.add_choice(instance, &household.members, Arc { resource, cost });
                }
            });
        }
        dual
    }

    fn add_unit(&mut self, instance: &Instance, members: &[usize], add_together: impl Fn(&mut Self)) {
        let first = self.alone.len();
        for &member in members {
            let apart = household::split_penalty(instance, member);
            let demand = &instance.demands()[member];
            let start = self.choices.len();
            for arc in demand.arcs.iter().filter(|arc| arc.cost + apart < demand.penalty) {
                self.add_choice(instance, &[member], Arc { cost: arc.cost + apart, ..*arc });
            }
            self.alone.push(Alone { penalty: demand.penalty as f64, choices: start..self.choices.len() });
        }
        let start = self.choices.len();
        add_together(self);
        self.units.push(Unit { members: first..self.alone.len(), together: start..self.choices.len() });
    }

    fn add_choice(&mut self, instance: &Instance, members: &[usize], arc: Arc) {
        let start = self.terms.len();
        self.terms.push((arc.resource, members.len() as f64));
        for &group in instance.groups_of(arc.resource) {
            let Some(price) = self.of_group[group] else { continue };
            let counted = members.iter().filter(|&&member| instance.counts(group, member)).count();
            if counted > 0 {
                self.terms.push((price, counted as f64));
            }
        }
        self.choices.push(Choice { cost: arc.cost as f64, terms: start..self.terms.len() });
    }

    /// The prices an earlier search came to; `None` if it came to none.
    fn start(&self, earlier: &Earlier) -> Option<Vec<f64>> {
        let mut prices = vec![0.0; self.prices];
        let resources = self.prices - self.of_group.iter().flatten().count();
        for (resource, price) in prices[..resources].iter_mut().enumerate() {
            *price = earlier.price_of_resource(resource).unwrap_or(0.0);
        }
        for (group, price) in self.of_group.iter().enumerate() {
            if let Some(price) = *price {
                prices[price] = earlier.price_of_group(group).unwrap_or(0.0);
            }
        }
        earlier.has_prices().then_some(prices)
    }

    /// What prices prove.
    fn proved(&self, instance: &Instance, supply: &Supply, prices: &[f64]) -> Priced {
        let group = |index: usize| self.of_group[index].map_or(0.0, |price| prices[price]);
        Priced::new(instance, supply, Prices::rounded(instance, supply, |resource| prices[resource], group))
    }

    /// From prices climbed to at a temperature on to the last, or until the meter stops it; the best of them and of `best`.
    fn cool(
        &self,
        instance: &Instance,
        supply: &Supply,
        (mut prices, mut temperature, mut best): (Vec<f64>, f64, Option<Priced>),
        meter: &mut Meter,
    ) -> Priced {
        let mut stopped = false;
        loop {
            let found = better(best, self.proved(instance, supply, &prices));
            if stopped || temperature <= LAST {
                return found;
            }
            best = Some(found);
            temperature = (temperature * COOLING).max(LAST);
            stopped = self.climb(&mut prices, temperature, false, meter) == Ended::Stopped;
        }
    }

    /// Newton steps at one temperature; only if it is `wary` it says where they lead nowhere.
    fn climb(&self, prices: &mut Vec<f64>, temperature: f64, wary: bool, meter: &mut Meter) -> Ended {
        let mut here = Slope::new(self.prices);
        let mut there = Slope::new(self.prices);
        if !self.slope(prices, temperature, &mut here, meter) {
            return Ended::Stopped;
        }
        let mut left = f64::INFINITY;
        for _ in 0..STEPS_MAX {
            let Some(step) = here.newton_step(temperature) else { return Ended::Near };
            // The cube of the prices, in the arcs that would take as long.
            if !meter.spend(self.prices.pow(3) / 64) {
                return Ended::Stopped;
            }
            let promised: f64 = step.iter().zip(&here.gradient).map(|(step, slope)| step * slope).sum();
            left = promised / (temperature * self.prices as f64);
            if left <= NEAR {
                return Ended::Near;
            }
            if wary && left > HOPELESS {
                return Ended::Far;
            }
            let mut length = 1.0;
            loop {
                let trial: Vec<f64> = prices.iter().zip(&step).map(|(price, step)| price + length * step).collect();
                if !self.slope(&trial, temperature, &mut there, meter) {
                    return Ended::Stopped;
                }
                if there.value >= here.value + 1e-3 * length * promised {
                    *prices = trial;
                    std::mem::swap(&mut here, &mut there);
                    break;
                }
                length /= 4.0;
                if length < 1e-3 {
                    return Ended::Near;
                }
            }
        }
        if wary && left > FAR { Ended::Far } else { Ended::Near }
    }

    /// Value and derivatives of the smoothed dual; false if the meter stopped it.
    fn slope(&self, prices: &[f64], temperature: f64, slope: &mut Slope, meter: &mut Meter) -> bool {
        slope.clear();
        let mut apart = Mean::new(self.prices);
        let mut shares = Vec::new();
        for unit in &self.units {
            let alone: usize = self.alone[unit.members.clone()].iter().map(|of| of.choices.len()).sum();
            if !meter.spend(alone + unit.together.len()) {
                return false;
            }
            if unit.together.is_empty() {
                for member in &self.alone[unit.members.clone()] {
                    slope.value += self.spread(prices, temperature, &member.choices, member.penalty, &mut shares);
                    self.add(&shares, &[], 1.0, temperature, slope);
                }
                continue;
            }
            let value_apart: f64 = self.alone[unit.members.clone()]
                .iter()
                .map(|member| self.spread(prices, temperature, &member.choices, member.penalty, &mut shares))
                .sum();
            let value = self.spread(prices, temperature, &unit.together, value_apart, &mut shares);
            slope.value += value;
            let share_apart = ((value - value_apart) / temperature).exp();
            apart.clear();
            if share_apart > NOTHING {
                let mut shares = Vec::new();
                for member in &self.alone[unit.members.clone()] {
                    self.spread(prices, temperature, &member.choices, member.penalty, &mut shares);
                    for &(choice, share) in &shares {
                        for &(price, times) in &self.terms[self.choices[choice].terms.clone()] {
                            apart.add(price, share * times);
                        }
                    }
                    self.curve(&shares, share_apart, temperature, slope);
                }
            }
            let apart_mean: Vec<(usize, f64)> = apart.read();
            self.add(&shares, &apart_mean, share_apart, temperature, slope);
        }
        for (price, offers) in self.offers.iter().enumerate() {
            for &(units, cost) in offers {
                let over = (prices[price] - cost) / temperature;
                // The logarithm of 1 + exp(over), where neither overflows.
                let worth = over.max(0.0) + (-over.abs()).exp().ln_1p();
                let taken = 1.0 / (1.0 + (-over).exp());
                slope.value -= units * temperature * worth;
                slope.gradient[price] -= units * taken;
                slope.curvature[price * self.prices + price] += units * taken * (1.0 - taken) / temperature;
            }
        }
        true
    }

    /// Spreads over choices that cost `otherwise` if none is taken; the shares above nothing, and what it comes to.
    fn spread(
        &self,
        prices: &[f64],
        temperature: f64,
        choices: &Range<usize>,
        otherwise: f64,
        shares: &mut Vec<(usize, f64)>,
    ) -> f64 {
        shares.clear();
        let mut least = otherwise;
        for index in choices.clone() {
            let choice = &self.choices[index];
            let paid: f64 = self.terms[choice.terms.clone()].iter().map(|(price, times)| prices[*price] * times).sum();
            let pays = choice.cost + paid;
            least = least.min(pays);
            shares.push((index, pays));
        }
        let mut total = ((least - otherwise) / temperature).exp();
        shares.retain_mut(|(_, share)| {
            let over = (least - *share) / temperature;
            *share = if over < -23.0 { 0.0 } else { over.exp() };
            total += *share;
            *share > NOTHING
        });
        shares.iter_mut().for_each(|(_, share)| *share /= total);
        least - temperature * total.ln()
    }

    /// Adds what somebody who spreads so wants, and how that bends: over choices of their own, and `others` taken on average
    /// with a share.
    fn add(&self, shares: &[(usize, f64)], others: &[(usize, f64)], share: f64, temperature: f64, slope: &mut Slope) {
        let mut mean: Vec<(usize, f64)> = Vec::with_capacity(shares.len() + others.len());
        for &(choice, share) in shares {
            let terms = &self.terms[self.choices[choice].terms.clone()];
            slope.bend(terms, share / temperature);
            mean.extend(terms.iter().map(|(price, times)| (*price, share * times)));
        }
        if !others.is_empty() {
            slope.bend(others, share / temperature);
            mean.extend(others.iter().map(|(price, wanted)| (*price, share * wanted)));
        }
        slope.bend(&mean, -1.0 / temperature);
        for (price, wanted) in mean {
            slope.gradient[price] += wanted;
        }
    }

    /// Only how it bends, for a demand that spreads so with a share of the whole.
    fn curve(&self, shares: &[(usize, f64)], weight: f64, temperature: f64, slope: &mut Slope) {
        let mut mean: Vec<(usize, f64)> = Vec::with_capacity(shares.len());
        for &(choice, share) in shares {
            let terms = &self.terms[self.choices[choice].terms.clone()];
            slope.bend(terms, weight * share / temperature);
            mean.extend(terms.iter().map(|(price, times)| (*price, share * times)));
        }
        slope.bend(&mean, -weight / temperature);
    }
}

/// A sparse sum over prices.
struct Mean {
    of: Vec<f64>,
    touched: Vec<usize>,
}

impl Mean {
    fn new(prices: usize) -> Self {
        Self { of: vec![0.0; prices], touched: Vec::new() }
    }

    fn clear(&mut self) {
        for price in self.touched.drain(..) {
            self.of[price] = 0.0;
        }
    }

    fn add(&mut self, price: usize, wanted: f64) {
        if self.of[price] <= 0.0 {
            self.touched.push(price);
        }
        self.of[price] += wanted;
    }

    fn read(&self) -> Vec<(usize, f64)> {
        self.touched.iter().map(|&price| (price, self.of[price])).collect()
    }
}

/// Value, gradient and curvature (the second derivatives with their sign turned, lower triangle) at some prices.
struct Slope {
    value: f64,
    gradient: Vec<f64>,
    curvature: Vec<f64>,
}

impl Slope {
    fn new(prices: usize) -> Self {
        Self { value: 0.0, gradient: vec![0.0; prices], curvature: vec![0.0; prices * prices] }
    }

    fn clear(&mut self) {
        self.value = 0.0;
        self.gradient.fill(0.0);
        self.curvature.fill(0.0);
    }

    /// Adds the outer product of a sparse vector with itself.
    fn bend(&mut self, terms: &[(usize, f64)], factor: f64) {
        let prices = self.gradient.len();
        for (place, &(one, of_one)) in terms.iter().enumerate() {
            let of_one = of_one * factor;
            self.curvature[one * prices + one] += of_one * terms[place].1;
            for &(other, of_other) in &terms[..place] {
                let twice = if one == other { 2.0 } else { 1.0 };
                self.curvature[one.max(other) * prices + one.min(other)] += twice * of_one * of_other;
            }
        }
    }

    /// The step that would lead to the top of the parabola seen from here (Levenberg: held back where the slope is steep), by
    /// Cholesky's factors. `None` if floats do not allow it.
    fn newton_step(&mut self, temperature: f64) -> Option<Vec<f64>> {
        let prices = self.gradient.len();
        let factors = &mut self.curvature;
        for (row, slope) in self.gradient.iter().enumerate() {
            factors[row * prices + row] += slope.abs() / (REACH * temperature) + 1e-9;
        }
        for row in 0..prices {
            let (above, rest) = factors.split_at_mut(row * prices);
            let this = &mut rest[..=row];
            for column in 0..row {
                let other = &above[column * prices..=column * prices + column];
                let dot: f64 = this[..column].iter().zip(other).map(|(one, other)| one * other).sum();
                this[column] = (this[column] - dot) / other[column];
            }
            let left = this[row] - this[..row].iter().map(|factor| factor * factor).sum::<f64>();
            if left.is_nan() || left <= 0.0 {
                return None;
            }
            this[row] = left.sqrt();
        }
        let mut step = self.gradient.clone();
        for row in 0..prices {
            let dot: f64 = (0..row).map(|column| factors[row * prices + column] * step[column]).sum();
            step[row] = (step[row] - dot) / factors[row * prices + row];
        }
        for row in (0..prices).rev() {
            step[row] /= factors[row * prices + row];
            for column in 0..row {
                step[column] -= factors[row * prices + column] * step[row];
            }
        }
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::flow::Network;
    use crate::instance::{Demand, Household, Resource, Step};
    use crate::rules::by_penalty;
    use std::time::Duration;

    fn meter(work: Option<u64>) -> Meter {
        Meter::start(Budget { work, ..Budget::wall(Duration::from_secs(3_600)) })
    }

    /// Eighty who compete for sixty places of four resources, each dearer beyond half.
    fn instance() -> Instance {
        let cost = |demand: usize, resource: usize| i64::try_from((demand * 37 + resource * 91) % 113).unwrap_or(0);
        let arcs = |demand| (0..4).map(|resource| Arc { resource, cost: cost(demand, resource) }).collect();
        let demand = |index| Demand { penalty: 200 + cost(index, 7), arcs: arcs(index), ..Demand::default() };
        let steps = vec![Step { width: Some(8), unit_cost: 0 }, Step { width: None, unit_cost: 30 }];
        let group = |resource| Group { resources: vec![resource], steps: steps.clone(), ..Group::default() };
        let demands = (0..80).map(demand).collect();
        Instance::new(demands, vec![Resource { capacity: 15 }; 4], (0..4).map(group).collect()).unwrap()
    }

    #[test]
    fn where_the_flow_is_exact_the_prices_prove_its_optimum() {
        let instance = instance();
        let mut network = Network::new(&instance);
        network.insert_all(&instance, &by_penalty(&instance), &mut meter(None));
        let optimum = network.bound(&instance);
        let supply = Supply::of(&instance);
        assert!(suits(&instance));
        let bound = ascend(&instance, &supply, None, &mut meter(None)).paid.bound;
        assert!(bound <= optimum && optimum - bound <= 2, "{bound} of {optimum}");
    }

    #[test]
    fn from_prices_that_are_near_it_takes_less_and_from_any_it_proves_as_much() {
        let instance = instance();
        let supply = Supply::of(&instance);
        let ascended = |earlier: Option<&Earlier>, work| {
            let mut meter = meter(work);
            let priced = ascend(&instance, &supply, earlier, &mut meter);
            (priced.prices, priced.paid.bound, meter.spent())
        };
        let from = |resources: Vec<Option<f64>>, work| ascended(Some(&Earlier::of_prices(&instance, resources)), work);
        let (prices, bound, work) = ascended(None, None);
        let near: Vec<Option<f64>> = (0..4).map(|index| Some(prices.of_resource(index))).collect();
        let (_, again, less) = from(near.clone(), None);
        assert!(again == bound && less < work * 2 / 3, "{again} after {less}, {bound} after {work}");
        // What was proved is proved at once.
        assert_eq!(from(near, Some(0)).1, bound);
        for far in [vec![Some(1e6); 4], vec![Some(0.0); 4], vec![None, Some(1e4), None, Some(0.5)]] {
            let (_, again, spent) = from(far, None);
            assert!((again - bound).abs() <= 1 && spent < 2 * work, "{again} after {spent}, {bound} after {work}");
        }
    }

    #[test]
    fn households_raise_the_bound_and_a_stop_half_way_keeps_what_was_proved() {
        let households = (0..40).map(|at| Household { members: vec![2 * at, 2 * at + 1], split_penalty: 40 });
        let instance = instance().with_households(households.collect()).unwrap();
        let supply = Supply::of(&instance);
        let bound = |work| ascend(&instance, &supply, None, &mut meter(work)).paid.bound;
        let proved = [Some(0), Some(700), None].map(bound);
        assert!(proved[0] <= proved[1] && proved[1] < proved[2], "{proved:?}");
    }
}
