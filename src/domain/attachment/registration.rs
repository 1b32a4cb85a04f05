//! A household that looks for a médecin traitant, with each member's own way to one.

use chrono::{DateTime, Months, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::coding::coded;
use crate::domain::{Actor, ProposalId, RegistrationId, Rpps, TerritoryId};

coded!(
    /// Priority, the first first (domain.md §4.6). Order inside a tier is seniority alone.
    Tier {
        /// A long-term illness (ALD).
        First = "1",
        /// 70 or more, C2S or AME.
        Second = "2",
        /// A situation the bureau of the CPTS recognised in writing.
        Third = "3",
        /// Everybody else.
        Fourth = "4",
    }
);

coded!(
    /// Where a registration stands.
    RegistrationState {
        /// Written down; its consent is to be renewed before anybody is proposed.
        Registered = "registered",
        /// The doctor they see already is asked to declare.
        CheckingUsualDoctor = "checking_usual_doctor",
        /// On the list.
        Waiting = "waiting",
        /// Handed to the caisse, and still on the list: nobody loses a place by it.
        Escalated = "escalated",
        /// A doctor is asked.
        ProposedToDoctor = "proposed_to_doctor",
        /// A doctor said yes; they are asked.
        ProposedToPatient = "proposed_to_patient",
        /// Both said yes; a first appointment is to be made.
        Accepted = "accepted",
        /// The first appointment is made.
        FirstAppointment = "first_appointment",
        /// They did not come to it.
        Missed = "missed",
        /// They were seen; the declaration is to be made.
        Seen = "seen",
        /// The doctor is declared.
        Declared = "declared",
        /// Followed by the doctor, who cannot be declared (AME; domain.md §4.3).
        FollowedWithoutDeclaration = "followed_without_declaration",
        /// The doctor they saw already is declared.
        Regularised = "regularised",
        /// They found a doctor by themselves.
        FoundElsewhere = "found_elsewhere",
        /// They moved away.
        Moved = "moved",
        /// They withdrew.
        Withdrawn = "withdrawn",
        /// Deceased.
        Deceased = "deceased",
    }
);

coded!(
    /// How a member's search ended.
    Ending {
        /// The doctor is declared.
        Declared = "declared",
        /// Followed without a declaration.
        FollowedWithoutDeclaration = "followed_without_declaration",
        /// The doctor they saw already is declared.
        Regularised = "regularised",
        /// Found by themselves.
        FoundElsewhere = "found_elsewhere",
        /// Moved away.
        Moved = "moved",
        /// Withdrew.
        Withdrawn = "withdrawn",
        /// Deceased.
        Deceased = "deceased",
    }
);

/// How far one member has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The doctor they named is asked to declare them: most only lack the form (domain.md §4.2).
    CheckingUsualDoctor,
    /// On the list.
    Waiting,
    /// A doctor is asked.
    ProposedToDoctor(ProposalId),
    /// A doctor said yes.
    ProposedToPatient(ProposalId),
    /// Both said yes.
    Accepted(ProposalId),
    /// The first appointment is made.
    FirstAppointment(ProposalId),
    /// They did not come to it.
    Missed(ProposalId),
    /// They were seen by the doctor of the proposal, or by one they found.
    Seen(Option<ProposalId>),
    /// Nothing more is to be done.
    Over(Ending),
}

impl Standing {
    /// The proposal that brought them here.
    pub fn proposal(&self) -> Option<ProposalId> {
        match *self {
            Self::ProposedToDoctor(id)
            | Self::ProposedToPatient(id)
            | Self::Accepted(id)
            | Self::FirstAppointment(id)
            | Self::Missed(id) => Some(id),
            Self::Seen(id) => id,
            Self::CheckingUsualDoctor | Self::Waiting | Self::Over(_) => None,
        }
    }

    /// Whether a search goes on.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Over(_))
    }
}

/// One person of the household. Who they are, and what is known of their health, is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// How far they have come.
    pub standing: Standing,
    /// How often a doctor declined them, or let the time pass.
    #[serde(default)]
    pub declines: u8,
    /// How often they said no themselves.
    #[serde(default)]
    pub refusals: u8,
}

/// What they agreed to, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// When it was given, or renewed last.
    pub given_at: DateTime<Utc>,
    /// Who wrote it down.
    pub recorded_by: Actor,
}

impl Consent {
    /// How long it holds, in months: our assumption (domain.md §4.7).
    pub const MONTHS: u32 = 12;

