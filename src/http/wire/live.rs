//! Live updates and the audit trail, as the API shows them: identifiers and operational facts, never anything personal.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;

/// One event of the stream.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LiveEvent {
    /// Number in the territory's stream.
    pub seq: u64,
    /// When the store took it.
    pub at: DateTime<FixedOffset>,
    /// `<subject>.<verb>`.
    pub kind: &'static str,
    /// Slot concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// Request concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Appointment concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointment: Option<String>,
    /// Practitioner concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub practitioner: Option<String>,
    /// Registration of a household concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// Proposal concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<String>,
}

/// One line of the audit trail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditEntry {
    /// What happened.
    #[serde(flatten)]
    pub event: LiveEvent,
    /// Who did it.
    pub actor: String,
    /// Their role.
    pub role: &'static str,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Chain value: a digest of this event and of all before it.
    pub chain: String,
}

/// A page of the audit trail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditList {
    /// Events, oldest first, contiguous.
    pub items: Vec<AuditEntry>,
    /// Where the next page begins; null at the end of the stream.
    pub next_cursor: Option<String>,
}
