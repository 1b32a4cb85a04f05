//! How stories end: cancelled, handed to the 15, unmet; seen, not seen.

use super::draft::Draft;
use super::publishing::of_slot;
use super::{Answer, Outcome, intake, places};
use crate::domain::appointment::{Appointment, AppointmentStatus, CancelledBy};
use crate::domain::refusal::Subject;
use crate::domain::{
    AppointmentId, BookingOutcome, CareRequest, Concerns, EventKind, Phase, Refusal, RequestId, RequestState, Role,
};

/// The patient gives up. A place still ahead is free again. An emergency is not given up: only a handover ends it.
pub(super) fn cancel(draft: &mut Draft<'_>, id: RequestId, reason: &str) -> Result<Answer, Refusal> {
    let request = still_running(draft, id)?;
    if request.is_emergency() {
        return Err(Refusal::Emergency);
    }
    let request = leave_places(draft, request, reason)?;
    close(draft, request, Phase::Cancelled, EventKind::RequestCancelled, Some(reason));
    Ok(Answer::Done)
}

/// Hands the patient to the emergency number: the only way on for an emergency, and open to every request, since anybody may
/// judge that the 15 is needed.
pub(super) fn hand_over_to_15(draft: &mut Draft<'_>, id: RequestId) -> Result<Answer, Refusal> {
    let request = still_running(draft, id)?;
    let request = leave_places(draft, request, "handed_to_15")?;
    close(draft, request, Phase::HandedTo15, EventKind::RequestHandedTo15, None);
    Ok(Answer::Done)
}

/// Closes a waiting request without care. An emergency is never closed this way.
pub(super) fn close_unmet(draft: &mut Draft<'_>, id: RequestId, reason: &str) -> Result<Answer, Refusal> {
    let request = still_running(draft, id)?;
    if request.is_emergency() {
        return Err(Refusal::Emergency);
    }
    if matches!(request.phase, Phase::Booked { .. }) {
        return Err(Refusal::WrongState { state: RequestState::Booked });
    }
    let request = places::give_back(draft, request, "unmet");
    close(draft, request, Phase::Unmet, EventKind::RequestUnmet, Some(reason));
    Ok(Answer::Done)
}

/// The timer of a request that still waits long after its deadline. It is judged by the request as it is now: since the
/// timer was read, the request may have got more time, a place, or become an emergency, which stays until somebody hands it
/// over.
pub(super) fn close_overdue(draft: &mut Draft<'_>, id: RequestId) -> Result<Answer, Refusal> {
    let now = draft.now();
    let request = super::request(draft.records, id)?;
    let due = request.closes_at().is_some_and(|at| at <= now);
    if !due || request.live_hold(now).is_some() {
        return Ok(Answer::Done);
    }
    let request = places::give_back(draft, request.clone(), "unmet");
    close(draft, request, Phase::Unmet, EventKind::RequestUnmet, Some("deadline_passed"));
    Ok(Answer::Done)
}

pub(super) fn record_outcome(draft: &mut Draft<'_>, id: AppointmentId, outcome: &Outcome) -> Result<Answer, Refusal> {
    let appointment = appointment(draft, id)?;
    match outcome {
        Outcome::Cancelled { by, reason } => match (appointment.status, by) {
            (AppointmentStatus::Cancelled, _) => Ok(Answer::Done),
            (AppointmentStatus::Fulfilled | AppointmentStatus::NoShow, _) => Err(Refusal::OutcomeRecorded),
            (AppointmentStatus::Booked, CancelledBy::Patient) => cancel_by_patient(draft, &appointment, reason),
            (AppointmentStatus::Booked, CancelledBy::Practitioner) => reopen(draft, id, reason),
        },
        Outcome::Fulfilled => seen_or_not(draft, appointment, true),
        Outcome::NoShow => seen_or_not(draft, appointment, false),
    }
}

