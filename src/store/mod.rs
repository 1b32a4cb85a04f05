//! Live state: one trait, two homes (embedded, and Redis). All business rules are decided once, in
//! [`crate::domain::decide`]; a store only commits their outcome atomically under version guards, keeps the event stream
//! contiguous, and remembers answers by idempotency key. It knows records as bytes under a key: no rule lives here.
//!
//! Start reading at [`Store::commit`]. The design, with what was measured, is in README («Store»).

pub mod chain;
pub mod codec;
mod contract;
mod embedded;
mod export;
mod hints;
mod open_error;
mod redis;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use tokio::sync::watch;

use crate::domain::{RecordKey, TerritoryId, Timer};

pub use self::redis::{ClientCertificate, Finding, FindingCode, RedisOptions, RedisStore, RedisTls, Survey};
pub use embedded::EmbeddedStore;
pub use export::{Export, Kept, Tail};
pub use open_error::OpenError;

/// Milliseconds since 1970, UTC.
pub type Millis = i64;

/// Number of an event in its territory's stream, contiguous from 1; 0 is before the first.
pub type Seq = u64;

/// How far the deciding clock may be from the store's, either way, before a commit is refused as [`CommitOutcome::Skew`].
pub const SKEW_MAX: Duration = Duration::from_millis(250);

/// How long an answer is remembered under its idempotency key.
pub const ANSWERS_KEPT: Duration = Duration::from_secs(72 * 3600);

/// Most writes (puts, deletes, timers, blobs) of one commit: a larger batch is cut by the caller (store.md §5). The largest
/// that cannot be cut is a slot of fifty places and ten en sus taken back with its bookings: four writes each, four besides.
pub const WRITES_MAX: usize = 250;

/// A record as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// Its key.
    pub key: RecordKey,
    /// How often it was written; 0: it does not exist.
    pub version: u64,
    /// Its stored form; empty where it does not exist.
    pub body: Bytes,
}

/// Whose key an idempotency key is: two callers may use the same words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdemKey {
    /// The caller.
    pub actor: String,
    /// The key it sent.
    pub key: String,
}

/// An HMAC of method, path and body: the same key with another call is refused.
pub type Fingerprint = [u8; 16];

/// One change of state. Applied whole or not at all.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Under which key the answer is remembered.
    pub idem: IdemKey,
    /// Of the call.
    pub fingerprint: Fingerprint,
    /// The instant the decision was made at.
    pub decided_at: Millis,
    /// Version each of these records must still have; 0: it must not exist.
    pub guards: Vec<(RecordKey, u64)>,
    /// What to write. Every record written is guarded; its new version is the guard's plus one.
    pub writes: Vec<Write>,
    /// What happened, in order.
    pub events: Vec<NewEvent>,
    /// Remembered under the key: identifiers and status, nothing personal.
    pub answer: Bytes,
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// The record as it will be.
    Put {
        /// Its key.
        key: RecordKey,
        /// Its stored form.
        body: Bytes,
    },
    /// The record goes.
    Delete {
        /// Its key.
        key: RecordKey,
    },
    /// A timer is set to an instant, or cleared.
    Timer {
        /// Which.
        timer: Timer,
        /// When it is due; none: no more.
        at: Option<Millis>,
    },
    /// A sealed blob is kept, in place of one of that name, or removed. Not guarded: its name is its maker's own.
    Blob {
        /// Its name ([`crate::seal::blob_names`]).
        name: String,
        /// What is in it; none: no more.
        bytes: Option<Bytes>,
    },
}

/// An event to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its kind, as a code: `slot.held`.
    pub kind: &'static str,
    /// Its stored form, free of personal data.
    pub body: Bytes,
}

/// An event as the stream has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its number.
    pub seq: Seq,
    /// When the store took it. Never before the event ahead of it.
    pub at: Millis,
    /// Its kind.
    pub kind: String,
    /// Its stored form.
    pub body: Bytes,
    /// Digest of this event and of the chain value before it: two histories that differ somewhere differ here ever after.
    pub chain: String,
}

/// A page of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// Events after the one asked for, oldest first.
    pub events: Vec<StoredEvent>,
    /// The number of the oldest event still kept; one more than the last when none is.
    pub first: Seq,
    /// The number of the last event.
    pub last: Seq,
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Done, durable, `seq` being the number of the last event of the territory.
    Done {
        /// The store's time.
        now: Millis,
        /// The last event's number.
        seq: Seq,
        /// The chain value there: with the number, what proves later that this was acknowledged.
        chain: String,
    },
    /// Done before under the same key: the answer of then.
    Replayed {
        /// The remembered answer.
        answer: Bytes,
        /// The last event's number now: the earlier commit's events are at or before it.
        seq: Seq,
    },
    /// A guard failed; the record as it is now, so that the caller decides again.
    Stale {
        /// The record whose version was another.
        current: Versioned,
    },
    /// The deciding clock is off.
    Skew {
        /// The store's time.
        now: Millis,
    },
}

