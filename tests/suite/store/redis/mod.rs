//! The Redis store on a real server: the conformance suite, and what only a server elsewhere can get wrong.

mod differential;
mod faults;
mod rights;
mod shared;
mod tls;

use std::sync::Arc;

use aiguilleur::clock::{Clock, ManualClock};
use aiguilleur::store::{RedisOptions, RedisStore, Store};
use chrono::{DateTime, TimeDelta, Utc};

use super::conformance::{Bench, conformance};
use crate::support::redis::RedisServer;

pub(super) fn morning() -> DateTime<Utc> {
    "2026-11-24T08:00:00Z".parse().expect("an instant")
}

pub(super) async fn connect(url: String, clock: &Arc<ManualClock>) -> RedisStore {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    RedisStore::connect(RedisOptions::at(url), clock).await.expect("connects")
}

/// A database of its own on the server the tests share.
pub(super) struct InDatabase {
    store: Option<Arc<dyn Store>>,
    clock: Arc<ManualClock>,
    database: u32,
    server: Arc<RedisServer>,
}

impl InDatabase {
    pub(super) async fn new() -> Self {
        let server = RedisServer::shared();
        let (database, clock) = (server.database(), Arc::new(ManualClock::at(morning())));
        let store = connect(server.url(database), &clock).await;
        Self { store: Some(Arc::new(store)), clock, database, server }
    }
}

impl Bench for InDatabase {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(self.store.as_ref().expect("open"))
    }
    async fn reopen(&mut self, clock_moves: TimeDelta) {
        self.store = None;
        self.clock = Arc::new(ManualClock::at(self.clock.now() + clock_moves));
        self.store = Some(Arc::new(connect(self.server.url(self.database), &self.clock).await));
    }
    fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }
}

conformance!(conforms, super::InDatabase::new);
