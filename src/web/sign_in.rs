//! `/sign-in`: where one shows one's access key, in a browser. Without a script: a form, and what was wrong with it.

use maud::{Markup, html};

use super::frame::{self, Frame, Notice};
use super::texts::texts;
use crate::domain::TerritoryId;

/// What the page shows.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    /// The console asked for, if one was.
    pub console: Option<&'a TerritoryId>,
    /// Why the key that was shown opens nothing.
    pub refused: Option<KeyRefused>,
    /// What every page says of triage here.
    pub notices: &'a [Notice],
}

/// Why a key opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRefused {
    /// None was given.
    Missing,
    /// Nobody's, or no more.
    Unknown,
    /// Of another territory.
    Elsewhere,
    /// Of a role that has no page.
    NoPage,
    /// Too many were tried; how many seconds to wait.
    TooMany(u32),
}

/// The page.
pub fn page(sign_in: SignIn<'_>) -> Markup {
    let t = &texts().sign_in;
    let said = sign_in.refused.map(sentence);
    let title = match said {
        Some(_) => format!("{}{}", t.error_title, t.title),
        None => t.title.clone(),
    };
    let frame = Frame { title: &title, place: None, person: None, demo: false, notices: sign_in.notices };
    frame::page(
        frame,
        &html! {
            p class="lead" { (t.lead) }
            form class="narrow" method="post" action="/sign-in" {
                @if let Some(said) = &said {
                    div class="faults" role="alert" { p { a href="#key" { (said) } } }
                }
                @if let Some(console) = sign_in.console {
                    input type="hidden" name="console" value=(console);
                }
                div class="field" {
                    label for="key" { (t.key) }
                    p id="key-hint" class="hint" { (t.key_hint) }
                    // A password field, so that a key is not read over a shoulder and a browser may keep it.
                    input id="key" name="key" type="password" autocomplete="current-password" spellcheck="false"
                        autocapitalize="none" required autofocus maxlength="512"
                        aria-describedby="key-hint" aria-invalid=[said.as_ref().map(|_| "true")];
                }
                div { button type="submit" class="button" { (t.submit) } }
            }
            p class="quiet" { (t.no_key) }
        },
    )
}

fn sentence(refused: KeyRefused) -> String {
    let t = &texts().sign_in;
    match refused {
        KeyRefused::Missing => t.missing.clone(),
        KeyRefused::Unknown => t.unknown.clone(),
        KeyRefused::Elsewhere => t.elsewhere.clone(),
        KeyRefused::NoPage => t.no_page.clone(),
        KeyRefused::TooMany(seconds) => t.too_many.replace("{seconds}", &seconds.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_key_is_said_first_and_never_shown_again() {
        let weppes = "weppes".parse().unwrap();
        let plain = page(SignIn { console: Some(&weppes), refused: None, notices: &[Notice::Expired] }).into_string();
        assert!(plain.contains("plus en vigueur"), "{plain}");
        assert!(plain.contains("value=\"weppes\"") && !plain.contains("role=\"alert\""), "{plain}");
        let refused = page(SignIn { console: None, refused: Some(KeyRefused::TooMany(7)), notices: &[] }).into_string();
        assert!(refused.contains("<title>Erreur\u{a0}: "), "{refused}");
        assert!(refused.contains("role=\"alert\"") && refused.contains("aria-invalid=\"true\""), "{refused}");
        assert!(refused.contains("7 secondes") && !refused.contains("name=\"console\""), "{refused}");
    }
}
