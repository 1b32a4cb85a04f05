//! Bodies, as the OpenAPI document describes them. The handlers read them field by field ([`super::super::fields`]); a test
//! holds both together: each reader knows exactly the properties of its schema.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, NaiveDate};
use utoipa::ToSchema;

/// Slots to publish; a malformed item refuses the whole call, a rule refuses that item alone.
#[derive(Debug, ToSchema)]
pub struct PublishOrder {
    /// From 1 to 500.
    #[schema(min_items = 1, max_items = 500)]
    pub slots: Vec<NewSlot>,
}

/// A slot to publish: `duration_minutes` or `end`, not both.
#[derive(Debug, ToSchema)]
pub struct NewSlot {
    /// Whose time it is.
    pub rpps: String,
    /// One of their places of practice.
    pub location_id: String,
    /// First instant, with its offset.
    pub start: DateTime<FixedOffset>,
    /// Length, minutes.
    #[schema(minimum = 1, maximum = 1440)]
    pub duration_minutes: Option<u16>,
    /// First instant after; 24 hours at most after the start.
    pub end: Option<DateTime<FixedOffset>>,
    /// `AMB`, `HH` or `VR`.
    pub modality: String,
    /// Who may book: one or more of `PUBLIC`, `PRO`, `SNP`, `CPTS`.
    #[schema(min_items = 1)]
    pub audience: Vec<String>,
    /// Places.
    #[schema(minimum = 1, maximum = 100)]
    pub capacity: u16,
    /// Places "en sus", bookable only with the practitioner's consent; 0 by default.
    #[schema(minimum = 0, maximum = 100)]
    pub extra_capacity: Option<u16>,
    /// `ROUTINE` (default) or `WALKIN`.
    pub arrival: Option<String>,
}

/// A slot to take back.
#[derive(Debug, ToSchema)]
pub struct WithdrawOrder {
    /// Why: a short operational reason.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// Cancel its appointments too; their requests wait again.
    pub cancel_bookings: Option<bool>,
}

/// A request to enter.
#[derive(Debug, ToSchema)]
pub struct NewRequestOrder {
    /// Age and sex.
    pub patient: PatientOrder,
    /// Where the patient is.
    pub place: PlaceOrder,
    /// Main complaint: a block of the triage pack.
    pub complaint: String,
    /// Others.
    pub other_complaints: Option<Vec<String>>,
    /// Answers by `<block>.<question>`: `yes`, `no`, `unknown` or a number.
    #[schema(value_type = Object)]
    pub answers: BTreeMap<String, String>,
    /// Flags (`pregnant`, `anticoagulant`…): `yes`, `no` or `unknown`.
    #[schema(value_type = Option<Object>)]
    pub flags: Option<BTreeMap<String, String>>,
    /// Free text.
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// The level the medical regulation of the call decided: `immediate`, `same_day`, `h24`, `h48` or `programmed`; operators only.
    pub level: Option<String>,
    /// Reference of the regulation file; operators only.
    pub regulation_reference: Option<String>,
    /// `operator`, `professional`, `widget`, `sas` or `lrm`; without a token, `widget`.
    pub channel: String,
    /// What the slot must be.
    pub constraints: Option<ConstraintsOrder>,
}

/// What a caller says.
#[derive(Debug, ToSchema)]
pub struct SuggestOrder {
    /// Their words, in French.
    #[schema(max_length = 2000)]
    pub text: String,
}

/// A call to evaluate.
#[derive(Debug, ToSchema)]
pub struct AssessOrder {
    /// Age and sex.
    pub patient: PatientOrder,
    /// Main complaint: a block of the triage pack.
    pub complaint: String,
    /// Others.
    pub other_complaints: Option<Vec<String>>,
    /// Answers by `<block>.<question>`: `yes`, `no`, `unknown` or a number.
    #[schema(value_type = Object)]
    pub answers: BTreeMap<String, String>,
    /// Flags (`pregnant`, `anticoagulant`…): `yes`, `no` or `unknown`.
    #[schema(value_type = Option<Object>)]
    pub flags: Option<BTreeMap<String, String>>,
}

/// Age, one way of the three, and sex.
#[derive(Debug, ToSchema)]
pub struct PatientOrder {
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// Whole years.
    #[schema(minimum = 0, maximum = 125)]
    pub age_years: Option<u8>,
    /// Whole months, under two years.
    #[schema(minimum = 0, maximum = 23)]
    pub age_months: Option<u8>,
    /// `F`, `M` or `U`.
    pub sex: String,
}

