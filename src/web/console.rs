//! `/console/{territory}`: the operator's desk. Call on the left, ranked places in the middle, whoever waits on the right.
//! The server renders the frame and the form; `assets/console.js` and its modules do the rest through the JSON interface.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::frame::{self, Frame, Notice, Scripted};
use super::texts::{ConsoleTexts, texts};
use crate::domain::{Level, Modality, Sex, Territory};

/// A complaint an operator may choose.
#[derive(Debug, Clone, Copy)]
pub struct Complaint<'a> {
    /// Its block in the triage pack.
    pub id: &'a str,
    /// Its name for people.
    pub label: &'a str,
    /// What callers say instead.
    pub synonyms: &'a [String],
}

/// What the page shows.
#[derive(Debug)]
pub struct Console<'a> {
    /// The territory.
    pub territory: &'a Territory,
    /// The complaints of its triage pack.
    pub complaints: Vec<Complaint<'a>>,
    /// Who is signed in, for people; none: the invented person of the demo.
    pub person: Option<&'a str>,
    /// Whether everybody is invented.
    pub demo: bool,
    /// The service's clock: the page counts from it, not from the desk's.
    pub now: DateTime<Utc>,
    /// Whether triage recommends levels.
    pub triage: bool,
    /// Whether whoever is signed in is a médecin régulateur.
    pub regulator: bool,
    /// What every page says of triage here.
    pub notices: &'a [Notice],
    /// How long a hold lasts, for the remaining time of others' holds.
    pub hold: TimeDelta,
}

/// The page.
pub fn page(console: &Console<'_>) -> Markup {
    let t = &texts().console;
    let territory = console.territory;
    let frame = Frame {
        title: &t.title,
        place: Some(&territory.name),
        person: Some(console.person.unwrap_or(if console.regulator { &t.demo_regulator } else { &t.demo_person })),
        demo: console.demo,
        notices: console.notices,
    };
    let tools = html! {
        span id="live" class="live" data-state="connecting" { (t.live_connecting) }
        button type="button" id="open-keys" class="plain" aria-haspopup="dialog" { (t.keys_button) " " kbd { "?" } }
    };
    let scripted = Scripted { module: "console.js", data: data(console), tools };
    frame::scripted(frame, &scripted, &desk(t, console))
}

fn desk(t: &ConsoleTexts, console: &Console<'_>) -> Markup {
    let number = &console.territory.sas_number;
    html! {
        noscript {
            section class="noscript" {
                h2 { (t.noscript_title) }
                p { (t.noscript_advice) " " a href={ "tel:" (number) } { (number) } }
            }
        }
        div id="polite" class="unseen" aria-live="polite" {}
        div id="assertive" class="unseen" role="alert" {}
        div class="desk" {
            p id="stale" class="stale" hidden {}
            section id="call" aria-labelledby="call-title" {
                div class="column-head" {
                    h2 id="call-title" { (t.call_title) }
                    button type="button" id="new-call" class="plain" { (t.call_new) " " kbd { "n" } }
                }
                (call_form(t, console))
            }
            section id="offers" aria-labelledby="offers-title" {
                div class="column-head" {
                    h2 id="offers-title" tabindex="-1" { (t.offers_title) }
                    span id="call-reference" class="quiet" {}
                    button type="button" id="to-15" class="plain" hidden { (t.to_15) }
                }
                p id="search-note" class="quiet" {}
                p id="checking" class="checking" hidden {}
                p id="offer-note" class="note" {}
                section id="triage" aria-label=(t.words) hidden {}
                div id="stage" {}
                div id="offer-list" {
                    div class="empty" { p class="empty-title" { (t.offers_empty) } p { (t.offers_empty_advice) } }
                }
            }
            section id="board" aria-labelledby="board-title" {
                div class="column-head" {
                    h2 id="board-title" tabindex="-1" { (t.board_title) }
                    span id="board-count" class="quiet" {}
                }
                div class="segments" role="group" aria-label=(t.board_shown) {
                    div class="segment-row" {
                        button type="button" id="board-all" aria-pressed="true" { (t.board_all) }
                        button type="button" id="board-queue" aria-pressed="false" {
                            (t.board_queue) " " span id="queue-count" class="count" {} " " kbd { "r" }
                        }
                    }
                }
                div id="board-list" {}
            }
        }
        (keys(t))
    }
}

