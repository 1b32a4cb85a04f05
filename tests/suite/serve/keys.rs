//! The life of an access key: made, used, listed, revoked, over.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::json;

use crate::support::serve::{Place, Serve, rpps, said};

/// Asks until the answer is another than this; the file of keys is looked at every two seconds.
async fn until_not(serve: &Serve, token: &str, status: u16) -> u16 {
    loop {
        let (now, _) = serve.get(token, "/slots?limit=1").await;
        if now != status {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_made_while_the_service_runs_opens_it_until_it_is_revoked() {
    let serve = Serve::start().await;
    let token = serve.place.key("nuit-2", "operator", &[]);
    assert!(token.starts_with("aig_") && token.len() == 47, "{token}");
    assert_eq!(until_not(&serve, &token, 401).await, 200);
    assert_eq!(serve.get(&token, "/audit").await.0, 403, "it has its role and no other");

    // A live stream under it ends with it; somebody else's goes on.
    let follow = async |token: &str| {
        let stream = serve.client.get(serve.url("/events")).bearer_auth(serve.key(token)).send().await.unwrap();
        assert_eq!(stream.status(), 200);
        stream
    };
    let (mut own, _other) = (follow(&token).await, follow("demo-operator").await);
    let revoked = serve.place.run(&["key", "revoke", "--name", "nuit-2"]);
    assert!(revoked.status.success(), "{}", said(&revoked));
    assert_eq!(until_not(&serve, &token, 200).await, 401);
    while let Some(part) = own.chunk().await.unwrap() {
        assert!(!part.is_empty());
    }
    assert_eq!(serve.get("demo-operator", "/slots").await.0, 200, "the other keys stand");

    let listed = said(&serve.place.run(&["key", "list"]));
    assert!(listed.contains("nuit-2 : operator, weppes") && listed.contains("révoquée le"), "{listed}");
    assert!(listed.contains("practitioner-1 : practitioner, RPPS"), "{listed}");
    assert!(!listed.contains("aig_"), "{listed}");
    let kept = fs::read_to_string(serve.place.path("data/keys.toml")).unwrap();
    assert!(!kept.contains(&token[4..]), "the token itself is kept");
    let again = serve.place.run(&["key", "new", "--name", "nuit-2", "--role", "operator", "--territory", "weppes"]);
    assert!(!again.status.success() && said(&again).contains("nuit-2"), "a name is used once: {}", said(&again));
    assert!(serve.place.run(&["key", "revoke", "--name", "nuit-2"]).status.code() != Some(0), "it is revoked already");
}

#[test]
fn a_key_is_asked_for_completely() {
    let place = Place::new();
    let data = place.path("data");
    let new = |more: &[&str]| said(&place.run(&[&["key", "new", "--name", "x"], more].concat()));
    assert!(new(&["--role", "operator", "--territory", "weppes"]).contains("démarrez le service une fois"));
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(new(&["--role", "operator"]).contains("--territory"));
    assert!(new(&["--role", "chief", "--territory", "weppes"]).contains("rôles possibles"));
    assert!(new(&["--role", "patient", "--territory", "weppes"]).contains("rôle « patient »"));
    assert!(new(&["--role", "practitioner", "--territory", "weppes"]).contains("--rpps"));
    assert!(new(&["--role", "operator", "--territory", "weppes", "--rpps", &rpps(1)]).contains("--rpps"));
    assert!(new(&["--role", "operator", "--territory", "weppes", "--expires", "2001-01-01"]).contains("déjà passée"));
    assert!(new(&["--role", "operator", "--territory", "weppes", "--expires", "demain"]).contains("2027-06-30"));
    assert!(!data.join("keys.toml").exists(), "none of these made a key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_worth_nothing_from_its_hour_on_nor_elsewhere() {
    let place = Place::new();
    fs::create_dir(place.path("data")).unwrap();
    fs::set_permissions(place.path("data"), fs::Permissions::from_mode(0o700)).unwrap();
    // Far ahead, so that it is no matter when the test runs: the service's clock is set around this hour.
    let over = place.key("over", "operator", &["--expires", "2150-01-02T09:00:00Z"]);
    let stands = place.key("stands", "operator", &["--expires", "2150-01-02T09:00:01Z"]);
    place.replace("clock_at = \"2026-11-24T09:00:00+01:00\"", "clock_at = \"2150-01-02T09:00:00Z\"");
    place.replace("territories = [\"weppes\"]", "territories = [\"weppes\", \"flandre-lys\"]");
    let late = place.start(&[], HashMap::new()).unwrap();
    assert_eq!(late.get(&over, "/slots").await.0, 401);
    let (status, problem) = late.get(&stands, "/slots").await;
    assert!(status == 200 || status == 401, "it ends a second later: {problem}");
    let mut late = late;
    late.stop();
    let place = late.leave();
    place.replace("2150-01-02T09:00:00Z", "2150-01-03T09:00:00Z");
    fs::remove_file(place.path("data/keys.toml")).unwrap();
    let stands = place.key("stands-2", "operator", &["--expires", "2150-01-04"]);
    let serve = place.start(&[], HashMap::new()).unwrap();
    assert_eq!(serve.get(&stands, "/slots").await.0, 200);
    let elsewhere = format!("{}/api/v1/territories/flandre-lys/slots", serve.base);
    assert_eq!(serve.send(serve.client.get(elsewhere), &stands).await.unwrap().0, 404, "a key reaches its territories");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_keeps_the_keys_of_before() {
    let serve = Serve::start().await;
    let path = serve.place.path("data/keys.toml");
    let good = fs::read_to_string(&path).unwrap();
    let damaged = serve.place.path("data/keys.new");
    fs::write(&damaged, &good[..good.len() / 2]).unwrap();
    fs::set_permissions(&damaged, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(&damaged, &path).unwrap();
    while !serve.program.log().contains("access keys not read again") {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(serve.get("demo-operator", "/slots").await.0, 200);
    fs::remove_file(&path).unwrap();
    assert_eq!(serve.get("demo-operator", "/slots").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_practitioners_key_reaches_their_own_slots() {
    let serve = Serve::start().await;
    let token = format!("demo-practitioner-{}", rpps(1));
    let slot = |rpps: &str| {
        json!({"slots": [{
            "rpps": rpps, "location_id": "cabinet", "modality": "AMB", "capacity": 1, "duration_minutes": 15,
            "start": "2026-11-24T18:00:00+01:00", "audience": ["PUBLIC"],
        }]})
    };
    let (status, made) = serve.post(&token, "/slots", &slot(&rpps(1))).await.unwrap();
    assert_eq!((status, made["created"].as_array().map(Vec::len)), (201, Some(1)), "{made}");
    assert_eq!(serve.post(&token, "/slots", &slot(&rpps(2))).await.unwrap().0, 403);
    let own = serve.all(&token, "/slots").await;
    assert_eq!(own.len(), 1, "{own:?}");
}
