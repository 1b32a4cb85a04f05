//! The frame every page shares: head, skip link, banner with the 15, main part, footer. One `h1` and one `main` each.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::texts::texts;

/// What the frame says around a page.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The page's own title; the service's name follows it.
    pub title: &'a str,
    /// The place it is about, for people: the territory's name.
    pub place: Option<&'a str>,
    /// Who is signed in, for people.
    pub person: Option<&'a str>,
    /// Whether everybody on the page is invented.
    pub demo: bool,
    /// What every page says of triage here.
    pub notices: &'a [Notice],
}

/// What whoever reads any page must know of triage here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Its pack is not signed.
    Unsigned,
    /// Its pack is not yet in force: no level is recommended.
    NotYet,
    /// Its pack is no longer in force: no level is recommended.
    Expired,
    /// Complaints for which no level is recommended, by their names for people.
    SwitchedOff(Vec<String>),
}

fn sentence(notice: &Notice) -> String {
    let t = &texts().frame;
    match notice {
        Notice::Unsigned => t.unsigned.clone(),
        Notice::NotYet => t.not_yet.clone(),
        Notice::Expired => t.expired.clone(),
        Notice::SwitchedOff(labels) => format!("{} {}.", t.switched_off, labels.join(" ; ")),
    }
}

/// What the scripts of a page need.
#[derive(Debug)]
pub(super) struct Scripted<'a> {
    /// The module to run.
    pub(super) module: &'a str,
    /// What it starts from.
    pub(super) data: Value,
    /// What stands at the end of the banner: live mark, help button.
    pub(super) tools: Markup,
}

/// A page without scripts.
pub(super) fn page(frame: Frame<'_>, main: &Markup) -> Markup {
    whole(frame, None, "prose", main)
}

/// A page that runs a module of ours.
pub(super) fn scripted(frame: Frame<'_>, scripted: &Scripted<'_>, main: &Markup) -> Markup {
    whole(frame, Some(scripted), "desk-page", main)
}

fn whole(frame: Frame<'_>, scripted: Option<&Scripted<'_>>, kind: &str, main: &Markup) -> Markup {
    let t = &texts().frame;
    let title = match frame.place {
        Some(place) => format!("{} · {place} · {}", frame.title, t.service),
        None => format!("{} · {}", frame.title, t.service),
    };
    html! {
        (DOCTYPE)
        html lang="fr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // With no referrer at all, a browser would not say either which site a form was sent from.
                meta name="referrer" content="same-origin";
                title { (title) }
                link rel="icon" href="/assets/mark.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/theme.css";
                @if let Some(scripted) = scripted {
                    link rel="stylesheet" href="/assets/console.css";
                    link rel="stylesheet" href="/assets/triage.css";
                    script type="application/json" id="page-data" { (data_block(&scripted.data)) }
                    script type="module" src={ "/assets/" (scripted.module) } {}
                }
            }
            body class=(kind) {
                a class="skip" href="#main" { (t.skip) }
                header class="banner" {
                    div class="bar" {
                        a class="brand" href="/" {
                            (mark())
                            span { (t.service) }
                        }
                        div class="where" {
                            @if scripted.is_some() { h1 { (frame.title) } }
                            @if let Some(place) = frame.place { span class="place" { (place) } }
                        }
                        div class="tools" {
                            @if let Some(scripted) = scripted { (scripted.tools) }
                            @if let Some(person) = frame.person {
                                span class="person" { span class="quiet" { (t.signed_in) } " " (person) }
                                @if !frame.demo {
                                    form class="inline" method="post" action="/sign-out" {
                                        button type="submit" class="plain" { (t.sign_out) }
                                    }
                                }
                            }
                            @if frame.place.is_some() { a class="quiet-link" href="/" { (t.home) } }
                        }
                    }
                    div class="notices" {
                        p class="emergency-line" {
                            (t.emergency) " " a href="tel:15" { (t.emergency_number) } "."
                        }
                        @for notice in frame.notices { p class="triage-line" { (sentence(notice)) } }
                        @if frame.demo {
                            p class="demo-line" { strong { (t.demo) } " " (t.demo_people) }
                        }
                    }
                }
                main id="main" tabindex="-1" {
                    @if scripted.is_none() { h1 { (frame.title) } }
                    (main)
                }
                footer { p { (t.footer) } }
            }
        }
    }
}

/// A JSON data block: never run, so the content security policy lets it stand; `<` is escaped, so nothing closes it early.
fn data_block(data: &Value) -> PreEscaped<String> {
    PreEscaped(data.to_string().replace('<', "\\u003c"))
}

fn mark() -> Markup {
    html! {
        svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false" {
            rect width="32" height="32" rx="7" {}
            path d="M9 27V5M9 23c0-8 13-6 13-18" {}
        }
    }
}
