//! `aiguilleur serve`: the service in use. Settings, keys, practitioners and whoever started it are brought together with a
//! whole [`crate::service`]; the port is taken first, calls are answered once every territory is loaded.

mod access;
mod directory;
mod directory_file;
mod durability;
mod protocol;
mod supervisor;
mod surroundings;
mod watched_file;

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::Context as _;

use crate::booking::Policy;
use crate::config::{self, Settings};
use crate::control::{ControlSocket, Running};
use crate::domain::time::from_millis;
use crate::http::{self, AppState, Front};
use crate::identity::{Identity, SigningKey};
use crate::observability::Metrics;
use crate::operations::orders::{AUDIT, Ground};
use crate::receipts::{FOLDER as RECEIPTS, Journal};
use crate::seal::{Fingerprinter, Sealer, Signer};
use crate::service::{self, OpenedStore, Service, StoreChoice, open_store};
use crate::store::Store;

use supervisor::Supervisor;
use watched_file::WatchedFile;

/// Says whether a service of these settings would start, as far as can be told without starting it: an embedded store is not
/// opened, since a running service may be in it; a Redis is connected to and judged.
///
/// # Errors
/// What must be put right first.
pub async fn check(settings: &Settings) -> anyhow::Result<()> {
    surroundings::look_around(settings)?;
    protocol::read(&settings.triage)?;
    access::read(&settings.security.access_keys)?;
    if let Some(folder) = &settings.practitioners {
        for territory in &settings.service.territories {
            directory::read(&directory::file_of(folder, territory), territory)?;
        }
    }
    if let StoreChoice::Redis { .. } = &settings.store.choice {
        let (_store, survey) = service::connect(&settings.store.choice, settings.service.clock()).await?;
        durability::judged(&survey, &settings.store.accepted_risks)?;
    }
    Ok(())
}

/// Serves until it is told to stop. `say` takes what a person at the terminal should read.
///
/// # Errors
/// When it cannot start, and what to do; when its store fails.
pub async fn run(settings: Settings, say: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let mut warnings = surroundings::look_around(&settings)?;
    let supervisor = Supervisor::behind(config::notify_socket().as_deref());
    let Settings { service: asked, practitioners, store, security, policy, triage, limits, log: _ } = settings;
    let protocol = protocol::read(&triage)?;
    warnings.extend(protocol.warnings());
    let watched_keys = WatchedFile::new(security.access_keys.clone());
    let keys = access::read(&security.access_keys)?;
    let socket = ControlSocket::take(&asked.data)?;
    let listener = TcpListener::bind(asked.listen).with_context(|| {
        format!("service.listen : {} ne peut pas être pris ; un autre programme l'a peut-être", asked.listen)
    })?;
    let address = listener.local_addr()?;

    let opened = open_store(&store.choice, &security.key_files, asked.clock(), &asked.territories).await?;
    warnings.extend(durability::judged(&opened.survey, &store.accepted_risks)?);
    for warning in &warnings {
        tracing::warn!(code = warning.code, "{}", warning.detail);
    }
    let OpenedStore { store, secrets, inhabited, .. } = opened;
    if !inhabited {
        tracing::warn!(
            patients = %security.key_files.patients.display(),
            digests = %security.key_files.digests.display(),
            "back these two keys up, apart from the data: without them nothing sealed can be read"
        );
    }
    if secrets.kek.earlier().next().is_some() {
        tracing::warn!("earlier keys of patients are still in use: stop the service and run « aiguilleur renew-key »");
    }
    let receipts = Journal::open(&asked.data.join(RECEIPTS), asked.receipts_days)?;
    let signer = Signer::new(&secrets.mac, AUDIT);
    let parts = service::Parts {
        store: store.clone(),
        sealer: Arc::new(Sealer::new(secrets.kek)),
        territories: asked.territories.clone(),
        policy: Policy { triage: protocol.in_use, switched_off: protocol.switched_off, ..policy },
        pack: protocol.pack,
        receipts: Some(receipts.clone()),
    };
    let mut service = Service::open(parts).await?;
    let mut watched_files = Vec::new();
    if let Some(folder) = &practitioners {
        for booking in service.territories() {
            let watched = WatchedFile::new(directory::file_of(folder, &booking.territory));
            directory::list(&watched.path, booking).await?;
            watched_files.push((watched, booking.clone()));
        }
    }
    service.run_timers();

    let identity = Identity::new(SigningKey::new(secrets.mac.derive("sessions and links")), keys.accounts(), false);
    let state = Arc::new(AppState::new(http::Parts {
        territories: service.territories().to_vec(),
        identity,
        fingerprinter: Fingerprinter::new(secrets.mac),
        metrics: Metrics::of_this_process(),
        limits,
        front: Front { tls: asked.tls_terminated_by_proxy, public_origin: asked.public_origin, proxies: asked.proxies },
        warnings,
    }));
    tokio::spawn(access::follow(watched_keys, state.clone(), service.stopped()));
    for (watched, booking) in watched_files {
        tokio::spawn(directory::follow(watched, booking, service.stopped()));
    }
    let started = from_millis(store.now());
    let territories = state.territories.values().cloned().collect();
    let ground = Ground { store: store.clone(), territories, receipts: Some(receipts), signer };
    let running = Running { state: state.clone(), store: store.clone(), started, ground };
    let control = socket.listen(Arc::new(running)).context("la prise de commande ne peut pas être écoutée")?;

    let status = started_as(&*store, &state, &address).await;
    let served = service
        .serve(listener, state.clone(), || {
            told_when_stopping(&state, supervisor, &status);
            say(&format!("Aiguilleur écoute sur http://{address}"));
            say("ready");
        })
        .await;
    control.stop().await;
    tracing::info!(ended_well = served.is_ok(), "stopped");
    served
}

/// The one line that says what has started; what systemd shows.
async fn started_as(store: &dyn Store, state: &AppState, address: &std::net::SocketAddr) -> String {
    let health = store.health().await;
    let territories: Vec<_> = state.territories.keys().map(ToString::to_string).collect();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        territories = territories.join(","),
        store = health.store,
        durability = health.durability,
        listen = %address,
        "started"
    );
    format!("{} territories on {address}, store {}", territories.len(), health.store)
}

/// Tells whoever started the service that it is ready, and later that it stops.
fn told_when_stopping(state: &AppState, supervisor: Supervisor, status: &str) {
    supervisor.ready(status);
    let mut stopping = state.stopping();
    tokio::spawn(async move {
        if stopping.wait_for(|stopping| *stopping).await.is_ok() {
            supervisor.stopping();
        }
    });
}
