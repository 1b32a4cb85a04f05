//! The ladder where an instance falls into parts: each is climbed for itself, and the whole is put together from them.
//!
//! Bounds add up, and so do the counts of strict tiers. A part spends its share of the budget; what the others leave of theirs
//! goes to those that theirs was too short for. It must never spend more than that.

use super::{Climb, Climbed, climb_within, ended};
use crate::budget::{Meter, Seed};
use crate::parts::Part;
use crate::pieces::Piece;
use crate::plan::{Outcome, Plan, Rung, StoppedBy};
use crate::rules::State;
use std::time::Duration;

/// A part is climbed again where it can have so many times the time it had: with less it would seldom come further.
const LONGER: u32 = 2;

/// A part with what was found, and the time that took or was there for it.
struct Found {
    part: Part,
    climbed: Climbed,
    had: Duration,
}

impl Found {
    /// Whether more time may find more. Work decides alike however long it takes: what it ended is over.
    fn was_short_of_time(&self) -> bool {
        let plan = &self.climbed.plan;
        let cut_short = || plan.trace.iter().any(|step| step.outcome == Outcome::Interrupted);
        match plan.stopped_by {
            StoppedBy::Proof | StoppedBy::Work => false,
            StoppedBy::Wall => true,
            _ => cut_short(),
        }
    }
}

