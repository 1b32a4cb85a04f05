//! Bad input: every fault at once with its pointer, nothing half done, nobody let in who is not somebody.

use serde_json::{Value, json};

use super::everywhere;
use crate::support::api::Api;
use crate::support::process::need;

everywhere!(
    every_fault_is_named_at_once_and_nothing_is_kept,
    what_is_no_json_too_large_or_of_another_kind_is_told_apart,
    nobody_and_no_wrong_role_gets_in,
    no_bad_input_is_a_fault_of_the_service,
);

fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().map_or(Vec::new(), |all| all.iter().map(|e| e["pointer"].as_str().unwrap()).collect())
}

async fn every_fault_is_named_at_once_and_nothing_is_kept(api: &Api) {
    let before = api.all("demo-operator", "/requests").await.len();
    let body = json!({
        "patient": {"birth_date": "2025-02-29", "sex": "X"}, "place": {"commune": "59000"}, "complaint": "inconnu",
        "answers": {"fievre": "oui"}, "channel": "operator", "colour": "red",
        "constraints": {"max_travel_minutes": 0},
    });
    let (status, problem) = api.post("demo-operator", "/requests", &body).await.unwrap();
    let expected = [
        "/patient/birth_date",
        "/patient/sex",
        "/place/commune",
        "/complaint",
        "/answers/fievre",
        "/constraints/max_travel_minutes",
        "/colour",
    ];
    assert_eq!((status, pointers(&problem)), (400, expected.to_vec()), "{problem}");
    assert_eq!(api.all("demo-operator", "/requests").await.len(), before);

    let slots = api.all("demo-operator", "/slots").await.len();
    let (_, listed) = api.get("demo-system", "/practitioners?profession=10").await;
    let doctor = &listed["items"][0];
    let slot = |end: &str| {
        json!({
            "rpps": doctor["rpps"], "location_id": doctor["locations"][0]["id"], "modality": "AMB", "capacity": 1,
            "start": "2026-11-24T21:00:00+01:00", "end": end, "audience": ["PUBLIC"],
        })
    };
    let body = json!({"slots": [slot("2026-11-24T21:15:00+01:00"), slot("2026-11-24T20:00:00+01:00")]});
    let (status, problem) = api.post("demo-system", "/slots", &body).await.unwrap();
    assert_eq!((status, pointers(&problem)), (400, vec!["/slots/1/end"]), "{problem}");
    assert_eq!(api.all("demo-operator", "/slots").await.len(), slots, "a bad item refuses the whole call");
}

async fn what_is_no_json_too_large_or_of_another_kind_is_told_apart(api: &Api) {
    let post = async |kind: &str, body: Vec<u8>| {
        let request = api.client.post(api.url("/requests")).header("Content-Type", kind).body(body);
        api.send(request, "demo-operator").await.unwrap()
    };
    let (status, problem) = post("application/json", b"{\"a\": 1,,}".to_vec()).await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().contains("ligne 1, colonne 9"), "{problem}");
    assert_eq!(post("text/plain", b"{}".to_vec()).await.0, 415);
    assert_eq!(post("application/json", [b"[".repeat(100_000), b"]".repeat(100_000)].concat()).await.0, 400);
    let (status, problem) = post("application/json", vec![b' '; 2_000_000]).await;
    assert_eq!((status, &problem["type"]), (413, &json!("/problems/body-too-large")));
}

async fn nobody_and_no_wrong_role_gets_in(api: &Api) {
    for (token, path, expected) in [
        ("", "/requests", 401),
        ("demo-nobody", "/requests", 401),
        ("aig_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/requests", 401),
        ("demo-system", "/requests", 403),
        ("demo-coordinator", "/requests", 403),
        ("demo-operator", "/audit", 403),
        ("demo-system", "/slots", 403),
        ("demo-coordinator", "/audit", 200),
    ] {
        let (status, problem) = api.get(token, path).await;
        assert_eq!(status, expected, "«{token}» {path}: {problem}");
    }
    let elsewhere = format!("{}/api/v1/territories/atlantide/slots", api.base);
    assert_eq!(api.send(api.client.get(elsewhere), "demo-operator").await.unwrap().0, 404);
    let id = api.request("same_day").await;
    let lower = json!({"level": "h48", "reason": "mieux"});
    let (status, problem) = api.post("demo-operator", &format!("/requests/{id}/level"), &lower).await.unwrap();
    assert_eq!((status, &problem["type"]), (403, &json!("/problems/lowering-needs-regulator")), "{problem}");
    assert_eq!(api.post("demo-regulator", &format!("/requests/{id}/level"), &lower).await.unwrap().0, 200);
}

async fn no_bad_input_is_a_fault_of_the_service(api: &Api) {
    let id = api.request("h24").await;
    for (path, body) in [
        (format!("/requests/{id}/hold"), json!({})),
        (format!("/requests/{id}/hold"), json!({"slot_id": "42", "hold_id": ""})),
        (format!("/requests/{id}/hold"), json!({"slot_id": "01890a5d-ac96-774b-bcce-b302099a8057", "hold_id": "h"})),
        (
            format!("/requests/{id}/confirm"),
            json!({"hold_id": "none", "patient": {"first_name": "", "last_name": "\u{0}", "phone": "x"}}),
        ),
        (format!("/requests/{id}/nothing"), json!({})),
        ("/requests/not-an-id/hold".to_owned(), json!({"slot_id": "x", "hold_id": "h"})),
        ("/slots".to_owned(), json!({"slots": "all"})),
        ("/requests".to_owned(), json!([need("h24")])),
        ("/requests".to_owned(), Value::Null),
    ] {
        let token = if path == "/slots" { "demo-system" } else { "demo-operator" };
        let (status, problem) = api.post(token, &path, &body).await.unwrap();
        assert!((400..500).contains(&status), "{path} {body}: {status} {problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{path}: {problem}");
    }
    let key = api.client.post(api.url("/requests")).header("Idempotency-Key", "a b").json(&need("h24"));
    assert_eq!(api.send(key, "demo-operator").await.unwrap().0, 400);
}
