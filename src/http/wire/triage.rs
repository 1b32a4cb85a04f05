//! The triage protocol, as the API shows it.

use chrono::{DateTime, FixedOffset};
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
    /// Physicians who signed this very content.
    pub approvals: Vec<ApprovalShown>,
    /// Whether levels are recommended by it; else a level is always a person's.
    pub in_use: bool,
    /// `in_use`, `off`, `not_yet_valid` or `expired`.
    pub standing: &'static str,
    /// Whether it counts as signed: two physicians, a médecin régulateur among them.
    pub signed: bool,
    /// From when it may be used.
    pub valid_from: DateTime<FixedOffset>,
    /// Until when.
    pub valid_to: DateTime<FixedOffset>,
    /// What it is and is not, in French.
    pub notice: String,
    /// What may be known of a patient besides answers.
    pub flags: Vec<FlagShown>,
    /// Complaints a request may be entered under; the first are the general questions.
    pub complaints: Vec<ComplaintShown>,
}

/// A physician's signature.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Approval)]
pub struct ApprovalShown {
    /// Name.
    pub name: String,
    /// RPPS number.
    pub rpps: String,
    /// Role.
    pub role: String,
    /// When.
    pub at: DateTime<FixedOffset>,
}

/// Something that may be known of a patient.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Flag)]
pub struct FlagShown {
    /// Its name, the key in `flags`.
    pub id: String,
    /// What it is called, in French.
    pub label: String,
}

/// A complaint.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Complaint)]
pub struct ComplaintShown {
    /// Its block in the pack.
    pub id: String,
    /// What it is called, in French.
    pub label: String,
    /// Other words callers use, in French.
    pub synonyms: Vec<String>,
    /// The level when every answer is no.
    pub default_level: &'static str,
    /// Whether it is switched off here: nothing is recommended for it, the regulation decides.
    pub switched_off: bool,
    /// Its questions.
    pub questions: Vec<QuestionShown>,
    /// Spoken questions that stand for several.
    pub groups: Vec<QuestionShown>,
}

/// What a caller's own words suggest: never an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Suggestion)]
pub struct SuggestionShown {
    /// Complaints to open, the likeliest first.
    pub complaints: Vec<SuggestedComplaint>,
    /// Red flags that must be asked about.
    pub forced_questions: Vec<ForcedQuestion>,
}

/// A complaint to open.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuggestedComplaint {
    /// Its block in the pack.
    pub id: String,
    /// What it is called, in French.
    pub label: String,
    /// 1 for the likeliest.
    pub score: f64,
}

/// A red flag to ask about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ForcedQuestion {
    /// The question.
    #[serde(flatten)]
    pub question: QuestionShown,
    /// What was heard, as the pack says it, in French.
    pub heard: String,
    /// Whether the caller denied it: it is asked to be confirmed.
    pub denied: bool,
}