fn call_form(t: &ConsoleTexts, console: &Console<'_>) -> Markup {
    html! {
        form id="call-form" novalidate autocomplete="off" {
            div id="call-errors" {}
            @if console.triage {
                div class="field" {
                    label for="words" { (t.words) " " kbd aria-hidden="true" { "t" } }
                    input id="words" name="words" type="text" maxlength="400" aria-describedby="words-hint" spellcheck="false";
                    p id="words-hint" class="hint" { (t.words_hint) }
                    div id="heard" {}
                    button type="button" id="ask" class="plain" { (t.ask) }
                }
            }
            div class="pair" {
                div class="field" {
                    label for="age" { (t.age) }
                    input id="age" name="age" type="text" inputmode="numeric" maxlength="10" aria-describedby="age-hint";
                    p id="age-hint" class="hint" { (t.age_hint) }
                }
                fieldset id="sex" class="field segments" {
                    legend { (t.sex) }
                    div class="segment-row" {
                        @for (sex, text) in [(Sex::Female, &t.sex_f), (Sex::Male, &t.sex_m), (Sex::Unknown, &t.sex_u)] {
                            label { input type="radio" name="sex" value=(sex.code()); span { (text) } }
                        }
                    }
                }
            }
            (combobox("commune", &t.commune, &t.commune_hint))
            (combobox("complaint", &t.complaint, &t.complaint_hint))
            fieldset id="level" class="field levels" {
                legend { (t.level) }
                @for (key, level, text, delay) in levels(t) {
                    label data-level=(level.code()) {
                        input type="radio" name="level" value=(level.code());
                        kbd aria-hidden="true" { (key) }
                        span class="level-name" { (text) }
                        span class="quiet" { (delay) }
                    }
                }
            }
            details id="constraints" {
                summary { (t.constraints) }
                (constraints(t))
            }
            div class="field" {
                label for="reference" { (t.reference) }
                input id="reference" name="reference" type="text" maxlength="64" autocapitalize="off" spellcheck="false"
                    aria-describedby="reference-hint";
                p id="reference-hint" class="hint" { (t.reference_hint) }
            }
            button type="submit" id="search" class="button wide" { (t.search) " " kbd { "↵" } }
        }
    }
}

fn levels(t: &ConsoleTexts) -> [(u8, Level, &String, &String); 5] {
    [
        (1, Level::Immediate, &t.level_immediate, &t.level_immediate_delay),
        (2, Level::SameDay, &t.level_same_day, &t.level_same_day_delay),
        (3, Level::H24, &t.level_h24, &t.level_h24_delay),
        (4, Level::H48, &t.level_h48, &t.level_h48_delay),
        (5, Level::Programmed, &t.level_programmed, &t.level_programmed_delay),
    ]
}

/// A text field with a filtered list below it, as the ARIA pattern "combobox with list autocompletion" describes.
fn combobox(name: &str, label: &str, hint: &str) -> Markup {
    html! {
        div class="field combobox" {
            label for=(name) { (label) }
            input id=(name) name=(name) type="text" role="combobox" aria-expanded="false" aria-autocomplete="list"
                aria-controls={ (name) "-list" } aria-describedby={ (name) "-hint" } spellcheck="false" autocapitalize="off";
            ul id={ (name) "-list" } role="listbox" aria-label=(label) hidden {}
            p id={ (name) "-hint" } class="hint" { (hint) }
        }
    }
}

