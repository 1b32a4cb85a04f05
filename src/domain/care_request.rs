//! The request for unscheduled care (demande de soins non programmés): one need, from the call to the outcome
//! (domain.md §3.6). What names or describes the patient is elsewhere, sealed ([`super::PatientFacts`]).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::coding::coded;
use super::{
    Actor, AppointmentId, Channel, CommuneCode, HoldId, Level, Modality, Profession, Promise, RegulationReference,
    RequestId, Review, SlotId, Speciality, TerritoryId,
};

coded!(
    /// Where a request stands.
    RequestState {
        /// No level yet: triage is not finished.
        Incomplete = "incomplete",
        /// Qualified, looking for a place.
        Open = "open",
        /// Told "you will be seen before", without an hour yet.
        Promised = "promised",
        /// A place is held.
        Held = "held",
        /// A place is booked.
        Booked = "booked",
        /// Seen.
        Fulfilled = "fulfilled",
        /// Did not come.
        NoShow = "noshow",
        /// Given up by the patient.
        Cancelled = "cancelled",
        /// Handed to the emergency number.
        HandedTo15 = "handed_to_15",
        /// Sent elsewhere: own doctor, pharmacy, advice.
        Redirected = "redirected",
        /// Closed without care: by a person, or by the deadline long past.
        Unmet = "unmet",
    }
);

coded!(
    /// How far triage has come.
    TriageStatus {
        /// A level stands.
        Decided = "decided",
        /// Questions are due, or nobody has decided.
        Incomplete = "incomplete",
        /// A red flag: the 15.
        Stopped = "stopped",
    }
);

coded!(
    /// Whose level stands.
    DecidedBy {
        /// The triage engine's recommendation, accepted as it is.
        Engine = "engine",
        /// The medical regulation of the call, transcribed by an operator.
        Regulation = "regulation",
        /// An operator, upwards only.
        Operator = "operator",
        /// A médecin régulateur in this service.
        Regulator = "regulator",
    }
);

/// Who should see the patient, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CareNeed {
    /// `TRE_G15` code.
    pub profession: Profession,
    /// `TRE_R38` code, where the need asks for one.
    pub speciality: Option<Speciality>,
    /// At the practice, at home, by video; none: no matter.
    pub modality: Option<Modality>,
}

/// Which triage pack spoke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackRef {
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its content, hexadecimal.
    pub hash: String,
}

/// The outcome of triage as it stands: a recommendation and a decision, kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Triage {
    /// How far it has come.
    pub status: TriageStatus,
    /// What the engine recommends.
    pub recommended: Option<Level>,
    /// What a person decided, or the recommendation accepted.
    pub decided: Option<Level>,
    /// Who decided.
    pub decided_by: Option<DecidedBy>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Minutes within which the patient is to be seen, where the pack leaves less than the level does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_minutes: Option<u32>,
    /// Who should see the patient.
    pub care_need: CareNeed,
    /// A médecin régulateur must agree before anything is booked.
    pub regulation_required: bool,
    /// What was said since opened questions nobody asked: until they are, the level does not stand by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reopened: bool,
    /// When the evaluation must be made again.
    pub valid_until: Option<DateTime<Utc>>,
    /// The pack used.
    pub pack: PackRef,
}

/// A médecin régulateur agrees to what the rules alone would refuse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// The latest start agreed to; none: the deadline stands.
    pub latest: Option<DateTime<Utc>>,
}

/// The place held for a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPlace {
    /// The hold.
    pub hold: HoldId,
    /// The slot.
    pub slot: SlotId,
    /// First instant at which the hold is no more.
    pub until: DateTime<Utc>,
}

