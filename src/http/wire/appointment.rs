//! Appointments, as the API shows them.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;

use super::slot::SlotShown;

/// An appointment: a request booked into a slot.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Appointment)]
pub struct AppointmentShown {
    /// Identifier.
    pub id: String,
    /// The request it answers.
    pub request_id: String,
    /// Its slot.
    pub slot: SlotShown,
    /// `booked`, `fulfilled`, `noshow` or `cancelled`.
    pub status: &'static str,
    /// When it was made.
    pub created_at: DateTime<FixedOffset>,
    /// Who made it.
    pub booked_by: BookedBy,
    /// Channel the request came from.
    pub origin: &'static str,
    /// Reference of the regulation file.
    pub regulation_reference: Option<String>,
    /// On a place "en sus".
    pub extra: bool,
    /// Who the patient is: only for its practitioner and the regulation, who open it by `GET`; each reading is audited. Null
    /// once erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<Option<PatientShown>>,
    /// When everything personal about it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<FixedOffset>>,
    /// Version of the record.
    pub version: u64,
}

/// Who made an appointment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BookedBy {
    /// Role.
    pub role: &'static str,
    /// Identifier of the actor, never a name.
    pub id: String,
}

/// Who the patient is.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Patient)]
pub struct PatientShown {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Number to call back, E.164.
    pub phone: String,
    /// The same, as people read it.
    pub phone_shown: String,
}

impl std::fmt::Debug for PatientShown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PatientShown(…)")
    }
}
