//! A server that forgets, restarts, is emptied, fills up or says nothing: what was acknowledged stays, what was not is told
//! apart, and everything goes on by itself.

use std::sync::Arc;
use std::time::Duration;

use aiguilleur::clock::{ManualClock, SystemClock};
use aiguilleur::store::{
    Commit, CommitOutcome, FindingCode, OpenError, RedisOptions, RedisStore, Store, StoreError, Versioned, Write,
};
use futures_util::future::join_all;

use super::{connect, morning};
use crate::store::sample::*;
use crate::support::redis::RedisServer;

async fn on(server: &RedisServer) -> RedisStore {
    connect(server.unix_url(0), &Arc::new(ManualClock::at(morning()))).await
}

/// Asks again with the same key, as every caller does, until the outcome is known.
async fn until_known(store: &dyn Store, commit: Commit) -> CommitOutcome {
    for _ in 0..200 {
        let now = Commit { decided_at: store.now(), ..commit.clone() };
        match store.commit(&weppes(), now).await {
            Ok(outcome) => return outcome,
            Err(StoreError::Unknown(_) | StoreError::Unavailable(_)) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the outcome stayed unknown");
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_brought_them() {
    let server = RedisServer::start();
    let store = on(&server).await;
    done(&store, &weppes(), put(&store, "1", &[(key("a"), 0)], "x")).await;
    let () = server.ask(0, &["SCRIPT", "FLUSH"]);
    assert_eq!(done(&store, &weppes(), put(&store, "2", &[(key("a"), 1)], "x")).await, 2);
    assert!(store.due(&weppes(), 9).await.expect("reads").is_empty());
    assert_eq!(store.trim(&weppes(), 1).await, Ok(1));
    assert_eq!(records(&store, &weppes()).await.len(), 1);
}

/// The log of a server killed in the middle of the write of a transaction.
fn tear_the_log(server: &RedisServer) {
    let path = server.folder().join("appendonlydir/appendonly.aof.1.incr.aof");
    let mut log = std::fs::read(&path).expect("a log");
    let begin = b"*1\r\n$5\r\nMULTI\r\n";
    let last = log.windows(begin.len()).rposition(|part| part == begin).expect("a transaction");
    let whole = log.len() - last;
    log.extend_from_within(last..last + whole * 2 / 3);
    std::fs::write(&path, log).expect("written");
}

#[tokio::test]
async fn a_log_torn_in_a_transaction_is_refused_by_the_server_and_mended_without_losing_what_was_acknowledged() {
    let mut server = RedisServer::start();
    let (store, weppes) = (on(&server).await, weppes());
    done(&store, &weppes, put(&store, "1", &[(key("a"), 0)], "first")).await;
    for (call, version) in [("2", 1), ("3", 2), ("4", 3)] {
        server.kill();
        tear_the_log(&server);
        server.restart();
        assert_eq!(server.log().matches("Unexpected end of file").count(), 0, "the start after the repair");
        let again = until_known(&store, put(&store, call, &[(key("a"), version)], call)).await;
        assert!(matches!(again, CommitOutcome::Done { .. }), "{again:?}");
    }
    server.restart();
    until_known(&store, put(&store, "5", &[(key("b"), 0)], "x")).await;
    let events = history(&store, &weppes).await;
    assert_sound(&events);
    assert_eq!(events.len(), 5);
    assert_eq!(load(&store, &weppes, "a").await.version, 4);
    let before = RedisServer::with(&[("aof-load-truncated", "yes")]);
    let found = on(&before).await.survey().await.expect("answers").findings;
    assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), [FindingCode::TornLog]);
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_kill_and_the_service_goes_on() {
    let mut server = RedisServer::start();
    let (store, weppes) = (on(&server).await, weppes());
    for round in 0..3 {
        let calls: Vec<_> = (0..20)
            .map(|number| put(&store, format!("{round}-{number}"), &[(key(format!("{round}-{number}")), 0)], "x"))
            .collect();
        for outcome in join_all(calls.into_iter().map(|call| store.commit(&weppes, call))).await {
            assert!(matches!(outcome, Ok(CommitOutcome::Done { .. })), "{outcome:?}");
        }
        server.kill();
        let refused = store.commit(&weppes, put(&store, "while it is down", &[(key("b"), 0)], "x")).await;
        assert!(matches!(refused, Err(StoreError::Unknown(_) | StoreError::Unavailable(_))), "{refused:?}");
        assert!(matches!(store.load(&weppes, &[key("a")]).await, Err(StoreError::Unavailable(_))));
        server.restart();
        let again =
            until_known(&store, put(&store, format!("{round}-0"), &[(key(format!("{round}-0")), 0)], "x")).await;
        assert!(matches!(again, CommitOutcome::Replayed { .. }), "{again:?}");
        assert_eq!(records(&store, &weppes).await.len(), 20 * (round + 1));
        assert_sound(&history(&store, &weppes).await);
    }
    assert_eq!(store.health().await.fault, None);
}

#[tokio::test]
async fn an_answer_that_does_not_come_leaves_the_outcome_unknown_until_the_same_key_tells_it() {
    let server = RedisServer::start();
    let store = on(&server).await;
    done(&store, &weppes(), put(&store, "1", &[(key("a"), 0)], "x")).await;
    server.freeze();
    let call = put(&store, "2", &[(key("a"), 1)], "y");
    let outcome = store.commit(&weppes(), call.clone()).await;
    server.thaw();
    assert!(matches!(outcome, Err(StoreError::Unknown(_))), "{outcome:?}");
    // It was done when the server woke up, or is done now; never twice.
    let outcome = until_known(&store, call).await;
    assert!(matches!(outcome, CommitOutcome::Done { .. } | CommitOutcome::Replayed { .. }), "{outcome:?}");
    assert_eq!(load(&store, &weppes(), "a").await.version, 2);
    assert_eq!(history(&store, &weppes()).await.len(), 2);
}

#[tokio::test]
async fn an_emptied_server_is_refused_and_says_why() {
    let mut server = RedisServer::start();
    let store = on(&server).await;
    done(&store, &weppes(), put(&store, "1", &[(key("a"), 0)], "x")).await;
    let () = server.ask(0, &["FLUSHALL"]);
    let refused = |outcome: Result<CommitOutcome, StoreError>| match outcome {
        Err(StoreError::Unavailable(why)) => why,
        other => panic!("{other:?}"),
    };
    let why = refused(store.commit(&weppes(), put(&store, "2", &[(key("b"), 0)], "x")).await);
    assert!(why.contains("emptied") && why.contains("weppes"), "{why}");
    for reading in [
        store.load(&weppes(), &[key("a")]).await.map(drop),
        store.events(&weppes(), 0, 9).await.map(drop),
        store.snapshot(&weppes()).await.map(drop),
        store.due(&weppes(), 9).await.map(drop),
        store.trim(&weppes(), 9).await.map(drop),
        store.export(&weppes()).await.map(drop),
    ] {
        assert!(matches!(reading, Err(StoreError::Unavailable(_))), "{reading:?}");
    }
    assert!(store.health().await.fault.is_some_and(|fault| fault.contains("emptied")));
    // The same when it comes back without what it had on disk.
    server.kill();
    server.lose_its_data();
    server.restart();
    assert!(matches!(until_answered(&store).await, Err(StoreError::Unavailable(_))));
    // Somebody who starts now begins a data set of their own; the one who was there before still does not take it for theirs.
    let newcomer = on(&server).await;
    done(&newcomer, &weppes(), put(&newcomer, "3", &[(key("c"), 0)], "x")).await;
    let reading = store.load(&weppes(), &[key("c")]).await;
    assert!(matches!(&reading, Err(StoreError::Unavailable(why)) if why.contains("another data set")), "{reading:?}");
    loop {
        match store.commit(&weppes(), put(&store, "4", &[(key("c"), 1)], "x")).await {
            // Sent to the server that was killed.
            Err(StoreError::Unknown(_)) => {}
            outcome => break assert!(refused(outcome).contains("another data set")),
        }
    }
    assert_eq!(load(&newcomer, &weppes(), "c").await.version, 1);
}

/// A reading, once the server answers again.
async fn until_answered(store: &dyn Store) -> Result<Vec<Versioned>, StoreError> {
    for _ in 0..100 {
        match store.load(&weppes(), &[key("a")]).await {
            Err(StoreError::Unavailable(why)) if !why.contains("emptied") => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            answer => return answer,
        }
    }
    panic!("it never answers");
}

#[tokio::test]
async fn a_full_server_refuses_whole_commits_and_still_gives_the_answers_of_before() {
    let server = RedisServer::start();
    let store = on(&server).await;
    let (first, large) = (put(&store, "1", &[(key("a"), 0)], "x"), "y".repeat(100_000));
    done(&store, &weppes(), first.clone()).await;
    for number in 0..10 {
        done(&store, &weppes(), put(&store, format!("large {number}"), &[(key(number), 0)], &large)).await;
    }
    let before = (records(&store, &weppes()).await, history(&store, &weppes()).await);
    server.set("maxmemory", "500kb");
    let call = |name: &str, keys: &[_]| Commit { decided_at: store.now(), ..put(&store, name, keys, &large) };
    for attempt in ["2", "3"] {
        let mut call = call(attempt, &[(key("a"), 1), (key("b"), 0)]);
        call.writes.push(Write::Timer { timer: timer("a"), at: Some(0) });
        assert_eq!(store.commit(&weppes(), call).await, Err(StoreError::Full));
    }
    assert_eq!((records(&store, &weppes()).await, history(&store, &weppes()).await), before, "nothing of it was done");
    assert!(store.due(&weppes(), 9).await.expect("reads").is_empty());
    assert_eq!(store.health().await.fault.as_deref(), Some("store full"));
    let replayed = store.commit(&weppes(), first.clone()).await;
    assert!(matches!(replayed, Ok(CommitOutcome::Replayed { seq: 11, .. })), "{replayed:?}");
    let other = Commit { fingerprint: [9; 16], ..first };
    assert_eq!(store.commit(&weppes(), other).await, Err(StoreError::IdemMismatch));
    // What makes room is allowed, and with room the refused call goes through.
    assert_eq!(store.trim(&weppes(), 9).await, Ok(9));
    server.set("maxmemory", "0");
    done(&store, &weppes(), call("2", &[(key("a"), 1), (key("b"), 0)])).await;
    assert_sound(&history(&store, &weppes()).await);
}

#[tokio::test]
async fn a_server_that_cannot_be_the_store_is_refused_in_plain_words() {
    let mut server = RedisServer::with(&[("requirepass", "right")]);
    let clock = || Arc::new(SystemClock::real());
    let open = async |options: RedisOptions| match RedisStore::connect(options, clock()).await {
        Err(error) => error,
        Ok(store) => panic!("{store:?}"),
    };
    let without = open(RedisOptions::at(server.url(0))).await;
    assert!(matches!(without, OpenError::Login { .. }), "{without}");
    let wrong = open(RedisOptions { password: Some("wrong".to_owned()), ..RedisOptions::at(server.url(0)) }).await;
    assert!(matches!(wrong, OpenError::Login { .. }) && !wrong.to_string().contains("wrong"), "{wrong}");
    let right = RedisOptions { password: Some("right".to_owned()), ..RedisOptions::at(server.url(0)) };
    RedisStore::connect(right.clone(), clock()).await.expect("the right password opens");
    server.kill();
    let nobody = open(right).await;
    assert!(
        matches!(nobody, OpenError::NoServer { .. }) && nobody.to_string().contains("redis://127.0.0.1"),
        "{nobody}"
    );
}
