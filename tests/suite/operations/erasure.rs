//! A person is erased: nothing that names or describes them, and nothing it was sealed in, stands anywhere any more.

use std::fs;
use std::path::Path;

use aiguilleur::booking::{Found, Sought};
use aiguilleur::domain::decide::Outcome;
use aiguilleur::domain::{
    Age, CancelledBy, Erased, ErasureReason, EventKind, HoldId, Level, Refusal, RequestId, RequestState,
};
use aiguilleur::operations::backup::{back_up_all, restore_all};
use aiguilleur::operations::erasure::redo;
use aiguilleur::receipts::{Since, reconcile};
use aiguilleur::store::{EmbeddedStore, Store};
use chrono::TimeDelta;
use serde_json::json;

use super::traces::*;
use super::world::*;
use crate::support::api::Api;
use crate::support::desk::{Desk, operator, patient};
use crate::support::process::{Demo, need};
use crate::support::serve::{Place, Serve, said};

/// As a person says it, and as it may have been written down.
const PERSON: &[&str] = &[
    "Zéphyrine",
    "ZÉPHYRINE",
    "Quenouillard",
    "QUENOUILLARD",
    "0639987654",
    "639987654",
    "06 39 98 76 54",
    "06.39.98.76.54",
    "1946-02-03",
    "03/02/1946",
    "19460203",
    "genou gauche qui craque",
    "sa fille Hermeline",
];

fn person() -> Vec<Trace> {
    PERSON.iter().flat_map(|text| traces_of(text)).collect()
}

/// The sealed blobs of a stopped store that belong to one of these identifiers.
fn blobs_of(data: &Path, ids: &[&str]) -> Vec<Trace> {
    let table: redb::TableDefinition<'_, (&str, &str), &[u8]> = redb::TableDefinition::new("blob");
    let database = redb::Database::open(data.join("state.redb")).unwrap();
    let read = redb::ReadableDatabase::begin_read(&database).unwrap();
    let mut blobs = Vec::new();
    for row in redb::ReadableTable::iter(&read.open_table(table).unwrap()).unwrap() {
        let (key, bytes) = row.unwrap();
        let name = key.value().1.to_owned();
        if ids.iter().any(|id| name.contains(id)) {
            blobs.push(Trace { how: name.clone(), bytes: bytes.value().to_vec() });
            let coded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes.value());
            blobs.push(Trace { how: format!("{name} in base64"), bytes: coded.into_bytes() });
        }
    }
    blobs
}

