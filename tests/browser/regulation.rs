//! The médecin régulateur at the desk: who waits for them and why, their agreement, and a level lowered only when said twice.

use thirtyfour::Key;

use crate::support::{Console, with_service};

/// Enters a sore throat of which a red flag is not known: for the régulateur.
const DOUBTFUL: &str = "(async () => {
    const api = JSON.parse(document.querySelector('#page-data').textContent).api;
    const post = async (path, body) => (await fetch(api + path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).json();
    let request = await post('/requests', { patient: { age_years: 30, sex: 'F' }, place: { commune: '59658' }, complaint: 'mal_de_gorge', answers: {}, channel: 'operator' });
    for (let n = 0; n < 60 && request.triage.must_ask[0]; n += 1) {
        const { id } = request.triage.must_ask[0];
        request = await post(`/requests/${request.id}/answers`, { answers: { [id]: /abces|trismus/.test(id) ? 'unknown' : 'no' } });
    }
    window.entered = request.id; return true; })()";

/// The row of the request that was entered.
const ROW: &str = "document.querySelector(`#board [data-request=\"${window.entered}\"]`)";

#[test]
fn the_regulateur_sees_why_a_call_waits_for_them_and_agrees_by_keyboard() {
    with_service(async |service| {
        let desk = Console::open_as_regulator(service, "regulation").await;
        desk.holds("document.querySelector('.person').textContent.includes('régulateur')").await;
        desk.value(DOUBTFUL).await;
        desk.until("window.entered").await;
        desk.key('r').await;
        desk.until("document.querySelector('#board-queue').getAttribute('aria-pressed') === 'true'").await;
        desk.until(&format!("{ROW}?.textContent.includes('non écarté')")).await;
        assert_eq!(desk.faults().await, Vec::<String>::new());
        desk.value(&format!("{ROW}.querySelector('button').focus()")).await;
        desk.key(Key::Enter).await;
        desk.until("document.querySelector('.case .for-regulator')?.textContent.includes('non écarté')").await;
        assert_eq!(desk.faults().await, Vec::<String>::new());
        // Without a reason nothing is agreed to.
        desk.value("document.querySelector('#case-agreement-reason').focus()").await;
        desk.key(Key::Enter).await;
        desk.until("document.querySelector('#case-agreement-reason-errors .faults')").await;
        desk.value("document.querySelector('#case-agreement-reason').focus()").await;
        desk.write("Vu au telephone").await;
        desk.key(Key::Enter).await;
        desk.until("document.querySelector('.case')?.textContent.includes('Accord du médecin régulateur')").await;
        desk.until(&format!("!{ROW}")).await;
        assert_eq!(desk.faults().await, Vec::<String>::new());
        desk.close().await;
    });
}

#[test]
fn a_red_flag_is_lowered_only_when_said_twice_and_with_a_reason() {
    with_service(async |service| {
        let desk = Console::open_as_regulator(service, "lowering").await;
        desk.value(&DOUBTFUL.replace("answers: {}", "answers: { 'mal_de_gorge.gene': 'yes' }")).await;
        desk.until("window.entered").await;
        desk.until(&format!("{ROW}?.textContent.includes('Immédiat')")).await;
        desk.value(&format!("{ROW}.querySelector('button').focus()")).await;
        desk.key(Key::Enter).await;
        // The 15 first, with what is to be said there; the case stands above it for the régulateur.
        desk.until("document.activeElement.id === 'emergency-title'").await;
        desk.holds("document.querySelector('.say').textContent.includes('Patiente de 30 ans')").await;
        assert_eq!(desk.faults().await, Vec::<String>::new());
        desk.value("document.querySelector('#case-level').value = 'h24'").await;
        desk.value("document.querySelector('#case-decision-reason').focus()").await;
        desk.write("Gene ancienne, vue hier").await;
        desk.key(Key::Enter).await;
        desk.until("document.querySelector('#case-decision-reason-errors')?.textContent.includes('seconde fois')")
            .await;
        desk.holds("document.querySelector('.emergency-panel')").await;
        desk.value("document.querySelector('#case-decision-reason').focus()").await;
        desk.key(Key::Enter).await;
        desk.until("document.querySelector('.case h3')?.textContent.includes('24 heures')").await;
        desk.holds("!document.querySelector('.emergency-panel')").await;
        desk.close().await;
    });
}

/// A place late in the two days of a sore throat, taken, and then a level it is too late for.
const BOOKED_TOO_LATE: &str = "(async () => {
    const api = JSON.parse(document.querySelector('#page-data').textContent).api;
    const post = async (path, body) => (await fetch(api + path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).json();
    const request = await post('/requests', { patient: { age_years: 30, sex: 'F' }, place: { commune: '59658' }, complaint: 'mal_de_gorge', level: 'h48', answers: {}, channel: 'operator' });
    const of_one = (offer) => Date.parse(offer.slot.start);
    const slot_id = request.offers.toSorted((a, b) => of_one(b) - of_one(a))[0].slot.id;
    await post(`/requests/${request.id}/hold`, { slot_id, hold_id: 'late' });
    const patient = { first_name: 'Alix', last_name: 'Fictive', phone: '+33639980001' };
    window.booked = await post(`/requests/${request.id}/confirm`, { hold_id: 'late', patient });
    window.raised = await post(`/requests/${request.id}/level`, { level: 'same_day', reason: 'Rappelle : plus mal' });
    window.awaiting = (await (await fetch(`${api}/regulation/queue`)).json()).items.length;
    window.entered = request.id; return true; })()";

#[test]
fn a_place_that_became_too_late_is_found_in_the_queue_and_another_one_is_taken_for_it() {
    with_service(async |service| {
        let desk = Console::open_as_regulator(service, "too-late").await;
        desk.value(BOOKED_TOO_LATE).await;
        desk.until("window.entered").await;
        desk.holds("window.raised.for_regulator.some(({ code }) => code === 'booked_too_late')").await;
        // Whoever has a place is not on the board; the queue counts them all the same.
        desk.until("document.querySelector('#queue-count').textContent === `(${window.awaiting})`").await;
        desk.holds(&format!("!{ROW}")).await;
        desk.key('r').await;
        desk.until(&format!("{ROW}?.textContent.includes('est après l')")).await;
        desk.value(&format!("{ROW}.querySelector('button').focus()")).await;
        desk.key(Key::Enter).await;
        desk.until("document.querySelector('.case .appointment')?.textContent.includes('+33639980001')").await;
        desk.holds("!document.querySelector('#offer-list').textContent.includes('Aucune place')").await;
        assert_eq!(desk.faults().await, Vec::<String>::new());
        desk.value("document.querySelector('#case-rebook-reason').focus()").await;
        desk.write("Avance, patient au telephone").await;
        desk.key(Key::Enter).await;
        desk.until("document.querySelector('#offer-list .offer')").await;
        desk.until(&format!("!{ROW}")).await;
        desk.holds("!document.querySelector('.case .appointment')").await;
        assert_eq!(desk.faults().await, Vec::<String>::new());
        desk.close().await;
    });
}
