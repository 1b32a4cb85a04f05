//! The key that wraps every patient's is renewed: everything opens with the new one alone, nothing with the old, and who was
//! erased before cannot be read in any copy once the old one is destroyed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aiguilleur::booking::Vault;
use aiguilleur::domain::{ErasureReason, EventKind, PatientFacts, PatientIdentity, Record, RecordKey, RequestId};
use aiguilleur::operations::backup::{BackupError, back_up_all, restore_all};
use aiguilleur::operations::key_renewal::{Renewal, RenewalError};
use aiguilleur::seal::{Kek, Sealer, blob_names, wrapped_under};
use aiguilleur::store::{Commit, CommitOutcome, EmbeddedStore, IdemKey, RedisOptions, RedisStore, Store, Write, codec};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::json;
use uuid::Uuid;

use super::erasure::a_story;
use super::traces::{Trace, files_in, found_in};
use super::world::*;
use crate::support::api::identity;
use crate::support::desk::operator;
use crate::support::flaky::FlakyStore;
use crate::support::redis::RedisServer;
use crate::support::serve::{Serve, said};

/// The data folder of a stopped service, with people in it, and its two key files.
struct Stopped {
    folder: tempfile::TempDir,
    people: Vec<RequestId>,
}

impl Stopped {
    async fn with(people: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = desk_over(store_in(folder.path(), &nine()), sealer_of(folder.path())).await;
        let mut requests = Vec::new();
        for number in 1..=people {
            requests.push(a_story(&desk, 60 * number, "1946-02-03", "Martin").await);
        }
        drop(desk);
        left(folder.path()).await;
        Self { folder, people: requests }
    }

    fn data(&self) -> &Path {
        self.folder.path()
    }

    fn key_file(&self) -> PathBuf {
        self.data().join("patients.key")
    }

    fn kek(&self) -> Kek {
        Kek::load(&self.key_file()).unwrap()
    }

    fn store(&self) -> Arc<dyn Store> {
        store_in(self.data(), &nine())
    }

    fn renew(&self) -> Printed {
        aiguilleur(&["renew-key", "--data", self.data().to_str().unwrap(), "--by", "dpo"])
    }

    /// The file an earlier key was put into.
    fn kept_key(&self, kek: &Kek) -> PathBuf {
        self.data().join(format!("patients-{}.key", kek.id()))
    }
}

