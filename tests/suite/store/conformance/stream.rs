//! The stream of events, its pages and its snapshots.

use std::collections::BTreeSet;
use std::sync::Arc;

use aiguilleur::store::{StoredEvent, Versioned};
use futures_util::TryStreamExt as _;
use futures_util::future::join_all;

use super::Bench;
use crate::store::sample::*;

pub(in crate::store) async fn concurrent_writers_leave_a_stream_without_gap(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let writers = (0..8).map(|writer| {
        let (store, weppes) = (Arc::clone(&store), weppes.clone());
        tokio::spawn(async move {
            let mut last = Vec::new();
            for round in 0..12 {
                let keys = [(key(format!("{writer}-{round}-a")), 0), (key(format!("{writer}-{round}-b")), 0)];
                last.push(done(&*store, &weppes, put(&*store, format!("{writer}-{round}"), &keys, "x")).await);
            }
            last
        })
    });
    let last: Vec<_> = join_all(writers).await.into_iter().flat_map(|last| last.expect("runs")).collect();
    let different: BTreeSet<_> = last.iter().copied().collect();
    assert_eq!(different, (1..=96).map(|number| 2 * number).collect(), "two events each, side by side");
    let events = history(&*store, &weppes).await;
    assert_eq!(events.len(), 192);
    assert_sound(&events);
    assert_eq!(records(&*store, &weppes).await.len(), 192);
}

pub(in crate::store) async fn pages_of_the_stream_join_without_gap(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let empty = store.events(&weppes, 0, 10).await.expect("reads");
    assert_eq!((empty.events.len(), empty.first, empty.last), (0, 1, 0));
    for number in 0..10 {
        done(&*store, &weppes, put(&*store, number, &[(key(number), 0)], "x")).await;
    }
    let mut pages = Vec::new();
    loop {
        let after = pages.last().map_or(0, |event: &StoredEvent| event.seq);
        let page = store.events(&weppes, after, 3).await.expect("reads");
        assert_eq!((page.first, page.last), (1, 10));
        assert!(page.events.len() <= 3);
        if page.events.is_empty() {
            break;
        }
        pages.extend(page.events);
    }
    assert_eq!(pages, history(&*store, &weppes).await);
    assert_sound(&pages);
    assert_eq!(pages[0].kind, "slot.held");
    for beyond in [10, 11, u64::MAX] {
        assert!(store.events(&weppes, beyond, 3).await.expect("reads").events.is_empty());
    }
}

pub(in crate::store) async fn a_trimmed_stream_says_where_it_begins(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    assert_eq!(store.trim(&weppes, 5).await, Ok(0));
    for number in 0..10 {
        done(&*store, &weppes, put(&*store, number, &[(key(number), 0)], "x")).await;
    }
    let whole = history(&*store, &weppes).await;
    assert_eq!(store.trim(&weppes, 4).await, Ok(4));
    assert_eq!(store.trim(&weppes, 4).await, Ok(0));
    let page = store.events(&weppes, 0, 2).await.expect("reads");
    assert_eq!((page.first, page.last, page.events[0].seq), (5, 10, 5));
    assert_eq!(history(&*store, &weppes).await, whole[4..]);
    // Even with every event gone, numbers and chain go on where they were.
    assert_eq!(store.trim(&weppes, u64::MAX).await, Ok(6));
    let page = store.events(&weppes, 0, 2).await.expect("reads");
    assert_eq!((page.first, page.last, page.events.len()), (11, 10, 0));
    assert_eq!(store.snapshot(&weppes).await.expect("a snapshot").chain, whole[9].chain);
    assert_eq!(done(&*store, &weppes, put(&*store, "later", &[(key("later"), 0)], "x")).await, 11);
    let mut joined = whole;
    joined.extend(history(&*store, &weppes).await);
    assert_sound(&joined);
    assert_eq!(records(&*store, &weppes).await.len(), 11, "records stay");
}

pub(in crate::store) async fn a_long_stream_is_trimmed_to_where_it_was_asked(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    for batch in 0..12 {
        let keys: Vec<_> = (0..200).map(|number| (key(format!("{batch}-{number}")), 0)).collect();
        done(&*store, &weppes, put(&*store, batch, &keys, "x")).await;
    }
    assert_eq!(store.trim(&weppes, 2_399).await, Ok(2_399));
    let page = store.events(&weppes, 0, 9).await.expect("reads");
    assert_eq!((page.first, page.last, page.events.len()), (2_400, 2_400, 1));
}

pub(in crate::store) async fn a_reader_is_woken_after_a_commit_in_its_own_territory(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let mut hints = store.hints(&weppes);
    let elsewhere = "weppes-2".parse().expect("a name");
    done(&*store, &elsewhere, put(&*store, "1", &[(key("a"), 0)], "x")).await;
    done(&*store, &weppes, put(&*store, "1", &[(key("a"), 0), (key("b"), 0)], "x")).await;
    hints.changed().await.expect("a hint");
    assert_eq!(*hints.borrow_and_update(), 2);
    let page = store.events(&weppes, 0, 9).await.expect("reads");
    assert_eq!(page.last, 2, "what a hint speaks of can be read");
}

pub(in crate::store) async fn a_snapshot_is_of_one_moment(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let empty = store.snapshot(&weppes).await.expect("a snapshot");
    assert_eq!((empty.seq, empty.chain.as_str()), (0, ""));
    for hundred in 0..8 {
        let keys: Vec<_> = (0..100).map(|number| (key(format!("{hundred}-{number}")), 0)).collect();
        done(&*store, &weppes, put(&*store, hundred, &keys, "before")).await;
    }
    let snapshot = store.snapshot(&weppes).await.expect("a snapshot");
    let changed: Vec<_> = (0..100).map(|number| (key(format!("7-{number}")), 1)).collect();
    done(&*store, &weppes, put(&*store, "later", &changed, "after")).await;
    assert_eq!(snapshot.seq, 800);
    assert_eq!(snapshot.chain, history(&*store, &weppes).await[799].chain);
    let records: Vec<Versioned> = snapshot.records.try_collect().await.expect("every record");
    assert_eq!(records.len(), 800);
    assert!(records.iter().all(|record| record.version == 1 && record.body == bytes("before")));
    assert_eq!(store.snapshot(&weppes).await.expect("another").epoch, snapshot.epoch);
}
