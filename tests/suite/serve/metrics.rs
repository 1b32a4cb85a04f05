//! The numbers a running service shows: those the README lists, and no others.

use std::collections::BTreeSet;
use std::fs;

use crate::support::serve::Serve;

/// The names in the README's table of metrics.
fn listed() -> BTreeSet<String> {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `aiguilleur_"));
    rows.map(|row| format!("aiguilleur_{}", row.split(['`', '{']).next().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_is_listed_with_its_meaning_and_none_names_anybody() {
    let serve = Serve::start().await;
    // Something of everything: a booking's commits, a problem, an open stream.
    let slot = serve.publish(1).await.remove(0);
    let id = serve.request("h24").await;
    let hold = serde_json::json!({ "slot_id": slot, "hold_id": "h" });
    assert_eq!(serve.post("demo-operator", &format!("/requests/{id}/hold"), &hold).await.unwrap().0, 200);
    serve.request("h24").await;
    assert_eq!(serve.get("", "/requests").await.0, 401);
    let _stream = serve.client.get(serve.url("/events")).bearer_auth(serve.key("demo-operator")).send().await.unwrap();
    let text = serve.client.get(format!("{}/metrics", serve.base)).send().await.unwrap().text().await.unwrap();
    let shown: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# HELP "))
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(shown, listed(), "{text}");
    assert!(text.contains("aiguilleur_requests_waiting{territory=\"weppes\"} 1"), "{text}");
    assert!(text.contains("aiguilleur_commit_seconds_count{outcome=\"done\"}"), "{text}");
    assert!(text.contains("aiguilleur_plan_seconds_count{rung=\"flow\",proved=\"yes\",added=\"no\"}"), "{text}");
    assert!(text.contains("aiguilleur_store_up 1"), "{text}");
    for secret in [id.as_str(), slot.as_str(), serve.key("demo-operator"), "operator-1"] {
        assert!(!text.contains(secret), "a label holds «{secret}»");
    }
}
