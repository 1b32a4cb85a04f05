//! Pages for what cannot be shown: what is wrong and what to do, never why inside.

use maud::{Markup, html};

use super::frame::{self, Frame};
use super::texts::texts;

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No such page or territory.
    NotFound,
    /// Something behind does not answer.
    Unavailable,
}

/// The page that says so.
pub fn page(fault: Fault, demo: bool) -> Markup {
    let t = &texts().error;
    let (what, advice) = match fault {
        Fault::NotFound => (&t.not_found, &t.not_found_advice),
        Fault::Unavailable => (&t.unavailable, &t.unavailable_advice),
    };
    let title = format!("{} : {}", t.title, what.trim_end_matches('.'));
    let frame = Frame { title: &title, place: None, person: None, demo, notices: &[] };
    frame::page(
        frame,
        &html! {
            p class="lead" { (advice) }
            p { a class="button" href="/" { (t.go_home) } }
        },
    )
}

/// What a kind of problem of the JSON interface means, for whoever opens the link of its `type`.
#[derive(Debug, Clone, Copy)]
pub struct ProblemKind<'a> {
    /// What it is called.
    pub title: &'a str,
    /// What to do about it.
    pub advice: &'a str,
    /// HTTP status.
    pub status: u16,
    /// Its `type`.
    pub uri: &'a str,
}

/// The page of a kind of problem.
pub fn problem_kind(kind: ProblemKind<'_>) -> Markup {
    let t = &texts().error;
    let frame = Frame { title: kind.title, place: None, person: None, demo: false, notices: &[] };
    frame::page(
        frame,
        &html! {
            p class="lead" { (kind.advice) }
            p { (t.problem_status) " " (kind.status) " · " code { (kind.uri) } }
            p { a href="/api/openapi.json" { (texts().home.api_link) } }
        },
    )
}
