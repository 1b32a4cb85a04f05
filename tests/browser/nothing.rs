//! A call for which nothing suits: the desk says why, and what a single concession would open.

use thirtyfour::Key;

use crate::support::{Console, Screen, with_service};

#[test]
fn whoever_finds_nothing_hears_what_would_open_a_place() {
    with_service(async |service| {
        let desk = Console::open(service, "nothing", Screen::DESK).await;
        desk.describe_call('2').await;
        desk.at_most_minutes_away("3").await;
        desk.key(Key::Enter).await;
        desk.until("document.querySelector('.empty')?.textContent.includes('Aucune place')").await;
        desk.holds("/^\\d+ créneaux? si le trajet peut durer .* au lieu de 3 min/.test(document.querySelector('.concessions li').textContent)")
            .await;
        assert_eq!(desk.faults().await, Vec::<String>::new());
        desk.close().await;
    });
}
