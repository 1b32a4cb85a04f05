//! kill -9 of the service in the middle of two thousand bookings, ten times: what was acknowledged is there, nothing is sold
//! twice, and what was unknown is resolved by sending the same call again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::process::{Demo, identity, need};

const BOOKINGS: usize = 2_000;
const KILLS: usize = 10;
const IN_FLIGHT: usize = 16;

/// One booking on its way: a request, a hold and a confirmation, each under a key of its own.
#[derive(Debug, Clone)]
struct Job {
    number: usize,
    slot: String,
}

#[derive(Default)]
struct Ledger {
    /// Appointments acknowledged, with their slots.
    acknowledged: HashMap<String, String>,
    todo: VecDeque<Job>,
}

/// Books as far as the service answers; true when done.
async fn book(demo: &Demo, job: &Job, ledger: &Mutex<Ledger>) -> Option<()> {
    let Job { number, slot } = job;
    let token = "demo-operator";
    let (status, request) =
        demo.post_keyed(token, "/requests", &format!("r{number}"), &need("h48")).await.filter(answered)?;
    assert_eq!(status, 201, "{request}");
    let id = request["id"].as_str().expect("an id");
    let body = json!({ "slot_id": slot, "hold_id": format!("h{number}") });
    let path = format!("/requests/{id}/hold");
    let (status, held) = demo.post_keyed(token, &path, &format!("h{number}"), &body).await.filter(answered)?;
    assert_eq!(status, 200, "{held}");
    let body = json!({ "hold_id": format!("h{number}"), "patient": identity() });
    let path = format!("/requests/{id}/confirm");
    let (status, booked) = demo.post_keyed(token, &path, &format!("c{number}"), &body).await.filter(answered)?;
    assert_eq!(status, 201, "{booked}");
    let appointment = booked["id"].as_str().expect("an id").to_owned();
    let slot = booked["slot"]["id"].as_str().expect("an id").to_owned();
    let earlier = ledger.lock().unwrap().acknowledged.insert(appointment, slot.clone());
    assert!(earlier.is_none_or(|earlier| earlier == slot), "one key, two bookings");
    Some(())
}

/// Whether the outcome is known: 503 means "ask again with the same key".
fn answered(answer: &(u16, Value)) -> bool {
    answer.0 != 503
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_booking_survives_ten_kills_and_no_place_is_sold_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::in_folder(folder.path());
    // Eight patients in each slot, so that all of them start within 48 hours.
    let slots = demo.publish_places(BOOKINGS / 8, 8).await;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    ledger.lock().unwrap().todo =
        slots.iter().cycle().take(BOOKINGS).cloned().enumerate().map(|(number, slot)| Job { number, slot }).collect();
    for round in 0..=KILLS {
        let shared = Arc::new(demo);
        let (done, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let quota = if round == KILLS { usize::MAX } else { BOOKINGS / (KILLS + 1) };
        let workers: Vec<_> = (0..IN_FLIGHT)
            .map(|_| {
                let (demo, ledger, done, enough) = (shared.clone(), ledger.clone(), done.clone(), enough.clone());
                tokio::spawn(async move {
                    loop {
                        let Some(job) = ledger.lock().unwrap().todo.pop_front() else { break };
                        if book(&demo, &job, &ledger).await.is_none() {
                            // The service is gone, or does not know: the same job, with the same keys, after its restart.
                            ledger.lock().unwrap().todo.push_front(job);
                            break;
                        }
                        if done.fetch_add(1, Ordering::SeqCst) + 1 >= quota {
                            enough.notify_one();
                        }
                    }
                })
            })
            .collect();
        if round < KILLS {
            enough.notified().await;
            shared.kill_by_pid();
        }
        for worker in workers {
            worker.await.unwrap();
        }
        demo = Arc::into_inner(shared).expect("no worker holds it");
        if round < KILLS {
            demo.kill();
            demo = Demo::in_folder(folder.path());
        }
    }
    let ledger = std::mem::take(&mut *ledger.lock().unwrap());
    assert!(ledger.todo.is_empty());
    assert_eq!(ledger.acknowledged.len(), BOOKINGS);
    let mut sold: HashMap<&str, u64> = HashMap::new();
    for slot in ledger.acknowledged.values() {
        *sold.entry(slot).or_default() += 1;
    }
    for (id, booked) in &sold {
        let (status, slot) = demo.get("demo-operator", &format!("/slots/{id}")).await;
        assert_eq!(status, 200, "{slot}");
        let there: HashSet<&str> =
            slot["appointments"].as_array().expect("ids").iter().filter_map(Value::as_str).collect();
        let acknowledged: HashSet<&str> =
            ledger.acknowledged.iter().filter(|(_, slot)| slot == id).map(|(a, _)| a.as_str()).collect();
        assert_eq!(there, acknowledged, "slot {id}: sold to others than those who were told");
        assert!(Some(*booked) <= slot["capacity"].as_u64());
    }
}
