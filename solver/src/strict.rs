//! Strict tiers: no plan gives up anybody of a higher tier, whatever it costs.
//!
//! Leaving out somebody of a tier costs a surcharge: so many units as there are tiers from the last up to theirs, a unit
//! being more than twice what any assignment costs, so that no cost is ever traded for it. Where only capacities and laminar limits count,
//! whoever can be placed together is a matroid, and any weights that fall from tier to tier have the right counts
//! (Edmonds–Fulkerson 1965): one flow says them, and households and step prices, being only prices, change none of them.
//! Where limits cross or count only some, the most of each tier is found tier by tier, each a problem of its own without
//! costs, and held as a row from then on (solver.md §2). What the surcharges prove is proved of the plans with the same
//! counts, whatever the weights. It must never hand out a surcharge as points.

use crate::again::Earlier;
use crate::budget::{Meter, Seed};
use crate::flow::Network;
use crate::greedy;
use crate::instance::{Arc, Demand, Group, Instance};
use crate::ladder::{Climbed, climb_keeping, climb_within};
use crate::pieces::Piece;
use crate::plan::{Plan, StrictTier};
use crate::rules::{State, by_penalty};

/// A unit where costs do not count: a demand more or less is far above what prices in floats blur.
const UNIT_WITHOUT_COSTS: i64 = 1_000;

/// Who is in which tier, and what leaving them out costs more.
#[derive(Debug, Clone)]
pub(crate) struct Law {
    tier_of: Vec<Option<usize>>,
    tiers: usize,
    /// Points more for leaving out one of the last tier; one more unit for each tier above.
    unit: i64,
}

impl Law {
    /// The law of an instance, if it has one.
    pub(crate) fn of(instance: &Instance) -> Option<Self> {
        let tiers = instance.strict_tiers().len();
        let tier_of = (0..instance.demands().len()).map(|demand| instance.strict_tier_of(demand));
        (tiers > 0).then(|| Self { tier_of: tier_of.collect(), tiers, unit: 2 * instance.dearest() + 1 })
    }

    /// The same for some of the demands.
    pub(crate) fn of_part(&self, demands: &[usize]) -> Self {
        Self { tier_of: demands.iter().map(|&demand| self.tier_of[demand]).collect(), ..*self }
    }

    /// The same for the first tiers alone, where costs do not count.
    fn of_first(&self, tiers: usize) -> Self {
        let tier_of = self.tier_of.iter().map(|tier| tier.filter(|tier| *tier < tiers)).collect();
        Self { tier_of, tiers, unit: UNIT_WITHOUT_COSTS }
    }

    /// The same with a unit just above what one demand moved for another may cost: enough to lead a search, and to prove most
    /// of what rows hold. `surcharged` has the surcharges of this one.
    fn milder(&self, surcharged: &Instance) -> Self {
        let of_demand = |(index, demand): (usize, &Demand)| {
            let arcs = demand.arcs.iter().map(|arc| arc.cost);
            arcs.fold(demand.penalty - self.surcharge_of(index), i64::max)
        };
        let demands = surcharged.demands().iter().enumerate().map(of_demand);
        let steps = surcharged.groups().iter().filter_map(|group| group.steps.last()).map(|step| step.unit_cost);
        let households = surcharged.households().iter().map(|household| household.split_penalty);
        let dearest = [demands.max(), steps.max(), households.max()].into_iter().flatten().sum::<i64>();
        Self { unit: self.unit.min(2 * dearest + 1), ..self.clone() }
    }

    /// The surcharge of a demand.
    fn surcharge_of(&self, demand: usize) -> i64 {
        self.tier_of[demand].map_or(0, |tier| self.points(tier, 1))
    }

    /// The instance with its surcharges.
    pub(crate) fn surcharged(&self, instance: &Instance) -> Instance {
        instance.surcharged(|demand| self.surcharge_of(demand))
    }

    /// What leaving out so many of a tier costs more.
    fn points(&self, tier: usize, count: usize) -> i64 {
        // Fits: the instance was refused if the surcharges of all its demands did not.
        self.unit * i64::try_from((self.tiers - tier) * count).unwrap_or(i64::MAX)
    }

