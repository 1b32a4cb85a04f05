//! Who calls, and what may come back besides the answer.

use std::sync::Arc;

use crate::domain::{Actor, Refusal};
use crate::store::{Fingerprint, StoreError};

use super::Offers;

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
    /// A call of the service itself, with a key of its own: timers, generator.
    pub fn of_service(key: String) -> Self {
        Self { actor: Actor::service(), key: Some(key), fingerprint: [0; 16] }
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
    /// Sealed data cannot be opened or made: a fault, logged with its cause.
    #[error("sealed data cannot be read or written")]
    Sealed,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused { refusal, offers: None }
    }
}
