//! Cold start: a process that opens a store with so many slots, the events that published them and three hundred requests
//! that wait, until it could serve. The target is 30 seconds for a million slots (store.md §10).
//!
//! `cargo bench --bench figures -- cold_start [--quick]`

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use aiguilleur::booking::{Call, Policy};
use aiguilleur::clock::ManualClock;
use aiguilleur::domain::time::millis;
use aiguilleur::domain::{Agenda, Practitioner, Record, RequestId, Slot};
use aiguilleur::seal::{Kek, Sealer};
use aiguilleur::service::{Parts, Service};
use aiguilleur::store::{EmbeddedStore, Export, Kept, Store, Versioned, codec};
use aiguilleur::triage::Pack;
use chrono::TimeDelta;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use uuid::Uuid;

use crate::filling::{SLOTS_EACH, kept, practitioners_of, slots_of};
use crate::memory::{megabytes, resident};
use crate::stage::desk::Desk;
use crate::stage::home::{Home, Kind, open_at};
use crate::stage::running::receipts_in;
use crate::stage::{nine, orders, weppes};

/// What this program is told to be the process that starts.
pub(crate) const ALONE: &str = "--cold-start-alone";

/// Requests that wait.
const WAITING: usize = 300;

/// Prints the table.
pub(crate) fn run(quick: bool) {
    let slots = if quick { 100_000 } else { 1_000_000 };
    let keys = tempfile::tempdir().expect("a folder");
    let key = keys.path().join("patients.key");
    println!("| cold start | slots | store opened | read model loaded | from start to ready | memory |");
    println!("|---|---|---|---|---|---|");
    for kind in Kind::all() {
        let home = kind.home();
        here(fill(&home, &key, slots));
        let said = start(&format!("{}={}", key.display(), home.address()));
        println!("| {kind} | {slots} | {said} |");
    }
}

/// Starts this program as the process that starts; what it says.
fn start(address: &str) -> String {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).args([ALONE, address]).output().expect("started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The process that starts.
pub(crate) fn alone(address: &str) {
    let began = Instant::now();
    let (key, address) = address.split_once('=').expect("a key file and an address");
    let sealer = Arc::new(Sealer::new(Kek::load(Path::new(key)).expect("a key")));
    let address = address.to_owned();
    actix_web::rt::System::new().block_on(async move {
        let store = open_at(&address).await;
        let opened = began.elapsed();
        let territories = vec![Arc::new(weppes())];
        let folder = tempfile::tempdir().expect("a folder");
        let receipts = Some(receipts_in(folder.path()));
        let pack = Arc::new(Pack::general().clone());
        let parts = Parts { store, sealer, territories, policy: Policy::default(), pack, receipts };
        let service = Service::open(parts).await.expect("a service");
        let ready = began.elapsed();
        let waiting = service.territories()[0].view.read(|state| {
            assert!(state.board.without_facts().next().is_none(), "every request can be read");
            state.board.len()
        });
        assert_eq!(waiting, WAITING);
        println!(
            "{:.1} s | {:.1} s | {:.1} s | {:.0} MB",
            opened.as_secs_f64(),
            (ready - opened).as_secs_f64(),
            ready.as_secs_f64(),
            megabytes(resident())
        );
    });
}

fn here<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(work)
}

/// Puts the territory there, whole.
async fn fill(home: &Home, key: &Path, slots: usize) {
    let sealer = Arc::new(Sealer::new(Kek::load_or_create(key).expect("a key")));
    let clock = Arc::new(ManualClock::at(nine() - TimeDelta::hours(1)));
    let scratch: Arc<dyn Store> = Arc::new(EmbeddedStore::in_memory(clock).expect("memory"));
    let desk = Desk::open(scratch.clone(), sealer, Policy::default()).await;
    for (n, order) in orders(&desk.booking.territory, WAITING).into_iter().enumerate() {
        let id = RequestId::new(Uuid::from_u128(1_000_000 + u128::try_from(n).expect("small")));
        desk.booking.enter_request(&Call::of_service(), id, order).await.expect("entered");
    }
    let Export { mut tail, items, .. } = scratch.export(&weppes().id).await.expect("exported");
    let requests: Vec<Kept> = items.try_collect().await.expect("exported");
    let at = millis(nine() - TimeDelta::hours(1));
    let territory = weppes();
    let listed = practitioners_of(&territory, slots);
    let records = || {
        let listing = listed.iter().cloned().map(Record::Practitioner);
        listing.chain(slots_of(territory.id.clone(), &listed, slots).map(Record::Slot))
    };
    // The store asks how it ends before it begins.
    let mut end = tail.clone();
    records().for_each(|record| drop(kept(record, at, &mut end)));
    let agendas = agendas(&listed, slots_of(territory.id.clone(), &listed, slots));
    let made: Vec<Kept> = records().flat_map(|record| kept(record, at, &mut tail)).chain(agendas).collect();
    let items = stream::iter(requests.into_iter().chain(made).map(Ok)).boxed();
    home.open().await.import(&weppes().id, end, items).await.expect("imported");
}

/// The agenda guards of these practitioners.
fn agendas(listed: &[Practitioner], slots: impl Iterator<Item = Slot>) -> Vec<Kept> {
    let mut agendas: Vec<Agenda> = listed.iter().map(|who| Agenda::new(who.rpps)).collect();
    for (n, slot) in slots.enumerate() {
        let span = aiguilleur::domain::Span { slot: slot.id, start: slot.start, end: slot.end };
        assert!(agendas[n % listed.len()].insert(span), "slots of one practitioner do not overlap");
    }
    let version = u64::try_from(SLOTS_EACH).expect("small");
    let record = |agenda| {
        let record = Record::Agenda(agenda);
        let body = codec::encode_record(&record).expect("encoded");
        Kept::Record(Versioned { key: record.key(), version, body })
    };
    agendas.into_iter().map(record).collect()
}
