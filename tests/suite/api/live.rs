//! Live updates, health, and the end of the service.

use reqwest::{Method, Response};
use serde_json::json;

use crate::support::service::{Service, T};

async fn follow(service: &Service, after: Option<&str>) -> Response {
    let mut request = service.request(Method::GET, &format!("{T}/events"), "demo-operator");
    if let Some(id) = after {
        request = request.header("Last-Event-ID", id);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    response
}

/// Reads until `enough` events have come.
async fn events(response: &mut Response, enough: usize) -> Vec<(String, String, serde_json::Value)> {
    let mut text = String::new();
    loop {
        let events: Vec<_> = text
            .split("\n\n")
            .filter(|part| part.contains("data: ") && text.contains(&format!("{part}\n\n")))
            .map(|part| {
                let field =
                    |name: &str| part.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
                (field("id: "), field("event: "), serde_json::from_str(&field("data: ")).unwrap())
            })
            .collect();
        if events.len() >= enough {
            return events;
        }
        text.push_str(std::str::from_utf8(&response.chunk().await.unwrap().expect("the stream goes on")).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_who_comes_back_misses_nothing_and_sees_nothing_twice() {
    let service = Service::start().await;
    let mut first = follow(&service, None).await;
    let slot = service.desk.publish(60, 1).await;
    let seen = events(&mut first, 1).await;
    assert_eq!(seen[0].1, "slot");
    assert_eq!(seen[0].2["kind"], "slot.published");
    assert_eq!(seen[0].2["slot"], json!(slot.to_string()));
    drop(first);
    service.desk.publish(90, 1).await;
    service.enter("h24").await;
    let mut again = follow(&service, Some(&seen[0].0)).await;
    let missed = events(&mut again, 2).await;
    assert_eq!(missed[0].2["kind"], "slot.published");
    assert_eq!((missed[1].1.as_str(), &missed[1].2["kind"]), ("request", &json!("request.created")));
    let first_missed = missed[0].2["seq"].as_u64().unwrap();
    assert_eq!(Some(first_missed), seen[0].2["seq"].as_u64().map(|seq| seq + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_from_elsewhere_is_told_to_read_everything_again() {
    let service = Service::start().await;
    for foreign in ["not-an-id", "1.0000000000000000", "999999.abc"] {
        let mut response = follow(&service, Some(foreign)).await;
        assert_eq!(events(&mut response, 1).await[0].1, "reset", "{foreign}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_practitioner_follows_their_own_slots_only() {
    let service = Service::start().await;
    let request = service.request(Method::GET, &format!("{T}/events"), &service.doctor());
    let mut response = request.send().await.unwrap();
    service.enter("h24").await;
    service.desk.publish(60, 1).await;
    let seen = events(&mut response, 1).await;
    assert_eq!(seen[0].2["kind"], "slot.published", "the request before it is not theirs to see");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_order_is_ready_and_one_that_stops_closes_its_streams() {
    let mut service = Service::start().await;
    let (status, ready) = service.get("", "/health/ready").await;
    assert_eq!((status, &ready["status"]), (200, &json!("ready")), "{ready}");
    assert_eq!(service.get("", "/health/live").await.0, 200);
    let metrics = service.get("", "/metrics").await.1;
    assert!(metrics.as_str().unwrap().contains("aiguilleur_http_request_seconds_bucket"), "{metrics}");
    let mut stream = follow(&service, None).await;
    service.stop().await;
    while let Some(part) = stream.chunk().await.unwrap() {
        assert!(!part.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_calls_too_often_is_told_when_to_come_back() {
    let few = aiguilleur::http::throttle::Quota { per_second: 1, burst: 3 };
    let limits = aiguilleur::http::Limits { account: few, ..aiguilleur::http::Limits::demo() };
    let service = Service::start_within(limits).await;
    let mut refused = None;
    for _ in 0..200 {
        let response = service.request(Method::GET, &format!("{T}/slots"), "demo-operator").send().await.unwrap();
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
    }
    assert!(refused.unwrap().headers().contains_key("retry-after"));
    assert_eq!(service.get("demo-coordinator", &format!("{T}/slots")).await.0, 200);
}
