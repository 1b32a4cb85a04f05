//! What is kept of a person goes: when they ask for it, or when its time is over. What stays is what statistics count: hours,
//! level, commune, outcome. The audit says that it went, when, by whom and why.

use super::Answer;
use super::draft::Draft;
use crate::domain::care_request::ERASED;
use crate::domain::refusal::Subject;
use crate::domain::{
    CareRequest, Concerns, Erased, Erasure, ErasureReason, EventKind, Refusal, RequestId, Timer, TimerKind,
};

use super::intake::of_request;

/// Appointments of one commit, each of which is written and loses a blob.
pub(super) const APPOINTMENTS_AT_ONCE: usize = 40;

/// Other sealed data of one commit, each of which may have a key of its own: with the appointments, fewer writes than a
/// commit may have.
pub(super) const REFERENCES_AT_ONCE: usize = 50;

/// Erases a request that is over. More than one commit may hold goes step by step: the key goes first, and with it whatever
/// it opens; the timer sees to the rest.
pub(super) fn erase(draft: &mut Draft<'_>, id: RequestId, why: ErasureReason) -> Result<Answer, Refusal> {
    let request = known(draft, id)?;
    if request.erased_at.is_some() && !request.is_half_erased() {
        return Ok(Answer::Done);
    }
    if !request.may_be_erased(draft.now()) {
        return Err(Refusal::WrongState { state: request.state(draft.now()) });
    }
    let mut references = Vec::new();
    let mut left = request.clone();
    for appointment in left.appointments.drain(..left.appointments.len().min(APPOINTMENTS_AT_ONCE)) {
        if let Some(found) = draft.records.appointment(appointment) {
            references.push(found.identity_ref.clone());
            draft.put_appointment(found.clone().erased(draft.now()));
        }
    }
    references.extend(left.put_away.drain(..left.put_away.len().min(REFERENCES_AT_ONCE)));
    references.push(left.facts_ref);
    references.retain(|reference| reference != ERASED);
    // Who a promise was made to is known to the appointment that kept it as well.
    references.sort();
    references.dedup();
    draft.put_request(CareRequest {
        facts_ref: ERASED.to_owned(),
        regulation_reference: None,
        held: None,
        promise: None,
        hour_to_tell: None,
        agreement: None,
        erased_at: left.erased_at.or(Some(draft.now())),
        ..left
    });
    draft.erase(Erasure { of: Erased::Request(id), references });
    draft.event(EventKind::RequestErased, of_request(id), Some(why.code()));
    Ok(Answer::Done)
}

/// The timer of a request whose time is over. The table may have changed since it was set: what it says now counts.
pub(super) fn end_retention(draft: &mut Draft<'_>, id: RequestId) -> Result<Answer, Refusal> {
    let end = draft.context().retention.end_of(known(draft, id)?);
    if end.is_some_and(|end| end <= draft.now()) {
        return erase(draft, id, ErasureReason::Retention);
    }
    draft.set_timer(Timer { kind: TimerKind::Retention, id: id.to_string() }, end);
    Ok(Answer::Done)
}

fn known<'a>(draft: &Draft<'a>, id: RequestId) -> Result<&'a CareRequest, Refusal> {
    draft.records.request(id).ok_or(Refusal::Unknown(Subject::Request))
}

pub(super) fn note_search(draft: &mut Draft<'_>, by: &str) -> Answer {
    draft.event(EventKind::TerritorySearched, Concerns::default(), Some(by));
    Answer::Done
}

pub(super) fn note_key_renewal(draft: &mut Draft<'_>, from: &str, to: &str) -> Answer {
    draft.event(EventKind::TerritoryKeyRenewed, Concerns::default(), Some(&format!("{from}_to_{to}")));
    Answer::Done
}

pub(super) fn note_loss(draft: &mut Draft<'_>, changes: usize) -> Answer {
    draft.event(EventKind::TerritoryLossAcknowledged, Concerns::default(), Some(&format!("{changes}_changes")));
    Answer::Done
}
