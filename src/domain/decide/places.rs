//! Holds and bookings: the transitions of a place in a slot.

use chrono::{DateTime, Utc};

use super::Answer;
use super::draft::Draft;
use super::publishing::of_slot;
use crate::domain::appointment::{Appointment, AppointmentStatus};
use crate::domain::refusal::Subject;
use crate::domain::{
    AppointmentId, Booking, BookingOutcome, CareRequest, Concerns, EventKind, HeldPlace, Hold, HoldId, Phase, Refusal,
    RequestId, RequestState, Role, Slot, SlotId,
};

pub(super) fn hold(
    draft: &mut Draft<'_>,
    request_id: RequestId,
    slot_id: SlotId,
    hold: &HoldId,
    until: DateTime<Utc>,
    extra_consent: bool,
) -> Result<Answer, Refusal> {
    let now = draft.now();
    let request = super::request(draft.records, request_id)?;
    may_get_a_place(request, now)?;
    let slot = super::slot(draft.records, slot_id)?;
    let stands = request.live_hold(now).is_some_and(|held| held.hold == *hold && held.slot == slot_id);
    if !stands {
        is_fresh(request, now)?;
    }
    if extra_consent && draft.actor().role == Role::Patient {
        // A practitioner's consent is told to the regulation, never by the patient.
        return Err(Refusal::Forbidden);
    }
    if let Some(held) = request.live_hold(now).filter(|held| held.hold == *hold) {
        // The same call again: the hold stands as it was made.
        return if held.slot == slot_id {
            Ok(Answer::Held { hold: hold.clone(), until: held.until })
        } else {
            Err(Refusal::HoldIdReused)
        };
    }
    if slot.hold(hold).is_some_and(|there| there.request != request_id) {
        return Err(Refusal::HoldIdReused);
    }
    if slot.withdrawn_at.is_some() || slot.start <= now {
        return Err(Refusal::SlotGone);
    }
    // A place this request already holds in the same slot comes back in the same step.
    let own = slot.live_holds(now).filter(|h| h.request == request_id);
    let (own_extra, own_published): (Vec<_>, Vec<_>) = own.partition(|h| h.extra);
    let extra = if slot.places_left(now) + own_published.len() > 0 {
        false
    } else if extra_consent && slot.extra_places_left(now) + own_extra.len() > 0 {
        true
    } else {
        return Err(Refusal::SlotTaken);
    };
    let mut request = give_back(draft, request.clone(), "replaced");
    let mut slot = draft.slot_so_far(slot_id).ok_or(Refusal::Unknown(Subject::Slot))?;
    slot.holds.retain(|h| h.id != *hold);
    slot.holds.push(Hold {
        id: hold.clone(),
        request: request_id,
        actor: draft.actor().clone(),
        since: now,
        until,
        extra,
    });
    request.held = Some(HeldPlace { hold: hold.clone(), slot: slot_id, until });
    let concerns = both(&slot, request_id);
    draft.put_slot(slot);
    draft.put_request(request);
    draft.event(EventKind::SlotHeld, concerns.clone(), extra.then_some("en_sus"));
    draft.event(EventKind::RequestHeld, concerns, None);
    Ok(Answer::Held { hold: hold.clone(), until })
}

pub(super) fn extend(
    draft: &mut Draft<'_>,
    id: RequestId,
    hold: &HoldId,
    until: DateTime<Utc>,
) -> Result<Answer, Refusal> {
    let (mut request, mut slot) = live(draft, id, hold)?;
    in_time(&request, &slot)?;
    // Never shorter than was told, whichever node's clock asks.
    let until = slot.hold(hold).map_or(until, |held| until.min(held.since + Hold::LONGEST).max(held.until));
    if until <= draft.now() {
        return Err(Refusal::HoldExpired);
    }
    for held in slot.holds.iter_mut().filter(|h| h.id == *hold) {
        held.until = until;
    }
    request.held = Some(HeldPlace { hold: hold.clone(), slot: slot.id, until });
    let concerns = both(&slot, id);
    draft.put_slot(slot);
    draft.put_request(request);
    draft.event(EventKind::SlotHoldExtended, concerns.clone(), None);
    draft.event(EventKind::RequestHeld, concerns, None);
    Ok(Answer::Held { hold: hold.clone(), until })
}

