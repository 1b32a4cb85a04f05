//! Records: versions, guards, batches, whose they are; and the clock a commit is decided by.

use std::sync::Arc;

use aiguilleur::domain::RecordKey;
use aiguilleur::store::{Commit, CommitOutcome, SKEW_MAX, StoreError, Versioned, WRITES_MAX, Write};
use futures_util::future::join_all;

use super::Bench;
use crate::store::sample::*;

pub(in crate::store) async fn a_missing_record_has_version_zero(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    done(&*store, &weppes, put(&*store, "1", &[(key("b"), 0)], "x")).await;
    let loaded = store.load(&weppes, &[key("c"), key("b"), key("a")]).await.expect("loads");
    let versions: Vec<_> =
        loaded.iter().map(|record| (record.key.clone(), record.version, record.body.len())).collect();
    assert_eq!(versions, [(key("c"), 0, 0), (key("b"), 1, 1), (key("a"), 0, 0)], "in the order asked");
    assert!(store.load(&weppes, &[]).await.expect("loads").is_empty());
}

pub(in crate::store) async fn a_written_record_counts_its_versions(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    for version in 0..4 {
        done(&*store, &weppes, put(&*store, version, &[(key("a"), version)], &format!("body {version}"))).await;
    }
    let record = load(&*store, &weppes, "a").await;
    assert_eq!((record.version, &record.body[..]), (4, &b"body 3"[..]));
}

pub(in crate::store) async fn a_decision_from_an_old_version_is_refused_with_the_record_as_it_is(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    done(&*store, &weppes, put(&*store, "1", &[(key("a"), 0)], "first")).await;
    for (name, version) in [("2", 0), ("3", 2), ("4", u64::MAX)] {
        let outcome = store.commit(&weppes, put(&*store, name, &[(key("a"), version)], "late")).await;
        let current = Versioned { key: key("a"), version: 1, body: bytes("first") };
        assert_eq!(outcome, Ok(CommitOutcome::Stale { current }));
    }
    // A record that was only read may be guarded too.
    let mut reader = commit(&*store, "5");
    reader.guards = vec![(key("none"), 1)];
    let current = Versioned { key: key("none"), version: 0, body: bytes("") };
    assert_eq!(store.commit(&weppes, reader).await, Ok(CommitOutcome::Stale { current }));
    assert_eq!(history(&*store, &weppes).await.len(), 1);
}

pub(in crate::store) async fn a_batch_is_applied_whole_or_not_at_all(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    done(&*store, &weppes, put(&*store, "1", &[(key("z"), 0)], "there")).await;
    let before = records(&*store, &weppes).await;
    let mut batch = put(&*store, "2", &[(key("a"), 0), (key("b"), 0), (key("z"), 0)], "new");
    batch.writes.push(Write::Timer { timer: timer("a"), at: Some(0) });
    assert!(
        matches!(store.commit(&weppes, batch.clone()).await, Ok(CommitOutcome::Stale { current }) if current.key == key("z"))
    );
    assert_eq!(records(&*store, &weppes).await, before);
    assert_eq!(history(&*store, &weppes).await.len(), 1);
    assert!(store.due(&weppes, 9).await.expect("reads").is_empty());
    assert_eq!(store.recall(&weppes, &idem("2")).await, Ok(None), "a refused call is not remembered");
    // Decided again from what is there, under the same key, it goes through as a whole.
    batch.guards[2].1 = 1;
    assert_eq!(done(&*store, &weppes, batch).await, 4);
    let versions: Vec<_> = records(&*store, &weppes).await.iter().map(|record| record.version).collect();
    assert_eq!(versions, [1, 1, 2]);
    assert_eq!(store.due(&weppes, 9).await.expect("reads").len(), 1);
}

pub(in crate::store) async fn a_deleted_record_is_as_if_it_had_never_been(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    done(&*store, &weppes, put(&*store, "1", &[(key("a"), 0)], "x")).await;
    let delete = |name: &str, version| Commit {
        guards: vec![(key("a"), version)],
        writes: vec![Write::Delete { key: key("a") }],
        ..commit(&*store, name)
    };
    assert!(matches!(store.commit(&weppes, delete("2", 3)).await, Ok(CommitOutcome::Stale { .. })));
    done(&*store, &weppes, delete("3", 1)).await;
    assert_eq!(load(&*store, &weppes, "a").await.version, 0);
    assert!(records(&*store, &weppes).await.is_empty());
    done(&*store, &weppes, put(&*store, "4", &[(key("a"), 0)], "again")).await;
    assert_eq!(load(&*store, &weppes, "a").await.version, 1);
}

pub(in crate::store) async fn an_unguarded_write_is_refused(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let put_one = Write::Put { key: key("a"), body: bytes("x") };
    for write in [put_one.clone(), Write::Delete { key: key("a") }] {
        let other = Write::Put { key: key("b"), body: bytes("x") };
        let unguarded = Commit { guards: vec![(key("b"), 0)], writes: vec![other, write], ..commit(&*store, "1") };
        assert!(matches!(refused(&*store, &weppes, unguarded).await, StoreError::Malformed(_)));
    }
    assert!(records(&*store, &weppes).await.is_empty());
    assert_eq!(store.recall(&weppes, &idem("1")).await, Ok(None));
}

