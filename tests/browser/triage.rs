//! Triage at the desk: a caller's own words, one key an answer, and the 15 at once.

use thirtyfour::Key;

use crate::support::{Console, Screen, with_service};

#[test]
fn from_the_first_word_to_the_15_in_a_few_keys_told_to_a_screen_reader() {
    with_service(async |service| {
        let desk = Console::open(service, "triage-15", Screen::DESK).await;
        desk.key('t').await;
        desk.write("oppression poitrine 58 ans").await;
        let before = desk.strokes();
        desk.key(Key::Enter).await;
        desk.until("document.activeElement.id === 'triage-title'").await;
        desk.holds("document.querySelector('#age').value === '58'").await;
        desk.holds("document.querySelector('#complaint').value === 'Douleur thoracique'").await;
        desk.key('o').await;
        desk.until("document.activeElement.id === 'emergency-title'").await;
        assert!(desk.strokes() - before <= 12, "{} keys", desk.strokes() - before);
        desk.holds("document.querySelector('#assertive').textContent.includes('15')").await;
        desk.holds("document.querySelector('#offer-list').offsetParent === null").await;
        desk.close().await;
    });
}

#[test]
fn another_complaint_of_the_same_call_asks_nothing_twice() {
    with_service(async |service| {
        let desk = Console::open(service, "triage-other", Screen::DESK).await;
        desk.key('t').await;
        desk.write("mal de gorge 30 ans").await;
        desk.key(Key::Enter).await;
        let title = "document.querySelector('#triage-title')?.textContent";
        let mut asked = Vec::new();
        for _ in 0..3 {
            desk.until("document.activeElement.id === 'triage-title'").await;
            let question = desk.text(title).await;
            asked.push(question.clone());
            desk.key('n').await;
            desk.until(&format!("{title} !== {}", serde_json::json!(question))).await;
        }
        desk.text(
            "document.querySelector('#complaint').select() ?? document.querySelector('#complaint').focus() ?? ''",
        )
        .await;
        desk.write("toux").await;
        desk.key(Key::Enter).await;
        desk.until("document.activeElement.id === 'triage-title'").await;
        desk.holds("document.querySelector('#complaint').value.includes('toux')").await;
        let next = desk.text(title).await;
        assert!(!asked.contains(&next), "asked again: {next}");
        desk.close().await;
    });
}

#[test]
fn questions_are_answered_by_one_key_until_a_level_and_its_places() {
    with_service(async |service| {
        let desk = Console::open(service, "triage-level", Screen::DESK).await;
        desk.key('t').await;
        desk.write("mal de gorge 30 ans").await;
        desk.key(Key::Enter).await;
        for _ in 0..30 {
            desk.until("document.activeElement.id === 'triage-title'").await;
            if desk.text("String(Boolean(document.querySelector('#triage .choice')))").await == "false" {
                break;
            }
            let asked = desk.text("document.querySelector('#triage-title').textContent").await;
            desk.key('n').await;
            desk.until(&format!(
                "document.querySelector('#triage-title').textContent !== {}",
                serde_json::json!(asked)
            ))
            .await;
        }
        desk.holds("document.querySelector('.triage-level').dataset.level === 'h48'").await;
        // A key too many is no new call.
        desk.key('n').await;
        desk.holds("document.querySelector('#words').value.startsWith('mal de gorge')").await;
        desk.holds("document.querySelector('#triage .reasons li')").await;
        desk.holds("document.querySelector('.triage-line').textContent.includes('non validé')").await;
        desk.close().await;
    });
}