/// Why the store could not say yes or no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It may have happened: ask again with the same key.
    #[error("outcome unknown: {0}")]
    Unknown(String),
    /// It happened, but not on enough nodes yet: as [`StoreError::Unknown`], never an acknowledgement.
    #[error("not durable yet: {0}")]
    NotDurable(String),
    /// It surely did not happen.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// The key was used for another call.
    #[error("idempotency key used for another call")]
    IdemMismatch,
    /// What is stored cannot be read.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    /// The commit breaks the contract of [`Commit`] (an unguarded write, too many writes): a fault of the caller's code.
    #[error("malformed commit: {0}")]
    Malformed(String),
    /// No room left.
    #[error("store full")]
    Full,
    /// A whole territory is only brought to where nothing is kept of it.
    #[error("the store already holds something of this territory")]
    NotEmpty,
}

/// All records at one point of the stream.
pub struct Snapshot {
    /// Random name of this data set: another name is another history.
    pub epoch: String,
    /// The last event the records include.
    pub seq: Seq,
    /// Chain value at that event; empty at 0.
    pub chain: String,
    /// Every record, in any order.
    pub records: BoxStream<'static, Result<Versioned, StoreError>>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("epoch", &self.epoch).field("seq", &self.seq).finish_non_exhaustive()
    }
}

/// What was answered under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Of the call it was answered to.
    pub fingerprint: Fingerprint,
    /// The answer.
    pub answer: Bytes,
}

/// What a store says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Which store: `embedded`, `redis`.
    pub store: &'static str,
    /// Whether it can commit now; else why not.
    pub fault: Option<String>,
    /// Whether the fault ends only when the service is started again.
    pub lasts: bool,
    /// Durability in force, in plain words.
    pub durability: &'static str,
}

/// The shape of every store call.
pub type Reply<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Live state of any number of territories.
pub trait Store: Send + Sync + fmt::Debug + 'static {
    /// The store's clock: system time, never going back, shifted by `--at`.
    fn now(&self) -> Millis;

    /// Records by key, in the order asked; version 0 where there is none.
    fn load<'a>(&'a self, territory: &'a TerritoryId, keys: &'a [RecordKey]) -> Reply<'a, Vec<Versioned>>;

    /// What was answered under a key, if it was used in the last [`ANSWERS_KEPT`].
    fn recall<'a>(&'a self, territory: &'a TerritoryId, idem: &'a IdemKey) -> Reply<'a, Option<Remembered>>;

    /// Applies a commit: idempotency key, then clock, then guards, then writes, events and answer in one durable step.
    /// When it returns `Done`, the change survives a crash of the process and of the machine (as far as
    /// [`Health::durability`] says).
    fn commit<'a>(&'a self, territory: &'a TerritoryId, commit: Commit) -> Reply<'a, CommitOutcome>;

    /// Timers whose instant has come, earliest first.
    fn due<'a>(&'a self, territory: &'a TerritoryId, limit: usize) -> Reply<'a, Vec<(Millis, Timer)>>;

    /// All records, at one point of the stream.
    fn snapshot<'a>(&'a self, territory: &'a TerritoryId) -> Reply<'a, Snapshot>;

    /// Events after `after`, oldest first.
    fn events<'a>(&'a self, territory: &'a TerritoryId, after: Seq, limit: usize) -> Reply<'a, EventPage>;

    /// Wakes readers after a commit; may lose some, so readers also ask once a second.
    fn hints(&self, territory: &TerritoryId) -> watch::Receiver<Seq>;

    /// Drops events up to and including `up_to`; answers how many went.
    fn trim<'a>(&'a self, territory: &'a TerritoryId, up_to: Seq) -> Reply<'a, u64>;

    /// A sealed blob.
    fn blob<'a>(&'a self, territory: &'a TerritoryId, name: &'a str) -> Reply<'a, Option<Bytes>>;

    /// Every territory something is kept of, in any order, whether it is served here or not: for work on all that is sealed.
    fn territories(&self) -> Reply<'_, Vec<TerritoryId>>;

    /// Everything of a territory at one point of its stream, but for remembered answers.
    fn export<'a>(&'a self, territory: &'a TerritoryId) -> Reply<'a, Export>;

    /// Takes in what [`Store::export`] gave, here or in another store, whole or not at all; [`StoreError::NotEmpty`] where
    /// something is kept of the territory. Numbers and chain go on from `tail`; the data set keeps its own name.
    fn import<'a>(
        &'a self,
        territory: &'a TerritoryId,
        tail: Tail,
        items: BoxStream<'static, Result<Kept, StoreError>>,
    ) -> Reply<'a, ()>;

    /// Rids the store's files of what was removed, as far as that can be done while it serves; what it takes besides is in
    /// README ("A person's data"). Does nothing where nothing can be done.
    fn scrub(&self) -> Reply<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// What the store says of itself.
    fn health(&self) -> BoxFuture<'_, Health>;
}
