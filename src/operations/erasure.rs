//! Erasures that a restored backup undid, done again: the backup was made before them, and a person's data came back with it.

use crate::booking::{Booking, Call, Failure};
use crate::domain::refusal::Subject;
use crate::domain::{Erased, ErasureReason, EventKind, Refusal, TerritoryId};
use crate::receipts::Receipt;

/// What became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redone {
    /// Erased again.
    pub erased: Vec<Erased>,
    /// Somebody waits for these, as the backup has it, in this state: to be closed by a person first.
    pub still_open: Vec<(Erased, &'static str)>,
    /// These could not be erased, and why.
    pub failed: Vec<(Erased, String)>,
}

impl Redone {
    /// Whether this receipt tells of an erasure that is still undone.
    pub fn leaves_undone(&self, receipt: &Receipt) -> bool {
        let still_open = self.still_open.iter().map(|(whose, _)| *whose);
        let mut undone = still_open.chain(self.failed.iter().map(|(whose, _)| *whose));
        undone.any(|whose| erased_in(receipt).any(|erased| erased == whose))
    }

    /// What was done again and what was not, one line each, in words somebody can act on.
    pub fn describe(&self, territory: &TerritoryId) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.erased.is_empty() {
            lines.push(format!(
                "{territory} : {} demande(s) ou inscription(s) déjà effacée(s) le sont de nouveau.",
                self.erased.len()
            ));
        }
        lines.extend(self.still_open.iter().map(|(whose, state)| {
            format!(
                "{territory} : {} {whose}, effacée depuis, est revenue encore en cours ({state}). Son effacement n'est pas \
                 reconnu : annulez-la, ou dites ce qu'elle est devenue, puis recommencez.",
                thing(*whose)
            )
        }));
        lines.extend(self.failed.iter().map(|(whose, why)| {
            format!(
                "{territory} : {} {whose}, effacée depuis, est revenue et n'a pas pu être effacée de nouveau ({why}). Son \
                 effacement n'est pas reconnu : recommencez.",
                thing(*whose)
            )
        }));
        lines
    }
}

fn thing(whose: Erased) -> &'static str {
    match whose {
        Erased::Request(_) => "la demande",
        Erased::Household(_) => "l'inscription",
    }
}

/// Whose data a receipt says were erased.
fn erased_in(receipt: &Receipt) -> impl Iterator<Item = Erased> {
    receipt.changes.iter().filter_map(|told| match told.kind {
        EventKind::RequestErased => told.request.map(Erased::Request),
        EventKind::RegistrationErased => told.registration.map(Erased::Household),
        _ => None,
    })
}

/// Erases again everybody whose erasure is among what the store lacks. Whom the store has never heard of did not come back.
pub async fn redo(booking: &Booking, missing: &[Receipt]) -> Redone {
    let mut all: Vec<Erased> = missing.iter().flat_map(erased_in).collect();
    all.sort();
    all.dedup();
    let mut redone = Redone::default();
    for whose in all {
        let (call, again) = (Call::of_service(), ErasureReason::Again);
        let erased = match whose {
            Erased::Request(request) => booking.erase(&call, request, again).await.map(drop),
            Erased::Household(registration) => booking.erase_household(&call, registration, again).await.map(drop),
        };
        match erased {
            Ok(()) => redone.erased.push(whose),
            Err(Failure::Refused { refusal: Refusal::Unknown(Subject::Request | Subject::Registration), .. }) => {}
            Err(failure) => {
                tracing::warn!(whose = %whose, %failure, "what had been erased came back and is not erased again");
                match failure {
                    Failure::Refused { refusal: Refusal::WrongState { state }, .. } => {
                        redone.still_open.push((whose, state.code()));
                    }
                    Failure::Refused { refusal: Refusal::RegistrationNotThere { state }, .. } => {
                        redone.still_open.push((whose, state.code()));
                    }
                    failure => redone.failed.push((whose, failure.to_string())),
                }
            }
        }
    }
    redone
}
