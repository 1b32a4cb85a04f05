//! One need from the call to the outcome, as a console would make the calls.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::service::{Service, T, need};

fn instant(value: &Value) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap().to_utc()
}

/// The doctor publishes slots through the API; their identifiers.
async fn publish(service: &Service, minutes: &[i64]) -> Vec<String> {
    let slots: Vec<_> = minutes
        .iter()
        .map(|minutes| {
            json!({
                "rpps": service.desk.doctor.to_string(), "location_id": "cabinet", "modality": "AMB", "capacity": 1,
                "start": (service.desk.now() + TimeDelta::minutes(*minutes)).to_rfc3339(), "duration_minutes": 15,
                "audience": ["PUBLIC", "SNP"],
            })
        })
        .collect();
    let (status, published) = service.post(&service.doctor(), &format!("{T}/slots"), &json!({"slots": slots})).await;
    assert_eq!(status, 201, "{published}");
    published["created"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_becomes_an_appointment_and_its_outcome() {
    let service = Service::start().await;
    let slots = publish(&service, &[60, 90]).await;
    let request = service.enter("same_day").await;
    assert_eq!(request["state"], "open");
    assert_eq!(instant(&request["deadline"]), service.desk.now() + TimeDelta::hours(6));
    assert!(request["deadline"].as_str().unwrap().ends_with("+01:00"), "the territory's own hour");
    let triage = &request["triage"];
    assert_eq!(
        (&triage["status"], &triage["final"], &triage["decided_by"]),
        (&json!("decided"), &json!("same_day"), &json!("regulation"))
    );
    assert_eq!(triage["delay_minutes"], 360);
    let offer = &request["offers"][0];
    assert_eq!((&offer["rank"], &offer["slot"]["state"]), (&json!(1), &json!("free")), "{request}");
    assert_eq!(offer["slot"]["practitioner"]["name"], "[FICTIF] Dr Jeanne Belabruc");
    assert_eq!(offer["slot"]["location"]["commune"], "59658");
    assert!(request["search"]["elapsed_ms"].is_number() && request["search"]["budget_ms"].is_number());

    let path = |what: &str| format!("{T}/requests/{}/{what}", request["id"].as_str().unwrap());
    let hold = json!({"slot_id": slots[0], "hold_id": "h-1"});
    let (status, held) = service.keyed("demo-operator", &path("hold"), "k1", &hold).await;
    assert_eq!((status, &held["hold_id"]), (200, &json!("h-1")), "{held}");
    assert_eq!(instant(&held["expires_at"]), service.desk.now() + TimeDelta::minutes(5));
    assert_eq!(service.keyed("demo-operator", &path("hold"), "k1", &hold).await, (200, held));
    let other = json!({"slot_id": slots[1], "hold_id": "h-1"});
    let (status, problem) = service.keyed("demo-operator", &path("hold"), "k1", &other).await;
    assert_eq!((status, &problem["type"]), (422, &json!("/problems/idempotency-mismatch")));

    // Somebody else comes too late, and is told what else there is.
    let late = service.enter("same_day").await;
    let late_hold = format!("{T}/requests/{}/hold", late["id"].as_str().unwrap());
    let (status, problem) =
        service.post("demo-operator", &late_hold, &json!({"slot_id": slots[0], "hold_id": "h-2"})).await;
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/slot-taken")));
    assert_eq!(problem["offers"][0]["slot"]["id"], json!(slots[1]), "{problem}");

    let patient = json!({"first_name": "Zélie", "last_name": "Quenouillard", "phone": "06 39 98 12 34"});
    let confirm = json!({"hold_id": "h-1", "patient": patient});
    let (status, appointment) = service.post("demo-operator", &path("confirm"), &confirm).await;
    assert_eq!((status, &appointment["status"]), (201, &json!("booked")), "{appointment}");
    assert_eq!(appointment["slot"]["state"], "booked");
    assert!(!appointment.to_string().contains("Quenouillard"), "nobody's name but to whoever opens it");

    let at = format!("{T}/appointments/{}", appointment["id"].as_str().unwrap());
    let (status, opened) = service.get(&service.doctor(), &at).await;
    assert_eq!((status, &opened["patient"]["last_name"]), (200, &json!("Quenouillard")), "{opened}");
    let audit = service.get("demo-coordinator", &format!("{T}/audit?limit=1000")).await.1;
    let kinds: Vec<_> = audit["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"appointment.identity_read") && kinds.contains(&"slot.booked"), "{kinds:?}");
    assert!(!audit.to_string().contains("Quenouillard"));

    let outcome = json!({"status": "fulfilled"});
    let (status, problem) = service.post(&service.doctor(), &format!("{at}/outcome"), &outcome).await;
    assert_eq!((status, &problem["type"]), (422, &json!("/problems/too-early")));
    service.desk.clock.advance(TimeDelta::minutes(70));
    let (status, seen) = service.post(&service.doctor(), &format!("{at}/outcome"), &outcome).await;
    assert_eq!((status, &seen["status"]), (200, &json!("fulfilled")), "{seen}");
    let one = service.get("demo-operator", &format!("{T}/requests/{}", request["id"].as_str().unwrap())).await.1;
    assert_eq!(one["state"], "fulfilled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_past_its_end_is_told_with_fresh_offers() {
    let service = Service::start().await;
    let slots = publish(&service, &[60]).await;
    let request = service.enter("h24").await;
    let path = |what: &str| format!("{T}/requests/{}/{what}", request["id"].as_str().unwrap());
    let hold = json!({"slot_id": slots[0], "hold_id": "h-1"});
    assert_eq!(service.post("demo-operator", &path("hold"), &hold).await.0, 200);
    service.desk.clock.advance(TimeDelta::minutes(6));
    let patient = json!({"first_name": "Zélie", "last_name": "Quenouillard", "phone": "0639981234"});
    let (status, problem) =
        service.post("demo-operator", &path("confirm"), &json!({"hold_id": "h-1", "patient": patient})).await;
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/hold-expired")), "{problem}");
    assert_eq!(problem["offers"][0]["slot"]["id"], json!(slots[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_gets_no_slot_and_waits_for_its_handover() {
    let service = Service::start().await;
    let slots = publish(&service, &[60]).await;
    let request = service.enter("immediate").await;
    assert_eq!((&request["state"], &request["triage"]["status"]), (&json!("open"), &json!("stopped")));
    assert_eq!(request["offers"], json!([]));
    let path = |what: &str| format!("{T}/requests/{}/{what}", request["id"].as_str().unwrap());
    let hold = json!({"slot_id": slots[0], "hold_id": "h-1"});
    let (status, problem) = service.post("demo-operator", &path("hold"), &hold).await;
    assert_eq!((status, &problem["type"]), (422, &json!("/problems/emergency")));
    let (status, handed) = service.post("demo-operator", &path("handover"), &json!({"to": "15"})).await;
    assert_eq!((status, &handed["state"]), (200, &json!("handed_to_15")));
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_are_listed_by_pages_and_a_rule_refuses_its_item_alone() {
    let service = Service::start().await;
    let mut slots = publish(&service, &[60, 90, 120]).await;
    let (status, published) = service
        .post(
            "demo-system",
            &format!("{T}/slots"),
            &json!({"slots": [
                {"rpps": service.desk.doctor.to_string(), "location_id": "cabinet", "modality": "AMB", "capacity": 1,
                 "start": (service.desk.now() + TimeDelta::minutes(65)).to_rfc3339(), "duration_minutes": 15, "audience": ["PUBLIC"]},
                {"rpps": service.desk.doctor.to_string(), "location_id": "cabinet", "modality": "AMB", "capacity": 1,
                 "start": (service.desk.now() + TimeDelta::minutes(200)).to_rfc3339(), "duration_minutes": 15, "audience": ["PUBLIC"]},
                {"rpps": "10999999999", "location_id": "cabinet", "modality": "AMB", "capacity": 1,
                 "start": (service.desk.now() + TimeDelta::minutes(300)).to_rfc3339(), "duration_minutes": 15, "audience": ["PUBLIC"]},
            ]}),
        )
        .await;
    assert_eq!(status, 201, "{published}");
    let refused: Vec<_> = published["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["index"].as_u64().unwrap(), r["type"].as_str().unwrap()))
        .collect();
    assert_eq!(refused, [(0, "/problems/slot-overlap"), (2, "/problems/not-found")]);
    slots.extend(published["created"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()));

    let mut listed = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, page) =
            service.get("demo-operator", &format!("{T}/slots?limit=2&state=free&profession=10{cursor}")).await;
        assert_eq!(status, 200, "{page}");
        listed.extend(page["items"].as_array().unwrap().iter().map(|slot| slot["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(listed, slots);
    let around = format!("{T}/slots?commune=59658&radius_km=1&from=2026-11-24T00:00:00%2B01:00");
    assert_eq!(service.get("demo-coordinator", &around).await.1["items"].as_array().unwrap().len(), 4);
    let detail = service.get(&service.doctor(), &format!("{T}/slots/{}", slots[0])).await;
    assert_eq!((detail.0, &detail.1["appointments"]), (200, &json!([])));
    let withdrawn = service
        .post(&service.doctor(), &format!("{T}/slots/{}/withdraw", slots[0]), &json!({"reason": "malade"}))
        .await;
    assert_eq!((withdrawn.0, &withdrawn.1["state"]), (200, &json!("withdrawn")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_enters_a_request_once() {
    let service = Service::start().await;
    let path = format!("{T}/requests");
    let first = service.keyed("", &path, "entry-1", &need()).await;
    let second = service.keyed("", &path, "entry-1", &need()).await;
    assert_eq!((first.0, second.0), (201, 201));
    assert_eq!(first.1["id"], second.1["id"]);
    assert_eq!(first.1["access_token"], second.1["access_token"]);
    let board = service.get("demo-operator", &path).await.1;
    assert_eq!(board["items"].as_array().unwrap().len(), 1, "{board}");
    assert!(board["items"][0]["complaint"].is_string());
}