#[tokio::test]
async fn after_an_erasure_a_search_for_the_bytes_finds_nothing_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let (data, kept) = (folder.path().join("data"), folder.path().join("kept"));
    let (at, out) = (data.to_str().unwrap(), kept.to_str().unwrap());
    let start =
        || Demo::logging("debug", &["--at", crate::support::process::NINE, "--seed", "7", "--data", at]).unwrap();
    let mut demo = start();
    let mut body = need("h24");
    body["patient"] = json!({"birth_date": "1946-02-03", "sex": "F"});
    body["note"] = json!("genou gauche qui craque");
    let (status, request) = demo.post_keyed("demo-operator", "/requests", "r", &body).await.unwrap();
    assert_eq!(status, 201, "{request}");
    let id = request["id"].as_str().unwrap().to_owned();
    let slot = demo.publish(1).await.remove(0);
    let hold = json!({ "slot_id": slot, "hold_id": "h" });
    demo.post_keyed("demo-operator", &format!("/requests/{id}/hold"), "h", &hold).await.unwrap();
    let named = json!({"first_name": "Zéphyrine", "last_name": "Quenouillard", "phone": "06 39 98 76 54"});
    let confirm = json!({ "hold_id": "h", "patient": named });
    let (status, booked) =
        demo.post_keyed("demo-operator", &format!("/requests/{id}/confirm"), "c", &confirm).await.unwrap();
    assert_eq!(status, 201, "{booked}");
    let appointment = booked["id"].as_str().unwrap().to_owned();
    let why = json!({"reason": "sa fille Hermeline s'en occupe"});
    assert_eq!(demo.post("demo-operator", &format!("/requests/{id}/cancel"), &why).await.unwrap().0, 200);
    // Before: the service knows, and the search finds what it is shown.
    let (_, shown) = demo.get("demo-operator", &format!("/appointments/{appointment}")).await;
    assert_eq!(shown["patient"]["last_name"], "Quenouillard");
    assert!(found_in(shown.to_string().as_bytes(), &person()).len() >= 4, "{shown}");
    let (_, whole) = demo.get("demo-operator", &format!("/requests/{id}")).await;
    assert!(whole["history"].to_string().contains("Hermeline"), "{whole}");
    assert!(demo.stop());
    let before = demo.log();
    let sealed = blobs_of(&data, &[&id, &appointment]);
    assert_eq!(
        sealed.len(),
        2 * 5,
        "key, facts, explanation, identity and reason: {:?}",
        sealed.iter().map(|s| &s.how).collect::<Vec<_>>()
    );
    let made = aiguilleur(&["backup", "--data", at, "--out", &format!("{out}/before")]);
    assert!(made.well, "{}", made.log);
    let all = files_in(folder.path());
    let holds_sealed =
        |name: &str| all.iter().any(|(file, bytes)| file.contains(name) && !found_in(bytes, &sealed).is_empty());
    assert!(
        holds_sealed("state.redb") && holds_sealed("before/weppes.jsonl.gz, unpacked"),
        "the search looks elsewhere"
    );

    // A person asks: who are they, and out.
    let found = aiguilleur(&["find", "--data", at, "--phone", "+33 6 39 98 76 54", "--last-name", "QUENOUILLARD"]);
    assert!(found.well && found.out.contains(&id), "{}{}", found.out, found.log);
    let erased = aiguilleur(&["erase", "--data", at, "--request", &id, "--reason", "asked", "--by", "dpo"]);
    assert!(erased.well, "{}", erased.log);
    let gone = aiguilleur(&["find", "--data", at, "--phone", "0639987654"]);
    assert!(gone.well && !gone.out.contains(&id), "{}", gone.out);

    let mut demo = start();
    let (_, shown) = demo.get("demo-operator", &format!("/appointments/{appointment}")).await;
    assert!(shown["patient"].is_null() && shown["erased_at"].is_string(), "{shown}");
    let (_, whole) = demo.get("demo-operator", &format!("/requests/{id}")).await;
    assert_eq!((whole["state"].as_str(), whole["complaint"].is_null()), (Some("cancelled"), true), "{whole}");
    assert!(whole["erased_at"].is_string(), "{whole}");
    // The same calls sent again say what they said, and nobody's name.
    let (_, again) = demo.post_keyed("demo-operator", &format!("/requests/{id}/confirm"), "c", &confirm).await.unwrap();
    assert_eq!(again["id"], booked["id"], "{again}");
    let audit = demo.all("demo-coordinator", "/audit").await;
    let proof = audit.iter().find(|line| line["kind"] == "request.erased").expect("the audit says so");
    assert_eq!(
        (&proof["request"], &proof["actor"], &proof["reason"]),
        (&json!(id), &json!("terminal:dpo"), &json!("asked"))
    );
    assert!(audit.iter().any(|line| line["kind"] == "territory.searched" && line["reason"] == "last_name+phone"));
    let metrics = demo.client.get(format!("{}/metrics", demo.base)).send().await.unwrap().text().await.unwrap();
    let mut stream = demo
        .client
        .get(format!("{}{}/events?last_event_id=0.", demo.base, demo.territory))
        .bearer_auth("demo-operator")
        .send()
        .await
        .unwrap();
    let mut told = Vec::new();
    while !String::from_utf8_lossy(&told).contains("request.erased") {
        told.extend(stream.chunk().await.unwrap().expect("the stream goes on"));
    }
    drop(stream);
    assert!(demo.stop());
    let made = aiguilleur(&["backup", "--data", at, "--out", &format!("{out}/after")]);
    assert!(made.well, "{}", made.log);

    let mut places = files_in(&data);
    places.extend(files_in(&kept.join("after")));
    assert!(places.iter().any(|(file, _)| file.contains("receipts/")) && places.len() >= 6, "{} files", places.len());
    for (what, text) in [("the log before", before), ("the log after", demo.log()), ("the metrics", metrics)] {
        places.push((what.to_owned(), text.into_bytes()));
    }
    for (what, value) in
        [("the audit", json!(audit)), ("the request", whole), ("the appointment", shown), ("an answer again", again)]
    {
        places.push((what.to_owned(), value.to_string().into_bytes()));
    }
    for (what, printed) in [("find", found), ("erase", erased), ("find again", gone), ("backup", made)] {
        places.push((what.to_owned(), format!("{}{}", printed.out, printed.log).into_bytes()));
    }
    places.push(("the stream".to_owned(), told));
    for (place, bytes) in places {
        assert_eq!(found_in(&bytes, &person()), Vec::<&str>::new(), "{place}");
        assert_eq!(found_in(&bytes, &sealed), Vec::<&str>::new(), "{place}");
    }
}

