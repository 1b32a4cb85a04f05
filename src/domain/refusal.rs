//! Refusals: expected answers of the rules, with the facts needed to explain them. A refusal changes nothing.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::attachment::{ProposalState, RegistrationState};
use super::{Level, RequestState, SlotId};

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No such record, or not the caller's to see.
    #[error("no such {0}")]
    Unknown(Subject),
    /// The caller may not do this.
    #[error("not allowed")]
    Forbidden,

    // Publishing
    /// The slot would start in the past.
    #[error("the slot starts in the past")]
    Past,
    /// The slot would end before or when it starts.
    #[error("the slot ends before it starts")]
    EndsBeforeStart,
    /// The practitioner has a live slot at that time.
    #[error("overlaps slot {with}")]
    Overlap {
        /// The slot that is there.
        with: SlotId,
    },
    /// The place of practice is not one of the practitioner's.
    #[error("not a place of practice of this practitioner")]
    UnknownLocation,

    // Holding and booking
    /// No place is left.
    #[error("no place is left in this slot")]
    SlotTaken,
    /// Withdrawn by its practitioner, or begun.
    #[error("this slot is withdrawn or past")]
    SlotGone,
    /// The slot has bookings and may not be withdrawn without cancelling them.
    #[error("this slot is booked")]
    SlotBooked,
    /// The hold is past its end, released, or was never made.
    #[error("the hold has ended")]
    HoldExpired,
    /// The hold belongs to another caller.
    #[error("the hold is another caller's")]
    HoldOfAnother,
    /// A hold with this name exists elsewhere.
    #[error("this hold id was used for another place")]
    HoldIdReused,
    /// A red flag stands: the 15, never a slot.
    #[error("an emergency gets no slot")]
    Emergency,
    /// No level stands yet.
    #[error("no level has been decided")]
    NotQualified,
    /// A médecin régulateur must agree first.
    #[error("a régulateur must agree first")]
    RegulationRequired,
    /// The evaluation is too old to book by: somebody must ask first whether anything is new.
    #[error("the evaluation held until {until}")]
    EvaluationOver {
        /// Until when it held.
        until: DateTime<Utc>,
    },
    /// The slot does not suit the request.
    #[error("the slot does not suit: {rule}")]
    Unsuitable {
        /// Code of the hard rule that sets it aside.
        rule: Cow<'static, str>,
    },

    // The request's story
    /// Everything personal about it was erased: nothing can be done for a patient nobody knows.
    #[error("its data were erased")]
    Erased,
    /// Its state does not allow this.
    #[error("not possible while {state}")]
    WrongState {
        /// Where it stands.
        state: RequestState,
    },
    /// Only a médecin régulateur lowers a level.
    #[error("only a régulateur lowers a level (from {from})")]
    LoweringNeedsRegulator {
        /// The level that stands.
        from: Level,
    },
    /// An outcome before the appointment has begun.
    #[error("the appointment starts at {start}")]
    TooEarly {
        /// Its start.
        start: DateTime<Utc>,
    },
    /// The appointment already has another outcome.
    #[error("the outcome was already recorded")]
    OutcomeRecorded,
    /// What the command was made from has changed meanwhile: it must be made again. Never remembered as an outcome.
    #[error("made from what has changed since")]
    Outdated,

    // The médecin traitant
    /// Somebody of the household is registered already.
    #[error("member {member} is registered already")]
    AlreadyRegistered {
        /// Which, by their place in the call.
        member: usize,
    },
    /// A correction for another number of people.
    #[error("the household has {members} members")]
    OtherMembers {
        /// How many it has.
        members: usize,
    },
    /// Nobody of the household stands where this could be done.
    #[error("not possible while {state}")]
    RegistrationNotThere {
        /// Where it stands.
        state: RegistrationState,
    },
    /// Its consent is to be renewed first.
    #[error("its consent is over")]
    ConsentOver,
    /// The household goes to one doctor together, or to none.
    #[error("the household goes together")]
    KeptTogether,
    /// This doctor declined, or was declined.
    #[error("declined before")]
    DeclinedBefore,
    /// The doctor has no such place left this month, or pauses.
    #[error("no place is left with this doctor")]
    NoPlaceLeft,
    /// Nobody is asked any more.
    #[error("not possible while {state}")]
    ProposalOver {
        /// Where it stands.
        state: ProposalState,
    },
    /// Only a médecin is declared as médecin traitant.
    #[error("not a médecin")]
    NoMedecin,
    /// More places reserved than open.
    #[error("more places reserved than open")]
    MoreReservedThanOpen,

    /// The promise cannot be kept: no place before the deadline with that notice.
    #[error("the promise cannot be kept")]
    PromiseImpossible,
}

/// What was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A slot.
    Slot,
    /// A request.
    Request,
    /// An appointment.
    Appointment,
    /// A practitioner.
    Practitioner,
    /// A registration.
    Registration,
    /// A proposal.
    Proposal,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Slot => "slot",
            Self::Request => "request",
            Self::Appointment => "appointment",
            Self::Practitioner => "practitioner",
            Self::Registration => "registration",
            Self::Proposal => "proposal",
        })
    }
}
