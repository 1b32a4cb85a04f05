//! The ladder: greedy, flow or prices, repair, exact, each only while the budget is open, the best answer in hand all the
//! while.
//!
//! Its job is the order of the rungs and the honesty of the plan: what is proved, what stopped it. It must never hand out
//! an assignment it has not priced in integers, nor wait past the budget.

mod in_parts;

use crate::again::Earlier;
use crate::ascent;
use crate::budget::{Budget, Meter, Seed};
use crate::duals::Priced;
use crate::exact::{self, Finding, Model, Silence, Task};
use crate::flow::Network;
use crate::greedy;
use crate::improve::{self, Columns};
use crate::instance::Instance;
use crate::parts::parts;
use crate::pieces::Piece;
use crate::plan::{Outcome, Plan, Rung, StoppedBy, Trace};
#[cfg(feature = "highs")]
use crate::priced;
use crate::proof::{Below, Proof};
use crate::round;
use crate::rules::{State, by_penalty};
use crate::strict::{self, Law, Lawful, Strict};
use crate::supply::Supply;
use std::cmp::Ordering;
use std::time::Duration;

/// How many placements of each demand, on average, the moves try one after the other.
const PLACEMENTS_TRIED: [usize; 3] = [2, 4, 12];

/// How often what the exact rung looks at is narrowed by a quarter to fit it.
const NARROWED_MAX: usize = 16;

/// A plan, with the network it may come from.
pub(crate) struct Climbed {
    pub(crate) plan: Plan,
    /// What is left to ask about: the whole, or each part.
    pub(crate) pieces: Vec<Piece>,
    /// The price of each resource by the relaxation, in points, where it was found; of each part by the flow where it was not.
    pub(crate) prices: Option<Vec<Option<i64>>>,
    /// The most of each strict tier that a plan with the best counts may place, as far as is proved; none without strict tiers.
    pub(crate) most: Vec<usize>,
    /// What was searched, where tiers are strict.
    pub(crate) lawful: Option<Lawful>,
}

/// Climbs as far as the budget goes, from what an earlier search knows if there was one.
pub(crate) fn climb(instance: &Instance, earlier: Option<&Earlier>, budget: Budget, seed: Seed) -> Climbed {
    let meter = Meter::start(budget);
    let Some(law) = Law::of(instance) else { return climb_within(instance, earlier, meter, seed, None) };
    let surcharged = law.surcharged(instance);
    let climbed = climb_within(&surcharged, earlier, meter, seed, Some(law.clone()));
    law.told(instance, surcharged, climbed)
}

/// Climbs within what a meter has left; without a law as if there were none.
pub(crate) fn climb_within(
    instance: &Instance,
    earlier: Option<&Earlier>,
    meter: Meter,
    seed: Seed,
    law: Option<Law>,
) -> Climbed {
    let mut climb = Climb::start(instance, meter, law.as_ref().map(|law| Strict::new(law.clone(), instance)));
    if let Some(earlier) = earlier {
        climb.begin_from(earlier);
    }
    if !climb.meter.open() {
        return climb.end(None, None);
    }
    let network = climb.build(|| Network::new(instance));
    if !network.is_whole() {
        let parts = climb.build(|| parts(instance));
        if !parts.is_empty() {
            let (prices, pieces) = climb.by_parts(parts, seed);
            return Climbed { pieces, prices: Some(prices), ..climb.end(None, None) };
        }
        if let Some(law) = law {
            return strict::climb(instance, earlier, climb.meter, seed, &law);
        }
    }
    climb.go_on(network, seed)
}

/// Climbs from the best of some assignments, one of which keeps the rows, and keeps them; `bound` is proved already.
pub(crate) fn climb_keeping(
    instance: &Instance,
    meter: Meter,
    seed: Seed,
    rows: &Strict,
    starts: &[Vec<Option<usize>>],
    bound: Option<i64>,
) -> Climbed {
    let mut climb = Climb::start(instance, meter, Some(rows.clone()));
    starts.iter().for_each(|assign| climb.hold(assign));
    bound.into_iter().for_each(|bound| climb.prove(bound));
    if climb.is_proved() || !climb.meter.open() {
        return climb.end(None, None);
    }
    let network = climb.build(|| Network::new(instance));
    climb.go_on(network, seed)
}

