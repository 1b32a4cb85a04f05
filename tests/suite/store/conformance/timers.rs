//! What becomes due.

use chrono::TimeDelta;

use super::Bench;
use crate::store::sample::*;

pub(in crate::store) async fn a_timer_is_due_from_its_instant_on(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let at = store.now() + 60_000;
    done(&*store, &weppes, set_timer(&*store, "1", timer("a"), Some(at))).await;
    bench.advance(TimeDelta::seconds(30));
    assert!(store.due(&weppes, 9).await.expect("reads").is_empty());
    bench.advance(TimeDelta::seconds(30));
    assert_eq!(store.due(&weppes, 9).await, Ok(vec![(at, timer("a"))]));
    assert_eq!(store.due(&weppes, 9).await, Ok(vec![(at, timer("a"))]), "looking at it does not take it away");
}

pub(in crate::store) async fn timers_come_earliest_first_and_no_more_than_asked_for(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let now = store.now();
    for (name, before) in [("b", 3), ("c", 1), ("a", 2), ("d", 2)] {
        done(&*store, &weppes, set_timer(&*store, name, timer(name), Some(now - before))).await;
    }
    let due = store.due(&weppes, 9).await.expect("reads");
    let names: Vec<_> = due.iter().map(|(_, timer)| timer.id.as_str()).collect();
    assert!(names == ["b", "a", "d", "c"] || names == ["b", "d", "a", "c"], "{names:?}");
    assert_eq!(store.due(&weppes, 2).await.expect("reads"), due[..2]);
    assert!(store.due(&weppes, 0).await.expect("reads").is_empty());
}

pub(in crate::store) async fn a_timer_moves_and_goes(bench: impl Bench) {
    let (store, weppes) = (bench.store(), weppes());
    let now = store.now();
    done(&*store, &weppes, set_timer(&*store, "1", timer("a"), Some(now - 5))).await;
    done(&*store, &weppes, set_timer(&*store, "2", timer("a"), Some(now + 60_000))).await;
    assert!(store.due(&weppes, 9).await.expect("reads").is_empty(), "it stands at one instant only");
    done(&*store, &weppes, set_timer(&*store, "3", timer("a"), Some(now - 7))).await;
    assert_eq!(store.due(&weppes, 9).await, Ok(vec![(now - 7, timer("a"))]));
    done(&*store, &weppes, set_timer(&*store, "4", timer("a"), None)).await;
    done(&*store, &weppes, set_timer(&*store, "5", timer("never set"), None)).await;
    bench.advance(TimeDelta::hours(1));
    assert!(store.due(&weppes, 9).await.expect("reads").is_empty());
}
