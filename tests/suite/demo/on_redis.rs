//! The demo on a Redis: what is booked survives the end of either, and what was sealed opens again.

use std::time::Duration;

use serde_json::json;

use crate::support::process::{Demo, NINE, identity};
use crate::support::redis::RedisServer;

fn demo(server: &RedisServer) -> Demo {
    Demo::with(&["--at", NINE, "--seed", "7", "--store", &server.url(3)]).expect("the demo starts")
}

#[tokio::test]
async fn a_booking_on_redis_survives_the_kill_of_the_service_and_of_redis() {
    let mut server = RedisServer::start();
    let mut service = demo(&server);
    let slots = service.all("demo-operator", "/slots").await.len();
    let (slot, request) = (service.publish(1).await.remove(0), service.request("h24").await);
    let hold = json!({ "slot_id": slot, "hold_id": "h" });
    assert_eq!(service.post("demo-operator", &format!("/requests/{request}/hold"), &hold).await.unwrap().0, 200);
    let path = format!("/requests/{request}/confirm");
    let confirm = json!({ "hold_id": "h", "patient": identity() });
    let (status, booked) = service.post_keyed("demo-operator", &path, "c", &confirm).await.unwrap();
    assert_eq!(status, 201, "{booked}");

    // While Redis is away nobody is told anything that is not so; the service lives on.
    server.kill();
    let (status, refused) = service.post_keyed("demo-operator", &path, "other", &confirm).await.unwrap();
    assert_eq!(status, 503, "{refused}");
    server.restart();
    let mut again = (503, json!(null));
    for _ in 0..100 {
        again = service.post_keyed("demo-operator", &path, "c", &confirm).await.unwrap();
        if again.0 != 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((again.0, &again.1["id"]), (201, &booked["id"]), "the answer of then: {}", again.1);

    service.kill();
    let service = demo(&server);
    let appointment = booked["id"].as_str().unwrap();
    let (status, found) = service.get("demo-operator", &format!("/appointments/{appointment}")).await;
    assert_eq!((status, &found["status"]), (200, &json!("booked")), "{found}");
    assert_eq!(found["patient"]["last_name"], identity()["last_name"]);
    assert_eq!(service.all("demo-operator", "/slots").await.len(), slots + 1, "nobody is made twice");
}

#[tokio::test]
async fn settings_that_lose_bookings_are_said() {
    let server = RedisServer::with(&[("appendfsync", "everysec")]);
    let service = demo(&server);
    assert!(service.logged("appendfsync everysec"), "{}", service.log());
}
