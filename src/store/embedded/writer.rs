//! The one thread that writes. It takes what is queued, applies each operation to one open transaction (so that each sees
//! the one before it), makes that durable with one `fsync`, and only then answers. It waits for nobody: who comes meanwhile
//! shares the next transaction. Of a crowd it takes half, so that the callers of one batch are answered and come again while
//! the disk has the other: with all at once, disk and callers would wait for each other in turn. After a fault of the database
//! nothing is written or read any more: the page cache is not to be trusted after a failed `fsync`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use redb::{Database, Durability, Table, WriteTransaction};
use tokio::sync::{mpsc, oneshot};

use super::commit::forget_old_answers;
use super::tables::{self, Fault};
use crate::clock::Clock;
use crate::domain::TerritoryId;
use crate::domain::time::millis;
use crate::store::hints::Hints;
use crate::store::{Millis, Seq, StoreError};

/// Most operations of one transaction.
pub(super) const BATCH_MAX: usize = 512;

/// So many are no crowd. By trial with 64 in flight (`cargo bench --bench figures -- bookings 64`): all at once booked a sixth
/// fewer, sixteen at once a third fewer.
const NO_CROWD: usize = 32;

/// How many of those who wait are taken into one transaction.
fn share(waiting: usize) -> usize {
    (waiting / 2).clamp(NO_CROWD, BATCH_MAX)
}

/// What readers and the writer share.
pub(super) struct Shared {
    clock: Arc<dyn Clock>,
    latest: AtomicI64,
    fault: OnceLock<String>,
    pub(super) hints: Hints,
}

impl Shared {
    pub(super) fn new(clock: Arc<dyn Clock>, latest: Millis) -> Self {
        Self { clock, latest: AtomicI64::new(latest), fault: OnceLock::new(), hints: Hints::default() }
    }

    /// The store's time: the clock's, but never before any instant it gave already.
    pub(super) fn now(&self) -> Millis {
        let now = millis(self.clock.now());
        self.latest.fetch_max(now, Ordering::AcqRel).max(now)
    }

    /// Makes the store's time at least `instant` from now on.
    pub(super) fn not_before(&self, instant: Millis) {
        self.latest.fetch_max(instant, Ordering::AcqRel);
    }

    /// Why the store has stopped, if it has.
    pub(super) fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }

    fn stop(&self, why: String) {
        if self.fault.set(why).is_ok() {
            tracing::error!(fault = self.fault(), "the embedded store has stopped: restart the service");
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("latest", &self.latest).field("fault", &self.fault).finish_non_exhaustive()
    }
}

/// The open transaction.
pub(super) struct Batch<'txn> {
    pub(super) now: Millis,
    /// Whether anything was written: else the transaction is dropped and no `fsync` paid.
    pub(super) wrote: bool,
    /// Last event by territory that got any: whom to wake afterwards.
    pub(super) appended: BTreeMap<TerritoryId, Seq>,
    pub(super) records: Table<'txn, tables::Named, tables::RecordRow>,
    pub(super) events: Table<'txn, tables::Numbered, tables::EventRow>,
    pub(super) tails: Table<'txn, &'static str, tables::TailRow>,
    pub(super) answers: Table<'txn, tables::Asked, tables::AnswerRow>,
    pub(super) answer_ends: Table<'txn, tables::AnswerEnd, ()>,
    pub(super) due: Table<'txn, tables::DueAt, ()>,
    pub(super) timers: Table<'txn, tables::Named, i64>,
    pub(super) blobs: Table<'txn, tables::Named, &'static [u8]>,
    meta: Table<'txn, &'static str, &'static str>,
}

impl<'txn> Batch<'txn> {
    pub(super) fn open(transaction: &'txn WriteTransaction, now: Millis) -> Result<Self, Fault> {
        Ok(Self {
            now,
            wrote: false,
            appended: BTreeMap::new(),
            records: transaction.open_table(tables::RECORDS)?,
            events: transaction.open_table(tables::EVENTS)?,
            tails: transaction.open_table(tables::TAILS)?,
            answers: transaction.open_table(tables::ANSWERS)?,
            answer_ends: transaction.open_table(tables::ANSWER_ENDS)?,
            due: transaction.open_table(tables::DUE)?,
            timers: transaction.open_table(tables::TIMERS)?,
            blobs: transaction.open_table(tables::BLOBS)?,
            meta: transaction.open_table(tables::META)?,
        })
    }

