//! Both sides answer, or let the time pass.

use super::{
    back_on_the_list, give_back, leave, may_act_for_doctor, may_act_for_household, of_proposal, proposal, registration,
};
use crate::domain::attachment::{DeclineReason, Proposal, ProposalState, Registration, Standing};
use crate::domain::decide::Answer;
use crate::domain::decide::draft::Draft;
use crate::domain::refusal::Subject;
use crate::domain::{EventKind, ProposalId, Refusal};

/// A doctor's answer. Asked twice it says the same; after its end it says that it is too late.
pub(super) fn as_doctor(
    draft: &mut Draft<'_>,
    id: ProposalId,
    declined: Option<DeclineReason>,
) -> Result<Answer, Refusal> {
    let mut proposal = proposal(draft.records, id)?;
    if !may_act_for_doctor(draft, proposal.practitioner) {
        return Err(Refusal::Unknown(Subject::Proposal));
    }
    let said = if declined.is_some() { ProposalState::Declined } else { ProposalState::Accepted };
    if proposal.state == said && proposal.declined == declined {
        return Ok(Answer::Done);
    }
    is_asked(draft, &proposal, ProposalState::Sent)?;
    let mut registration = registration(draft.records, proposal.registration)?;
    match declined {
        None => {
            stand(&mut registration, &proposal, Standing::ProposedToPatient);
            proposal.state = ProposalState::Accepted;
            proposal.expires_at = draft.now() + Proposal::ANSWERED_WITHIN;
            proposal.reminded_at = None;
            tell(draft, registration, proposal, EventKind::RegistrationAccepted, EventKind::ProposalAccepted, None);
        }
        Some(reason) => {
            count_decline(&mut registration, &proposal);
            back_on_the_list(&mut registration, &proposal);
            give_back(draft, &proposal);
            (proposal.state, proposal.declined) = (ProposalState::Declined, declined);
            let why = Some(reason.code());
            tell(draft, registration, proposal, EventKind::RegistrationWaiting, EventKind::ProposalDeclined, why);
        }
    }
    Ok(Answer::Done)
}

/// A patient's answer.
pub(super) fn as_patient(draft: &mut Draft<'_>, id: ProposalId, yes: bool) -> Result<Answer, Refusal> {
    let mut proposal = proposal(draft.records, id)?;
    if !may_act_for_household(draft, proposal.registration) {
        return Err(Refusal::Unknown(Subject::Proposal));
    }
    let mut registration = registration(draft.records, proposal.registration)?;
    if yes {
        if proposal.state == ProposalState::PatientYes {
            return Ok(Answer::Done);
        }
        is_asked(draft, &proposal, ProposalState::Accepted)?;
        stand(&mut registration, &proposal, Standing::Accepted);
        proposal.state = ProposalState::PatientYes;
        tell(draft, registration, proposal, EventKind::RegistrationAgreed, EventKind::ProposalPatientYes, None);
        return Ok(Answer::Done);
    }
    if proposal.state == ProposalState::PatientNo {
        return Ok(Answer::Done);
    }
    if proposal.state != ProposalState::PatientYes {
        is_asked(draft, &proposal, ProposalState::Accepted)?;
    }
    let leaving: Vec<_> = proposal.members.iter().copied().filter(|place| stands(&registration, *place, id)).collect();
    if leaving.is_empty() {
        return Err(Refusal::ProposalOver { state: proposal.state });
    }
    for &place in &leaving {
        if let Some(member) = registration.members.get_mut(place) {
            member.refusals = member.refusals.saturating_add(1);
        }
    }
    back_on_the_list(&mut registration, &proposal);
    draft.put_registration(registration);
    draft.event(EventKind::RegistrationWaiting, of_proposal(&proposal), Some("patient_no"));
    // Whoever of them is declared already has their place.
    leave(draft, proposal, &leaving);
    Ok(Answer::Done)
}

/// The timer of a proposal: a reminder, or its end. Whoever let the time pass is not proposed the same again.
pub(super) fn look(draft: &mut Draft<'_>, id: ProposalId) -> Result<Answer, Refusal> {
    let mut proposal = proposal(draft.records, id)?;
    if proposal.is_pending() && proposal.expires_at <= draft.now() {
        let mut registration = registration(draft.records, proposal.registration)?;
        if proposal.state == ProposalState::Sent {
            count_decline(&mut registration, &proposal);
        }
        back_on_the_list(&mut registration, &proposal);
        give_back(draft, &proposal);
        let why = if proposal.state == ProposalState::Sent { "doctor_silent" } else { "patient_silent" };
        proposal.state = ProposalState::Expired;
        tell(draft, registration, proposal, EventKind::RegistrationWaiting, EventKind::ProposalExpired, Some(why));
    } else if proposal.is_reminder_due(draft.now()) {
        proposal.reminded_at = Some(draft.now());
        let concerns = of_proposal(&proposal);
        draft.put_proposal(proposal);
        draft.event(EventKind::ProposalReminded, concerns, None);
    }
    Ok(Answer::Done)
}

/// Whether somebody is asked, and still in time.
fn is_asked(draft: &Draft<'_>, proposal: &Proposal, state: ProposalState) -> Result<(), Refusal> {
    if proposal.state != state {
        return Err(Refusal::ProposalOver { state: proposal.state });
    }
    if proposal.expires_at <= draft.now() {
        return Err(Refusal::ProposalOver { state: ProposalState::Expired });
    }
    Ok(())
}

/// Whether a member stands where this proposal brought them.
fn stands(registration: &Registration, member: usize, proposal: ProposalId) -> bool {
    registration.members.get(member).is_some_and(|member| member.standing.proposal() == Some(proposal))
}

/// Where the members of a proposal stand now.
fn stand(registration: &mut Registration, proposal: &Proposal, standing: fn(ProposalId) -> Standing) {
    for &member in &proposal.members {
        if let Some(member) = registration.members.get_mut(member) {
            member.standing = standing(proposal.id);
        }
    }
}

fn count_decline(registration: &mut Registration, proposal: &Proposal) {
    for &member in &proposal.members {
        if let Some(member) = registration.members.get_mut(member) {
            member.declines = member.declines.saturating_add(1);
        }
    }
}

fn tell(
    draft: &mut Draft<'_>,
    registration: Registration,
    proposal: Proposal,
    of_household: EventKind,
    of_doctor: EventKind,
    why: Option<&str>,
) {
    let concerns = of_proposal(&proposal);
    draft.put_registration(registration);
    draft.put_proposal(proposal);
    draft.event(of_household, concerns.clone(), why);
    draft.event(of_doctor, concerns, why);
}