/// A request of somebody born that day, booked and cancelled; the sealed names it leaves.
pub(super) async fn a_story(desk: &Desk, minutes: i64, born: &str, name: &str) -> RequestId {
    let mut order = desk.order(Level::H24);
    order.facts.age = Age::BirthDate(born.parse().unwrap());
    let (case, _) = desk.booking.create_request(&operator(), order).await.unwrap();
    let (request, hold): (_, HoldId) = (case.request.id, format!("h{minutes}").parse().unwrap());
    let slot = desk.publish(minutes, 1).await;
    desk.booking.hold(&operator(), request, slot, hold.clone(), false).await.unwrap();
    let mut identity = patient();
    identity.last_name = name.parse().unwrap();
    let appointment = desk.booking.confirm(&operator(), request, hold, &identity).await.unwrap();
    let outcome = Outcome::Cancelled { by: CancelledBy::Patient, reason: "ne vient plus".to_owned() };
    desk.booking.record_outcome(&operator(), appointment.id, outcome).await.unwrap();
    request
}

async fn blob_names(store: &dyn Store, request: RequestId) -> Vec<String> {
    let names = holdings(store).await.blobs.into_keys();
    names.filter(|name| name.contains(&request.to_string())).collect()
}

#[tokio::test]
async fn a_person_is_found_by_what_they_say_and_only_their_requests_are() {
    let desk = Desk::open().await;
    let first = a_story(&desk, 60, "1946-02-03", "Vandewoëstyne-Hérin").await;
    let second = a_story(&desk, 90, "1946-02-03", "Martin").await;
    let never_booked = desk.request(Level::H24).await;
    let find = async |last_name: &str, phone: &str, birth_date: &str| {
        let sought = Sought {
            last_name: last_name.parse().ok(),
            phone: phone.parse().ok(),
            birth_date: birth_date.parse().ok(),
        };
        let Found { requests, unreadable, .. } = desk.booking.find(&operator(), &sought).await.unwrap();
        assert_eq!(unreadable, 0);
        requests
    };
    assert_eq!(find("vandewoestyne herin", "", "").await, [first]);
    assert_eq!(find("", "+33639981234", "").await, [first, second]);
    assert_eq!(find("", "", "1946-02-03").await, [first, second]);
    assert_eq!(find("Martin", "0639981234", "1946-02-04").await, []);
    assert_eq!(find("", "", "").await, [], "whoever asks for nobody finds nobody");
    let searches = desk.booking.view.trail(0, 1_000).await.unwrap().events;
    let searches: Vec<_> = searches.iter().filter(|e| e.event.kind == EventKind::TerritorySearched).collect();
    assert_eq!(
        searches.iter().filter_map(|e| e.event.reason.as_deref()).collect::<Vec<_>>(),
        ["last_name", "phone", "birth_date", "last_name+phone+birth_date"]
    );
    // One who waits is not erased; the others are, and found no more.
    let refused = desk.booking.erase(&operator(), never_booked, ErasureReason::Asked).await.unwrap_err();
    assert!(matches!(
        refused,
        aiguilleur::booking::Failure::Refused { refusal: Refusal::WrongState { state: RequestState::Open }, .. }
    ));
    desk.booking.erase(&operator(), first, ErasureReason::Asked).await.unwrap();
    assert_eq!(find("", "0639981234", "").await, [second]);
}

