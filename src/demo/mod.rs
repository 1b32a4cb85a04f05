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
use crate::domain::TerritoryId;
use crate::domain::time::from_millis;
use crate::geography::territory_file;
use crate::http::{self, AppState, Front, Limits};
use crate::identity::{Identity, SigningKey};
use crate::observability::Metrics;
use crate::seal::{Fingerprinter, Sealer};
use crate::service::{self, KeyFiles, Secrets, Service, StoreChoice, UnsafeSettings, open_store};
use crate::store::{RedisOptions, Store};

/// What `demo` is asked to do.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Port on loopback; 0 takes a free one.
    pub port: u16,
    /// A territory of ours by name, or a territory file.
    pub territory: String,
    /// Where files live; none: a temporary directory.
    pub data: Option<PathBuf>,
    /// Where state lives: `embedded`, or the address of a Redis.
    pub store: String,
    /// The instant the service's clock starts at.
    pub at: Option<DateTime<Utc>>,
    /// Seed of the synthetic people.
    pub seed: u64,
}

/// How long before opening the synthetic practitioners begin to publish: requests that wait at opening came in after.
const REHEARSAL: TimeDelta = TimeDelta::hours(4);

/// What the keys of a demo are made from whose store outlives it and whose folder does not: its people are invented, and a
/// later start must open what this one sealed.
const DEMO_WORDS: &str = "des personnes inventées, que chacun peut lire";

/// Starts the demo and runs it until it is told to stop. `say` takes what a person at the terminal should read.
///
/// # Errors
/// When it cannot start: a territory that cannot be read, a data folder in use, a port taken. When the disk fails.
pub async fn run(options: DemoOptions, say: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let territory = Arc::new(territory_file::find(&options.territory)?);
    let opening = opening::choose(options.at, &territory, SystemClock::real().now());
    let home = Home::open(options.data.as_deref())?;
    let choice = choose_store(&options.store, &home)?;
    let clock = Arc::new(StagedClock::standing_at(opening.at - REHEARSAL));
    let Opened { store, secrets, inhabited } = open(&choice, &home, clock.clone(), &territory.id).await?;
    if inhabited {
        // A store that has lived later than that goes on from there: its time never goes back.
        clock.set(opening.at.max(from_millis(store.now())));
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .with_context(|| format!("le port {} est déjà pris : choisissez-en un autre avec --port", options.port))?;
    let port = listener.local_addr()?.port();

    let sealer = Arc::new(Sealer::new(secrets.kek));
    let parts = service::Parts { store, sealer, territories: vec![territory], policy: Policy::default() };
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
    temporary: Option<tempfile::TempDir>,
}

impl Home {
    fn open(data: Option<&Path>) -> anyhow::Result<Self> {
        match data {
            Some(path) => {
                std::fs::create_dir_all(path)
                    .with_context(|| format!("impossible de créer le dossier {}", path.display()))?;
                Ok(Self { path: path.to_owned(), temporary: None })
            }
            None => {
                let temporary = tempfile::Builder::new().prefix("aiguilleur-").tempdir()?;
                Ok(Self { path: temporary.path().to_owned(), temporary: Some(temporary) })
            }
        }
    }

    fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }
}

/// Which store `--store` names.
fn choose_store(name: &str, home: &Home) -> anyhow::Result<StoreChoice> {
    match name {
        "embedded" => Ok(StoreChoice::Embedded { folder: home.path.clone() }),
        address if RedisOptions::is_address(address) => {
            Ok(StoreChoice::Redis { options: RedisOptions::at(address), unsafe_settings: UnsafeSettings::Warned })
        }
        other => bail!("--store {other} : valeur inconnue ; utilisez embedded, ou l'adresse d'un Redis : redis://…"),
    }
}

/// A store and the keys of what is sealed in it.
struct Opened {
    store: Arc<dyn Store>,
    secrets: Secrets,
    /// Whether people have lived there before.
    inhabited: bool,
}

async fn open(
    choice: &StoreChoice,
    home: &Home,
    clock: Arc<dyn Clock>,
    territory: &TerritoryId,
) -> anyhow::Result<Opened> {
    let files = KeyFiles::in_folder(&home.path);
    if let StoreChoice::Embedded { .. } = choice {
        // The keys first: a store without them would be taken for one whose keys are lost.
        let inhabited = choice.is_inhabited();
        let secrets = files.open(inhabited)?;
        return Ok(Opened { store: open_store(choice, clock).await?, secrets, inhabited });
    }
    let store = open_store(choice, clock).await?;
    let inhabited = store.events(territory, 0, 1).await?.last > 0;
    let secrets = if home.is_temporary() { Secrets::of_published_words(DEMO_WORDS) } else { files.open(inhabited)? };
    Ok(Opened { store, secrets, inhabited })
}
