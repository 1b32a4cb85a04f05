//! Hints: who waits for the events of a territory is woken when there are some, and nobody else is. With a thousand
//! territories in one process, a commit in one of them must not wake the readers of all.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use tokio::sync::watch;

use super::Seq;
use crate::domain::TerritoryId;

/// The readers of every territory.
#[derive(Debug, Default)]
pub(super) struct Hints(RwLock<HashMap<TerritoryId, watch::Sender<Seq>>>);

impl Hints {
    /// Changes to the number of the last event whenever the territory gets some.
    pub(super) fn of(&self, territory: &TerritoryId) -> watch::Receiver<Seq> {
        if let Some(teller) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(territory) {
            return teller.subscribe();
        }
        self.0.write().unwrap_or_else(PoisonError::into_inner).entry(territory.clone()).or_default().subscribe()
    }

    /// Wakes the readers of a territory, if it has any.
    pub(super) fn tell(&self, territory: &TerritoryId, last: Seq) {
        if let Some(teller) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(territory) {
            teller.send_replace(last);
        }
    }
}
