//! Whether the service can serve: the store answers, and every read model shows what it holds.

use std::fmt;
use std::sync::Arc;

use crate::domain::TerritoryId;
use crate::store::Store;
use crate::views::TerritoryView;

/// What readiness is asked of.
#[derive(Debug)]
pub struct Readiness {
    store: Arc<dyn Store>,
    views: Vec<Arc<TerritoryView>>,
}

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// Kind of store.
    pub store: &'static str,
    /// Durability in force, in plain words.
    pub durability: &'static str,
    /// Why calls should go elsewhere; empty: ready.
    pub causes: Vec<Cause>,
}

/// Why the service is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The store cannot commit.
    StoreUnreachable(String),
    /// A read model is behind.
    ReadModelLags {
        /// Whose.
        territory: TerritoryId,
        /// By how much, milliseconds.
        milliseconds: u128,
        /// What keeps it from following.
        fault: Option<String>,
    },
}

impl Cause {
    /// Its code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::StoreUnreachable(_) => "store_unreachable",
            Self::ReadModelLags { .. } => "read_model_lags",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StoreUnreachable(why) => f.write_str(why),
            Self::ReadModelLags { territory, milliseconds, fault } => {
                write!(f, "the read model of {territory} was last level with the store {milliseconds} ms ago")?;
                fault.as_ref().map_or(Ok(()), |fault| write!(f, ": {fault}"))
            }
        }
    }
}

impl Readiness {
    /// Of a store and the read models fed from it.
    pub fn new(store: Arc<dyn Store>, views: Vec<Arc<TerritoryView>>) -> Self {
        Self { store, views }
    }

    /// Asks now.
    pub async fn report(&self) -> Report {
        let store = self.store.health().await;
        let mut causes: Vec<_> = store.fault.into_iter().map(Cause::StoreUnreachable).collect();
        for view in &self.views {
            let health = view.health();
            if !health.is_ready() {
                causes.push(Cause::ReadModelLags {
                    territory: view.territory().clone(),
                    milliseconds: health.lag.as_millis(),
                    fault: health.fault,
                });
            }
        }
        Report { store: store.store, durability: store.durability, causes }
    }
}
