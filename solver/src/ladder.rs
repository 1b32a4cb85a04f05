//! The ladder: greedy, flow, repair, exact, each only while the budget is open, the best answer in hand all the while.
//!
//! Its job is the order of the rungs and the honesty of the plan: what is proved, what stopped it. It must never hand out
//! an assignment it has not priced in integers, nor wait past the budget.

use crate::budget::{Budget, Meter, Seed};
use crate::exact::{self, Finding, Model, Silence, Task};
use crate::flow::Network;
use crate::greedy;
use crate::improve::{self, Columns};
use crate::instance::Instance;
use crate::plan::{Outcome, Plan, Rung, StoppedBy, Trace};
#[cfg(feature = "highs")]
use crate::priced::{self, Relaxed};
use crate::rules::{State, by_penalty};
use std::time::Duration;

/// A plan, with the network it may come from.
pub(crate) struct Climbed {
    pub(crate) plan: Plan,
    /// Absent when the budget ended before the flow began.
    pub(crate) network: Option<Network>,
}

/// Climbs as far as the budget goes.
pub(crate) fn climb(instance: &Instance, budget: Budget, seed: Seed) -> Climbed {
    let mut climb = Climb::start(instance, budget);
    let network = climb.flow();
    if let Some(network) = network.as_ref().filter(|network| network.is_complete() && !climb.is_proved()) {
        climb.beyond(network, seed);
    }
    Climbed { plan: climb.end(), network }
}

/// What says by how much at least a placement misses the bound.
enum Proof<'n> {
    /// The potentials of the flow.
    Flow(&'n Network),
    /// The prices of the relaxation.
    #[cfg(feature = "highs")]
    Prices(Box<Relaxed>),
}

struct Climb<'a> {
    instance: &'a Instance,
    order: Vec<usize>,
    meter: Meter,
    best: State<'a>,
    rung: Rung,
    bound: Option<i64>,
    skipped: Option<StoppedBy>,
    rounds: usize,
    columns: usize,
    trace: Vec<Trace>,
    traced: Duration,
}

impl<'a> Climb<'a> {
    /// Greedy, whatever the budget.
    fn start(instance: &'a Instance, budget: Budget) -> Self {
        let order = by_penalty(instance);
        let mut meter = Meter::start(budget);
        let mut best = State::new(instance);
        greedy::fill(&mut best, &order, &mut meter);
        let mut climb = Self {
            instance,
            order,
            meter,
            best,
            rung: Rung::Greedy,
            bound: None,
            skipped: None,
            rounds: 0,
            columns: 0,
            trace: Vec::new(),
            traced: Duration::ZERO,
        };
        climb.record(Rung::Greedy, Outcome::Completed);
        climb
    }

    fn flow(&mut self) -> Option<Network> {
        if !self.meter.open() {
            return None;
        }
        let mut network = Network::new(self.instance);
        network.insert_all(self.instance, &self.order, &mut self.meter);
        self.prove(network.bound(self.instance));
        let mut found = State::of(self.instance, &network.assignment(), &self.order);
        greedy::fill(&mut found, &self.order, &mut self.meter);
        if network.is_complete() && network.is_whole() {
            // Also on a tie: the network explains this assignment and no other.
            (self.best, self.rung) = (found, Rung::Flow);
        } else {
            self.offer(found, Rung::Flow);
        }
        let outcome = if network.is_complete() { Outcome::Completed } else { Outcome::Interrupted };
        self.record(Rung::Flow, outcome);
        Some(network)
    }

    /// What a flow cannot say: the priced relaxation or else repair, then exact, then repair by seed.
    fn beyond(&mut self, network: &Network, seed: Seed) {
        let proof = self.price_all(network);
        // What the relaxation proves and rounds is better than what moves from the flow come to, and takes less time.
        if matches!(proof, Proof::Flow(_)) && !self.repair(network) {
            return;
        }
        if self.is_proved() || self.exact(&self.columns(&proof)) || self.is_proved() {
            return;
        }
        let left = self.columns(&proof);
        let mut state = self.best.clone();
        let finished = improve::shake(&mut state, &left, seed, &mut self.meter)
            && improve::descend(&mut state, &left, &self.order, &mut self.meter);
        self.offer(state, Rung::Repair);
        self.record(Rung::Repair, ended(finished));
        // A better answer leaves fewer columns: it may be small enough now.
        if finished && self.skipped == Some(StoppedBy::SizeLimit) && !self.is_proved() {
            let left = self.columns(&proof);
            self.exact(&left);
        }
    }

