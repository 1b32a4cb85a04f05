//! What survives a restart, and what is the same for the same seed.

use serde_json::{Value, json};

use crate::support::process::{Demo, NINE, identity};

async fn ids(demo: &Demo) -> (Vec<Value>, Vec<Value>) {
    let pick = |items: Vec<Value>| items.into_iter().map(|item| item["id"].clone()).collect();
    (pick(demo.all("demo-operator", "/slots").await), pick(demo.all("demo-operator", "/requests?state=open").await))
}

#[tokio::test]
async fn the_same_instant_and_seed_give_the_same_demo() {
    let (one, two) = (Demo::start(), Demo::start());
    let first = ids(&one).await;
    assert!(first.0.len() > 100 && first.1.len() > 5, "{} slots, {} requests", first.0.len(), first.1.len());
    assert_eq!(first, ids(&two).await);
    let other = Demo::with(&["--at", NINE, "--seed", "8"]).unwrap();
    assert_ne!(first.0, ids(&other).await.0);
}

#[tokio::test]
async fn a_booking_survives_kill_and_restart_and_no_people_are_made_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::in_folder(folder.path());
    let before = ids(&demo).await;
    let (slot, request) = (demo.publish(1).await.remove(0), demo.request("h24").await);
    let hold = json!({ "slot_id": slot, "hold_id": "h" });
    assert_eq!(demo.post("demo-operator", &format!("/requests/{request}/hold"), &hold).await.unwrap().0, 200);
    let confirm = json!({ "hold_id": "h", "patient": identity() });
    let (status, booked) = demo.post("demo-operator", &format!("/requests/{request}/confirm"), &confirm).await.unwrap();
    assert_eq!(status, 201, "{booked}");
    demo.kill();

    let demo = Demo::in_folder(folder.path());
    let appointment = booked["id"].as_str().unwrap();
    let (status, found) = demo.get("demo-operator", &format!("/appointments/{appointment}")).await;
    assert_eq!((status, &found["status"]), (200, &json!("booked")), "{found}");
    assert_eq!(found["patient"]["last_name"], identity()["last_name"]);
    let after = ids(&demo).await;
    assert_eq!(after.0.len(), before.0.len() + 1);
    assert!(before.1.iter().all(|request| after.1.contains(request)));
}

#[tokio::test]
async fn the_terminal_says_where_to_go_and_that_nobody_is_real() {
    let demo = Demo::start();
    let said = demo.greeting.join("\n");
    for expected in
        ["/console/weppes", "demo-operator", "demo-regulator", "fictives", "appelez le 15", "24/11/2026 09:00"]
    {
        assert!(said.contains(expected), "«{expected}» is missing:\n{said}");
    }
    // An invited practitioner's token works as printed.
    let token = said.split_whitespace().find(|word| word.starts_with("demo-practitioner-1")).expect("an example");
    let rpps = token.trim_start_matches("demo-practitioner-");
    assert_eq!(demo.get(token, &format!("/practitioners/{rpps}")).await.0, 200);
}

#[tokio::test]
async fn a_stop_that_was_asked_for_ends_well() {
    let mut demo = Demo::start();
    demo.request("h24").await;
    assert!(demo.stop(), "{}", demo.log());
}

#[tokio::test]
async fn a_folder_in_use_a_lost_key_and_an_unknown_store_are_said_plainly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    let mut demo = Demo::in_folder(folder.path());
    let said = Demo::with(&["--data", &path]).err().expect("two of them on one folder");
    assert!(said.contains("another process has this data folder open"), "{said}");
    demo.kill();
    std::fs::remove_file(folder.path().join("patients.key")).unwrap();
    let said = Demo::with(&["--data", &path]).err().expect("a lost key");
    assert!(said.contains("patients.key"), "{said}");
    let said = Demo::with(&["--data", &path, "--store", "redis://:geheim@127.0.0.1:1/"]).err().expect("nobody there");
    assert!(said.contains("no Redis answers at redis://127.0.0.1:1") && !said.contains("geheim"), "{said}");
    let said = Demo::with(&["--store", "postgres://127.0.0.1/"]).err().expect("an unknown store");
    assert!(said.contains("embedded, ou l'adresse d'un Redis"), "{said}");
    let said = Demo::with(&["--territory", "atlantide"]).err().expect("no such territory");
    assert!(said.contains("atlantide") && said.contains("weppes"), "{said}");
}
