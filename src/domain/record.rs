//! Records: what the store keeps under a key and a version. Each kind is guarded on its own; a rule over several records is
//! a record too ([`Agenda`], [`UniqueOwner`]).
//!
//! The stored form is the serde form of these types; `SCHEMA` changes with it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::coding::{UnknownCode, coded};
use super::{
    Agenda, Appointment, AppointmentId, CareRequest, Delivery, OpenPlaces, Practitioner, Proposal, ProposalId,
    Registration, RegistrationId, RequestId, Rpps, Slot, SlotId,
};

/// Version of the stored form of records and events.
pub const SCHEMA: u32 = 1;

coded!(
    /// Kinds of records, with the letter of their key (store.md §3).
    RecordKind {
        /// Slot.
        Slot = "s",
        /// Appointment (booking).
        Appointment = "b",
        /// Request for unscheduled care.
        Request = "r",
        /// Agenda guard of a practitioner.
        Agenda = "a",
        /// Practitioner in the directory.
        Practitioner = "d",
        /// Uniqueness guard.
        Unique = "u",
        /// Registration of a household that looks for a médecin traitant.
        Registration = "m",
        /// Proposal to a doctor.
        Proposal = "p",
        /// Places a doctor opens.
        OpenPlaces = "l",
        /// Delivery of the outbox.
        Delivery = "o",
        /// Cursor of a consumer of the stream.
        Cursor = "c",
    }
);

/// The key of a record inside its territory: `s:0198…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// Kind.
    pub kind: RecordKind,
    /// Identifier within the kind.
    pub id: String,
}

impl RecordKey {
    /// Key of a slot.
    pub fn slot(id: SlotId) -> Self {
        Self { kind: RecordKind::Slot, id: id.to_string() }
    }
    /// Key of a request.
    pub fn request(id: RequestId) -> Self {
        Self { kind: RecordKind::Request, id: id.to_string() }
    }
    /// Key of an appointment.
    pub fn appointment(id: AppointmentId) -> Self {
        Self { kind: RecordKind::Appointment, id: id.to_string() }
    }
    /// Key of a practitioner's agenda guard.
    pub fn agenda(rpps: Rpps) -> Self {
        Self { kind: RecordKind::Agenda, id: rpps.to_string() }
    }
    /// Key of a practitioner.
    pub fn practitioner(rpps: Rpps) -> Self {
        Self { kind: RecordKind::Practitioner, id: rpps.to_string() }
    }
    /// Key of a registration.
    pub fn registration(id: RegistrationId) -> Self {
        Self { kind: RecordKind::Registration, id: id.to_string() }
    }
    /// Key of a proposal.
    pub fn proposal(id: ProposalId) -> Self {
        Self { kind: RecordKind::Proposal, id: id.to_string() }
    }
    /// Key of a doctor's open places.
    pub fn open_places(rpps: Rpps) -> Self {
        Self { kind: RecordKind::OpenPlaces, id: rpps.to_string() }
    }
    /// Key of a uniqueness guard: a subject (`registration`) and an HMAC of what must be unique.
    pub fn unique(subject: &str, hmac: &str) -> Self {
        Self { kind: RecordKind::Unique, id: format!("{subject}:{hmac}") }
    }
    /// Key of a delivery: one per event and target.
    pub fn delivery(event: u64, target: &str) -> Self {
        Self { kind: RecordKind::Delivery, id: format!("{event}:{target}") }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

impl FromStr for RecordKey {
    type Err = UnknownCode;
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let (kind, id) = text.split_once(':').unwrap_or((text, ""));
        Ok(Self { kind: kind.parse()?, id: id.to_owned() })
    }
}

/// Something that is unique, and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueOwner {
    /// What kind of thing is unique: `registration`.
    pub subject: String,
    /// HMAC of what must be unique.
    pub hmac: String,
    /// Key of the record that owns it; empty once nobody does.
    pub owner: String,
}

/// A record of any kind.
#[expect(
    clippy::large_enum_variant,
    reason = "records live for the length of one decision; a box would cost more than the copy"
)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A slot.
    Slot(Slot),
    /// A request.
    Request(CareRequest),
    /// An appointment.
    Appointment(Appointment),
    /// An agenda guard.
    Agenda(Agenda),
    /// A practitioner.
    Practitioner(Practitioner),
    /// A uniqueness guard.
    Unique(UniqueOwner),
    /// A registration.
    Registration(Registration),
    /// A proposal.
    Proposal(Proposal),
    /// A doctor's open places.
    OpenPlaces(OpenPlaces),
    /// A delivery.
    Delivery(Delivery),
}

impl Record {
    /// The key it is kept under.
    pub fn key(&self) -> RecordKey {
        match self {
            Self::Slot(slot) => RecordKey::slot(slot.id),
            Self::Request(request) => RecordKey::request(request.id),
            Self::Appointment(appointment) => RecordKey::appointment(appointment.id),
            Self::Agenda(agenda) => RecordKey::agenda(agenda.practitioner),
            Self::Practitioner(practitioner) => RecordKey::practitioner(practitioner.rpps),
            Self::Registration(registration) => RecordKey::registration(registration.id),
            Self::Proposal(proposal) => RecordKey::proposal(proposal.id),
            Self::OpenPlaces(places) => RecordKey::open_places(places.practitioner),
            Self::Unique(unique) => RecordKey::unique(&unique.subject, &unique.hmac),
            Self::Delivery(delivery) => RecordKey::delivery(delivery.event, &delivery.target),
        }
    }
}

