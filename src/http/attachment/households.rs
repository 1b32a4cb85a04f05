//! Households: registered, listed, read, corrected, and how far they have come.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::reading::{Said, read_household};
use crate::booking::Call;
use crate::booking::attachment::HouseholdCase;
use crate::domain::attachment::RegistrationState;
use crate::domain::decide::Milestone;
use crate::domain::{Registration, RegistrationId, Role};
use crate::http::extract::{At, Body, PathId, Query};
use crate::http::fields::{Fields, parsed};
use crate::http::paging::{Page, cursor};
use crate::http::problem::{Problem, Slug};
use crate::http::rights::{Coordination, Household, Milestones, Registering};
use crate::http::wire::attachment::RegistrationList;
use crate::http::{Reply, created, shown};

/// `POST T/mt/registrations`.
pub(in crate::http) async fn create(at: At<Registering>, body: Body) -> Reply {
    let said = read(&at, &body)?;
    if said.consent != Some(true) {
        return Err(no_consent());
    }
    let household = at.booking.register(&body.call(&at.caller), said.order).await.map_err(|f| at.failed(f))?;
    let mut answer = at.showing().household(&household);
    let territory = &at.booking.territory.id;
    let bearer = at.state.identity.bearer_of_household(territory, household.registration.id);
    answer.status_link = Some(format!("/widget/{territory}/medecin-traitant/{bearer}"));
    answer.access_token = Some(bearer);
    created(&answer)
}

fn read<R>(at: &At<R>, body: &Body) -> Result<Said, Problem> {
    let today = at.booking.territory.zone.day(at.now);
    body.read(|f| read_household(f, &at.booking, &at.state.fingerprinter, today))
}

fn no_consent() -> Problem {
    Problem::new(Slug::ConsentRequired, Slug::ConsentRequired.advice())
        .at_field("/consent", "Le consentement doit être donné : « true ».")
}

/// Where a page of the list ended: in the order of seniority.
type Place = (DateTime<Utc>, RegistrationId);

fn place(text: &str) -> Option<Place> {
    let (at, id) = text.split_once('|')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

/// `GET T/mt/registrations`: those who registered first before the others.
pub(in crate::http) async fn list(at: At<Coordination>, query: Query) -> Reply {
    let (page, after, states) = query.read(|fields| {
        let page = Page::read(fields);
        let after = page.place(fields, place);
        let all = 1..=RegistrationState::ALL.len();
        let states = fields.optional("state", |item| item.list(all, parsed::<RegistrationState>));
        Some((page, after, states))
    })?;
    let mut found = at.booking.view.read(|state| {
        let later = |registration: &&Arc<Registration>| {
            after.is_none_or(|after| (registration.registered_at, registration.id) > after)
        };
        let asked = |registration: &&Arc<Registration>| {
            let state = registration.state(at.now);
            states.as_ref().is_none_or(|states| states.contains(&state))
        };
        let all = state.attachments.by_seniority().filter(later).filter(asked);
        all.take(page.limit + 1).cloned().collect::<Vec<_>>()
    });
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let next_cursor =
        found.last().filter(|_| more).map(|last| cursor(&format!("{}|{}", last.registered_at.to_rfc3339(), last.id)));
    let mut items = Vec::with_capacity(found.len());
    for registration in found {
        // Who they are is read one by one, and each reading is in the audit.
        let household = at.booking.opened(registration).await;
        items.push(at.showing().household(&HouseholdCase { identity: None, ..household }));
    }
    shown(&RegistrationList { items, next_cursor, as_of: at.showing().instant(at.now) })
}

/// A household reaches its own registration and no other.
fn only_own<R>(at: &At<R>, id: RegistrationId) -> Result<(), Problem> {
    if at.caller.role() == Role::Patient && at.caller.registration() != Some(id) {
        return Err(Problem::not_found("Cette inscription"));
    }
    Ok(())
}

/// `GET T/mt/registrations/{id}`.
pub(in crate::http) async fn one(at: At<Household>, id: PathId<RegistrationId>) -> Reply {
    only_own(&at, id.0)?;
    let household = match at.caller.role() {
        Role::Patient => at.booking.household(id.0).await,
        _ => {
            let call = Call { actor: at.caller.actor().clone(), ..Call::of_service() };
            at.booking.read_household(&call, id.0).await
        }
    };
    let mut answer = at.showing().household(&household.map_err(|f| at.failed(f))?);
    answer.history = Some(at.showing().history_of_household(id.0));
    shown(&answer)
}

/// `PUT T/mt/registrations/{id}`: a correction; the seniority stays.
pub(in crate::http) async fn correct(at: At<Household>, id: PathId<RegistrationId>, body: Body) -> Reply {
    only_own(&at, id.0)?;
    let said = read(&at, &body)?;
    if said.consent == Some(false) {
        return Err(no_consent());
    }
    let household = at.booking.correct_household(&body.call(&at.caller), id.0, said.order).await;
    shown(&at.showing().household(&household.map_err(|f| at.failed(f))?))
}

/// `POST T/mt/registrations/{id}/consent`: still looking; the consent holds from now on.
pub(in crate::http) async fn consent(at: At<Household>, id: PathId<RegistrationId>, body: Body) -> Reply {
    only_own(&at, id.0)?;
    body.read(|_| Some(()))?;
    let household = at.booking.renew_consent(&body.call(&at.caller), id.0).await;
    shown(&at.showing().household(&household.map_err(|f| at.failed(f))?))
}

/// `POST T/mt/registrations/{id}/milestone`.
pub(in crate::http) async fn milestone(at: At<Milestones>, id: PathId<RegistrationId>, body: Body) -> Reply {
    only_own(&at, id.0)?;
    let (milestone, members) = body.read(read_milestone)?;
    let call: Call = body.call(&at.caller);
    let household = at.booking.note_milestone(&call, id.0, members, milestone).await.map_err(|f| at.failed(f))?;
    let household = match at.caller.rpps() {
        // A doctor hears how far people have come; who they are is told by the proposals they accepted.
        Some(own) => HouseholdCase {
            facts: None,
            identity: None,
            proposals: household.proposals.into_iter().filter(|proposal| proposal.practitioner == own).collect(),
            ..household
        },
        None => household,
    };
    shown(&at.showing().household(&household))
}

pub(in crate::http) fn read_milestone(fields: &mut Fields<'_, '_>) -> Option<(Milestone, Vec<usize>)> {
    let milestone = fields.required("milestone", parsed);
    let members = fields.optional("members", |item| item.list(1..=12, |item| item.integer::<usize>(0..=11)));
    Some((milestone?, members.unwrap_or_default()))
}
