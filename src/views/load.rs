//! Building a state from the store: all records at one point of the stream, then the stream's events up to that point into
//! the histories, so that a story is complete as long as the stream keeps it.

use futures_util::TryStreamExt;

use super::cursor::LiveCursor;
use super::facts::{self, FactsByRef, FactsSource};
use super::history::Histories;
use super::territory_state::TerritoryState;
use super::territory_view::Viewed;
use crate::domain::TerritoryId;
use crate::store::{Seq, Store, StoreError, codec};

/// Records or events decoded between two chances for other tasks.
const BREATH: usize = 512;

/// The state of a territory as the store has it now.
pub(super) async fn load(
    store: &dyn Store,
    source: &dyn FactsSource,
    territory: &TerritoryId,
) -> Result<Viewed, StoreError> {
    let snapshot = store.snapshot(territory).await?;
    let mut state = TerritoryState::default();
    let mut records = snapshot.records;
    let mut read: usize = 0;
    while let Some(versioned) = records.try_next().await? {
        if TerritoryState::shows(versioned.key.kind) && versioned.version > 0 {
            let record = codec::decode_record(&versioned.key, &versioned.body)?;
            state.put(record, versioned.version, &FactsByRef::new());
        }
        read += 1;
        if read.is_multiple_of(BREATH) {
            tokio::task::yield_now().await;
        }
    }
    drop(records);
    let lacking: Vec<_> = state.board.without_facts().map(|case| case.request.clone()).collect();
    state.board.add_facts(&facts::read(source, lacking.iter().map(AsRef::as_ref)).await);
    note_histories(store, territory, snapshot.seq, &mut state.histories).await?;
    tracing::info!(
        territory = %territory,
        records = read,
        seq = snapshot.seq,
        "loaded {read} records of {territory} as of event {}",
        snapshot.seq
    );
    Ok(Viewed { state, at: LiveCursor { seq: snapshot.seq, chain: snapshot.chain }, epoch: snapshot.epoch })
}

/// Notes the stream's kept events up to and including `last`. One that cannot be read makes a hole, which the histories
/// own up to; the records are whole without it.
async fn note_histories(
    store: &dyn Store,
    territory: &TerritoryId,
    last: Seq,
    histories: &mut Histories,
) -> Result<(), StoreError> {
    let mut after = 0;
    while after < last {
        let page = store.events(territory, after, BREATH).await?;
        let Some(newest) = page.events.last().map(|event| event.seq) else { break };
        for stored in page.events.iter().filter(|stored| stored.seq <= last && Histories::wants(&stored.kind)) {
            match codec::decode_event(stored) {
                Ok(event) => histories.note(&event),
                Err(fault) => {
                    tracing::error!(
                        territory = %territory,
                        seq = stored.seq,
                        %fault,
                        "event {} cannot be read: histories have a hole",
                        stored.seq
                    );
                    histories.note_hole();
                }
            }
        }
        after = newest;
        tokio::task::yield_now().await;
    }
    Ok(())
}
