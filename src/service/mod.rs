//! One whole service, wired: a store, and for each territory its vault, read model, booking, sweeper and planner; then the
//! HTTP edge, and an end that finishes what was accepted. `demo` and `serve` both start here, so that what a newcomer tries
//! and what a CPTS runs are the same service.
//!
//! Nothing here is a rule, a page or a setting. Start reading at [`Service::open`], then [`Service::serve`].

mod receipts;
mod secrets;
mod stopping;
mod store_choice;

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::booking::{self, Booking, Policy, SolverThread, Vault, VaultError, solver_thread};
use crate::domain::{Territory, TerritoryId};
use crate::geography::travel::RoadModel;
use crate::http::{self, AppState};
use crate::receipts::Journal;
use crate::seal::{SealError, Sealer};
use crate::store::Store;
use crate::triage::Pack;
use crate::views::{self, TerritoryView};

use stopping::Ending;

pub use secrets::{KeyFiles, Secrets};
pub use store_choice::{OpenedStore, StoreChoice, connect, lost_key, open_store};

/// Territories whose read models are loaded at the same time: each reads all its records.
const LOADED_AT_ONCE: usize = 8;

/// What a [`Service`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where state lives.
    pub store: Arc<dyn Store>,
    /// Opens and closes what is sealed.
    pub sealer: Arc<Sealer>,
    /// The territories served.
    pub territories: Vec<Arc<Territory>>,
    /// How booking is set.
    pub policy: Policy,
    /// The triage pack.
    pub pack: Arc<Pack>,
    /// Where this node keeps receipts of what it told its callers.
    pub receipts: Option<Arc<Journal>>,
}

/// A service whose territories are loaded and followed.
#[derive(Debug)]
pub struct Service {
    store: Arc<dyn Store>,
    territories: Vec<Arc<Booking>>,
    tasks: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Service {
    /// Loads every territory.
    ///
    /// # Errors
    /// The first territory that cannot be loaded, and why; a store that knows nothing of what this node served before.
    pub async fn open(parts: Parts) -> anyhow::Result<Self> {
        let Parts { store, sealer, territories, policy, pack, receipts } = parts;
        let served: Vec<_> = territories.iter().map(|territory| territory.id.clone()).collect();
        let reconciled = match &receipts {
            Some(journal) => receipts::hold_against(journal, &*store, &served).await?,
            None => Vec::new(),
        };
        let solver = SolverThread::start(solver_thread::WAITING_MOST).context("le fil du solveur ne démarre pas")?;
        let (stop, stopped) = watch::channel(false);
        let opened: Vec<_> = stream::iter(territories)
            .map(|territory| {
                let (store, sealer, stopped) = (store.clone(), sealer.clone(), stopped.clone());
                let (pack, policy, receipts) = (pack.clone(), policy.clone(), receipts.clone());
                let solver = solver.clone();
                async move {
                    let id = territory.id.clone();
                    let vault = Vault::new(store.clone(), sealer, id.clone());
                    let (view, feed) = views::feed::start(store.clone(), Arc::new(vault.clone()), id.clone(), stopped)
                        .await
                        .with_context(|| format!("le territoire {id} ne peut pas être chargé"))?;
                    refuse_other_keys(&vault, &view, &id).await?;
                    let travel = Arc::new(RoadModel);
                    let parts = booking::Parts { territory, pack, view, policy, store, vault, travel, solver };
                    let booking = Booking::new(parts);
                    let booking = match receipts {
                        Some(journal) => booking.with_receipts(journal),
                        None => booking,
                    };
                    anyhow::Ok((Arc::new(booking), feed))
                }
            })
            .buffered(LOADED_AT_ONCE)
            .try_collect()
            .await?;
        let (territories, tasks): (Vec<_>, _) = opened.into_iter().unzip();
        receipts::redo_erasures(&territories, &reconciled).await;
        Ok(Self { store, territories, tasks, stop })
    }

    /// Its territories.
    pub fn territories(&self) -> &[Arc<Booking>] {
        &self.territories
    }

    /// Becomes true when the service ends: for whatever runs beside it.
    pub fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Lets happen what happens by itself: timers that come due, plans made again.
    pub fn run_timers(&mut self) {
        for booking in &self.territories {
            self.tasks.push(tokio::spawn(booking.clone().sweep(self.stop.subscribe())));
            self.tasks.push(tokio::spawn(booking.clone().replan(self.stop.subscribe())));
        }
    }

    /// Serves until the process is told to stop, finishes the calls it accepted, then ends everything it started. `ready` is
    /// called once calls are answered and whoever says "stop" is heard.
    ///
    /// # Errors
    /// When the listener cannot be used, and when the store has failed.
    pub async fn serve(self, listener: TcpListener, state: Arc<AppState>, ready: impl FnOnce()) -> anyhow::Result<()> {
        let ending = Ending::of(self.store).context("les signaux d'arrêt ne peuvent pas être entendus")?;
        let (tell_why, why) = oneshot::channel();
        ready();
        let served = http::serve(listener, state, async move {
            let _ = tell_why.send(ending.told_or_failed().await);
        })
        .await;
        self.stop.send_replace(true);
        for task in self.tasks {
            let _ = task.await;
        }
        served.context("le service s'est arrêté sur une erreur")?;
        match why.await {
            Ok(Some(fault)) => bail!("le service s'est arrêté : {fault}"),
            _ => Ok(()),
        }
    }
}

/// Keys that do not open who lives here are refused before anybody is served: nobody's name would be read, and new patients
/// would be sealed under a key the others lack. The newest request says it.
async fn refuse_other_keys(vault: &Vault, view: &TerritoryView, territory: &TerritoryId) -> anyhow::Result<()> {
    let newest = view.read(|state| {
        let requests = state.board.all().map(|case| &case.request).filter(|request| request.erased_at.is_none());
        requests.max_by_key(|request| (request.created_at, request.id)).map(|request| request.id)
    });
    let Some(newest) = newest else { return Ok(()) };
    match vault.check_key_of(newest).await {
        Err(VaultError::OtherKey(SealError::OtherKek { found, .. })) => bail!(
            "les patients du territoire {territory} sont sous la clé {found}, qui n'est pas dans le fichier de clé \
             (security.patients_key_file) : une clé renouvelée n'a pas été copiée ici, ou ce fichier est celui d'un autre \
             service. Remettez le bon fichier, ou la ligne de cette clé sous la première"
        ),
        // Anything else is told to whoever asks for it.
        _ => Ok(()),
    }
}
