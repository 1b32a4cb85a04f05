//! What somebody was told is written down before they hear it, outlives a kill, and is held against whatever store there is.

use std::collections::BTreeSet;
use std::fs;

use aiguilleur::domain::{Level, Role};
use aiguilleur::receipts::{Journal, Receipt, Since, reconcile};
use aiguilleur::store::EmbeddedStore;
use serde_json::json;

use super::world::*;
use crate::support::desk::{keyed, operator, patient};
use crate::support::process::{Demo, NINE, identity};

#[tokio::test(flavor = "multi_thread")]
async fn every_booking_somebody_heard_of_has_its_receipt_even_when_the_first_answer_was_lost() {
    let kept = tempfile::tempdir().unwrap();
    let store = std::sync::Arc::new(EmbeddedStore::in_memory(nine()).unwrap());
    let (mut desk, journal) = desk_with_receipts(store, sealer_of(kept.path()), &kept.path().join("receipts")).await;
    let slot = desk.publish(60, 8).await;
    desk.store.lose_every(2);
    let mut told = BTreeSet::new();
    for n in 0..4 {
        let request = desk.request(Level::H24).await;
        let hold: aiguilleur::domain::HoldId = format!("h{n}").parse().unwrap();
        desk.booking.hold(&operator(), request, slot, hold.clone(), false).await.unwrap();
        told.insert(desk.booking.confirm(&operator(), request, hold, &patient()).await.unwrap().id);
    }
    assert!(desk.store.lost() > 4, "the test lost too few answers to show anything");
    // Nobody heard the first answer at all: the second, to the same call, is the one they rely on.
    desk.store.lose_every(0);
    let request = desk.request(Level::H24).await;
    let hold: aiguilleur::domain::HoldId = "last".parse().unwrap();
    desk.booking.hold(&operator(), request, slot, hold.clone(), false).await.unwrap();
    std::sync::Arc::get_mut(&mut desk.booking).unwrap().policy.patience = std::time::Duration::ZERO;
    for _ in 0..2 {
        desk.store.lose_every(1);
        let unheard = desk.booking.confirm(&keyed("c", 1), request, hold.clone(), &patient()).await;
        assert!(unheard.is_err(), "{unheard:?}");
    }
    desk.store.lose_every(0);
    told.insert(desk.booking.confirm(&keyed("c", 1), request, hold, &patient()).await.unwrap().id);

    let here = reconcile(&journal, &*desk.store, &[weppes()], Since::Ever).await.unwrap().remove(0);
    assert_eq!((here.missing, here.store_is_empty), (Vec::new(), false));
    let elsewhere = EmbeddedStore::in_memory(nine()).unwrap();
    let there = reconcile(&journal, &elsewhere, &[weppes()], Since::Ever).await.unwrap().remove(0);
    assert!(there.store_is_empty);
    assert_eq!(booked_in(&there.missing), told);
    assert_eq!(journal.missing(&weppes()), there.missing.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_store_bore_out_is_looked_at_again_only_where_it_is_another_store() {
    let kept = tempfile::tempdir().unwrap();
    let store = std::sync::Arc::new(EmbeddedStore::in_memory(nine()).unwrap());
    let (desk, journal) =
        desk_with_receipts(store.clone(), sealer_of(kept.path()), &kept.path().join("receipts")).await;
    let look = async |store: &EmbeddedStore, since| {
        let found = reconcile(&journal, store, &[weppes()], since).await.unwrap().remove(0);
        (found.checked, found.missing.len())
    };
    let slot = desk.publish(60, 8).await;
    let book = async |n: usize| {
        let request = desk.request(Level::H24).await;
        let hold: aiguilleur::domain::HoldId = format!("h{n}").parse().unwrap();
        desk.booking.hold(&operator(), request, slot, hold.clone(), false).await.unwrap();
        desk.booking.confirm(&operator(), request, hold, &patient()).await.unwrap();
    };
    book(0).await;
    let (first, _) = look(&store, Since::Ever).await;
    assert_eq!(look(&store, Since::LastLook).await, (first, 0), "nobody has looked before");
    assert_eq!(look(&store, Since::LastLook).await, (1, 0), "only that the last event is still there");
    book(1).await;
    let (all, _) = look(&store, Since::Ever).await;
    assert_eq!(look(&store, Since::LastLook).await, (all - first + 1, 0), "what is new, and the last event");
    let other = EmbeddedStore::in_memory(nine()).unwrap();
    assert_eq!(look(&other, Since::LastLook).await, (all, all), "in another store all of it is missing");
    assert_eq!(look(&store, Since::LastLook).await, (1, 0), "a look at a store that lacks something is no look");
}

#[tokio::test]
async fn what_somebody_has_seen_to_is_not_reported_again_and_old_days_go() {
    let kept = tempfile::tempdir().unwrap();
    let folder = kept.path().join("receipts");
    let journal = Journal::open(&folder, 2).unwrap();
    let receipt = |seq: u64, day: &str| Receipt {
        territory: weppes(),
        seq,
        chain: format!("{seq:016}"),
        at: aiguilleur::domain::time::millis(format!("{day}T08:00:00Z").parse().unwrap()),
        changes: Vec::new(),
    };
    for (seq, day) in [(1, "2026-11-20"), (2, "2026-11-22"), (3, "2026-11-23"), (4, "2026-11-24")] {
        journal.keep(&receipt(seq, day));
    }
    let store = EmbeddedStore::in_memory(nine()).unwrap();
    let missing = async |journal: &std::sync::Arc<Journal>| {
        let found = reconcile(journal, &store, &[weppes()], Since::Ever).await.unwrap().remove(0);
        found.missing.iter().map(|receipt| receipt.seq).collect::<Vec<_>>()
    };
    assert_eq!(missing(&journal).await, [2, 3, 4]);
    journal.acknowledge(&weppes(), &[receipt(2, "2026-11-22"), receipt(4, "2026-11-24")], "op", 0).unwrap();
    assert_eq!(journal.missing(&weppes()), 1, "the third is still to be seen to");
    assert_eq!(missing(&journal).await, [3]);
    drop(journal);
    // A power cut in the middle of a line takes that line alone, with whatever follows whole.
    let today = folder.join("2026-11-24.jsonl");
    let mut text = fs::read_to_string(&today).unwrap();
    text.push_str("{\"territory\":\"wep");
    fs::write(&today, text).unwrap();
    let journal = Journal::open(&folder, 2).unwrap();
    journal.keep(&receipt(5, "2026-11-24"));
    assert_eq!(missing(&journal).await, [3, 5]);
    assert_eq!(journal.fault(), None);
    // A folder that is gone is said, and stops nobody.
    fs::remove_dir_all(&folder).unwrap();
    journal.keep(&receipt(6, "2026-11-25"));
    assert!(journal.fault().is_some());
}

#[tokio::test]
async fn a_booking_acknowledged_before_a_kill_and_lost_by_the_store_is_reported_until_somebody_has_seen_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let mut demo = Demo::in_folder(folder.path());
    let slots = demo.publish(2).await;
    demo.kill();
    let earlier = fs::read(folder.path().join("state.redb")).unwrap();
    let demo = Demo::in_folder(folder.path());
    let request = demo.request("h24").await;
    let hold = json!({ "slot_id": slots[0], "hold_id": "h" });
    assert_eq!(demo.post("demo-operator", &format!("/requests/{request}/hold"), &hold).await.unwrap().0, 200);
    let confirm = json!({ "hold_id": "h", "patient": identity() });
    let (status, booked) = demo.post("demo-operator", &format!("/requests/{request}/confirm"), &confirm).await.unwrap();
    assert_eq!(status, 201, "{booked}");
    let appointment = booked["id"].as_str().unwrap().to_owned();
    drop({
        let mut demo = demo;
        demo.kill();
        demo
    });

    fs::write(folder.path().join("state.redb"), earlier).unwrap();
    let mut demo = Demo::in_folder(folder.path());
    let health: serde_json::Value =
        demo.client.get(format!("{}/health/ready", demo.base)).send().await.unwrap().json().await.unwrap();
    assert_eq!(health["status"], "ready", "a loss of yesterday stops nobody today: {health}");
    assert_eq!(health["warnings"][0]["code"], "receipts_missing", "{health}");
    let metrics = demo.client.get(format!("{}/metrics", demo.base)).send().await.unwrap().text().await.unwrap();
    let counted = metrics.lines().find(|line| line.starts_with("aiguilleur_receipts_missing{")).unwrap_or(&metrics);
    assert!(counted.contains("weppes") && !counted.ends_with(" 0"), "{counted}");
    demo.kill();
    assert!(demo.logged("the store lacks changes"), "{}", demo.log());

    let checked = aiguilleur(&["receipts", "check", "--data", data]);
    assert!(!checked.well && checked.out.contains(&appointment), "{}{}", checked.out, checked.log);
    assert!(checked.out.contains("rendez-vous réservé pour le 24/11/2026"), "{}", checked.out);
    let seen_to = aiguilleur(&["receipts", "acknowledge", "--data", data, "--by", "garde"]);
    assert!(seen_to.well, "{}", seen_to.log);
    let again = aiguilleur(&["receipts", "check", "--data", data]);
    assert!(again.well && again.out.contains("rien ne manque"), "{}{}", again.out, again.log);
    let demo = Demo::in_folder(folder.path());
    let audit = demo.all("demo-coordinator", "/audit").await;
    let line = audit.iter().find(|line| line["kind"] == "territory.loss_acknowledged").expect("the audit says so");
    assert_eq!((line["role"].as_str(), line["actor"].as_str()), (Some(Role::Service.code()), Some("terminal:garde")));
}

#[tokio::test]
async fn a_store_that_knows_nothing_of_what_was_acknowledged_here_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let mut demo = Demo::in_folder(folder.path());
    demo.request("h24").await;
    demo.kill();
    fs::remove_file(folder.path().join("state.redb")).unwrap();
    let said = Demo::with(&["--at", NINE, "--data", data]).err().expect("an empty store");
    assert!(said.contains("ne sait rien du territoire weppes") && said.contains("aiguilleur restore"), "{said}");
    // Unless somebody says that they know.
    let seen_to = aiguilleur(&["receipts", "acknowledge", "--data", data]);
    assert!(seen_to.well, "{}", seen_to.log);
    let demo = Demo::with(&["--at", NINE, "--data", data]).expect("starts");
    assert!(!demo.all("demo-coordinator", "/audit").await.is_empty());
}
