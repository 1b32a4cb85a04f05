//! What a request is offered; and one that nobody can serve stays in sight, with its cause and its clock.

use serde_json::json;

use crate::support::process::{Demo, need};

#[tokio::test]
async fn a_request_no_slot_can_serve_stays_on_the_board_with_its_cause() {
    let demo = Demo::start();
    let mut body = need("h24");
    // Nobody in the Weppes speaks Swahili.
    body["constraints"] = json!({"languages": ["sw"]});
    let (status, made) = demo.post("demo-operator", "/requests", &body).await.unwrap();
    assert_eq!((status, made["offers"].as_array().map(Vec::len)), (201, Some(0)), "{made}");
    assert!(made["search"]["set_aside"]["language"].as_u64() > Some(0), "{made}");
    let board = demo.all("demo-operator", "/requests").await;
    let row = board.iter().find(|row| row["id"] == made["id"]).expect("it is on the board");
    assert_eq!((&row["state"], &row["deadline"]), (&json!("open"), &made["deadline"]));
    assert_eq!(row["unserved"]["code"], "nothing_suits", "{row}");
    assert!(row["unserved"]["text"].as_str().is_some_and(|text| text.contains("langues")), "{row}");
}

#[tokio::test]
async fn an_eighty_year_old_in_wicres_who_cannot_go_far_is_offered_places_near_and_in_time() {
    let demo = Demo::start();
    let mut body = need("same_day");
    body["constraints"] = json!({"max_travel_minutes": 20});
    let (status, made) = demo.post("demo-operator", "/requests", &body).await.unwrap();
    assert_eq!(status, 201, "{made}");
    let deadline = instant(&made["deadline"]);
    assert_eq!(deadline - instant(&made["created_at"]), chrono::TimeDelta::hours(6));
    let offers = made["offers"].as_array().expect("a list");
    assert!(!offers.is_empty(), "{made}");
    for (place, offer) in offers.iter().enumerate() {
        assert_eq!(offer["rank"], place + 1);
        assert!(instant(&offer["slot"]["start"]) < deadline, "{offer}");
        assert!(offer["travel_minutes"].as_u64() <= Some(20), "{offer}");
        assert_eq!(offer["slot"]["practitioner"]["profession"], "10", "{offer}");
        let reasons = offer["reasons"].as_array().expect("a list");
        assert!(reasons.iter().any(|r| r["text"].as_str().is_some_and(|t| t.contains("avant l'échéance"))), "{offer}");
    }
    assert_eq!((&made["search"]["rung"], &made["search"]["optimal"]), (&json!("flow"), &json!(true)));
}

fn instant(text: &serde_json::Value) -> chrono::DateTime<chrono::FixedOffset> {
    chrono::DateTime::parse_from_rfc3339(text.as_str().expect("an instant")).expect("an instant")
}
