//! The line to the service breaks and comes back.

use thirtyfour::Key;

use crate::support::{Console, Screen, with_service};

#[test]
fn a_lost_line_is_shown_suspends_booking_and_mends_itself() {
    with_service(async |service| {
        let desk = Console::open(service, "line", Screen::DESK).await;
        desk.describe_call('2').await;
        desk.search().await;
        service.break_down().await;
        desk.until("!document.querySelector('#stale').hidden").await;
        desk.holds("/Données de [0-9]{2}:[0-9]{2}:[0-9]{2}/.test(document.querySelector('#stale').textContent)").await;
        desk.key(Key::Enter).await;
        desk.until("document.querySelector('#offer-note').textContent.includes('suspendue')").await;
        desk.holds("!document.querySelector('#patient-form')").await;
        service.come_back().await;
        desk.until("document.querySelector('#stale').hidden").await;
        desk.holds("document.querySelector('.offer')").await;
        desk.hold().await;
        desk.close().await;
    });
}

#[test]
fn a_booking_whose_outcome_is_unknown_is_checked_under_the_same_key_until_it_is_known() {
    with_service(async |service| {
        let desk = Console::open(service, "unknown", Screen::DESK).await;
        desk.describe_call('2').await;
        desk.search().await;
        desk.hold().await;
        // The service books, and its answer gets lost on the way: twice.
        desk.value(
            "(() => { const send = window.fetch; window.sent = []; window.fetch = async (path, options) => {
                const answer = await send(path, options);
                if (!String(path).endsWith('/confirm')) return answer;
                window.sent.push(options.headers['Idempotency-Key']);
                if (window.sent.length > 2) return answer;
                return new Response('{}', { status: 503, headers: { 'Retry-After': '1' } }); }; return true; })()",
        )
        .await;
        desk.name_the_patient().await;
        desk.key(Key::Enter).await;
        desk.until("!document.querySelector('#checking').hidden").await;
        desk.holds("!document.querySelector('.booked') && !document.querySelector('.faults')").await;
        desk.until("document.querySelector('.booked')").await;
        desk.holds("window.sent.length === 3 && new Set(window.sent).size === 1").await;
        desk.close().await;
    });
}
