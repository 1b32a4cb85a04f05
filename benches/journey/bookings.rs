//! Bookings per second over HTTP beside the raw commit of the same store, on the same disk, in the same run. A booking is two
//! calls (hold, confirmation), each with everything a call goes through: rights, JSON, rules, sealing, durable commit, read
//! model. Its peer is two bare commits with as many guards, and records and events of that size.
//!
//! `cargo bench --bench journey -- bookings`

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use aiguilleur::booking::{Call, Policy};
use aiguilleur::clock::ManualClock;
use aiguilleur::domain::{RecordKey, RequestId, SlotId};
use aiguilleur::http::{self, AppState, Front, Limits, Parts};
use aiguilleur::identity::{Identity, SigningKey};
use aiguilleur::observability::Metrics;
use aiguilleur::seal::{Fingerprinter, MacKey};
use aiguilleur::store::{Commit, CommitOutcome, EmbeddedStore, IdemKey, NewEvent, Store, Write};
use bytes::Bytes;
use serde_json::json;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::support::{Desk, drafts, nine, orders, practitioners};

const BOOKINGS: usize = 1_500;

/// Prints the table.
pub(crate) async fn run() {
    println!("| bookings per second | in flight | raw commits (peer) | over HTTP | HTTP ÷ raw |");
    println!("|---|---|---|---|---|");
    for in_flight in [1, 16, 64] {
        let count = if in_flight == 1 { BOOKINGS / 5 } else { BOOKINGS };
        let raw = raw(in_flight, count).await;
        let over_http = over_http(in_flight, count).await;
        println!("| hold and confirm | {in_flight} | {raw:.0} | {over_http:.0} | {:.2} |", over_http / raw);
    }
}

fn on_disk() -> (tempfile::TempDir, Arc<dyn Store>) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = EmbeddedStore::open(folder.path(), Arc::new(ManualClock::at(nine()))).expect("a store");
    (folder, Arc::new(store))
}

/// Runs `count` jobs, so many at once; jobs per second.
async fn rate<F>(in_flight: usize, count: usize, job: impl Fn(usize) -> F + Send + Sync + 'static) -> f64
where
    F: Future<Output = ()> + Send,
{
    let (job, next) = (Arc::new(job), Arc::new(AtomicUsize::new(0)));
    let started = Instant::now();
    let workers: Vec<_> = (0..in_flight)
        .map(|_| {
            let (job, next) = (job.clone(), next.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    job(number).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.expect("a job failed");
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of a bench")]
    let count = count as f64;
    count / started.elapsed().as_secs_f64()
}

/// Two commits a booking, as hold and confirm make them: records of the size of a slot, a request and an appointment.
async fn raw(in_flight: usize, count: usize) -> f64 {
    let (_folder, store) = on_disk();
    let weppes = crate::support::weppes().id;
    let body = Bytes::from(vec![b'x'; 700]);
    rate(in_flight, count, move |number| {
        let (store, weppes, body) = (store.clone(), weppes.clone(), body.clone());
        async move {
            let id = u128::try_from(number).expect("small");
            let slot = RecordKey::slot(SlotId::new(Uuid::from_u128(id)));
            let request = RecordKey::request(RequestId::new(Uuid::from_u128(id)));
            for version in 0..2u64 {
                let put = |key: &RecordKey| Write::Put { key: key.clone(), body: body.clone() };
                let event = |kind| NewEvent { kind, body: body.clone() };
                let commit = Commit {
                    idem: IdemKey { actor: "bench".to_owned(), key: format!("{number}/{version}") },
                    fingerprint: [0; 16],
                    decided_at: store.now(),
                    guards: vec![(slot.clone(), version), (request.clone(), version)],
                    writes: vec![put(&slot), put(&request)],
                    events: vec![event("slot.held"), event("request.held")],
                    answer: Bytes::from_static(b"{}"),
                };
                let outcome = store.commit(&weppes, commit).await.expect("committed");
                assert!(matches!(outcome, CommitOutcome::Done { .. }));
            }
        }
    })
    .await
}

/// Hold and confirm over HTTP, of requests entered before.
async fn over_http(in_flight: usize, count: usize) -> f64 {
    let (_folder, store) = on_disk();
    let desk = Desk::open(store, Policy::default()).await;
    let listed = practitioners(&desk.booking.territory, 63);
    let slots = drafts(&listed, count);
    let call = Call::of_service();
    desk.booking.list_practitioners(&call, listed).await.expect("listed");
    let ids: Vec<SlotId> = desk.booking.publish(&call, slots).await.expect("published").created;
    let order = orders(&desk.booking.territory, 1).remove(0);
    let mut requests = Vec::new();
    for number in 0..count {
        let id = RequestId::new(Uuid::from_u128(u128::try_from(number).expect("small") + 1));
        // Any hour, anywhere: what is measured is booking, not choosing.
        let mut order = order.clone();
        order.level = Some(aiguilleur::domain::Level::Programmed);
        order.facts.constraints =
            aiguilleur::domain::Constraints { max_travel_minutes: Some(600), ..Default::default() };
        requests.push(desk.booking.enter_request(&call, id, order).await.expect("entered"));
    }
    let state = AppState::new(Parts {
        territories: vec![desk.booking.clone()],
        identity: Identity::new(SigningKey::new([7; 32]), [], true),
        fingerprinter: Fingerprinter::new(MacKey::generate().expect("randomness")),
        metrics: Metrics::of_this_process(),
        limits: Limits::demo(),
        front: Front::default(),
        warnings: Vec::new(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}/api/v1/territories/weppes", listener.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(http::serve(listener, Arc::new(state), async {
        let _ = stopped.await;
    }));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let pairs: Arc<Vec<(RequestId, SlotId)>> = Arc::new(requests.into_iter().zip(ids).collect());
    let measured = rate(in_flight, count, move |number| {
        let (client, base, pairs) = (client.clone(), base.clone(), pairs.clone());
        async move {
            let (request, slot) = pairs[number];
            let calls = [
                ("hold", json!({"slot_id": slot.to_string(), "hold_id": format!("h{number}")}), 200),
                (
                    "confirm",
                    json!({"hold_id": format!("h{number}"),
                           "patient": {"first_name": "Zoé", "last_name": "Test", "phone": "0639981234"}}),
                    201,
                ),
            ];
            for (verb, body, expected) in calls {
                let url = format!("{base}/requests/{request}/{verb}");
                let answer = client.post(url).bearer_auth("demo-operator").json(&body).send().await.expect("answered");
                let status = answer.status().as_u16();
                let text = answer.text().await.expect("read");
                assert_eq!(status, expected, "{text}");
            }
        }
    })
    .await;
    drop(stop);
    let _ = served.await;
    measured
}
