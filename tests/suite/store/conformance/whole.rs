//! A territory as a whole: out of a store, and into another.

use std::sync::Arc;

use aiguilleur::domain::TerritoryId;
use aiguilleur::store::{Export, Kept, NewEvent, Store, StoreError, Tail, Write};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::Bench;
use crate::store::sample::*;

/// All that is kept, in an order of its own.
async fn everything(store: &dyn Store, territory: &TerritoryId) -> (Tail, Vec<Kept>) {
    let Export { tail, items, .. } = store.export(territory).await.expect("exports");
    let mut items: Vec<_> = items.try_collect().await.expect("every item");
    items.sort_by_key(|item| match item {
        Kept::Record(record) => format!("r {}", record.key),
        Kept::Event(event) => format!("e {:020}", event.seq),
        Kept::Timer { timer, .. } => format!("t {timer}"),
        Kept::Blob { name, .. } => format!("b {name}"),
    });
    (tail, items)
}

/// Records, events, timers and blobs; some moved, some gone again, the oldest events trimmed.
async fn lived_in(store: &dyn Store, territory: &TerritoryId) {
    for number in 0..6 {
        let mut call = put(store, number, &[(key(number), 0)], "first");
        call.writes.push(Write::Timer { timer: timer(number), at: Some(store.now() + 60_000 + number) });
        call.writes.push(Write::Blob { name: format!("k/{number}"), bytes: Some(bytes("wrapped")) });
        done(store, territory, call).await;
    }
    let mut call = put(store, "again", &[(key(1), 1)], "second");
    call.writes.push(Write::Timer { timer: timer(1), at: None });
    call.writes.push(Write::Timer { timer: timer(2), at: Some(store.now() + 5) });
    call.writes.push(Write::Blob { name: "k/3".to_owned(), bytes: None });
    call.guards.push((key(4), 1));
    call.writes.push(Write::Delete { key: key(4) });
    call.events.push(NewEvent { kind: "slot.freed", body: bytes("gone") });
    done(store, territory, call).await;
    assert_eq!(store.trim(territory, 2).await, Ok(2));
}

fn again(items: Vec<Kept>) -> stream::BoxStream<'static, Result<Kept, StoreError>> {
    stream::iter(items.into_iter().map(Ok)).boxed()
}

pub(in crate::store) async fn a_territory_brought_elsewhere_is_the_same_and_goes_on(bench: impl Bench) {
    let (store, weppes, copy) = (bench.store(), weppes(), territory("weppes-copy"));
    lived_in(&*store, &weppes).await;
    let (tail, items) = everything(&*store, &weppes).await;
    assert_eq!((tail.seq, items.len()), (8, 5 + 6 + 5 + 5));
    store.import(&copy, tail.clone(), again(items.clone())).await.expect("comes in");
    assert_eq!(everything(&*store, &copy).await, (tail.clone(), items));
    let mut territories = store.territories().await.expect("told");
    territories.sort();
    assert_eq!(territories, [weppes.clone(), copy.clone()]);
    assert_eq!(store.due(&copy, 9).await, store.due(&weppes, 9).await);
    assert_eq!(store.snapshot(&copy).await.expect("a snapshot").chain, tail.chain);
    let before = history(&*store, &copy).await;
    // Versions, numbers and chain go on from there; remembered answers stayed behind.
    assert_eq!(done(&*store, &copy, put(&*store, "again", &[(key(1), 2)], "third")).await, 9);
    let after = history(&*store, &copy).await;
    assert_eq!(after[..after.len() - 1], before);
    assert_sound(&after);
    assert_eq!(history(&*store, &weppes).await, before, "the first is as it was");
}

pub(in crate::store) async fn a_territory_is_exported_at_one_point_while_others_write(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    for batch in 0..20 {
        let keys: Vec<_> = (0..100).map(|number| (key(format!("{batch}-{number}")), 0)).collect();
        done(&*store, &weppes, put(&*store, batch, &keys, "0")).await;
    }
    // Each commit writes the same word into two records, their blobs and an event.
    let writer = tokio::spawn({
        let (store, weppes) = (Arc::clone(&store), weppes.clone());
        async move {
            for round in 1..=300_u64 {
                let pair = [key(format!("0-{}", round % 50)), key(format!("19-{}", round % 50))];
                let loaded = store.load(&weppes, &pair).await.expect("loads");
                let keys: Vec<_> = loaded.into_iter().map(|record| (record.key, record.version)).collect();
                let mut call = put(&*store, format!("round {round}"), &keys, &round.to_string());
                for (key, _) in &keys {
                    call.writes.push(Write::Blob { name: format!("p/{}", key.id), bytes: Some(bytes(round)) });
                }
                done(&*store, &weppes, call).await;
            }
        }
    });
    for _ in 0..5 {
        let (tail, items) = everything(&*store, &weppes).await;
        let events = items.iter().filter_map(|item| match item {
            Kept::Event(event) => Some(event),
            _ => None,
        });
        let last = events.max_by_key(|event| event.seq).expect("an event");
        assert_eq!((last.seq, &last.chain), (tail.seq, &tail.chain));
        let body = |name: &str| {
            items.iter().find_map(|item| match item {
                Kept::Record(record) if record.key == key(name) => Some(record.body.clone()),
                _ => None,
            })
        };
        let blob = |name: String| {
            items.iter().find_map(|item| match item {
                Kept::Blob { name: found, bytes } if *found == name => Some(bytes.clone()),
                _ => None,
            })
        };
        for number in 0..50 {
            let (one, other) = (format!("0-{number}"), format!("19-{number}"));
            let written = body(&one).expect("kept");
            assert_eq!(body(&other), Some(written.clone()), "both or neither");
            assert_eq!(blob(format!("p/{one}")), blob(format!("p/{other}")));
            if let Some(blob) = blob(format!("p/{one}")) {
                assert_eq!(blob, written);
            }
        }
        let count = items.iter().filter(|item| matches!(item, Kept::Record(_))).count();
        assert_eq!(count, 2_000);
    }
    writer.await.expect("writes");
}

pub(in crate::store) async fn what_comes_in_damaged_leaves_nothing(bench: impl Bench) {
    let (store, weppes, copy) = (bench.store(), weppes(), territory("weppes-copy"));
    lived_in(&*store, &weppes).await;
    let (tail, items) = everything(&*store, &weppes).await;
    let broken = again(items.clone()).chain(stream::iter([Err(StoreError::Corrupt("line 7".to_owned()))])).boxed();
    let refused = store.import(&copy, tail.clone(), broken).await;
    assert_eq!(refused, Err(StoreError::Corrupt("line 7".to_owned())));
    let (empty, nothing) = everything(&*store, &copy).await;
    assert_eq!((empty.seq, nothing.len()), (0, 0));
    assert!(store.due(&copy, 9).await.expect("reads").is_empty());
    // And it may be tried again.
    store.import(&copy, tail.clone(), again(items.clone())).await.expect("comes in");
    assert_eq!(everything(&*store, &copy).await, (tail, items));
}

pub(in crate::store) async fn a_territory_comes_in_only_where_nothing_is_kept_of_it(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    lived_in(&*store, &weppes).await;
    let before = everything(&*store, &weppes).await;
    let (tail, items) = before.clone();
    assert_eq!(store.import(&weppes, tail, again(items)).await, Err(StoreError::NotEmpty));
    assert_eq!(everything(&*store, &weppes).await, before);
}
