//! Levels looked at afterwards by a médecin régulateur (triage.md §7): every one that is lower than triage recommended, and a
//! sample of the others. A review is about quality and changes nothing of the request.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::coding::coded;
use super::{Actor, CareRequest, DecidedBy, Level};

coded!(
    /// What a régulateur finds of a level.
    ReviewVerdict {
        /// They would have decided alike.
        Agrees = "agrees",
        /// It should have been higher.
        TooLow = "too_low",
        /// It could have been lower.
        TooHigh = "too_high",
    }
);

/// A régulateur looked at a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// What they found.
    pub verdict: ReviewVerdict,
}

coded!(
    /// Why a level is to be looked at.
    ReviewCause {
        /// A régulateur lowered what triage recommended.
        Lowered = "review_lowered",
        /// The level that was declared is lower than triage recommends.
        DeclaredLower = "review_declared_lower",
        /// One of the declared levels.
        DeclaredSample = "review_declared_sample",
        /// One of all levels.
        Sample = "review_sample",
    }
);

/// Of so many declared levels one is looked at: our assumption.
const DECLARED_ONE_IN: u16 = 20;

/// Of so many others one is looked at (triage.md §7: two in a hundred).
const OTHERS_ONE_IN: u16 = 50;

impl ReviewCause {
    /// Why the level of a request is to be looked at; none where it need not be, or was. Which are in the sample is drawn by
    /// the identifier: nobody chooses them, and every node has the same ones.
    pub fn of(request: &CareRequest) -> Option<Self> {
        let level = request.level().filter(|level| *level != Level::Immediate)?;
        if request.review.is_some() || request.erased_at.is_some() {
            return None;
        }
        let lower = request.triage.recommended.is_some_and(|recommended| level < recommended);
        let declared = request.triage.decided_by == Some(DecidedBy::Regulation);
        let drawn = |one_in: u16| {
            let [.., high, low] = *request.id.uuid().as_bytes();
            u16::from_be_bytes([high, low]).is_multiple_of(one_in)
        };
        match () {
            () if lower && declared => Some(Self::DeclaredLower),
            () if lower => Some(Self::Lowered),
            () if declared && drawn(DECLARED_ONE_IN) => Some(Self::DeclaredSample),
            () if drawn(OTHERS_ONE_IN) => Some(Self::Sample),
            () => None,
        }
    }
}
