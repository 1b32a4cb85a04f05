//! Holding the receipts of a node against a store: what was told and is not there. A receipt is borne out when the event of
//! its number has its chain value: then it and all before it are as they were. An event that was trimmed since cannot be
//! asked for any more; only what an archive held was trimmed, so its receipts count as borne out.

use std::sync::Arc;

use super::journal::{Mark, Marks};
use super::{Journal, JournalError, Receipt};
use crate::domain::TerritoryId;
use crate::store::{Seq, Store, StoreError};

/// Events read at once.
const PAGE: usize = 2_000;

/// Why a store could not be held against the receipts.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The receipts cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store cannot.
    #[error("le magasin ne répond pas comme attendu : {0}")]
    Store(#[from] StoreError),
}

/// What became of a territory's receipts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// Of which territory.
    pub territory: TerritoryId,
    /// How many were held against the store.
    pub checked: usize,
    /// Those it does not bear out, oldest first.
    pub missing: Vec<Receipt>,
    /// Whether the store has never heard of this territory.
    pub store_is_empty: bool,
}

/// Which receipts are held against the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// All that are kept.
    Ever,
    /// Those kept since a store last bore out all there were, if it still has the event that ended with: its chain value stands
    /// for all events before. For whoever starts: a look is noted, and nobody else may be keeping receipts meanwhile.
    LastLook,
}

/// Holds the receipts of these territories against a store, and remembers how many are missing.
///
/// # Errors
/// [`ReconcileError`] when receipts or store cannot be read.
pub async fn reconcile(
    journal: &Arc<Journal>,
    store: &dyn Store,
    territories: &[TerritoryId],
    since: Since,
) -> Result<Vec<Reconciled>, ReconcileError> {
    let mut marks = {
        let journal = journal.clone();
        on_a_thread(move || journal.marks()).await?
    };
    let mut reconciled = Vec::new();
    for territory in territories {
        let marks = marks.remove(territory).unwrap_or_default();
        reconciled.push(reconcile_one(journal, store, territory, marks, since).await?);
    }
    Ok(reconciled)
}

/// Whether the store has this event as it was.
async fn has(store: &dyn Store, territory: &TerritoryId, mark: &Mark) -> Result<bool, StoreError> {
    let page = store.events(territory, mark.seq.saturating_sub(1), 1).await?;
    Ok(page.events.first().is_some_and(|event| event.seq == mark.seq && event.chain == mark.chain))
}

async fn reconcile_one(
    journal: &Arc<Journal>,
    store: &dyn Store,
    territory: &TerritoryId,
    marks: Marks,
    since: Since,
) -> Result<Reconciled, ReconcileError> {
    let Marks { before, checked: looked_at, since: mut told } = marks;
    match &looked_at {
        Some(mark) if since == Since::LastLook && has(store, territory, mark).await? => told.push(mark.clone()),
        _ => told.extend(before),
    }
    let checked = told.len();
    told.sort();
    told.dedup();
    let newest = told.last().cloned();
    let (missing, last) = not_borne_out(store, territory, told).await?;
    let missing = if missing.is_empty() {
        if let Some(newest) = newest.filter(|newest| since == Since::LastLook && Some(newest) != looked_at.as_ref()) {
            journal.note_checked(territory, newest, store.now());
        }
        Vec::new()
    } else {
        let (journal, territory) = (journal.clone(), territory.clone());
        on_a_thread(move || journal.receipts(&territory, &missing)).await?
    };
    journal.note_missing(territory, missing.len());
    Ok(Reconciled { territory: territory.clone(), checked, missing, store_is_empty: last == 0 })
}

/// The marks the store does not bear out, and the number of its last event. `told` comes in order.
async fn not_borne_out(
    store: &dyn Store,
    territory: &TerritoryId,
    told: Vec<Mark>,
) -> Result<(Vec<Mark>, Seq), StoreError> {
    let mut after = told.first().map_or(0, |mark| mark.seq.saturating_sub(1));
    let mut told = told.into_iter().peekable();
    let mut missing = Vec::new();
    loop {
        let page = store.events(territory, after, PAGE).await?;
        let mut events = page.events.iter().peekable();
        let read_to = page.events.last().map_or(page.last, |event| event.seq);
        while let Some(mark) = told.next_if(|mark| mark.seq <= read_to && mark.seq <= page.last) {
            while events.next_if(|event| event.seq < mark.seq).is_some() {}
            let there = events.peek().filter(|event| event.seq == mark.seq);
            let trimmed = mark.seq < page.first;
            if !trimmed && there.is_none_or(|event| event.chain != mark.chain) {
                missing.push(mark);
            }
        }
        if told.peek().is_none() || read_to >= page.last {
            missing.extend(told);
            return Ok((missing, page.last));
        }
        after = read_to;
    }
}

async fn on_a_thread<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, ReconcileError> {
    match tokio::task::spawn_blocking(read).await {
        Ok(read) => Ok(read?),
        Err(stopped) => Err(StoreError::Unavailable(stopped.to_string()).into()),
    }
}
