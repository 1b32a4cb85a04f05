//! The rules: what a command does to records, or why it does not. Pure: records, command, actor and instant in, [`Decision`]
//! or [`Refusal`] out. The caller loads what [`missing`] names, decides, commits; a lost race means deciding again from
//! fresh records.

mod attachment;
mod closing;
mod draft;
mod erasing;
mod intake;
mod places;
mod promises;
mod publishing;
#[cfg(test)]
mod erasures;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod model;
#[cfg(test)]
mod promised;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod triaged;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::refusal::Subject;
use super::{
    Actor, AppointmentId, CancelledBy, CareRequest, Change, ErasureReason, HoldId, Level, Phase, Practitioner,
    PromiseStanding, ProposalId, ReadyToBook, RecordKey, Records, Refusal, RegistrationId, RequestId, Retention,
    ReviewVerdict, Slot, SlotDraft, SlotId, TerritoryId, Triage,
};

pub use attachment::{AttachmentCommand, Milestone, NewProposal, NewRegistration, PlacesOrder, REGISTERED_PERSON};
pub use intake::{NewRequest, NewlySaid};

/// Who decides, where and when.
#[derive(Debug, Clone)]
pub struct Context {
    /// The territory the records are of.
    pub territory: TerritoryId,
    /// Who asks.
    pub actor: Actor,
    /// The instant of the decision.
    pub now: DateTime<Utc>,
    /// How long what is kept of people is kept.
    pub retention: Retention,
}