#[tokio::test]
async fn what_a_node_remembers_goes_too_and_nothing_more_can_be_done() {
    let desk = Desk::open().await;
    let request = a_story(&desk, 60, "1946-02-03", "Martin").await;
    // Booked and past, nobody having said what became of it: its facts are in memory.
    let waiting = desk.request(Level::H24).await;
    let slot = desk.publish(90, 1).await;
    let hold: HoldId = "w".parse().unwrap();
    desk.booking.hold(&operator(), waiting, slot, hold.clone(), false).await.unwrap();
    let appointment = desk.booking.confirm(&operator(), waiting, hold, &patient()).await.unwrap();
    desk.clock.advance(TimeDelta::minutes(91));
    let remembered = |request| desk.booking.view.read(|state| state.board.get(request).unwrap().facts.is_some());
    assert!(remembered(waiting));
    assert!(!blob_names(&*desk.store, request).await.is_empty());
    for id in [request, waiting] {
        desk.booking.erase(&operator(), id, ErasureReason::Asked).await.unwrap();
        assert!(!remembered(id));
        assert_eq!(blob_names(&*desk.store, id).await, Vec::<String>::new());
        assert!(desk.booking.case(id).await.unwrap().facts.is_none());
    }
    assert!(holdings(&*desk.store).await.blobs.keys().all(|name| !name.contains(&appointment.id.to_string())));
    assert!(desk.booking.patient_of(&operator(), appointment.id).await.is_err());
    let reads = desk.booking.view.trail(0, 1_000).await.unwrap().events;
    assert!(reads.iter().all(|event| event.event.kind != EventKind::AppointmentIdentityRead), "nothing was read");
    let erased = |refused: aiguilleur::booking::Failure| {
        assert!(
            matches!(refused, aiguilleur::booking::Failure::Refused { refusal: Refusal::Erased, .. }),
            "{refused:?}"
        );
    };
    erased(desk.booking.set_level(&operator(), waiting, Level::SameDay, "r".to_owned()).await.unwrap_err());
    erased(desk.booking.hold(&operator(), waiting, slot, "x".parse().unwrap(), false).await.unwrap_err());
    erased(desk.booking.confirm(&operator(), waiting, "x".parse().unwrap(), &patient()).await.unwrap_err());
    let cancelled = Outcome::Cancelled { by: CancelledBy::Patient, reason: "r".to_owned() };
    erased(desk.booking.record_outcome(&operator(), appointment.id, cancelled).await.unwrap_err());
    let why = desk.booking.view.read(|state| {
        state
            .histories
            .of(request)
            .unwrap()
            .entries
            .iter()
            .find_map(|e| e.reason.clone().filter(|r| r.contains(".reason.")))
    });
    assert_eq!(desk.booking.written_reason(request, why.unwrap()).await, "(texte effacé)");
}

#[tokio::test]
async fn the_time_of_the_table_ends_by_itself_over_the_years() {
    let desk = Desk::open().await;
    let closed = a_story(&desk, 60, "1946-02-03", "Martin").await;
    let waiting = desk.request(Level::H24).await;
    let advance_to =
        |instant: &str| desk.clock.advance(instant.parse::<chrono::DateTime<chrono::Utc>>().unwrap() - desk.now());
    let erased_at = async |request| desk.booking.case(request).await.unwrap().request.erased_at;
    // One that nobody closed is closed by its own timer, in the same contract year.
    advance_to("2026-11-26T08:00:00Z");
    desk.booking.run_due().await.unwrap();
    advance_to("2027-03-31T21:59:59.999Z");
    desk.booking.run_due().await.unwrap();
    assert_eq!((erased_at(closed).await, erased_at(waiting).await), (None, None));
    assert!(!blob_names(&*desk.store, closed).await.is_empty());
    advance_to("2027-03-31T22:00:00Z");
    let next_year = a_story(&desk, 60, "1946-02-03", "Martin").await;
    desk.booking.run_due().await.unwrap();
    for request in [closed, waiting] {
        assert_eq!(erased_at(request).await, Some(desk.now()));
        assert_eq!(blob_names(&*desk.store, request).await, Vec::<String>::new());
    }
    assert_eq!(erased_at(next_year).await, None);
    let audit = desk.booking.view.trail(0, 1_000).await.unwrap().events;
    let proofs: Vec<_> = audit.iter().filter(|event| event.event.kind == EventKind::RequestErased).collect();
    assert_eq!(proofs.len(), 2);
    assert!(proofs.iter().all(|proof| proof.event.reason.as_deref() == Some("retention")));
    advance_to("2028-03-31T22:00:00Z");
    desk.booking.run_due().await.unwrap();
    assert_eq!(erased_at(next_year).await, Some(desk.now()));
    assert!(desk.store.due(&weppes(), 9).await.unwrap().is_empty(), "nothing rings for ever");
}

