//! Promises from the call to the hour told: who can wait is seen in time, no place is taken before it must be, and nothing
//! happens behind anybody's back.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::service::{Service, T};

fn path(request: &Value, what: &str) -> String {
    format!("{T}/requests/{}{what}", request["id"].as_str().unwrap())
}

fn patient() -> Value {
    json!({"first_name": "Zélie", "last_name": "Quenouillard", "phone": "06 39 98 12 34"})
}

/// What the board says of a request; null where it is not on it.
async fn row(service: &Service, request: &Value) -> Value {
    let (status, board) = service.get("demo-operator", &format!("{T}/requests")).await;
    assert_eq!(status, 200, "{board}");
    let rows = board["items"].as_array().unwrap();
    rows.iter().find(|row| row["id"] == request["id"]).cloned().unwrap_or_default()
}

async fn kinds(service: &Service, request: &Value) -> Vec<String> {
    let one = service.get("demo-operator", &path(request, "")).await.1;
    one["history"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_kept_by_the_service_and_told_by_a_person() {
    let service = Service::start().await;
    service.desk.publish(5 * 60, 1).await;
    let request = service.enter("h24").await;
    let body = json!({"notice_minutes": 120, "patient": patient()});
    let (status, promised) = service.post("demo-operator", &path(&request, "/promise"), &body).await;
    assert_eq!((status, &promised["state"]), (200, &json!("promised")), "{promised}");
    assert_eq!(promised["promise"]["by"], request["deadline"]);
    assert_eq!(promised["promise"]["notice_minutes"], 120);
    assert_eq!(promised["promise"]["booked_by_service"], true);
    assert!(!promised.to_string().contains("Quenouillard"), "nobody's name");
    // Nobody else wants the place: nobody waits for nothing.
    service.desk.booking.look_at_promises().await.unwrap();
    let told = row(&service, &request).await;
    assert_eq!(told["state"], "booked", "{told}");
    assert!(told["hour_to_tell"].is_string(), "the patient does not know yet: {told}");
    let at = format!("{T}/appointments/{}", told["appointment_id"].as_str().unwrap());
    let opened = service.get("demo-operator", &at).await.1;
    assert_eq!(opened["patient"]["last_name"], "Quenouillard", "{opened}");
    assert_eq!(opened["booked_by"]["role"], "service");
    let (status, after) = service.post("demo-operator", &path(&request, "/told"), &json!({})).await;
    assert_eq!((status, &after["state"]), (200, &json!("booked")), "{after}");
    assert_eq!(row(&service, &request).await, Value::Null, "and leaves the board");
    let kinds = kinds(&service, &request).await;
    for kind in ["request.promised", "request.booked", "request.hour_told"] {
        assert!(kinds.contains(&kind.to_owned()), "{kind}: {kinds:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_promises_and_one_place_the_other_is_told_of_at_once_and_served_by_the_next_place() {
    let service = Service::start().await;
    service.desk.publish(5 * 60, 1).await;
    let (first, second) = (service.enter("h24").await, service.enter("h24").await);
    let body = json!({"notice_minutes": 60, "patient": patient()});
    assert_eq!(service.post("demo-operator", &path(&first, "/promise"), &body).await.0, 200);
    let (status, problem) = service.post("demo-operator", &path(&second, "/promise"), &body).await;
    assert_eq!(
        (status, &problem["type"]),
        (422, &json!("/problems/promise-impossible")),
        "what cannot be kept is not said"
    );
    // The only place goes, to somebody who came to the desk.
    let third = service.enter("same_day").await;
    let slot = third["offers"][0]["slot"]["id"].clone();
    let hold = json!({"slot_id": slot, "hold_id": "h-1"});
    assert_eq!(service.post("demo-operator", &path(&third, "/hold"), &hold).await.0, 200);
    let confirm = json!({"hold_id": "h-1", "patient": patient()});
    assert_eq!(service.post("demo-operator", &path(&third, "/confirm"), &confirm).await.0, 201);
    service.desk.booking.look_at_promises().await.unwrap();
    let risk = row(&service, &first).await;
    assert_eq!((&risk["at_risk"], &risk["promise"]["standing"]), (&json!(true), &json!("at_risk")), "{risk}");
    assert!(kinds(&service, &first).await.contains(&"request.promise_at_risk".to_owned()));
    service.desk.publish(6 * 60, 2).await;
    service.desk.booking.look_at_promises().await.unwrap();
    assert_eq!(row(&service, &first).await["state"], "booked");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_a_person_is_told_to_call_and_books() {
    let service = Service::start().await;
    service.desk.publish(5 * 60, 1).await;
    let request = service.enter("h48").await;
    let (status, promised) = service.post("demo-operator", &path(&request, "/promise"), &json!({})).await;
    assert_eq!((status, &promised["promise"]["notice_minutes"]), (200, &json!(180)), "{promised}");
    assert_eq!(promised["promise"]["booked_by_service"], false);
    service.desk.booking.look_at_promises().await.unwrap();
    let due = row(&service, &request).await;
    assert_eq!((&due["state"], &due["promise"]["standing"]), (&json!("promised"), &json!("due")), "{due}");
    let slot = promised["offers"][0]["slot"]["id"].clone();
    let hold = json!({"slot_id": slot, "hold_id": "h-1"});
    assert_eq!(service.post("demo-operator", &path(&request, "/hold"), &hold).await.0, 200);
    let confirm = json!({"hold_id": "h-1", "patient": patient()});
    let (status, booked) = service.post("demo-operator", &path(&request, "/confirm"), &confirm).await;
    assert_eq!(status, 201, "{booked}");
    assert_eq!(row(&service, &request).await, Value::Null, "whoever booked has told them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_without_a_place_is_looked_at_when_its_hour_must_be_known_and_not_forgotten() {
    let service = Service::start().await;
    let slot = service.desk.publish(20 * 60, 1).await;
    let request = service.enter("h24").await;
    let body = json!({"patient": patient()});
    // Somebody may want the place as much: it is only fixed when it must be.
    service.enter("h24").await;
    assert_eq!(service.post("demo-operator", &path(&request, "/promise"), &body).await.0, 200);
    service.desk.booking.look_at_promises().await.unwrap();
    assert_eq!(row(&service, &request).await["state"], "promised", "no place is taken yet");
    let withdraw = json!({"reason": "malade"});
    assert_eq!(service.post(&service.doctor(), &format!("{T}/slots/{slot}/withdraw"), &withdraw).await.0, 200);
    service.desk.clock.advance(TimeDelta::hours(21) + TimeDelta::minutes(1));
    service.desk.booking.run_due().await.unwrap();
    assert_eq!(row(&service, &request).await["at_risk"], true);
    service.desk.publish(60, 1).await;
    service.desk.clock.advance(TimeDelta::hours(1) + TimeDelta::minutes(30));
    // That place has begun meanwhile; a later one still serves.
    service.desk.publish(30, 2).await;
    service.desk.booking.run_due().await.unwrap();
    assert_eq!(row(&service, &request).await["state"], "booked", "its own timer found the place");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_called_while_a_place_is_held_keeps_no_timer_waiting() {
    let service = Service::start().await;
    service.desk.publish(23 * 60, 1).await;
    let request = service.enter("h24").await;
    let body = json!({"notice_minutes": 180, "patient": patient()});
    assert_eq!(service.post("demo-operator", &path(&request, "/promise"), &body).await.0, 200);
    service.desk.clock.advance(TimeDelta::hours(20) + TimeDelta::minutes(59));
    let slot = request["offers"][0]["slot"]["id"].clone();
    let hold = json!({"slot_id": slot, "hold_id": "h-1"});
    assert_eq!(service.post("demo-operator", &path(&request, "/hold"), &hold).await.0, 200);
    service.desk.clock.advance(TimeDelta::minutes(2));
    service.desk.booking.run_due().await.unwrap();
    service.desk.booking.run_due().await.unwrap();
    assert_eq!(service.desk.booking.timers_due(), 0, "it was looked at, and will be again");
    service.desk.clock.advance(TimeDelta::minutes(5));
    service.desk.booking.run_due().await.unwrap();
    service.desk.booking.look_at_promises().await.unwrap();
    assert_eq!(row(&service, &request).await["state"], "booked", "the hold has ended, the promise has not");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_asked_for_again_under_its_key_is_answered_as_before() {
    let service = Service::start().await;
    service.desk.publish(5 * 60, 1).await;
    let request = service.enter("h24").await;
    let body = json!({"notice_minutes": 60, "patient": patient()});
    let ask = async || service.keyed("demo-operator", &path(&request, "/promise"), "k", &body).await;
    assert_eq!(ask().await.0, 200);
    service.desk.booking.look_at_promises().await.unwrap();
    let (status, again) = ask().await;
    assert_eq!((status, &again["state"]), (200, &json!("booked")), "{again}");
    let promised = kinds(&service, &request).await.iter().filter(|kind| *kind == "request.promised").count();
    assert_eq!(promised, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_be_seen_today_gets_no_promise_and_bad_orders_change_nothing() {
    let service = Service::start().await;
    service.desk.publish(60, 1).await;
    let urgent = service.enter("same_day").await;
    let (status, problem) = service.post("demo-operator", &path(&urgent, "/promise"), &json!({})).await;
    assert_eq!((status, &problem["type"]), (422, &json!("/problems/promise-impossible")));
    let request = service.enter("h24").await;
    for bad in [
        json!({"notice_minutes": -1}),
        json!({"notice_minutes": "180"}),
        json!({"patient": {"first_name": "A"}}),
        json!({"patient": {"first_name": "A", "last_name": "B", "phone": "12"}}),
        json!({"patien": patient()}),
    ] {
        let (status, problem) = service.post("demo-operator", &path(&request, "/promise"), &bad).await;
        assert_eq!(status, 400, "{bad}: {problem}");
        assert!(problem["errors"][0]["pointer"].is_string(), "{problem}");
    }
    assert_eq!(row(&service, &request).await["state"], "open");
}
