//! `aiguilleur demo`: the whole service on loopback, with a real territory and synthetic people. Wiring only: every rule,
//! every record and every page is the service's own.

mod greeting;
mod opening;
mod population;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use crate::booking::{Booking, Parts, Policy, Vault};
use crate::clock::{Clock, StagedClock, SystemClock};
use crate::domain::Territory;
use crate::geography::travel::RoadModel;
use crate::geography::territory_file;
use crate::http::{self, AppState, Limits};
use crate::identity::Identity;
use crate::observability::{Metrics, Readiness};
use crate::seal::{Fingerprinter, Kek, MacKey, Sealer};
use crate::store::Store;
use crate::store::embedded::EmbeddedStore;
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
/// When it cannot start: a territory that cannot be read, a data folder in use, a port taken.
pub async fn run(options: DemoOptions, say: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let territory = territory_file::find(&options.territory)?;
    let opening = opening::choose(options.at, &territory, SystemClock::real().now());
    let home = Home::open(options.data.as_deref())?;
    let (store, clock) = open_store(&home, opening.at)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .with_context(|| format!("le port {} est déjà pris : choisissez-en un autre avec --port", options.port))?;
    let port = listener.local_addr()?.port();

    let (stop, stopped) = watch::channel(false);
    let booking = open_territory(Arc::new(territory), store.clone(), &home).await?;
    let people = population::ensure(&booking, clock.as_ref(), opening.at, options.seed).await?;
    clock.run();
    let sweeper = tokio::spawn(booking.clone().sweep(stopped.clone()));
    let planner = tokio::spawn(booking.clone().replan(stopped));

    let state = Arc::new(AppState::new(http::Parts {
        territories: vec![booking.clone()],
        identity: Identity::demo(MacKey::load_or_create(&home.file("identity.key"))?),
        clock: clock.clone(),
        fingerprinter: Fingerprinter::new(MacKey::load_or_create(&home.file("fingerprint.key"))?),
        readiness: Readiness::default(),
        metrics: Metrics::install()?,
        limits: Limits::demo(),
        secure_cookies: false,
    }));
    greeting::print(say, port, &booking, &people, &opening);
    say("ready");
    let served = http::serve(listener, state).await;
    stop.send_replace(true);
    let _ = tokio::join!(sweeper, planner);
    served.context("le service s'est arrêté sur une erreur")
}

/// Where the demo keeps its files.
#[derive(Debug)]
struct Home {
    path: PathBuf,
    /// Removed with everything in it when the demo ends.
    _temporary: Option<tempfile::TempDir>,
}

impl Home {
    fn open(data: Option<&Path>) -> anyhow::Result<Self> {
        match data {
            Some(path) => {
                std::fs::create_dir_all(path)
                    .with_context(|| format!("impossible de créer le dossier {}", path.display()))?;
                Ok(Self { path: path.to_owned(), _temporary: None })
            }
            None => {
                let temporary = tempfile::Builder::new().prefix("aiguilleur-").tempdir()?;
                Ok(Self { path: temporary.path().to_owned(), _temporary: Some(temporary) })
            }
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Opens the store with a clock that stands at the opening. A data folder that has lived later than that goes on from there:
/// a store's time never goes back.
fn open_store(home: &Home, at: DateTime<Utc>) -> anyhow::Result<(Arc<dyn Store>, Arc<StagedClock>)> {
    let clock = Arc::new(StagedClock::standing_at(at - REHEARSAL));
    let store = EmbeddedStore::open(&home.file("aiguilleur.redb"), clock.clone())?;
    let last = crate::domain::time::from_millis(store.now());
    clock.set(at.max(last));
    Ok((Arc::new(store), clock))
}

async fn open_territory(
    territory: Arc<Territory>,
    store: Arc<dyn Store>,
    home: &Home,
) -> anyhow::Result<Arc<Booking>> {
    let sealer = Arc::new(Sealer::new(Kek::load_or_create(&home.file("kek.key"))?));
    let vault = Vault::new(store.clone(), sealer, territory.id.clone());
    let view = views::feed::start(store.clone(), Arc::new(vault.clone()), territory.id.clone()).await?;
    Ok(Arc::new(Booking::new(Parts {
        territory,
        pack: Arc::new(Pack::general().clone()),
        view,
        policy: Policy::default(),
        store,
        vault,
        travel: Arc::new(RoadModel),
    })))
}

/// Which store `--store` names.
///
/// # Errors
/// Anything but `embedded`: Redis is not part of this version.
pub fn check_store(name: &str) -> anyhow::Result<()> {
    match name {
        "embedded" => Ok(()),
        redis if redis.starts_with("redis://") => {
            bail!("--store {redis} : Redis n'est pas encore pris en charge par cette version ; utilisez --store embedded")
        }
        other => bail!("--store {other} : valeur inconnue ; utilisez --store embedded"),
    }
}
