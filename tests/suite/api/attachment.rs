//! The way to a médecin traitant, over HTTP: from a registration in the widget to the declaration, and what is refused.

use aiguilleur::booking::Call;
use aiguilleur::domain::attachment::PlaceKind;
use aiguilleur::domain::decide::NewProposal;
use aiguilleur::domain::{Actor, ProposalId, Role};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::desk::WICRES;
use crate::support::service::{Service, T, answer};

/// Two people: one with a long-term illness, one of whom nothing is said but no.
fn household() -> Value {
    json!({
        "consent": true,
        "household": [
            {"first_name": "Alix", "last_name": "Fictive-Delmotte", "birth_date": "1961-03-04", "sex": "F", "ald": true,
             "c2s": false, "home_visit_needed": false},
            {"first_name": "Noé", "last_name": "Fictif-Delmotte", "birth_date": "1990-07-01", "sex": "M", "ald": false,
             "c2s": false, "home_visit_needed": false},
        ],
        "contact": {"phone": "06 39 98 00 01"},
        "place": {"commune": WICRES},
        "keep_together": true,
    })
}

async fn register(service: &Service, body: &Value) -> (u16, Value) {
    service.post("", &format!("{T}/mt/registrations"), body).await
}

async fn open(service: &Service, body: &Value) -> (u16, Value) {
    let path = format!("{T}/mt/places/{}", service.desk.doctor);
    answer(service.request(Method::PUT, &path, &service.doctor()).json(body).send().await.unwrap()).await
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// Proposes everybody of a household to the desk's doctor, as applying a run does.
async fn propose(service: &Service, registration: &Value) -> Result<String, String> {
    let call =
        Call { actor: Actor { role: Role::Coordinator, id: "demo".to_owned() }, key: None, fingerprint: [0; 16] };
    let members: Vec<usize> = (0..registration["household"].as_array().unwrap().len()).collect();
    let new = NewProposal {
        id: ProposalId::new(Uuid::now_v7()),
        registration: text(registration, "id").parse().unwrap(),
        places: vec![PlaceKind::General; members.len()],
        members,
        month: service.desk.booking.month(),
        practitioner: service.desk.doctor,
        run: None,
        travel_minutes: 7,
    };
    let proposed = service.desk.booking.propose(&call, new).await;
    proposed.map(|proposal| proposal.id.to_string()).map_err(|failure| failure.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_widget_to_the_declaration() {
    let service = Service::start().await;
    let (status, opened) = open(&service, &json!({"open_places": 2, "home_visits": false})).await;
    assert_eq!((status, &opened["left"], &opened["month"]), (200, &json!(2), &json!("2026-11")), "{opened}");
    let (status, mine) = register(&service, &household()).await;
    assert_eq!((status, &mine["state"], &mine["tier"]), (201, &json!("waiting"), &json!(1)), "{mine}");
    assert_eq!(mine["household"][1]["tier"], 4, "each counts in their own tier");
    let bearer = text(&mine, "access_token").to_owned();
    assert!(text(&mine, "status_link").ends_with(&bearer));
    let list = service.get("demo-coordinator", &format!("{T}/mt/registrations?state=waiting")).await.1;
    assert_eq!(list["items"][0]["id"], mine["id"]);
    assert!(list["items"][0]["access_token"].is_null(), "the bearer is given once");
    assert!(!list.to_string().contains("Delmotte"), "names are read one by one: {list}");

    let proposal = propose(&service, &mine).await.unwrap();
    let path = |what: &str| format!("{T}/mt/proposals/{proposal}{what}");
    let asked = service.get(&service.doctor(), &format!("{T}/mt/proposals?state=sent")).await.1;
    let seen = &asked["items"][0];
    assert_eq!((&seen["persons"][0]["age_band"], &seen["travel_minutes"]), (&json!("60-69"), &json!(7)), "{asked}");
    for secret in ["Alix", "Delmotte", "639980001", "1961", "\"ald\":true"] {
        assert!(!asked.to_string().contains(secret), "{secret} before the doctor accepted: {asked}");
    }
    for _ in 0..2 {
        let (status, accepted) = service.post(&service.doctor(), &path("/accept"), &json!({})).await;
        assert_eq!((status, &accepted["state"]), (200, &json!("accepted")), "{accepted}");
        assert_eq!(accepted["persons"][0]["last_name"], "Fictive-Delmotte", "{accepted}");
    }
    let own = format!("{T}/mt/registrations/{}", text(&mine, "id"));
    let (_, known) = service.get(&bearer, &own).await;
    assert_eq!(known["state"], "proposed_to_patient", "{known}");
    let (status, yes) = service.post(&bearer, &path("/patient-answer"), &json!({"answer": "yes"})).await;
    assert_eq!((status, &yes["state"]), (200, &json!("patient_yes")), "{yes}");
    for (milestone, state) in [("seen", "seen"), ("declared", "declared")] {
        let body = json!({"milestone": milestone});
        let (status, reached) = service.post(&service.doctor(), &format!("{own}/milestone"), &body).await;
        assert_eq!((status, &reached["state"]), (200, &json!(state)), "{reached}");
        assert!(!reached.to_string().contains("Delmotte"), "{reached}");
    }
    let (_, told) = service.get("demo-coordinator", &own).await;
    let kinds: Vec<_> = told["history"].as_array().unwrap().iter().map(|entry| text(entry, "kind")).collect();
    let expected = [
        "registration.created",
        "registration.proposed",
        "registration.accepted",
        "registration.agreed",
        "registration.reached",
        "registration.reached",
        "registration.read",
    ];
    assert_eq!((kinds, &told["household"][0]["first_name"]), (expected.to_vec(), &json!("Alix")));
    let audit = service.get("demo-coordinator", &format!("{T}/audit?limit=1000")).await.1.to_string();
    assert!(audit.contains("proposal.patient_yes") && audit.contains(text(&mine, "id")));
    for secret in ["Alix", "Delmotte", "639980001", "1961-03-04"] {
        assert!(!audit.contains(secret), "{secret} in the audit");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_said_never_makes_anybody_wait_longer() {
    let service = Service::start().await;
    let mut body = household();
    body["household"] = json!([{"first_name": "Lou", "last_name": "Fictif", "birth_date": "1990-07-01", "sex": "U"}]);
    let (status, silent) = register(&service, &body).await;
    assert_eq!((status, &silent["tier"], &silent["household"][0]["ald"]), (201, &json!(1), &Value::Null), "{silent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_down_without_consent_twice_or_for_a_child_alone() {
    let service = Service::start().await;
    for consent in [json!(false), Value::Null] {
        let mut body = household();
        body["consent"] = consent;
        let (status, problem) = register(&service, &body).await;
        assert_eq!((status, &problem["type"]), (422, &json!("/problems/consent-required")), "{problem}");
    }
    let mut child = household();
    child["household"] = json!([{"first_name": "Lou", "last_name": "Fictif", "birth_date": "2019-07-01", "sex": "F"}]);
    let (status, problem) = register(&service, &child).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (400, &json!("/contact")), "{problem}");
    child["contact"]["guardian"] = json!({"first_name": "Alix", "last_name": "Fictive"});
    assert_eq!(register(&service, &child).await.0, 201);

    assert_eq!(register(&service, &household()).await.0, 201);
    let mut again = household();
    // However it is spelt.
    again["household"][0]["last_name"] = json!("FICTIVE DELMOTTE");
    again["household"].as_array_mut().unwrap().pop();
    let (status, problem) = register(&service, &again).await;
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/already-registered")), "{problem}");
    let list = service.get("demo-coordinator", &format!("{T}/mt/registrations")).await.1;
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_keeps_the_place_on_the_list_and_a_link_opens_one_household() {
    let service = Service::start().await;
    let (_, mine) = register(&service, &household()).await;
    service.desk.clock.advance(TimeDelta::minutes(90));
    let bearer = text(&mine, "access_token").to_owned();
    let own = format!("{T}/mt/registrations/{}", text(&mine, "id"));
    let mut now = household();
    now.as_object_mut().unwrap().remove("consent");
    now["household"][0]["ald"] = json!(false);
    now["contact"]["phone"] = json!("06 39 98 00 02");
    let put = |body: Value| {
        let request = service.request(Method::PUT, &own, &bearer).json(&body);
        async { answer(request.send().await.unwrap()).await }
    };
    let (status, corrected) = put(now.clone()).await;
    assert_eq!((status, &corrected["tier"]), (200, &json!(4)), "{corrected}");
    assert_eq!(corrected["registered_at"], mine["registered_at"], "the seniority stays");
    assert_eq!(corrected["contact"]["phone"], "+33639980002");
    now["household"].as_array_mut().unwrap().pop();
    let (status, problem) = put(now).await;
    assert_eq!((status, &problem["type"]), (422, &json!("/problems/other-members")), "{problem}");

    let mut others = household();
    others["household"][0]["first_name"] = json!("Camille");
    others["household"][1]["first_name"] = json!("Sacha");
    let (_, other) = register(&service, &others).await;
    let foreign = format!("{T}/mt/registrations/{}", text(&other, "id"));
    assert_eq!(service.get(&bearer, &foreign).await.0, 404);
    let withdrawn = json!({"milestone": "withdrawn"});
    assert_eq!(service.post(&bearer, &format!("{foreign}/milestone"), &withdrawn).await.0, 404);
    // The link of a household opens no request, that of a request no household.
    let request = service.enter("h24").await;
    assert_eq!(service.get(&bearer, &format!("{T}/requests/{}", text(&request, "id"))).await.0, 404);
    let patient = service.post("", &format!("{T}/requests"), &crate::support::service::need()).await.1;
    assert_eq!(service.get(text(&patient, "access_token"), &own).await.0, 404);
    let (status, gone) = service.post(&bearer, &format!("{own}/milestone"), &withdrawn).await;
    assert_eq!((status, &gone["state"]), (200, &json!("withdrawn")), "{gone}");
    let declared = json!({"milestone": "declared"});
    let (status, problem) = service.post("demo-coordinator", &format!("{own}/milestone"), &declared).await;
    assert_eq!((status, &problem["type"]), (422, &json!("/problems/registration-not-there")), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_has_no_way_to_say_whom_they_do_not_want() {
    let service = Service::start().await;
    let body = json!({"open_places": 3, "home_visits": true, "exclude": ["ald"], "age_max": 75});
    let (status, problem) = open(&service, &body).await;
    assert_eq!(status, 400, "{problem}");
    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|e| text(e, "pointer")).collect();
    assert_eq!(pointers, ["/exclude", "/age_max"]);
    let reserved = json!({"open_places": 1, "home_visits": false, "reserved": {"ald": 2}});
    let (status, problem) = open(&service, &reserved).await;
    assert_eq!((status, &problem["type"]), (422, &json!("/problems/more-reserved-than-open")), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_after_the_end_is_told_so_and_the_last_place_is_given_once() {
    let service = Service::start().await;
    open(&service, &json!({"open_places": 2, "home_visits": false})).await;
    let (_, first) = register(&service, &household()).await;
    let mut others = household();
    others["household"][0]["first_name"] = json!("Camille");
    others["household"][1]["first_name"] = json!("Sacha");
    let (_, second) = register(&service, &others).await;
    let (one, two) = tokio::join!(propose(&service, &first), propose(&service, &second));
    assert_eq!([&one, &two].iter().filter(|answer| answer.is_ok()).count(), 1, "{one:?} {two:?}");
    let proposal = one.or(two).unwrap();
    service.desk.clock.advance(TimeDelta::days(7));
    let accept = format!("{T}/mt/proposals/{proposal}/accept");
    let (status, problem) = service.post(&service.doctor(), &accept, &json!({})).await;
    assert_eq!((status, &problem["type"]), (409, &json!("/problems/proposal-over")), "{problem}");
}
