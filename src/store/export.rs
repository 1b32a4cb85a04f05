//! A territory as a whole, to be kept elsewhere and brought back: what backups are made of. Remembered answers stay behind:
//! they serve calls under way, and live for days at most.

use std::fmt;

use bytes::Bytes;
use futures_util::stream::BoxStream;

use super::{Millis, Seq, StoreError, StoredEvent, Versioned};
use crate::domain::Timer;

/// One thing a store keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// A record.
    Record(Versioned),
    /// An event.
    Event(StoredEvent),
    /// A timer, and the instant it stands at.
    Timer {
        /// Which.
        timer: Timer,
        /// When it is due.
        at: Millis,
    },
    /// A sealed blob.
    Blob {
        /// Its name.
        name: String,
        /// What is in it.
        bytes: Bytes,
    },
}

/// The point of the stream a whole territory is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Number of the last event; 0 where there is none.
    pub seq: Seq,
    /// When it was taken; [`Millis::MIN`] where there is none.
    pub at: Millis,
    /// Its chain value.
    pub chain: String,
}

/// Everything of a territory at one point of its stream: events as far back as they are kept, oldest first; the rest in
/// any order.
pub struct Export {
    /// Version of the stored form.
    pub schema: u32,
    /// The data set it comes from.
    pub epoch: String,
    /// The point it is of.
    pub tail: Tail,
    /// All that is kept.
    pub items: BoxStream<'static, Result<Kept, StoreError>>,
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").field("epoch", &self.epoch).field("tail", &self.tail).finish_non_exhaustive()
    }
}
