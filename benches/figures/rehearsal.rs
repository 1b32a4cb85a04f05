//! A territory before its first booking, and the very commits that its bookings make, recorded from the service: the raw
//! peer is given the same records, events, blobs and guards, byte for byte.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aiguilleur::booking::{Call, Policy};
use aiguilleur::clock::ManualClock;
use aiguilleur::domain::{Constraints, Level, RecordKey, RecordKind, RequestId, SlotId, TerritoryId, Timer};
use aiguilleur::seal::{Kek, Sealer};
use aiguilleur::store::{
    Commit, CommitOutcome, EmbeddedStore, EventPage, Export, Health, IdemKey, Kept, Millis, Remembered, Reply, Seq,
    Snapshot, Store, StoreError, Tail, Versioned,
};
use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use tokio::sync::watch;
use uuid::Uuid;

use crate::stage::callers::{Asked, Caller, at_once};
use crate::stage::desk::Desk;
use crate::stage::home::Kind;
use crate::stage::running::Running;
use crate::stage::{drafts, nine, orders, practitioners, weppes};

/// How many bookings are made at once while they are recorded.
const RECORDED_AT_ONCE: usize = 64;

/// The territory and what is done in it.
pub(crate) struct Rehearsal {
    /// What its patients' data are sealed with.
    pub(crate) sealer: Arc<Sealer>,
    tail: Tail,
    kept: Vec<Kept>,
    pairs: Vec<(RequestId, SlotId)>,
    commits: Vec<Vec<Commit>>,
}

impl Rehearsal {
    /// So many requests, and as many places for them.
    pub(crate) async fn of(bookings: usize) -> Self {
        // Before nine, so that no store that opens at nine is behind what it holds.
        let clock = Arc::new(ManualClock::at(nine() - TimeDelta::hours(1)));
        let store: Arc<dyn Store> = Arc::new(EmbeddedStore::in_memory(clock).expect("memory"));
        let sealer = Arc::new(Sealer::new(Kek::generate().expect("randomness")));
        let desk = Desk::open(store.clone(), sealer.clone(), Policy::default()).await;
        let listed = practitioners(&desk.booking.territory, 63);
        let slots = drafts(&listed, bookings);
        let call = Call::of_service();
        desk.booking.list_practitioners(&call, listed).await.expect("listed");
        let slots = desk.booking.publish(&call, slots).await.expect("published").created;
        let order = orders(&desk.booking.territory, 1).remove(0);
        let mut pairs = Vec::new();
        for (number, slot) in slots.into_iter().enumerate() {
            let id = RequestId::new(Uuid::from_u128(u128::try_from(number).expect("small") + 1));
            // Any hour, anywhere: what is measured is booking, not choosing.
            let mut order = order.clone();
            order.level = Some(Level::Programmed);
            order.facts.constraints = Constraints { max_travel_minutes: Some(600), ..Default::default() };
            pairs.push((desk.booking.enter_request(&call, id, order).await.expect("entered"), slot));
        }
        let Export { tail, items, .. } = store.export(&weppes().id).await.expect("exported");
        let kept = items.try_collect().await.expect("exported");
        let mut rehearsal = Self { sealer, tail, kept, pairs, commits: Vec::new() };
        rehearsal.commits = rehearsal.record().await;
        rehearsal
    }

    /// How many bookings there are to make.
    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Brings the territory to an empty store.
    pub(crate) async fn lay(&self, store: &dyn Store) {
        let items = stream::iter(self.kept.clone().into_iter().map(Ok)).boxed();
        store.import(&weppes().id, self.tail.clone(), items).await.expect("imported");
    }

    /// The two calls of a booking.
    pub(crate) fn calls(&self, number: usize) -> [Asked; 2] {
        let (request, slot) = self.pairs[number];
        let path = |verb: &str| format!("/api/v1/territories/weppes/requests/{request}/{verb}");
        let hold = json!({"slot_id": slot.to_string(), "hold_id": format!("h{number}")});
        let patient = json!({"first_name": "Zoé", "last_name": "Test", "phone": "0639981234"});
        let confirm = json!({"hold_id": format!("h{number}"), "patient": patient});
        [
            Asked { path: path("hold"), body: hold.to_string(), key: format!("{request}-hold"), status: 200 },
            Asked { path: path("confirm"), body: confirm.to_string(), key: format!("{request}-confirm"), status: 201 },
        ]
    }

