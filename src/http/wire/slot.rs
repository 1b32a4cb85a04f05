//! Slots and practitioners, as the API shows them.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;

/// A slot (créneau).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Slot)]
pub struct SlotShown {
    /// Identifier.
    pub id: String,
    /// Its territory.
    pub territory: String,
    /// First instant.
    pub start: DateTime<FixedOffset>,
    /// First instant after.
    pub end: DateTime<FixedOffset>,
    /// Whose time it is.
    pub practitioner: SlotPractitioner,
    /// Where.
    pub location: LocationShown,
    /// `AMB`, `HH` or `VR`.
    pub modality: &'static str,
    /// Who may book: `PUBLIC`, `PRO`, `SNP`, `CPTS`.
    pub audience: Vec<&'static str>,
    /// `ROUTINE` or `WALKIN`.
    pub arrival: &'static str,
    /// Places.
    pub capacity: u16,
    /// Places "en sus", bookable only with the practitioner's consent.
    pub extra_capacity: u16,
    /// Places taken now, held or booked.
    pub taken: usize,
    /// `free`, `held`, `booked`, `fulfilled`, `noshow`, `withdrawn` or `closed`, derived at the time of reading.
    pub state: &'static str,
    /// Who published it.
    pub source: &'static str,
    /// Version of the record.
    pub version: u64,
}

/// Whoever will see the patient.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SlotPractitioner {
    /// RPPS number.
    pub rpps: String,
    /// Name as patients read it.
    pub name: String,
    /// `TRE_G15` code.
    pub profession: String,
    /// `TRE_R38` code.
    pub speciality: Option<String>,
}

/// A place of practice.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Location)]
pub struct LocationShown {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// INSEE code of its commune.
    pub commune: Option<String>,
    /// Latitude, degrees WGS84.
    pub lat: Option<f64>,
    /// Longitude, degrees WGS84.
    pub lon: Option<f64>,
    /// Whether a wheelchair gets in; null when not known.
    pub accessible: Option<bool>,
}

/// A slot with its appointments.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SlotDetail {
    /// The slot.
    #[serde(flatten)]
    pub slot: SlotShown,
    /// Identifiers of its appointments.
    pub appointments: Vec<String>,
}

/// A page of slots.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SlotList {
    /// Slots, by start.
    pub items: Vec<SlotShown>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
    /// The instant the states are derived at.
    pub as_of: DateTime<FixedOffset>,
}

/// What became of a call to publish.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Published)]
pub struct PublishedShown {
    /// Slots made, in the order of the call.
    pub created: Vec<String>,
    /// Items refused by a rule.
    pub refused: Vec<RefusedItem>,
}

/// An item a rule refuses; the others are published.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefusedItem {
    /// Its place in the call, from 0.
    pub index: usize,
    /// `/problems/<slug>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Why, in French.
    pub detail: String,
}

/// A practitioner of the directory.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Practitioner)]
pub struct PractitionerShown {
    /// RPPS number.
    pub rpps: String,
    /// Name as patients read it.
    pub name: String,
    /// `TRE_G15` code.
    pub profession: String,
    /// `TRE_R38` code.
    pub speciality: Option<String>,
    /// Places of practice.
    pub locations: Vec<LocationShown>,
    /// ISO 639-1 codes.
    pub languages: Vec<String>,
    /// Made by the generator of the demo: no such person exists.
    pub synthetic: bool,
}

/// A page of the directory.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PractitionerList {
    /// Practitioners, by number.
    pub items: Vec<PractitionerShown>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
}