struct Climb<'a> {
    instance: &'a Instance,
    /// Where an earlier search ended, if there was one.
    earlier: Option<&'a Earlier>,
    order: Vec<usize>,
    meter: Meter,
    best: State<'a>,
    strict: Option<Strict>,
    rung: Rung,
    bound: Option<i64>,
    skipped: Option<StoppedBy>,
    rounds: usize,
    columns: usize,
    trace: Vec<Trace>,
    traced: Duration,
    built: Duration,
    /// Whether there was too little time for the relaxation: where there is another turn, what is tried without it would only
    /// take time from the others.
    put_off: bool,
}

impl<'a> Climb<'a> {
    /// Greedy, whatever the budget.
    fn start(instance: &'a Instance, mut meter: Meter, strict: Option<Strict>) -> Self {
        let order = by_penalty(instance);
        let mut best = State::new(instance);
        let built = meter.elapsed();
        greedy::fill(&mut best, &order, &mut meter);
        let mut climb = Self {
            instance,
            earlier: None,
            order,
            meter,
            best,
            strict,
            rung: Rung::Greedy,
            bound: None,
            skipped: None,
            rounds: 0,
            columns: 0,
            trace: Vec::new(),
            traced: Duration::ZERO,
            built,
            put_off: false,
        };
        climb.record(Rung::Greedy, Outcome::Completed);
        climb
    }

    /// Counts the time of making something the rungs stand on.
    fn build<T>(&mut self, make: impl FnOnce() -> T) -> T {
        let began = self.meter.elapsed();
        let made = make();
        self.built += self.meter.elapsed().saturating_sub(began);
        made
    }

    /// All of one piece, over this network.
    fn go_on(mut self, mut network: Network, seed: Seed) -> Climbed {
        if !network.is_whole() && ascent::suits(self.instance) {
            let supply = self.build(|| Supply::of(self.instance));
            let priced = self.by_prices(&supply, seed).into_priced();
            return self.end(None, priced);
        }
        self.flow(&mut network);
        let mut priced = None;
        if network.is_complete() && !self.is_proved() {
            priced = self.beyond(&network, seed).into_priced();
        }
        self.end(Some(network), priced)
    }

    /// Begins from where an earlier search ended: what is still allowed of its places, and what they leave room for.
    fn begin_from(&mut self, earlier: &'a Earlier) {
        self.hold(earlier.places());
        earlier.bound().into_iter().for_each(|bound| self.prove(bound));
        self.record(Rung::Repair, Outcome::Completed);
        self.earlier = Some(earlier);
    }

    /// Takes an assignment that keeps the rows into hand, and with it what it leaves room for.
    fn hold(&mut self, assign: &[Option<usize>]) {
        let mut found = State::of(self.instance, assign, &self.order);
        greedy::fill(&mut found, &self.order, &mut self.meter);
        self.offer(found, Rung::Repair);
        self.hold_rows();
    }

    fn flow(&mut self, network: &mut Network) {
        network.insert_all(self.instance, &self.order, &mut self.meter);
        self.prove(network.bound(self.instance));
        let mut found = State::of(self.instance, &network.assignment(), &self.order);
        greedy::fill(&mut found, &self.order, &mut self.meter);
        if network.is_complete() && network.is_whole() {
            // Also on a tie: the network explains this assignment and no other.
            (self.best, self.rung) = (found, Rung::Flow);
            if let Some(strict) = &mut self.strict {
                // Any weights that fall from tier to tier have the best counts here.
                strict.most = strict.law.placed(&network.assignment());
            }
        } else {
            self.offer(found, Rung::Flow);
        }
        let outcome = if network.is_complete() { Outcome::Completed } else { Outcome::Interrupted };
        self.record(Rung::Flow, outcome);
    }

