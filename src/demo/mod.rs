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

use crate::booking::Policy;
use crate::clock::{Clock, StagedClock, SystemClock};
use crate::domain::time::from_millis;
use crate::geography::territory_file;
use crate::http::{self, AppState, Front, Limits};
use crate::identity::{Identity, SigningKey};
use crate::observability::Metrics;
use crate::receipts::{FOLDER, Journal};
use crate::seal::{Fingerprinter, Sealer};
use crate::service::{self, KeyFiles, Service, StoreChoice, open_store};

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

/// How long receipts are kept, as `serve` does unless it is told otherwise.
const RECEIPTS_KEPT_DAYS: u16 = 35;

/// Starts the demo and runs it until it is told to stop. `say` takes what a person at the terminal should read.
///
/// # Errors
/// When it cannot start: a territory that cannot be read, a data folder in use, a port taken. When the disk fails.
pub async fn run(options: DemoOptions, say: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let territory = Arc::new(territory_file::find(&options.territory)?);
    let opening = opening::choose(options.at, &territory, SystemClock::real().now());
    let home = Home::open(options.data.as_deref())?;
    let choice = StoreChoice::Embedded { folder: home.path.clone() };
    let inhabited = choice.is_inhabited();
    let secrets = KeyFiles::in_folder(&home.path).open(inhabited)?;
    let clock = Arc::new(StagedClock::standing_at(opening.at - REHEARSAL));
    let store = open_store(&choice, clock.clone()).await?;
    if inhabited {
        // A store that has lived later than that goes on from there: its time never goes back.
        clock.set(opening.at.max(from_millis(store.now())));
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .with_context(|| format!("le port {} est déjà pris : choisissez-en un autre avec --port", options.port))?;
    let port = listener.local_addr()?.port();

    let sealer = Arc::new(Sealer::new(secrets.kek));
    let receipts = Some(Journal::open(&home.path.join(FOLDER), RECEIPTS_KEPT_DAYS)?);
    let parts = service::Parts { store, sealer, territories: vec![territory], policy: Policy::default(), receipts };
    let mut service = Service::open(parts).await?;
    let booking = service.territories()[0].clone();
    let people = population::ensure(&booking, &clock, opening.at, options.seed).await?;
    clock.run();
    service.run_timers();

    let state = Arc::new(AppState::new(http::Parts {
        territories: service.territories().to_vec(),
        identity: Identity::new(SigningKey::new(secrets.mac.derive("sessions and links")), [], true),
        fingerprinter: Fingerprinter::new(secrets.mac),
        metrics: Metrics::of_this_process(),
        limits: Limits::demo(),
        front: Front::default(),
        warnings: Vec::new(),
    }));
    greeting::print(say, port, &booking, &people, &opening);
    say("ready");
    service.serve(listener, state).await
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
