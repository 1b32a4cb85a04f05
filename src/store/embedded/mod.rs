//! The store inside the process: one database file (redb), one writer thread with group commit, readers on their own
//! threads. It is the default: nothing to install, as durable as the disk. Any number of territories share the file.
//!
//! Start reading at [`commit::apply`], then [`writer::run`].

mod commit;
mod open;
mod renewal;
mod tables;
mod whole;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::BoxStream;
use redb::{Database, ReadTransaction, ReadableDatabase as _, StorageBackend};
use tokio::sync::{mpsc, watch};

use super::{
    Commit, CommitOutcome, EventPage, Export, Health, IdemKey, Kept, Millis, OpenError, Remembered, Reply, Seq,
    Snapshot, Store, StoreError, Tail, Versioned,
};
use crate::clock::Clock;
use crate::domain::{RecordKey, TerritoryId, Timer};
use open::Opened;
use tables::Fault;
use writer::{Batch, Operation, Shared};

/// Operations that may wait for the writer; more callers wait for room.
const QUEUE: usize = 2 * writer::BATCH_MAX;

/// Live state in a file of this process. Dropping it finishes what was accepted, then closes the file.
pub struct EmbeddedStore {
    // Both are there until the store is dropped.
    queue: Option<mpsc::Sender<Box<dyn Operation>>>,
    writer: Option<JoinHandle<()>>,
    database: Arc<Database>,
    shared: Arc<Shared>,
    epoch: String,
    durability: &'static str,
}

impl EmbeddedStore {
    /// Opens the store in the folder `path`, making it where it is missing. `clock` is the store's clock.
    pub fn open(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::start(open::in_folder(path.as_ref())?, clock, "on disk (fsync) before every answer")
    }

    /// A store that ends with the process: for tests only.
    pub fn in_memory(clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let backend = redb::backends::InMemoryBackend::new();
        Self::start(open::in_backend(backend)?, clock, "none: in memory only")
    }

    /// A store on storage of the caller's making: for tests that cut the power.
    pub fn on_backend(backend: impl StorageBackend, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::start(open::in_backend(backend)?, clock, "that of the storage given")
    }

    fn start(opened: Opened, clock: Arc<dyn Clock>, durability: &'static str) -> Result<Self, OpenError> {
        let Opened { database, epoch, clock: latest } = opened;
        let (database, shared) = (Arc::new(database), Arc::new(Shared::new(clock, latest)));
        let (queue, operations) = mpsc::channel(QUEUE);
        let writer = std::thread::Builder::new().name("store-writer".to_owned()).spawn({
            let (database, shared) = (Arc::clone(&database), Arc::clone(&shared));
            move || writer::run(&database, &shared, operations)
        });
        let writer = writer.map_err(|error| OpenError::Database(format!("no thread for the writer: {error}")))?;
        Ok(Self { queue: Some(queue), writer: Some(writer), database, shared, epoch, durability })
    }

    /// Has the writer do something and waits until it is durable.
    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Batch<'_>) -> Result<Result<T, StoreError>, Fault> + Send + 'static,
    {
        let stopped = || StoreError::Unavailable(self.shared.fault().unwrap_or("the store is closed").to_owned());
        if self.shared.fault().is_some() {
            return Err(stopped());
        }
        let (operation, outcome) = writer::operation(work);
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(operation).await.map_err(|_| stopped())?;
        outcome.await.unwrap_or_else(|_| Err(StoreError::Unknown("the writer stopped".to_owned())))
    }

    /// Reads committed state, all of it at one point.
    fn read<T>(&self, read: impl FnOnce(&ReadTransaction) -> Result<T, Fault>) -> Result<T, StoreError> {
        if let Some(fault) = self.shared.fault() {
            return Err(StoreError::Unavailable(fault.to_owned()));
        }
        let reply = || read(&self.database.begin_read()?);
        reply().map_err(|fault| fault.nothing_done())
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A panic in there was reported when it happened.
            let _ = writer.join();
        }
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("epoch", &self.epoch)
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}

impl Store for EmbeddedStore {
    fn now(&self) -> Millis {
        self.shared.now()
    }