/// Something somebody wants done.
#[derive(Debug, Clone)]
pub enum Command {
    /// Enter a practitioner into the directory, or replace what it says of them.
    ListPractitioner(Practitioner),
    /// Publish slots. A draft that breaks a rule is refused alone.
    Publish(Vec<SlotDraft>),
    /// Take a slot back.
    Withdraw {
        /// Which.
        slot: SlotId,
        /// Why: a short operational reason.
        reason: String,
        /// Cancel its bookings too; without this a booked slot is not withdrawn.
        cancel_bookings: bool,
    },
    /// Enter a request.
    CreateRequest(NewRequest),
    /// Set a level: anybody of the regulation raises, only a régulateur lowers.
    SetLevel {
        /// Of which request.
        request: RequestId,
        /// The level.
        level: Level,
        /// Why.
        reason: String,
    },
    /// Replace the evaluation, after new answers.
    Reassess {
        /// Of which request.
        request: RequestId,
        /// Name of the blob with the new facts.
        facts_ref: String,
        /// The new evaluation.
        triage: Triage,
        /// What of it was not said before.
        said: NewlySaid,
    },
    /// A régulateur agrees to a booking the rules alone would refuse.
    Agree {
        /// Of which request.
        request: RequestId,
        /// Why.
        reason: String,
        /// The latest start agreed to.
        latest: Option<DateTime<Utc>>,
    },
    /// A régulateur says what they find of a level that others decided.
    Review {
        /// Of which request.
        request: RequestId,
        /// What.
        verdict: ReviewVerdict,
        /// Why.
        reason: Option<String>,
    },
    /// Promise that the patient is seen before the deadline. The caller has checked that the plan has a place.
    Promise {
        /// Of which request.
        request: RequestId,
        /// The hour known at least this long before.
        notice_minutes: u16,
        /// Who the patient is, sealed; none: a person books when the hour must be told.
        ready: Option<ReadyToBook>,
    },
    /// Book the place a promise is kept with.
    KeepPromise {
        /// Of which request.
        request: RequestId,
        /// In which slot.
        slot: SlotId,
    },
    /// Note that the patient was told the hour the service found.
    NoteTold {
        /// Of which request.
        request: RequestId,
    },
    /// Note whether a promise can be kept, as the last plan has it.
    NotePromise {
        /// Of which request.
        request: RequestId,
        /// How it stands.
        standing: PromiseStanding,
    },
    /// Hold a place for a request. The caller has checked the hard rules of matching.
    Hold {
        /// For which request.
        request: RequestId,
        /// In which slot.
        slot: SlotId,
        /// Named by the client.
        hold: HoldId,
        /// First instant at which the hold is no more.
        until: DateTime<Utc>,
        /// The practitioner agreed to one patient more ("en sus") if no published place is left.
        extra_consent: bool,
    },
    /// Prolong a live hold.
    Extend {
        /// Of which request.
        request: RequestId,
        /// Which.
        hold: HoldId,
        /// The new end.
        until: DateTime<Utc>,
    },
    /// Turn a live hold into an appointment.
    Confirm {
        /// Of which request.
        request: RequestId,
        /// Which hold.
        hold: HoldId,
        /// Identifier of the appointment to be.
        appointment: AppointmentId,
        /// Name of the blob that says who the patient is.
        identity_ref: String,
    },
    /// Give a held place back.
    Release {
        /// Of which request.
        request: RequestId,
        /// Which hold.
        hold: HoldId,
    },
    /// The patient gives up, whatever stands: held, booked or waiting.
    Cancel {
        /// Which request.
        request: RequestId,
        /// Why.
        reason: String,
    },
    /// Hand the patient to the emergency number.
    HandOverTo15 {
        /// Which request.
        request: RequestId,
    },
    /// Close a request without care.
    CloseUnmet {
        /// Which request.
        request: RequestId,
        /// Why; never empty.
        reason: String,
    },
    /// Say what became of an appointment.
    RecordOutcome {
        /// Which.
        appointment: AppointmentId,
        /// What.
        outcome: Outcome,
    },
    /// Tidy the holds of a slot that have ended.
    ExpireHolds {
        /// Which slot.
        slot: SlotId,
    },
    /// Close a request whose deadline is long past, if it still waits.
    CloseOverdue {
        /// Which request.
        request: RequestId,
    },
    /// Write into the history what was offered.
    NoteOffers {
        /// For which request.
        request: RequestId,
        /// Slots, best first.
        offered: Vec<SlotId>,
    },
    /// Something about a household that looks for a médecin traitant, or a doctor who opens places.
    Attach(AttachmentCommand),
    /// Erase everything personal about a request that is over.
    Erase {
        /// Which request.
        request: RequestId,
        /// Why.
        why: ErasureReason,
    },
    /// Erase a request whose time is over, if it is.
    EndRetention {
        /// Which request.
        request: RequestId,
    },
    /// Write into the audit that sealed data were opened to find somebody's requests.
    NoteSearch {
        /// By what: a code.
        by: String,
    },
    /// Write into the audit that somebody has seen to changes that the store lost.
    NoteLoss {
        /// How many changes.
        changes: usize,
    },
    /// Write into the audit that the key that wraps every patient's was renewed.
    NoteKeyRenewal {
        /// The name of the key before, or of several, with a plus sign between.
        from: String,
        /// The name of the key after.
        to: String,
    },
    /// Write into the audit that somebody read a request with its answers and reasons.
    NoteRead {
        /// Which request.
        request: RequestId,
    },
    /// Write into the audit that somebody read who the patient is.
    NoteIdentityRead {
        /// Of which appointment.
        appointment: AppointmentId,
    },
}

/// Stands for a reason nobody gave. The reasons people write about a request are free text of a call: commands carry a
/// reference to them, the text itself is sealed.
pub const NOT_SAID: &str = "not_said";

/// What became of an appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The patient was seen.
    Fulfilled,
    /// The patient did not come.
    NoShow,
    /// Cancelled.
    Cancelled {
        /// By whom.
        by: CancelledBy,
        /// Why.
        reason: String,
    },
}

/// A decision: what changes, and what to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// To be committed.
    pub change: Change,
    /// To be answered.
    pub answer: Answer,
}

/// What a command answers: identifiers and status, nothing personal. Remembered under the idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Done.
    Done,
    /// Slots published, and drafts refused (by their place in the call).
    Published {
        /// Slots made.
        created: Vec<SlotId>,
        /// Drafts refused.
        refused: Vec<(usize, Refusal)>,
    },
    /// A request entered.
    Created {
        /// Which.
        request: RequestId,
    },
    /// A place held.
    Held {
        /// The hold.
        hold: HoldId,
        /// Its end.
        until: DateTime<Utc>,
    },
    /// A household registered.
    Registered {
        /// Which.
        registration: RegistrationId,
    },
    /// Somebody proposed.
    Proposed {
        /// Which proposal.
        proposal: ProposalId,
    },
    /// An appointment made.
    Booked {
        /// Which.
        appointment: AppointmentId,
    },
}

