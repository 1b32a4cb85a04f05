//! Where state lives in a bench: a folder of its own for the embedded store.

use std::sync::Arc;

use aiguilleur::clock::SystemClock;
use aiguilleur::store::{EmbeddedStore, Store};

use super::nine;

/// A place for state, empty at first and gone with this.
#[derive(Debug)]
pub(crate) enum Home {
    /// A folder.
    Embedded(tempfile::TempDir),
}

impl Home {
    /// A new folder.
    pub(crate) fn embedded() -> Self {
        Self::Embedded(tempfile::tempdir().expect("a folder"))
    }

    /// Opens the store there. It is nine when it opens.
    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        let clock = Arc::new(SystemClock::starting_at(nine()));
        match self {
            Self::Embedded(folder) => Arc::new(EmbeddedStore::open(folder.path(), clock).expect("a store")),
        }
    }
}
