//! `serve` on a Redis: which it refuses, which risks may be taken knowingly, and what survives a Redis that goes and comes.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use crate::support::redis::RedisServer;
use crate::support::serve::{Place, Serve};

fn place(redis: &RedisServer, more: &str) -> Place {
    let place = Place::new();
    place.add(&format!("[store]\nkind = \"redis\"\nurl = \"{}\"\n{more}", redis.url(0)));
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_may_lose_a_booking_is_refused_unless_that_is_accepted_knowingly() {
    let redis = RedisServer::with(&[("appendfsync", "everysec"), ("maxmemory-policy", "allkeys-lru")]);
    let checked = place(&redis, "").run(&["serve", "--check"]);
    assert!(!checked.status.success());
    for said in [crate::support::serve::said(&checked), place(&redis, "").refused(&[])] {
        for expected in ["2 raison(s)", "appendfsync everysec", "noeviction", "store.accept_risks = [\"late_sync\"]"] {
            assert!(said.contains(expected), "«{expected}» is missing:\n{said}");
        }
    }
    redis.set("maxmemory-policy", "noeviction");
    let serve = place(&redis, "accept_risks = [\"late_sync\"]\n").start(&[], HashMap::new()).unwrap();
    let ready = serve.client.get(format!("{}/health/ready", serve.base)).send().await.unwrap();
    let ready: serde_json::Value = ready.json().await.unwrap();
    assert!(ready["warnings"].to_string().contains("\"late_sync\""), "{ready}");
    assert!(serve.program.logged("late_sync"), "{}", serve.program.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_beyond_this_machine_is_not_spoken_to_in_clear_text_unless_that_is_accepted() {
    let redis = RedisServer::start();
    // A name that happens to lead here.
    let beyond = redis.url(0).replace("127.0.0.1", "127.1");
    let place = |more: &str| {
        let place = Place::new();
        place.add(&format!("[store]\nkind = \"redis\"\nurl = \"{beyond}\"\n{more}"));
        place
    };
    let said = place("").refused(&[]);
    for expected in ["1 raison(s)", "clear_text", "rediss://", "store.accept_risks = [\"clear_text\"]"] {
        assert!(said.contains(expected), "«{expected}» is missing:\n{said}");
    }
    let serve = place("accept_risks = [\"clear_text\"]\n").start(&[], HashMap::new()).unwrap();
    assert!(serve.program.logged("clear_text"), "{}", serve.program.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_lost_while_people_live_in_the_redis_is_never_made_anew() {
    let redis = RedisServer::start();
    let mut serve = Serve::on_redis(&redis.url(0)).await;
    assert!(serve.stop());
    let place = serve.leave();
    let key = place.path("data/patients.key");
    fs::remove_file(&key).unwrap();
    let config = place.config();
    let said = crate::support::program::aiguilleur(&["serve", "--config", &config]).output().unwrap();
    let said = crate::support::serve::said(&said);
    assert!(said.contains("patients.key manque") && said.contains("Remettez la sauvegarde"), "{said}");
    assert!(!key.exists(), "a new key was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_goes_and_comes_back_stops_nobody() {
    let mut redis = RedisServer::start();
    let mut serve = Serve::on_redis(&redis.url(0)).await;
    let id = serve.request("h24").await;
    redis.kill();
    let ready = format!("{}/health/ready", serve.base);
    while serve.client.get(&ready).send().await.unwrap().status() != 503 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    redis.restart();
    while serve.client.get(&ready).send().await.unwrap().status() != 200 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(serve.get("demo-operator", &format!("/requests/{id}")).await.0, 200);
    serve.request("h24").await;
    assert!(serve.stop(), "{}", serve.program.log());
}
