//! Several nodes on one Redis, and reading everything while they write.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aiguilleur::clock::ManualClock;
use aiguilleur::domain::RecordKey;
use aiguilleur::store::{
    Commit, CommitOutcome, Kept, NewEvent, RedisStore, Store, StoreError, StoredEvent, Tail, Versioned, Write,
};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{connect, morning};
use crate::store::sample::*;
use crate::support::redis::RedisServer;

struct Nodes {
    server: Arc<RedisServer>,
    database: u32,
    clock: Arc<ManualClock>,
}

impl Nodes {
    fn new() -> Self {
        let server = RedisServer::shared();
        Self { database: server.database(), server, clock: Arc::new(ManualClock::at(morning())) }
    }

    async fn another(&self) -> RedisStore {
        connect(self.server.url(self.database), &self.clock).await
    }

    fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        self.server.ask(self.database, words)
    }
}

#[tokio::test]
async fn of_two_nodes_that_race_for_a_place_or_a_key_one_wins() {
    let (nodes, weppes) = (Nodes::new(), weppes());
    let (one, other) = (nodes.another().await, nodes.another().await);
    for round in 0..40 {
        let place = [(key(format!("place {round}")), 0)];
        let mine = one.commit(&weppes, put(&one, format!("one {round}"), &place, "one"));
        let yours = other.commit(&weppes, put(&other, format!("other {round}"), &place, "other"));
        let outcomes = tokio::join!(mine, yours);
        match outcomes {
            (Ok(CommitOutcome::Done { .. }), Ok(CommitOutcome::Stale { current })) => assert_eq!(current.body, "one"),
            (Ok(CommitOutcome::Stale { current }), Ok(CommitOutcome::Done { .. })) => assert_eq!(current.body, "other"),
            other => panic!("{other:?}"),
        }
        // The same call by both, as when a client asks another node again.
        let call = put(&one, format!("both {round}"), &[(key(format!("both {round}")), 0)], "x");
        let outcomes = tokio::join!(one.commit(&weppes, call.clone()), other.commit(&weppes, call));
        match outcomes {
            (Ok(CommitOutcome::Done { seq, .. }), Ok(CommitOutcome::Replayed { seq: known, .. }))
            | (Ok(CommitOutcome::Replayed { seq: known, .. }), Ok(CommitOutcome::Done { seq, .. })) => {
                assert_eq!(seq, known);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_sound(&history(&one, &weppes).await);
    assert_eq!(records(&one, &weppes).await, records(&other, &weppes).await);
}

/// Writes or deletes some records, with what becomes of each in its event.
async fn change(store: &dyn Store, name: String, rng: &mut ChaCha8Rng, own: u32) {
    let keys: BTreeSet<u32> = (0..6).map(|_| own * 1_000 + rng.random_range(0..400)).collect();
    let keys: Vec<RecordKey> = keys.into_iter().map(key).collect();
    let mut call = commit(store, &name);
    for current in store.load(&weppes(), &keys).await.expect("loads") {
        let (key, version) = (current.key, current.version);
        call.guards.push((key.clone(), version));
        let (write, after) = if version > 0 && rng.random_bool(0.4) {
            (Write::Delete { key: key.clone() }, "gone".to_owned())
        } else {
            (Write::Put { key: key.clone(), body: bytes(&name) }, format!("{} {name}", version + 1))
        };
        call.writes.push(write);
        call.events.push(NewEvent { kind: "slot.held", body: bytes(format!("{key} {after}")) });
    }
    done(store, &weppes(), call).await;
}

/// The records as the events up to and including `last` tell them.
fn told(events: &[StoredEvent], last: u64) -> BTreeMap<RecordKey, Versioned> {
    let mut records = BTreeMap::new();
    for event in events.iter().filter(|event| event.seq <= last) {
        let text = String::from_utf8(event.body.to_vec()).expect("text");
        let words: Vec<_> = text.split(' ').collect();
        let key: RecordKey = words[0].parse().expect("a key");
        match words[1..] {
            ["gone"] => records.remove(&key),
            [version, name] => {
                let version = version.parse().expect("a version");
                records.insert(key.clone(), Versioned { key, version, body: bytes(name) })
            }
            _ => panic!("{text}"),
        };
    }
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_while_eight_write_is_what_the_events_tell_up_to_there() {
    let (nodes, weppes) = (Nodes::new(), weppes());
    let reader = nodes.another().await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for own in 0..8 {
        let (store, stop) = (nodes.another().await, Arc::clone(&stop));
        writers.push(tokio::spawn(async move {
            let mut rng = ChaCha8Rng::seed_from_u64(u64::from(own));
            let mut number = 0;
            // Enough to have several pages before the first snapshot.
            while number < 120 || !stop.load(Ordering::SeqCst) {
                change(&store, format!("{own}-{number}"), &mut rng, own).await;
                number += 1;
            }
        }));
    }
    // The last ones: by then it takes several pages to read everything.
    let mut taken: VecDeque<(u64, String, Vec<Versioned>)> = VecDeque::new();
    while taken.len() < 12 || taken.iter().all(|(_, _, records)| records.len() < 1_500) {
        let snapshot = reader.snapshot(&weppes).await.expect("a snapshot");
        let (seq, chain) = (snapshot.seq, snapshot.chain);
        taken.push_back((seq, chain, snapshot.records.try_collect().await.expect("every record")));
        if taken.len() > 12 {
            taken.pop_front();
        }
    }
    stop.store(true, Ordering::SeqCst);
    for writer in join_all(writers).await {
        writer.expect("writes");
    }
    let events = history(&reader, &weppes).await;
    assert_sound(&events);
    for (seq, chain, records) in taken {
        let found: BTreeMap<_, _> = records.into_iter().map(|record| (record.key.clone(), record)).collect();
        assert_eq!(found, told(&events, seq), "at event {seq}");
        if let Some(last) = usize::try_from(seq).expect("small").checked_sub(1) {
            assert_eq!(chain, events[last].chain);
        }
    }
}

#[tokio::test]
async fn deletions_are_noted_up_to_a_number_and_a_reading_that_missed_some_begins_again() {
    let (nodes, weppes) = (Nodes::new(), weppes());
    let store = nodes.another().await;
    for batch in 0..52 {
        let keys: Vec<_> = (0..200).map(|number| (key(format!("{batch}-{number}")), 0)).collect();
        let made = Commit { events: Vec::new(), ..put(&store, format!("put {batch}"), &keys, "x") };
        done(&store, &weppes, made).await;
        let gone = Commit {
            guards: keys.iter().map(|(key, _)| (key.clone(), 1)).collect(),
            writes: keys.into_iter().map(|(key, _)| Write::Delete { key }).collect(),
            ..commit(&store, format!("delete {batch}"))
        };
        done(&store, &weppes, gone).await;
    }
    assert_eq!(nodes.ask::<u32>(&["ZCARD", "{cpts:weppes}:x:gone"]), 10_000);
    let (forgot, commits): (u64, u64) = nodes.ask(&["HMGET", "{cpts:weppes}:meta", "forgot", "n"]);
    assert!((1..commits).contains(&forgot), "{forgot} of {commits}");
    assert!(records(&store, &weppes).await.is_empty());
    // As if more had been deleted than is noted, until one more commit is made.
    let () = nodes.ask(&["HSET", "{cpts:weppes}:meta", "forgot", &(commits + 1).to_string()]);
    let another = nodes.another().await;
    let later = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        done(&another, &weppes, put(&another, "later", &[(key("later"), 0)], "x")).await
    };
    let (records, _) = tokio::join!(records(&store, &weppes), later);
    assert_eq!(records.len(), 1, "read again after it");
}

#[tokio::test]
async fn a_territory_that_comes_in_is_closed_to_all_until_it_is_whole() {
    let (nodes, copy) = (Nodes::new(), territory("copy"));
    let (importer, reader) = (nodes.another().await, nodes.another().await);
    assert!(records(&reader, &copy).await.is_empty());
    let record = |id: u32| Ok(Kept::Record(Versioned { key: key(id), version: 3, body: bytes("x") }));
    let tail = Tail { seq: 7, at: importer.now(), chain: "abc".to_owned() };
    let (send, receive) = tokio::sync::mpsc::unbounded_channel();
    let items = stream::unfold(receive, |mut receive| async { receive.recv().await.map(|item| (item, receive)) });
    let import = importer.import(&copy, tail.clone(), items.boxed());
    let meanwhile = async {
        for id in 0..500 {
            send.send(record(id)).expect("read");
        }
        while nodes.ask::<u32>(&["ZCARD", "{cpts:copy}:x:w"]) < 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let closed = |outcome: Result<(), StoreError>| {
            assert!(matches!(&outcome, Err(StoreError::Unavailable(why)) if why.contains("brought in")), "{outcome:?}");
        };
        closed(reader.load(&copy, &[key(1)]).await.map(drop));
        closed(reader.snapshot(&copy).await.map(drop));
        closed(reader.events(&copy, 0, 9).await.map(drop));
        closed(reader.commit(&copy, put(&reader, "1", &[(key("new"), 0)], "x")).await.map(drop));
        closed(reader.import(&copy, tail.clone(), stream::empty().boxed()).await);
        drop(send);
    };
    let (imported, ()) = tokio::join!(import, meanwhile);
    assert_eq!(imported, Ok(()));
    assert_eq!(records(&reader, &copy).await.len(), 500);
    assert_eq!(done(&reader, &copy, put(&reader, "1", &[(key(1), 3)], "y")).await, 8);
}

#[tokio::test]
async fn what_a_dead_process_left_half_brought_in_is_cleared_away_by_the_next() {
    let (nodes, copy) = (Nodes::new(), territory("copy"));
    let store = nodes.another().await;
    let kept = |id: u32| {
        let sealed = Kept::Blob { name: format!("k/{id}"), bytes: bytes("wrapped") };
        [Ok(Kept::Record(Versioned { key: key(id), version: 1, body: bytes("x") })), Ok(sealed)]
    };
    let tail = Tail { seq: 2, at: store.now(), chain: "abc".to_owned() };
    // It stops in the middle and never comes back.
    let half = stream::iter((0..700).flat_map(kept)).chain(stream::pending());
    let broken_off = store.import(&copy, tail.clone(), half.boxed());
    let there = async {
        while nodes.ask::<u32>(&["ZCARD", "{cpts:copy}:x:w"]) < 1_400 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        outcome = broken_off => panic!("{outcome:?}"),
        () = there => {}
    }
    let few = || stream::iter((1_000..1_003).flat_map(kept)).boxed();
    let refused = store.import(&copy, tail.clone(), few()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "it may still be at work: {refused:?}");
    let () = nodes.ask(&["DEL", "{cpts:copy}:l:import"]);
    store.import(&copy, tail, few()).await.expect("comes in");
    assert_eq!(records(&store, &copy).await.len(), 3);
    assert_eq!(store.blob(&copy, "k/1").await, Ok(None), "nothing of the first is left");
    assert_eq!(nodes.ask::<u32>(&["DBSIZE"]), 3 + 3 + 2, "records, blobs, meta, names");
}
