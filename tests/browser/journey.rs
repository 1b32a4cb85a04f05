//! From the call to the confirmation, and what another desk sees of it.

use thirtyfour::Key;

use crate::support::{Console, Screen, with_service};

#[test]
fn a_call_is_booked_by_keyboard_alone_and_another_desk_sees_the_place_go() {
    with_service(async |service| {
        let a = Console::open(service, "journey-a", Screen::DESK).await;
        let b = Console::open(service, "journey-b", Screen::DESK).await;
        a.describe_call('2').await;
        a.at_most_minutes_away("20").await;
        a.search().await;
        a.holds("document.querySelectorAll('.offer').length > 2").await;
        a.holds("[...document.querySelectorAll('.why')].every((why) => why.textContent.length > 20)").await;
        a.holds(
            "[...document.querySelectorAll('.far > span:first-child')].every((far) => parseInt(far.textContent) <= 20)",
        )
        .await;
        let slot = a.focused_slot().await;

        b.describe_call('2').await;
        b.at_most_minutes_away("20").await;
        b.search().await;
        b.holds(&format!("{} === 'free'", Console::state_of(&slot))).await;
        let order = "[...document.querySelectorAll('[data-slot]')].map((row) => row.dataset.slot).join()";
        let (order_before, focus_before) = (b.text(order).await, b.focused_slot().await);

        a.hold().await;
        a.holds("/^[45]:[0-5][0-9]$/.test(document.querySelector('#hold-left').textContent)").await;
        b.until(&format!("{} === 'held'", Console::state_of(&slot))).await;
        b.until("/Réservé, encore [45]:/.test(document.querySelector('[data-state=held] .mark-state').textContent)")
            .await;
        b.until("document.querySelector('#polite').textContent.includes('une autre console')").await;
        b.holds("document.querySelector('[data-state=held] .offer').getAttribute('aria-disabled') === 'true'").await;
        assert_eq!(b.text(order).await, order_before, "no row moves under the operator's eyes");
        assert_eq!(b.focused_slot().await, focus_before, "the focus stays");

        a.name_the_patient().await;
        a.until("document.activeElement.id === 'booked-title'").await;
        a.holds("/24 novembre 2026/.test(document.querySelector('.booked').textContent)").await;
        a.holds("document.querySelector('.reference dd').textContent.length > 8").await;
        assert!(a.strokes() <= 25, "{} keys besides the words", a.strokes());
        b.until(&format!("{} === 'booked'", Console::state_of(&slot))).await;
        a.close().await;
        b.close().await;
    });
}

#[test]
fn a_place_lost_to_another_desk_is_explained_with_the_next_best_one_under_the_focus() {
    with_service(async |service| {
        let a = Console::open(service, "lost-a", Screen::DESK).await;
        let b = Console::open(service, "lost-b", Screen::DESK).await;
        for desk in [&a, &b] {
            desk.describe_call('2').await;
            desk.search().await;
        }
        let slot = a.focused_slot().await;
        // B has not read of it yet, as in the instant before its live updates arrive.
        b.value(
            "(() => { const send = window.fetch; window.fetch = (path, options) =>
                String(path).includes('/slots/') ? new Promise(() => {}) : send(path, options); return true; })()",
        )
        .await;
        a.hold().await;
        b.holds(&format!("{} === 'free'", Console::state_of(&slot))).await;
        let rank = b.text(&format!("document.querySelector('[data-slot=\"{slot}\"] kbd').textContent")).await;
        b.key(rank.chars().next().unwrap()).await;
        b.until("document.querySelector('#offer-note').textContent.includes('Voici les places')").await;
        b.until("document.activeElement.matches('[data-state=free] .offer')").await;
        b.holds("document.activeElement === document.querySelector('.offer')").await;
        b.holds(&format!("{} === undefined", Console::state_of(&slot))).await;
        b.holds("!document.querySelector('#patient-form')").await;
        a.close().await;
        b.close().await;
    });
}

#[test]
fn escape_gives_the_place_back_at_once_and_it_is_free_for_everybody_again() {
    with_service(async |service| {
        let a = Console::open(service, "escape-a", Screen::DESK).await;
        let b = Console::open(service, "escape-b", Screen::DESK).await;
        a.describe_call('2').await;
        a.search().await;
        let slot = a.focused_slot().await;
        b.describe_call('2').await;
        b.search().await;
        a.hold().await;
        b.until(&format!("{} === 'held'", Console::state_of(&slot))).await;
        a.write("Lou").await;
        a.key(Key::Escape).await;
        a.until("document.activeElement.matches('.offer')").await;
        assert_eq!(a.focused_slot().await, slot);
        a.holds(&format!("{} === 'free'", Console::state_of(&slot))).await;
        b.until(&format!("{} === 'free'", Console::state_of(&slot))).await;
        a.hold().await;
        a.holds("document.querySelector('#first_name').value === 'Lou'").await;
        a.close().await;
        b.close().await;
    });
}

#[test]
fn one_key_prolongs_a_hold_and_letters_in_a_field_are_only_letters() {
    with_service(async |service| {
        let desk = Console::open(service, "extend", Screen::DESK).await;
        desk.describe_call('2').await;
        desk.search().await;
        desk.hold().await;
        desk.write("np?").await;
        desk.holds("document.querySelector('#first_name').value === 'np?'").await;
        desk.holds("!document.querySelector('dialog').open && document.querySelector('#patient-form')").await;
        desk.until("document.querySelector('#hold-left').textContent < '4:59'").await;
        desk.key(Key::F2).await;
        desk.until("document.querySelector('#hold-left').textContent > '4:58'").await;
        desk.until("document.querySelector('#polite').textContent.includes('prolongée')").await;
        desk.close().await;
    });
}
