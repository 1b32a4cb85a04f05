//! The appointment (rendez-vous): one request booked into one slot. Who the patient is stands in a sealed blob.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::care_request::ERASED;
use super::coding::coded;
use super::{Actor, AppointmentId, Channel, HoldId, RegulationReference, RequestId, Rpps, SlotId, TerritoryId};

coded!(
    /// What became of an appointment (FHIR `Appointment.status`, the four the national flow knows).
    AppointmentStatus {
        /// To come.
        Booked = "booked",
        /// The patient was seen.
        Fulfilled = "fulfilled",
        /// The patient did not come.
        NoShow = "noshow",
        /// Cancelled by the patient or the practitioner.
        Cancelled = "cancelled",
    }
);

coded!(
    /// Who cancelled.
    CancelledBy {
        /// The patient: the request is over.
        Patient = "patient",
        /// The practitioner: the request is open again, its age kept.
        Practitioner = "practitioner",
    }
);

/// An appointment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Identifier.
    pub id: AppointmentId,
    /// The request it answers.
    pub request: RequestId,
    /// The slot it takes a place of.
    pub slot: SlotId,
    /// The slot's territory.
    pub territory: TerritoryId,
    /// The slot's practitioner.
    pub practitioner: Rpps,
    /// When the patient is expected.
    pub start: DateTime<Utc>,
    /// The hold it came from.
    pub hold: HoldId,
    /// What became of it.
    pub status: AppointmentStatus,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Who made it.
    pub booked_by: Actor,
    /// Where the request came from.
    pub origin: Channel,
    /// Name of the sealed blob that says who the patient is.
    pub identity_ref: String,
    /// The regulation file: the SNP supplement and the national flow need it from the first day.
    pub regulation_reference: Option<RegulationReference>,
    /// On a place "en sus".
    pub extra: bool,
    /// When everything personal about it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<Utc>>,
}

impl Appointment {
    /// What statistics need of it, once nothing may be left of its patient.
    pub fn erased(self, at: DateTime<Utc>) -> Self {
        Self { identity_ref: ERASED.to_owned(), regulation_reference: None, erased_at: Some(at), ..self }
    }
}
