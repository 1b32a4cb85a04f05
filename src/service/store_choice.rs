//! Which store a service lives in: the only place that names one.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use crate::clock::Clock;
use crate::store::{EmbeddedStore, RedisOptions, RedisStore, Store};

/// Where state lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreChoice {
    /// In this process, in a data folder of its own.
    Embedded {
        /// The folder.
        folder: PathBuf,
    },
    /// In a Redis.
    Redis {
        /// Where.
        options: RedisOptions,
        /// What settings that may lose bookings mean.
        unsafe_settings: UnsafeSettings,
    },
}

/// What is done about a store whose settings may lose acknowledged bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsafeSettings {
    /// It is said in the log.
    Warned,
    /// The service does not start.
    Refused,
}

impl StoreChoice {
    /// Whether somebody may have lived there before, as far as can be told without opening it.
    pub fn is_inhabited(&self) -> bool {
        match self {
            Self::Embedded { folder } => folder.join("state.redb").exists(),
            Self::Redis { .. } => false,
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
        StoreChoice::Redis { options, unsafe_settings } => {
            let store = RedisStore::connect(options.clone(), clock).await?;
            survey(&store, *unsafe_settings).await?;
            Arc::new(store)
        }
    })
}

/// Says what is wrong with the settings of a Redis, or refuses it.
async fn survey(store: &RedisStore, unsafe_settings: UnsafeSettings) -> anyhow::Result<()> {
    let survey = store.survey().await.context("les réglages de Redis ne peuvent pas être lus")?;
    let refused: Vec<String> = survey.unsafe_findings().map(|finding| format!("- {finding}")).collect();
    if unsafe_settings == UnsafeSettings::Refused && !refused.is_empty() {
        bail!("ce Redis perdrait des réservations confirmées :\n{}", refused.join("\n"));
    }
    for finding in &survey.findings {
        tracing::warn!(finding = finding.code.as_str(), "{finding}");
    }
    Ok(())
}
