//! Events: what happened, in the order it happened. They are the spine: read models, live updates, outbox and audit are all
//! consumers. An event holds identifiers and operational facts, never personal data.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::coding::coded;
use super::{Actor, AppointmentId, ProposalId, Record, RegistrationId, RequestId, Rpps, SlotId};

coded!(
    /// Kinds of events, `<subject>.<verb>`.
    EventKind {
        /// A practitioner entered the directory, or changed there.
        PractitionerListed = "practitioner.listed",
        /// A slot was published.
        SlotPublished = "slot.published",
        /// A place was held.
        SlotHeld = "slot.held",
        /// A hold was prolonged.
        SlotHoldExtended = "slot.hold_extended",
        /// A held place was given back.
        SlotReleased = "slot.released",
        /// A hold reached its end.
        SlotHoldExpired = "slot.hold_expired",
        /// A place was booked.
        SlotBooked = "slot.booked",
        /// A booked place is free again.
        SlotFreed = "slot.freed",
        /// An outcome was recorded on a place.
        SlotOutcome = "slot.outcome",
        /// A slot was taken back by its practitioner.
        SlotWithdrawn = "slot.withdrawn",
        /// A request was entered.
        RequestCreated = "request.created",
        /// Slots were offered for a request.
        RequestOffered = "request.offered",
        /// A level was set.
        RequestLevelled = "request.levelled",
        /// Answers were added, triage made again.
        RequestAnswered = "request.answered",
        /// A régulateur agreed.
        RequestAgreed = "request.agreed",
        /// Somebody of the regulation read it with its answers and reasons.
        RequestRead = "request.read",
        /// A régulateur looked at its level afterwards.
        RequestReviewed = "request.reviewed",
        /// An hour was promised.
        RequestPromised = "request.promised",
        /// The hour of a promise must be told now, by a person.
        RequestPromiseDue = "request.promise_due",
        /// The plan no longer finds a place for a promise.
        RequestPromiseAtRisk = "request.promise_at_risk",
        /// It finds one again.
        RequestPromiseSafe = "request.promise_safe",
        /// The patient was told the hour the service found for a promise.
        RequestHourTold = "request.hour_told",
        /// A place was held for a request.
        RequestHeld = "request.held",
        /// Its hold was given back or reached its end: it waits again.
        RequestReleased = "request.released",
        /// It was booked.
        RequestBooked = "request.booked",
        /// Its appointment was cancelled by the practitioner: it waits again.
        RequestReopened = "request.reopened",
        /// It was cancelled.
        RequestCancelled = "request.cancelled",
        /// It was handed to the emergency number.
        RequestHandedTo15 = "request.handed_to_15",
        /// It was sent elsewhere.
        RequestRedirected = "request.redirected",
        /// It was closed without care.
        RequestUnmet = "request.unmet",
        /// Its patient was seen.
        RequestFulfilled = "request.fulfilled",
        /// Its patient did not come.
        RequestNoShow = "request.noshow",
        /// Everything personal about it was erased.
        RequestErased = "request.erased",
        /// An appointment was made.
        AppointmentBooked = "appointment.booked",
        /// Its patient was seen.
        AppointmentFulfilled = "appointment.fulfilled",
        /// Its patient did not come.
        AppointmentNoShow = "appointment.noshow",
        /// It was cancelled.
        AppointmentCancelled = "appointment.cancelled",
        /// Who the patient is was read by somebody.
        AppointmentIdentityRead = "appointment.identity_read",
        /// A household registered that looks for a médecin traitant.
        RegistrationCreated = "registration.created",
        /// The coordinator read who it is.
        RegistrationRead = "registration.read",
        /// What is known of it was corrected.
        RegistrationCorrected = "registration.corrected",
        /// Its consent was renewed.
        RegistrationRenewed = "registration.consent_renewed",
        /// Somebody told it how things stand.
        RegistrationTold = "registration.told",
        /// People of it were proposed to a doctor.
        RegistrationProposed = "registration.proposed",
        /// The doctor said yes: they are asked.
        RegistrationAccepted = "registration.accepted",
        /// They said yes.
        RegistrationAgreed = "registration.agreed",
        /// They are on the list again, with their seniority.
        RegistrationWaiting = "registration.waiting",
        /// Somebody noted how far they have come.
        RegistrationReached = "registration.reached",
        /// Everything personal about it was erased.
        RegistrationErased = "registration.erased",
        /// Somebody was proposed to a doctor.
        ProposalSent = "proposal.sent",
        /// The doctor said yes.
        ProposalAccepted = "proposal.accepted",
        /// The doctor said no.
        ProposalDeclined = "proposal.declined",
        /// Nobody answered in time.
        ProposalExpired = "proposal.expired",
        /// Whoever is asked is to be reminded.
        ProposalReminded = "proposal.reminded",
        /// The patient said yes.
        ProposalPatientYes = "proposal.patient_yes",
        /// The patient said no.
        ProposalPatientNo = "proposal.patient_no",
        /// People left it who need no doctor any more.
        ProposalLeft = "proposal.left",
        /// A doctor said how many places they open.
        PlacesOpened = "places.opened",
        /// Sealed data were opened to find somebody's requests.
        TerritorySearched = "territory.searched",
        /// Somebody has seen to changes that were acknowledged and that the store lost.
        TerritoryLossAcknowledged = "territory.loss_acknowledged",
        /// The key that wraps every patient's was renewed.
        TerritoryKeyRenewed = "territory.key_renewed",
    }
);

impl EventKind {
    /// The subject: `slot`, `request`, `appointment`, `practitioner`, `registration`, `proposal`, `places`, `territory`.
    pub fn subject(self) -> &'static str {
        self.code().split('.').next().unwrap_or_default()
    }
}

/// Whether a reason is the reference of a text somebody wrote, which is sealed; every other reason is a code, and no code has
/// a full stop.
pub fn is_sealed_reason(reason: &str) -> bool {
    reason.contains('.')
}

/// What an event is about: always one main subject, and the others it concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concerns {
    /// Slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<SlotId>,
    /// Request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// Appointment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<AppointmentId>,
    /// Practitioner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practitioner: Option<Rpps>,
    /// Registration of a household that looks for a médecin traitant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationId>,
    /// Proposal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalId>,
}

/// A record as a commit wrote it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// Its version.
    pub version: u64,
    /// The record.
    pub record: Record,
}

/// One event, before the store gives it its number, instant and chain value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Kind.
    pub kind: EventKind,
    /// What it is about.
    pub concerns: Concerns,
    /// Who did it.
    pub actor: Actor,
    /// Why: a code or a short operational reason, never about the patient's health.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Records as they are after the event: read models and replays need nothing else. A record that several events of one
    /// step change stands with the last of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Written>,
    /// Slots offered, best first (`request.offered`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offered: Vec<SlotId>,
}

/// One event as the stream has it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedEvent {
    /// Number in the territory's stream: contiguous from 1.
    pub seq: u64,
    /// When the store took it.
    pub at: DateTime<Utc>,
    /// Chain value: a digest of this event and of the chain value before it.
    pub chain: String,
    /// What happened.
    pub event: Event,
}
