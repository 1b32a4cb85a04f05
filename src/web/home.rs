//! `/`: who are you? Links to the pages there are; in the demo, the tokens a piece of software may try.

use maud::{Markup, html};

use super::frame::{self, Frame, Notice};
use super::texts::texts;
use crate::domain::{Rpps, Territory};

/// What the page shows.
#[derive(Debug)]
pub struct Home<'a> {
    /// The territories served here.
    pub territories: Vec<&'a Territory>,
    /// Whether everybody is invented; then the tokens are shown.
    pub demo: bool,
    /// A practitioner of the demo, as an example of their token.
    pub practitioner: Option<Rpps>,
    /// What every page says of triage here.
    pub notices: &'a [Notice],
}

/// The page.
pub fn page(home: &Home<'_>) -> Markup {
    let t = &texts().home;
    let frame = Frame { title: &t.title, place: None, person: None, demo: home.demo, notices: home.notices };
    frame::page(
        frame,
        &html! {
            p class="lead" { (t.lead) }
            section aria-labelledby="roles" {
                h2 id="roles" { (t.roles) }
                ul class="doors" {
                    @for territory in &home.territories {
                        li class="door" {
                            h3 { (t.operator) }
                            p { (t.operator_does) }
                            p { a class="button" href={ "/console/" (territory.id) } {
                                (t.open_console) ", " (territory.name)
                            } }
                            @if home.demo { p class="quiet" { (t.demo_note) } }
                        }
                        // Elsewhere one entrance does: the access key says who comes.
                        @if home.demo {
                            li class="door" {
                                h3 { (t.regulator) }
                                p { (t.regulator_does) }
                                p { a class="button" href={ "/console/" (territory.id) "?role=regulator" } {
                                    (t.open_console) ", " (territory.name)
                                } }
                                p class="quiet" { (t.demo_note) }
                            }
                        }
                    }
                }
            }
            section aria-labelledby="software" {
                h2 id="software" { (t.software) }
                @if home.demo { p { (t.software_does) } (tokens(home.practitioner)) }
                p { a href="/api/openapi.json" { (t.api_link) } }
            }
        },
    )
}

fn tokens(practitioner: Option<Rpps>) -> Markup {
    let t = &texts().home;
    let mut rows = vec![
        (&t.token_operator, "demo-operator".to_owned()),
        (&t.token_regulator, "demo-regulator".to_owned()),
        (&t.token_coordinator, "demo-coordinator".to_owned()),
        (&t.token_system, "demo-system".to_owned()),
    ];
    rows.extend(practitioner.map(|rpps| (&t.token_practitioner, format!("demo-practitioner-{}", rpps.as_str()))));
    html! {
        table {
            caption { (t.token_caption) }
            thead { tr { th scope="col" { (t.token_role) } th scope="col" { (t.token_value) } } }
            tbody {
                @for (role, token) in rows {
                    tr { th scope="row" { (role) } td { code { "Bearer " (token) } } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::builtin;

    #[test]
    fn tokens_are_shown_in_the_demo_and_nowhere_else() {
        let weppes = builtin::load("weppes").unwrap();
        for demo in [true, false] {
            let text = page(&Home { territories: vec![&weppes], demo, practitioner: None, notices: &[] }).into_string();
            assert_eq!(text.contains("demo-operator"), demo);
            assert!(text.contains("/console/weppes") && text.contains("tel:15"));
        }
    }
}
