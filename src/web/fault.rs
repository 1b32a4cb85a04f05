//! Pages for what cannot be shown: what is wrong and what to do, never why inside.

use maud::{Markup, html};

use super::frame::{self, Frame};
use super::texts::texts;

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No such page or territory.
    NotFound,
    /// Not for this person.
    Forbidden,
    /// Something behind does not answer.
    Unavailable,
}

/// The page that says so.
pub fn page(fault: Fault, demo: bool) -> Markup {
    let t = &texts().error;
    let (what, advice) = match fault {
        Fault::NotFound => (&t.not_found, &t.not_found_advice),
        Fault::Forbidden => (&t.forbidden, &t.forbidden_advice),
        Fault::Unavailable => (&t.unavailable, &t.unavailable_advice),
    };
    let title = format!("{} : {}", t.title, what.trim_end_matches('.'));
    let frame = Frame { title: &title, place: None, person: None, demo, number: "15" };
    frame::page(
        frame,
        &html! {
            p class="lead" { (advice) }
            p { a class="button" href="/" { (t.go_home) } }
        },
    )
}
