//! Answers remembered under idempotency keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use aiguilleur::store::{ANSWERS_KEPT, Commit, CommitOutcome, IdemKey, StoreError};
use chrono::TimeDelta;
use futures_util::future::join_all;

use super::Bench;
use crate::store::sample::*;

pub(in crate::store) async fn the_same_call_again_gets_the_same_answer(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let call = put(&*store, "1", &[(key("a"), 0)], "x");
    assert_eq!(done(&*store, &weppes, call.clone()).await, 1);
    done(&*store, &weppes, put(&*store, "2", &[(key("b"), 0)], "x")).await;
    let again = Commit { answer: bytes("another"), ..call };
    let replayed = CommitOutcome::Replayed { answer: bytes("answer to 1"), seq: 2 };
    assert_eq!(store.commit(&weppes, again.clone()).await, Ok(replayed.clone()));
    assert_eq!(store.commit(&weppes, again).await, Ok(replayed));
    assert_eq!(load(&*store, &weppes, "a").await.version, 1);
    assert_eq!(history(&*store, &weppes).await.len(), 2);
}

pub(in crate::store) async fn the_same_key_for_another_call_is_refused(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    done(&*store, &weppes, put(&*store, "1", &[(key("a"), 0)], "x")).await;
    let other = Commit { fingerprint: [8; 16], ..put(&*store, "1", &[(key("b"), 0)], "x") };
    assert_eq!(refused(&*store, &weppes, other).await, StoreError::IdemMismatch);
    assert_eq!(load(&*store, &weppes, "b").await.version, 0);
}

pub(in crate::store) async fn the_key_counts_before_the_clock_and_the_guards(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let call = put(&*store, "1", &[(key("a"), 0)], "x");
    done(&*store, &weppes, call.clone()).await;
    bench.advance(TimeDelta::hours(1));
    // An hour late, and its guard no longer holds: still the answer of then.
    assert!(matches!(store.commit(&weppes, call.clone()).await, Ok(CommitOutcome::Replayed { .. })));
    // Under a new key, the clock is looked at first and the guard only then.
    let late = Commit { idem: idem("2"), ..call };
    assert!(matches!(store.commit(&weppes, late.clone()).await, Ok(CommitOutcome::Skew { .. })));
    let in_time = Commit { decided_at: store.now(), ..late };
    assert!(matches!(store.commit(&weppes, in_time).await, Ok(CommitOutcome::Stale { .. })));
}

pub(in crate::store) async fn two_callers_may_use_the_same_key(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let mut other = put(&*store, "1", &[(key("b"), 0)], "x");
    // What would be one key if the two words were merely joined.
    other.idem = IdemKey { actor: "operator-11".to_owned(), key: String::new() };
    done(&*store, &weppes, put(&*store, "1", &[(key("a"), 0)], "x")).await;
    done(&*store, &weppes, other).await;
}

pub(in crate::store) async fn of_many_at_once_with_one_key_exactly_one_is_done(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let calls = (0..24).map(|attempt| {
        let call = Commit { answer: bytes(attempt), ..put(&*store, "1", &[(key("a"), 0)], "x") };
        let (store, weppes) = (Arc::clone(&store), weppes.clone());
        tokio::spawn(async move { store.commit(&weppes, call).await })
    });
    let outcomes: Vec<_> = join_all(calls).await.into_iter().map(|outcome| outcome.expect("runs")).collect();
    let done = outcomes.iter().filter(|outcome| matches!(outcome, Ok(CommitOutcome::Done { seq: 1, .. }))).count();
    let answers: BTreeSet<_> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Ok(CommitOutcome::Replayed { answer, seq: 1 }) => Some(answer.clone()),
            _ => None,
        })
        .collect();
    let replayed = outcomes.iter().filter(|outcome| matches!(outcome, Ok(CommitOutcome::Replayed { .. }))).count();
    assert_eq!((done, replayed, answers.len()), (1, 23, 1), "{outcomes:?}");
    let remembered = store.recall(&weppes, &idem("1")).await.expect("reads").expect("remembered");
    assert!(answers.contains(&remembered.answer));
}

pub(in crate::store) async fn an_answer_is_recalled_until_its_time_is_over(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    assert_eq!(store.recall(&weppes, &idem("1")).await, Ok(None));
    done(&*store, &weppes, put(&*store, "1", &[(key("a"), 0)], "x")).await;
    bench.advance(TimeDelta::from_std(ANSWERS_KEPT).expect("days") - TimeDelta::seconds(1));
    let remembered = store.recall(&weppes, &idem("1")).await.expect("reads").expect("still known");
    assert_eq!((remembered.fingerprint, remembered.answer), ([7; 16], bytes("answer to 1")));
    bench.advance(TimeDelta::seconds(2));
    assert_eq!(store.recall(&weppes, &idem("1")).await, Ok(None));
}

pub(in crate::store) async fn an_answer_whose_time_is_over_may_be_given_anew(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let kept = TimeDelta::from_std(ANSWERS_KEPT).expect("days");
    for number in 0..100 {
        done(&*store, &weppes, commit(&*store, number)).await;
    }
    bench.advance(kept + TimeDelta::seconds(1));
    // The same keys again, while the old answers are being swept: the new ones must not be swept with them.
    for number in 0..100 {
        let other_call = Commit { fingerprint: [9; 16], ..commit(&*store, number) };
        done(&*store, &weppes, other_call).await;
    }
    bench.advance(kept - TimeDelta::seconds(1));
    done(&*store, &weppes, commit(&*store, "one more")).await;
    for number in 0..100 {
        let remembered = store.recall(&weppes, &idem(number)).await.expect("reads").expect("known again");
        assert_eq!(remembered.fingerprint, [9; 16]);
    }
}
