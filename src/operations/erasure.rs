//! Erasures that a restored backup undid, done again: the backup was made before them, and a person's data came back with it.

use crate::booking::{Booking, Call, Failure};
use crate::domain::refusal::Subject;
use crate::domain::{ErasureReason, EventKind, Refusal, RequestId, RequestState, TerritoryId};
use crate::receipts::{Receipt, Told};

/// What became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redone {
    /// Erased again.
    pub erased: Vec<RequestId>,
    /// Somebody waits for these, as the backup has it, in this state: to be closed by a person first.
    pub still_open: Vec<(RequestId, RequestState)>,
    /// These could not be erased, and why.
    pub failed: Vec<(RequestId, String)>,
}

impl Redone {
    /// Whether this receipt tells of an erasure that is still undone.
    pub fn leaves_undone(&self, receipt: &Receipt) -> bool {
        let still_open = self.still_open.iter().map(|(request, _)| *request);
        let mut undone = still_open.chain(self.failed.iter().map(|(request, _)| *request));
        undone.any(|request| erased_in(receipt).any(|erased| erased == request))
    }

    /// What was done again and what was not, one line each, in words somebody can act on.
    pub fn describe(&self, territory: &TerritoryId) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.erased.is_empty() {
            lines.push(format!("{territory} : {} demande(s) déjà effacée(s) le sont de nouveau.", self.erased.len()));
        }
        lines.extend(self.still_open.iter().map(|(request, state)| {
            format!(
                "{territory} : la demande {request}, effacée depuis, est revenue encore en cours ({state}). Son effacement \
                 n'est pas reconnu : annulez-la, ou dites ce qu'elle est devenue, puis recommencez."
            )
        }));
        lines.extend(self.failed.iter().map(|(request, why)| {
            format!(
                "{territory} : la demande {request}, effacée depuis, est revenue et n'a pas pu être effacée de nouveau \
                 ({why}). Son effacement n'est pas reconnu : recommencez."
            )
        }));
        lines
    }
}

/// The requests a receipt says were erased.
fn erased_in(receipt: &Receipt) -> impl Iterator<Item = RequestId> {
    let erased = |told: &&Told| told.kind == EventKind::RequestErased;
    receipt.changes.iter().filter(erased).filter_map(|told| told.request)
}

/// Erases again every request whose erasure is among what the store lacks. One the store has never heard of did not come back.
pub async fn redo(booking: &Booking, missing: &[Receipt]) -> Redone {
    let mut requests: Vec<RequestId> = missing.iter().flat_map(erased_in).collect();
    requests.sort();
    requests.dedup();
    let mut redone = Redone::default();
    for request in requests {
        match booking.erase(&Call::of_service(), request, ErasureReason::Again).await {
            Ok(_) => redone.erased.push(request),
            Err(Failure::Refused { refusal: Refusal::Unknown(Subject::Request), .. }) => {}
            Err(failure) => {
                tracing::warn!(request = %request, %failure, "a request that had been erased came back and is not erased again");
                match failure {
                    Failure::Refused { refusal: Refusal::WrongState { state }, .. } => {
                        redone.still_open.push((request, state));
                    }
                    failure => redone.failed.push((request, failure.to_string())),
                }
            }
        }
    }
    redone
}