/// A commune, a point, or both.
#[derive(Debug, ToSchema)]
pub struct PlaceOrder {
    /// INSEE code of a commune or arrondissement.
    pub commune: Option<String>,
    /// Latitude, degrees WGS84.
    #[schema(minimum = -90, maximum = 90)]
    pub lat: Option<f64>,
    /// Longitude, degrees WGS84.
    #[schema(minimum = -180, maximum = 180)]
    pub lon: Option<f64>,
}

/// What the slot must be.
#[derive(Debug, ToSchema)]
pub struct ConstraintsOrder {
    /// `AMB`, `HH` or `VR`.
    pub modality: Option<String>,
    /// `TRE_G15` code; instead of the complaint's usual one.
    pub profession: Option<String>,
    /// Longest travel, minutes.
    #[schema(minimum = 1, maximum = 240)]
    pub max_travel_minutes: Option<u16>,
    /// The place must let a wheelchair in.
    pub accessible: Option<bool>,
    /// One of these languages (ISO 639-1).
    pub languages: Option<Vec<String>>,
    /// Rather this practitioner: a preference.
    pub preferred_rpps: Option<String>,
}

/// Ask for fresh offers.
#[derive(Debug, ToSchema)]
pub struct OffersOrder {
    /// Time given to the optimiser, milliseconds.
    #[schema(minimum = 1, maximum = 2000)]
    pub budget_ms: Option<u64>,
}

/// Set a level.
#[derive(Debug, ToSchema)]
pub struct LevelOrder {
    /// `immediate`, `same_day`, `h24`, `h48` or `programmed`.
    pub level: String,
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// A régulateur agrees.
#[derive(Debug, ToSchema)]
pub struct AgreementOrder {
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// The latest start agreed to.
    pub latest: Option<DateTime<FixedOffset>>,
}

/// What a régulateur finds of a level that others decided.
#[derive(Debug, ToSchema)]
pub struct ReviewOrder {
    /// `agrees`, `too_low` or `too_high`.
    pub verdict: String,
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: Option<String>,
}

/// More answers.
#[derive(Debug, ToSchema)]
pub struct AnswersOrder {
    /// Answers by `<block>.<question>`.
    #[schema(value_type = Object)]
    pub answers: BTreeMap<String, String>,
    /// Flags.
    #[schema(value_type = Option<Object>)]
    pub flags: Option<BTreeMap<String, String>>,
}

/// Promise an hour later.
#[derive(Debug, ToSchema)]
pub struct PromiseOrder {
    /// The hour known at least this long ahead, minutes; 180 by default.
    #[schema(minimum = 0, maximum = 2880)]
    pub notice_minutes: Option<u16>,
    /// Who comes: the service then books by itself when the hour must be told. Without it an operator is told to.
    pub patient: Option<IdentityOrder>,
}

/// The patient was told the hour: nothing more is asked.
#[derive(Debug, ToSchema)]
pub struct ToldOrder {}

/// Hold a place.
#[derive(Debug, ToSchema)]
pub struct HoldOrder {
    /// In which slot.
    pub slot_id: String,
    /// Named by the caller before the first try: 1 to 64 letters, digits, `-`, `_`, `.`.
    pub hold_id: String,
    /// The practitioner agreed to one patient more ("en sus").
    pub extra_consent: Option<bool>,
}

/// Name a hold: to extend or release it.
#[derive(Debug, ToSchema)]
pub struct HoldRef {
    /// Which.
    pub hold_id: String,
}

/// Book a held place.
#[derive(Debug, ToSchema)]
pub struct ConfirmOrder {
    /// Which hold.
    pub hold_id: String,
    /// Who comes.
    pub patient: IdentityOrder,
}

/// Who the patient is.
#[derive(Debug, ToSchema)]
pub struct IdentityOrder {
    /// First name.
    #[schema(min_length = 1, max_length = 100)]
    pub first_name: String,
    /// Last name.
    #[schema(min_length = 1, max_length = 100)]
    pub last_name: String,
    /// Number to call back.
    pub phone: String,
}

/// A reason.
#[derive(Debug, ToSchema)]
pub struct ReasonOrder {
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// Hand over to the emergency number.
#[derive(Debug, ToSchema)]
pub struct HandoverOrder {
    /// Always `15`.
    pub to: String,
}

/// What became of an appointment.
#[derive(Debug, ToSchema)]
pub struct OutcomeOrder {
    /// `fulfilled`, `noshow` or `cancelled`.
    pub status: String,
    /// Why; for `cancelled`.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: Option<String>,
    /// Who cancels, `patient` or `practitioner`; for `cancelled`. By default the practitioner when they call, else the patient.
    pub by: Option<String>,
}
