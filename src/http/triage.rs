//! Triage over HTTP: the protocol in use, and what it makes of a call. Nothing here is stored.

use super::extract::{At, Body};
use super::intake::read_case;
use super::problem::{Problem, Slug};
use super::rights::{Anyone, Intake};
use super::wire::evaluation::question;
use super::wire::triage::{
    ApprovalShown, ComplaintShown, FlagShown, ForcedQuestion, Protocol, SuggestedComplaint, SuggestionShown,
};
use super::{Reply, shown};
use crate::booking::Standing;
use crate::triage::evaluation::Spoken;

/// `GET T/triage/protocol`.
pub(super) async fn protocol(at: At<Anyone>) -> Reply {
    let pack = &at.booking.pack;
    let complaints = pack.complaints.iter().enumerate().map(|(block, complaint)| ComplaintShown {
        id: complaint.id.to_string(),
        label: complaint.label.clone(),
        synonyms: complaint.synonyms.clone(),
        default_level: complaint.default.level.code(),
        switched_off: at.booking.policy.switched_off.contains(&complaint.id),
        questions: (0..complaint.questions.len()).map(|place| question(pack, Spoken::Question(block, place))).collect(),
        groups: (0..complaint.groups.len()).map(|place| question(pack, Spoken::Group(block, place))).collect(),
    });
    let zone = at.booking.territory.zone;
    let standing = at.booking.triage_standing(at.now);
    let approvals = pack.approvals.iter().map(|one| ApprovalShown {
        name: one.name.clone(),
        rpps: one.rpps.to_string(),
        role: one.role.clone(),
        at: zone.local(one.at),
    });
    shown(&Protocol {
        id: pack.id.clone(),
        version: pack.version.clone(),
        hash: pack.hash.clone(),
        approvals: approvals.collect(),
        in_use: standing == Standing::InUse,
        standing: standing.code(),
        signed: pack.is_signed(),
        valid_from: zone.local(pack.valid_from),
        valid_to: zone.local(pack.valid_to),
        notice: pack.notice.clone(),
        flags: pack.flags.iter().map(|flag| FlagShown { id: flag.id.clone(), label: flag.label.clone() }).collect(),
        complaints: complaints.collect(),
    })
}

/// `POST T/triage/assess`: what triage makes of a call.
pub(super) async fn assess(at: At<Intake>, body: Body) -> Reply {
    let today = at.booking.territory.zone.day(at.now);
    let facts = body.read(|fields| read_case(fields, &at.booking, today))?;
    let Some(evaluation) = at.booking.evaluated(&facts, at.now) else {
        let detail = match at.booking.triage_standing(at.now) {
            Standing::NotYet => {
                "Le protocole de triage n'est pas encore en vigueur : le niveau est celui de la régulation médicale."
            }
            Standing::Expired => {
                "Le protocole de triage n'est plus en vigueur : le niveau est celui de la régulation médicale."
            }
            _ => "Le triage n'est pas en service ici : le niveau est celui de la régulation médicale.",
        };
        return Err(Problem::new(Slug::NotFound, detail));
    };
    shown(&at.showing().assessed(&facts, &evaluation))
}

/// `POST T/triage/suggest`: what a caller's own words suggest.
pub(super) async fn suggest(at: At<Intake>, body: Body) -> Reply {
    let text = body.read(|fields| fields.required("text", |item| item.text(0..=2_000)))?;
    let suggestion = at.booking.suggested(&text).map_err(|failure| at.failed(failure))?;
    let pack = &at.booking.pack;
    let complaint = |(block, score): &(usize, f64)| SuggestedComplaint {
        id: pack.complaints[*block].id.to_string(),
        label: pack.complaints[*block].label.clone(),
        score: (score * 1_000.0).round() / 1_000.0,
    };
    let forced = suggestion.forced.iter().map(|one| ForcedQuestion {
        question: question(pack, Spoken::Question(one.block, one.question)),
        heard: one.heard.clone(),
        denied: one.denied,
    });
    shown(&SuggestionShown {
        complaints: suggestion.complaints.iter().map(complaint).collect(),
        forced_questions: forced.collect(),
    })
}
