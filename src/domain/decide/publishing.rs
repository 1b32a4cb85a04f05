//! What practitioners do: enter the directory, publish slots, take them back.

use super::draft::Draft;
use super::{Answer, closing, places};
use crate::domain::{
    BookingOutcome, Concerns, EventKind, Practitioner, Refusal, Role, Rpps, Slot, SlotDraft, SlotId, Span,
    refusal::Subject,
};

pub(super) fn list_practitioner(draft: &mut Draft<'_>, practitioner: &Practitioner) -> Answer {
    if draft.records.practitioner(practitioner.rpps) != Some(practitioner) {
        draft.put_practitioner(practitioner.clone());
        let concerns = Concerns { practitioner: Some(practitioner.rpps), ..Concerns::default() };
        draft.event(EventKind::PractitionerListed, concerns, None);
    }
    Answer::Done
}

pub(super) fn publish(draft: &mut Draft<'_>, drafts: &[SlotDraft]) -> Answer {
    let mut created = Vec::new();
    let mut refused = Vec::new();
    for (index, slot) in drafts.iter().enumerate() {
        match publish_one(draft, slot) {
            Ok(id) => created.push(id),
            Err(refusal) => refused.push((index, refusal)),
        }
    }
    Answer::Published { created, refused }
}

fn publish_one(draft: &mut Draft<'_>, new: &SlotDraft) -> Result<SlotId, Refusal> {
    let practitioner = draft
        .records
        .practitioner(new.practitioner)
        .filter(|p| may_act_for(draft, p.rpps))
        .ok_or(Refusal::Unknown(Subject::Practitioner))?;
    if practitioner.location(&new.location).is_none() {
        return Err(Refusal::UnknownLocation);
    }
    if draft.slot_so_far(new.id).is_some() {
        // A slot is never replaced: its bookings would go with it.
        return Err(Refusal::Forbidden);
    }
    if new.end <= new.start {
        return Err(Refusal::EndsBeforeStart);
    }
    if new.start <= draft.now() {
        return Err(Refusal::Past);
    }
    let mut agenda = draft.agenda_so_far(new.practitioner);
    agenda.forget_past(draft.now());
    if let Some(there) = agenda.overlap(new.start, new.end) {
        return Err(Refusal::Overlap { with: there.slot });
    }
    agenda.insert(Span { slot: new.id, start: new.start, end: new.end });
    let slot = Slot {
        id: new.id,
        territory: draft.context().territory.clone(),
        start: new.start,
        end: new.end,
        practitioner: new.practitioner,
        profession: practitioner.profession.clone(),
        speciality: practitioner.speciality.clone(),
        location: new.location.clone(),
        modality: new.modality,
        audience: new.audience.clone(),
        arrival: new.arrival,
        capacity: new.capacity,
        extra_capacity: new.extra_capacity,
        holds: Vec::new(),
        bookings: Vec::new(),
        withdrawn_at: None,
        source: new.source,
    };
    draft.put_agenda(agenda);
    let concerns = of_slot(&slot);
    draft.put_slot(slot);
    draft.event(EventKind::SlotPublished, concerns, None);
    Ok(new.id)
}

/// Takes a slot back. Holds in it end at once; bookings are cancelled by the practitioner when that was asked for, and their
/// requests wait again with their age kept: nobody is dropped silently.
pub(super) fn withdraw(
    draft: &mut Draft<'_>,
    id: SlotId,
    reason: &str,
    cancel_bookings: bool,
) -> Result<Answer, Refusal> {
    let slot = super::slot(draft.records, id)?;
    if !may_act_for(draft, slot.practitioner) {
        return Err(Refusal::Unknown(Subject::Slot));
    }
    if slot.withdrawn_at.is_some() {
        return Ok(Answer::Done);
    }
    if slot.start <= draft.now() {
        return Err(Refusal::SlotGone);
    }
    let to_cancel: Vec<_> =
        slot.bookings.iter().filter(|b| b.outcome == BookingOutcome::Expected).map(|b| b.appointment).collect();
    if !to_cancel.is_empty() && !cancel_bookings {
        return Err(Refusal::SlotBooked);
    }
    for appointment in to_cancel {
        closing::reopen(draft, appointment, reason)?;
    }
    let mut slot = draft.slot_so_far(id).ok_or(Refusal::Unknown(Subject::Slot))?;
    for hold in std::mem::take(&mut slot.holds) {
        places::drop_hold_of_request(draft, &slot, &hold, EventKind::SlotReleased, Some("slot_withdrawn"));
    }
    slot.withdrawn_at = Some(draft.now());
    let mut agenda = draft.agenda_so_far(slot.practitioner);
    agenda.remove(id);
    draft.put_agenda(agenda);
    let concerns = of_slot(&slot);
    draft.put_slot(slot);
    draft.event(EventKind::SlotWithdrawn, concerns, Some(reason));
    Ok(Answer::Done)
}

/// A practitioner acts for nobody else; software and the service act for everybody.
pub(super) fn may_act_for(draft: &Draft<'_>, rpps: Rpps) -> bool {
    match draft.actor().role {
        Role::Practitioner => draft.actor().id == rpps.as_str(),
        Role::System | Role::Service => true,
        Role::Patient | Role::Operator | Role::Regulator | Role::Coordinator => false,
    }
}

pub(super) fn of_slot(slot: &Slot) -> Concerns {
    Concerns { slot: Some(slot.id), practitioner: Some(slot.practitioner), ..Concerns::default() }
}
