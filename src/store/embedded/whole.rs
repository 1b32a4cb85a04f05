//! A territory as a whole: read at one point, in small steps, and taken in by one transaction.

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use redb::{ReadTransaction, ReadableTable as _};
use tokio::sync::mpsc;

use super::commit::set_timer;
use super::tables::{self, Fault};
use super::writer::Batch;
use crate::domain::{TerritoryId, record};
use crate::store::{Export, Kept, Millis, StoreError, StoredEvent, Tail, Versioned};

/// Rows read or taken in at once, before other work gets its turn.
const CHUNK: usize = 256;

/// Chunks that may wait for the writer.
const CHUNKS_AHEAD: usize = 8;

type Rows<T> = Box<dyn Iterator<Item = Result<T, Fault>> + Send>;

/// Every record of a territory at the point `read` is of.
pub(super) fn records(read: &ReadTransaction, territory: &TerritoryId) -> Result<Rows<Versioned>, Fault> {
    let end = tables::successor(territory.as_str());
    let rows = read.open_table(tables::RECORDS)?.range(tables::whole(territory, &end))?;
    Ok(Box::new(rows.map(|row| {
        let (key, row) = row?;
        let (_, key) = key.value();
        let key = key.parse().map_err(|_| Fault::Row(format!("the record key {key}")))?;
        let (version, body) = row.value();
        Ok(Versioned { key, version, body: Bytes::copy_from_slice(body) })
    })))
}

/// All of a territory at the point `read` is of.
pub(super) fn export(read: &ReadTransaction, territory: &TerritoryId, epoch: &str) -> Result<Export, Fault> {
    let tail = tables::tail(&read.open_table(tables::TAILS)?, territory)?;
    let end = tables::successor(territory.as_str());
    let whole = || tables::whole(territory, &end);
    let records = records(read, territory)?.map(|record| Ok(Kept::Record(record?)));
    let numbers = (territory.as_str(), 0)..=(territory.as_str(), u64::MAX);
    let events = read.open_table(tables::EVENTS)?.range(numbers)?.map(|row| {
        let (key, row) = row?;
        let (at, kind, chain, body) = row.value();
        let (kind, chain, body) = (kind.to_owned(), chain.to_owned(), Bytes::copy_from_slice(body));
        Ok(Kept::Event(StoredEvent { seq: key.value().1, at, kind, body, chain }))
    });
    let timers = read.open_table(tables::TIMERS)?.range(whole())?.map(|row| {
        let (key, at) = row?;
        let (_, timer) = key.value();
        let timer = timer.parse().map_err(|_| Fault::Row(format!("the timer {timer}")))?;
        Ok(Kept::Timer { timer, at: at.value() })
    });
    let blobs = read.open_table(tables::BLOBS)?.range(whole())?.map(|row| {
        let (key, bytes) = row?;
        Ok(Kept::Blob { name: key.value().1.to_owned(), bytes: Bytes::copy_from_slice(bytes.value()) })
    });
    let rows: Rows<Kept> = Box::new(records.chain(events).chain(timers).chain(blobs));
    Ok(Export { schema: record::SCHEMA, epoch: epoch.to_owned(), tail, items: in_chunks(rows) })
}

/// Rows as they are asked for; ends after the first that cannot be read.
pub(super) fn in_chunks<T: Send + 'static>(rows: Rows<T>) -> BoxStream<'static, Result<T, StoreError>> {
    let chunks = stream::unfold(Some(rows), |rows| async move {
        let mut rows = rows?;
        let mut chunk = Vec::with_capacity(CHUNK);
        for row in rows.by_ref().take(CHUNK) {
            let unreadable = row.is_err();
            chunk.push(row.map_err(|fault| fault.nothing_done()));
            if unreadable {
                return Some((chunk, None));
            }
        }
        tokio::task::yield_now().await;
        (!chunk.is_empty()).then_some((chunk, Some(rows)))
    });
    chunks.map(stream::iter).flatten().boxed()
}

