//! A request that nobody can serve stays in sight, with its cause and its clock.

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
