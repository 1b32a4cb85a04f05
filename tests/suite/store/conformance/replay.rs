//! Random commands: the stream tells all that happened to the records.

use std::collections::BTreeMap;

use aiguilleur::domain::{RecordKey, TerritoryId};
use aiguilleur::store::{CommitOutcome, NewEvent, Store, Versioned, Write};
use futures_util::TryStreamExt as _;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::Bench;
use crate::store::sample::*;

/// What a command does to a handful of records.
#[derive(Debug, Clone)]
struct Command {
    /// Record, and whether it is written (else deleted).
    writes: Vec<(u8, bool)>,
    /// Decide from an old version: refused.
    stale: bool,
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let writes = prop::collection::btree_map(0u8..12, prop::bool::weighted(0.8), 1..4);
    let command = (writes, prop::bool::weighted(0.15))
        .prop_map(|(writes, stale)| Command { writes: writes.into_iter().collect(), stale });
    prop::collection::vec(command, 1..40)
}

/// Each event holds the record after it: a reader that starts from a snapshot anywhere and applies what comes later has
/// the same records as the store.
pub(in crate::store) async fn a_snapshot_and_the_later_events_give_the_same_records(bench: impl Bench) {
    let store = bench.store();
    let mut runner = TestRunner::deterministic();
    for case in 0..12 {
        let weppes = territory(&format!("weppes-{case}"));
        let commands = commands().new_tree(&mut runner).expect("commands").current();
        let middle = commands.len() / 2;
        let mut snapshot = None;
        for (number, command) in commands.iter().enumerate() {
            if number == middle {
                let taken = store.snapshot(&weppes).await.expect("a snapshot");
                snapshot = Some((taken.seq, taken.records.try_collect::<Vec<_>>().await.expect("every record")));
            }
            run_command(&*store, &weppes, number, command).await;
        }
        let (seq, from_snapshot) = snapshot.expect("taken at the middle");
        let all = events_applied(Vec::new(), &*store, &weppes, 0).await;
        let later = events_applied(from_snapshot, &*store, &weppes, seq).await;
        let stored = records(&*store, &weppes).await;
        assert_eq!(all, stored, "from the first event on: {commands:?}");
        assert_eq!(later, stored, "from the middle on: {commands:?}");
        assert_sound(&history(&*store, &weppes).await);
    }
}

async fn run_command(store: &dyn Store, territory: &TerritoryId, number: usize, command: &Command) {
    let keys: Vec<RecordKey> = command.writes.iter().map(|(record, _)| key(record)).collect();
    let loaded = store.load(territory, &keys).await.expect("loads");
    let mut call = commit(store, number);
    for ((key, (_, keep)), current) in keys.into_iter().zip(&command.writes).zip(loaded) {
        call.guards.push((key.clone(), current.version + u64::from(command.stale)));
        let after = if *keep { format!("{} {number}", current.version + 1) } else { "0".to_owned() };
        let event = NewEvent { kind: "slot.held", body: bytes(format!("{key} {after}")) };
        call.events.push(event);
        call.writes.push(if *keep { Write::Put { key, body: bytes(number) } } else { Write::Delete { key } });
    }
    let outcome = store.commit(territory, call).await.expect("an outcome");
    assert_eq!(matches!(outcome, CommitOutcome::Stale { .. }), command.stale, "{outcome:?}");
}

async fn events_applied(
    records: Vec<Versioned>,
    store: &dyn Store,
    territory: &TerritoryId,
    after: u64,
) -> Vec<Versioned> {
    let mut records: BTreeMap<_, _> = records.into_iter().map(|record| (record.key.clone(), record)).collect();
    for event in store.events(territory, after, usize::MAX).await.expect("reads").events {
        let text = String::from_utf8(event.body.to_vec()).expect("text");
        let words: Vec<_> = text.split(' ').collect();
        let key: RecordKey = words[0].parse().expect("a key");
        match (words[1].parse().expect("a version"), words.get(2)) {
            (version, Some(body)) => records.insert(key.clone(), Versioned { key, version, body: bytes(body) }),
            (_, None) => records.remove(&key),
        };
    }
    records.into_values().collect()
}
