//! What axe-core finds in every page and every state, and what the keyboard meets first. axe finds a third to a half of the
//! faults there may be; focus and announcements are in the journeys.

use thirtyfour::Key;

use crate::support::{Browser, Console, Screen, Service, with_service};

/// Every state of the console, looked at one after the other.
async fn no_state_has_a_fault(service: &Service, screen: Screen, name: &str) {
    let runs = async |desk: &Browser, state: &str| {
        let faults = desk.faults().await;
        if !faults.is_empty() {
            desk.fail(&format!("{state}:\n{}", faults.join("\n"))).await;
        }
    };
    let desk = Console::open(service, name, screen).await;
    runs(&desk, "empty").await;
    desk.key('?').await;
    desk.until("document.querySelector('dialog').open").await;
    runs(&desk, "keys").await;
    desk.key(Key::Escape).await;
    desk.until("!document.querySelector('dialog').open").await;
    desk.key('n').await;
    desk.key(Key::Enter).await;
    desk.until("document.activeElement.matches('.faults')").await;
    desk.holds("document.title.startsWith('Erreur')").await;
    desk.holds("document.querySelectorAll('#call-errors a').length === 5").await;
    desk.holds("document.querySelector('#age').getAttribute('aria-invalid') === 'true'").await;
    runs(&desk, "faults").await;
    desk.describe_call('2').await;
    desk.holds("!document.title.startsWith('Erreur')").await;
    desk.search().await;
    runs(&desk, "places").await;
    desk.hold().await;
    runs(&desk, "hold").await;
    desk.key(Key::Enter).await;
    desk.until("document.activeElement.matches('#patient-errors .faults')").await;
    runs(&desk, "patient's faults").await;
    desk.key(Key::Escape).await;
    desk.until("!document.querySelector('#patient-form')").await;
    desk.describe_call('1').await;
    desk.until("document.activeElement.id === 'emergency-title'").await;
    runs(&desk, "the 15").await;
    desk.goto(&service.page("/")).await;
    runs(&desk, "entrance").await;
    desk.goto(&service.page("/sign-in?console=weppes")).await;
    desk.holds("document.activeElement.id === 'key'").await;
    runs(&desk, "sign-in").await;
    desk.press("aig_nobodys").await;
    desk.key(Key::Enter).await;
    desk.until("document.title.startsWith('Erreur')").await;
    desk.holds("document.querySelector('#key').getAttribute('aria-invalid') === 'true'").await;
    desk.holds("document.querySelector('#key').value === ''").await;
    runs(&desk, "sign-in refused").await;
    desk.goto(&service.page("/nowhere")).await;
    runs(&desk, "no such page").await;
    desk.close().await;
}

#[test]
fn no_state_has_a_fault_on_a_desk() {
    with_service(async |service| {
        no_state_has_a_fault(service, Screen::DESK, "axe-desk").await;
    });
}

#[test]
fn no_state_has_a_fault_in_the_dark() {
    with_service(async |service| {
        no_state_has_a_fault(service, Screen { dark: true, ..Screen::DESK }, "axe-dark").await;
    });
}

#[test]
fn no_state_has_a_fault_at_390_pixels() {
    with_service(async |service| {
        no_state_has_a_fault(service, Screen { width: 390, height: 844, dark: false }, "axe-390").await;
    });
}

#[test]
fn the_keyboard_meets_the_skip_link_first_and_a_closed_sheet_gives_the_focus_back() {
    with_service(async |service| {
        let desk = Console::open(service, "keys", Screen::DESK).await;
        desk.key(Key::Tab).await;
        desk.holds("document.activeElement.matches('.skip')").await;
        desk.holds("parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2").await;
        desk.key(Key::Enter).await;
        desk.holds("document.activeElement.id === 'main'").await;
        desk.key('n').await;
        desk.key(Key::Enter).await;
        desk.until("document.activeElement.matches('.faults')").await;
        desk.key('?').await;
        desk.until("document.querySelector('dialog').open").await;
        // The switch has the focus: single keys are turned off.
        desk.holds("document.activeElement.id === 'keys-on'").await;
        desk.key(' ').await;
        desk.key(Key::Escape).await;
        desk.until("!document.querySelector('dialog').open").await;
        desk.holds("document.activeElement.matches('.faults')").await;
        desk.key('?').await;
        desk.holds("!document.querySelector('dialog').open").await;
        desk.close().await;
    });
}
