//! Commits and readings the store's tests are written with.

use aiguilleur::domain::{RecordKey, RecordKind, TerritoryId, Timer, TimerKind};
use aiguilleur::store::{
    Commit, CommitOutcome, IdemKey, NewEvent, Seq, Store, StoreError, StoredEvent, Versioned, Write, chain,
};
use bytes::Bytes;
use futures_util::TryStreamExt as _;

pub(super) fn territory(name: &str) -> TerritoryId {
    name.parse().expect("a territory name")
}

pub(crate) fn weppes() -> TerritoryId {
    territory("weppes")
}

pub(super) fn key(id: impl ToString) -> RecordKey {
    RecordKey { kind: RecordKind::Slot, id: id.to_string() }
}

pub(super) fn timer(id: impl ToString) -> Timer {
    Timer { kind: TimerKind::Hold, id: id.to_string() }
}

pub(super) fn bytes(text: impl ToString) -> Bytes {
    Bytes::from(text.to_string())
}

pub(super) fn idem(key: impl ToString) -> IdemKey {
    IdemKey { actor: "operator-1".to_owned(), key: key.to_string() }
}

/// A commit that changes nothing, decided now.
pub(super) fn commit(store: &dyn Store, idem_key: impl ToString) -> Commit {
    Commit {
        idem: idem(idem_key.to_string()),
        fingerprint: [7; 16],
        decided_at: store.now(),
        guards: Vec::new(),
        writes: Vec::new(),
        events: Vec::new(),
        answer: bytes(format!("answer to {}", idem_key.to_string())),
    }
}

/// A commit that writes `body` under each of `keys`, which have these versions, with one event for each.
pub(super) fn put(store: &dyn Store, idem_key: impl ToString, keys: &[(RecordKey, u64)], body: &str) -> Commit {
    let writes = keys.iter().map(|(key, _)| Write::Put { key: key.clone(), body: bytes(body) });
    let events = keys.iter().map(|(key, _)| NewEvent { kind: "slot.held", body: bytes(format!("{key}={body}")) });
    Commit { guards: keys.to_vec(), writes: writes.collect(), events: events.collect(), ..commit(store, idem_key) }
}

/// Sets or clears a timer.
pub(super) fn set_timer(store: &dyn Store, idem_key: impl ToString, timer: Timer, at: Option<i64>) -> Commit {
    Commit { writes: vec![Write::Timer { timer, at }], ..commit(store, idem_key) }
}

/// Keeps and removes sealed blobs, without a record or an event.
pub(super) fn set_blobs(store: &dyn Store, idem_key: impl ToString, blobs: &[(&str, Option<&str>)]) -> Commit {
    let writes = blobs.iter().map(|(name, text)| Write::Blob { name: (*name).to_owned(), bytes: text.map(bytes) });
    Commit { writes: writes.collect(), ..commit(store, idem_key) }
}

/// Does a commit that must succeed; the number of the last event.
pub(super) async fn done(store: &dyn Store, territory: &TerritoryId, commit: Commit) -> Seq {
    match store.commit(territory, commit).await {
        Ok(CommitOutcome::Done { seq, .. }) => seq,
        other => panic!("not done: {other:?}"),
    }
}

pub(super) async fn refused(store: &dyn Store, territory: &TerritoryId, commit: Commit) -> StoreError {
    store.commit(territory, commit).await.expect_err("must be refused")
}

pub(super) async fn load(store: &dyn Store, territory: &TerritoryId, id: impl ToString) -> Versioned {
    store.load(territory, &[key(id)]).await.expect("loads").remove(0)
}

/// Every event kept.
pub(crate) async fn history(store: &dyn Store, territory: &TerritoryId) -> Vec<StoredEvent> {
    store.events(territory, 0, usize::MAX).await.expect("reads").events
}

/// Every record, sorted by key.
pub(super) async fn records(store: &dyn Store, territory: &TerritoryId) -> Vec<Versioned> {
    let snapshot = store.snapshot(territory).await.expect("a snapshot");
    let mut records: Vec<_> = snapshot.records.try_collect().await.expect("every record");
    records.sort_by(|a, b| a.key.cmp(&b.key));
    records
}

/// The stream counts without a gap, its clock never goes back, and each chain value follows from the one before.
pub(crate) fn assert_sound(events: &[StoredEvent]) {
    let mut previous: Option<&StoredEvent> = None;
    for event in events {
        if let Some(previous) = previous {
            assert_eq!(event.seq, previous.seq + 1, "no gap");
            assert!(event.at >= previous.at, "time does not go back");
        }
        let before = previous.map_or(chain::START, |event| &event.chain);
        if previous.is_some() || event.seq == 1 {
            assert_eq!(
                event.chain,
                chain::link(before, event.seq, event.at, &event.kind, &event.body),
                "{}",
                event.seq
            );
        }
        previous = Some(event);
    }
}
