//! The 15: no place is shown, whatever was on the screen.

use thirtyfour::Key;

use crate::support::{Console, Screen, with_service};

#[test]
fn immediate_takes_every_place_away_and_leads_to_the_15_alone() {
    with_service(async |service| {
        let desk = Console::open(service, "emergency", Screen::DESK).await;
        desk.describe_call('2').await;
        desk.search().await;
        desk.describe_call('1').await;
        desk.until("document.activeElement.id === 'emergency-title'").await;
        desk.holds("document.querySelector('#offer-list').offsetParent === null").await;
        desk.holds("document.querySelector('#assertive').textContent.includes('15')").await;
        // A digit that would hold a place of that rank does nothing here.
        desk.key('1').await;
        desk.holds("!document.querySelector('#patient-form')").await;
        desk.key(Key::Tab).await;
        desk.holds("document.activeElement.id === 'transfer'").await;
        desk.key(Key::Enter).await;
        desk.until("document.querySelector('.emergency-panel.done')").await;
        desk.holds("document.activeElement.id === 'emergency-title'").await;
        desk.key('n').await;
        desk.until("document.activeElement.id === 'age'").await;
        desk.holds("!document.querySelector('.emergency-panel')").await;
        desk.close().await;
    });
}
