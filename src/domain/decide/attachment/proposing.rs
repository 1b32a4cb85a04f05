//! Doctors open places; people are proposed to them.

use super::{NewProposal, PlacesOrder, may_act_for_doctor, of_proposal, registration};
use crate::domain::attachment::open_places::Taken;
use crate::domain::attachment::{OpenPlaces, Proposal, ProposalState, Standing};
use crate::domain::decide::Answer;
use crate::domain::decide::draft::Draft;
use crate::domain::refusal::Subject;
use crate::domain::{Concerns, EventKind, Refusal, Role};

/// Says how many places a doctor opens. Whoever was proposed to them already keeps their place.
pub(super) fn open_places(draft: &mut Draft<'_>, order: &PlacesOrder) -> Result<Answer, Refusal> {
    if !may_act_for_doctor(draft, order.practitioner) {
        return Err(Refusal::Unknown(Subject::Practitioner));
    }
    let practitioner = draft.records.practitioner(order.practitioner).ok_or(Refusal::Unknown(Subject::Practitioner))?;
    if !practitioner.profession.is_medecin() {
        return Err(Refusal::NoMedecin);
    }
    if order.reserved.total() > u32::from(order.per_month) {
        return Err(Refusal::MoreReservedThanOpen);
    }
    let mut opened = OpenPlaces::new(order.practitioner, order.per_month, order.reserved);
    opened.home_visits = order.home_visits;
    opened.visits_in.clone_from(&order.visits_in);
    opened.paused_until = order.paused_until;
    let before = draft.records.open_places(order.practitioner);
    draft.put_open_places(before.map_or(opened.clone(), |before| opened.with_taken_of(before)));
    let concerns = Concerns { practitioner: Some(order.practitioner), ..Concerns::default() };
    draft.event(EventKind::PlacesOpened, concerns, None);
    Ok(Answer::Done)
}

/// Proposes people to a doctor. The caller has matched them; what is checked here is what must hold whoever proposes.
pub(super) fn propose(draft: &mut Draft<'_>, new: &NewProposal) -> Result<Answer, Refusal> {
    if !matches!(draft.actor().role, Role::Coordinator | Role::Service) {
        return Err(Refusal::Forbidden);
    }
    if draft.records.proposal(new.id).is_some() {
        return Ok(Answer::Proposed { proposal: new.id });
    }
    let mut registration = registration(draft.records, new.registration)?;
    let now = draft.now();
    if !registration.has_consent(now) {
        return Err(Refusal::ConsentOver);
    }
    let wait = |member: &usize| {
        let member = registration.members.get(*member);
        member.is_some_and(|member| member.standing == Standing::Waiting)
    };
    if new.members.is_empty() || new.members.len() != new.places.len() || !new.members.iter().all(wait) {
        return Err(Refusal::RegistrationNotThere { state: registration.state(now) });
    }
    let looking = registration.members.iter().filter(|member| !member.standing.is_over()).count();
    if registration.keep_together && new.members.len() < looking {
        return Err(Refusal::KeptTogether);
    }
    if registration.not_again.contains(&new.practitioner) {
        return Err(Refusal::DeclinedBefore);
    }
    let places = draft.records.open_places(new.practitioner).filter(|places| !places.is_paused(now));
    let mut places = places.cloned().ok_or(Refusal::NoPlaceLeft)?;
    places.forget_before(new.month);
    if !places.take(Taken { proposal: new.id, month: new.month, places: new.places.clone() }) {
        return Err(Refusal::NoPlaceLeft);
    }
    for &member in &new.members {
        registration.members[member].standing = Standing::ProposedToDoctor(new.id);
    }
    let proposal = Proposal {
        id: new.id,
        registration: new.registration,
        members: new.members.clone(),
        places: new.places.clone(),
        month: new.month,
        practitioner: new.practitioner,
        run: new.run,
        travel_minutes: new.travel_minutes,
        state: ProposalState::Sent,
        sent_at: now,
        expires_at: now + Proposal::ANSWERED_WITHIN,
        reminded_at: None,
        declined: None,
    };
    let concerns = of_proposal(&proposal);
    draft.put_open_places(places);
    draft.put_registration(registration);
    draft.put_proposal(proposal);
    draft.event(EventKind::RegistrationProposed, concerns.clone(), None);
    draft.event(EventKind::ProposalSent, concerns, None);
    Ok(Answer::Proposed { proposal: new.id })
}
