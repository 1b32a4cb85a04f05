//! Many callers, few places.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::json;

use crate::support::process::{Demo, identity};

/// Holds and confirms; the status that ended it and its body.
async fn hold_and_confirm(demo: &Demo, request: &str, slot: &str, hold: &str) -> (u16, serde_json::Value) {
    let body = json!({ "slot_id": slot, "hold_id": hold });
    let held = demo.post("demo-operator", &format!("/requests/{request}/hold"), &body).await.expect("answers");
    if held.0 != 200 {
        return held;
    }
    let body = json!({ "hold_id": hold, "patient": identity() });
    demo.post("demo-operator", &format!("/requests/{request}/confirm"), &body).await.expect("answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_clients_on_one_place_give_one_booking_and_forty_nine_answers_with_another_way() {
    let demo = Arc::new(Demo::start());
    let slot = demo.publish(1).await.remove(0);
    let mut requests = Vec::new();
    for _ in 0..50 {
        requests.push(demo.request("h24").await);
    }
    let calls: Vec<_> = requests
        .into_iter()
        .enumerate()
        .map(|(n, request)| {
            let (demo, slot) = (demo.clone(), slot.clone());
            tokio::spawn(async move { hold_and_confirm(&demo, &request, &slot, &format!("hold-{n}")).await })
        })
        .collect();
    let mut statuses = Vec::new();
    for call in calls {
        let (status, body) = call.await.unwrap();
        if status == 409 {
            assert_eq!(body["type"], "/problems/slot-taken");
            let offers = body["offers"].as_array().expect("offers");
            assert!(!offers.is_empty() && offers.iter().all(|offer| offer["slot"]["id"] != slot.as_str()), "{body}");
        }
        statuses.push(status);
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses.iter().filter(|status| **status == 409).count()), (201, 49), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_clients_over_a_hundred_places_book_each_of_them_once() {
    let demo = Arc::new(Demo::start());
    let slots = demo.publish(100).await;
    let mut calls = Vec::new();
    for n in 0..500 {
        let (demo, slot) = (demo.clone(), slots[n % 100].clone());
        calls.push(tokio::spawn(async move {
            let request = demo.request("h24").await;
            hold_and_confirm(&demo, &request, &slot, &format!("hold-{n}")).await
        }));
    }
    let mut booked = Vec::new();
    for call in calls {
        match call.await.unwrap() {
            (201, appointment) => booked.push(appointment["slot"]["id"].as_str().unwrap().to_owned()),
            (409, body) => assert_eq!(body["type"], "/problems/slot-taken"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(booked.len(), 100);
    assert_eq!(booked.iter().collect::<HashSet<_>>(), slots.iter().collect());
}
