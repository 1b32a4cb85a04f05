//! Which store a service lives in: the only place that names one.

use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Clock;
use crate::store::{EmbeddedStore, Store};

/// Where state lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreChoice {
    /// In this process, in a data folder of its own.
    Embedded {
        /// The folder.
        folder: PathBuf,
    },
}

impl StoreChoice {
    /// Whether somebody may have lived there before, as far as can be told without opening it.
    pub fn is_inhabited(&self) -> bool {
        match self {
            Self::Embedded { folder } => folder.join("state.redb").exists(),
        }
    }
}

/// Opens the store.
///
/// # Errors
/// When it cannot be used, and why.
pub async fn open_store(choice: &StoreChoice, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<dyn Store>> {
    Ok(match choice {
        StoreChoice::Embedded { folder } => Arc::new(EmbeddedStore::open(folder, clock)?),
    })
}