pub(super) fn confirm(
    draft: &mut Draft<'_>,
    id: RequestId,
    hold: &HoldId,
    appointment_id: AppointmentId,
    identity_ref: &str,
) -> Result<Answer, Refusal> {
    let now = draft.now();
    let request = super::request(draft.records, id)?;
    if let Phase::Booked { appointment, .. } = request.phase
        && draft
            .records
            .appointment(appointment)
            .is_some_and(|made| made.hold == *hold && made.booked_by == *draft.actor())
    {
        // The same call again: the appointment stands as it was made.
        return Ok(Answer::Booked { appointment });
    }
    may_get_a_place(request, now)?;
    let (mut request, mut slot) = live(draft, id, hold)?;
    if slot.withdrawn_at.is_some() || slot.start <= now {
        return Err(Refusal::SlotGone);
    }
    in_time(&request, &slot)?;
    if draft.records.appointment(appointment_id).is_some() {
        // An appointment is never replaced.
        return Err(Refusal::Forbidden);
    }
    let extra = slot.hold(hold).is_some_and(|h| h.extra);
    slot.holds.retain(|h| h.id != *hold);
    request.held = None;
    let identity_ref = identity_ref.to_owned();
    Ok(book(draft, request, slot, NewAppointment { id: appointment_id, hold: hold.clone(), identity_ref, extra }))
}

/// An appointment to be.
pub(super) struct NewAppointment {
    /// Identifier.
    pub(super) id: AppointmentId,
    /// The hold it comes of.
    pub(super) hold: HoldId,
    /// Name of the blob that says who the patient is.
    pub(super) identity_ref: String,
    /// A place "en sus".
    pub(super) extra: bool,
}

/// Books a place for a request that holds none any more. The caller has asked every rule.
pub(super) fn book(draft: &mut Draft<'_>, mut request: CareRequest, mut slot: Slot, new: NewAppointment) -> Answer {
    let NewAppointment { id: appointment_id, hold, identity_ref, extra } = new;
    let (id, now) = (request.id, draft.now());
    slot.bookings.push(Booking { appointment: appointment_id, request: id, outcome: BookingOutcome::Expected, extra });
    request.promise = None;
    request.phase = Phase::Booked { appointment: appointment_id, slot: slot.id };
    request.appointments.push(appointment_id);
    request.settled_at = Some(slot.start);
    let appointment = Appointment {
        id: appointment_id,
        request: id,
        slot: slot.id,
        territory: slot.territory.clone(),
        practitioner: slot.practitioner,
        start: slot.start,
        hold,
        status: AppointmentStatus::Booked,
        created_at: now,
        booked_by: draft.actor().clone(),
        origin: request.channel,
        identity_ref,
        regulation_reference: request.regulation_reference.clone(),
        extra,
        erased_at: None,
    };
    let concerns = Concerns { appointment: Some(appointment_id), ..both(&slot, id) };
    draft.put_slot(slot);
    draft.put_request(request);
    draft.put_appointment(appointment);
    draft.event(EventKind::SlotBooked, concerns.clone(), None);
    draft.event(EventKind::AppointmentBooked, concerns.clone(), None);
    draft.event(EventKind::RequestBooked, concerns, None);
    Answer::Booked { appointment: appointment_id }
}

pub(super) fn release(draft: &mut Draft<'_>, id: RequestId, hold: &HoldId) -> Result<Answer, Refusal> {
    let request = super::request(draft.records, id)?;
    let Some(held) = request.held.as_ref().filter(|held| held.hold == *hold) else {
        // Nothing to give back: released before, or ended and swept.
        return match request.phase {
            Phase::Booked { .. } => Err(Refusal::WrongState { state: RequestState::Booked }),
            _ => Ok(Answer::Done),
        };
    };
    if let Some(there) = super::slot(draft.records, held.slot)?.hold(hold) {
        same_holder(draft, there)?;
    }
    let request = give_back(draft, request.clone(), "released");
    draft.put_request(request);
    draft.event(EventKind::RequestReleased, super::intake::of_request(id), None);
    Ok(Answer::Done)
}

/// Takes the ended holds out of a slot, and tells the requests that had them.
pub(super) fn expire_holds(draft: &mut Draft<'_>, id: SlotId) -> Answer {
    let now = draft.now();
    let Some(mut slot) = draft.records.slot(id).cloned() else { return Answer::Done };
    let (ended, live): (Vec<_>, Vec<_>) = std::mem::take(&mut slot.holds).into_iter().partition(|h| h.until <= now);
    slot.holds = live;
    if ended.is_empty() {
        return Answer::Done;
    }
    for hold in &ended {
        drop_hold_of_request(draft, &slot, hold, EventKind::SlotHoldExpired, None);
    }
    draft.put_slot(slot);
    Answer::Done
}

