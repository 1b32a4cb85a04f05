//! Receipts: what this node told its callers was done, on a medium of its own (store.md §7). A store that lost the end of its
//! stream, by a failover, a wipe or a restored backup, cannot say what is missing; the receipts can: appointment by
//! appointment, so that somebody can call the patient before the patient stands at a closed door.
//!
//! A receipt holds identifiers, hours and chain values, never anything of a patient. Start reading at [`Journal`].

mod journal;
mod reconcile;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::decide::Answer;
use crate::domain::{
    AppointmentId, Event, EventKind, Record, RecordKey, RegistrationId, RequestId, Rpps, SlotId, TerritoryId,
};
use crate::store::{Millis, Seq};

pub use journal::{Journal, JournalError};
pub use reconcile::{ReconcileError, Reconciled, Since, reconcile};

/// The folder of receipts inside a data folder.
pub const FOLDER: &str = "receipts";

/// What somebody was told was done: one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Where.
    pub territory: TerritoryId,
    /// The commit's last event.
    pub seq: Seq,
    /// The chain value there.
    pub chain: String,
    /// The store's time.
    pub at: Millis,
    /// What of it people rely on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Told>,
}

/// Something people rely on once they were told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What happened.
    pub kind: EventKind,
    /// To which request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// To which household that looks for a médecin traitant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationId>,
    /// To which appointment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<AppointmentId>,
    /// In which slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<SlotId>,
    /// Of which practitioner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practitioner: Option<Rpps>,
    /// When that appointment or slot begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<DateTime<Utc>>,
}

impl Receipt {
    /// The receipt of a commit that was acknowledged when the stream had come to `seq`.
    pub fn late(territory: &TerritoryId, seq: Seq, chain: &str, at: Millis, changes: Vec<Told>) -> Self {
        Self { territory: territory.clone(), seq, chain: chain.to_owned(), at, changes }
    }

    /// The receipt of a commit with these events, the last of which became number `seq`.
    pub fn of(territory: &TerritoryId, seq: Seq, chain: &str, at: Millis, events: &[Event]) -> Self {
        Self::late(territory, seq, chain, at, Told::all(events))
    }
}

impl Told {
    /// What an answer says was done, when nothing else is left of the call.
    pub fn by(answer: &Answer) -> Option<Self> {
        let none = Self {
            kind: EventKind::RequestCreated,
            request: None,
            registration: None,
            appointment: None,
            slot: None,
            practitioner: None,
            start: None,
        };
        match answer {
            Answer::Created { request } => Some(Self { request: Some(*request), ..none }),
            Answer::Booked { appointment } => {
                Some(Self { kind: EventKind::AppointmentBooked, appointment: Some(*appointment), ..none })
            }
            Answer::Registered { registration } => {
                Some(Self { kind: EventKind::RegistrationCreated, registration: Some(*registration), ..none })
            }
            Answer::Done | Answer::Published { .. } | Answer::Held { .. } | Answer::Proposed { .. } => None,
        }
    }

    /// What people rely on of a step's events.
    pub fn all(events: &[Event]) -> Vec<Self> {
        events.iter().filter(|event| people_rely_on(event.kind)).map(|event| Self::of(event, events)).collect()
    }

    fn of(event: &Event, of_the_step: &[Event]) -> Self {
        let concerns = &event.concerns;
        let written = || of_the_step.iter().flat_map(|event| &event.after).map(|written| &written.record);
        let start = match (concerns.appointment, concerns.slot) {
            (Some(id), _) => written().find(|record| record.key() == RecordKey::appointment(id)),
            (None, Some(id)) => written().find(|record| record.key() == RecordKey::slot(id)),
            (None, None) => None,
        };
        Self {
            kind: event.kind,
            request: concerns.request,
            registration: concerns.registration,
            appointment: concerns.appointment,
            slot: concerns.slot,
            practitioner: concerns.practitioner,
            start: match start {
                Some(Record::Appointment(appointment)) => Some(appointment.start),
                Some(Record::Slot(slot)) => Some(slot.start),
                _ => None,
            },
        }
    }
}

/// What is listed one by one when it is missing; anything else is only counted.
fn people_rely_on(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::AppointmentBooked
            | EventKind::AppointmentCancelled
            | EventKind::AppointmentFulfilled
            | EventKind::AppointmentNoShow
            | EventKind::RequestCreated
            | EventKind::RequestLevelled
            | EventKind::RequestPromised
            | EventKind::RequestCancelled
            | EventKind::RequestHandedTo15
            | EventKind::RequestErased
            | EventKind::RegistrationCreated
            | EventKind::RegistrationReached
            | EventKind::RegistrationErased
            | EventKind::ProposalAccepted
            | EventKind::ProposalPatientYes
            | EventKind::SlotWithdrawn
    )
}