/// Keys a command needs and `records` does not have yet; empty when it can be decided. Asked again after each load, since
/// some keys are named by records (the slot a request holds).
pub fn missing(records: &Records, command: &Command) -> Vec<RecordKey> {
    let mut keys = Vec::new();
    let held_slot = |request: &CareRequest| request.held.as_ref().map(|held| RecordKey::slot(held.slot));
    let mut of_request = |id: RequestId, and_booking: bool| {
        keys.push(RecordKey::request(id));
        if let Some(request) = records.request(id) {
            keys.extend(held_slot(request));
            if let (true, Phase::Booked { appointment, slot }) = (and_booking, &request.phase) {
                keys.extend([RecordKey::appointment(*appointment), RecordKey::slot(*slot)]);
            }
        }
    };
    match command {
        Command::ListPractitioner(practitioner) => keys.push(RecordKey::practitioner(practitioner.rpps)),
        Command::Publish(drafts) => {
            for draft in drafts {
                keys.extend([
                    RecordKey::practitioner(draft.practitioner),
                    RecordKey::agenda(draft.practitioner),
                    RecordKey::slot(draft.id),
                ]);
            }
            keys.sort();
            keys.dedup();
        }
        Command::Withdraw { slot, .. } => {
            keys.push(RecordKey::slot(*slot));
            if let Some(slot) = records.slot(*slot) {
                keys.push(RecordKey::agenda(slot.practitioner));
                keys.extend(slot.holds.iter().map(|hold| RecordKey::request(hold.request)));
                for booking in &slot.bookings {
                    keys.extend([RecordKey::request(booking.request), RecordKey::appointment(booking.appointment)]);
                }
            }
        }
        Command::CreateRequest(new) => keys.push(RecordKey::request(new.id)),
        Command::Agree { request, .. }
        | Command::Review { request, .. }
        | Command::Promise { request, .. }
        | Command::NotePromise { request, .. }
        | Command::NoteTold { request }
        | Command::NoteRead { request }
        | Command::NoteOffers { request, .. } => {
            keys.push(RecordKey::request(*request));
        }
        Command::Extend { request, .. }
        | Command::Release { request, .. }
        | Command::CloseUnmet { request, .. }
        | Command::CloseOverdue { request } => of_request(*request, false),
        Command::Erase { request, .. } | Command::EndRetention { request } => {
            keys.push(RecordKey::request(*request));
            if let Some(request) = records.request(*request) {
                keys.extend(
                    request
                        .appointments
                        .iter()
                        .take(erasing::APPOINTMENTS_AT_ONCE)
                        .map(|id| RecordKey::appointment(*id)),
                );
            }
        }
        Command::NoteSearch { .. } | Command::NoteLoss { .. } | Command::NoteKeyRenewal { .. } => {}
        Command::SetLevel { request, .. }
        | Command::Reassess { request, .. }
        | Command::Cancel { request, .. }
        | Command::HandOverTo15 { request } => of_request(*request, true),
        Command::Hold { request, slot, .. } => {
            of_request(*request, false);
            keys.push(RecordKey::slot(*slot));
        }
        Command::KeepPromise { request, slot } => {
            of_request(*request, false);
            keys.push(RecordKey::slot(*slot));
            let promise = records.request(*request).and_then(|request| request.promise.as_ref());
            let ready = promise.and_then(|promise| promise.ready.as_ref());
            keys.extend(ready.map(|ready| RecordKey::appointment(ready.appointment)));
        }
        Command::Confirm { request, appointment, .. } => {
            of_request(*request, true);
            keys.push(RecordKey::appointment(*appointment));
        }
        Command::RecordOutcome { appointment, .. } => {
            keys.push(RecordKey::appointment(*appointment));
            if let Some(appointment) = records.appointment(*appointment) {
                keys.extend([RecordKey::request(appointment.request), RecordKey::slot(appointment.slot)]);
            }
        }
        Command::ExpireHolds { slot } => {
            keys.push(RecordKey::slot(*slot));
            if let Some(slot) = records.slot(*slot) {
                keys.extend(slot.holds.iter().map(|hold| RecordKey::request(hold.request)));
            }
        }
        Command::NoteIdentityRead { appointment } => keys.push(RecordKey::appointment(*appointment)),
        Command::Attach(command) => attachment::needed(records, command, &mut keys),
    }
    keys.retain(|key| !records.knows(key));
    keys
}

