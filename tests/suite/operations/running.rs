//! The same commands given to a service that runs: it carries them out itself, while people book.

use std::fs;

use serde_json::json;

use super::world::aiguilleur;
use crate::support::api::{Api, identity};
use crate::support::serve::{Serve, said};

/// Books a place; the request and the appointment.
async fn book(serve: &Api, slot: &str, hold: &str) -> (String, String) {
    let request = serve.request("h24").await;
    let held = json!({ "slot_id": slot, "hold_id": hold });
    assert_eq!(serve.post("demo-operator", &format!("/requests/{request}/hold"), &held).await.unwrap().0, 200);
    let confirm = json!({ "hold_id": hold, "patient": identity() });
    let (status, booked) =
        serve.post("demo-operator", &format!("/requests/{request}/confirm"), &confirm).await.unwrap();
    assert_eq!(status, 201, "{booked}");
    (request, booked["id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_backed_up_while_it_runs_brought_back_and_says_what_is_missing() {
    let serve = Serve::start().await;
    let (api, keys) = (serve.api(), serve.api().keys());
    let slots = serve.publish(2).await;
    let (request, first) = book(&api, &slots[0], "h1").await;
    let out = serve.place.path("backup").to_str().unwrap().to_owned();
    let made = serve.place.run(&["backup", "--out", &out]);
    assert!(made.status.success() && said(&made).contains("weppes : "), "{}", said(&made));
    let (_, later) = book(&api, &slots[1], "h2").await;
    let refused = serve.place.run(&["restore", "--from", &out]);
    assert!(!refused.status.success() && said(&refused).contains("arrêtez-le"), "{}", said(&refused));

    let place = serve.leave();
    fs::remove_file(place.path("data/state.redb")).unwrap();
    let restored = place.run(&["restore", "--from", &out]);
    let text = said(&restored);
    assert!(restored.status.success() && text.contains(&later) && !text.contains(&first), "{text}");

    let serve = place.start(&[], keys).unwrap();
    assert_eq!(serve.get("demo-operator", &format!("/appointments/{first}")).await.0, 200);
    assert_eq!(serve.get("demo-operator", &format!("/appointments/{later}")).await.0, 404);
    let warned = async || {
        let health =
            serve.client.get(format!("{}/health/ready", serve.base)).send().await.unwrap().text().await.unwrap();
        health.contains("receipts_missing")
    };
    assert!(warned().await);
    let checked = serve.place.run(&["receipts", "check"]);
    assert!(!checked.status.success() && said(&checked).contains(&later), "{}", said(&checked));
    let seen_to = serve.place.run(&["receipts", "acknowledge", "--by", "garde"]);
    assert!(seen_to.status.success() && !warned().await, "{}", said(&seen_to));

    // A person asks, and the running service forgets them.
    let found = serve.place.run(&["find", "--last-name", identity()["last_name"].as_str().unwrap()]);
    assert!(said(&found).contains(&request), "{}", said(&found));
    let too_early = serve.place.run(&["erase", "--request", &request, "--reason", "asked"]);
    assert!(!too_early.status.success(), "{}", said(&too_early));
    let why = json!({ "reason": "ne vient plus" });
    assert_eq!(serve.post("demo-operator", &format!("/requests/{request}/cancel"), &why).await.unwrap().0, 200);
    let erased = serve.place.run(&["erase", "--request", &request, "--reason", "asked", "--by", "dpo"]);
    assert!(erased.status.success(), "{}", said(&erased));
    let (_, shown) = serve.get("demo-operator", &format!("/appointments/{first}")).await;
    assert!(shown["patient"].is_null() && shown["erased_at"].is_string(), "{shown}");

    let audit = serve.place.path("audit.jsonl").to_str().unwrap().to_owned();
    let exported = serve.place.run(&["audit", "export", "--out", &audit]);
    assert!(exported.status.success(), "{}", said(&exported));
    let key = serve.place.path("data/digests.key").to_str().unwrap().to_owned();
    let verified = aiguilleur(&["audit", "verify", &audit, "--key", &key]);
    assert!(verified.well, "{}", verified.log);
    let text = fs::read_to_string(&audit).unwrap();
    assert!(text.contains("\"terminal:dpo\"") && text.contains("\"terminal:garde\""), "{text}");
}
