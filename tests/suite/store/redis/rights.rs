//! What the service's user of Redis must be allowed: enough for everything, and nothing beside it; what is missing is found
//! before the first commit. And how a server's settings are judged.

use std::sync::Arc;

use aiguilleur::clock::ManualClock;
use aiguilleur::store::{FindingCode, OpenError, RedisOptions, RedisStore, Store, Write};
use futures_util::TryStreamExt as _;
use tokio::time::{Duration, timeout};

use super::{connect, morning};
use crate::store::sample::*;
use crate::support::redis::RedisServer;

fn make_user(server: &RedisServer, rights: &str) {
    let mut words = vec!["ACL", "SETUSER", "svc", "reset", "on", ">word"];
    words.extend(rights.split_whitespace());
    let () = server.ask(0, &words);
}

fn as_user(server: &RedisServer) -> RedisOptions {
    RedisOptions { password: Some("word".to_owned()), ..RedisOptions::at(server.url(0).replace("//", "//svc@")) }
}

async fn enter(server: &RedisServer) -> Result<RedisStore, OpenError> {
    RedisStore::connect(as_user(server), Arc::new(ManualClock::at(morning()))).await
}

#[tokio::test]
async fn the_rights_listed_suffice_for_everything() {
    let server = RedisServer::start();
    make_user(&server, RedisStore::RIGHTS);
    let (store, weppes) = (enter(&server).await.expect("enters"), weppes());
    let another = enter(&server).await.expect("enters");
    // Somebody who has looked at the territory hears what others do there.
    assert!(
        another.snapshot(&weppes).await.expect("reads").records.try_collect::<Vec<_>>().await.expect("none").is_empty()
    );
    let mut hints = another.hints(&weppes);
    let mut call = put(&store, "1", &[(key("a"), 0), (key("b"), 0)], "x");
    call.writes.push(Write::Timer { timer: timer("a"), at: Some(0) });
    call.writes.push(Write::Blob { name: "k/1".to_owned(), bytes: Some(bytes("wrapped")) });
    done(&store, &weppes, call).await;
    let mut going = commit(&store, "2");
    going.guards = vec![(key("a"), 1)];
    going.writes = vec![
        Write::Delete { key: key("a") },
        Write::Timer { timer: timer("b"), at: None },
        Write::Blob { name: "k/2".to_owned(), bytes: None },
    ];
    done(&store, &weppes, going).await;
    assert_eq!(store.due(&weppes, 9).await.expect("reads").len(), 1);
    assert_eq!(store.blob(&weppes, "k/1").await, Ok(Some(bytes("wrapped"))));
    assert!(store.recall(&weppes, &idem("1")).await.expect("reads").is_some());
    let exported = store.export(&weppes).await.expect("exports");
    let items: Vec<_> = exported.items.try_collect().await.expect("every item");
    let copy = territory("copy");
    let again = Box::pin(futures_util::stream::iter(items.into_iter().map(Ok)));
    store.import(&copy, exported.tail, again).await.expect("comes in");
    assert_eq!(records(&store, &copy).await, records(&store, &weppes).await);
    assert_eq!(store.trim(&weppes, 1).await, Ok(1));
    assert_eq!(store.health().await.fault, None);
    let survey = store.survey().await.expect("asked");
    let codes: Vec<_> = survey.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [FindingCode::NotCheckable], "what may not be asked is said");
    // What only the renewal of a key asks for is refused in words that say which right it is.
    let refused = store.territories().await.expect_err("not permitted");
    assert!(refused.to_string().contains("scan"), "{refused}");
    make_user(&server, &format!("{} +scan", RedisStore::RIGHTS));
    assert_eq!(store.territories().await.expect("permitted").len(), 2);
    // A subscription takes a moment to be there: until one comes, more happens.
    for number in 0.. {
        done(&store, &weppes, put(&store, format!("more {number}"), &[(key(format!("more {number}")), 0)], "x")).await;
        if let Ok(hint) = timeout(Duration::from_millis(200), hints.changed()).await {
            hint.expect("the store is there");
            break;
        }
        assert!(number < 100, "no hint from the other one");
    }
}

#[tokio::test]
async fn a_right_that_is_missing_is_found_before_the_first_commit() {
    let server = RedisServer::start();
    for missing in ["+publish", "+zadd", "+pexpire", "+xtrim", "+evalsha", "~{cpts:*", "&{cpts:*}:n"] {
        let rights: Vec<_> = RedisStore::RIGHTS.split_whitespace().filter(|right| *right != missing).collect();
        make_user(&server, &rights.join(" "));
        let refused = enter(&server).await;
        let Err(error @ OpenError::NotPermitted { .. }) = refused else { panic!("{missing}: {refused:?}") };
        if let "+publish" | "+zadd" | "+pexpire" | "+xtrim" = missing {
            assert!(error.to_string().contains(&missing[1..].to_uppercase()), "{error}");
        }
    }
}

#[tokio::test]
async fn the_settings_of_a_server_are_judged_as_they_are() {
    let server = RedisServer::start();
    let store = connect(server.url(0), &Arc::new(ManualClock::at(morning()))).await;
    let codes = async || {
        let survey = store.survey().await.expect("asked");
        survey.findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(codes().await, []);
    assert!(store.health().await.durability.starts_with("on disk"));
    server.set("appendfsync", "everysec");
    server.set("maxmemory-policy", "allkeys-lru");
    assert_eq!(codes().await, [FindingCode::LateSync, FindingCode::Eviction]);
    server.set("appendonly", "no");
    server.set("maxmemory-policy", "noeviction");
    assert_eq!(codes().await, [FindingCode::NoPersistence]);
    let lax = RedisServer::with(&[("appendonly", "no"), ("save", "3600 1")]);
    let store = connect(lax.url(0), &Arc::new(ManualClock::at(morning()))).await;
    assert_eq!(store.survey().await.expect("asked").findings[0].code, FindingCode::SnapshotsOnly);
    assert!(store.health().await.durability.starts_with("snapshots only"));
}
