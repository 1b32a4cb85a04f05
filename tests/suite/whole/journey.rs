//! One need from the call to the appointment, as a console would make the calls.

use serde_json::{Value, json};

use super::everywhere;
use crate::support::api::{Api, identity};
use crate::support::process::need;

everywhere!(
    a_call_becomes_an_appointment_and_whoever_is_late_hears_what_else_there_is,
    an_emergency_gets_no_slot_and_waits_for_its_handover,
    a_patient_reaches_their_own_request_by_their_bearer_alone,
);

async fn enter(api: &Api, level: &str) -> (String, Value) {
    let (status, made) = api.post("demo-operator", "/requests", &need(level)).await.expect("answers");
    assert_eq!(status, 201, "{made}");
    (made["id"].as_str().expect("an id").to_owned(), made)
}

async fn a_call_becomes_an_appointment_and_whoever_is_late_hears_what_else_there_is(api: &Api) {
    let slots = api.publish(2).await;
    let (id, request) = enter(api, "same_day").await;
    assert_eq!((&request["state"], &request["triage"]["final"]), (&json!("open"), &json!("same_day")), "{request}");
    let offers = request["offers"].as_array().expect("a list");
    assert!(!offers.is_empty() && offers[0]["rank"] == 1, "{request}");
    assert!(offers.iter().all(|offer| offer["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty())));

    let path = |id: &str, what: &str| format!("/requests/{id}/{what}");
    let hold = json!({ "slot_id": slots[0], "hold_id": "h-1" });
    let (status, held) = api.post_keyed("demo-operator", &path(&id, "hold"), "k-1", &hold).await.unwrap();
    assert_eq!((status, &held["hold_id"]), (200, &json!("h-1")), "{held}");
    // The same call again is the same outcome; another body under its key is refused.
    assert_eq!(api.post_keyed("demo-operator", &path(&id, "hold"), "k-1", &hold).await.unwrap(), (200, held));
    let other = json!({ "slot_id": slots[1], "hold_id": "h-1" });
    let (status, problem) = api.post_keyed("demo-operator", &path(&id, "hold"), "k-1", &other).await.unwrap();
    assert_eq!((status, &problem["type"]), (422, &json!("/problems/idempotency-mismatch")));

    let (late, _) = enter(api, "same_day").await;
    let body = json!({ "slot_id": slots[0], "hold_id": "h-2" });
    let (status, problem) = api.post("demo-regulator", &path(&late, "hold"), &body).await.unwrap();
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/slot-taken")), "{problem}");
    assert!(problem["offers"].as_array().is_some_and(|offers| !offers.is_empty()), "{problem}");

    let confirm = json!({ "hold_id": "h-1", "patient": identity() });
    let (status, booked) = api.post_keyed("demo-operator", &path(&id, "confirm"), "k-2", &confirm).await.unwrap();
    assert_eq!((status, &booked["status"]), (201, &json!("booked")), "{booked}");
    assert!(!booked.to_string().contains("Quenouillard"), "nobody's name but to whoever opens it");
    let (status, again) = api.post_keyed("demo-operator", &path(&id, "confirm"), "k-2", &confirm).await.unwrap();
    assert_eq!((status, &again["id"]), (201, &booked["id"]));

    let at = format!("/appointments/{}", booked["id"].as_str().unwrap());
    let (status, opened) = api.get("demo-operator", &at).await;
    assert_eq!((status, &opened["patient"]["last_name"]), (200, &identity()["last_name"]), "{opened}");
    let (status, problem) =
        api.post("demo-operator", &format!("{at}/outcome"), &json!({"status": "fulfilled"})).await.unwrap();
    assert_eq!((status, &problem["type"]), (422, &json!("/problems/too-early")));
    let audit = api.all("demo-coordinator", "/audit").await;
    for kind in ["request.created", "slot.held", "slot.booked", "appointment.booked", "appointment.identity_read"] {
        assert!(audit.iter().any(|line| line["kind"] == kind), "{kind} is missing");
    }
    let numbers: Vec<_> = audit.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert!(numbers.iter().zip(&numbers[1..]).all(|(one, next)| one + 1 == *next), "the audit has a gap");
}

async fn an_emergency_gets_no_slot_and_waits_for_its_handover(api: &Api) {
    let slot = api.publish(1).await.remove(0);
    let (id, request) = enter(api, "immediate").await;
    assert_eq!((&request["triage"]["status"], &request["offers"]), (&json!("stopped"), &json!([])));
    let hold = json!({ "slot_id": slot, "hold_id": "h" });
    let (status, problem) = api.post("demo-operator", &format!("/requests/{id}/hold"), &hold).await.unwrap();
    assert_eq!((status, &problem["type"]), (422, &json!("/problems/emergency")));
    let (status, handed) =
        api.post("demo-operator", &format!("/requests/{id}/handover"), &json!({"to": "15"})).await.unwrap();
    assert_eq!((status, &handed["state"]), (200, &json!("handed_to_15")));
}

async fn a_patient_reaches_their_own_request_by_their_bearer_alone(api: &Api) {
    let mut body = need("h24");
    body["channel"] = json!("widget");
    body.as_object_mut().unwrap().remove("level");
    let (status, mine) = api.post("", "/requests", &body).await.unwrap();
    assert_eq!(status, 201, "{mine}");
    let bearer = mine["access_token"].as_str().expect("a bearer");
    let path = |id: &Value| format!("/requests/{}", id.as_str().unwrap());
    assert_eq!(api.get(bearer, &path(&mine["id"])).await.0, 200);
    let (_, other) = api.post("", "/requests", &body).await.unwrap();
    assert_eq!(api.get(bearer, &path(&other["id"])).await.0, 404);
    assert_eq!(api.get("", &path(&mine["id"])).await.0, 401);
    assert_eq!(api.get(bearer, "/requests").await.0, 403, "the board is not theirs");
}
