//! Narrow screens, and what the pages load.

use crate::support::{Console, Screen, with_service};

const NARROW: Screen = Screen { width: 320, height: 640, dark: false };
const NO_SIDEWAYS_SCROLL: &str = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";

#[test]
fn nothing_scrolls_sideways_at_320_pixels() {
    with_service(async |service| {
        let desk = Console::open(service, "narrow", NARROW).await;
        desk.holds(NO_SIDEWAYS_SCROLL).await;
        desk.describe_call('2').await;
        desk.search().await;
        desk.holds(NO_SIDEWAYS_SCROLL).await;
        desk.hold().await;
        desk.holds(NO_SIDEWAYS_SCROLL).await;
        desk.goto(&service.page("/")).await;
        desk.holds(NO_SIDEWAYS_SCROLL).await;
        desk.close().await;
    });
}

#[test]
fn pages_ask_nothing_of_any_other_site_and_keep_nothing_of_the_patient() {
    with_service(async |service| {
        let desk = Console::open(service, "own-origin", Screen::DESK).await;
        desk.describe_call('2').await;
        desk.search().await;
        desk.hold().await;
        desk.write("Louise").await;
        desk.holds("performance.getEntriesByType('resource').length > 5").await;
        desk.holds("performance.getEntriesByType('resource').every((it) => it.name.startsWith(location.origin + '/'))")
            .await;
        desk.holds("!JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]).includes('Louise')")
            .await;
        desk.holds("document.cookie === ''").await;
        desk.close().await;
    });
}
