//! Where places are missing: the plan asked for one place more.

use chrono::{DateTime, Utc};

use super::{Booking, Failure};
use crate::matching::{Effort, Scarce};

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
        let ask = move |effort: Effort| {
            let items = pool.scarce(TOLD, effort.within(budget));
            Ok(Scarcity { as_of, optimal: items.is_some(), items: items.unwrap_or_default() })
        };
        self.on_solver(budget, ask).await
    }
}
