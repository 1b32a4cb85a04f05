//! The ladder where an instance falls into parts: each is climbed for itself, and the whole is put together from them.
//!
//! Bounds add up, and so do the counts of strict tiers. It must never spend more on a part than its share of the budget.

use super::{Climb, Climbed, climb_within, ended};
use crate::budget::Seed;
use crate::parts::Part;
use crate::pieces::Piece;
use crate::plan::Rung;
use crate::rules::State;

impl Climb<'_> {
    /// Each part for itself, within its share of the budget; the prices it found, and what is left of it.
    pub(super) fn by_parts(&mut self, parts: Vec<Part>, seed: Seed) -> (Vec<Option<i64>>, Vec<Piece>) {
        let mut pieces = Vec::with_capacity(parts.len());
        let mut prices = vec![None; self.instance.resources().len()];
        let mut assign = vec![None; self.instance.demands().len()];
        // Those in no part pay their penalty, whatever is done.
        let mut bound = Some(self.instance.demands().iter().map(|demand| demand.penalty).sum::<i64>());
        let whole: usize = parts.iter().map(|part| part.size).sum();
        let mut left = whole;
        let mut rung = Rung::Greedy;
        let mut most = Vec::new();
        for part in parts {
            let earlier = self.earlier.map(|earlier| earlier.of_part(self.instance, &part));
            let Part { instance, demands, resources, size } = part;
            let law = self.strict.as_ref().map(|strict| strict.law.of_part(&demands));
            let Climbed { plan, pieces: of_it, prices: found, most: of_part, .. } =
                climb_within(&instance, earlier.as_ref(), self.meter.of_part(size, left, whole), seed, law);
            most.push(of_part);
            left -= size;
            self.meter.note(usize::try_from(plan.work).unwrap_or(usize::MAX));
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
            self.rounds = self.rounds.max(plan.rounds);
            self.columns = self.columns.max(plan.columns);
            self.built += plan.built;
            // The largest part comes last.
            rung = plan.rung;
            self.record(rung, ended(plan.optimal));
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
