//! What stops for a while and goes on: the line, the server, its disk. Longer than anybody waits for an answer: callers hear
//! that nobody knows, and the same key tells them later.

use std::time::Duration;

use serde_json::json;
use tokio::time::{sleep, timeout};

use super::stand::Stand;
use crate::support::api::need;

/// Longer than the service waits for Redis, and than it tries to learn an outcome.
const LONG: Duration = Duration::from_secs(7);

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_stalls_for_long_is_told_as_unknown_and_resolved_by_the_same_key() {
    let stand = Stand::start().await;
    stand.until_booked(10).await;
    let api = stand.load.nodes.node(0);
    // What is asked happens; what is answered stays in the line.
    stand.lines[0].stall_answers();
    let (status, told) = api.post_keyed("demo-operator", "/requests", "stalled", &need("h24")).await.expect("answers");
    assert_eq!(status, 503, "{told}");
    let (status, health) = stand.health(0).await;
    assert_eq!(status, 503, "{health}");
    // The other node has a line of its own: its callers notice nothing.
    let other = stand.load.nodes.node(1);
    let (status, made) =
        other.post_keyed("demo-operator", "/requests", "stalled", &need("h24")).await.expect("answers");
    assert_eq!(status, 201, "{made}");
    stand.lines[0].heal();
    let again = stand.load.nodes.ask("stalled", "/requests", &need("h24")).await;
    assert_eq!((again.0, &again.1["id"]), (201, &made["id"]), "one key, two requests");
    let path = format!("/requests/{}/cancel", made["id"].as_str().expect("an id"));
    assert_eq!(stand.load.nodes.ask("over", &path, &json!({ "reason": "essai" })).await.0, 200);
    stand.until_booked(10).await;
    println!("{}", stand.settle().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_still_loses_nothing_and_serves_again() {
    let stand = Stand::start().await;
    stand.until_booked(10).await;
    // As a machine that is out of breath, or a disk that does not answer: the process is stopped, and goes on.
    for pause in [Duration::from_millis(300), Duration::from_secs(1), LONG] {
        stand.redis.freeze();
        sleep(pause).await;
        stand.redis.thaw();
        stand.until_booked(10).await;
    }
    println!("{}", stand.settle().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_wait_for_a_slow_disk_are_made_once_while_everything_can_be_read() {
    let stand = Stand::start().await;
    stand.until_booked(10).await;
    // Stands for a slow disk: Redis keeps every write waiting, as `appendfsync always` does while a sync lasts; reads go on.
    for pause in ["200", "800", "2500"] {
        let () = stand.redis.ask(0, &["CLIENT", "PAUSE", pause, "WRITE"]);
        let path = format!("/slots/{}", stand.load.slots.ids[0]);
        let read = stand.load.nodes.read("demo-operator", &path);
        timeout(Duration::from_secs(2), read).await.expect("reads do not wait for writes");
        stand.until_booked(10).await;
    }
    println!("{}", stand.settle().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_line_only_takes_longer() {
    let stand = Stand::start().await;
    stand.until_booked(5).await;
    stand.lines[0].delay(Duration::from_millis(60));
    stand.until_booked(20).await;
    let (status, health) = stand.health(0).await;
    assert_eq!(status, 200, "{health}");
    println!("{}", stand.settle().await);
}