    /// How many of each tier `is_in` says yes to.
    fn count(&self, is_in: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut count = vec![0; self.tiers];
        for (demand, tier) in self.tier_of.iter().enumerate() {
            if let Some(tier) = tier.filter(|_| is_in(demand)) {
                count[tier] += 1;
            }
        }
        count
    }

    /// How many of each tier are placed.
    pub(crate) fn placed(&self, assign: &[Option<usize>]) -> Vec<usize> {
        self.count(|demand| assign[demand].is_some())
    }

    /// The surcharges of those left out.
    pub(crate) fn surcharge(&self, assign: &[Option<usize>]) -> i64 {
        self.count(|demand| assign[demand].is_none()).into_iter().enumerate().map(|(t, out)| self.points(t, out)).sum()
    }

    /// The instance without costs: only who can be placed together counts. Demands of no tier are placed nowhere.
    fn without_costs(&self, instance: &Instance) -> Option<Instance> {
        let bare = |(demand, tier): (&Demand, &Option<usize>)| {
            let Some(tier) = *tier else { return Demand::default() };
            let arcs = demand.arcs.iter().map(|arc| Arc { cost: 0, ..*arc }).collect();
            Demand { penalty: self.points(tier, 1), current: None, classes: demand.classes.clone(), arcs }
        };
        let limit = |group: &Group| Group { steps: Vec::new(), ..group.clone() };
        let groups = instance.groups().iter().filter(|group| group.max.is_some()).map(limit).collect();
        let demands = instance.demands().iter().zip(&self.tier_of).map(bare).collect();
        Instance::new(demands, instance.resources().to_vec(), groups).ok()
    }

    /// What so many placed of each tier cost at least: everybody at their cheapest, and those left out whose leaving costs
    /// least. It holds where surcharges prove little, because fractions could place more of a tier.
    fn least(&self, instance: &Instance, placed: &[usize]) -> i64 {
        let mut least = 0;
        let mut leaving = vec![Vec::new(); self.tiers];
        for (demand, tier) in instance.demands().iter().zip(&self.tier_of) {
            let cheapest = demand.arcs.iter().map(|arc| arc.cost).min();
            match (*tier, cheapest) {
                (Some(tier), Some(cheapest)) => {
                    least += cheapest;
                    leaving[tier].push(demand.penalty - cheapest);
                }
                (_, cheapest) => least += cheapest.map_or(demand.penalty, |cheapest| cheapest.min(demand.penalty)),
            }
        }
        for (mut leaving, placed) in leaving.into_iter().zip(placed) {
            leaving.sort_unstable();
            let out = leaving.len().saturating_sub(*placed);
            least += leaving[..out].iter().sum::<i64>();
        }
        least
    }

    /// The plan in its own points and with its tiers told; `surcharged` is what was searched.
    pub(crate) fn told(self, instance: &Instance, surcharged: Instance, climbed: Climbed) -> Climbed {
        let Climbed { plan, most, pieces, prices, .. } = climbed;
        let surcharge = self.surcharge(&plan.assign);
        let mut split = plan.split;
        split.unplaced -= surcharge;
        let hopeless = |(index, demand): &(usize, &Demand)| {
            let worth = |arc: &Arc| surcharged.is_worth(*index, *arc);
            !demand.arcs.iter().any(worth)
        };
        let hopeless = instance.demands().iter().enumerate().filter(hopeless);
        let unavoidable = hopeless.map(|(_, demand)| demand.penalty).sum();
        let placed = self.placed(&plan.assign);
        let mut proved = true;
        let tier = |((&class, placed), &most): ((&u32, usize), &usize)| {
            proved &= placed == most;
            StrictTier { class, placed, most, proved }
        };
        let tiers = instance.strict_tiers().iter().zip(placed.iter().copied()).zip(&most).map(tier).collect();
        let plan = Plan {
            objective: plan.objective - surcharge,
            split,
            // What such counts cost at least says nothing of better counts, which may cost less.
            bound: plan.bound.map(|bound| match placed == most {
                true => (bound - surcharge).max(self.least(instance, &placed)),
                false => bound - surcharge,
            }),
            unavoidable,
            tiers: Some(tiers),
            ..plan
        };
        let lawful = Some(Lawful { instance: surcharged.into(), unit: self.unit });
        Climbed { plan, most, pieces, prices, lawful }
    }
}

