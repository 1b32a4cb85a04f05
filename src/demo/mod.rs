//! `aiguilleur demo`: the whole service on loopback, with a real territory and synthetic people. Wiring only: every rule,
//! every record and every page is the service's own.

mod greeting;
mod opening;
mod population;
mod stopping;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{oneshot, watch};

use crate::booking::{Booking, Parts, Policy, Vault};
use crate::clock::{Clock, StagedClock, SystemClock};
use crate::domain::time::from_millis;
use crate::geography::territory_file;
use crate::geography::travel::RoadModel;
use crate::http::{self, AppState, Limits};
use crate::identity::{Identity, SigningKey};
use crate::observability::Metrics;
use crate::seal::{Fingerprinter, Kek, MacKey, Sealer};
use crate::store::{EmbeddedStore, Store};
use crate::triage::Pack;
use crate::views;

/// What `demo` is asked to do.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Port on loopback; 0 takes a free one.
    pub port: u16,
    /// A territory of ours by name, or a territory file.
    pub territory: String,
    /// Where state lives; none: a temporary directory.
    pub data: Option<PathBuf>,
    /// The instant the service's clock starts at.
    pub at: Option<DateTime<Utc>>,
    /// Seed of the synthetic people.
    pub seed: u64,
}

/// How long before opening the synthetic practitioners begin to publish: requests that wait at opening came in after.
const REHEARSAL: TimeDelta = TimeDelta::hours(4);

/// Starts the demo and runs it until it is told to stop. `say` takes what a person at the terminal should read.
///
/// # Errors
/// When it cannot start: a territory that cannot be read, a data folder in use, a port taken. When the disk fails.
pub async fn run(options: DemoOptions, say: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let territory = Arc::new(territory_file::find(&options.territory)?);
    let opening = opening::choose(options.at, &territory, SystemClock::real().now());
    let home = Home::open(options.data.as_deref())?;
    let keys = home.keys()?;
    let clock = Arc::new(StagedClock::standing_at(opening.at - REHEARSAL));
    let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(&home.path, clock.clone())?);
    if home.inhabited {
        // A data folder that has lived later than that goes on from there: a store's time never goes back.
        clock.set(opening.at.max(from_millis(store.now())));
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .with_context(|| format!("le port {} est déjà pris : choisissez-en un autre avec --port", options.port))?;
    let port = listener.local_addr()?.port();

    let (stop, stopped) = watch::channel(false);
    let vault = Vault::new(store.clone(), Arc::new(Sealer::new(keys.kek)), territory.id.clone());
    let facts = Arc::new(vault.clone());
    let (view, feed) = views::feed::start(store.clone(), facts, territory.id.clone(), stopped.clone()).await?;
    let booking = Arc::new(Booking::new(Parts {
        territory,
        pack: Arc::new(Pack::general().clone()),
        view,
        policy: Policy::default(),
        store: store.clone(),
        vault,
        travel: Arc::new(RoadModel),
    }));
    let people = population::ensure(&booking, &clock, opening.at, options.seed).await?;
    clock.run();
    let sweeper = tokio::spawn(booking.clone().sweep(stopped.clone()));
    let planner = tokio::spawn(booking.clone().replan(stopped));

    let state = Arc::new(AppState::new(http::Parts {
        territories: vec![booking.clone()],
        identity: Identity::new(SigningKey::new(keys.mac.derive("sessions and links")), [], true),
        fingerprinter: Fingerprinter::new(keys.mac),
        metrics: Metrics::of_this_process(),
        limits: Limits::demo(),
        secure_cookies: false,
    }));
    greeting::print(say, port, &booking, &people, &opening);
    say("ready");
    let (why_stopped, reason) = oneshot::channel();
    let end = stopping::told_or_failed(store);
    let served = http::serve(listener, state, async move {
        let _ = why_stopped.send(end.await);
    })
    .await;
    stop.send_replace(true);
    let _ = tokio::join!(sweeper, planner, feed);
    served.context("le service s'est arrêté sur une erreur")?;
    match reason.await {
        Ok(Some(fault)) => bail!("le service s'est arrêté : {fault}"),
        _ => Ok(()),
    }
}

/// Where the demo keeps its files.
#[derive(Debug)]
struct Home {
    path: PathBuf,
    /// Whether a demo has lived here before.
    inhabited: bool,
    /// Removed with everything in it when the demo ends.
    _temporary: Option<tempfile::TempDir>,
}

/// The secret keys of a data folder.
#[derive(Debug)]
struct Keys {
    kek: Kek,
    mac: MacKey,
}

impl Home {
    fn open(data: Option<&Path>) -> anyhow::Result<Self> {
        match data {
            Some(path) => {
                std::fs::create_dir_all(path)
                    .with_context(|| format!("impossible de créer le dossier {}", path.display()))?;
                let inhabited = path.join("state.redb").exists();
                Ok(Self { path: path.to_owned(), inhabited, _temporary: None })
            }
            None => {
                let temporary = tempfile::Builder::new().prefix("aiguilleur-").tempdir()?;
                Ok(Self { path: temporary.path().to_owned(), inhabited: false, _temporary: Some(temporary) })
            }
        }
    }

    /// The keys of this folder. Where people live, a lost key file is a fault: a new key would open nothing of theirs.
    fn keys(&self) -> anyhow::Result<Keys> {
        let (kek, mac) = (self.path.join("patients.key"), self.path.join("digests.key"));
        Ok(if self.inhabited {
            Keys { kek: Kek::load(&kek)?, mac: MacKey::load(&mac)? }
        } else {
            Keys { kek: Kek::load_or_create(&kek)?, mac: MacKey::load_or_create(&mac)? }
        })
    }
}

/// Which store `--store` names.
///
/// # Errors
/// Anything but `embedded`: Redis is not part of this version.
pub fn check_store(name: &str) -> anyhow::Result<()> {
    match name {
        "embedded" => Ok(()),
        redis if redis.starts_with("redis://") => {
            bail!(
                "--store {redis} : Redis n'est pas encore pris en charge par cette version ; utilisez --store embedded"
            )
        }
        other => bail!("--store {other} : valeur inconnue ; utilisez --store embedded"),
    }
}