/// Decides a command on loaded records.
///
/// # Errors
/// The [`Refusal`] that the rules give; nothing changes then.
pub fn decide(records: &Records, command: &Command, context: &Context) -> Result<Decision, Refusal> {
    let mut draft = draft::Draft::new(records, context);
    let answer = match command {
        Command::ListPractitioner(practitioner) => publishing::list_practitioner(&mut draft, practitioner),
        Command::Publish(drafts) => publishing::publish(&mut draft, drafts),
        Command::Withdraw { slot, reason, cancel_bookings } => {
            publishing::withdraw(&mut draft, *slot, reason, *cancel_bookings)?
        }
        Command::CreateRequest(new) => intake::create(&mut draft, new)?,
        Command::SetLevel { request, level, reason } => intake::set_level(&mut draft, *request, *level, reason)?,
        Command::Reassess { request, facts_ref, triage, said } => {
            intake::reassess(&mut draft, *request, facts_ref, triage, *said)?
        }
        Command::Agree { request, reason, latest } => intake::agree(&mut draft, *request, reason, *latest)?,
        Command::Review { request, verdict, reason } => {
            intake::review(&mut draft, *request, *verdict, reason.as_deref())?
        }
        Command::Promise { request, notice_minutes, ready } => {
            promises::promise(&mut draft, *request, *notice_minutes, ready.as_ref())?
        }
        Command::NoteTold { request } => promises::note_told(&mut draft, *request)?,
        Command::KeepPromise { request, slot } => promises::keep(&mut draft, *request, *slot)?,
        Command::NotePromise { request, standing } => promises::note(&mut draft, *request, *standing)?,
        Command::Hold { request, slot, hold, until, extra_consent } => {
            places::hold(&mut draft, *request, *slot, hold, *until, *extra_consent)?
        }
        Command::Extend { request, hold, until } => places::extend(&mut draft, *request, hold, *until)?,
        Command::Confirm { request, hold, appointment, identity_ref } => {
            places::confirm(&mut draft, *request, hold, *appointment, identity_ref)?
        }
        Command::Release { request, hold } => places::release(&mut draft, *request, hold)?,
        Command::Cancel { request, reason } => closing::cancel(&mut draft, *request, reason)?,
        Command::HandOverTo15 { request } => closing::hand_over_to_15(&mut draft, *request)?,
        Command::CloseUnmet { request, reason } => closing::close_unmet(&mut draft, *request, reason)?,
        Command::RecordOutcome { appointment, outcome } => closing::record_outcome(&mut draft, *appointment, outcome)?,
        Command::ExpireHolds { slot } => places::expire_holds(&mut draft, *slot),
        Command::CloseOverdue { request } => closing::close_overdue(&mut draft, *request)?,
        Command::NoteOffers { request, offered } => intake::note_offers(&mut draft, *request, offered)?,
        Command::Attach(command) => attachment::decide(&mut draft, command)?,
        Command::Erase { request, why } => erasing::erase(&mut draft, *request, *why)?,
        Command::EndRetention { request } => erasing::end_retention(&mut draft, *request)?,
        Command::NoteSearch { by } => erasing::note_search(&mut draft, by),
        Command::NoteKeyRenewal { from, to } => erasing::note_key_renewal(&mut draft, from, to),
        Command::NoteLoss { changes } => erasing::note_loss(&mut draft, *changes),
        Command::NoteRead { request } => intake::note_read(&mut draft, *request)?,
        Command::NoteIdentityRead { appointment } => closing::note_identity_read(&mut draft, *appointment)?,
    };
    Ok(Decision { change: draft.finish(), answer })
}

/// The slot, or the refusal that says there is none.
fn slot(records: &Records, id: SlotId) -> Result<&Slot, Refusal> {
    records.slot(id).ok_or(Refusal::Unknown(Subject::Slot))
}

/// The request, or the refusal that says there is none, or nothing left of its patient.
fn request(records: &Records, id: RequestId) -> Result<&CareRequest, Refusal> {
    let request = records.request(id).ok_or(Refusal::Unknown(Subject::Request))?;
    if request.erased_at.is_some() { Err(Refusal::Erased) } else { Ok(request) }
}
