//! Erasures that a restored backup undid, done again: the backup was made before them, and a person's data came back with it.

use crate::booking::{Booking, Call};
use crate::domain::{ErasureReason, EventKind, RequestId};
use crate::receipts::Receipt;

/// What became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redone {
    /// Erased again.
    pub erased: Vec<RequestId>,
    /// Somebody waits for these, as the backup has it: to be closed by a person first.
    pub still_open: Vec<RequestId>,
}

/// Erases again every request whose erasure is among what the store lacks.
pub async fn redo(booking: &Booking, missing: &[Receipt]) -> Redone {
    let erased = |told: &&crate::receipts::Told| told.kind == EventKind::RequestErased;
    let mut requests: Vec<RequestId> =
        missing.iter().flat_map(|receipt| &receipt.changes).filter(erased).filter_map(|told| told.request).collect();
    requests.sort();
    requests.dedup();
    let mut redone = Redone::default();
    for request in requests {
        match booking.erase(&Call::of_service(), request, ErasureReason::Again).await {
            Ok(_) => redone.erased.push(request),
            Err(failure) => {
                tracing::warn!(request = %request, %failure, "a request that had been erased came back and is not erased again");
                redone.still_open.push(request);
            }
        }
    }
    redone
}
