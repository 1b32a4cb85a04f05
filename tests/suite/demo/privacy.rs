//! What names or describes a patient stands in no log, event, audit line, metric or file.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::support::process::{Demo, need};

/// Words that occur nowhere else, as a person gives them and as they might be kept.
const SECRETS: &[&str] = &[
    "Zéphyrine",
    "Quenouillard",
    "0639987654",
    "+33639987654",
    "06 39 98 76 54",
    "1946-02-03",
    "genou gauche qui craque",
    "50.61234",
    "fievre_adulte.frissons",
    "lombalgie",
    "sa fille Hermeline",
];

fn assert_silent(what: &str, text: &[u8]) {
    for secret in SECRETS {
        let found = text.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{what} holds «{secret}»");
    }
}

fn assert_files_silent(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_files_silent(&path);
        } else {
            assert_silent(&path.display().to_string(), &fs::read(&path).unwrap());
        }
    }
}

#[tokio::test]
async fn nothing_that_names_or_describes_a_patient_leaves_the_vault() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::in_folder(folder.path());
    let mut stream = demo
        .client
        .get(format!("{}{}/events", demo.base, demo.territory))
        .bearer_auth("demo-operator")
        .send()
        .await
        .unwrap();
    let mut body = need("h24");
    body["patient"] = json!({"birth_date": "1946-02-03", "sex": "F"});
    body["place"] = json!({"commune": "59658", "lat": 50.61234, "lon": 2.87654});
    if demo.post("demo-operator", "/requests", &body).await.unwrap().0 == 400 {
        // The place is a commune or a point, not both.
        body["place"] = json!({"lat": 50.61234, "lon": 2.87654});
    }
    body["complaint"] = json!("lombalgie");
    body["answers"] = json!({"fievre_adulte.frissons": "yes"});
    body["note"] = json!("genou gauche qui craque");
    let (status, request) = demo.post("demo-operator", "/requests", &body).await.unwrap();
    assert_eq!(status, 201, "{request}");
    let id = request["id"].as_str().unwrap();
    let slot = demo.publish(1).await.remove(0);
    let hold = json!({ "slot_id": slot, "hold_id": "h" });
    let (status, held) = demo.post("demo-operator", &format!("/requests/{id}/hold"), &hold).await.unwrap();
    assert_eq!(status, 200, "{held}");
    let patient = json!({"first_name": "Zéphyrine", "last_name": "Quenouillard", "phone": "06 39 98 76 54"});
    let confirm = json!({ "hold_id": "h", "patient": patient });
    let (status, booked) =
        demo.post_keyed("demo-operator", &format!("/requests/{id}/confirm"), "k", &confirm).await.unwrap();
    assert_eq!(status, 201, "{booked}");
    assert_silent("the appointment's answer", booked.to_string().as_bytes());
    let why = json!({"level": "same_day", "reason": "sa fille Hermeline la dit très pâle"});
    let (status, raised) = demo.post("demo-operator", &format!("/requests/{id}/level"), &why).await.unwrap();
    assert_eq!(status, 200, "{raised}");
    let (_, whole) = demo.get("demo-operator", &format!("/requests/{id}")).await;
    assert!(whole["history"].to_string().contains("très pâle"), "the regulation reads its own reason: {whole}");
    // A slot taken back with a patient's name in the reason: what stands in the audit is a reference.
    let doctor = demo.get("demo-operator", &format!("/slots/{slot}")).await.1["practitioner"]["rpps"].clone();
    let token = format!("demo-practitioner-{}", doctor.as_str().unwrap());
    let why = json!({"reason": "Quenouillard Zéphyrine ne vient pas", "cancel_bookings": true});
    let (status, withdrawn) = demo.post(&token, &format!("/slots/{slot}/withdraw"), &why).await.unwrap();
    assert_eq!(status, 200, "{withdrawn}");
    // A mistake in a body is answered without quoting it into the log.
    let wrong = json!({ "hold_id": "h", "patient": {"first_name": "Zéphyrine", "last_name": "Quenouillard", "phone": "0639987654000"} });
    demo.post("demo-operator", &format!("/requests/{id}/confirm"), &wrong).await.unwrap();

    let mut told = Vec::new();
    while !String::from_utf8_lossy(&told).contains("appointment.booked") {
        told.extend(stream.chunk().await.unwrap().expect("the stream goes on"));
    }
    assert_silent("the live stream", &told);
    let audit = demo.all("demo-coordinator", "/audit").await;
    assert!(audit.iter().any(|line| line["kind"] == "appointment.booked"));
    assert_silent("the audit", serde_json::to_string(&audit).unwrap().as_bytes());
    let metrics = demo.client.get(format!("{}/metrics", demo.base)).send().await.unwrap().text().await.unwrap();
    assert_silent("the metrics", metrics.as_bytes());
    assert!(demo.stop());
    assert_silent("the log", demo.log().as_bytes());
    assert_files_silent(folder.path());
}