coded!(
    /// Kinds of things that become due.
    TimerKind {
        /// A hold of a slot ends; the id is the slot's.
        Hold = "hold",
        /// A request's deadline is long past; the id is the request's.
        Overdue = "overdue",
        /// A delivery is to be tried; the id is the delivery's.
        Delivery = "delivery",
        /// A promise must be looked at again; the id is the request's.
        Promise = "promise",
        /// What is kept of a request's patient has had its time; the id is the request's.
        Retention = "retention",
        /// What is kept of a household has had its time; the id is the registration's.
        HouseholdRetention = "household_retention",
        /// A proposal waits for an answer: its reminder or its end is due; the id is the proposal's.
        Proposal = "proposal",
        /// The doctor a household sees already has not answered; the id is the registration's.
        UsualDoctor = "usual_doctor",
    }
);

/// Something that will be due: one index of (kind, id) for all of them, written by the commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timer {
    /// Kind.
    pub kind: TimerKind,
    /// What it is about.
    pub id: String,
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

impl FromStr for Timer {
    type Err = UnknownCode;
    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let (kind, id) = text.split_once(':').unwrap_or((text, ""));
        Ok(Self { kind: kind.parse()?, id: id.to_owned() })
    }
}

/// The records a decision is made from: each asked-for key with its version, 0 and nothing where there is none.
#[derive(Debug, Clone, Default)]
pub struct Records {
    loaded: BTreeMap<RecordKey, (u64, Option<Record>)>,
}

macro_rules! getter {
    ($(#[$doc:meta])* $name:ident, $id:ty, $key:ident, $variant:ident, $type:ty) => {
        $(#[$doc])*
        pub fn $name(&self, id: $id) -> Option<&$type> {
            match self.get(&RecordKey::$key(id)) {
                Some(Record::$variant(record)) => Some(record),
                _ => None,
            }
        }
    };
}

impl Records {
    /// Adds a record as it was loaded: version 0 and `None` when there is none.
    pub fn put(&mut self, key: RecordKey, version: u64, record: Option<Record>) {
        self.loaded.insert(key, (version, record));
    }

    /// The keys that were asked for.
    pub fn keys(&self) -> impl Iterator<Item = &RecordKey> {
        self.loaded.keys()
    }

    /// Whether this key was asked for.
    pub fn knows(&self, key: &RecordKey) -> bool {
        self.loaded.contains_key(key)
    }

    /// The version of a key; 0 for what does not exist or was not asked for.
    pub fn version(&self, key: &RecordKey) -> u64 {
        self.loaded.get(key).map_or(0, |(version, _)| *version)
    }

    /// The record under a key.
    pub fn get(&self, key: &RecordKey) -> Option<&Record> {
        self.loaded.get(key).and_then(|(_, record)| record.as_ref())
    }

    getter!(
        /// A slot.
        slot, SlotId, slot, Slot, Slot
    );
    getter!(
        /// A request.
        request, RequestId, request, Request, CareRequest
    );
    getter!(
        /// An appointment.
        appointment, AppointmentId, appointment, Appointment, Appointment
    );
    getter!(
        /// A practitioner's agenda guard.
        agenda, Rpps, agenda, Agenda, Agenda
    );
    getter!(
        /// A practitioner.
        practitioner, Rpps, practitioner, Practitioner, Practitioner
    );
    getter!(
        /// A registration.
        registration, RegistrationId, registration, Registration, Registration
    );
    getter!(
        /// A proposal.
        proposal, ProposalId, proposal, Proposal, Proposal
    );
    getter!(
        /// A doctor's open places.
        open_places, Rpps, open_places, OpenPlaces, OpenPlaces
    );

    /// Who owns something unique; none where nobody does.
    pub fn owner(&self, subject: &str, hmac: &str) -> Option<&str> {
        match self.get(&RecordKey::unique(subject, hmac)) {
            Some(Record::Unique(unique)) if !unique.owner.is_empty() => Some(&unique.owner),
            _ => None,
        }
    }
}

/// What a decision changes: to be committed as one step or not at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    /// Records as they will be. Each is guarded by the version it was decided from.
    pub puts: BTreeMap<RecordKey, Record>,
    /// Timers set (to an instant) or cleared.
    pub timers: BTreeMap<Timer, Option<DateTime<Utc>>>,
    /// What happened, in order.
    pub events: Vec<super::Event>,
    /// Sealed data that go.
    pub erased: Option<Erasure>,
}

/// Whose data are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Erased {
    /// The patient of a request.
    Request(RequestId),
    /// A household that looked for a médecin traitant.
    Household(RegistrationId),
}

impl fmt::Display for Erased {
    /// The identifier.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(request) => request.fmt(f),
            Self::Household(registration) => registration.fmt(f),
        }
    }
}

/// What is removed of somebody. Never told: it stands in no event and no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Whose key goes: with it, whatever was sealed under it is unreadable wherever a copy may be.
    pub of: Erased,
    /// The sealed data that go, by reference.
    pub references: Vec<String>,
}

impl Change {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.timers.is_empty() && self.events.is_empty()
    }
}