    /// Where few resources take many each: prices natively, what they suggest, moves, and exact where that is small enough.
    fn by_prices(&mut self, supply: &Supply, seed: Seed) -> Proof<'static> {
        let priced = ascent::ascend(self.instance, supply, self.earlier, &mut self.meter);
        self.prove(priced.paid.bound);
        let open = self.meter.open();
        self.record(Rung::Prices, ended(open));
        let mut proof = Proof::Prices(Box::new(priced));
        if open && !self.is_proved() {
            self.around(&mut proof, supply, seed);
        }
        proof
    }

    /// Raises the bound of prices by counting, for what is better than what is in hand.
    fn count(&mut self, proof: &mut Proof<'_>, supply: &Supply) {
        let Proof::Prices(priced) = proof else { return };
        let open = priced.count(self.instance, supply, self.best.objective(), &mut self.meter);
        self.prove(priced.paid.bound);
        self.record(Rung::Prices, ended(open));
    }

    /// What prices suggest, and what is better near it.
    fn around(&mut self, proof: &mut Proof<'_>, supply: &Supply, seed: Seed) {
        let Proof::Prices(priced) = proof else { return };
        let mut found = round::assign(self.instance, priced, &mut self.meter);
        greedy::fill(&mut found, &self.order, &mut self.meter);
        // Where little has changed what was there before is better than what prices suggest; not always what is near it.
        let in_hand = self.rank(&found).is_lt().then(|| self.best.clone());
        self.offer(found.clone(), Rung::Repair);
        let mut starts: Vec<State<'_>> = in_hand.into_iter().chain([found]).collect();
        self.record(Rung::Repair, ended(true));
        self.count(proof, supply);
        // Near the prices first: a few placements each are quickly tried, and nearly all that helps is among them.
        let all = self.columns(proof);
        let mut finished = true;
        for each in PLACEMENTS_TRIED {
            let limit = all.limit_of(each * self.order.len()).unwrap_or(i64::MAX);
            let columns = all.within(self.instance, limit.min(self.best.objective()));
            for state in &mut starts {
                finished = finished && improve::descend(state, &columns, &self.order, &mut self.meter);
                self.offer(state.clone(), Rung::Repair);
            }
            starts.sort_by_key(State::objective);
            starts.truncate(1);
            self.record(Rung::Repair, ended(finished));
        }
        // A part small enough to be solved in no time makes the rest smaller; only then the whole, and at last by seed.
        let wide = exact::columns_max(self.meter.wall());
        for (largest, shaken) in [(wide / 3, false), (wide, false), (wide, true)] {
            self.count(proof, supply);
            if self.is_proved() || self.exact(proof, largest) || self.is_proved() {
                return;
            }
            let left = self.columns(proof);
            let mut state = self.best.clone();
            let finished = (!shaken || improve::shake(&mut state, &left, seed, &mut self.meter))
                && improve::descend(&mut state, &left, &self.order, &mut self.meter);
            self.offer(state, Rung::Repair);
            self.record(Rung::Repair, ended(finished));
            if !finished {
                return;
            }
        }
    }

    /// What a flow cannot say: the priced relaxation or else repair, then exact, then repair by seed.
    fn beyond<'n>(&mut self, network: &'n Network, seed: Seed) -> Proof<'n> {
        let proof = self.price_all(network);
        if !(self.put_off && self.meter.comes_again()) {
            self.search(network, &proof, seed);
        }
        proof
    }

    /// What is better than what is in hand, by what is proved.
    fn search(&mut self, network: &Network, proof: &Proof<'_>, seed: Seed) {
        // What the relaxation proves and rounds is better than what moves from the flow come to, and takes less time.
        if matches!(proof, Proof::Flow(_)) && !self.repair(network) {
            return;
        }
        if self.is_proved() || self.exact(proof, exact::columns_max(self.meter.wall())) || self.is_proved() {
            return;
        }
        let left = self.columns(proof);
        let mut state = self.best.clone();
        let finished = improve::shake(&mut state, &left, seed, &mut self.meter)
            && improve::descend(&mut state, &left, &self.order, &mut self.meter);
        self.offer(state, Rung::Repair);
        self.record(Rung::Repair, ended(finished));
        // A better answer leaves fewer columns: it may be small enough now.
        if finished && self.skipped == Some(StoppedBy::SizeLimit) && !self.is_proved() {
            self.exact(proof, exact::columns_max(self.meter.wall()));
        }
    }

    /// Moves from what the flow and the greedy rung found, until none helps; false if the meter stopped it.
    fn repair(&mut self, network: &Network) -> bool {
        if !self.meter.open() {
            return false;
        }
        let columns = self.columns(&Proof::Flow(network));
        let mut finished = true;
        let greedy = {
            let mut state = State::new(self.instance);
            greedy::fill(&mut state, &self.order, &mut self.meter);
            state
        };
        let mut starts = vec![State::of(self.instance, &network.assignment(), &self.order), greedy];
        if self.strict.is_some() || self.earlier.is_some() {
            // Neither may keep the rows, nor be as good as what was there before.
            starts.push(self.best.clone());
        }
        // The better first: the budget may not reach the other.
        starts.sort_by_key(State::objective);
        for mut state in starts {
            finished = finished && improve::descend(&mut state, &columns, &self.order, &mut self.meter);
            self.offer(state, Rung::Repair);
        }
        self.record(Rung::Repair, ended(finished));
        finished
    }

    /// Without HiGHS there are no prices of a relaxation: what the flow proves has to do.
    #[cfg(not(feature = "highs"))]
    #[expect(clippy::unused_self, reason = "as the one with HiGHS")]
    fn price_all<'n>(&mut self, network: &'n Network) -> Proof<'n> {
        Proof::Flow(network)
    }

    /// The relaxation over all placements, by pricing; what it leaves in fractions is completed natively.
    #[cfg(feature = "highs")]
    fn price_all<'n>(&mut self, network: &'n Network) -> Proof<'n> {
        if self.meter.only_native() {
            return Proof::Flow(network);
        }
        let relaxed =
            match priced::relax(self.instance, network, self.earlier, &self.best.assignment(), &mut self.meter) {
                Ok(relaxed) => relaxed,
                Err(silence) => {
                    self.put_off = silence == Silence::TimedOut;
                    let outcome = match silence {
                        Silence::Busy => Outcome::SkippedBusy,
                        Silence::TimedOut => Outcome::Interrupted,
                        Silence::Failed => Outcome::Failed,
                    };
                    self.record(Rung::Lp, outcome);
                    return Proof::Flow(network);
                }
            };
        self.prove(relaxed.priced.paid.bound);
        let mut found = State::of(self.instance, &relaxed.assign, &self.order);
        let (whole, complete) = (relaxed.whole, relaxed.complete);
        (self.rounds, self.columns) = (relaxed.rounds, relaxed.columns);
        // Prices of a relaxation that was cut short may prove less than the flow.
        let proof = if complete || relaxed.priced.paid.bound > network.bound(self.instance) {
            Proof::Prices(Box::new(relaxed.priced))
        } else {
            Proof::Flow(network)
        };
        if !(whole && complete) {
            let columns = self.columns(&proof);
            greedy::fill(&mut found, &self.order, &mut self.meter);
            improve::descend(&mut found, &columns, &self.order, &mut self.meter);
        }
        self.offer(found, if whole { Rung::Lp } else { Rung::Repair });
        self.record(Rung::Lp, ended(complete));
        proof
    }

    /// Relaxation and, where it leaves fractions, branching on the solver thread, over as much of what can beat the best in
    /// hand as its size allows; whether there is nothing left to try.
    fn exact(&mut self, proof: &Proof<'_>, largest: usize) -> bool {
        if !self.meter.open() {
            return true;
        }
        if self.meter.only_native() {
            self.skip(StoppedBy::Busy, Outcome::SkippedBusy);
            return false;
        }
        let Some((limit, mut model)) = self.model(proof, largest) else {
            if !self.meter.open() {
                return true;
            }
            self.skip(StoppedBy::SizeLimit, Outcome::SkippedForSize);
            return false;
        };
        self.skipped = (limit < self.best.objective()).then_some(StoppedBy::SizeLimit);
        self.columns = self.columns.max(model.size());
        let columns = self.columns(proof).within(self.instance, limit);
        // Prices of the relaxation have said what it can say.
        let tasks: &[(Task, Rung)] = match proof {
            Proof::Flow(_) => &[(Task::Relax, Rung::Lp), (Task::Branch, Rung::Mip)],
            Proof::Prices(_) => &[(Task::Branch, Rung::Mip)],
        };
        for &(task, rung) in tasks {
            let finding = match exact::fly(model, task, self.meter.remaining()) {
                Ok(finding) => finding,
                Err(silence) => return self.unanswered(silence, rung),
            };
            self.take(&finding, &columns, rung);
            // What rows hold was taken out of its points.
            let by_rows = self.strict.as_ref().map_or(0, Strict::surcharge_of_rows);
            let sound = finding.bound.is_none_or(|bound| self.prove_below(bound.saturating_add(by_rows), limit));
            self.record(rung, if sound { ended(finding.bound.is_some()) } else { Outcome::Failed });
            if self.is_proved() || finding.whole {
                return self.is_proved();
            }
            model = finding.model;
        }
        false
    }

    /// The model over what a solution below a limit may do: below the best in hand, or, where that is too large, as far above
    /// the bound as the size allows. `None` where hardly anything is small enough, or the meter stopped it.
    fn model(&mut self, proof: &Proof<'_>, largest: usize) -> Option<(i64, Model)> {
        let floor = proof.bound(self.instance);
        let mut limit = self.best.objective();
        for _ in 0..NARROWED_MAX {
            // Each look goes over all placements.
            self.meter.note(self.instance.demands().iter().map(|demand| demand.arcs.len()).sum());
            if !self.meter.open() {
                return None;
            }
            let began = self.meter.elapsed();
            let below = Below { instance: self.instance, proof, floor, limit };
            let model = Model::new(self.instance, &below, &self.best.assignment(), self.strict.as_ref());
            self.built += self.meter.elapsed().saturating_sub(began);
            if model.size() <= largest {
                return Some((limit, model));
            }
            limit = floor + (limit - floor) * 3 / 4;
        }
        None
    }

    /// Notes why the solver thread said nothing; whether there is nothing left to try.
    fn unanswered(&mut self, silence: Silence, rung: Rung) -> bool {
        match silence {
            Silence::Busy => self.skip(StoppedBy::Busy, Outcome::SkippedBusy),
            Silence::Failed => self.record(rung, Outcome::Failed),
            Silence::TimedOut => {
                self.meter.stop_for_wall();
                self.record(rung, Outcome::Interrupted);
            }
        }
        silence == Silence::TimedOut
    }

    /// Prices what the solver thread found, as far as it is feasible, and completes natively what it left in fractions.
    fn take(&mut self, finding: &Finding, columns: &Columns, rung: Rung) {
        let mut found = State::of(self.instance, &finding.assign, &self.order);
        if !finding.whole {
            greedy::fill(&mut found, &self.order, &mut self.meter);
            improve::descend(&mut found, columns, &self.order, &mut self.meter);
        }
        self.offer(found, if finding.whole { rung } else { Rung::Repair });
    }

    /// The placements that may be part of something better than what is in hand.
    fn columns(&self, proof: &Proof<'_>) -> Columns {
        let limit = self.best.objective();
        match proof {
            Proof::Flow(network) => {
                let reduced_cost = |demand, arc| network.reduced_cost(self.instance, demand, arc);
                Columns::new(self.instance, network.bound(self.instance), limit, reduced_cost)
            }
            Proof::Prices(priced) => {
                let reduced_cost = |demand, arc| priced.reduced_cost(self.instance, demand, arc);
                Columns::new(self.instance, priced.paid.bound, limit, reduced_cost)
            }
        }
    }

    /// How good it is beside what is in hand: more of the first strict tier in which they differ, or else fewer points.
    fn rank(&self, found: &State<'_>) -> Ordering {
        let ranked = self.strict.as_ref().map_or(Ordering::Equal, |strict| {
            strict.law.placed(&found.assignment()).cmp(&strict.law.placed(&self.best.assignment()))
        });
        ranked.then_with(|| self.best.objective().cmp(&found.objective()))
    }

    fn offer(&mut self, found: State<'a>, rung: Rung) {
        if self.rank(&found).is_gt() {
            (self.best, self.rung) = (found, rung);
            self.hold_rows();
        }
    }

    /// Holds the rows to what is in hand, which never places fewer of them; a bound proved for other counts is none.
    fn hold_rows(&mut self) {
        let Some(strict) = &mut self.strict else { return };
        let mut placed = strict.law.placed(&self.best.assignment());
        placed.truncate(strict.rows.len());
        if strict.rows != placed {
            strict.rows = placed;
            self.bound = None;
        }
    }

    fn prove(&mut self, bound: i64) {
        self.bound = self.bound.max(Some(bound));
    }

    /// Takes a bound proved over the columns that can beat `limit`: nothing else costs less than `limit`. False if it
    /// contradicts an assignment in hand, so that it must be float error.
    fn prove_below(&mut self, bound: i64, limit: i64) -> bool {
        let bound = bound.min(limit);
        if bound > self.best.objective() {
            return false;
        }
        self.prove(bound);
        true
    }

    fn is_proved(&self) -> bool {
        self.bound == Some(self.best.objective())
    }

    fn skip(&mut self, why: StoppedBy, outcome: Outcome) {
        self.skipped = Some(why);
        self.record(Rung::Lp, outcome);
    }

    fn record(&mut self, rung: Rung, outcome: Outcome) {
        let now = self.meter.elapsed();
        let elapsed = now.saturating_sub(self.traced);
        self.traced = now;
        // In points of the instance: a surcharge is none.
        let surcharge = self.strict.as_ref().map_or(0, |strict| strict.law.surcharge(&self.best.assignment()));
        let bound = self.bound.map(|bound| (bound - surcharge).max(0));
        self.trace.push(Trace { rung, outcome, objective: self.best.objective() - surcharge, bound, elapsed });
    }

    fn end(self, network: Option<Network>, priced: Option<Box<Priced>>) -> Climbed {
        let price = |priced: &Priced| {
            (0..self.instance.resources().len()).map(|index| Some(priced.price(self.instance, index))).collect()
        };
        let prices = priced.as_deref().map(price);
        let met = self.strict.as_ref().is_none_or(|strict| strict.is_met(&self.best.assignment()));
        let optimal = self.is_proved() && met;
        let stopped_by = match self.meter.stopped().or(self.skipped) {
            _ if optimal => StoppedBy::Proof,
            Some(why) => why,
            None => StoppedBy::Exhausted,
        };
        let plan = Plan {
            assign: self.best.assignment(),
            objective: self.best.objective(),
            split: self.best.split(),
            bound: self.bound,
            optimal,
            unavoidable: self.instance.unavoidable(),
            rung: self.rung,
            stopped_by,
            work: self.meter.spent(),
            rounds: self.rounds,
            columns: self.columns,
            elapsed: self.meter.elapsed(),
            built: self.built,
            trace: self.trace,
            tiers: None,
        };
        let most = self.strict.map_or_else(Vec::new, |strict| strict.most);
        let pieces = vec![Piece::new(plan.objective, plan.bound, network, priced)];
        Climbed { plan, pieces, prices, most, lawful: None }
    }
}

fn ended(finished: bool) -> Outcome {
    if finished { Outcome::Completed } else { Outcome::Interrupted }
}