/// The part of the state that does not depend on the hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// Waiting for a level.
    Incomplete,
    /// Waiting for a place.
    Open,
    /// Booked.
    Booked {
        /// The appointment.
        appointment: AppointmentId,
        /// Its slot.
        slot: SlotId,
    },
    /// Seen.
    Fulfilled {
        /// The appointment.
        appointment: AppointmentId,
    },
    /// Did not come.
    NoShow {
        /// The appointment.
        appointment: AppointmentId,
    },
    /// Given up.
    Cancelled,
    /// Handed to the emergency number.
    HandedTo15,
    /// Sent elsewhere.
    Redirected {
        /// Where: `advice`, `own_medecin_traitant`, `pharmacy`…
        target: String,
    },
    /// Closed without care.
    Unmet,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareRequest {
    /// Identifier.
    pub id: RequestId,
    /// The territory whose board it stands on.
    pub territory: TerritoryId,
    /// Where it came from.
    pub channel: Channel,
    /// Who entered it.
    pub created_by: Actor,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Since when it waits for a place: its creation, or the day its appointment was cancelled by the practitioner.
    pub waiting_since: DateTime<Utc>,
    /// Where the patient is.
    pub commune: CommuneCode,
    /// Whether that commune belongs to the territory; people from outside are served and counted as such.
    pub in_territory: bool,
    /// Level and care need.
    pub triage: Triage,
    /// Must be seen before; none for `programmed` or before a level stands.
    pub deadline: Option<DateTime<Utc>>,
    /// Name of the sealed blob with the patient's facts; each triage writes a new one.
    pub facts_ref: String,
    /// The regulation file the call belongs to.
    pub regulation_reference: Option<RegulationReference>,
    /// Where it stands, but for the hold.
    pub phase: Phase,
    /// The place held, which may be past its end.
    pub held: Option<HeldPlace>,
    /// Promised an hour later.
    pub promise: Option<Promise>,
    /// Booked by the service itself, and nobody has told the patient the hour yet: the hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hour_to_tell: Option<DateTime<Utc>>,
    /// Agreed by a régulateur.
    pub agreement: Option<Agreement>,
    /// The request of an earlier call of the same person, a day before at most: a second contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<RequestId>,
    /// Who wrote down the level that stands; none: the engine's recommendation was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_by: Option<Actor>,
    /// A régulateur looked at its level afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// Every appointment it had, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub appointments: Vec<AppointmentId>,
    /// What is sealed about it besides its facts as they are and who the patient is: earlier facts, and what people wrote as
    /// reasons. An erasure finds it here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put_away: Vec<String>,
    /// Since when nothing more is to come of it: when it was closed or, while it is booked, the hour of its appointment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<DateTime<Utc>>,
    /// When everything personal about it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
}

/// Stands where the name of a sealed blob stood before it was erased.
pub const ERASED: &str = "erased";

coded!(
    /// Why everything personal about a request is erased.
    ErasureReason {
        /// The person asked for it (RGPD, article 17).
        Asked = "asked",
        /// It was entered by mistake.
        Mistake = "entered_by_mistake",
        /// Its time is over.
        Retention = "retention",
        /// It had been erased before, and came back with a backup.
        Again = "again_after_restore",
    }
);

impl Triage {
    /// Whether a médecin régulateur must agree, or the questions that were opened must be asked, before anything is booked.
    pub fn waits_for_a_regulator(&self) -> bool {
        self.regulation_required || self.reopened
    }
}

impl CareRequest {
    /// How long a request without a deadline (no level yet, or `programmed`) stays on the board: our assumption.
    pub const UNDATED_STAY: TimeDelta = TimeDelta::days(14);

    /// How long a request stays on the board, marked overdue, after its deadline has passed and before the service closes
    /// it as `unmet`. Long, so that nobody disappears from an operator's sight: our assumption.
    pub const OVERDUE_GRACE: TimeDelta = TimeDelta::hours(12);

    /// The hold that still counts at `now`.
    pub fn live_hold(&self, now: DateTime<Utc>) -> Option<&HeldPlace> {
        self.held.as_ref().filter(|h| h.until > now)
    }