/// Waits until nobody has the store of a folder any more: what follows a territory ends a little after its desk.
async fn left(folder: &Path) {
    for _ in 0..500 {
        if EmbeddedStore::open(folder, nine()).is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("somebody still has the store");
}

fn sealer_with(file: &Path) -> Arc<Sealer> {
    Arc::new(Sealer::new(Kek::load(file).unwrap()))
}

/// All that is sealed of a person, opened.
#[derive(PartialEq)]
struct Known {
    facts: PatientFacts,
    identity: PatientIdentity,
    reasons: Vec<String>,
}

async fn known_of(store: &Arc<dyn Store>, sealer: &Arc<Sealer>, id: RequestId) -> Result<Known, String> {
    let vault = Vault::new(store.clone(), sealer.clone(), weppes());
    let held = holdings(&**store).await;
    let (_, Record::Request(request)) = &held.records[&RecordKey::request(id)] else { panic!("no request") };
    let (_, Record::Appointment(appointment)) = &held.records[&RecordKey::appointment(request.appointments[0])] else {
        panic!("no appointment")
    };
    let identity = vault.open_identity(appointment).await.map_err(|error| error.to_string())?;
    let mut reasons = Vec::new();
    for name in held.blobs.keys().filter(|name| name.contains(&format!("{id}.reason."))) {
        let reason = vault.open_reason(id, name.strip_prefix("p/").unwrap()).await;
        reasons.extend(reason.map_err(|error| error.to_string())?);
    }
    let facts = vault.open_facts(request).await.map_err(|error| error.to_string())?;
    Ok(Known { facts: (*facts).clone(), identity, reasons })
}

/// Every wrapped key of the store, and what it begins with: the key's name it is wrapped under.
async fn wrapped_keys(store: &dyn Store) -> Vec<(String, bytes::Bytes)> {
    let blobs = holdings(store).await.blobs;
    blobs.into_iter().filter(|(name, _)| blob_names::is_wrapped_key(name)).collect()
}

/// What shows that something is wrapped under the key these are under.
fn traces_of_wrapping(wrapped: &[(String, bytes::Bytes)]) -> Vec<Trace> {
    let layout_and_name = Trace { how: "the old key's name".to_owned(), bytes: wrapped[0].1[..9].to_vec() };
    let whole = wrapped.iter().map(|(name, bytes)| Trace { how: name.clone(), bytes: bytes.to_vec() });
    whole.chain([layout_and_name]).collect()
}

fn left_in(folder: &Path, traces: &[Trace]) -> Vec<String> {
    let mut left = Vec::new();
    for (file, bytes) in files_in(folder) {
        left.extend(found_in(&bytes, traces).iter().map(|trace| format!("{file}: {trace}")));
    }
    left
}

#[tokio::test]
async fn everything_opens_with_the_new_key_alone_and_nothing_with_the_old() {
    let stopped = Stopped::with(3).await;
    let old = stopped.kek();
    let store = stopped.store();
    let (before, wrapped) = (holdings(&*store).await, wrapped_keys(&*store).await);
    let mut known = Vec::new();
    for id in &stopped.people {
        let person = known_of(&store, &sealer_with(&stopped.key_file()), *id).await.unwrap();
        assert_eq!(person.reasons, ["ne vient plus"]);
        known.push(person);
    }
    // A territory the command is not told of shares the key.
    let other: aiguilleur::domain::TerritoryId = "flandre-lys".parse().unwrap();
    let export = store.export(&weppes()).await.unwrap();
    let items: Vec<_> = export.items.try_collect().await.unwrap();
    store.import(&other, export.tail, futures_util::stream::iter(items.into_iter().map(Ok)).boxed()).await.unwrap();
    drop(store);
    let traces = traces_of_wrapping(&wrapped);
    assert_eq!(left_in(stopped.data(), &traces).len(), traces.len(), "the search looks elsewhere");

    let renewed = stopped.renew();
    assert!(renewed.well, "{}", renewed.log);
    let (new, kept) = (stopped.kek(), stopped.kept_key(&old));
    assert!(new.id() != old.id() && new.earlier().next().is_none());
    for words in ["weppes : 3 clés", "flandre-lys : 3 clés", "Sauvegardez", kept.to_str().unwrap(), "digests.key"] {
        assert!(renewed.out.contains(words), "{words}: {}", renewed.out);
    }
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(Kek::load(&kept).unwrap().id(), old.id());
    assert_eq!(left_in(stopped.data(), &traces), Vec::<String>::new());

    let store = stopped.store();
    let after = holdings(&*store).await;
    let payloads = |held: &Holdings| {
        let mut blobs = held.blobs.clone();
        blobs.retain(|name, _| !blob_names::is_wrapped_key(name));
        blobs
    };
    assert_eq!((payloads(&after), &after.records, &after.timers), (payloads(&before), &before.records, &before.timers));
    for (id, person) in stopped.people.iter().zip(&known) {
        assert!(known_of(&store, &sealer_with(&stopped.key_file()), *id).await.unwrap() == *person, "{id}");
        let why = known_of(&store, &sealer_with(&kept), *id).await.err().expect("not opened");
        assert!(why.contains(&format!("wrapped under key {}", new.id())), "{why}");
    }
    let kept_in_other = store.blob(&other, &wrapped[0].0).await.unwrap().unwrap();
    assert_eq!(wrapped_under(&kept_in_other).unwrap(), new.id());
    // The audit says who, when and which keys, once.
    assert_eq!(after.events.len(), before.events.len() + 1);
    let noted = codec::decode_event(after.events.last().unwrap()).unwrap().event;
    assert_eq!((noted.kind, noted.actor.id.as_str()), (EventKind::TerritoryKeyRenewed, "terminal:dpo"));
    assert_eq!(noted.reason, Some(format!("{}_to_{}", old.id(), new.id())));
    // The month after, the same again.
    drop(store);
    assert!(stopped.renew().well);
    assert!(stopped.kept_key(&new).exists() && kept.exists() && stopped.kek().id() != new.id());
}

#[tokio::test]
async fn a_renewal_interrupted_anywhere_is_gone_on_with() {
    for rewrapped in [0, 2, 4] {
        let stopped = Stopped::with(4).await;
        let old = stopped.kek();
        let (store, before) = (stopped.store(), sealer_with(&stopped.key_file()));
        let mut known = Vec::new();
        for id in &stopped.people {
            known.push(known_of(&store, &before, *id).await.unwrap());
        }
        // What a process that was killed leaves.
        let both = Kek::renew(&stopped.key_file()).unwrap();
        let new = both.id();
        let sealer = Sealer::new(both);
        for (name, wrapped) in wrapped_keys(&*store).await.into_iter().take(rewrapped) {
            let bytes = sealer.rewrap(&wrapped).unwrap();
            let done = store.commit(&weppes(), commit_of(&*store, vec![Write::Blob { name, bytes }])).await.unwrap();
            assert!(matches!(done, CommitOutcome::Done { .. }), "{done:?}");
        }
        if rewrapped == 4 {
            let line = fs::read_to_string(stopped.key_file()).unwrap().lines().nth(1).unwrap().to_owned();
            fs::write(stopped.kept_key(&old), line).unwrap();
            fs::set_permissions(stopped.kept_key(&old), fs::Permissions::from_mode(0o600)).unwrap();
        }
        // A service that is started in between works with both.
        for (id, person) in stopped.people.iter().zip(&known) {
            assert!(known_of(&store, &sealer_with(&stopped.key_file()), *id).await.unwrap() == *person);
        }
        drop(store);

        let renewed = stopped.renew();
        assert!(renewed.well, "{}", renewed.log);
        assert!(renewed.out.contains("Reprise") && renewed.out.contains(&format!("weppes : {} clés", 4 - rewrapped)));
        let kek = stopped.kek();
        assert_eq!((kek.id(), kek.earlier().count()), (new, 0), "no third key");
        assert_eq!(Kek::load(&stopped.kept_key(&old)).unwrap().id(), old.id());
        let store = stopped.store();
        for (_, wrapped) in wrapped_keys(&*store).await {
            assert_eq!(wrapped_under(&wrapped).unwrap(), new);
        }
        for (id, person) in stopped.people.iter().zip(&known) {
            assert!(known_of(&store, &sealer_with(&stopped.key_file()), *id).await.unwrap() == *person);
        }
    }
}

fn commit_of(store: &dyn Store, writes: Vec<Write>) -> Commit {
    Commit {
        idem: IdemKey { actor: "test".to_owned(), key: Uuid::now_v7().to_string() },
        fingerprint: [0; 16],
        decided_at: store.now(),
        guards: Vec::new(),
        writes,
        events: Vec::new(),
        answer: bytes::Bytes::new(),
    }
}

#[tokio::test]
async fn many_keys_are_wrapped_anew_through_answers_that_are_lost() {
    let kept = tempfile::tempdir().unwrap();
    let sealer = sealer_of(kept.path());
    let file = kept.path().join("patients.key");
    let store = Arc::new(FlakyStore::over(Arc::new(EmbeddedStore::in_memory(nine()).unwrap())));
    desk_over(store.clone(), sealer.clone()).await.publish(60, 1).await;
    for _ in 0..5 {
        let keys = (0..240).map(|_| Write::Blob {
            name: blob_names::wrapped_key(Uuid::now_v7()),
            bytes: Some(sealer.new_subject().unwrap().1),
        });
        store.commit(&weppes(), commit_of(&*store, keys.collect())).await.unwrap();
    }
    // The store goes away in the middle.
    let renewal = Renewal::begin(&*store, &file).await.unwrap();
    store.leave_with_the_next_answer();
    let failed = renewal.rewrap(&*store, &weppes()).await.unwrap_err();
    assert!(matches!(failed, RenewalError::Store(_)), "{failed}");
    store.come_back();
    // Of three answers lost one was done, one was not, and one is done when nobody waits for it any more.
    store.lose_every(2);
    let renewal = Renewal::begin(&*store, &file).await.unwrap();
    assert!(renewal.is_resumed());
    assert_eq!(renewal.rewrap(&*store, &weppes()).await.unwrap(), 1_200 - 250);
    assert!(store.lost() > 0);
    store.lose_every(0);
    let wrapped = wrapped_keys(&*store).await;
    assert_eq!(wrapped.len(), 1_200);
    assert!(wrapped.iter().all(|(_, bytes)| wrapped_under(bytes) == Ok(renewal.kek().id())));
    for by in ["first", "second"] {
        renewal.note(&*store, by).await.unwrap();
    }
    let kinds = holdings(&*store).await.events.into_iter().map(|event| event.kind);
    assert_eq!(kinds.filter(|kind| kind == "territory.key_renewed").count(), 1);
    assert_eq!(renewal.finish().unwrap().len(), 1);
}

#[tokio::test]
async fn whoever_is_erased_meanwhile_is_not_given_their_key_back() {
    let kept = tempfile::tempdir().unwrap();
    let store = Arc::new(FlakyStore::over(Arc::new(EmbeddedStore::in_memory(nine()).unwrap())));
    let desk = desk_over(store.clone(), sealer_of(kept.path())).await;
    let request = a_story(&desk, 60, "1946-02-03", "Martin").await;
    let renewal = Renewal::begin(&*store, &kept.path().join("patients.key")).await.unwrap();
    let (key, name) = (RecordKey::request(request), blob_names::wrapped_key(request));
    let record = store.load(&weppes(), std::slice::from_ref(&key)).await.unwrap().remove(0);
    let erase =
        vec![Write::Put { key: key.clone(), body: record.body }, Write::Blob { name: name.clone(), bytes: None }];
    let guards = vec![(key, record.version)];
    store.commit_before_the_next(Commit { guards, ..commit_of(&*store, erase) });
    let refused = renewal.rewrap(&*store, &weppes()).await.unwrap_err();
    assert!(matches!(&refused, RenewalError::Served(_)) && refused.to_string().contains("Arrêtez"), "{refused}");
    assert_eq!(store.blob(&weppes(), &name).await, Ok(None));
}

#[tokio::test]
async fn who_was_erased_before_is_read_in_no_copy_once_the_old_key_is_destroyed() {
    let stopped = Stopped::with(2).await;
    let (old, out) = (stopped.kek(), stopped.data().join("backup"));
    let store = stopped.store();
    back_up_all(&*store, &[weppes()], &out).await.unwrap();
    let erased = stopped.people[0];
    let desk = desk_over(store, sealer_with(&stopped.key_file())).await;
    desk.booking.erase(&operator(), erased, ErasureReason::Asked).await.unwrap();
    drop(desk);
    left(stopped.data()).await;
    assert!(stopped.renew().well);
    let new = stopped.kek();

    let copy: Arc<dyn Store> = Arc::new(EmbeddedStore::in_memory(nine()).unwrap());
    let refused = restore_all(&*copy, &out, Some(&new)).await.unwrap_err();
    assert!(matches!(&refused, BackupError::OtherKey { needed, .. } if *needed == old.id().to_string()), "{refused}");
    restore_all(&*copy, &out, None).await.unwrap();
    let sealed = blob_names::wrapped_key(erased);
    assert!(copy.blob(&weppes(), &sealed).await.unwrap().is_some(), "the wrapped key came back with the backup");
    let kept = stopped.kept_key(&old);
    assert!(known_of(&copy, &sealer_with(&kept), erased).await.is_ok(), "until then, the old key opens it");
    fs::remove_file(kept).unwrap();
    for id in &stopped.people {
        let why = known_of(&copy, &sealer_with(&stopped.key_file()), *id).await.err().expect("not opened");
        assert!(why.contains(&format!("wrapped under key {}", old.id())), "{why}");
    }
    // Whoever is still there is read where they live.
    assert!(known_of(&stopped.store(), &sealer_with(&stopped.key_file()), stopped.people[1]).await.is_ok());
}

#[tokio::test]
async fn a_backup_made_under_an_earlier_key_comes_back_with_that_keys_line() {
    let stopped = Stopped::with(2).await;
    let (old, data) = (stopped.kek(), stopped.data().to_str().unwrap());
    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("backup");
    let store = stopped.store();
    back_up_all(&*store, &[weppes()], &out).await.unwrap();
    let out = out.to_str().unwrap();
    let person = known_of(&store, &sealer_with(&stopped.key_file()), stopped.people[0]).await.unwrap();
    drop(store);
    assert!(stopped.renew().well);
    let (new, kept) = (stopped.kek(), stopped.kept_key(&old));
    fs::remove_file(stopped.data().join("state.redb")).unwrap();

    let restore = || aiguilleur(&["restore", "--data", data, "--from", out]);
    let refused = restore();
    let file = format!("patients-{}.key", old.id());
    assert!(!refused.well && refused.log.contains(&file) && refused.log.contains("sous la première ligne"));
    let both = fs::read_to_string(stopped.key_file()).unwrap() + &fs::read_to_string(&kept).unwrap();
    fs::write(stopped.key_file(), both).unwrap();
    let restored = restore();
    assert!(restored.well && restored.out.contains("aiguilleur renew-key"), "{}{}", restored.out, restored.log);
    let opened = known_of(&stopped.store(), &sealer_with(&stopped.key_file()), stopped.people[0]).await.unwrap();
    assert!(opened == person);

    let renewed = stopped.renew();
    assert!(renewed.well && renewed.out.contains("Reprise"), "{}{}", renewed.out, renewed.log);
    let kek = stopped.kek();
    assert_eq!((kek.id(), kek.earlier().count(), Kek::load(&kept).unwrap().id()), (new.id(), 0, old.id()));
    let opened = known_of(&stopped.store(), &sealer_with(&stopped.key_file()), stopped.people[0]).await.unwrap();
    assert!(opened == person);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_before_anything_is_changed() {
    let stopped = Stopped::with(1).await;
    let before = (fs::read(stopped.key_file()).unwrap(), holdings(&*stopped.store()).await);
    let unchanged = async || {
        let after = (fs::read(stopped.key_file()).unwrap(), holdings(&*stopped.store()).await);
        assert!(before == after);
    };
    let refused = |words: &[&str]| {
        let refused = stopped.renew();
        assert!(!refused.well);
        for word in words {
            assert!(refused.log.contains(word), "{word}: {}", refused.log);
        }
    };
    let mode = |mode| fs::set_permissions(stopped.key_file(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o400);
    refused(&["rien n'a été changé", "chmod 600", "LoadCredential"]);
    unchanged().await;
    mode(0o600);
    // Another's key: what is sealed here would be lost with the first.
    let other = stopped.data().join("other.key");
    let (ours, name) = (fs::read(stopped.key_file()).unwrap(), stopped.kek().id().to_string());
    Kek::load_or_create(&other).unwrap();
    fs::copy(&other, stopped.key_file()).unwrap();
    refused(&[&format!("patients-{name}.key"), "sous la première ligne"]);
    assert_eq!(fs::read(&other).unwrap(), fs::read(stopped.key_file()).unwrap());
    fs::write(stopped.key_file(), ours).unwrap();
    unchanged().await;
    // While somebody has the store.
    let store = stopped.store();
    assert!(!stopped.renew().well);
    drop(store);
    unchanged().await;
    // Nobody lives there.
    fs::remove_file(stopped.data().join("state.redb")).unwrap();
    refused(&["aucune donnée"]);
    assert_eq!(fs::read(stopped.key_file()).unwrap(), before.0);
    assert!(!stopped.data().join("state.redb").exists());
}

/// Books a place; the appointment.
async fn book(serve: &Serve) -> String {
    let slot = serve.publish(1).await.remove(0);
    let request = serve.request("h24").await;
    let hold = json!({ "slot_id": slot, "hold_id": "h" });
    assert_eq!(serve.post("demo-operator", &format!("/requests/{request}/hold"), &hold).await.unwrap().0, 200);
    let confirm = json!({ "hold_id": "h", "patient": identity() });
    let (status, booked) =
        serve.post("demo-operator", &format!("/requests/{request}/confirm"), &confirm).await.unwrap();
    assert_eq!(status, 201, "{booked}");
    booked["id"].as_str().unwrap().to_owned()
}

/// Has the key of a service renewed, which it refuses while it runs; what the command said, and the service started again.
async fn renewed(serve: Serve) -> (String, Serve) {
    let key_file = serve.place.path("data/patients.key");
    let old = fs::read_to_string(&key_file).unwrap();
    let refused = serve.place.run(&["renew-key"]);
    assert!(!refused.status.success() && said(&refused).contains("Arrêtez-le"), "{}", said(&refused));
    assert_eq!(fs::read_to_string(&key_file).unwrap(), old);
    let (keys, place) = (serve.api().keys(), serve.leave());
    let renewed = place.run(&["renew-key", "--by", "dpo"]);
    let told = said(&renewed);
    assert!(renewed.status.success() && told.contains("weppes : 1 clés"), "{told}");
    let new = fs::read_to_string(&key_file).unwrap();
    assert!(new.lines().count() == 1 && new != old);
    (told, place.start(&[], keys).unwrap())
}

/// Everything goes on: who was booked is read, the audit says what was done, the next patient is booked.
async fn goes_on(serve: &Serve, appointment: &str) {
    let (status, shown) = serve.get("demo-operator", &format!("/appointments/{appointment}")).await;
    assert_eq!((status, &shown["patient"]["last_name"]), (200, &identity()["last_name"]), "{shown}");
    let audit = serve.all("demo-coordinator", "/audit").await;
    let noted = audit.iter().find(|line| line["kind"] == "territory.key_renewed").expect("the audit says so");
    assert_eq!(noted["actor"], "terminal:dpo");
    book(serve).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_stopped_for_it_and_goes_on_with_the_new_key() {
    let serve = Serve::start().await;
    let appointment = book(&serve).await;
    let old = fs::read(serve.place.path("data/patients.key")).unwrap();
    let (_, serve) = renewed(serve).await;
    goes_on(&serve, &appointment).await;
    // A node that was forgotten and still has the file of before: it would show nobody's name.
    let place = serve.leave();
    fs::write(place.path("data/patients.key"), old).unwrap();
    let said = place.refused(&[]);
    assert!(said.contains("n'est pas dans le fichier de clé"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_redis_too_and_its_files_hold_nothing_under_the_old_key() {
    let server = RedisServer::start();
    let serve = Serve::on_redis(&server.url(0)).await;
    let appointment = book(&serve).await;
    let store = RedisStore::connect(RedisOptions::at(server.url(0)), nine()).await.unwrap();
    let traces = traces_of_wrapping(&wrapped_keys(&store).await);
    assert_eq!(left_in(server.folder(), &traces).len(), traces.len(), "the search looks elsewhere");
    let (told, serve) = renewed(serve).await;
    assert!(told.contains("sur tous les nœuds") && told.contains("chaque nœud avant"), "{told}");
    let mut left = left_in(server.folder(), &traces);
    // The server writes its file anew beside serving.
    for _ in 0..200 {
        if left.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        left = left_in(server.folder(), &traces);
    }
    assert_eq!(left, Vec::<String>::new());
    goes_on(&serve, &appointment).await;
}