/// The events of a hold that ends by itself or by its slot; its request, if it still has this hold, waits again.
pub(super) fn drop_hold_of_request(
    draft: &mut Draft<'_>,
    slot: &Slot,
    hold: &Hold,
    kind: EventKind,
    reason: Option<&str>,
) {
    let concerns = both(slot, hold.request);
    draft.event(kind, concerns.clone(), reason);
    let request =
        draft.records.request(hold.request).filter(|r| r.held.as_ref().is_some_and(|held| held.hold == hold.id));
    if let Some(request) = request {
        let mut request = request.clone();
        request.held = None;
        draft.put_request(request);
        draft.event(EventKind::RequestReleased, concerns, reason);
    }
}

/// Gives back the place a request holds, if it does. The caller puts the request.
pub(super) fn give_back(draft: &mut Draft<'_>, mut request: CareRequest, reason: &str) -> CareRequest {
    let Some(held) = request.held.take() else { return request };
    if let Some(mut slot) = draft.slot_so_far(held.slot) {
        let live = slot.hold(&held.hold).is_some_and(|h| h.until > draft.now());
        slot.holds.retain(|h| h.id != held.hold);
        let kind = if live { EventKind::SlotReleased } else { EventKind::SlotHoldExpired };
        let concerns = both(&slot, request.id);
        draft.put_slot(slot);
        draft.event(kind, concerns, live.then_some(reason));
    }
    request
}

/// The slot still starts before the deadline, which may have come nearer since it was held.
pub(super) fn in_time(request: &CareRequest, slot: &Slot) -> Result<(), Refusal> {
    match request.latest_start() {
        Some(latest) if slot.start >= latest => Err(Refusal::Unsuitable { rule: "within_deadline".into() }),
        _ => Ok(()),
    }
}

/// Whether a request may get a place at all.
pub(super) fn may_get_a_place(request: &CareRequest, now: DateTime<Utc>) -> Result<(), Refusal> {
    if request.is_emergency() {
        return Err(Refusal::Emergency);
    }
    match request.state(now) {
        RequestState::Open | RequestState::Promised | RequestState::Held => {}
        RequestState::Incomplete => return Err(Refusal::NotQualified),
        state => return Err(Refusal::WrongState { state }),
    }
    if request.awaits_regulator() { Err(Refusal::RegulationRequired) } else { Ok(()) }
}

/// Whether the evaluation still holds: what was said hours ago is asked again before a new place is taken or promised. A place
/// held in time is booked all the same, and a promise made in time is kept.
pub(super) fn is_fresh(request: &CareRequest, now: DateTime<Utc>) -> Result<(), Refusal> {
    match request.evaluation_over(now) {
        Some(until) => Err(Refusal::EvaluationOver { until }),
        None => Ok(()),
    }
}

/// The request and its slot, if the hold is live and the caller's.
fn live(draft: &Draft<'_>, id: RequestId, hold: &HoldId) -> Result<(CareRequest, Slot), Refusal> {
    let now = draft.now();
    let request = super::request(draft.records, id)?;
    if let RequestState::Booked | RequestState::Fulfilled | RequestState::NoShow | RequestState::Cancelled =
        request.state(now)
    {
        return Err(Refusal::WrongState { state: request.state(now) });
    }
    let held = request.held.as_ref().filter(|held| held.hold == *hold).ok_or(Refusal::HoldExpired)?;
    let slot = super::slot(draft.records, held.slot)?;
    match slot.hold(hold) {
        Some(there) if there.until > now => {
            same_holder(draft, there)?;
            Ok((request.clone(), slot.clone()))
        }
        _ if slot.withdrawn_at.is_some() => Err(Refusal::SlotGone),
        _ if slot.places_left(now) == 0 => Err(Refusal::SlotTaken),
        _ => Err(Refusal::HoldExpired),
    }
}

/// A hold is used by whoever made it; a régulateur may take over anybody's.
fn same_holder(draft: &Draft<'_>, hold: &Hold) -> Result<(), Refusal> {
    if hold.actor == *draft.actor() || draft.actor().role == Role::Regulator {
        Ok(())
    } else {
        Err(Refusal::HoldOfAnother)
    }
}

fn both(slot: &Slot, request: RequestId) -> Concerns {
    Concerns { request: Some(request), ..of_slot(slot) }
}
