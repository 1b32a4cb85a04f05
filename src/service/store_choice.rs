//! Which store a service lives in, opened with the keys of what is sealed in it: the only place that names one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;

use super::{KeyFiles, Secrets};
use crate::clock::Clock;
use crate::domain::Territory;
use crate::store::{EmbeddedStore, RedisOptions, RedisStore, Store, Survey};

/// Where state lives.
#[derive(Debug, Clone)]
pub enum StoreChoice {
    /// In this process, in a data folder of its own.
    Embedded {
        /// The folder.
        folder: PathBuf,
    },
    /// In a Redis, which several services may share.
    Redis {
        /// Where it is.
        options: RedisOptions,
    },
}

impl StoreChoice {
    /// Whether somebody may have lived there before, as far as can be told without opening it.
    pub fn is_inhabited(&self) -> bool {
        match self {
            Self::Embedded { folder } => is_inhabited(folder),
            Self::Redis { .. } => false,
        }
    }
}

fn is_inhabited(folder: &Path) -> bool {
    folder.join("state.redb").exists()
}

/// An opened store.
#[derive(Debug)]
pub struct OpenedStore {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The keys of what is sealed in it.
    pub secrets: Secrets,
    /// Whether somebody lived there before.
    pub inhabited: bool,
    /// What was found of a server's settings.
    pub survey: Survey,
}

/// Opens a store alone: for whoever reads and writes what is sealed as it stands.
///
/// # Errors
/// When it cannot be used, and why.
pub async fn connect(choice: &StoreChoice, clock: Arc<dyn Clock>) -> anyhow::Result<(Arc<dyn Store>, Survey)> {
    Ok(match choice {
        StoreChoice::Embedded { folder } => (Arc::new(EmbeddedStore::open(folder, clock)?), Survey::default()),
        StoreChoice::Redis { options } => {
            let store = RedisStore::connect(options.clone(), clock).await?;
            let survey = store.survey().await?;
            (Arc::new(store), survey)
        }
    })
}

/// Opens a store and the keys of these territories' sealed data. Keys are made where nobody lives yet, and only there.
///
/// # Errors
/// When either cannot be used, and why.
pub async fn open_store(
    choice: &StoreChoice,
    keys: &KeyFiles,
    clock: Arc<dyn Clock>,
    territories: &[Arc<Territory>],
) -> anyhow::Result<OpenedStore> {
    match choice {
        StoreChoice::Embedded { folder } => {
            let inhabited = is_inhabited(folder);
            // Before the store: a first start that is cut short leaves keys without a store, never the other way about.
            let secrets = open_keys(keys, inhabited)?;
            let (store, survey) = connect(choice, clock).await?;
            Ok(OpenedStore { store, secrets, inhabited, survey })
        }
        StoreChoice::Redis { .. } => {
            let (store, survey) = connect(choice, clock).await?;
            let mut inhabited = false;
            for territory in territories {
                inhabited |= store.events(&territory.id, 0, 1).await?.last > 0;
            }
            let secrets = open_keys(keys, inhabited)?;
            Ok(OpenedStore { store, secrets, inhabited, survey })
        }
    }
}

fn open_keys(keys: &KeyFiles, inhabited: bool) -> anyhow::Result<Secrets> {
    if let Some(lost) = [&keys.patients, &keys.digests].into_iter().find(|path| inhabited && !path.exists()) {
        bail!(lost_key(lost));
    }
    Ok(keys.open(inhabited)?)
}

/// Why a key that is lost where patients live is not made anew.
pub fn lost_key(path: &Path) -> String {
    format!(
        "le fichier {} manque, et des patients vivent déjà dans le magasin : une clé nouvelle n'ouvrirait rien d'eux. \
         Remettez la sauvegarde de cette clé à sa place",
        path.display()
    )
}
