//! What the service must refuse rather than get wrong: commits to a Redis that is full, and to one whose data are gone.

use std::time::Duration;

use tokio::time::sleep;

use super::stand::Stand;
use crate::support::api::need;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_memory_is_said_as_such_and_booking_goes_on_when_there_is_room() {
    let stand = Stand::start().await;
    stand.until_booked(20).await;
    stand.redis.set("maxmemory", "1mb");
    let mut refused = 0;
    for number in 0..20 {
        let api = stand.load.nodes.node(number % 2);
        let (status, told) = api
            .post_keyed("demo-operator", "/requests", &format!("full-{number}"), &need("h24"))
            .await
            .expect("answers");
        assert_eq!((status, told["type"].as_str()), (503, Some("/problems/store-unavailable")), "{told}");
        refused += 1;
    }
    assert_eq!(refused, 20);
    // What is there can be read.
    stand.load.nodes.read("demo-operator", "/requests?state=booked").await;
    stand.redis.set("maxmemory", "0");
    stand.until_booked(20).await;
    for number in 0..20 {
        // Nothing was done, and the key is still good.
        let (status, made) = stand.load.nodes.ask(&format!("full-{number}"), "/requests", &need("h24")).await;
        assert_eq!(status, 201, "{made}");
    }
    println!("{}", stand.settle().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_redis_is_refused_and_no_new_history_begins() {
    let stand = Stand::start().await;
    stand.until_booked(20).await;
    let () = stand.redis.ask(0, &["FLUSHALL"]);
    // Clerks go on asking all the while; not one of them may be told "done".
    let acknowledged = stand.load.acknowledged();
    for _ in 0..20 {
        for place in 0..2 {
            let api = stand.load.nodes.node(place);
            let (status, told) = api.post("demo-operator", "/requests", &need("h24")).await.expect("answers");
            assert_eq!(status, 503, "{told}");
        }
        sleep(Duration::from_millis(50)).await;
    }
    // An answer that was on its way when the data went may still have come.
    let after = stand.load.acknowledged();
    assert!(after <= acknowledged + 12, "{} bookings were acknowledged after the data had gone", after - acknowledged);
    sleep(Duration::from_millis(1_100)).await;
    assert_eq!(stand.load.acknowledged(), after);
    for place in 0..2 {
        let (status, health) = stand.health(place).await;
        assert_eq!(status, 503, "{health}");
        let causes = health["causes"].to_string();
        assert!(causes.contains("was emptied"), "the cause is not told: {causes}");
    }
    assert_eq!(stand.redis.ask::<u64>(0, &["DBSIZE"]), 0, "somebody has begun anew");
    assert_eq!(stand.load.nodes.faults(), Vec::<String>::new());
    stand.give_up();
}