pub(in crate::store) async fn a_batch_larger_than_the_limit_is_refused(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let keys: Vec<(RecordKey, u64)> = (0..=WRITES_MAX).map(|number| (key(number), 0)).collect();
    let too_large = put(&*store, "1", &keys, "x");
    assert!(matches!(refused(&*store, &weppes, too_large).await, StoreError::Malformed(_)));
    done(&*store, &weppes, put(&*store, "2", &keys[..WRITES_MAX], "x")).await;
    assert_eq!(records(&*store, &weppes).await.len(), WRITES_MAX);
}

pub(in crate::store) async fn a_decision_by_a_wrong_clock_is_refused_both_ways(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let limit = i64::try_from(SKEW_MAX.as_millis()).expect("short");
    for (name, off) in [("1", limit + 5_000), ("2", -limit - 5_000), ("3", 86_400_000)] {
        let mut wrong = put(&*store, name, &[(key("a"), 0)], "x");
        wrong.decided_at += off;
        let Ok(CommitOutcome::Skew { now }) = store.commit(&weppes, wrong.clone()).await else { panic!("{off}") };
        assert_eq!(store.recall(&weppes, &idem(name)).await, Ok(None));
        // Corrected by the store's time, the same call goes through.
        let corrected = Commit { decided_at: now, guards: vec![(key(name), 0)], writes: Vec::new(), ..wrong };
        done(&*store, &weppes, corrected).await;
    }
    assert_eq!(load(&*store, &weppes, "a").await.version, 0);
}

pub(in crate::store) async fn one_place_asked_for_by_many_goes_to_one(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let calls = (0..40).map(|caller| {
        let (store, weppes) = (Arc::clone(&store), weppes.clone());
        tokio::spawn(async move {
            let call = put(&*store, caller, &[(key("slot"), 0), (key(format!("request {caller}")), 0)], "held");
            store.commit(&weppes, call).await.expect("an outcome")
        })
    });
    let outcomes: Vec<_> = join_all(calls).await.into_iter().map(|outcome| outcome.expect("runs")).collect();
    let won = outcomes.iter().filter(|outcome| matches!(outcome, CommitOutcome::Done { .. })).count();
    let lost = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, CommitOutcome::Stale { current } if current.key == key("slot") && current.version == 1))
        .count();
    assert_eq!((won, lost), (1, 39));
    assert_eq!(records(&*store, &weppes).await.len(), 2);
}

pub(in crate::store) async fn sealed_blobs_are_kept_and_removed(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    assert_eq!(store.blob(&weppes, "k/1").await, Ok(None));
    done(&*store, &weppes, set_blobs(&*store, "1", &[("k/1", Some("wrapped")), ("p/1", Some("sealed"))])).await;
    done(&*store, &weppes, set_blobs(&*store, "2", &[("p/1", Some("sealed anew"))])).await;
    assert_eq!(store.blob(&weppes, "k/1").await, Ok(Some(bytes("wrapped"))));
    assert_eq!(store.blob(&weppes, "p/1").await, Ok(Some(bytes("sealed anew"))));
    done(&*store, &weppes, set_blobs(&*store, "3", &[("k/1", None), ("k/never", None)])).await;
    assert_eq!(store.blob(&weppes, "k/1").await, Ok(None));
    assert_eq!(store.blob(&territory("weppes-2"), "p/1").await, Ok(None));
    assert!(history(&*store, &weppes).await.is_empty(), "a blob is no event");
}

pub(in crate::store) async fn a_refused_commit_leaves_no_sealed_blob(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    done(&*store, &weppes, put(&*store, "1", &[(key("a"), 0)], "x")).await;
    let mut stale = set_blobs(&*store, "2", &[("p/1", Some("sealed"))]);
    stale.guards = vec![(key("a"), 0)];
    assert!(matches!(store.commit(&weppes, stale).await, Ok(CommitOutcome::Stale { .. })));
    let mut replay = set_blobs(&*store, "1", &[("p/1", Some("sealed"))]);
    replay.guards = vec![(key("a"), 1)];
    assert!(matches!(store.commit(&weppes, replay).await, Ok(CommitOutcome::Replayed { .. })));
    assert_eq!(store.blob(&weppes, "p/1").await, Ok(None));
}

pub(in crate::store) async fn territories_see_nothing_of_each_other(bench: impl Bench) {
    let store = bench.store();
    // Names that are beginnings of each other, and that sort before and after the sign between name and number.
    let names = ["weppes", "weppes-2", "weppes2", "w", "weppes-"].map(territory);
    let now = store.now();
    for (place, name) in names.iter().enumerate() {
        for number in 0..=place {
            let mut call = put(&*store, number, &[(key(number), 0)], name.as_str());
            call.writes.push(Write::Timer { timer: timer(number), at: Some(now - 1) });
            assert_eq!(done(&*store, name, call).await, u64::try_from(number).expect("small") + 1);
        }
    }
    for (place, name) in names.iter().enumerate() {
        let records = records(&*store, name).await;
        assert_eq!(records.len(), place + 1);
        assert!(records.iter().all(|record| record.body == bytes(name)));
        assert_eq!(store.due(name, 99).await.expect("reads").len(), place + 1);
        let events = history(&*store, name).await;
        assert_eq!(events.len(), place + 1);
        assert_sound(&events);
    }
    assert_eq!(store.trim(&names[0], u64::MAX).await, Ok(1));
    assert_eq!(history(&*store, &names[1]).await.len(), 2);
    assert_eq!(store.events(&names[0], 0, 9).await.expect("reads").last, 1);
}
