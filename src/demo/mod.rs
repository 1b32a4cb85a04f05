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
use uuid::Uuid;

use crate::booking::Policy;
use crate::clock::{Clock, StagedClock, SystemClock};
use crate::domain::time::from_millis;
use crate::durable_file;
use crate::geography::territory_file;
use crate::http::{self, AppState, Front, Limits, Warning};
use crate::identity::{Identity, SigningKey};
use crate::observability::Metrics;
use crate::receipts::{FOLDER, Journal};
use crate::seal::{Fingerprinter, Sealer};
use crate::service::{self, KeyFiles, OpenedStore, Service, StoreChoice, open_store};
use crate::store::RedisOptions;
use crate::triage::Pack;

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
    /// The Redis state lives in; none: the data folder.
    pub redis: Option<RedisOptions>,
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
    let home = Home::open(options.data.as_deref(), options.redis.as_ref())?;
    let choice = match options.redis {
        Some(options) => StoreChoice::Redis { options },
        None => StoreChoice::Embedded { folder: home.path.clone() },
    };
    let clock = Arc::new(StagedClock::standing_at(opening.at - REHEARSAL));
    let keys = KeyFiles::in_folder(&home.path);
    let opened = open_store(&choice, &keys, clock.clone(), std::slice::from_ref(&territory)).await?;
    let OpenedStore { store, secrets, inhabited, survey } = opened;
    let warnings: Vec<_> =
        survey.findings.iter().map(|found| Warning { code: found.code.as_str(), detail: found.to_string() }).collect();
    for warning in &warnings {
        tracing::warn!(code = warning.code, "{}", warning.detail);
    }
    if inhabited {
        // A store that has lived later than that goes on from there: its time never goes back.
        clock.set(opening.at.max(from_millis(store.now())));
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .with_context(|| format!("le port {} est déjà pris : choisissez-en un autre avec --port", options.port))?;
    let port = listener.local_addr()?.port();

    let sealer = Arc::new(Sealer::new(secrets.kek));
    let receipts = Some(Journal::open(&home.path.join(FOLDER), RECEIPTS_KEPT_DAYS)?);
    let (territories, pack) = (vec![territory], Arc::new(Pack::general().clone()));
    let parts = service::Parts { store, sealer, territories, policy: Policy::default(), pack, receipts };
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
        warnings,
    }));
    service
        .serve(listener, state, || {
            greeting::print(say, port, &booking, &people, &opening);
            for found in &survey.findings {
                say(&format!("Attention : {found}"));
            }
            say("ready");
        })
        .await
}

/// Where the demo keeps its files.
#[derive(Debug)]
struct Home {
    path: PathBuf,
    /// Removed with everything in it when the demo ends.
    _temporary: Option<tempfile::TempDir>,
}

impl Home {
    fn open(data: Option<&Path>, redis: Option<&RedisOptions>) -> anyhow::Result<Self> {
        // What is in a Redis outlives this process, and so must the keys of what is sealed there.
        let beside_redis = redis.map(|options| {
            let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, options.server().as_bytes());
            std::env::temp_dir().join(format!("aiguilleur-demo-{name}"))
        });
        match data.map(Path::to_owned).or(beside_redis) {
            Some(path) => {
                durable_file::make_folder(&path)
                    .with_context(|| format!("impossible de créer le dossier {}", path.display()))?;
                Ok(Self { path, _temporary: None })
            }
            None => {
                let temporary = tempfile::Builder::new().prefix("aiguilleur-").tempdir()?;
                Ok(Self { path: temporary.path().to_owned(), _temporary: Some(temporary) })
            }
        }
    }
}

/// The Redis `--store` names; none for the embedded store.
///
/// # Errors
/// Anything else.
pub fn redis_of(store: &str) -> anyhow::Result<Option<RedisOptions>> {
    match store {
        "embedded" => Ok(None),
        redis if RedisOptions::is_address(redis) => Ok(Some(RedisOptions::at(redis))),
        other => bail!("--store {other} : valeur inconnue ; écrivez embedded, ou l'adresse d'un Redis (redis://…)"),
    }
}