/// What the writer is handed of a territory that comes in.
pub(super) type Incoming = mpsc::Receiver<Result<Vec<Kept>, StoreError>>;

/// A way to hand `items` to the writer, and the task that does it.
pub(super) fn hand_over(
    mut items: BoxStream<'static, Result<Kept, StoreError>>,
) -> (Incoming, impl Future<Output = ()> + Send) {
    let (to_writer, incoming) = mpsc::channel(CHUNKS_AHEAD);
    let feed = async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        while let Some(item) = items.next().await {
            match item {
                Ok(kept) => chunk.push(kept),
                Err(error) => {
                    let _ = to_writer.send(Err(error)).await;
                    return;
                }
            }
            // A writer that hears no more has refused already, and said why.
            if chunk.len() == CHUNK && to_writer.send(Ok(std::mem::take(&mut chunk))).await.is_err() {
                return;
            }
        }
        let _ = to_writer.send(Ok(chunk)).await;
    };
    (incoming, feed)
}

/// Takes a territory in, or leaves nothing of it.
pub(super) fn import(
    batch: &mut Batch<'_>,
    territory: &TerritoryId,
    tail: &Tail,
    incoming: &mut Incoming,
) -> Result<Result<(), StoreError>, Fault> {
    if !is_empty(batch, territory)? {
        return Ok(Err(StoreError::NotEmpty));
    }
    batch.wrote = true;
    while let Some(chunk) = incoming.blocking_recv() {
        match chunk {
            Ok(chunk) => chunk.into_iter().try_for_each(|kept| put(batch, territory, kept))?,
            Err(error) => {
                wipe(batch, territory)?;
                return Ok(Err(error));
            }
        }
    }
    if tail.seq > 0 {
        batch.tails.insert(territory.as_str(), (tail.seq, tail.at, tail.chain.as_str()))?;
        batch.appended.insert(territory.clone(), tail.seq);
    }
    Ok(Ok(()))
}

fn put(batch: &mut Batch<'_>, territory: &TerritoryId, kept: Kept) -> Result<(), Fault> {
    let place = territory.as_str();
    match kept {
        Kept::Record(Versioned { key, version, body }) => {
            batch.records.insert((place, key.to_string().as_str()), (version, &body[..]))?;
        }
        Kept::Event(StoredEvent { seq, at, kind, body, chain }) => {
            batch.events.insert((place, seq), (at, kind.as_str(), chain.as_str(), &body[..]))?;
        }
        Kept::Timer { timer, at } => set_timer(batch, territory, &timer, Some(at))?,
        Kept::Blob { name, bytes } => {
            batch.blobs.insert((place, name.as_str()), &bytes[..])?;
        }
    }
    Ok(())
}

fn is_empty(batch: &Batch<'_>, territory: &TerritoryId) -> Result<bool, Fault> {
    let end = tables::successor(territory.as_str());
    let whole = || tables::whole(territory, &end);
    Ok(batch.tails.get(territory.as_str())?.is_none()
        && batch.records.range(whole())?.next().is_none()
        && batch.timers.range(whole())?.next().is_none()
        && batch.blobs.range(whole())?.next().is_none())
}

/// Takes out again what an import that failed had put in; remembered answers are not of it.
fn wipe(batch: &mut Batch<'_>, territory: &TerritoryId) -> Result<(), Fault> {
    let end = tables::successor(territory.as_str());
    let whole = || tables::whole(territory, &end);
    let place = territory.as_str();
    batch.records.retain_in(whole(), |_, _| false)?;
    batch.events.retain_in((place, 0)..=(place, u64::MAX), |_, _| false)?;
    batch.timers.retain_in(whole(), |_, _| false)?;
    batch.due.retain_in((place, Millis::MIN, "")..(end.as_str(), Millis::MIN, ""), |_, ()| false)?;
    batch.blobs.retain_in(whole(), |_, _| false)?;
    Ok(())
}