/// An instance with its surcharges, to ask about what was searched.
#[derive(Debug, Clone)]
pub(crate) struct Lawful {
    pub(crate) instance: std::sync::Arc<Instance>,
    unit: i64,
}

impl Lawful {
    /// Whether a difference between two assignments, or a price, is one of points, and not of who is placed: their costs
    /// differ by less than half a unit, their surcharges by whole units.
    pub(crate) fn is_of_points(&self, points: i64) -> bool {
        is_of_points(points, self.unit)
    }
}

fn is_of_points(points: i64, unit: i64) -> bool {
    points.abs() < unit.div_euclid(2) + 1
}

/// A law with what is known of its tiers.
#[derive(Debug, Clone)]
pub(crate) struct Strict {
    pub(crate) law: Law,
    /// How many of each of the first tiers are to be placed, as rows; none where the surcharges alone say it.
    pub(crate) rows: Vec<usize>,
    /// No plan with the best counts places more of a tier.
    pub(crate) most: Vec<usize>,
}

impl Strict {
    /// With nothing known but who has a placement at all.
    pub(crate) fn new(law: Law, instance: &Instance) -> Self {
        let most = law.count(|demand| !instance.demands()[demand].arcs.is_empty());
        Self { law, rows: Vec::new(), most }
    }

    /// Whether these counts are the best, by what is proved.
    pub(crate) fn is_met(&self, assign: &[Option<usize>]) -> bool {
        self.law.placed(assign) == self.most
    }

    /// The row a demand is in.
    pub(crate) fn row_of(&self, demand: usize) -> Option<usize> {
        self.law.tier_of[demand].filter(|tier| *tier < self.rows.len())
    }

    /// The surcharge of a demand whose tier is held by a row, so that it need not be by points.
    pub(crate) fn held_by_row(&self, demand: usize) -> i64 {
        self.row_of(demand).map_or(0, |tier| self.law.points(tier, 1))
    }

    /// The surcharges of all whom the rows leave out.
    pub(crate) fn surcharge_of_rows(&self) -> i64 {
        let all = self.law.count(|_| true);
        let out = self.rows.iter().zip(all).map(|(row, all)| all - row.min(&all));
        out.enumerate().map(|(tier, out)| self.law.points(tier, out)).sum()
    }
}

/// Solves an instance with its surcharges where these alone do not keep the tiers, or not the flow alone the costs: first the
/// most of each tier, then the costs, with rows.
pub(crate) fn climb(
    surcharged: &Instance,
    earlier: Option<&Earlier>,
    mut meter: Meter,
    seed: Seed,
    law: &Law,
) -> Climbed {
    let milder = law.milder(surcharged);
    let mild = surcharged.surcharged(|demand| milder.surcharge_of(demand) - law.surcharge_of(demand));
    let mut strict = Strict::new(milder.clone(), &mild);
    let (starts, bound) = most(&mild, earlier, &mut strict, &mut meter, seed);
    let mut climbed = climb_keeping(&mild, meter, seed, &strict, &starts, bound);
    // Back to the surcharges that were asked for: they are the same for all plans with the same counts.
    let plan = &mut climbed.plan;
    let more = law.surcharge(&plan.assign) - milder.surcharge(&plan.assign);
    plan.objective += more;
    plan.split.unplaced += more;
    plan.bound = plan.bound.map(|bound| bound + more);
    let of_flow = |network: &Network| (0..mild.resources().len()).map(|index| Some(network.price(index))).collect();
    let mut prices = climbed.prices.or_else(|| climbed.pieces.first().and_then(Piece::network).map(of_flow));
    for price in prices.iter_mut().flatten() {
        *price = price.filter(|points| is_of_points(*points, milder.unit));
    }
    let mild = mild.into();
    let pieces = climbed.pieces.into_iter().map(|piece| piece.searched_as(&mild)).collect();
    Climbed { prices, pieces, ..climbed }
}

