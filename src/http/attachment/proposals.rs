//! Proposals: listed, accepted, declined, answered by the patient.

use std::sync::Arc;

use crate::booking::attachment::HouseholdCase;
use crate::domain::attachment::{DeclineReason, Proposal, ProposalState};
use crate::domain::{ProposalId, RegistrationId};
use crate::http::extract::{At, Body, PathId, Query};
use crate::http::fields::{Fields, parsed};
use crate::http::paging::{Page, cursor};
use crate::http::rights::{Household, Practising, ProposalReading};
use crate::http::wire::attachment::{ProposalList, ProposalShown};
use crate::http::{Reply, shown};

/// `GET T/mt/proposals`: a doctor's own, or everybody's for the coordinator; the newest first.
pub(in crate::http) async fn list(at: At<ProposalReading>, query: Query) -> Reply {
    let (page, after, states) = query.read(|fields| {
        let page = Page::read(fields);
        let after = page.place(fields, |text| text.parse::<ProposalId>().ok());
        let states = fields.optional("state", |item| item.list(1..=ProposalState::ALL.len(), parsed::<ProposalState>));
        Some((page, after, states))
    })?;
    let mut found: Vec<Arc<Proposal>> = at.booking.view.read(|state| match at.caller.rpps() {
        Some(own) => state.attachments.proposals_to(own).cloned().collect(),
        None => state.attachments.proposals().cloned().collect(),
    });
    found.retain(|proposal| states.as_ref().is_none_or(|states| states.contains(&proposal.state)));
    // Identifiers are made in the order of time.
    found.sort_by_key(|proposal| std::cmp::Reverse(proposal.id));
    found.retain(|proposal| after.is_none_or(|after| proposal.id < after));
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor(&last.id.to_string()));
    let mut items = Vec::with_capacity(found.len());
    for proposal in found {
        let mut household = household_of(&at, proposal.registration).await;
        // The coordinator reads who somebody is where it is written into the audit.
        if at.caller.rpps().is_none()
            && let Some(household) = &mut household
        {
            household.identity = None;
        }
        items.push(at.showing().proposal(&proposal, household.as_ref()));
    }
    shown(&ProposalList { items, next_cursor, as_of: at.showing().instant(at.now) })
}

/// A proposal as this caller may see it.
async fn shown_to<R>(at: &At<R>, proposal: &Proposal) -> ProposalShown {
    let household = household_of(at, proposal.registration).await;
    at.showing().proposal(proposal, household.as_ref())
}

async fn household_of<R>(at: &At<R>, id: RegistrationId) -> Option<HouseholdCase> {
    let known = at.booking.view.read(|state| state.attachments.registration(id).map(|known| known.record.clone()));
    Some(at.booking.opened(known?).await)
}

/// `POST T/mt/proposals/{id}/accept`.
pub(in crate::http) async fn accept(at: At<Practising>, id: PathId<ProposalId>, body: Body) -> Reply {
    body.read(|_| Some(()))?;
    let proposal = at.booking.answer_as_doctor(&body.call(&at.caller), id.0, None).await.map_err(|f| at.failed(f))?;
    shown(&shown_to(&at, &proposal).await)
}

/// `POST T/mt/proposals/{id}/decline`.
pub(in crate::http) async fn decline(at: At<Practising>, id: PathId<ProposalId>, body: Body) -> Reply {
    let reason = body.read(read_decline)?;
    let answered = at.booking.answer_as_doctor(&body.call(&at.caller), id.0, Some(reason)).await;
    let proposal = answered.map_err(|f| at.failed(f))?;
    shown(&shown_to(&at, &proposal).await)
}

pub(in crate::http) fn read_decline(fields: &mut Fields<'_, '_>) -> Option<DeclineReason> {
    fields.required("reason", parsed)
}

/// `POST T/mt/proposals/{id}/patient-answer`.
pub(in crate::http) async fn patient_answer(at: At<Household>, id: PathId<ProposalId>, body: Body) -> Reply {
    let yes = body.read(read_patient_answer)?;
    let answered = at.booking.answer_as_patient(&body.call(&at.caller), id.0, yes).await;
    let proposal = answered.map_err(|f| at.failed(f))?;
    shown(&shown_to(&at, &proposal).await)
}

pub(in crate::http) fn read_patient_answer(fields: &mut Fields<'_, '_>) -> Option<bool> {
    fields.required("answer", |item| match item.str()? {
        "yes" => Some(true),
        "no" => Some(false),
        _ => item.fault("Valeur inconnue. Choisissez parmi : yes, no."),
    })
}
