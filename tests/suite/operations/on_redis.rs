//! The same with Redis: a backup goes from one store to the other and back, and an erasure leaves nothing in its files.

use std::sync::Arc;
use std::time::Duration;

use aiguilleur::domain::ErasureReason;
use aiguilleur::operations::backup::{back_up, restore};
use aiguilleur::store::{EmbeddedStore, RedisOptions, RedisStore, Store};

use super::erasure::a_story;
use super::traces::{Trace, files_in, found_in};
use super::world::*;
use crate::support::desk::{Desk, operator};
use crate::support::redis::RedisServer;

async fn in_redis(server: &RedisServer) -> Arc<dyn Store> {
    let url = server.url(server.database());
    Arc::new(RedisStore::connect(RedisOptions::at(url), nine()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_one_store_comes_back_in_the_other_and_in_the_first_again() {
    let kept = tempfile::tempdir().unwrap();
    let sealer = sealer_of(kept.path());
    let first: Arc<dyn Store> = Arc::new(EmbeddedStore::in_memory(nine()).unwrap());
    let desk = desk_over(first.clone(), sealer.clone()).await;
    Rush::start(&desk, 4, 16, 60).await.end().await;
    let (one, two) = (kept.path().join("1.gz"), kept.path().join("2.gz"));
    back_up(&*first, &weppes(), &one).await.unwrap();
    let server = RedisServer::shared();
    let second = in_redis(&server).await;
    restore(&*second, &one).await.unwrap();
    assert_eq!(holdings(&*second).await, holdings(&*first).await);
    // It is lived in there, backed up while it is, and brought back.
    let desk = desk_over(second.clone(), sealer.clone()).await;
    let rush = Rush::start(&desk, 4, 32, 24 * 60).await;
    rush.reached(8).await;
    let taken = back_up(&*second, &weppes(), &two).await.unwrap();
    let told = rush.end().await;
    assert_eq!(told.len(), 32);
    let third: Arc<dyn Store> = Arc::new(EmbeddedStore::in_memory(nine()).unwrap());
    restore(&*third, &two).await.unwrap();
    let (before, after) = (holdings(&*second).await, holdings(&*third).await);
    assert_eq!(after.tail, taken.tail);
    assert_eq!(after.records, told_until(taken.tail.seq, &before.events));
    assert_eq!(after.events[..], before.events[..after.events.len()]);
    assert!(after.events.len() < before.events.len(), "the backup was taken after the rush");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_erasure_the_files_of_redis_hold_nothing_of_the_person() {
    let server = RedisServer::start();
    let kept = tempfile::tempdir().unwrap();
    let store = in_redis(&server).await;
    let desk = Desk::over(store.clone(), nine(), sealer_of(kept.path()), None).await;
    let request = a_story(&desk, 60, "1946-02-03", "Martin").await;
    let appointment = desk.booking.case(request).await.unwrap().request.appointments[0].to_string();
    let sealed: Vec<Trace> = holdings(&*store)
        .await
        .blobs
        .into_iter()
        .filter(|(name, _)| name.contains(&request.to_string()) || name.contains(&appointment))
        .map(|(how, bytes)| Trace { how, bytes: bytes.to_vec() })
        .collect();
    assert_eq!(sealed.len(), 5, "key, facts, explanation, identity and reason");
    let held = || {
        let files = files_in(server.folder());
        files.iter().flat_map(|(_, bytes)| found_in(bytes, &sealed)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(held().len(), 5, "the search looks elsewhere");
    desk.booking.erase(&operator(), request, ErasureReason::Asked).await.unwrap();
    let mut left = held();
    // The server writes its file anew beside serving.
    for _ in 0..200 {
        if left.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        left = held();
    }
    assert_eq!(left, Vec::<String>::new());
    let blobs = holdings(&*store).await.blobs;
    assert!(blobs.keys().all(|name| !name.contains(&request.to_string()) && !name.contains(&appointment)));
}