    /// The commits of a booking.
    pub(crate) fn commits(&self, number: usize) -> &[Commit] {
        &self.commits[number]
    }

    /// Makes every booking once, and keeps the commits.
    async fn record(&self) -> Vec<Vec<Commit>> {
        let home = Kind::Embedded.home();
        self.lay(&*home.open().await).await;
        let seen = Arc::new(Mutex::new(HashMap::new()));
        let recorder = {
            let (seen, inner) = (seen.clone(), home.open().await);
            async move { Arc::new(Recorder { inner, seen }) as Arc<dyn Store> }.boxed()
        };
        let service = Running::start(Box::new(|| recorder), vec![weppes()], self.sealer.clone(), false);
        let mut callers = Vec::new();
        for _ in 0..RECORDED_AT_ONCE {
            callers.push(Caller::at(service.address).await);
        }
        let calls: Vec<_> = (0..self.len()).map(|number| self.calls(number)).collect();
        at_once(&mut callers, 0..self.len(), async move |caller, number| {
            for call in calls[number].clone() {
                caller.ask(call.prepared()).await;
            }
        })
        .await;
        drop(service);
        let mut seen = std::mem::take(&mut *seen.lock().expect("no panic"));
        self.pairs.iter().map(|(request, _)| seen.remove(&RecordKey::request(*request)).expect("booked")).collect()
    }
}

/// Passes everything on, and keeps the commits by the request they are about.
#[derive(Debug)]
struct Recorder {
    inner: Arc<dyn Store>,
    seen: Arc<Mutex<HashMap<RecordKey, Vec<Commit>>>>,
}

impl Store for Recorder {
    fn commit<'a>(&'a self, territory: &'a TerritoryId, commit: Commit) -> Reply<'a, CommitOutcome> {
        let request = commit.guards.iter().find(|(key, _)| key.kind == RecordKind::Request);
        let (request, _) = request.expect("every commit of a booking is about a request");
        self.seen.lock().expect("no panic").entry(request.clone()).or_default().push(commit.clone());
        self.inner.commit(territory, commit)
    }

    fn now(&self) -> Millis {
        self.inner.now()
    }
    fn load<'a>(&'a self, territory: &'a TerritoryId, keys: &'a [RecordKey]) -> Reply<'a, Vec<Versioned>> {
        self.inner.load(territory, keys)
    }
    fn recall<'a>(&'a self, territory: &'a TerritoryId, idem: &'a IdemKey) -> Reply<'a, Option<Remembered>> {
        self.inner.recall(territory, idem)
    }
    fn due<'a>(&'a self, territory: &'a TerritoryId, limit: usize) -> Reply<'a, Vec<(Millis, Timer)>> {
        self.inner.due(territory, limit)
    }
    fn snapshot<'a>(&'a self, territory: &'a TerritoryId) -> Reply<'a, Snapshot> {
        self.inner.snapshot(territory)
    }
    fn events<'a>(&'a self, territory: &'a TerritoryId, after: Seq, limit: usize) -> Reply<'a, EventPage> {
        self.inner.events(territory, after, limit)
    }
    fn hints(&self, territory: &TerritoryId) -> watch::Receiver<Seq> {
        self.inner.hints(territory)
    }
    fn trim<'a>(&'a self, territory: &'a TerritoryId, up_to: Seq) -> Reply<'a, u64> {
        self.inner.trim(territory, up_to)
    }
    fn blob<'a>(&'a self, territory: &'a TerritoryId, name: &'a str) -> Reply<'a, Option<Bytes>> {
        self.inner.blob(territory, name)
    }
    fn territories(&self) -> Reply<'_, Vec<TerritoryId>> {
        self.inner.territories()
    }

    fn export<'a>(&'a self, territory: &'a TerritoryId) -> Reply<'a, Export> {
        self.inner.export(territory)
    }
    fn import<'a>(
        &'a self,
        territory: &'a TerritoryId,
        tail: Tail,
        items: BoxStream<'static, Result<Kept, StoreError>>,
    ) -> Reply<'a, ()> {
        self.inner.import(territory, tail, items)
    }
    fn health(&self) -> BoxFuture<'_, Health> {
        self.inner.health()
    }
}
