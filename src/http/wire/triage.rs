//! The triage protocol, as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;

use super::request::QuestionShown;

/// The pack in use.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Protocol {
    /// Name.
    pub id: String,
    /// Version.
    pub version: String,
    /// SHA-256 of its content, hexadecimal.
    pub hash: String,
    /// Physicians who signed it; empty: not validated, for demonstration.
    pub approvals: Vec<String>,
    /// Complaints a request may be entered under.
    pub complaints: Vec<ComplaintShown>,
}

/// A complaint.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Complaint)]
pub struct ComplaintShown {
    /// Its block in the pack.
    pub id: String,
    /// What it is called, in French.
    pub label: String,
    /// Its questions.
    pub questions: Vec<QuestionShown>,
}
