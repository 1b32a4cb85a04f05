//! Holding, booking and giving back a place; what became of an appointment.

use std::sync::Arc;

use chrono::Utc;
use uuid::Uuid;

use super::driver::{OWN_WRITES_WITHIN, Step, after_a_change};
use super::vault::VaultError;
use super::{Booking, Call, Failure};
use crate::domain::decide::{Answer, Command, NOT_SAID, Outcome};
use crate::domain::refusal::Subject;
use crate::domain::{
    Appointment, AppointmentId, HoldId, PatientIdentity, RecordKey, Records, Refusal, RequestId, Slot, SlotId,
};

/// A place held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The hold.
    pub hold: HoldId,
    /// First instant at which it is no more.
    pub until: chrono::DateTime<Utc>,
}

impl Booking {
    /// Holds a place for a request. Any free slot that passes the hard rules may be held, offered or not. A new hold gives
    /// the old one back in the same step.
    ///
    /// # Errors
    /// [`Refusal::SlotTaken`] or [`Refusal::SlotGone`] with fresh offers; [`Refusal::Unsuitable`] with the rule; others as
    /// the state of the request says.
    pub async fn hold(
        &self,
        call: &Call,
        request: RequestId,
        slot: SlotId,
        hold: HoldId,
        extra_consent: bool,
    ) -> Result<Held, Failure> {
        let until = self.now() + self.policy.hold;
        let command = Command::Hold { request, slot, hold, until, extra_consent };
        let mut in_memory = self.view.read(|state| {
            let case = state.board.get(request)?;
            Some((case.request.facts_ref.clone(), case.facts.clone()?))
        });
        loop {
            let from_memory = in_memory.is_some();
            let (facts_ref, facts) = match in_memory.take() {
                Some(known) => known,
                None => {
                    // A slot is held only when the hard rules could be asked: what cannot be read is not "suits".
                    let case = self.case(request).await?;
                    let Some(facts) = case.facts else {
                        return Err(self.or_erased(request, Failure::Unreadable).await);
                    };
                    (case.request.facts_ref, facts)
                }
            };
            let check = |records: &Records| match (records.request(request), records.slot(slot)) {
                // What this node has in memory was of the request as it was.
                (Some(request), _) if from_memory && request.facts_ref != facts_ref => Err(Refusal::Outdated),
                (Some(request), Some(slot)) if !request.is_emergency() => {
                    self.suits(request, &facts, slot, call.actor.role)
                }
                _ => Ok(()),
            };
            let step = Step::new(command.clone()).lasting(self.policy.hold);
            match self.transact(call, step, check).await {
                Ok(answer) => return held(answer),
                Err(Failure::Refused { refusal: Refusal::Outdated, .. }) if from_memory => {}
                Err(failure) => return Err(self.with_fresh_offers(request, failure).await),
            }
        }
    }

    /// Prolongs a live hold.
    ///
    /// # Errors
    /// [`Refusal::HoldExpired`] with fresh offers.
    pub async fn extend(&self, call: &Call, request: RequestId, hold: HoldId) -> Result<Held, Failure> {
        let until = self.now() + self.policy.hold;
        let step = Step::new(Command::Extend { request, hold, until }).lasting(self.policy.hold);
        match self.transact(call, step, |_| Ok(())).await {
            Ok(answer) => held(answer),
            Err(failure) => Err(self.with_fresh_offers(request, failure).await),
        }
    }

    /// Turns a live hold into an appointment. Who the patient is goes sealed into the same commit.
    ///
    /// # Errors
    /// [`Refusal::HoldExpired`] or [`Refusal::SlotTaken`] with fresh offers.
    pub async fn confirm(
        &self,
        call: &Call,
        request: RequestId,
        hold: HoldId,
        identity: &PatientIdentity,
    ) -> Result<Appointment, Failure> {
        let appointment = AppointmentId::new(Uuid::now_v7());
        let answer = match self.vault.seal_identity(request, appointment, identity).await.map_err(Failure::from) {
            Ok(identity) => {
                let identity_ref = identity.reference;
                let command = Command::Confirm { request, hold, appointment, identity_ref };
                self.transact(call, Step::new(command).with(identity.blobs), |_| Ok(())).await
            }
            // What was answered before is answered again, whatever became of the request since.
            Err(failure) => match self.answered_before(call).await? {
                Some(answer) => answer,
                None => Err(self.or_erased(request, failure).await),
            },
        };
        match answer {
            Ok(Answer::Booked { appointment }) => {
                // Shown by now: whoever wrote it has waited for that.
                let shown = self.view.read(|state| state.appointments.get(appointment).cloned());
                match shown {
                    Some(entry) => Ok(Appointment::clone(&entry.appointment)),
                    None => self.appointment(appointment).await.map_err(after_a_change),
                }
            }
            Ok(_) => Err(Failure::Contention),
            Err(failure) => Err(self.with_fresh_offers(request, failure).await),
        }
    }