impl Climb<'_> {
    /// Each part for itself, within its share of the budget; the prices it found, and what is left of it.
    pub(super) fn by_parts(&mut self, parts: Vec<Part>, seed: Seed) -> (Vec<Option<i64>>, Vec<Piece>) {
        let whole: usize = parts.iter().map(|part| part.size).sum();
        let mut left = whole;
        let mut all = Vec::with_capacity(parts.len());
        for part in parts {
            let meter = self.meter.of_part(part.size, left, whole);
            left -= part.size;
            let meter = if left > 0 { meter.of_whoever_comes_again() } else { meter };
            let began = self.meter.elapsed();
            let climbed = self.climb_part(&part, meter, seed);
            let had = self.meter.elapsed().saturating_sub(began);
            all.push(Found { part, climbed, had });
        }
        self.climb_again(&mut all, whole, seed);
        self.put_together(all)
    }

    /// A part within what its meter has.
    fn climb_part(&mut self, part: &Part, meter: Meter, seed: Seed) -> Climbed {
        let earlier = self.earlier.map(|earlier| earlier.of_part(self.instance, part));
        let law = self.strict.as_ref().map(|strict| strict.law.of_part(&part.demands));
        let climbed = climb_within(&part.instance, earlier.as_ref(), meter, seed, law);
        let plan = &climbed.plan;
        self.meter.note(usize::try_from(plan.work).unwrap_or(usize::MAX));
        self.rounds = self.rounds.max(plan.rounds);
        self.columns = self.columns.max(plan.columns);
        self.built += plan.built;
        self.record(plan.rung, ended(plan.optimal));
        climbed
    }

    /// What is left of the time goes to those that had too little, as long as that is much more than they had.
    fn climb_again(&mut self, all: &mut [Found], whole: usize, seed: Seed) {
        loop {
            let mut left: usize =
                all.iter().filter(|found| found.was_short_of_time()).map(|found| found.part.size).sum();
            let mut again = false;
            for found in all.iter_mut().filter(|found| found.was_short_of_time()) {
                let meter = self.meter.of_part(found.part.size, left, whole);
                left -= found.part.size;
                let has = meter.remaining();
                if has < found.had * LONGER || has.is_zero() {
                    continue;
                }
                (again, found.had) = (true, has);
                let climbed = self.climb_part(&found.part, meter, seed);
                if self.is_as_good(&climbed.plan, found) {
                    found.climbed = climbed;
                }
            }
            if !again {
                return;
            }
        }
    }

    /// Whether a plan of a part is as good as the one found before, and proves as much.
    fn is_as_good(&self, plan: &Plan, before: &Found) -> bool {
        let known = &before.climbed.plan;
        let law = self.strict.as_ref().map(|strict| strict.law.of_part(&before.part.demands));
        let placed = |plan: &Plan| law.as_ref().map(|law| law.placed(&plan.assign));
        match placed(plan).cmp(&placed(known)) {
            std::cmp::Ordering::Equal => plan.objective <= known.objective && plan.bound >= known.bound,
            counts => counts.is_gt(),
        }
    }

    /// The whole from its parts.
    fn put_together(&mut self, all: Vec<Found>) -> (Vec<Option<i64>>, Vec<Piece>) {
        let mut pieces = Vec::with_capacity(all.len());
        let mut prices = vec![None; self.instance.resources().len()];
        let mut assign = vec![None; self.instance.demands().len()];
        // Those in no part pay their penalty, whatever is done.
        let mut bound = Some(self.instance.demands().iter().map(|demand| demand.penalty).sum::<i64>());
        let mut rung = Rung::Greedy;
        let mut most = Vec::new();
        for Found { part, climbed, .. } in all {
            let Part { instance, demands, resources, .. } = part;
            let Climbed { plan, pieces: of_it, prices: found, most: of_part, .. } = climbed;
            most.push(of_part);
            let outside = instance.demands().iter().map(|demand| demand.penalty).sum::<i64>();
            bound = bound.zip(plan.bound).map(|(bound, of_part)| bound - outside + of_part);
            for (&demand, place) in demands.iter().zip(&plan.assign) {
                assign[demand] = place.map(|place| resources[place]);
            }
            for (index, &resource) in resources.iter().enumerate() {
                let of_flow = of_it.first().and_then(Piece::network).map(|network| network.price(index));
                prices[resource] = found.as_ref().map_or(of_flow, |found| found[index]);
            }
            let instance = instance.into();
            pieces.extend(of_it.into_iter().map(|piece| piece.searched_as(&instance).within(&demands, &resources)));
            if !plan.optimal {
                self.skipped = Some(plan.stopped_by);
            }
            // The largest part comes last.
            rung = plan.rung;
        }
        if let Some(strict) = &mut self.strict {
            // The best counts of the whole are the best of each part.
            let tiers = 0..strict.most.len();
            strict.most = tiers.map(|tier| most.iter().map(|of_part| of_part[tier]).sum()).collect();
        }
        let found = State::of(self.instance, &assign, &self.order);
        if self.rank(&found).is_ge() {
            // Also on a tie: the parts explain this assignment and no other.
            (self.best, self.rung) = (found, rung);
        }
        bound.into_iter().for_each(|bound| self.prove(bound));
        self.record(rung, ended(self.is_proved()));
        (prices, pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::instance::{Arc, Demand, Instance, Resource};
    use crate::parts::parts;

    /// Two parts of two who want the same place.
    fn instance() -> Instance {
        let demand = |first: usize| {
            let arcs = [(first, 1), (first + 1, 5)].map(|(resource, cost)| Arc { resource, cost }).to_vec();
            Demand { penalty: 50, arcs, ..Demand::default() }
        };
        Instance::new([0, 0, 2, 2].map(demand).to_vec(), vec![Resource { capacity: 1 }; 4], vec![]).unwrap()
    }

    #[test]
    fn time_that_others_left_goes_to_a_part_that_had_too_little() {
        let instance = instance();
        let bound_of = |left: Duration| {
            let mut climb = Climb::start(&instance, Meter::start(Budget::wall(left)), None);
            let none = || Meter::start(Budget::wall(Duration::ZERO));
            let mut all: Vec<Found> = Vec::new();
            for part in parts(&instance) {
                let climbed = climb.climb_part(&part, none(), Seed::default());
                all.push(Found { part, climbed, had: Duration::ZERO });
            }
            let short = all.iter().filter(|found| found.was_short_of_time()).count();
            let whole = all.iter().map(|found| found.part.size).sum();
            climb.climb_again(&mut all, whole, Seed::default());
            climb.put_together(all);
            (short, climb.bound)
        };
        assert_eq!(bound_of(Duration::from_secs(3_600)), (2, Some(12)));
    }
}
