//! Bad input: every fault at once, each with its pointer; nothing half done.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::service::{Service, T, answer, need};

fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().map_or(Vec::new(), |all| all.iter().map(|e| e["pointer"].as_str().unwrap()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_request_is_named_at_once() {
    let service = Service::start().await;
    let body = json!({
        "patient": {"birth_date": "2025-02-29", "sex": "X"}, "place": {"commune": "59000"}, "complaint": "inconnu",
        "answers": {"fievre": "oui"}, "channel": "operator", "colour": "red",
        "constraints": {"max_travel_minutes": 0},
    });
    let (status, problem) = service.post("demo-operator", &format!("{T}/requests"), &body).await;
    assert_eq!((status, &problem["type"]), (400, &json!("/problems/invalid-request")));
    let expected = [
        "/patient/birth_date",
        "/patient/sex",
        "/place/commune",
        "/complaint",
        "/answers/fievre",
        "/constraints/max_travel_minutes",
        "/colour",
    ];
    assert_eq!(pointers(&problem), expected, "{problem}");
    let board = service.get("demo-operator", &format!("{T}/requests")).await.1;
    assert_eq!(board["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_item_refuses_the_whole_call_and_changes_nothing() {
    let service = Service::start().await;
    let slot = |end: &str| {
        json!({
            "rpps": service.desk.doctor.to_string(), "location_id": "cabinet", "modality": "AMB", "capacity": 1,
            "start": "2026-11-24T10:00:00+01:00", "end": end, "audience": ["PUBLIC"],
        })
    };
    let mut odd = slot("2026-11-24T12:00:00+01:00");
    odd["capacity"] = json!(0);
    odd["audience"] = json!([]);
    odd["duration_minutes"] = json!(15);
    let slots = json!({"slots": [slot("2026-11-24T10:15:00+01:00"), slot("2026-11-24T09:15:00+01:00"), odd,
        slot("2026-11-24T11:00:00")]});
    let (status, problem) = service.post(&service.doctor(), &format!("{T}/slots"), &slots).await;
    let expected = ["/slots/1/end", "/slots/2/end", "/slots/2/audience", "/slots/2/capacity", "/slots/3/end"];
    assert_eq!((status, pointers(&problem)), (400, expected.to_vec()), "{problem}");
    assert_eq!(service.get("demo-operator", &format!("{T}/slots")).await.1["items"], json!([]));

    let many: Vec<_> = (0..501).map(|_| slot("2026-11-24T10:15:00+01:00")).collect();
    let (status, problem) = service.post(&service.doctor(), &format!("{T}/slots"), &json!({"slots": many})).await;
    assert_eq!((status, pointers(&problem)), (400, vec!["/slots"]));

    let mut foreign = slot("2026-11-24T10:15:00+01:00");
    foreign["rpps"] = json!("10999999999");
    let (status, problem) = service.post(&service.doctor(), &format!("{T}/slots"), &json!({"slots": [foreign]})).await;
    assert_eq!((status, pointers(&problem)), (403, vec!["/slots/0/rpps"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_json_too_large_or_of_another_kind_is_told_apart() {
    let service = Service::start().await;
    let post = |kind: &'static str, body: Vec<u8>| {
        let request = service.request(Method::POST, &format!("{T}/requests"), "demo-operator");
        request.header("Content-Type", kind).body(body).send()
    };
    let (status, problem) = answer(post("application/json", b"{\"a\": 1,,}".to_vec()).await.unwrap()).await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().contains("ligne 1, colonne 9"), "{problem}");
    assert_eq!(post("text/plain", b"{}".to_vec()).await.unwrap().status(), 415);
    assert_eq!(post("application/json", b"[]".to_vec()).await.unwrap().status(), 400);
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    assert_eq!(post("application/json", deep).await.unwrap().status(), 400);
    let (status, problem) = answer(post("application/json", vec![b' '; 2_000_000]).await.unwrap()).await;
    assert_eq!((status, &problem["type"]), (413, &json!("/problems/body-too-large")));
    assert!(problem["limit_bytes"].is_number());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_keys_parameters_identifiers_and_methods_have_their_problems() {
    let service = Service::start().await;
    let requests = format!("{T}/requests");
    for key in ["", "é", "a b", &"k".repeat(256)] {
        let sent = service.request(Method::POST, &requests, "").header("Idempotency-Key", key.as_bytes()).json(&need());
        assert_eq!(sent.send().await.unwrap().status(), 400, "{key}");
    }
    let (status, problem) =
        service.get("demo-operator", &format!("{requests}?limit=1001&page=2&cursor=x&state=lost")).await;
    assert_eq!((status, pointers(&problem)), (400, vec!["/limit", "/cursor", "/state", "/page"]), "{problem}");
    for path in ["/requests/42", "/requests/01890a5d-ac96-774b-bcce-b302099a8057", "/appointments/x", "/nothing"] {
        let (status, problem) = service.get("demo-operator", &format!("{T}{path}")).await;
        assert_eq!((status, &problem["type"]), (404, &json!("/problems/not-found")), "{path}");
    }
    assert_eq!(service.get("demo-operator", "/api/v1/territories/nowhere/slots").await.0, 404);
    let put = service.request(Method::PUT, &requests, "demo-operator").json(&json!({})).send().await.unwrap();
    assert_eq!(answer(put).await.1["type"], "/problems/method-not-allowed");
    let page = service.request(Method::GET, "/problems/slot-taken", "").send().await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert!(page.headers().contains_key("x-request-id") && !page.headers().contains_key("server"));
}

/// Whatever the document says a body may hold, its reader knows; whatever it says must be there, its reader asks for.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_read_as_the_document_describes_them() {
    let service = Service::start().await;
    let document = service.get("", "/api/openapi.json").await.1;
    let request = service.enter("h24").await;
    let id = request["id"].as_str().unwrap();
    let items = document["paths"].as_object().unwrap().iter();
    for ((path, item), method) in items.flat_map(|item| [(item, "post"), (item, "put")]) {
        let Some(reference) = item[method]["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str()
        else {
            continue;
        };
        let schema = document.pointer(&reference[1..]).unwrap();
        let roles = item[method]["x-roles"].to_string();
        let token = match roles.as_str() {
            roles if roles.contains("regulator") => "demo-regulator".to_owned(),
            roles if roles.contains("coordinator") => "demo-coordinator".to_owned(),
            _ => service.doctor(),
        };
        let of_whom = if path.contains("/mt/places/") { service.desk.doctor.to_string() } else { id.to_owned() };
        let path = path.replace("{territory}", "weppes").replace("{id}", &of_whom);
        let method: Method = method.to_uppercase().parse().unwrap();
        let send = async |body: &Value| {
            answer(service.request(method.clone(), &path, &token).json(body).send().await.unwrap()).await
        };
        // Nothing is asked: there is nothing to misread.
        let Some(properties) = schema["properties"].as_object() else { continue };
        let known: Vec<_> = properties.keys().cloned().collect();
        let nonsense: Value =
            known.iter().map(|name| (name.clone(), json!([[[7]]]))).collect::<serde_json::Map<_, _>>().into();
        let (status, problem) = send(&nonsense).await;
        assert_eq!(status, 400, "{path} {problem}");
        assert!(!problem.to_string().contains("Champ inconnu"), "{path}: {problem}");

        let required = schema["required"].as_array().cloned().unwrap_or_default();
        if required.is_empty() {
            continue;
        }
        let (status, problem) = send(&json!({})).await;
        assert_eq!(status, 400, "{path}");
        let mut asked: Vec<_> = pointers(&problem).iter().map(|p| json!(p.trim_start_matches('/'))).collect();
        let mut required = required;
        asked.sort_by_key(ToString::to_string);
        required.sort_by_key(ToString::to_string);
        assert_eq!(asked, required, "{path}");
    }
}
