//! A pack as a document a physician reads on paper and signs: every block, question, level and source.

use maud::{DOCTYPE, Markup, html};

use crate::domain::Level;
use crate::triage::comparison::kind_of;
use crate::triage::pack::{Complaint, Effect, Kind, Pack, Question, Urgency};

const STYLE: &str = "body{font:10pt/1.4 serif;max-width:48em;margin:2em auto;padding:0 1em}h2{break-before:page;border-bottom:1px solid}\
table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.2em .4em;text-align:left;vertical-align:top}\
tr{break-inside:avoid}.red td:first-child{border-left:4px solid #a00}.sign{margin-top:4em;border-top:1px solid;width:20em}\
@media print{body{margin:0}}";

pub(super) fn page(pack: &Pack) -> Markup {
    html! {
        (DOCTYPE)
        html lang="fr" {
            head {
                meta charset="utf-8";
                title { "Protocole " (pack.id) " " (pack.version) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { "Protocole de triage " (pack.id) ", version " (pack.version) }
                p { "Empreinte du contenu (SHA-256), à reporter dans la signature : " code { (pack.hash) } }
                p { strong { (pack.notice) } }
                @if !pack.changelog.is_empty() { p { "Changements : " (pack.changelog) } }
                h3 { "Signatures" }
                @if let Some(why) = pack.unsigned() { p { "Ce contenu n'est pas encore signé : " (why) "." } }
                ul { @for one in &pack.approvals { li { (one.name) ", RPPS " (one.rpps) ", " (one.role) ", le " (one.at.date_naive()) } } }
                h3 { "Ce qui relève un niveau, quelles que soient les réponses" }
                (modifiers(pack))
                @for complaint in &pack.complaints { (block(complaint)) }
                div class="sign" { "Nom, RPPS, date, signature" }
            }
        }
    }
}

fn modifiers(pack: &Pack) -> Markup {
    html! {
        table {
            thead { tr { th { "Modificateur" } th { "Quand" } th { "Effet" } th { "Source" } } }
            tbody {
                @for one in &pack.modifiers {
                    tr {
                        td { (one.label) @if one.regulation_required { " — vu par le régulateur" } }
                        td { code { (one.when) } }
                        td { (effect(one.effect)) }
                        td { (one.source) }
                    }
                }
            }
        }
    }
}

fn effect(effect: Effect) -> String {
    match effect {
        Effect::Floor(level) => format!("au moins « {} »", french(level)),
        Effect::Raise { by, cap } => format!("{by} niveau(x) de plus, jusqu'à « {} »", french(cap)),
    }
}

fn block(complaint: &Complaint) -> Markup {
    html! {
        h2 { (complaint.label) " " small { code { (complaint.id) } } }
        p {
            "Tout étant « non » : " strong { (urgency(complaint.default)) } ". Motif " (complaint.hubsante_motif) ". Sources : "
            (complaint.sources.join(", ")) "."
        }
        @if let Some(reason) = &complaint.no_red_flag_reason { p { "Sans drapeau rouge : " (reason) } }
        @if !complaint.advice.is_empty() { p { "Conseil : " (complaint.advice) } }
        p { "Rappeler si : " (complaint.safety_net) }
        table {
            thead { tr { th { "Question" } th { "Oui" } th { "Ne sait pas" } th { "Raison, source" } } }
            tbody { @for one in &complaint.questions { (question(one)) } }
        }
        @if !complaint.groups.is_empty() {
            h3 { "Dites en une phrase" }
            ul {
                @for group in &complaint.groups {
                    li {
                        (group.text) " "
                        small { "(" (group.members.iter().map(|member| complaint.questions[*member].id.as_str()).collect::<Vec<_>>().join(", ")) ")" }
                    }
                }
            }
        }
        @for pathway in &complaint.pathways {
            h3 { "Parcours " (pathway.id) }
            p { "Jusqu'à « " (french(pathway.at_most)) " », chaque exclusion étant un « non ». " (pathway.legal_basis) ". " (pathway.advice) " " (pathway.safety_net) }
            p { small { "Exclusions : " (pathway.exclusions.iter().map(|one| complaint.questions[*one].id.as_str()).collect::<Vec<_>>().join(", ")) } }
        }
    }
}

fn question(one: &Question) -> Markup {
    let steps: Vec<String> = match &one.kind {
        Kind::Tri(yes) => vec![urgency(*yes)],
        Kind::Number { unit, steps, .. } => steps
            .iter()
            .map(|(below, bound, of)| {
                let side = if *below { "sous" } else { "dès" };
                format!("{side} {} {unit} : {}", bound / 1_000, urgency(*of))
            })
            .collect(),
        Kind::Choice(choices) => choices.iter().map(|(label, of)| format!("{label} : {}", urgency(*of))).collect(),
    };
    html! {
        tr class=[one.red_flag.then_some("red")] {
            td {
                (one.text) " " small { code { (one.id) } " (" (kind_of(one)) ")" }
                @if one.vital { " — vital" } @else if one.red_flag { " — drapeau rouge" }
                @if one.review { " — à trancher" }
            }
            td { (steps.join(" ; ")) @if one.regulation_required { " (régulateur)" } }
            td { (urgency(one.unknown)) }
            td { (one.reason) ". " (one.source) }
        }
    }
}

fn urgency(urgency: Urgency) -> String {
    match urgency.delay {
        Some(minutes) if minutes > 0 => format!("{}, {minutes} min", french(urgency.level)),
        _ => french(urgency.level).to_owned(),
    }
}

fn french(level: Level) -> &'static str {
    match level {
        Level::Immediate => "15",
        Level::SameDay => "jour même",
        Level::H24 => "24 heures",
        Level::H48 => "48 heures",
        Level::Programmed => "programmé",
    }
}