    /// The state at `now`.
    pub fn state(&self, now: DateTime<Utc>) -> RequestState {
        match &self.phase {
            Phase::Incomplete => RequestState::Incomplete,
            Phase::Open if self.live_hold(now).is_some() => RequestState::Held,
            Phase::Open if self.promise.is_some() => RequestState::Promised,
            Phase::Open => RequestState::Open,
            Phase::Booked { .. } => RequestState::Booked,
            Phase::Fulfilled { .. } => RequestState::Fulfilled,
            Phase::NoShow { .. } => RequestState::NoShow,
            Phase::Cancelled => RequestState::Cancelled,
            Phase::HandedTo15 => RequestState::HandedTo15,
            Phase::Redirected { .. } => RequestState::Redirected,
            Phase::Unmet => RequestState::Unmet,
        }
    }

    /// The level that stands.
    pub fn level(&self) -> Option<Level> {
        self.triage.decided
    }

    /// Whether it is an emergency: no slot, only the 15.
    pub fn is_emergency(&self) -> bool {
        self.level() == Some(Level::Immediate)
    }

    /// Whether the optimiser may look for a place for it at `now`: qualified, not an emergency, nothing held or booked,
    /// no régulateur to wait for.
    pub fn wants_a_place(&self, now: DateTime<Utc>) -> bool {
        matches!(self.state(now), RequestState::Open | RequestState::Promised)
            && !self.is_emergency()
            && !self.awaits_regulator()
    }

    /// Whether a médecin régulateur must agree first.
    pub fn awaits_regulator(&self) -> bool {
        self.triage.waits_for_a_regulator() && self.agreement.is_none()
    }

    /// Until when its evaluation held, where that is over: before a place is taken somebody must ask whether anything is new.
    /// What a person of the regulation decided has no such end, until answers are evaluated again.
    pub fn evaluation_over(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.triage.valid_until.filter(|until| *until <= now)
    }

    /// When a promise must be looked at again.
    pub fn promise_call(&self) -> Option<DateTime<Utc>> {
        let waits = matches!(self.phase, Phase::Open);
        self.promise.as_ref().filter(|_| waits).and_then(|promise| promise.next_call)
    }

    /// A slot must start before this instant; none: any time.
    pub fn latest_start(&self) -> Option<DateTime<Utc>> {
        match (&self.agreement, self.deadline) {
            (Some(Agreement { latest: Some(latest), .. }), Some(deadline)) => Some(deadline.max(*latest)),
            (_, deadline) => deadline,
        }
    }

    /// Whether its deadline is past while it still waits.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        matches!(self.phase, Phase::Incomplete | Phase::Open) && self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// When the service closes it, if nobody has by then; none for an emergency, and once it is booked or over.
    pub fn closes_at(&self) -> Option<DateTime<Utc>> {
        let waits = matches!(self.phase, Phase::Incomplete | Phase::Open) && !self.is_emergency();
        waits.then(|| match self.latest_start() {
            Some(deadline) => deadline.max(self.waiting_since) + Self::OVERDUE_GRACE,
            None => self.waiting_since + Self::UNDATED_STAY,
        })
    }

    /// Whether facts of its patient are needed, and there.
    pub fn needs_facts(&self) -> bool {
        !self.is_closed() && self.erased_at.is_none()
    }

    /// Whether it may be erased at `now`: nobody waits for it or comes for it any more.
    pub fn may_be_erased(&self, now: DateTime<Utc>) -> bool {
        let is_past = |settled: DateTime<Utc>| settled <= now;
        self.is_closed() || (matches!(self.phase, Phase::Booked { .. }) && self.settled_at.is_some_and(is_past))
    }

    /// Whether an erasure that was begun has more to remove than one commit could.
    pub fn is_half_erased(&self) -> bool {
        self.erased_at.is_some() && !(self.appointments.is_empty() && self.put_away.is_empty())
    }

    /// Whether its story is over.
    pub fn is_closed(&self) -> bool {
        !matches!(self.phase, Phase::Incomplete | Phase::Open | Phase::Booked { .. })
    }
}