    /// First instant at which it no longer holds.
    pub fn until(&self) -> DateTime<Utc> {
        self.given_at.checked_add_months(Months::new(Self::MONTHS)).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// A registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Identifier.
    pub id: RegistrationId,
    /// The territory.
    pub territory: TerritoryId,
    /// When they registered: their seniority, kept whatever anybody declines.
    pub registered_at: DateTime<Utc>,
    /// Their consent.
    pub consent: Consent,
    /// The strongest tier among the members, as it was last computed from their facts.
    pub tier: Tier,
    /// Whether they go to one doctor together or to none.
    pub keep_together: bool,
    /// Name of the sealed blob of what matching needs: birth dates, sex, ALD, C2S, home visits, place, limits.
    pub facts_ref: String,
    /// Name of the sealed blob that says who they are and how to reach them.
    pub identity_ref: String,
    /// The members, in the order of the sealed facts.
    pub members: Vec<Member>,
    /// The doctor they see already, asked first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual_doctor: Option<Rpps>,
    /// Until when that doctor may answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual_doctor_until: Option<DateTime<Utc>>,
    /// Doctors who declined, and those the household said no to: never proposed again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_again: Vec<Rpps>,
    /// When it was handed to the caisse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated_at: Option<DateTime<Utc>>,
    /// When they were last told how things stand, or told us.
    pub news_at: DateTime<Utc>,
    /// The guards it owns, so that nobody is registered twice: HMACs of a name and a birth date.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<String>,
    /// Sealed data besides facts and identity as they are: earlier ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put_away: Vec<String>,
    /// Since when nothing more is to come of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<DateTime<Utc>>,
    /// When everything personal about it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
}

impl Registration {
    /// How long the doctor they see already has to declare them: our assumption, as for a proposal.
    pub const USUAL_DOCTOR_WITHIN: TimeDelta = TimeDelta::days(7);

    /// How often they hear how things stand: our assumption (domain.md §4.7).
    pub const NEWS_EVERY: TimeDelta = TimeDelta::days(60);

    /// After how long in the first tier the caisse is to hear of it: our assumption (domain.md §4.7).
    pub const ESCALATED_AFTER: TimeDelta = TimeDelta::days(60);

    /// After how many declines the caisse is to hear of it: our assumption (domain.md §4.4).
    pub const ESCALATED_AFTER_DECLINES: u8 = 3;

    /// After how many of their own refusals somebody talks with them: our assumption (domain.md §4.7).
    pub const TALK_AFTER_REFUSALS: u8 = 3;

    /// Whether nobody of it is looking any more.
    pub fn is_over(&self) -> bool {
        self.members.iter().all(|member| member.standing.is_over())
    }

    /// Whether an erasure that was begun has more to remove than one commit could.
    pub fn is_half_erased(&self) -> bool {
        self.erased_at.is_some() && !self.put_away.is_empty()
    }

    /// Whether it may be proposed to anybody: its consent holds.
    pub fn has_consent(&self, now: DateTime<Utc>) -> bool {
        now < self.consent.until()
    }

    /// Members on the list, by their place: those a run may match.
    pub fn waiting(&self) -> impl Iterator<Item = usize> {
        let waits = |(_, member): &(usize, &Member)| member.standing == Standing::Waiting;
        self.members.iter().enumerate().filter(waits).map(|(place, _)| place)
    }

    /// Where it stands: where the member stands who has the longest way to go.
    pub fn state(&self, now: DateTime<Utc>) -> RegistrationState {
        let state = self.members.iter().map(|member| self.state_of(member, now)).min();
        state.unwrap_or(RegistrationState::Withdrawn)
    }

    /// Where one member stands.
    pub fn state_of(&self, member: &Member, now: DateTime<Utc>) -> RegistrationState {
        match member.standing {
            Standing::Over(Ending::Declared) => RegistrationState::Declared,
            Standing::Over(Ending::FollowedWithoutDeclaration) => RegistrationState::FollowedWithoutDeclaration,
            Standing::Over(Ending::Regularised) => RegistrationState::Regularised,
            Standing::Over(Ending::FoundElsewhere) => RegistrationState::FoundElsewhere,
            Standing::Over(Ending::Moved) => RegistrationState::Moved,
            Standing::Over(Ending::Withdrawn) => RegistrationState::Withdrawn,
            Standing::Over(Ending::Deceased) => RegistrationState::Deceased,
            Standing::CheckingUsualDoctor => RegistrationState::CheckingUsualDoctor,
            Standing::Waiting if !self.has_consent(now) => RegistrationState::Registered,
            Standing::Waiting if self.escalated_at.is_some() => RegistrationState::Escalated,
            Standing::Waiting => RegistrationState::Waiting,
            Standing::ProposedToDoctor(_) => RegistrationState::ProposedToDoctor,
            Standing::ProposedToPatient(_) => RegistrationState::ProposedToPatient,
            Standing::Accepted(_) => RegistrationState::Accepted,
            Standing::FirstAppointment(_) => RegistrationState::FirstAppointment,
            Standing::Missed(_) => RegistrationState::Missed,
            Standing::Seen(_) => RegistrationState::Seen,
        }
    }

    /// Whether the caisse is to hear of it, and has not.
    pub fn is_to_escalate(&self, now: DateTime<Utc>) -> bool {
        let waits = self.members.iter().any(|member| member.standing == Standing::Waiting);
        let long = self.tier == Tier::First && now >= self.registered_at + Self::ESCALATED_AFTER;
        let often = self.members.iter().any(|member| member.declines >= Self::ESCALATED_AFTER_DECLINES);
        waits && self.escalated_at.is_none() && (long || often)
    }

    /// Whether they are to hear how things stand.
    pub fn is_news_due(&self, now: DateTime<Utc>) -> bool {
        !self.is_over() && now >= self.news_at + Self::NEWS_EVERY
    }

    /// When the service must look at it: the doctor they see already has not answered.
    pub fn next_call(&self) -> Option<DateTime<Utc>> {
        let checks = self.members.iter().any(|member| member.standing == Standing::CheckingUsualDoctor);
        self.usual_doctor_until.filter(|_| checks)
    }
}