    fn load<'a>(&'a self, territory: &'a TerritoryId, keys: &'a [RecordKey]) -> Reply<'a, Vec<Versioned>> {
        let load = |read: &ReadTransaction| {
            let records = read.open_table(tables::RECORDS)?;
            keys.iter().map(|key| tables::record(&records, territory, key)).collect()
        };
        async move { self.read(load) }.boxed()
    }

    fn recall<'a>(&'a self, territory: &'a TerritoryId, idem: &'a IdemKey) -> Reply<'a, Option<Remembered>> {
        let recall =
            |read: &ReadTransaction| tables::answer(&read.open_table(tables::ANSWERS)?, territory, idem, self.now());
        async move { self.read(recall) }.boxed()
    }

    fn commit<'a>(&'a self, territory: &'a TerritoryId, commit: Commit) -> Reply<'a, CommitOutcome> {
        let commit = async move {
            let received_at = self.now();
            let territory = territory.clone();
            self.write(move |batch| commit::apply(batch, &territory, &commit, received_at)).await
        };
        commit.boxed()
    }

    fn due<'a>(&'a self, territory: &'a TerritoryId, limit: usize) -> Reply<'a, Vec<(Millis, Timer)>> {
        let due =
            move |read: &ReadTransaction| tables::due(&read.open_table(tables::DUE)?, territory, self.now(), limit);
        async move { self.read(due) }.boxed()
    }

    fn snapshot<'a>(&'a self, territory: &'a TerritoryId) -> Reply<'a, Snapshot> {
        let snapshot = |read: &ReadTransaction| {
            let Tail { seq, chain, .. } = tables::tail(&read.open_table(tables::TAILS)?, territory)?;
            let records = whole::in_chunks(whole::records(read, territory)?);
            Ok(Snapshot { epoch: self.epoch.clone(), seq, chain, records })
        };
        async move { self.read(snapshot) }.boxed()
    }

    fn events<'a>(&'a self, territory: &'a TerritoryId, after: Seq, limit: usize) -> Reply<'a, EventPage> {
        let page = move |read: &ReadTransaction| {
            let events = read.open_table(tables::EVENTS)?;
            let last = tables::tail(&read.open_table(tables::TAILS)?, territory)?.seq;
            let first = tables::first_event(&events, territory, last)?;
            Ok(EventPage { events: tables::events_after(&events, territory, after, limit)?, first, last })
        };
        async move { self.read(page) }.boxed()
    }

    fn hints(&self, territory: &TerritoryId) -> watch::Receiver<Seq> {
        self.shared.hints.of(territory)
    }

    fn trim<'a>(&'a self, territory: &'a TerritoryId, up_to: Seq) -> Reply<'a, u64> {
        // Step by step, so that commits get their turn in between.
        let trim = async move {
            let mut gone = 0;
            loop {
                let territory = territory.clone();
                let step = self.write(move |batch| commit::trim(batch, &territory, up_to).map(Ok)).await?;
                gone += step;
                if step < commit::TRIM_STEP {
                    return Ok(gone);
                }
            }
        };
        trim.boxed()
    }

    fn blob<'a>(&'a self, territory: &'a TerritoryId, name: &'a str) -> Reply<'a, Option<Bytes>> {
        let get = move |read: &ReadTransaction| {
            let row = read.open_table(tables::BLOBS)?.get((territory.as_str(), name))?;
            Ok(row.map(|row| Bytes::copy_from_slice(row.value())))
        };
        async move { self.read(get) }.boxed()
    }

    fn territories(&self) -> Reply<'_, Vec<TerritoryId>> {
        async { self.read(|read| tables::territories(&read.open_table(tables::TAILS)?)) }.boxed()
    }

    fn export<'a>(&'a self, territory: &'a TerritoryId) -> Reply<'a, Export> {
        let export = |read: &ReadTransaction| whole::export(read, territory, &self.epoch);
        async move { self.read(export) }.boxed()
    }

    fn import<'a>(
        &'a self,
        territory: &'a TerritoryId,
        tail: Tail,
        items: BoxStream<'static, Result<Kept, StoreError>>,
    ) -> Reply<'a, ()> {
        let territory = territory.clone();
        let import = async move {
            let (mut incoming, feed) = whole::hand_over(items);
            self.shared.not_before(tail.at);
            let taken = self.write(move |batch| whole::import(batch, &territory, &tail, &mut incoming));
            let (taken, ()) = tokio::join!(taken, feed);
            taken
        };
        import.boxed()
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        let health = async {
            let fault = self.shared.fault().map(str::to_owned);
            // After a failed write what memory says is not to be trusted.
            Health { store: "embedded", lasts: fault.is_some(), fault, durability: self.durability }
        };
        health.boxed()
    }
}
