//! What is kept of a household goes: when it asks for it, or when its time is over. What stays is what statistics count: days,
//! tier, how it ended.

use super::of_registration;
use crate::domain::attachment::Registration;
use crate::domain::care_request::ERASED;
use crate::domain::decide::Answer;
use crate::domain::decide::draft::Draft;
use crate::domain::decide::erasing::REFERENCES_AT_ONCE;
use crate::domain::refusal::Subject;
use crate::domain::{Erased, Erasure, ErasureReason, EventKind, Refusal, RegistrationId, Timer, TimerKind};

/// Erases a household nobody of which looks any more. More than one commit may hold goes step by step: the key goes first, and
/// with it whatever it opens; the timer sees to the rest.
pub(super) fn erase(draft: &mut Draft<'_>, id: RegistrationId, why: ErasureReason) -> Result<Answer, Refusal> {
    let known = known(draft, id)?;
    if known.erased_at.is_some() && !known.is_half_erased() {
        return Ok(Answer::Done);
    }
    if !known.is_over() {
        return Err(Refusal::RegistrationNotThere { state: known.state(draft.now()) });
    }
    let mut left = known.clone();
    let mut references: Vec<_> = left.put_away.drain(..left.put_away.len().min(REFERENCES_AT_ONCE)).collect();
    references.extend([left.facts_ref, left.identity_ref].into_iter().filter(|reference| reference != ERASED));
    draft.put_registration(Registration {
        facts_ref: ERASED.to_owned(),
        identity_ref: ERASED.to_owned(),
        usual_doctor: None,
        not_again: Vec::new(),
        erased_at: left.erased_at.or(Some(draft.now())),
        ..left
    });
    draft.erase(Erasure { of: Erased::Household(id), references });
    draft.event(EventKind::RegistrationErased, of_registration(id), Some(why.code()));
    Ok(Answer::Done)
}

/// The timer of a household whose time is over. The table may have changed since it was set: what it says now counts.
pub(super) fn end_retention(draft: &mut Draft<'_>, id: RegistrationId) -> Result<Answer, Refusal> {
    let end = draft.context().retention.end_of_household(known(draft, id)?);
    if end.is_some_and(|end| end <= draft.now()) {
        return erase(draft, id, ErasureReason::Retention);
    }
    draft.set_timer(Timer { kind: TimerKind::HouseholdRetention, id: id.to_string() }, end);
    Ok(Answer::Done)
}

fn known<'a>(draft: &Draft<'a>, id: RegistrationId) -> Result<&'a Registration, Refusal> {
    draft.records.registration(id).ok_or(Refusal::Unknown(Subject::Registration))
}
