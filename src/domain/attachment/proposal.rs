//! A proposal: people of one household and a doctor, who answers first; then they do.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Month, PlaceKind};
use crate::domain::coding::coded;
use crate::domain::{ProposalId, RegistrationId, Rpps, RunId};

coded!(
    /// Where a proposal stands.
    ProposalState {
        /// The doctor is asked.
        Sent = "sent",
        /// The doctor said yes; the patient is asked.
        Accepted = "accepted",
        /// The doctor said no.
        Declined = "declined",
        /// Nobody answered in time.
        Expired = "expired",
        /// The patient said yes.
        PatientYes = "patient_yes",
        /// The patient said no, or needs it no more.
        PatientNo = "patient_no",
    }
);

coded!(
    /// Why a doctor declines: no free text, nothing about the patient (domain.md §4.4).
    DeclineReason {
        /// No place after all: lawful, and one click.
        Full = "FULL",
        /// Away, or about to retire.
        Absent = "ABSENT",
        /// They know one another, and it would not do.
        KnownConflict = "KNOWN_CONFLICT",
        /// A colleague takes them.
        OtherProfessional = "OTHER_PROFESSIONAL",
    }
);

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Identifier.
    pub id: ProposalId,
    /// The household.
    pub registration: RegistrationId,
    /// Which of its members, by their place in it.
    pub members: Vec<usize>,
    /// The place each of them takes.
    pub places: Vec<PlaceKind>,
    /// The month those places are of.
    pub month: Month,
    /// The doctor.
    pub practitioner: Rpps,
    /// The matching run it came from; none: a coordinator's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// From door to door, minutes.
    pub travel_minutes: u16,
    /// Where it stands.
    pub state: ProposalState,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// Whoever is asked answers before.
    pub expires_at: DateTime<Utc>,
    /// When whoever is asked was reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminded_at: Option<DateTime<Utc>>,
    /// Why the doctor declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declined: Option<DeclineReason>,
}

impl Proposal {
    /// How long a doctor, and then a patient, has to answer: our assumption (domain.md §4.7).
    pub const ANSWERED_WITHIN: TimeDelta = TimeDelta::days(7);

    /// After how long whoever is asked is reminded: our assumption (domain.md §4.7).
    pub const REMINDED_AFTER: TimeDelta = TimeDelta::days(4);

    /// Whether somebody is asked.
    pub fn is_pending(&self) -> bool {
        matches!(self.state, ProposalState::Sent | ProposalState::Accepted)
    }

    /// When to remind whoever is asked.
    fn reminder(&self) -> DateTime<Utc> {
        self.expires_at - (Self::ANSWERED_WITHIN - Self::REMINDED_AFTER)
    }

    /// Whether a reminder is due that nobody sent.
    pub fn is_reminder_due(&self, now: DateTime<Utc>) -> bool {
        self.is_pending() && self.reminded_at.is_none() && self.reminder() <= now
    }

    /// When the service must look at it, if anybody is still asked.
    pub fn next_call(&self) -> Option<DateTime<Utc>> {
        let reminder = self.reminder();
        self.is_pending().then(|| if self.reminded_at.is_none() { reminder } else { self.expires_at })
    }
}
