//! Where places are missing: the plan asked for one place more.

use chrono::{DateTime, Utc};

use super::{Booking, Failure};
use crate::domain::Slot;
use crate::matching::{Candidate, Effort, Scarce};

/// How many kinds of places are told of: those somebody may ask for by telephone.
const TOLD: usize = 6;

/// What a plan says of missing places.
#[derive(Debug, Clone)]
pub struct Scarcity {
    /// The instant of the plan.
    pub as_of: DateTime<Utc>,
    /// Whether it is proved: without that nothing is told.
    pub optimal: bool,
    /// Where one place more helps most, the best first.
    pub items: Vec<Scarce>,
}

impl Booking {
    /// Where one place more would help those who wait and those who are expected, by a plan of now.
    ///
    /// # Errors
    /// The optimiser's.
    pub async fn scarcity(&self) -> Result<Scarcity, Failure> {
        let budget = self.policy.budget;
        let pool = self.plan(budget).await?;
        let as_of = pool.made_at();
        let (gone, travel) = (self.gone(as_of), self.travel.clone());
        let ask = move |effort: Effort| {
            let items = pool.scarce(gone, TOLD, travel.as_ref(), effort.within(budget));
            Ok(Scarcity { as_of, optimal: items.is_some(), items: items.unwrap_or_default() })
        };
        self.on_solver(budget, ask).await
    }

    /// Slots ahead of which no place is left, as if they had one and nobody in it.
    fn gone(&self, now: DateTime<Utc>) -> Vec<Candidate> {
        let ahead = now + self.policy.horizon;
        let full = self.view.read(|state| {
            let slots = state.slots.starting_in(now, ahead).map(|placed| &placed.slot);
            let full =
                slots.filter(|slot| slot.withdrawn_at.is_none() && slot.start > now && slot.places_left(now) == 0);
            let known = full.filter_map(|slot| Some((slot.clone(), state.directory.get(slot.practitioner)?.clone())));
            known.collect::<Vec<_>>()
        });
        let emptied = |slot: &Slot| Slot { capacity: 1, holds: Vec::new(), bookings: Vec::new(), ..slot.clone() };
        full.into_iter().filter_map(|(slot, whose)| self.candidate(emptied(&slot).into(), whose)).collect()
    }
}
