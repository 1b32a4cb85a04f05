//! A busy Weppes without the network around it.

use std::sync::Arc;
use std::time::Duration;

use aiguilleur::booking::{Booking, Call, Parts, Policy, SolverThread, Vault, solver_thread};
use aiguilleur::clock::ManualClock;
use aiguilleur::domain::{RequestId, Territory};
use aiguilleur::geography::travel::RoadModel;
use aiguilleur::seal::{Kek, Sealer};
use aiguilleur::store::{EmbeddedStore, Store};
use aiguilleur::triage::Pack;
use aiguilleur::views;
use tokio::sync::watch;
use uuid::Uuid;

use super::{drafts, nine, orders, practitioners, weppes};

/// A territory's booking over a store.
pub(crate) struct Desk {
    /// The booking.
    pub(crate) booking: Arc<Booking>,
    _stop: watch::Sender<bool>,
}

impl Desk {
    /// Opens a desk over `store`, and loads what is there.
    pub(crate) async fn open(store: Arc<dyn Store>, sealer: Arc<Sealer>, policy: Policy) -> Self {
        Self::of(weppes(), store, sealer, policy).await
    }

    /// As [`Desk::open`], of another territory.
    pub(crate) async fn of(territory: Territory, store: Arc<dyn Store>, sealer: Arc<Sealer>, policy: Policy) -> Self {
        let territory = Arc::new(territory);
        let vault = Vault::new(store.clone(), sealer, territory.id.clone());
        let (stop, stopped) = watch::channel(false);
        let (view, _) = views::feed::start(store.clone(), Arc::new(vault.clone()), territory.id.clone(), stopped)
            .await
            .expect("view");
        let booking = Arc::new(Booking::new(Parts {
            territory,
            pack: Arc::new(Pack::general().clone()),
            view,
            policy,
            store,
            vault,
            travel: Arc::new(RoadModel),
            solver: SolverThread::start(solver_thread::WAITING_MOST).expect("a thread"),
        }));
        Self { booking, _stop: stop }
    }

    /// Opens a desk in memory with so many slots and requests that wait.
    pub(crate) async fn busy(slots: usize, waiting: usize) -> (Self, Vec<RequestId>) {
        let clock = Arc::new(ManualClock::at(nine()));
        let store: Arc<dyn Store> = Arc::new(EmbeddedStore::in_memory(clock).expect("memory"));
        let sealer = Arc::new(Sealer::new(Kek::generate().expect("randomness")));
        let desk = Self::open(store, sealer, Policy { budget_max: Duration::from_secs(10), ..Policy::default() }).await;
        let listed = practitioners(&desk.booking.territory, 63);
        let drafts = drafts(&listed, slots);
        let call = Call::of_service();
        desk.booking.list_practitioners(&call, listed).await.expect("listed");
        desk.booking.publish(&call, drafts).await.expect("published");
        let mut ids = Vec::new();
        for (n, order) in orders(&desk.booking.territory, waiting).into_iter().enumerate() {
            let id = RequestId::new(Uuid::from_u128(1_000_000 + u128::try_from(n).expect("small")));
            ids.push(desk.booking.enter_request(&call, id, order).await.expect("entered"));
        }
        (desk, ids)
    }
}
