//! Triage through the API: question by question to a level, and the 15 at once where a red flag is yes.

use serde_json::{Value, json};

use crate::support::service::{Service, T, need};

/// A call as `assess` takes it.
fn call(complaint: &str, age: u8, answers: &Value) -> Value {
    json!({"patient": {"age_years": age, "sex": "F"}, "complaint": complaint, "answers": answers})
}

/// Asks whatever is due and hears `said`, else no: the last answer, and the names of what was asked.
async fn asked_through(service: &Service, complaint: &str, age: u8, said: &Value) -> (Value, Vec<String>) {
    asked_through_from(service, complaint, age, json!({}), said).await
}

/// The same, where something was answered before.
async fn asked_through_from(
    service: &Service,
    complaint: &str,
    age: u8,
    mut answers: Value,
    said: &Value,
) -> (Value, Vec<String>) {
    let mut asked = Vec::new();
    loop {
        let (status, triage) =
            service.post("demo-operator", &format!("{T}/triage/assess"), &call(complaint, age, &answers)).await;
        assert_eq!(status, 200, "{triage}");
        let Some(next) = triage["must_ask"].get(0) else { return (triage, asked) };
        let name = next["id"].as_str().unwrap().to_owned();
        answers[&name] = said.get(&name).cloned().unwrap_or_else(|| json!("no"));
        asked.push(name);
        assert!(asked.len() < 100, "asking comes to an end: {asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_call_comes_to_a_level_by_few_questions_with_every_reason() {
    let service = Service::start().await;
    let (triage, asked) = asked_through(&service, "mal_de_gorge", 30, &json!({})).await;
    assert_eq!((&triage["status"], &triage["recommended"]), (&json!("decided"), &json!("h48")), "{triage}");
    assert!(asked.len() <= 12, "{asked:?}");
    assert!(asked[0].starts_with("signes_vitaux."), "the general questions first: {asked:?}");
    let explanation = triage["explanation"].as_array().unwrap();
    assert!(explanation.iter().any(|one| one["decides"] == json!(true) && one["level"] == json!("h48")));
    assert!(triage["safety_net"].as_str().unwrap().contains("15"));
    // A pharmacist would do, if the rest is denied as well.
    assert!(!triage["may_ask"].as_array().unwrap().is_empty());
    assert_eq!(triage["care_need"]["profession"], "10");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_red_flag_stops_at_once_and_one_nobody_knows_is_for_the_regulateur() {
    let service = Service::start().await;
    let said = json!({"signes_vitaux.souffle_poitrine": "yes", "signes_vitaux.thorax": "yes"});
    let (stopped, asked) = asked_through(&service, "lombalgie", 58, &said).await;
    assert_eq!((&stopped["status"], &stopped["final"]), (&json!("stopped"), &json!("immediate")), "{stopped}");
    assert!(asked.len() <= 6, "nothing more is asked: {asked:?}");
    let said = json!({"mal_de_gorge.abces": "unknown", "mal_de_gorge.trismus": "unknown"});
    let (open, _) = asked_through(&service, "mal_de_gorge", 30, &said).await;
    assert_eq!(
        (&open["status"], &open["recommended"], &open["regulation_required"]),
        (&json!("decided"), &json!("same_day"), &json!(true)),
        "{open}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_triaged_as_it_comes_in_and_again_with_every_answer() {
    let service = Service::start().await;
    service.desk.publish(60, 1).await;
    let mut body = need();
    body["complaint"] = "mal_de_gorge".into();
    let (status, request) = service.post("demo-operator", &format!("{T}/requests"), &body).await;
    assert_eq!((status, &request["state"]), (201, &json!("incomplete")), "{request}");
    let path = format!("{T}/requests/{}", request["id"].as_str().unwrap());
    let hold = json!({"slot_id": "00000000-0000-0000-0000-000000000001", "hold_id": "h-1"});
    assert!(
        service.post("demo-operator", &format!("{path}/hold"), &hold).await.0 >= 400,
        "nobody books before a level"
    );
    let mut request = request;
    for _ in 0..30 {
        let Some(next) = request["triage"]["must_ask"].get(0) else { break };
        let answer = json!({"answers": {next["id"].as_str().unwrap(): "no"}});
        request = service.post("demo-operator", &format!("{path}/answers"), &answer).await.1;
    }
    assert_eq!((&request["state"], &request["triage"]["decided_by"]), (&json!("open"), &json!("engine")), "{request}");
    assert!(request["deadline"].is_string() && !request["offers"].as_array().unwrap().is_empty());
    // A red flag that comes late stops all the same, and nothing lowers it again.
    let late = json!({"answers": {"mal_de_gorge.gene": "yes"}});
    let stopped = service.post("demo-operator", &format!("{path}/answers"), &late).await.1;
    assert_eq!(
        (&stopped["triage"]["status"], &stopped["triage"]["final"], &stopped["offers"]),
        (&json!("stopped"), &json!("immediate"), &json!([]))
    );
    let again = json!({"answers": {"mal_de_gorge.gene": "no"}});
    let still = service.post("demo-operator", &format!("{path}/answers"), &again).await.1;
    assert_eq!(still["triage"]["final"], "immediate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_level_stands_unless_a_red_flag_is_yes() {
    let service = Service::start().await;
    let mut body = need();
    body["level"] = "h24".into();
    body["complaint"] = "mal_de_gorge".into();
    body["answers"] = json!({"mal_de_gorge.etat_general": "no"});
    let request = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    assert_eq!(
        (&request["triage"]["status"], &request["triage"]["final"], &request["triage"]["decided_by"]),
        (&json!("decided"), &json!("h24"), &json!("regulation"))
    );
    body["answers"] = json!({"mal_de_gorge.gene": "yes"});
    let request = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    assert_eq!((&request["triage"]["status"], &request["triage"]["final"]), (&json!("stopped"), &json!("immediate")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_or_a_flag_the_pack_has_not_is_refused_by_name_and_a_question_it_has_not_is_for_the_regulateur() {
    let service = Service::start().await;
    let mut body = call("mal_de_gorge", 30, &json!({"licorne.corne": "no"}));
    body["flags"] = json!({"licorne": "yes"});
    let (status, problem) = service.post("demo-operator", &format!("{T}/triage/assess"), &body).await;
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    assert_eq!((status, pointers), (400, vec!["/answers/licorne.corne", "/flags/licorne"]), "{problem}");
    let said = json!({"mal_de_gorge.asked_elsewhere": "yes"});
    let (open, _) = asked_through_from(&service, "mal_de_gorge", 30, said, &json!({})).await;
    assert_eq!((&open["status"], &open["regulation_required"]), (&json!("decided"), &json!(true)), "{open}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_past_its_time_makes_no_new_evaluation_and_every_level_is_the_regulations() {
    let service = Service::start().await;
    let left = service.desk.booking.pack.valid_to - service.desk.now();
    let assess = call("mal_de_gorge", 30, &json!({}));
    service.desk.clock.advance(left);
    assert_eq!(service.post("demo-operator", &format!("{T}/triage/assess"), &assess).await.0, 200);
    service.desk.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(service.post("demo-operator", &format!("{T}/triage/assess"), &assess).await.0, 404);
    let mut body = need();
    body["channel"] = "operator".into();
    let request = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    assert_eq!(
        (&request["state"], &request["triage"]["recommended"]),
        (&json!("incomplete"), &json!(null)),
        "{request}"
    );
    body["level"] = "h24".into();
    let request = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    assert_eq!(
        (&request["state"], &request["triage"]["decided_by"]),
        (&json!("open"), &json!("regulation")),
        "{request}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_words_open_complaints_and_force_questions() {
    let service = Service::start().await;
    let ask = async |text: &str| {
        service.post("demo-operator", &format!("{T}/triage/suggest"), &json!({"text": text})).await.1
    };
    let heard = ask("oppression poitrine 58 ans").await;
    assert_eq!(heard["complaints"][0]["id"], "douleur_thoracique", "{heard}");
    let forced = heard["forced_questions"].as_array().unwrap();
    assert!(forced.iter().any(|one| one["id"] == "signes_vitaux.thorax" && one["denied"] == json!(false)), "{heard}");
    assert_eq!(ask("").await, json!({"complaints": [], "forced_questions": []}));
}
