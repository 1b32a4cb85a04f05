//! Every route of the OpenAPI document, without a token and with every wrong role.

use aiguilleur::domain::Role;
use aiguilleur::identity::{Identity, SigningKey};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::service::{Service, T, answer, need};

const BASE: &str = "/api/v1/territories/{territory}";

/// Every operation inside a territory: method, path with identifiers of nothing, roles, open to nobody known.
async fn operations(service: &Service) -> Vec<(Method, String, Vec<String>, bool, Value)> {
    let (status, document) = service.get("", "/api/openapi.json").await;
    assert_eq!(status, 200);
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(inside) = path.strip_prefix(BASE) else { continue };
        let path = format!("{T}{}", inside.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057"));
        for (method, operation) in item.as_object().unwrap() {
            let roles =
                operation["x-roles"].as_array().unwrap().iter().map(|r| r.as_str().unwrap().to_owned()).collect();
            let anonymous = operation["security"].as_array().unwrap().contains(&json!({}));
            operations.push((method.to_uppercase().parse().unwrap(), path.clone(), roles, anonymous, document.clone()));
        }
    }
    assert!(operations.len() >= 24, "{}", operations.len());
    operations
}

async fn call(service: &Service, method: &Method, path: &str, token: &str) -> (u16, Value) {
    let mut request = service.request(method.clone(), path, token);
    if matches!(*method, Method::POST | Method::PUT) {
        request = request.json(&json!({}));
    }
    let response = request.send().await.unwrap();
    // A live-update stream has no end to wait for.
    if response.status() == 200 && path.ends_with("/events") {
        return (200, Value::Null);
    }
    answer(response).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_and_no_wrong_role_gets_in_anywhere() {
    let service = Service::start().await;
    let request = service.post("", &format!("{T}/requests"), &need()).await.1;
    let patient = request["access_token"].as_str().unwrap().to_owned();
    let doctor = service.doctor();
    for (method, path, roles, anonymous, _) in operations(&service).await {
        let (status, problem) = call(&service, &method, &path, "").await;
        assert_eq!(status == 401, !anonymous, "{method} {path} without a token: {status} {problem}");
        let (status, problem) = call(&service, &method, &path, "demo-nobody").await;
        assert_eq!((status, &problem["type"]), (401, &json!("/problems/unauthorized")), "{method} {path}");
        for (role, token) in [
            ("operator", "demo-operator"),
            ("regulator", "demo-regulator"),
            ("coordinator", "demo-coordinator"),
            ("system", "demo-system"),
            ("practitioner", doctor.as_str()),
            ("patient", patient.as_str()),
        ] {
            let (status, problem) = call(&service, &method, &path, token).await;
            let listed = roles.iter().any(|known| known == role);
            assert_eq!(status == 403, !listed, "{method} {path} as {role}: {status} {problem}");
            assert_ne!(status, 500, "{method} {path} as {role}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_reaches_their_own_request_and_no_other() {
    let service = Service::start().await;
    let (status, mine) = service.post("", &format!("{T}/requests"), &need()).await;
    assert_eq!(status, 201, "{mine}");
    let other = service.post("", &format!("{T}/requests"), &need()).await.1;
    let bearer = mine["access_token"].as_str().unwrap();
    assert!(mine["status_link"].as_str().unwrap().ends_with(bearer));
    assert_eq!((mine["state"].as_str(), mine["offers"].as_array().map(Vec::len)), (Some("incomplete"), Some(0)));

    let path = |request: &Value, what: &str| format!("{T}/requests/{}{what}", request["id"].as_str().unwrap());
    let (status, seen) = service.get(bearer, &path(&mine, "")).await;
    assert_eq!(status, 200);
    assert!(seen["history"].as_array().is_some_and(|history| !history.is_empty()));
    assert!(seen["access_token"].is_null(), "the bearer is given once");
    assert_eq!(service.get(bearer, &path(&other, "")).await.0, 404);
    let cancel = json!({"reason": "plus besoin"});
    assert_eq!(service.post(bearer, &path(&other, "/cancel"), &cancel).await.0, 404);
    assert_eq!(service.post(bearer, &path(&mine, "/cancel"), &cancel).await.0, 200);
    let elsewhere = path(&mine, "").replace("weppes", "alaric");
    assert_eq!(service.get(bearer, &elsewhere).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_regulation_decides_a_level() {
    let service = Service::start().await;
    let mut body = need();
    body["level"] = json!("h24");
    let (status, problem) = service.post("", &format!("{T}/requests"), &body).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (403, &json!("/level")), "{problem}");
    body["channel"] = json!("operator");
    assert_eq!(service.post("", &format!("{T}/requests"), &body).await.0, 401);

    let request = service.enter("same_day").await;
    let level = format!("{T}/requests/{}/level", request["id"].as_str().unwrap());
    let lower = json!({"level": "h48", "reason": "mieux"});
    let (status, problem) = service.post("demo-operator", &level, &lower).await;
    assert_eq!((status, &problem["type"]), (403, &json!("/problems/lowering-needs-regulator")), "{problem}");
    let (status, lowered) = service.post("demo-regulator", &level, &lower).await;
    assert_eq!((status, &lowered["triage"]["final"]), (200, &json!("h48")), "{lowered}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pages_session_ends_and_then_stands_in_nobodys_way() {
    let service = Service::start().await;
    let identity = Identity::new(SigningKey::new([9; 32]), [], true);
    let operator = identity.demo_person(Role::Operator, None).unwrap();
    let set = identity.sign_in(&operator, &"weppes".parse().unwrap(), service.desk.now(), false);
    let cookie = set.split(';').next().unwrap();
    let (status, _) = service.get("", &format!("{T}/requests")).await;
    assert_eq!(status, 401);
    let board = service.request(Method::GET, &format!("{T}/requests"), "").header("Cookie", cookie);
    assert_eq!(board.send().await.unwrap().status(), 200);
    service.desk.clock.advance(chrono::TimeDelta::hours(13));
    let over = service.request(Method::GET, &format!("{T}/requests"), "").header("Cookie", cookie);
    assert_eq!(over.send().await.unwrap().status(), 401);
    let widget = service.request(Method::POST, &format!("{T}/requests"), "").header("Cookie", cookie).json(&need());
    assert_eq!(widget.send().await.unwrap().status(), 201, "an old session stands in no patient's way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pages_session_changes_nothing_when_another_site_calls() {
    let service = Service::start().await;
    let identity = Identity::new(SigningKey::new([9; 32]), [], true);
    let operator = identity.demo_person(Role::Operator, None).unwrap();
    let set = identity.sign_in(&operator, &"weppes".parse().unwrap(), service.desk.now(), false);
    let cookie = set.split(';').next().unwrap();
    let mut body = need();
    body["channel"] = json!("operator");
    let post = |name: &'static str, value: String| {
        let request = service.request(Method::POST, &format!("{T}/requests"), "").header("Cookie", cookie);
        request.header(name, value).json(&body).send()
    };
    assert_eq!(post("Sec-Fetch-Site", "cross-site".to_owned()).await.unwrap().status(), 403);
    assert_eq!(post("Origin", "https://example.org".to_owned()).await.unwrap().status(), 403);
    assert_eq!(post("X-Nothing", "x".to_owned()).await.unwrap().status(), 403);
    assert_eq!(post("Sec-Fetch-Site", "same-origin".to_owned()).await.unwrap().status(), 201);
    assert_eq!(post("Origin", format!("http://{}", service.address)).await.unwrap().status(), 201);
}
