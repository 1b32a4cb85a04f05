//! What every handler reaches: the territories, who is known, the limits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::front::Front;
use super::throttle::{Quota, Throttle};
use crate::booking::Booking;
use crate::domain::TerritoryId;
use crate::identity::Identity;
use crate::observability::Metrics;
use crate::seal::Fingerprinter;

/// The limits of the edge.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest body, bytes.
    pub body_bytes: usize,
    /// Longest handling of a call.
    pub call: Duration,
    /// Calls of one account.
    pub account: Quota,
    /// Calls of one address nobody is known at.
    pub stranger: Quota,
    /// Live-update streams at once.
    pub streams: usize,
    /// How long a stopping service waits for the calls it accepted.
    pub stop_within: Duration,
}

impl Limits {
    /// For a service in use.
    pub fn production() -> Self {
        Self {
            body_bytes: 256 * 1024,
            call: Duration::from_secs(10),
            account: Quota { per_second: 50, burst: 200 },
            stranger: Quota { per_second: 5, burst: 60 },
            streams: 500,
            stop_within: Duration::from_secs(20),
        }
    }

    /// For the demo: 500 calls at once of one token, or of nobody, are fine.
    pub fn demo() -> Self {
        let wide = Quota { per_second: 5_000, burst: 20_000 };
        Self { account: wide, stranger: wide, stop_within: Duration::from_secs(5), ..Self::production() }
    }
}

/// The service, as handlers see it.
#[derive(Debug)]
pub struct AppState {
    /// Its territories.
    pub territories: BTreeMap<TerritoryId, Arc<Booking>>,
    /// Who is known.
    pub identity: Identity,
    /// Tells calls under one idempotency key apart.
    pub fingerprinter: Fingerprinter,
    /// What it counts.
    pub metrics: Metrics,
    /// Its limits.
    pub limits: Limits,
    /// Calls counted against them.
    pub throttle: Throttle,
    /// What stands between it and a browser.
    pub front: Front,
    /// Risks taken knowingly, for as long as it runs.
    pub warnings: Vec<Warning>,
    stopping: watch::Sender<bool>,
    streams: AtomicUsize,
}

/// What an [`AppState`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// The territories.
    pub territories: Vec<Arc<Booking>>,
    /// Who is known.
    pub identity: Identity,
    /// Tells calls under one idempotency key apart.
    pub fingerprinter: Fingerprinter,
    /// What it counts.
    pub metrics: Metrics,
    /// The limits.
    pub limits: Limits,
    /// What stands between it and a browser.
    pub front: Front,
    /// Risks taken knowingly.
    pub warnings: Vec<Warning>,
}

/// A risk its operator has taken knowingly: said in the log, and by `/health/ready` for as long as it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Which, as a code.
    pub code: &'static str,
    /// What may come of it, and what to do (French).
    pub detail: String,
}

impl AppState {
    /// A service about to start.
    pub fn new(parts: Parts) -> Self {
        let Parts { territories, identity, fingerprinter, metrics, limits, front, warnings } = parts;
        Self {
            territories: territories.into_iter().map(|booking| (booking.territory.id.clone(), booking)).collect(),
            throttle: Throttle::new(limits.account, limits.stranger),
            identity,
            fingerprinter,
            metrics,
            limits,
            front,
            warnings,
            stopping: watch::Sender::new(false),
            streams: AtomicUsize::new(0),
        }
    }

    /// Whether this is the demo.
    pub fn demo(&self) -> bool {
        self.identity.is_demo()
    }

    /// Tells long streams that the service stops.
    pub fn stop_streams(&self) {
        self.stopping.send_replace(true);
    }

    /// Becomes true when the service stops.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// A place among the live-update streams, given back when it is dropped; none when all are taken.
    pub fn stream_place(self: &Arc<Self>) -> Option<StreamPlace> {
        let taken = self.streams.fetch_add(1, Ordering::Relaxed);
        Metrics::streams(taken + 1);
        // Dropping the place takes it off the count again.
        let place = StreamPlace(Arc::clone(self));
        (taken < self.limits.streams).then_some(place)
    }
}

/// One live-update stream, counted while it lives.
#[derive(Debug)]
pub struct StreamPlace(Arc<AppState>);

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let before = self.0.streams.fetch_sub(1, Ordering::Relaxed);
        Metrics::streams(before.saturating_sub(1));
    }
}
