//! Many callers, few places.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::everywhere;
use crate::support::api::{Api, identity};

everywhere!(
    fifty_clients_on_one_place_give_one_booking_and_forty_nine_answers_with_another_way,
    five_hundred_clients_over_a_hundred_places_book_each_of_them_once,
);

/// Holds and confirms; the status that ended it and its body.
async fn hold_and_confirm(api: &Api, request: &str, slot: &str, hold: &str) -> (u16, Value) {
    let body = json!({ "slot_id": slot, "hold_id": hold });
    let held = api.post("demo-operator", &format!("/requests/{request}/hold"), &body).await.expect("answers");
    if held.0 != 200 {
        return held;
    }
    let body = json!({ "hold_id": hold, "patient": identity() });
    api.post("demo-operator", &format!("/requests/{request}/confirm"), &body).await.expect("answers")
}

async fn fifty_clients_on_one_place_give_one_booking_and_forty_nine_answers_with_another_way(api: &Api) {
    let slot = api.publish(1).await.remove(0);
    let mut requests = Vec::new();
    for _ in 0..50 {
        requests.push(api.request("h24").await);
    }
    let calls: Vec<_> = requests
        .into_iter()
        .enumerate()
        .map(|(n, request)| {
            let (api, slot) = (api.clone(), slot.clone());
            tokio::spawn(async move { hold_and_confirm(&api, &request, &slot, &format!("hold-{n}")).await })
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

async fn five_hundred_clients_over_a_hundred_places_book_each_of_them_once(api: &Api) {
    let slots = api.publish(100).await;
    let mut calls = Vec::new();
    for n in 0..500 {
        let (api, slot) = (api.clone(), slots[n % 100].clone());
        calls.push(tokio::spawn(async move {
            let request = api.request("h24").await;
            hold_and_confirm(&api, &request, &slot, &format!("hold-{n}")).await
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
