//! A desk on disk that is worked at by several people at once, and what a store holds, in a form that compares.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aiguilleur::clock::ManualClock;
use aiguilleur::domain::{AppointmentId, EventKind, HoldId, Level, Record, RecordKey, SlotId, TerritoryId};
use aiguilleur::receipts::{Journal, Receipt};
use aiguilleur::seal::{Kek, Sealer};
use aiguilleur::store::{EmbeddedStore, Export, Kept, Seq, Store, StoredEvent, Tail, codec};
use futures_util::TryStreamExt as _;
use tokio::task::JoinHandle;

use crate::support::desk::{Desk, operator, patient};
use crate::support::program;

pub(super) fn weppes() -> TerritoryId {
    "weppes".parse().unwrap()
}

/// Tuesday 24 November 2026, nine o'clock.
pub(super) fn nine() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-11-24T08:00:00Z".parse().unwrap()))
}

pub(super) fn store_in(folder: &Path, clock: &Arc<ManualClock>) -> Arc<dyn Store> {
    Arc::new(EmbeddedStore::open(folder, clock.clone()).unwrap())
}

/// A key that outlives the store it seals for.
pub(super) fn sealer_of(folder: &Path) -> Arc<Sealer> {
    Arc::new(Sealer::new(Kek::load_or_create(&folder.join("patients.key")).unwrap()))
}

pub(super) async fn desk_over(store: Arc<dyn Store>, sealer: Arc<Sealer>) -> Desk {
    Desk::over(store, nine(), sealer, None).await
}

/// A desk that keeps receipts in a folder.
pub(super) async fn desk_with_receipts(
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    folder: &Path,
) -> (Desk, Arc<Journal>) {
    let journal = Journal::open(folder, 35).unwrap();
    (Desk::over(store, nine(), sealer, Some(journal.clone())).await, journal)
}

/// The appointments that receipts say were made.
pub(super) fn booked_in(receipts: &[Receipt]) -> BTreeSet<AppointmentId> {
    let told = receipts.iter().flat_map(|receipt| &receipt.changes);
    told.filter(|told| told.kind == EventKind::AppointmentBooked).filter_map(|told| told.appointment).collect()
}

/// What a command of the program printed, once it has ended.
pub(super) struct Printed {
    pub(super) well: bool,
    pub(super) out: String,
    pub(super) log: String,
}

/// Runs a command of the program to its end, logging all it can.
pub(super) fn aiguilleur(arguments: &[&str]) -> Printed {
    let ended = program::aiguilleur(arguments).env("AIGUILLEUR_LOG", "debug").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Printed { well: ended.status.success(), out: text(ended.stdout), log: text(ended.stderr) }
}

/// People who book as fast as they are answered.
pub(super) struct Rush {
    workers: Vec<JoinHandle<Vec<AppointmentId>>>,
    booked: Arc<AtomicUsize>,
}

impl Rush {
    /// Starts `workers` of them, who share `places` of the desk's doctor, the first of them in `from` minutes.
    pub(super) async fn start(desk: &Desk, workers: usize, places: usize, from: i64) -> Self {
        let mut slots = Vec::new();
        for quarter in 0..places.div_ceil(8) {
            slots.push(desk.publish(from + 15 * i64::try_from(quarter).unwrap(), 8).await);
        }
        let booked = Arc::new(AtomicUsize::new(0));
        let wanted: Vec<SlotId> = slots.into_iter().flat_map(|slot| [slot; 8]).take(places).collect();
        let workers = (0..workers)
            .map(|worker| {
                let mine: Vec<SlotId> = wanted.iter().copied().skip(worker).step_by(workers).collect();
                let (booking, order, booked) = (desk.booking.clone(), desk.order(Level::H48), booked.clone());
                tokio::spawn(async move {
                    let mut acknowledged = Vec::new();
                    for (n, slot) in mine.into_iter().enumerate() {
                        let (case, _) = booking.create_request(&operator(), order.clone()).await.unwrap();
                        let (request, hold): (_, HoldId) =
                            (case.request.id, format!("h-{worker}-{n}").parse().unwrap());
                        booking.hold(&operator(), request, slot, hold.clone(), false).await.unwrap();
                        acknowledged.push(booking.confirm(&operator(), request, hold, &patient()).await.unwrap().id);
                        booked.fetch_add(1, Ordering::SeqCst);
                    }
                    acknowledged
                })
            })
            .collect();
        Self { workers, booked }
    }

    /// Waits until so many are booked.
    pub(super) async fn reached(&self, bookings: usize) {
        while self.booked.load(Ordering::SeqCst) < bookings {
            tokio::task::yield_now().await;
        }
    }

    /// Waits for all of them; every appointment somebody was told of.
    pub(super) async fn end(self) -> BTreeSet<AppointmentId> {
        let mut acknowledged = BTreeSet::new();
        for worker in self.workers {
            acknowledged.extend(worker.await.unwrap());
        }
        acknowledged
    }
}

/// What a store holds of a territory.
#[derive(Debug, PartialEq)]
pub(super) struct Holdings {
    pub(super) tail: Tail,
    pub(super) records: BTreeMap<RecordKey, (u64, Record)>,
    pub(super) events: Vec<StoredEvent>,
    pub(super) timers: BTreeMap<String, i64>,
    pub(super) blobs: BTreeMap<String, bytes::Bytes>,
}

pub(super) async fn holdings(store: &dyn Store) -> Holdings {
    let Export { tail, items, .. } = store.export(&weppes()).await.unwrap();
    let (mut records, mut events) = (BTreeMap::new(), Vec::new());
    let (mut timers, mut blobs) = (BTreeMap::new(), BTreeMap::new());
    for kept in items.try_collect::<Vec<_>>().await.unwrap() {
        match kept {
            Kept::Record(found) => {
                let record = codec::decode_record(&found.key, &found.body).unwrap();
                records.insert(found.key, (found.version, record));
            }
            Kept::Event(event) => events.push(event),
            Kept::Timer { timer, at } => drop(timers.insert(timer.to_string(), at)),
            Kept::Blob { name, bytes } => drop(blobs.insert(name, bytes)),
        }
    }
    Holdings { tail, records, events, timers, blobs }
}

/// The records as the events up to `seq` tell them.
pub(super) fn told_until(seq: Seq, events: &[StoredEvent]) -> BTreeMap<RecordKey, (u64, Record)> {
    let mut records = BTreeMap::new();
    for event in events.iter().filter(|event| event.seq <= seq) {
        for written in codec::decode_event(event).unwrap().event.after {
            records.insert(written.record.key(), (written.version, written.record));
        }
    }
    records
}