#[tokio::test]
async fn a_backup_from_before_an_erasure_does_not_bring_the_person_back_for_long() {
    let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sealer = sealer_of(kept.path());
    let store = store_in(folder.path(), &nine());
    let (desk, journal) = desk_with_receipts(store.clone(), sealer.clone(), &kept.path().join("receipts")).await;
    let request = a_story(&desk, 60, "1946-02-03", "Martin").await;
    let out = kept.path().join("today");
    back_up_all(&*store, &[weppes()], &out).await.unwrap();
    desk.booking.erase(&operator(), request, ErasureReason::Asked).await.unwrap();

    let restored: std::sync::Arc<dyn Store> = std::sync::Arc::new(EmbeddedStore::in_memory(nine()).unwrap());
    restore_all(&*restored, &out, None).await.unwrap();
    assert!(!blob_names(&*restored, request).await.is_empty(), "the person is back with the backup");
    let found = reconcile(&journal, &*restored, &[weppes()], Since::Ever).await.unwrap().remove(0);
    let desk = desk_over(restored.clone(), sealer).await;
    let redone = redo(&desk.booking, &found.missing).await;
    assert_eq!((redone.erased, redone.still_open), (vec![Erased::Request(request)], vec![]));
    assert_eq!(blob_names(&*restored, request).await, Vec::<String>::new());
    let audit = desk.booking.view.trail(0, 1_000).await.unwrap().events;
    assert_eq!(audit.last().unwrap().event.reason.as_deref(), Some("again_after_restore"));
}

async fn cancel(api: &Api, request: &str) {
    let why = json!({ "reason": "ne vient plus" });
    let (status, told) = api.post("demo-operator", &format!("/requests/{request}/cancel"), &why).await.unwrap();
    assert_eq!(status, 200, "{told}");
}

async fn is_erased(api: &Api, request: &str) -> bool {
    api.get("demo-operator", &format!("/requests/{request}")).await.1["erased_at"].is_string()
}

/// Brings a backup back in the place of what there is; what acknowledging the losses said, and whether it went well.
fn restored_and_acknowledged(place: &Place, from: &str) -> (bool, String) {
    fs::remove_file(place.path("data/state.redb")).unwrap();
    let restored = place.run(&["restore", "--from", from]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert!(said(&restored).contains("données d'une personne effacées"), "{}", said(&restored));
    let seen_to = place.run(&["receipts", "acknowledge"]);
    (seen_to.status.success(), said(&seen_to))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_erased_stays_erased_when_the_losses_of_a_restore_are_acknowledged_before_the_start() {
    let serve = Serve::start().await;
    let keys = serve.api().keys();
    let (over, waiting) = (serve.request("h24").await, serve.request("h24").await);
    cancel(&serve, &over).await;
    let out = serve.place.path("backup").to_str().unwrap().to_owned();
    let made = serve.place.run(&["backup", "--out", &out]);
    assert!(made.status.success(), "{}", said(&made));
    cancel(&serve, &waiting).await;
    for request in [&over, &waiting] {
        let erased = serve.place.run(&["erase", "--request", request, "--reason", "asked"]);
        assert!(erased.status.success(), "{}", said(&erased));
    }

    let place = serve.leave();
    let (well, told) = restored_and_acknowledged(&place, &out);
    assert!(!well && told.contains(&format!("la demande {waiting}, effacée depuis")), "{told}");
    assert!(told.contains("encore en cours (open)"), "{told}");
    let checked = place.run(&["receipts", "check"]);
    assert!(!checked.status.success() && said(&checked).contains(&waiting), "{}", said(&checked));
    assert!(!said(&checked).contains(&over), "{}", said(&checked));
    let serve = place.start(&[], keys.clone()).unwrap();
    assert!(is_erased(&serve, &over).await);
    assert!(!is_erased(&serve, &waiting).await, "somebody waits");
    cancel(&serve, &waiting).await;
    let seen_to = serve.place.run(&["receipts", "acknowledge"]);
    assert!(seen_to.status.success() && is_erased(&serve, &waiting).await, "{}", said(&seen_to));

    // The same backup brought back again: what was acknowledged was also erased again, and that is known as well.
    let place = serve.leave();
    let (well, told) = restored_and_acknowledged(&place, &out);
    assert!(!well && told.contains(&waiting), "{told}");
    let serve = place.start(&[], keys).unwrap();
    assert!(is_erased(&serve, &over).await && !is_erased(&serve, &waiting).await);
}
