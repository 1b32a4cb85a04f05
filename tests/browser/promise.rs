//! A promise from the desk to the hour told. The demo's people have no past, so that nothing is expected of the coming hours
//! and no promise is advised: the advice is put into the answer here, everything after it is the service's own.

use thirtyfour::Key;

use crate::support::{Console, Screen, with_service};

const ADVISED: &str = "(() => { const send = window.fetch; window.fetch = async (path, options) => {
    const answer = await send(path, options);
    if (!/\\/requests$/.test(String(path)) || options?.method !== 'POST') return answer;
    const told = await answer.json();
    told.promise_advice = { code: 'promise_pays', text: 'Les places proches sont rares.' };
    return new Response(JSON.stringify(told), { status: answer.status, headers: answer.headers }); }; return true; })()";

#[test]
fn who_can_wait_is_promised_an_hour_which_is_then_found_and_told() {
    with_service(async |service| {
        let desk = Console::open(service, "promise", Screen::DESK).await;
        desk.value(ADVISED).await;
        desk.describe_call('4').await;
        desk.search().await;
        desk.holds("document.querySelector('.advice').textContent.includes('rares')").await;
        assert_eq!(desk.faults().await, Vec::<String>::new());
        desk.key('v').await;
        desk.until("document.activeElement.id === 'promise-title'").await;
        assert_eq!(desk.faults().await, Vec::<String>::new());
        desk.key(Key::Tab).await;
        desk.name_the_patient().await;
        desk.until("document.querySelector('#booked-title')?.textContent.includes('Promesse')").await;
        desk.holds("document.activeElement.id === 'booked-title'").await;
        assert_eq!(desk.faults().await, Vec::<String>::new());
        // Nobody else needs the place: the hour is found at the next look, and somebody has to tell it.
        desk.until(
            "[...document.querySelectorAll('#board .flag')].some((flag) => flag.textContent.includes('prévenir'))",
        )
        .await;
        desk.value(
            "[...document.querySelectorAll('#board button')].find((one) => one.textContent === 'Prévenir').focus()",
        )
        .await;
        desk.key(Key::Enter).await;
        // The card of the promise names the patient as well; only that of the hour has the number to call.
        desk.until("/6.?39.?98.?12.?34/.test(document.querySelector('.booked')?.textContent)").await;
        desk.holds("document.querySelector('.booked').textContent.includes('Exemple')").await;
        assert_eq!(desk.faults().await, Vec::<String>::new());
        desk.key(Key::Tab).await;
        desk.key(Key::Enter).await;
        desk.until("![...document.querySelectorAll('#board button')].some((one) => one.textContent === 'Prévenir')")
            .await;
        desk.close().await;
    });
}
