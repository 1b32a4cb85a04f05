//! What this node commits itself it shows without reading it back: it has the events already. The chain value the store gave
//! proves that they are what comes next in the stream we follow; where it does not, or others' events lie between, the feed
//! reads the stream as ever. The stream stays the truth, this only saves the way there and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cursor::LiveCursor;
use super::territory_state::TerritoryState;
use crate::domain::time::from_millis;
use crate::domain::{Event, Record, RecordedEvent};
use crate::store::{Millis, NewEvent, Seq, chain};

/// What one commit of this node appended.
#[derive(Debug, Clone)]
pub struct OwnWrite {
    /// Its events, in order.
    pub events: Vec<Event>,
    /// The same as they were stored.
    pub stored: Vec<NewEvent>,
    /// When the store took them.
    pub now: Millis,
    /// Number of the last one.
    pub last: Seq,
    /// Chain value at the last one.
    pub chain: String,
}

/// Commits of this node that wait for what comes before them, by the number of their first event.
#[derive(Debug, Default)]
pub(super) struct OwnWrites {
    waiting: BTreeMap<Seq, OwnWrite>,
}

impl OwnWrites {
    /// More than can be in flight at once, whatever happens to the feed.
    const KEPT: usize = 4_096;

    /// Takes one in; false when the feed must read it, since it needs what is not in the events.
    pub(super) fn put(&mut self, write: OwnWrite, state: &TerritoryState) -> bool {
        let count = Seq::try_from(write.events.len()).unwrap_or(Seq::MAX);
        let first = (write.last + 1).checked_sub(count).filter(|_| count > 0);
        let Some(first) = first.filter(|_| !lacks_facts(&write, state) && self.waiting.len() < Self::KEPT) else {
            return false;
        };
        self.waiting.insert(first, write);
        true
    }

    /// The events that come right after `at`, if they are here.
    ///
    /// # Errors
    /// By the store's own chain value they are not what it has there: the stream is another than the one followed.
    pub(super) fn next(&mut self, at: &LiveCursor) -> Result<Option<Vec<Arc<RecordedEvent>>>, AnotherStream> {
        // What is at or before our place was read from the stream meanwhile.
        while let Some(first) = self.waiting.first_entry().filter(|first| *first.key() <= at.seq) {
            first.remove();
        }
        let Some(write) = self.waiting.remove(&(at.seq + 1)) else { return Ok(None) };
        let (mut chain, time) = (at.chain.clone(), from_millis(write.now));
        let mut recorded = Vec::with_capacity(write.events.len());
        for ((event, stored), seq) in write.events.into_iter().zip(&write.stored).zip(at.seq + 1..) {
            chain = chain::link(&chain, seq, write.now, stored.kind, &stored.body);
            recorded.push(Arc::new(RecordedEvent { seq, at: time, chain: chain.clone(), event }));
        }
        if chain == write.chain { Ok(Some(recorded)) } else { Err(AnotherStream) }
    }
}

/// What this node committed does not follow what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AnotherStream;

/// Whether a request is written whose sealed facts are still to be read.
fn lacks_facts(write: &OwnWrite, state: &TerritoryState) -> bool {
    let mut written = write.events.iter().flat_map(|event| &event.after);
    written.any(|written| matches!(&written.record, Record::Request(request) if state.board.lacks_facts(request)))
}
