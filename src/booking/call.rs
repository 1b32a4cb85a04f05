//! Who calls, and what may come back besides the answer.

use std::sync::Arc;

use crate::domain::{Actor, Refusal};
use crate::store::Fingerprint;

pub use crate::store::StoreError;

use super::Offers;
use super::vault::VaultError;

/// One call of a use-case.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who asks.
    pub actor: Actor,
    /// The key the caller sent, so that the call may be sent again; none: the service makes one for its own retries.
    pub key: Option<String>,
    /// HMAC of method, path and body: the same key with another call is refused.
    pub fingerprint: Fingerprint,
}

impl Call {
    /// A call of the service itself: timers, generator.
    pub fn of_service() -> Self {
        Self { actor: Actor::service(), key: None, fingerprint: [0; 16] }
    }
}

/// Why a call has no answer of its own.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The rules say no. When a place was lost, with what else there is.
    #[error("refused: {refusal}")]
    Refused {
        /// The rule.
        refusal: Refusal,
        /// Fresh offers, when a place was lost.
        offers: Option<Arc<Offers>>,
    },
    /// The store could not say yes or no, or surely did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many others changed the same record at the same time.
    #[error("too many concurrent changes")]
    Contention,
    /// Sealed data cannot be opened or made: a fault.
    #[error("sealed data: {0}")]
    Sealed(VaultError),
    /// What is known of the patient cannot be read now: nothing can be checked against it.
    #[error("the facts of the request cannot be read")]
    Unreadable,
    /// The words of the triage pack cannot be read: a fault.
    #[error("{0}")]
    Words(String),
    /// The optimiser gave nothing: a fault, logged where it happened.
    #[error("the optimiser gave no plan")]
    Solver,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused { refusal, offers: None }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(error) => Self::Store(error),
            other => Self::Sealed(other),
        }
    }
}