    pub(super) fn set(&mut self, name: &'static str, value: &str) -> Result<(), Fault> {
        self.meta.insert(name, value)?;
        Ok(())
    }
}

/// Something to be done by the writer.
pub(super) trait Operation: Send {
    /// Does it; an error is a fault of the database, and everything of the batch is dropped.
    fn apply(&mut self, batch: &mut Batch<'_>) -> Result<(), Fault>;
    /// Tells the caller: its own outcome, or the fault that befell the whole batch.
    fn answer(self: Box<Self>, fault: Option<&StoreError>);
}

/// An operation with an outcome of type `T`.
struct Pending<T, F> {
    work: F,
    outcome: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Operation for Pending<T, F>
where
    T: Send,
    F: FnMut(&mut Batch<'_>) -> Result<Result<T, StoreError>, Fault> + Send,
{
    fn apply(&mut self, batch: &mut Batch<'_>) -> Result<(), Fault> {
        self.outcome = Some((self.work)(batch)?);
        Ok(())
    }

    fn answer(self: Box<Self>, fault: Option<&StoreError>) {
        let outcome = match (fault, self.outcome) {
            (None, Some(outcome)) => outcome,
            (Some(fault), _) => Err(fault.clone()),
            (None, None) => Err(StoreError::Unavailable("the operation was not tried".to_owned())),
        };
        // The caller may have gone away; what was done stays done.
        let _ = self.caller.send(outcome);
    }
}

/// `work` as an operation, and where its outcome will come.
pub(super) fn operation<T, F>(work: F) -> (Box<dyn Operation>, oneshot::Receiver<Result<T, StoreError>>)
where
    T: Send + 'static,
    F: FnMut(&mut Batch<'_>) -> Result<Result<T, StoreError>, Fault> + Send + 'static,
{
    let (caller, outcome) = oneshot::channel();
    (Box::new(Pending { work, outcome: None, caller }), outcome)
}

/// Serves the queue until every sender is gone and everything accepted is done.
pub(super) fn run(database: &Database, shared: &Shared, mut queue: mpsc::Receiver<Box<dyn Operation>>) {
    let _mark = MarkPanic(shared);
    let mut taken = Vec::with_capacity(BATCH_MAX);
    loop {
        let share = share(queue.len());
        if queue.blocking_recv_many(&mut taken, share) == 0 {
            return;
        }
        let settled = match shared.fault() {
            Some(fault) => Err(StoreError::Unavailable(fault.to_owned())),
            None => settle(database, shared, &mut taken),
        };
        for operation in taken.drain(..) {
            operation.answer(settled.as_ref().err());
        }
        for (territory, last) in settled.unwrap_or_default() {
            shared.hints.tell(&territory, last);
        }
    }
}

/// Applies a batch and makes it durable.
fn settle(
    database: &Database,
    shared: &Shared,
    operations: &mut [Box<dyn Operation>],
) -> Result<BTreeMap<TerritoryId, Seq>, StoreError> {
    let applied = apply(database, shared.now(), operations).map_err(|fault| {
        let error = fault.nothing_done();
        shared.stop(error.to_string());
        error
    })?;
    let Some((transaction, appended)) = applied else { return Ok(BTreeMap::new()) };
    transaction.commit().map_err(|error| {
        shared.stop(format!("a write to disk failed: {error}"));
        StoreError::Unknown(format!("a write to disk failed: {error}"))
    })?;
    Ok(appended)
}

type Applied = (WriteTransaction, BTreeMap<TerritoryId, Seq>);

/// Applies a batch to a transaction that is still to be committed; none when nothing was written.
fn apply(database: &Database, now: Millis, operations: &mut [Box<dyn Operation>]) -> Result<Option<Applied>, Fault> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    let mut batch = Batch::open(&transaction, now)?;
    for operation in operations {
        operation.apply(&mut batch)?;
    }
    if !batch.wrote {
        drop(batch);
        transaction.abort()?;
        return Ok(None);
    }
    forget_old_answers(&mut batch)?;
    batch.set(tables::CLOCK, &now.to_string())?;
    let appended = std::mem::take(&mut batch.appended);
    drop(batch);
    Ok(Some((transaction, appended)))
}

/// Makes a panic of the writer show as a fault.
struct MarkPanic<'a>(&'a Shared);

impl Drop for MarkPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop("the writer failed inside; see the log".to_owned());
        }
    }
}