    /// Gives a held place back.
    ///
    /// # Errors
    /// [`Failure`] as for every use-case.
    pub async fn release(&self, call: &Call, request: RequestId, hold: HoldId) -> Result<(), Failure> {
        self.run(call, Command::Release { request, hold }).await.map(drop)
    }

    /// One appointment, from the store.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is none.
    pub async fn appointment(&self, id: AppointmentId) -> Result<Appointment, Failure> {
        let records = self.records(&[RecordKey::appointment(id)]).await?;
        records.appointment(id).cloned().ok_or_else(|| Refusal::Unknown(Subject::Appointment).into())
    }

    /// The slot of an appointment just made, as this node shows it; from the store where it does not show it yet.
    ///
    /// # Errors
    /// [`Failure`] as for every use-case; the appointment stands whatever is said.
    pub async fn slot_of(&self, appointment: &Appointment) -> Result<Slot, Failure> {
        let shown = self.view.read(|state| state.slots.get(appointment.slot).map(|placed| placed.slot.clone()));
        let has_it = |slot: &Arc<Slot>| slot.bookings.iter().any(|booking| booking.appointment == appointment.id);
        match shown.filter(has_it) {
            Some(slot) => Ok(Slot::clone(&slot)),
            None => self.slot(appointment.slot).await.map_err(after_a_change),
        }
    }

    /// Who the patient of an appointment is; the audit says who read it.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is none or it is not the caller's to see; [`Failure::Sealed`] when it cannot be
    /// opened.
    pub async fn patient_of(&self, call: &Call, appointment: AppointmentId) -> Result<PatientIdentity, Failure> {
        let found = self.appointment(appointment).await?;
        if found.erased_at.is_some() {
            // Nothing is read, and nothing said to have been.
            return Err(Failure::Sealed(VaultError::Missing(found.identity_ref)));
        }
        self.run(call, Command::NoteIdentityRead { appointment }).await?;
        let appointment = self.appointment(appointment).await?;
        Ok(self.vault.open_identity(&appointment).await?)
    }

    /// Says what became of an appointment.
    ///
    /// # Errors
    /// [`Refusal::TooEarly`] before its start; [`Refusal::OutcomeRecorded`] when it has another, final one.
    pub async fn record_outcome(
        &self,
        call: &Call,
        appointment: AppointmentId,
        outcome: Outcome,
    ) -> Result<Appointment, Failure> {
        match outcome {
            Outcome::Cancelled { by, reason } if reason != NOT_SAID => {
                let request = self.appointment(appointment).await?.request;
                let command = |reason| {
                    let outcome = Outcome::Cancelled { by, reason };
                    Command::RecordOutcome { appointment, outcome }
                };
                self.run_with_reason(call, request, &reason, command).await?
            }
            outcome => self.run(call, Command::RecordOutcome { appointment, outcome }).await?,
        };
        self.appointment(appointment).await.map_err(after_a_change)
    }

    /// A place lost comes with what else there is.
    async fn with_fresh_offers(&self, request: RequestId, failure: Failure) -> Failure {
        match failure {
            Failure::Refused {
                refusal: refusal @ (Refusal::SlotTaken | Refusal::SlotGone | Refusal::HoldExpired),
                offers: None,
            } => {
                self.hear_of_all_there_is().await;
                Failure::Refused { refusal, offers: self.offers_instead(request).await.ok() }
            }
            other => other,
        }
    }

    /// Whoever lost a place heard it from the store: what else there is must not be planned before this node's read model
    /// has heard of it too, or the lost place would be offered again.
    async fn hear_of_all_there_is(&self) {
        if let Ok(page) = self.store.events(&self.territory.id, self.view.applied().seq, 1).await {
            self.view.reached(page.last, OWN_WRITES_WITHIN).await;
        }
    }
}

fn held(answer: Answer) -> Result<Held, Failure> {
    match answer {
        Answer::Held { hold, until } => Ok(Held { hold, until }),
        _ => Err(Failure::Contention),
    }
}