fn constraints(t: &ConsoleTexts) -> Markup {
    let places = [
        (Modality::Ambulatory, &t.modality_amb),
        (Modality::HomeVisit, &t.modality_hh),
        (Modality::Virtual, &t.modality_vr),
    ];
    html! {
        div class="field" {
            label for="max-travel" { (t.max_travel) }
            input id="max-travel" name="max_travel" type="text" inputmode="numeric" maxlength="3";
        }
        div class="field" {
            label for="modality" { (t.modality) }
            select id="modality" name="modality" {
                option value="" { (t.any) }
                @for (modality, text) in places { option value=(modality.code()) { (text) } }
            }
        }
        div class="field" {
            label for="profession" { (t.profession) }
            select id="profession" name="profession" {
                option value="" { (t.profession_usual) }
                @for (code, label) in &texts().professions { option value=(code) { (label) } }
            }
        }
        div class="field" {
            label for="languages" { (t.languages) }
            input id="languages" name="languages" type="text" maxlength="40" aria-describedby="languages-hint" spellcheck="false";
            p id="languages-hint" class="hint" { (t.languages_hint) }
        }
        label class="check" {
            input type="checkbox" id="accessible" name="accessible";
            span { (t.accessible) }
        }
    }
}

fn keys(t: &ConsoleTexts) -> Markup {
    let rows = [
        ("n", &t.key_new),
        ("t", &t.key_words),
        ("o n ?", &t.key_answers),
        ("o", &t.key_offers),
        ("b", &t.key_board),
        ("r", &t.key_queue),
        ("↑ ↓", &t.key_arrows),
        ("↵", &t.key_enter),
        ("1 … 9", &t.key_digit),
        ("v", &t.key_promise),
        ("p", &t.key_extend),
        ("Échap", &t.key_escape),
        ("?", &t.key_help),
    ];
    html! {
        dialog id="keys" aria-labelledby="keys-title" {
            h2 id="keys-title" { (t.keys_title) }
            p { (t.keys_intro) }
            dl class="keys" {
                @for (key, text) in rows { div { dt { kbd { (key) } } dd { (text) } } }
            }
            label class="check" {
                input type="checkbox" id="keys-on" checked;
                span { (t.keys_on) }
            }
            button type="button" id="keys-close" class="button" { (t.keys_close) }
        }
    }
}

/// What the scripts start from: names, lists and texts; nothing about any patient.
fn data(console: &Console<'_>) -> Value {
    let territory = console.territory;
    let communes: Vec<_> = territory
        .communes
        .iter()
        .map(|commune| json!({ "id": commune.code, "label": commune.name, "words": commune.postcodes }))
        .collect();
    let complaints: Vec<_> = console
        .complaints
        .iter()
        .map(|complaint| json!({ "id": complaint.id, "label": complaint.label, "words": complaint.synonyms }))
        .collect();
    json!({
        "api": format!("/api/v1/territories/{}", territory.id),
        "zone": territory.zone.to_string(),
        "now": console.now.to_rfc3339(),
        "hold_seconds": console.hold.num_seconds(),
        "communes": communes,
        "complaints": complaints,
        "triage": console.triage,
        "regulator": console.regulator,
        "professions": texts().professions,
        "texts": texts().client,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::builtin;

    #[test]
    fn the_desk_offers_the_territorys_communes_and_every_level_and_nothing_inline() {
        let territory = builtin::load("weppes").unwrap();
        let synonyms = ["</script><script>alert(1)".to_owned()];
        let console = Console {
            territory: &territory,
            complaints: vec![Complaint { id: "toux_rhume", label: "Rhume, toux", synonyms: &synonyms }],
            person: None,
            demo: true,
            triage: true,
            regulator: false,
            notices: &[Notice::Unsigned],
            now: "2026-11-24T08:00:00Z".parse().unwrap(),
            hold: TimeDelta::minutes(5),
        };
        let text = page(&console).into_string();
        for wanted in
            ["non validé", "Wicres", "59658", "Europe/Paris", "tel:15", "lang=\"fr\"", "toux_rhume", "<noscript>"]
        {
            assert!(text.contains(wanted), "{wanted}");
        }
        for level in Level::ALL {
            assert!(text.contains(&format!("value=\"{}\"", level.code())));
        }
        assert!(!text.contains("</script><script>alert"), "data never closes its block");
        assert!(!text.contains(" style=") && !text.contains(" onclick="), "the content security policy forbids them");
        assert_eq!(text.matches("<h1>").count(), 1);
    }
}
