//! What the service is about: the things of the field, what may happen to them, and what must never happen.
//!
//! Nothing here does I/O, reads a clock or draws a random number: `now` and new identifiers are arguments. Types cannot hold
//! a wrong value (parse, don't validate). They derive serde for one purpose, the stored form of records and events
//! ([`record`]); the wire formats of HTTP and FHIR are made by hand at those edges.
//!
//! Start reading at [`slot`] and [`care_request`], then [`decide`].

pub mod actor;
pub mod agenda;
pub mod appointment;
pub mod attachment;
pub mod care_request;
mod checked_text;
pub mod coding;
pub mod commune_code;
pub mod decide;
pub mod delivery;
pub mod event;
pub mod finess;
pub mod ids;
mod luhn;
pub mod nomenclature;
pub mod patient;
pub mod phone;
pub mod practitioner;
pub mod promise;
pub mod record;
pub mod refusal;
pub mod retention;
pub mod review;
pub mod rpps;
pub mod slot;
pub mod territory;
pub mod time;

pub use actor::Actor;
pub use agenda::{Agenda, Span};
pub use appointment::{Appointment, AppointmentStatus, CancelledBy};
pub use attachment::{OpenPlaces, Proposal, Registration};
pub use care_request::{
    Agreement, CareNeed, CareRequest, DecidedBy, ErasureReason, HeldPlace, PackRef, Phase, RequestState, Triage,
    TriageStatus,
};
pub use coding::{Arrival, Audience, Channel, Language, Level, Modality, Profession, Role, Sex, Speciality};
pub use commune_code::CommuneCode;
pub use delivery::{Delivery, DeliveryState};
pub use event::{Concerns, Event, EventKind, RecordedEvent, Written};
pub use finess::Finess;
pub use ids::{
    AppointmentId, ComplaintId, HoldId, LocationId, ProposalId, RegistrationId, RegulationReference, RequestId, RunId,
    SlotId, TerritoryId,
};
pub use patient::{Age, Answer, Constraints, PatientFacts, PatientIdentity, PersonName};
pub use phone::PhoneNumber;
pub use practitioner::{Location, Practitioner};
pub use promise::{Promise, PromiseStanding, ReadyToBook};
pub use record::{Change, Erased, Erasure, Record, RecordKey, RecordKind, Records, Timer, TimerKind, UniqueOwner};
pub use refusal::Refusal;
pub use retention::Retention;
pub use review::{Review, ReviewCause, ReviewVerdict};
pub use rpps::Rpps;
pub use slot::{Booking, BookingOutcome, Hold, Slot, SlotDraft, SlotSource, SlotState};
pub use territory::{Commune, DensityClass, GeoPoint, Membership, SearchRadius, Territory};
