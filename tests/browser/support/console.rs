//! An operator at the console: everything by keyboard, never a click.

use std::cell::Cell;
use std::ops::Deref;

use thirtyfour::Key;

use super::{Browser, Screen, Service};

pub(crate) struct Console {
    browser: Browser,
    strokes: Cell<usize>,
}

impl Deref for Console {
    type Target = Browser;
    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl Console {
    /// A desk, signed in, its live updates running and its board read.
    pub(crate) async fn open(service: &Service, name: &str, screen: Screen) -> Self {
        Self::open_at(service, "/console/weppes", name, screen).await
    }

    /// The same for the médecin régulateur of the demo.
    pub(crate) async fn open_as_regulator(service: &Service, name: &str) -> Self {
        Self::open_at(service, "/console/weppes?role=regulator", name, Screen::DESK).await
    }

    async fn open_at(service: &Service, address: &str, name: &str, screen: Screen) -> Self {
        let browser = Browser::open(name, screen).await;
        browser.goto(&service.page(address)).await;
        browser.until("document.querySelector('#live').dataset.state === 'on'").await;
        browser.until("document.querySelector('#board li')").await;
        Self { browser, strokes: Cell::new(0) }
    }

    /// A key that acts: it counts.
    pub(crate) async fn key(&self, key: impl Into<Stroke>) {
        self.strokes.set(self.strokes.get() + 1);
        self.browser.press(key.into().0).await;
    }

    /// Words a person types; they do not count as keys.
    pub(crate) async fn write(&self, words: &str) {
        self.browser.press(words).await;
    }

    /// Keys pressed so far, but for words typed.
    pub(crate) fn strokes(&self) -> usize {
        self.strokes.get()
    }

    /// An 80-year-old woman in Wicres with a cough; `level` as the key of the group.
    pub(crate) async fn describe_call(&self, level: char) {
        self.key('n').await;
        self.write("80").await;
        self.key(Key::Tab).await;
        self.key('f').await;
        self.key(Key::Tab).await;
        self.write("Wicr").await;
        self.key(Key::Tab).await;
        self.write("toux").await;
        self.key(Key::Tab).await;
        self.key(level).await;
    }

    /// At most so many minutes of travel; from the levels.
    pub(crate) async fn at_most_minutes_away(&self, minutes: &str) {
        self.key(Key::Tab).await;
        self.key(Key::Enter).await;
        self.key(Key::Tab).await;
        self.write(minutes).await;
    }

    /// Sends the form and waits for places.
    pub(crate) async fn search(&self) {
        self.key(Key::Enter).await;
        self.until("document.activeElement.matches('.offer')").await;
    }

    /// Holds the place under the focus.
    pub(crate) async fn hold(&self) {
        self.key(Key::Enter).await;
        self.until("document.activeElement.id === 'first_name'").await;
    }

    /// Types who the patient is, from the first of the three fields, and sends it.
    pub(crate) async fn name_the_patient(&self) {
        self.write("Louise").await;
        self.key(Key::Tab).await;
        self.write("Exemple").await;
        self.key(Key::Tab).await;
        self.write("06 39 98 12 34").await;
        self.key(Key::Enter).await;
    }

    /// The slot under the focus.
    pub(crate) async fn focused_slot(&self) -> String {
        self.text("document.activeElement.closest('li').dataset.slot").await
    }

    /// The state a row shows.
    pub(crate) fn state_of(slot: &str) -> String {
        format!("document.querySelector('[data-slot=\"{slot}\"]')?.dataset.state")
    }

    pub(crate) async fn close(self) {
        self.browser.close().await;
    }
}

/// One key.
pub(crate) struct Stroke(String);

impl From<char> for Stroke {
    fn from(key: char) -> Self {
        Self(key.to_string())
    }
}

impl From<Key> for Stroke {
    fn from(key: Key) -> Self {
        Self(key.value().to_string())
    }
}
