//! Where places are missing, for whoever opens some: said of kinds of places, never of people.

use serde_json::json;

use crate::support::service::{Service, T};

#[tokio::test(flavor = "multi_thread")]
async fn missing_places_are_told_until_there_are_enough() {
    let service = Service::start().await;
    service.desk.publish(60, 1).await;
    let asked = async |token: &str| service.get(token, &format!("{T}/scarcity")).await;
    service.enter("h24").await;
    let (status, none) = asked("demo-coordinator").await;
    assert_eq!((status, &none["items"], &none["optimal"]), (200, &json!([]), &json!(true)), "{none}");
    let second = service.enter("h24").await;
    let told = asked("demo-coordinator").await.1;
    let item = &told["items"][0];
    assert_eq!(
        (&item["profession"], &item["commune_name"], &item["free"]),
        (&json!("10"), &json!("Wicres"), &json!(1))
    );
    assert_eq!((&item["served"], &item["reason"]["code"]), (&json!(1), &json!("would_serve")), "{told}");
    assert_eq!(
        (&item["from"], &item["to"]),
        (&json!("2026-11-24T00:00:00+01:00"), &json!("2026-11-24T12:00:00+01:00"))
    );
    assert!(!told.to_string().contains(second["id"].as_str().unwrap()), "nobody is named");
    service.desk.publish(90, 1).await;
    assert_eq!(asked("demo-operator").await.1["items"], json!([]), "enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_every_place_is_taken_one_more_is_told_of_too() {
    let service = Service::start().await;
    let slot = service.desk.publish(60, 1).await;
    let first = service.enter("h24").await;
    let hold = json!({"slot_id": slot.to_string(), "hold_id": "h-1"});
    let path = format!("{T}/requests/{}/hold", first["id"].as_str().unwrap());
    assert_eq!(service.post("demo-operator", &path, &hold).await.0, 200);
    service.enter("h24").await;
    let told = service.get("demo-coordinator", &format!("{T}/scarcity")).await.1;
    let item = &told["items"][0];
    assert_eq!(
        (&item["commune_name"], &item["free"], &item["served"]),
        (&json!("Wicres"), &json!(0), &json!(1)),
        "{told}"
    );
}
