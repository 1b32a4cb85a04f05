//! What the medical regulation does with a request: evaluations that grow old, people who call again, the régulateur's queue,
//! levels looked at afterwards, and what is proposed to the 15.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::service::{Service, T, need};

fn path(request: &Value, what: &str) -> String {
    format!("{T}/requests/{}{what}", request["id"].as_str().unwrap())
}

/// The sore throat of a woman of thirty, as the widget enters it.
fn throat() -> Value {
    let mut body = need();
    body["complaint"] = "mal_de_gorge".into();
    body["patient"] = json!({"age_years": 30, "sex": "F"});
    body
}

/// The same, entered without answers.
async fn sore_throat(service: &Service) -> Value {
    service.post("demo-operator", &format!("{T}/requests"), &throat()).await.1
}

/// Answers whatever is due as `said` has it, else by no.
async fn answered(service: &Service, mut request: Value, said: &Value) -> Value {
    for _ in 0..60 {
        let Some(next) = request["triage"]["must_ask"].get(0) else { break };
        let name = next["id"].as_str().unwrap();
        let answer = said.get(name).cloned().unwrap_or_else(|| json!("no"));
        request =
            service.post("demo-operator", &path(&request, "/answers"), &json!({"answers": {name: answer}})).await.1;
    }
    request
}

async fn queue(service: &Service) -> Value {
    let (status, queue) = service.get("demo-regulator", &format!("{T}/regulation/queue")).await;
    assert_eq!(status, 200, "{queue}");
    queue
}

