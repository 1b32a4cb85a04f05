//! Why triage came to what it came to: in the words of the pack of then, sealed with what was known of the patient, and read
//! again whatever pack is in use now. Also what triage is worth at an instant.

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt as _};

use super::{Booking, Vault};
use crate::domain::{CareRequest, PatientFacts};
use crate::triage::{Evaluation, Explanation};

/// Evaluations of one request that are opened for whoever reads its history: the latest.
const EVALUATIONS_SHOWN: usize = 50;

/// How many are opened at the same time.
const OPENED_AT_ONCE: usize = 8;

/// Whether triage recommends levels at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    InUse,
    /// Whoever runs the service keeps it off.
    Off,
    /// Its pack is not yet in force.
    NotYet,
    /// Its pack is no longer in force.
    Expired,
}

impl Standing {
    /// Its name in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::InUse => "in_use",
            Self::Off => "off",
            Self::NotYet => "not_yet_valid",
            Self::Expired => "expired",
        }
    }
}

impl Booking {
    /// Whether triage recommends levels at an instant. Where it does not, a level is always that of the regulation.
    pub fn triage_standing(&self, at: DateTime<Utc>) -> Standing {
        match self.policy.triage {
            false => Standing::Off,
            true if at < self.pack.valid_from => Standing::NotYet,
            true if at > self.pack.valid_to => Standing::Expired,
            true => Standing::InUse,
        }
    }

    /// Places in the pack of the complaints that are switched off.
    pub(super) fn switched_off(&self) -> Vec<usize> {
        self.policy.switched_off.iter().filter_map(|id| self.pack.place(id)).collect()
    }

    /// What triage made of what is known of a patient, in words.
    pub(super) fn explained(&self, facts: &PatientFacts, evaluation: &Evaluation, at: DateTime<Utc>) -> Explanation {
        Explanation::of(&self.pack, evaluation, &facts.answers, at)
    }

    /// The explanation sealed with facts of a request. None, and a line in the log, when it cannot be opened: the request
    /// itself is still shown.
    pub(super) async fn explanation_under(&self, request: &CareRequest, facts_ref: &str) -> Option<Explanation> {
        if request.erased_at.is_some() {
            return None;
        }
        self.vault.open_explanation(request.id, facts_ref).await.unwrap_or_else(|error| {
            tracing::warn!(request = %request.id, %error, "a request is shown without why its level is what it is");
            None
        })
    }

    /// Every evaluation of a request that was kept, the first first, the one that stands last.
    pub async fn evaluations(&self, request: &CareRequest) -> Vec<Explanation> {
        let references: Vec<&String> = Vault::facts_references(request).collect();
        let latest = references.len().saturating_sub(EVALUATIONS_SHOWN);
        let opened = stream::iter(references[latest..].to_vec())
            .map(|reference| self.explanation_under(request, reference))
            .buffered(OPENED_AT_ONCE);
        opened.filter_map(|one| async { one }).collect().await
    }
}
