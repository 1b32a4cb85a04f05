//! Offers: ranked slots for one request, chosen with everybody who waits in mind, each with its reasons. Advice, never stock:
//! an offer reserves nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::Slot;

/// One slot offered.
#[derive(Debug, Clone)]
pub struct Offer {
    /// 1 is best.
    pub rank: usize,
    /// The slot.
    pub slot: Arc<Slot>,
    /// Door to door, whole minutes; 0 for a slot by video.
    pub travel_minutes: u32,
    /// From now to its start, whole minutes.
    pub wait_minutes: i64,
    /// Why it stands where it does, in French.
    pub reasons: Vec<Reason>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its code.
    pub code: &'static str,
    /// Its sentence, in French.
    pub text: String,
}

/// How the offers were found.
#[derive(Debug, Clone)]
pub struct Search {
    /// Which rung of the ladder produced the plan: `greedy`, `flow`, `lp`, `repair`, `mip`.
    pub rung: &'static str,
    /// Whether the plan is proved optimal.
    pub optimal: bool,
    /// Relative gap to the proved bound; none where nothing is proved.
    pub gap: Option<f64>,
    /// Time given.
    pub budget: Duration,
    /// Time taken.
    pub elapsed: Duration,
    /// Slots looked at for this request.
    pub considered: usize,
    /// Slots set aside by each hard rule (its code), counted at the first rule that says no.
    pub set_aside: BTreeMap<&'static str, usize>,
}

/// What can be offered to a request now.
#[derive(Debug, Clone)]
pub struct Offers {
    /// Best first; empty when nothing suits, and `unserved` says why.
    pub items: Vec<Offer>,
    /// How they were found.
    pub search: Search,
    /// Why the plan finds no place for this request, when it finds none.
    pub unserved: Option<Reason>,
}