    /// Moves from what the flow and the greedy rung found, until none helps; false if the meter stopped it.
    fn repair(&mut self, network: &Network) -> bool {
        let columns = self.columns(&Proof::Flow(network));
        let mut finished = true;
        let greedy = {
            let mut state = State::new(self.instance);
            greedy::fill(&mut state, &self.order, &mut self.meter);
            state
        };
        let mut starts = [State::of(self.instance, &network.assignment(), &self.order), greedy];
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
        let Some(relaxed) = priced::relax(self.instance, network, &self.best.assignment(), &mut self.meter) else {
            let outcome = if self.meter.open() { Outcome::SkippedBusy } else { Outcome::Interrupted };
            self.record(Rung::Lp, outcome);
            return Proof::Flow(network);
        };
        self.prove(relaxed.bound);
        let mut found = State::of(self.instance, &relaxed.assign, &self.order);
        let (whole, complete) = (relaxed.whole, relaxed.complete);
        (self.rounds, self.columns) = (relaxed.rounds, relaxed.columns);
        let proof = Proof::Prices(Box::new(relaxed));
        if !whole {
            let columns = self.columns(&proof);
            greedy::fill(&mut found, &self.order, &mut self.meter);
            improve::descend(&mut found, &columns, &self.order, &mut self.meter);
        }
        self.offer(found, if whole { Rung::Lp } else { Rung::Repair });
        self.record(Rung::Lp, ended(complete));
        proof
    }

    /// Relaxation and, where it leaves fractions, branching on the solver thread; whether there is nothing left to try.
    fn exact(&mut self, columns: &Columns) -> bool {
        if !self.meter.open() {
            return true;
        }
        let limit = self.best.objective();
        let mut model = Model::new(self.instance, columns, &self.best.assignment());
        if model.size() > exact::columns_max(self.meter.wall()) {
            self.skip(StoppedBy::SizeLimit, Outcome::SkippedForSize);
            return false;
        }
        self.skipped = None;
        self.columns = self.columns.max(model.size());
        for (task, rung) in [(Task::Relax, Rung::Lp), (Task::Branch, Rung::Mip)] {
            let finding = match exact::fly(model, task, self.meter.remaining()) {
                Ok(finding) => finding,
                Err(silence) => return self.unanswered(silence, rung),
            };
            self.take(&finding, columns, rung);
            let sound = finding.bound.is_none_or(|bound| self.prove_below(bound, limit));
            self.record(rung, if sound { ended(finding.bound.is_some()) } else { Outcome::Failed });
            if self.is_proved() || finding.whole {
                return self.is_proved();
            }
            model = finding.model;
        }
        false
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
            #[cfg(feature = "highs")]
            Proof::Prices(relaxed) => {
                let reduced_cost = |demand, arc| relaxed.reduced_cost(self.instance, demand, arc);
                Columns::new(self.instance, relaxed.bound, limit, reduced_cost)
            }
        }
    }

    fn offer(&mut self, found: State<'a>, rung: Rung) {
        if found.objective() < self.best.objective() {
            (self.best, self.rung) = (found, rung);
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
        self.trace.push(Trace { rung, outcome, objective: self.best.objective(), bound: self.bound, elapsed });
    }

    fn end(self) -> Plan {
        let optimal = self.is_proved();
        let stopped_by = match self.meter.stopped().or(self.skipped) {
            _ if optimal => StoppedBy::Proof,
            Some(why) => why,
            None => StoppedBy::Exhausted,
        };
        Plan {
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
            trace: self.trace,
        }
    }
}

fn ended(finished: bool) -> Outcome {
    if finished { Outcome::Completed } else { Outcome::Interrupted }
}