/// Seen, or not seen; one may be corrected into the other, and the audit shows it.
fn seen_or_not(draft: &mut Draft<'_>, mut appointment: Appointment, seen: bool) -> Result<Answer, Refusal> {
    if appointment.status == AppointmentStatus::Cancelled {
        return Err(Refusal::OutcomeRecorded);
    }
    if appointment.start > draft.now() {
        return Err(Refusal::TooEarly { start: appointment.start });
    }
    let (status, outcome) = if seen {
        (AppointmentStatus::Fulfilled, BookingOutcome::Fulfilled)
    } else {
        (AppointmentStatus::NoShow, BookingOutcome::NoShow)
    };
    if appointment.status == status {
        return Ok(Answer::Done);
    }
    let id = appointment.id;
    let mut slot = super::slot(draft.records, appointment.slot)?.clone();
    for booking in slot.bookings.iter_mut().filter(|b| b.appointment == id) {
        booking.outcome = outcome;
    }
    let mut request = super::request(draft.records, appointment.request)?.clone();
    appointment.status = status;
    request.settled_at = Some(draft.now());
    request.hour_to_tell = None;
    let concerns = Concerns { request: Some(request.id), appointment: Some(id), ..of_slot(&slot) };
    let (of_appointment, of_request) = if seen {
        request.phase = Phase::Fulfilled { appointment: id };
        (EventKind::AppointmentFulfilled, EventKind::RequestFulfilled)
    } else {
        request.phase = Phase::NoShow { appointment: id };
        (EventKind::AppointmentNoShow, EventKind::RequestNoShow)
    };
    draft.put_slot(slot);
    draft.put_appointment(appointment);
    draft.put_request(request);
    draft.event(EventKind::SlotOutcome, concerns.clone(), Some(status.code()));
    draft.event(of_appointment, concerns.clone(), None);
    draft.event(of_request, concerns, None);
    Ok(Answer::Done)
}

/// The patient cancels the appointment, and with it the request; but an emergency stays until it is handed to the 15.
fn cancel_by_patient(draft: &mut Draft<'_>, appointment: &Appointment, reason: &str) -> Result<Answer, Refusal> {
    if super::request(draft.records, appointment.request)?.is_emergency() {
        reopen(draft, appointment.id, reason)
    } else {
        cancel(draft, appointment.request, reason)
    }
}

/// The appointment is cancelled, and the request waits again, its age and deadline kept.
pub(super) fn reopen(draft: &mut Draft<'_>, id: AppointmentId, reason: &str) -> Result<Answer, Refusal> {
    let appointment = appointment(draft, id)?;
    let request = super::request(draft.records, appointment.request)?.clone();
    let mut request = leave_places(draft, request, reason)?;
    request.phase = Phase::Open;
    request.settled_at = None;
    request.waiting_since = draft.now();
    let concerns = Concerns { appointment: Some(id), ..intake::of_request(request.id) };
    draft.put_request(request);
    draft.event(EventKind::RequestReopened, concerns, Some(reason));
    Ok(Answer::Done)
}

/// Gives back whatever place the request has, held or booked; a booked one cancels its appointment.
pub(super) fn leave_places(draft: &mut Draft<'_>, request: CareRequest, reason: &str) -> Result<CareRequest, Refusal> {
    let mut request = places::give_back(draft, request, reason);
    request.hour_to_tell = None;
    let Phase::Booked { appointment: id, slot } = request.phase else { return Ok(request) };
    let mut appointment = appointment(draft, id)?;
    appointment.status = AppointmentStatus::Cancelled;
    let mut slot = draft.slot_so_far(slot).ok_or(Refusal::Unknown(Subject::Slot))?;
    slot.bookings.retain(|b| b.appointment != id);
    let concerns = Concerns { request: Some(request.id), appointment: Some(id), ..of_slot(&slot) };
    draft.put_slot(slot);
    draft.put_appointment(appointment);
    draft.event(EventKind::SlotFreed, concerns.clone(), Some(reason));
    draft.event(EventKind::AppointmentCancelled, concerns, Some(reason));
    Ok(request)
}

fn close(draft: &mut Draft<'_>, mut request: CareRequest, phase: Phase, kind: EventKind, reason: Option<&str>) {
    let concerns = intake::of_request(request.id);
    request.phase = phase;
    request.promise = None;
    request.settled_at = Some(draft.now());
    draft.put_request(request);
    draft.event(kind, concerns, reason);
}

fn still_running(draft: &Draft<'_>, id: RequestId) -> Result<CareRequest, Refusal> {
    let request = super::request(draft.records, id)?;
    if request.is_closed() {
        Err(Refusal::WrongState { state: request.state(draft.now()) })
    } else {
        Ok(request.clone())
    }
}

/// The appointment, for whoever may see it: a practitioner only their own.
fn appointment(draft: &Draft<'_>, id: AppointmentId) -> Result<Appointment, Refusal> {
    let found = draft.records.appointment(id).ok_or(Refusal::Unknown(Subject::Appointment))?;
    let actor = draft.actor();
    if actor.role == Role::Practitioner && actor.id != found.practitioner.as_str() {
        return Err(Refusal::Unknown(Subject::Appointment));
    }
    Ok(found.clone())
}

pub(super) fn note_identity_read(draft: &mut Draft<'_>, id: AppointmentId) -> Result<Answer, Refusal> {
    let appointment = appointment(draft, id)?;
    let concerns = Concerns { appointment: Some(id), request: Some(appointment.request), ..Concerns::default() };
    draft.event(EventKind::AppointmentIdentityRead, concerns, None);
    Ok(Answer::Done)
}
