//! What outlives the process.

use aiguilleur::store::{CommitOutcome, Write};
use chrono::TimeDelta;

use super::Bench;
use crate::store::sample::*;

pub(in crate::store) async fn a_restart_keeps_everything(mut bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let mut call = put(&*store, "1", &[(key("a"), 0), (key("b"), 0)], "x");
    call.writes.push(Write::Timer { timer: timer("a"), at: Some(store.now()) });
    done(&*store, &weppes, call.clone()).await;
    done(&*store, &weppes, set_blobs(&*store, "blob", &[("k/1", Some("wrapped"))])).await;
    let before = (records(&*store, &weppes).await, history(&*store, &weppes).await);
    let (epoch, due) = (store.snapshot(&weppes).await.expect("a snapshot").epoch, store.due(&weppes, 9).await);
    drop(store);
    bench.reopen(TimeDelta::zero()).await;
    let store = bench.store();
    assert_eq!((records(&*store, &weppes).await, history(&*store, &weppes).await), before);
    assert_eq!(store.snapshot(&weppes).await.expect("a snapshot").epoch, epoch, "the same data set");
    assert_eq!(store.due(&weppes, 9).await, due);
    assert_eq!(store.blob(&weppes, "k/1").await, Ok(Some(bytes("wrapped"))));
    assert!(matches!(store.commit(&weppes, call).await, Ok(CommitOutcome::Replayed { seq: 2, .. })));
    assert_eq!(done(&*store, &weppes, put(&*store, "2", &[(key("a"), 1)], "y")).await, 3);
    assert_sound(&history(&*store, &weppes).await);
}

pub(in crate::store) async fn the_clock_does_not_go_back_over_a_restart(mut bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    bench.advance(TimeDelta::hours(2));
    done(&*store, &weppes, put(&*store, "1", &[(key("a"), 0)], "x")).await;
    let last = history(&*store, &weppes).await[0].at;
    drop(store);
    bench.reopen(TimeDelta::hours(-1)).await;
    let store = bench.store();
    // A store that several processes share learns how late it is in a territory when it first looks there.
    load(&*store, &weppes, "a").await;
    assert!(store.now() >= last);
    let now = store.now();
    done(&*store, &weppes, put(&*store, "2", &[(key("b"), 0)], "x")).await;
    assert!(store.now() >= now);
    let events = history(&*store, &weppes).await;
    assert_sound(&events);
    assert!(events[1].at >= last);
}

pub(in crate::store) async fn a_sound_store_says_so(bench: impl Bench) {
    let health = bench.store().health().await;
    assert_eq!(health.fault, None);
    assert!(!health.store.is_empty() && !health.durability.is_empty());
}
