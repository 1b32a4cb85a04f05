//! What this node's receipts say of the store it was given, before it serves anybody.

use std::sync::Arc;

use anyhow::bail;

use crate::booking::Booking;
use crate::domain::TerritoryId;
use crate::operations::erasure::{self, Redone};
use crate::receipts::{self, Journal, Reconciled, Since};
use crate::store::Store;

/// Holds the receipts against the store. What is missing is said in the log, in `/health/ready` and in the metrics, until
/// somebody acknowledges it; only a store that has never heard of a territory this node served is refused.
///
/// # Errors
/// For such a store, with what to do.
pub(super) async fn hold_against(
    journal: &Arc<Journal>,
    store: &dyn Store,
    territories: &[TerritoryId],
) -> anyhow::Result<Vec<Reconciled>> {
    let reconciled = match receipts::reconcile(journal, store, territories, Since::LastLook).await {
        Ok(reconciled) => reconciled,
        Err(error) => {
            tracing::error!(%error, "the receipts could not be held against the store");
            return Ok(Vec::new());
        }
    };
    for Reconciled { territory, checked, missing, store_is_empty } in &reconciled {
        if missing.is_empty() {
            tracing::info!(territory = %territory, checked, "every receipt is borne out by the store");
        } else if *store_is_empty {
            bail!(
                "le magasin ne sait rien du territoire {territory}, alors que ce nœud y a confirmé {} changements : il a été \
                 effacé, ou c'en est un autre. Restaurez une sauvegarde (aiguilleur restore), remettez le bon magasin, ou, si \
                 ces données sont perdues, reconnaissez-le (aiguilleur receipts acknowledge)",
                missing.len()
            );
        } else {
            tracing::error!(
                territory = %territory,
                missing = missing.len(),
                checked,
                "the store lacks changes that callers were told were done: see `aiguilleur receipts check`"
            );
        }
    }
    Ok(reconciled)
}

/// Erases again whom the store brought back.
pub(super) async fn redo_erasures(territories: &[Arc<Booking>], reconciled: &[Reconciled]) {
    for booking in territories {
        let missing = reconciled.iter().filter(|found| found.territory == booking.territory.id);
        for found in missing.filter(|found| !found.missing.is_empty()) {
            let redone = erasure::redo(booking, &found.missing).await;
            if redone != Redone::default() {
                let (erased, still_open) = (redone.erased.len(), redone.still_open.len());
                tracing::warn!(territory = %found.territory, erased, still_open, "erasures that a backup undid are done again");
            }
        }
    }
}
