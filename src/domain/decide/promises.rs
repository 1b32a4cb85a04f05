//! Promises: made, looked at, kept. A promise takes no place; the service books one when the hour must be told, or at once
//! where nobody else needs it.

use super::draft::Draft;
use super::intake::of_request;
use super::{Answer, places};
use crate::domain::refusal::Subject;
use crate::domain::{
    AppointmentId, EventKind, HoldId, Level, Promise, PromiseStanding, ReadyToBook, Refusal, RequestId, RequestState,
    SlotId,
};

/// Promises that the patient is seen in time. Who must be seen the same day gets an hour and no promise. Promising again
/// changes the notice, and who the patient is where that is said.
pub(super) fn promise(
    draft: &mut Draft<'_>,
    id: RequestId,
    notice_minutes: u16,
    ready: Option<&ReadyToBook>,
) -> Result<Answer, Refusal> {
    let now = draft.now();
    let mut request = super::request(draft.records, id)?.clone();
    places::may_get_a_place(&request, now)?;
    places::is_fresh(&request, now)?;
    if let state @ RequestState::Held = request.state(now) {
        return Err(Refusal::WrongState { state });
    }
    if request.level() == Some(Level::SameDay) {
        return Err(Refusal::PromiseImpossible);
    }
    let by = request.latest_start().unwrap_or(request.waiting_since + Promise::UNDATED_WITHIN);
    if by <= now {
        return Err(Refusal::PromiseImpossible);
    }
    let before = request.promise.take().and_then(|promise| promise.ready);
    let ready = ready.cloned().or(before);
    if let Some(ready) = &ready
        && !request.put_away.contains(&ready.identity_ref)
    {
        // An erasure finds it here, whether the promise is kept or not.
        request.put_away.push(ready.identity_ref.clone());
    }
    request.promise = Some(Promise::new(by, notice_minutes, ready));
    draft.put_request(request);
    draft.event(EventKind::RequestPromised, of_request(id), None);
    Ok(Answer::Done)
}

/// Books the place a promise is kept with. The patient agreed when the promise was made, and was named then.
pub(super) fn keep(draft: &mut Draft<'_>, id: RequestId, slot: SlotId) -> Result<Answer, Refusal> {
    let now = draft.now();
    let request = super::request(draft.records, id)?;
    let ready = match (request.state(now), &request.promise) {
        (RequestState::Promised, Some(promise)) => promise.ready.clone(),
        (state, _) => return Err(Refusal::WrongState { state }),
    };
    let ReadyToBook { appointment, identity_ref } = ready.ok_or(Refusal::PromiseImpossible)?;
    places::may_get_a_place(request, now)?;
    let slot = super::slot(draft.records, slot)?.clone();
    if slot.withdrawn_at.is_some() || slot.start <= now {
        return Err(Refusal::SlotGone);
    }
    if slot.places_left(now) == 0 {
        return Err(Refusal::SlotTaken);
    }
    places::in_time(request, &slot)?;
    if draft.records.appointment(appointment).is_some() {
        return Err(Refusal::Forbidden);
    }
    let hold = hold_of(appointment).ok_or(Refusal::Unknown(Subject::Appointment))?;
    // A hold that has ended and was not swept is no more the request's.
    let mut request = places::give_back(draft, request.clone(), "replaced");
    let slot = draft.slot_so_far(slot.id).ok_or(Refusal::Unknown(Subject::Slot))?;
    request.hour_to_tell = Some(slot.start);
    Ok(places::book(draft, request, slot, places::NewAppointment { id: appointment, hold, identity_ref, extra: false }))
}

/// The name the hold of an appointment made by the service would have had.
fn hold_of(appointment: AppointmentId) -> Option<HoldId> {
    format!("promise-{appointment}").parse().ok()
}

/// Somebody has told the patient the hour the service found.
pub(super) fn note_told(draft: &mut Draft<'_>, id: RequestId) -> Result<Answer, Refusal> {
    let mut request = super::request(draft.records, id)?.clone();
    if request.hour_to_tell.take().is_some() {
        draft.put_request(request);
        draft.event(EventKind::RequestHourTold, of_request(id), None);
    }
    Ok(Answer::Done)
}

/// Notes how a promise stands. Nothing is written where nothing is new, unless it was time to look: whoever reads the board
/// hears of it again then.
pub(super) fn note(draft: &mut Draft<'_>, id: RequestId, standing: PromiseStanding) -> Result<Answer, Refusal> {
    let now = draft.now();
    let mut request = super::request(draft.records, id)?.clone();
    let Some(promise) = request.promise.take().filter(|_| !request.is_closed()) else { return Ok(Answer::Done) };
    let noted = Promise { standing, ..promise.clone().looked_at(now) };
    if noted == promise {
        return Ok(Answer::Done);
    }
    request.promise = Some(noted);
    draft.put_request(request);
    let kind = match standing {
        PromiseStanding::Safe => EventKind::RequestPromiseSafe,
        PromiseStanding::Due => EventKind::RequestPromiseDue,
        PromiseStanding::AtRisk => EventKind::RequestPromiseAtRisk,
    };
    draft.event(kind, of_request(id), None);
    Ok(Answer::Done)
}