/// Codes of why a request stands in a list of the queue; empty where it does not.
fn why(queue: &Value, list: &str, request: &Value) -> Vec<String> {
    let rows = queue[list].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == request["id"]);
    let reasons = row.and_then(|row| row["for_regulator"].as_array().cloned()).unwrap_or_default();
    reasons.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_that_has_grown_old_is_confirmed_before_a_place_is_held() {
    let service = Service::start().await;
    let slot = service.desk.publish(24 * 60, 2).await;
    let request = answered(&service, sore_throat(&service).await, &json!({})).await;
    assert_eq!((&request["state"], &request["triage"]["final"]), (&json!("open"), &json!("h48")), "{request}");
    let hold = |name: &str| json!({"slot_id": slot.to_string(), "hold_id": name});
    // Held in time, it may be booked a moment after its end.
    service.desk.clock.advance(TimeDelta::hours(8) - TimeDelta::minutes(1));
    assert_eq!(service.post("demo-operator", &path(&request, "/hold"), &hold("h-1")).await.0, 200);
    service.desk.clock.advance(TimeDelta::minutes(2));
    let released = service.post("demo-operator", &path(&request, "/release"), &json!({"hold_id": "h-1"})).await;
    assert_eq!(released.0, 200);
    let (status, problem) = service.post("demo-operator", &path(&request, "/hold"), &hold("h-2")).await;
    assert_eq!((status, &problem["type"]), (422, &json!("/problems/evaluation-over")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("nouveau"), "says what to do: {problem}");
    // Nothing is new: said so, the same place is held; the deadline is the one of the first call.
    let confirmed = service.post("demo-operator", &path(&request, "/answers"), &json!({"answers": {}})).await.1;
    assert_eq!(confirmed["deadline"], request["deadline"], "{confirmed}");
    assert_eq!(service.post("demo-operator", &path(&request, "/hold"), &hold("h-2")).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_calls_again_within_a_day_is_triaged_as_a_second_contact() {
    let service = Service::start().await;
    let mut body = throat();
    body["channel"] = "operator".into();
    body["regulation_reference"] = "SAMU59-2026-000123".into();
    let first = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    assert_eq!(first["follows"], Value::Null);
    let first = answered(&service, first, &json!({})).await;
    assert_eq!(first["triage"]["final"], "h48");
    service.desk.clock.advance(TimeDelta::hours(20));
    let second = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    assert_eq!(second["follows"], first["id"], "{second}");
    let second = answered(&service, second, &json!({})).await;
    assert_eq!(second["triage"]["final"], "h24", "one level more urgent: {second}");
    let said = second["triage"]["explanation"].as_array().unwrap();
    assert!(said.iter().any(|one| one["code"].as_str().unwrap().contains("second_contact")), "{second}");
    // Another file, another person; and two days later it is a new story.
    body["regulation_reference"] = "SAMU59-2026-000124".into();
    let other = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    assert_eq!(other["follows"], Value::Null);
    service.desk.clock.advance(TimeDelta::hours(25));
    body["regulation_reference"] = "SAMU59-2026-000123".into();
    let later = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    assert_eq!(later["follows"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_contact_is_known_by_birth_sex_and_commune_and_a_corrected_form_is_none() {
    let service = Service::start().await;
    let mut body = throat();
    body["channel"] = "operator".into();
    body["patient"] = json!({"birth_date": "1984-02-29", "sex": "F"});
    let first = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    service.desk.clock.advance(TimeDelta::minutes(2));
    let reason = json!({"reason": "Saisie corrigée"});
    assert_eq!(service.post("demo-operator", &path(&first, "/cancel"), &reason).await.0, 200);
    let corrected = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    assert_eq!(corrected["follows"], Value::Null, "the form was corrected");
    service.desk.clock.advance(TimeDelta::hours(3));
    let again = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    assert_eq!(again["follows"], corrected["id"]);
    // Whoever knows a birth date learns nothing from the widget.
    body["channel"] = "widget".into();
    let stranger = service.post("", &format!("{T}/requests"), &body).await.1;
    assert_eq!((stranger["state"].is_string(), &stranger["follows"]), (true, &Value::Null), "{stranger}");
    body["channel"] = "operator".into();
    body["patient"]["birth_date"] = "1984-03-01".into();
    let somebody = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    assert_eq!(somebody["follows"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_regulateur_sees_who_waits_for_them_and_why_until_they_have_agreed() {
    let service = Service::start().await;
    let slot = service.desk.publish(120, 1).await;
    let doubtful = json!({"mal_de_gorge.abces": "unknown", "mal_de_gorge.trismus": "unknown"});
    let request = answered(&service, sore_throat(&service).await, &doubtful).await;
    assert_eq!(request["triage"]["regulation_required"], true, "{request}");
    let plain = service.enter("h48").await;
    let before = queue(&service).await;
    assert_eq!(why(&before, "items", &request), ["regulation_required"], "{before}");
    let row = before["items"].as_array().unwrap().iter().find(|row| row["id"] == request["id"]).unwrap();
    let text = row["for_regulator"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("Signe d'alerte non écarté"), "names what is not known: {text}");
    assert!(why(&before, "items", &plain).is_empty());
    let hold = json!({"slot_id": slot.to_string(), "hold_id": "h-1"});
    let refused = service.post("demo-operator", &path(&request, "/hold"), &hold).await.1;
    assert_eq!(refused["type"], "/problems/regulation-required");
    let agreed = json!({"reason": "Vu, pas de trismus"});
    assert_eq!(service.post("demo-operator", &path(&request, "/agreement"), &agreed).await.0, 403);
    assert_eq!(service.post("demo-regulator", &path(&request, "/agreement"), &agreed).await.0, 200);
    assert!(why(&queue(&service).await, "items", &request).is_empty());
    assert_eq!(service.post("demo-operator", &path(&request, "/hold"), &hold).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_the_regulateur_had_not_seen_ends_their_agreement() {
    let service = Service::start().await;
    let slot = service.desk.publish(120, 1).await;
    let doubtful = json!({"mal_de_gorge.abces": "unknown", "mal_de_gorge.trismus": "unknown"});
    let request = answered(&service, sore_throat(&service).await, &doubtful).await;
    let agreed = json!({"reason": "Vu"});
    let agree = async || service.post("demo-regulator", &path(&request, "/agreement"), &agreed).await.0;
    let say = async |answers: Value| {
        service.post("demo-operator", &path(&request, "/answers"), &json!({ "answers": answers })).await.1
    };
    assert_eq!(agree().await, 200);
    // The same said again is nothing new.
    say(json!({"mal_de_gorge.trismus": "unknown"})).await;
    assert!(why(&queue(&service).await, "items", &request).is_empty());
    let doubt = say(json!({"mal_de_gorge.cou": "unknown"})).await;
    assert_eq!(doubt["triage"]["final"], request["triage"]["final"], "no level to raise: {doubt}");
    assert_eq!(why(&queue(&service).await, "items", &request), ["regulation_required"; 2], "each sign is named");
    let hold = json!({"slot_id": slot.to_string(), "hold_id": "h-1"});
    let refused = service.post("demo-operator", &path(&request, "/hold"), &hold).await.1;
    assert_eq!(refused["type"], "/problems/regulation-required", "{refused}");
    assert_eq!(agree().await, 200);
    assert_eq!(service.post("demo-operator", &path(&request, "/hold"), &hold).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_open_again_are_listed_and_asking_them_is_enough() {
    let service = Service::start().await;
    let slot = service.desk.publish(120, 1).await;
    let mut body = throat();
    body["complaint"] = "lombalgie".into();
    let entered = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    let decided = answered(&service, entered, &json!({})).await;
    assert_eq!((&decided["state"], &decided["triage"]["must_ask"]), (&json!("open"), &json!([])), "{decided}");
    assert_eq!(decided["triage"]["regulation_required"], false, "{decided}");
    // Somebody who is pregnant is asked more.
    let body = json!({"answers": {}, "flags": {"pregnant": "yes"}});
    let open = service.post("demo-operator", &path(&decided, "/answers"), &body).await.1;
    assert!(!open["triage"]["must_ask"].as_array().unwrap().is_empty(), "{open}");
    assert_eq!(open["triage"]["regulation_required"], true, "{open}");
    let hold = json!({"slot_id": slot.to_string(), "hold_id": "h-1"});
    assert_ne!(service.post("demo-operator", &path(&open, "/hold"), &hold).await.0, 200);
    let asked = answered(&service, open, &json!({})).await;
    assert_eq!(asked["triage"]["must_ask"], json!([]), "{asked}");
    assert_eq!(asked["triage"]["regulation_required"], false, "nothing is left to ask: {asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_too_late_since_the_level_was_raised_is_in_the_queue() {
    let service = Service::start().await;
    let slot = service.desk.publish(24 * 60, 1).await;
    let request = service.enter("h48").await;
    let hold = json!({"slot_id": slot.to_string(), "hold_id": "h-1"});
    assert_eq!(service.post("demo-operator", &path(&request, "/hold"), &hold).await.0, 200);
    let patient =
        json!({"hold_id": "h-1", "patient": {"first_name": "Alix", "last_name": "Fictive", "phone": "+33639980001"}});
    assert_eq!(service.post("demo-operator", &path(&request, "/confirm"), &patient).await.0, 201);
    assert!(why(&queue(&service).await, "items", &request).is_empty());
    let raise = json!({"level": "same_day", "reason": "Rappelle : plus mal"});
    let (status, raised) = service.post("demo-operator", &path(&request, "/level"), &raise).await;
    assert_eq!((status, &raised["for_regulator"][0]["code"]), (200, &json!("booked_too_late")), "{raised}");
    assert_eq!(why(&queue(&service).await, "items", &request), ["booked_too_late"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_not_handed_over_and_a_patient_without_a_place_in_time_are_in_the_queue() {
    let service = Service::start().await;
    let urgent = service.enter("immediate").await;
    let nowhere = service.enter("same_day").await;
    service.desk.booking.offer_to_those_without().await.unwrap();
    let waiting = queue(&service).await;
    assert_eq!(why(&waiting, "items", &urgent), ["emergency"], "{waiting}");
    assert_eq!(why(&waiting, "items", &nowhere), ["no_place_in_time"], "{waiting}");
    assert_eq!(waiting["items"][0]["id"], urgent["id"], "emergencies first");
    service.desk.clock.advance(TimeDelta::hours(7));
    assert_eq!(why(&queue(&service).await, "items", &nowhere), ["overdue"]);
    let handed = service.post("demo-operator", &path(&urgent, "/handover"), &json!({"to": "15"})).await;
    assert_eq!(handed.0, 200);
    assert!(why(&queue(&service).await, "items", &urgent).is_empty());
    for token in ["demo-coordinator", "demo-system", ""] {
        let (status, _) = service.get(token, &format!("{T}/regulation/queue")).await;
        assert!(matches!(status, 401 | 403), "{token}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_level_below_what_triage_recommends_is_looked_at_by_somebody_else() {
    let service = Service::start().await;
    let mut body = need();
    body["complaint"] = "douleur_abdominale".into();
    body["level"] = "h48".into();
    let mut answers = json!({});
    loop {
        let call = json!({"patient": body["patient"], "complaint": body["complaint"], "answers": answers});
        let assessed = service.post("demo-operator", &format!("{T}/triage/assess"), &call).await.1;
        let Some(next) = assessed["must_ask"].get(0) else { break };
        let no = if next["kind"] == "number" { json!("unknown") } else { json!("no") };
        answers[next["id"].as_str().unwrap()] = no;
    }
    body["answers"] = answers;
    let declared = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    assert_eq!(declared["triage"]["decided_by"], "regulation", "{declared}");
    assert_ne!(declared["triage"]["recommended"], declared["triage"]["final"], "{declared}");
    assert_eq!(why(&queue(&service).await, "reviews", &declared), ["review_declared_lower"]);
    let verdict = json!({"verdict": "too_low", "reason": "Douleur de plus de 24 heures"});
    assert_eq!(service.post("demo-operator", &path(&declared, "/review"), &verdict).await.0, 403);
    let (status, reviewed) = service.post("demo-regulator", &path(&declared, "/review"), &verdict).await;
    assert_eq!((status, &reviewed["review"]["verdict"]), (200, &json!("too_low")), "{reviewed}");
    assert_eq!(reviewed["triage"]["final"], "h48", "a review changes nothing of the request");
    assert!(why(&queue(&service).await, "reviews", &declared).is_empty());
    let bad = service.post("demo-regulator", &path(&declared, "/review"), &json!({"verdict": "maybe"})).await;
    assert_eq!((bad.0, &bad.1["errors"][0]["pointer"]), (400, &json!("/verdict")));
    // Nobody looks at a level of their own.
    let level = json!({"level": "h24", "reason": "Rappelé"});
    assert_eq!(service.post("demo-regulator", &path(&declared, "/level"), &level).await.0, 200);
    assert_eq!(service.post("demo-regulator", &path(&declared, "/review"), &verdict).await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_15_is_told_what_is_known_and_codes_are_proposed_never_decided() {
    let service = Service::start().await;
    let call = json!({
        "patient": {"age_years": 58, "sex": "F"}, "complaint": "douleur_thoracique",
        "answers": {"signes_vitaux.thorax": "yes"}, "flags": {"anticoagulant": "yes"},
    });
    let stopped = service.post("demo-operator", &format!("{T}/triage/assess"), &call).await.1;
    assert_eq!(stopped["status"], "stopped", "{stopped}");
    let said: Vec<&str> = stopped["handover"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!((said[0], said[1]), ("Patiente de 58 ans.", "Motif : Douleur thoracique."));
    // What was not asked yet is no sign.
    assert!(said[2].starts_with("Signe d'alerte : ") && !said[2].contains(';'), "{said:?}");
    assert_eq!(said[3], "Terrain : Anticoagulant ou trouble de la coagulation.");
    let codes = &stopped["hub_proposal"];
    assert_eq!((&codes["motif"], &codes["pathway"]), (&json!("M03.06"), &json!("AMU")), "{codes}");
    assert!(["P0", "P1"].contains(&codes["priority"].as_str().unwrap()));
    let request = answered(&service, sore_throat(&service).await, &json!({})).await;
    let codes = &request["triage"]["hub_proposal"];
    let expected = json!({"motif": "M03.14", "pathway": "SNP", "priority": "P3", "care_level": "R3"});
    assert_eq!(*codes, expected);
    let open = sore_throat(&service).await;
    assert_eq!(open["triage"]["hub_proposal"], Value::Null, "nothing is proposed before the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_that_could_raise_the_level_are_offered_as_questions_once_nothing_is_due() {
    let service = Service::start().await;
    let mut request = answered(&service, sore_throat(&service).await, &json!({})).await;
    let asked = |request: &Value| -> Vec<String> {
        let questions = request["triage"]["may_ask"].as_array().cloned().unwrap_or_default();
        questions.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert!(asked(&request).contains(&"flag.immunosuppressed".to_owned()), "{request}");
    for _ in 0..40 {
        let Some(next) = asked(&request).first().cloned() else { break };
        let body = match next.strip_prefix("flag.") {
            Some(flag) => json!({"answers": {}, "flags": {flag: "no"}}),
            None => json!({"answers": {next: "no"}}),
        };
        request = service.post("demo-operator", &path(&request, "/answers"), &body).await.1;
    }
    assert!(asked(&request).is_empty(), "{request}");
    // Everything denied in so many words, the pharmacist will do.
    assert_eq!(request["triage"]["care_need"]["profession"], "21", "{request}");
    // A man of eighty is asked neither about pregnancy nor about childbirth.
    let mut body = throat();
    body["patient"] = json!({"age_years": 80, "sex": "M"});
    let old = service.post("demo-operator", &format!("{T}/requests"), &body).await.1;
    let old = answered(&service, old, &json!({})).await;
    assert!(!asked(&old).iter().any(|name| name.contains("preg") || name.contains("partum")), "{old}");
}
