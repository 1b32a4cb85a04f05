//! What callers say, and what it must make an operator ask.

use crate::triage::pack::Pack;
use crate::triage::{Suggester, Suggestion};

fn heard(text: &str) -> (Vec<String>, Vec<String>, Suggestion) {
    let pack = Pack::general();
    let suggestion = Suggester::of(pack).unwrap().suggest(text);
    let complaints = suggestion.complaints.iter().map(|(block, _)| pack.complaints[*block].id.to_string()).collect();
    let name = |block: usize, question: usize| {
        format!("{}.{}", pack.complaints[block].id, pack.complaints[block].questions[question].id)
    };
    let forced = suggestion.forced.iter().map(|one| name(one.block, one.question)).collect();
    (complaints, forced, suggestion)
}

#[test]
fn everyday_words_open_complaints_and_force_red_flags() {
    for (text, complaint, question) in [
        ("j'ai le cœur qui s'emballe", "palpitations", "palpitations.continues"),
        ("gosse 2 mois brûlant", "nourrisson_moins_3_mois", "nourrisson_moins_3_mois.fievre"),
        ("il cause plus pareil depuis ce matin", "deficit_neuro_aigu", "signes_vitaux.avc"),
        ("oppression poitrine 58 ans", "douleur_thoracique", "signes_vitaux.thorax"),
        ("ma mère a la bouche de travers et lâche tout ce qu'elle prend", "deficit_neuro_aigu", "signes_vitaux.avc"),
        ("il a vomi du sang ce matin", "saignement_digestif", "saignement_digestif.hematemese"),
        ("mon bébé a arrêté de respirer quelques secondes", "enfant_malaise_pleurs", "enfant_malaise_pleurs.malaise"),
        ("elle a avalé toute sa boîte de médocs", "intoxication", "intoxication.volontaire"),
        ("mal de tete d'un coup en faisant du sport", "cephalee", "cephalee.brutale"),
        ("mon fils a tres mal au testicule", "douleur_scrotale", "douleur_scrotale.brutale"),
    ] {
        let (complaints, forced, _) = heard(text);
        assert!(complaints.iter().any(|one| one == complaint), "{text}: {complaints:?}");
        assert!(forced.iter().any(|one| one == question), "{text}: {forced:?}");
    }
}

#[test]
fn slips_of_the_pen_are_heard() {
    for text in ["douleurs dans la poitirne", "DOULEUR DANS LA POITRINE", "douleur ds la poitrine", "douleur poitrinne"]
    {
        assert!(heard(text).1.contains(&"signes_vitaux.thorax".to_owned()), "{text}");
    }
}

#[test]
fn words_are_heard_wherever_they_stand_and_a_temperature_is_a_fever() {
    for text in
        ["ne respire plus\n\nnourrisson fièvre", "urgent:nourrisson,fièvre", "bébé 1 mois 38,4", "nourrisson 39°"]
    {
        assert!(heard(text).1.contains(&"nourrisson_moins_3_mois.fievre".to_owned()), "{text}");
    }
}

#[test]
fn what_is_denied_or_past_is_still_asked_to_be_confirmed() {
    let (_, forced, suggestion) = heard("mal au genou, pas de douleur dans la poitrine");
    let thorax = forced.iter().position(|one| one == "signes_vitaux.thorax").expect("still asked");
    assert!(suggestion.forced[thorax].denied);
    let (_, _, past) = heard("infarctus en 2015, aujourd'hui mal au genou");
    assert!(!past.forced.is_empty() && past.forced.iter().all(|one| one.denied), "asked to be confirmed");
    for now in ["née en 1950, douleur dans la poitrine", "depuis 2024 douleur dans la poitrine"] {
        assert!(heard(now).2.forced.iter().any(|one| !one.denied), "{now}");
    }
    let (_, forced, suggestion) = heard("pas de fièvre mais une douleur dans la poitrine");
    let thorax = forced.iter().position(|one| one == "signes_vitaux.thorax").expect("asked");
    assert!(!suggestion.forced[thorax].denied);
}

#[test]
fn ordinary_calls_force_nothing() {
    for text in [
        "je voudrais renouveler mon ordonnance",
        "certificat pour le sport",
        "j'ai le nez qui coule depuis deux jours",
        "verrue au pied",
        "",
    ] {
        let (_, forced, _) = heard(text);
        assert!(forced.is_empty(), "{text}: {forced:?}");
    }
}

/// Calls invented before the words were looked at again; since then they have served to mend them, so that this says nothing of
/// words nobody has seen.
#[derive(serde::Deserialize)]
struct Calls {
    call: Vec<Call>,
}

#[derive(serde::Deserialize)]
struct Call {
    alarm: bool,
    text: String,
}

#[test]
fn an_alarming_call_forces_a_question_and_few_others_do() {
    let calls: Calls = toml::from_str(include_str!("../../../fixtures/calls/calls.toml")).unwrap();
    let forces = |call: &Call| heard(&call.text).2.forced.iter().any(|one| !one.denied);
    let (alarming, quiet): (Vec<_>, Vec<_>) = calls.call.iter().partition(|call| call.alarm);
    let missed: Vec<&str> = alarming.iter().filter(|call| !forces(call)).map(|call| call.text.as_str()).collect();
    assert!(missed.len() * 25 <= alarming.len(), "{} of {}: {missed:?}", missed.len(), alarming.len());
    let loud: Vec<&str> = quiet.iter().filter(|call| forces(call)).map(|call| call.text.as_str()).collect();
    assert!(loud.len() * 10 <= quiet.len(), "{} of {}: {loud:?}", loud.len(), quiet.len());
}