/// Finds the most of each tier, the highest first, as rows and as far as it is proved: by one flow where it carries all limits
/// or meets them, else tier by tier, each from the assignment of the one before. The assignments it came to, one at least with
/// the counts of the rows, and a bound on the whole where there is one; none where there can be no rows.
fn most(
    instance: &Instance,
    earlier: Option<&Earlier>,
    strict: &mut Strict,
    meter: &mut Meter,
    seed: Seed,
) -> (Vec<Vec<Option<usize>>>, Option<i64>) {
    let (law, tiers) = (&strict.law, strict.law.tiers);
    let Some(bare) = law.of_first(tiers).without_costs(instance) else { return (Vec::new(), None) };
    let order = by_penalty(&bare);
    let mut network = Network::new(&bare);
    network.insert_all(&bare, &order, meter);
    let mut assign = filled(&bare, &network.assignment(), &order, meter);
    let before = earlier.map(|earlier| earlier.places().to_vec());
    if let Some(before) = &before {
        let found = filled(&bare, before, &order, meter);
        if law.placed(&found) > law.placed(&assign) {
            assign = found;
        }
    }
    let mut most = strict.most.clone();
    let relaxed = law.placed(&network.assignment());
    let (mut cheap, mut bound) = (None, None);
    if network.is_complete() && law.placed(&assign) != relaxed && meter.open() {
        // Costs lead the search better than none, and what they lead to is cheap if it turns out to have the best counts.
        let found = climb_within(instance, earlier, meter.of_part(1, 3, 3), seed, None);
        meter.note(usize::try_from(found.plan.work).unwrap_or(usize::MAX));
        bound = found.plan.bound;
        let found = filled(&bare, &found.plan.assign, &order, meter);
        if law.placed(&found) > law.placed(&assign) {
            assign.clone_from(&found);
        }
        cheap = Some(found);
    }
    // What fewer limits allow is the most, as long as the tiers above have theirs.
    let mut known = 0;
    while network.is_complete() && known < tiers {
        most[known] = relaxed[known];
        if law.placed(&assign)[known] < relaxed[known] {
            break;
        }
        known += 1;
    }
    let mut proved = network.is_complete();
    while known < tiers && meter.open() {
        let tier = known;
        known += 1;
        let law = law.of_first(known);
        let rows = law.placed(&assign)[..tier].to_vec();
        let Some(bare_here) = law.without_costs(instance) else { break };
        let rows = Strict { rows, ..Strict::new(law, &bare_here) };
        let left = tiers - tier;
        let share = meter.of_part(1, left + 1, tiers + 1);
        let found = climb_keeping(&bare_here, share, seed, &rows, std::slice::from_ref(&assign), None);
        meter.note(usize::try_from(found.plan.work).unwrap_or(usize::MAX));
        let filled = filled(&bare, &found.plan.assign, &order, meter);
        if strict.law.placed(&filled) > strict.law.placed(&assign) {
            assign = filled;
        }
        if proved {
            most[tier] = most[tier].min(rows.most_by(found.plan.bound));
            proved = strict.law.placed(&assign)[tier] == most[tier];
        }
    }
    strict.rows = law.placed(&assign);
    strict.most = most;
    ([assign].into_iter().chain(cheap).chain(before).collect(), bound)
}

/// An assignment with everybody more in it who can be, the highest tier first.
fn filled(bare: &Instance, assign: &[Option<usize>], order: &[usize], meter: &mut Meter) -> Vec<Option<usize>> {
    let mut state = State::of(bare, assign, order);
    greedy::fill(&mut state, order, meter);
    state.assignment()
}

impl Strict {
    /// The most of the tier after the rows, by a bound on its problem without costs.
    fn most_by(&self, bound: Option<i64>) -> usize {
        let tier = self.rows.len();
        let all = self.law.count(|_| true)[tier];
        let out = bound.map_or(0, |bound| (bound - self.surcharge_of_rows()).max(0));
        // Whoever is left out in part is left out.
        let unit = self.law.points(tier, 1);
        let out = out.div_euclid(unit) + i64::from(out.rem_euclid(unit) > 0);
        all.saturating_sub(usize::try_from(out).unwrap_or(usize::MAX))
    }
}
