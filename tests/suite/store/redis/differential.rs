//! The same random commands to both stores: the same outcomes, records, timers, blobs and events.

use std::sync::Arc;

use aiguilleur::clock::{Clock, ManualClock};
use aiguilleur::domain::TerritoryId;
use aiguilleur::store::{Commit, CommitOutcome, EmbeddedStore, NewEvent, Store, StoreError, Versioned, Write};
use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::{connect, morning};
use crate::store::sample::*;
use crate::support::redis::RedisServer;

#[derive(Debug, Clone)]
enum Change {
    Put(u8, Vec<u8>),
    Delete(u8),
    Timer(u8, Option<i64>),
    Blob(u8, Option<Vec<u8>>),
}

#[derive(Debug, Clone)]
enum Command {
    /// Under one of a few keys, so that calls meet answers of before; by one of two callers, with one of two fingerprints.
    Commit {
        key: u8,
        actor: bool,
        other_call: bool,
        off_by: u64,
        late: i64,
        changes: Vec<Change>,
        events: Vec<Vec<u8>>,
    },
    Trim(u64),
    Wait(i64),
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..40)
}

fn command() -> impl Strategy<Value = Command> {
    let change = prop_oneof![
        4 => (0u8..10, body()).prop_map(|(key, body)| Change::Put(key, body)),
        2 => (0u8..10).prop_map(Change::Delete),
        2 => (0u8..5, prop::option::of(0i64..1_000)).prop_map(|(timer, at)| Change::Timer(timer, at)),
        2 => (0u8..5, prop::option::of(body())).prop_map(|(blob, body)| Change::Blob(blob, body)),
    ];
    let commit = (
        0u8..30,
        any::<bool>(),
        prop::bool::weighted(0.1),
        prop_oneof![8 => Just(0u64), 1 => Just(1), 1 => Just(u64::MAX)],
        prop_oneof![9 => Just(0i64), 1 => Just(60_000), 1 => Just(-60_000)],
        prop::collection::vec(change, 0..5),
        prop::collection::vec(body(), 0..3),
    );
    prop_oneof![
        12 => commit.prop_map(|(key, actor, other_call, off_by, late, changes, events)| {
            Command::Commit { key, actor, other_call, off_by, late, changes, events }
        }),
        1 => (0u64..40).prop_map(Command::Trim),
        1 => (1i64..7_200).prop_map(Command::Wait),
    ]
}

/// A commit of these changes as this store would have it made now: its instants are its own, its versions too.
async fn made(store: &dyn Store, territory: &TerritoryId, command: &Command) -> Commit {
    let Command::Commit { key: name, actor, other_call, off_by, late, changes, events } = command else {
        panic!("no commit")
    };
    let mut made = commit(store, name);
    made.idem.actor = if *actor { "operator:7".to_owned() } else { "operator".to_owned() };
    made.fingerprint = if *other_call { [1; 16] } else { [2; 16] };
    made.decided_at -= late;
    for change in changes {
        made.writes.push(match change {
            Change::Put(id, body) => Write::Put { key: key(id), body: body.clone().into() },
            Change::Delete(id) => Write::Delete { key: key(id) },
            // Long past, or in days: which of them are due does not hang on a moment.
            Change::Timer(id, at) => Write::Timer { timer: timer(id), at: at.map(|at| at * 8_640_000_000) },
            Change::Blob(id, body) => Write::Blob { name: format!("p/{id}"), bytes: body.clone().map(Into::into) },
        });
    }
    let mut guarded: Vec<_> = made
        .writes
        .iter()
        .filter_map(|write| match write {
            Write::Put { key, .. } | Write::Delete { key } => Some(key.clone()),
            _ => None,
        })
        .collect();
    guarded.sort();
    guarded.dedup();
    for (place, found) in store.load(territory, &guarded).await.expect("loads").into_iter().enumerate() {
        let off_by = if place == 0 { *off_by } else { 0 };
        made.guards.push((found.key, found.version.wrapping_add(off_by)));
    }
    made.events = events.iter().map(|body| NewEvent { kind: "slot.held", body: body.clone().into() }).collect();
    made
}

/// An outcome without its instants, and the chain values made with them.
#[derive(Debug, PartialEq)]
enum Outcome {
    Done(u64),
    Replayed(bytes::Bytes, u64),
    Stale(Versioned),
    Skew,
    Failed(StoreError),
}

async fn outcome(store: &dyn Store, territory: &TerritoryId, command: &Command) -> Outcome {
    let commit = made(store, territory, command).await;
    match store.commit(territory, commit).await {
        Ok(CommitOutcome::Done { seq, .. }) => Outcome::Done(seq),
        Ok(CommitOutcome::Replayed { answer, seq }) => Outcome::Replayed(answer, seq),
        Ok(CommitOutcome::Stale { current }) => Outcome::Stale(current),
        Ok(CommitOutcome::Skew { .. }) => Outcome::Skew,
        Err(error) => Outcome::Failed(error),
    }
}

#[tokio::test]
async fn both_stores_do_the_same_with_the_same_commands() {
    let server = RedisServer::shared();
    let clock = Arc::new(ManualClock::at(morning()));
    let redis = connect(server.url(server.database()), &clock).await;
    let embedded = EmbeddedStore::in_memory(Arc::clone(&clock) as Arc<dyn Clock>).expect("opens");
    let mut runner = TestRunner::deterministic();
    let mut seen = [0_usize; 5];
    for case in 0..40 {
        let here = territory(&format!("weppes-{case}"));
        let commands = prop::collection::vec(command(), 1..60).new_tree(&mut runner).expect("commands").current();
        for (number, command) in commands.iter().enumerate() {
            match command {
                Command::Commit { .. } => {
                    let (one, other) =
                        (outcome(&embedded, &here, command).await, outcome(&redis, &here, command).await);
                    assert_eq!(one, other, "command {number} of {commands:?}");
                    seen[match one {
                        Outcome::Done(_) => 0,
                        Outcome::Replayed(..) => 1,
                        Outcome::Stale(_) => 2,
                        Outcome::Skew => 3,
                        Outcome::Failed(_) => 4,
                    }] += 1;
                }
                Command::Trim(up_to) => {
                    assert_eq!(embedded.trim(&here, *up_to).await, redis.trim(&here, *up_to).await, "{commands:?}");
                }
                Command::Wait(seconds) => clock.advance(TimeDelta::seconds(*seconds)),
            }
        }
        let told = async |store: &dyn Store| {
            let events = history(store, &here).await;
            assert_sound(&events);
            let page = store.events(&here, 0, 1).await.expect("reads");
            let mut blobs = Vec::new();
            for id in 0..5 {
                blobs.push(store.blob(&here, &format!("p/{id}")).await.expect("reads"));
            }
            let events: Vec<_> = events.into_iter().map(|event| (event.seq, event.kind, event.body)).collect();
            let due = store.due(&here, 99).await.expect("reads");
            (records(store, &here).await, events, page.first, page.last, due, blobs)
        };
        assert_eq!(told(&embedded).await, told(&redis).await, "{commands:?}");
    }
    assert!(seen.iter().all(|count| *count > 10), "every kind of outcome must occur: {seen:?}");
}
