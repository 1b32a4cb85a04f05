//! The use-cases that change state, one function each: load, decide, commit. Every edge (JSON, pages, FHIR later) and every
//! test makes the *same* booking through here; no edge talks to a store. Rules are in [`crate::domain::decide`] and
//! [`crate::matching`]; here is only the order of things.
//!
//! Start reading at [`Booking`], then [`driver`].

pub mod attachment;
pub mod call;
pub mod driver;
pub mod erasure;
pub mod expectations;
pub mod explaining;
pub mod intake;
pub mod offers;
pub mod places;
pub mod planner;
pub mod promises;
pub mod qualification;
pub mod regulation;
pub mod scarcity;
pub mod second_contact;
pub mod slots;
pub mod solver_thread;
pub mod sweeper;
pub mod vault;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::domain::time::from_millis;
use crate::domain::{ComplaintId, Retention, Territory};
use crate::geography::travel::TravelTime;
use crate::matching::Forecast;
use crate::receipts::Journal;
use crate::store::{Health, Store};
use crate::triage::Pack;
use crate::views::TerritoryView;

pub use call::{Call, Failure, StoreError};
pub use erasure::{Found, Sought};
pub use explaining::Standing;
pub use intake::{Case, RequestOrder};
pub use offers::{Offer, Offers, Search};
pub use places::Held;
pub use promises::PromiseOrder;
pub use regulation::Queue;
pub use scarcity::Scarcity;
pub use slots::Published;
pub use solver_thread::SolverThread;
pub use vault::{Vault, VaultError};

pub use crate::matching::{Reason, Scarce};

/// What a territory's booking may be set to.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How long a hold lasts, and by how much a call to extend prolongs it.
    pub hold: TimeDelta,
    /// Default budget of the optimiser for one answer.
    pub budget: Duration,
    /// Largest budget a caller may ask for.
    pub budget_max: Duration,
    /// Offers in one answer.
    pub offers_max: usize,
    /// How far ahead slots are searched for a request without a deadline.
    pub horizon: TimeDelta,
    /// Whether the triage pack recommends levels; else a level is always a person's.
    pub triage: bool,
    /// Complaints of the pack it recommends nothing for: the regulation decides.
    pub switched_off: BTreeSet<ComplaintId>,
    /// How long a call may try to learn the outcome of a commit before it answers "unknown".
    pub patience: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            hold: TimeDelta::minutes(5),
            budget: Duration::from_millis(50),
            budget_max: Duration::from_secs(2),
            offers_max: 10,
            horizon: TimeDelta::days(7),
            triage: true,
            switched_off: BTreeSet::new(),
            patience: Duration::from_secs(5),
        }
    }
}

/// Everything one territory's booking needs.
#[derive(Debug)]
pub struct Booking {
    /// The territory.
    pub territory: Arc<Territory>,
    /// Its triage pack.
    pub pack: Arc<Pack>,
    /// Its read model.
    pub view: Arc<TerritoryView>,
    /// Its settings.
    pub policy: Policy,
    store: Arc<dyn Store>,
    vault: Vault,
    travel: Arc<dyn TravelTime>,
    planner: planner::Planner,
    solver: SolverThread,
    timers_due: AtomicUsize,
    timers_failing: AtomicUsize,
    receipts: Option<Arc<Journal>>,
    retention: Retention,
    /// Who may still come, made of the days before this one.
    forecast: Mutex<Option<(NaiveDate, Arc<Forecast>)>>,
}

/// What [`Booking`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// The territory.
    pub territory: Arc<Territory>,
    /// Its triage pack.
    pub pack: Arc<Pack>,
    /// Its read model, fed from `store`.
    pub view: Arc<TerritoryView>,
    /// Its settings.
    pub policy: Policy,
    /// Where it lives.
    pub store: Arc<dyn Store>,
    /// Its sealed data.
    pub vault: Vault,
    /// How long trips take.
    pub travel: Arc<dyn TravelTime>,
    /// Where plans are made, shared with the other territories.
    pub solver: SolverThread,
}

impl Booking {
    /// The booking of one territory.
    pub fn new(parts: Parts) -> Self {
        let Parts { territory, pack, view, policy, store, vault, travel, solver } = parts;
        Self {
            retention: Retention::of_the_table(territory.zone),
            territory,
            pack,
            view,
            policy,
            store,
            vault,
            travel,
            solver,
            planner: planner::Planner::default(),
            timers_due: AtomicUsize::new(0),
            timers_failing: AtomicUsize::new(0),
            receipts: None,
            forecast: Mutex::default(),
        }
    }

    /// The same, with a receipt of whatever its callers are told was done.
    pub fn with_receipts(self, journal: Arc<Journal>) -> Self {
        Self { receipts: Some(journal), ..self }
    }

    /// How many changes that callers were told of the store lacked when it was last held against the receipts.
    pub fn receipts_missing(&self) -> usize {
        self.receipts.as_ref().map_or(0, |receipts| receipts.missing(&self.territory.id))
    }

    /// Why receipts are not being kept, if they should be and are not.
    pub fn receipts_fault(&self) -> Option<String> {
        self.receipts.as_ref().and_then(|receipts| receipts.fault())
    }

    /// Now, as the store knows it: the clock every decision is made by.
    pub fn now(&self) -> DateTime<Utc> {
        from_millis(self.store.now())
    }

    /// How many timers were due when they were last looked at: a sign of trouble when it stays above zero.
    pub fn timers_due(&self) -> usize {
        self.timers_due.load(Ordering::Relaxed)
    }

    /// What the store says of itself.
    pub async fn store_health(&self) -> Health {
        self.store.health().await
    }
}
