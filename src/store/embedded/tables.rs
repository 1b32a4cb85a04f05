//! The tables of the database file and what is read from them, by readers (committed state) and by the writer (its open
//! transaction) alike. Nothing is written here.
//!
//! Keys are tuples that begin with the territory, and ranges end where the next possible territory begins, so that
//! `weppes` never sees `weppes-2`.

use std::ops::Range;

use bytes::Bytes;
use redb::{ReadableTable, TableDefinition};

use crate::domain::{RecordKey, TerritoryId, Timer};
use crate::store::{Fingerprint, IdemKey, Millis, Remembered, Seq, StoreError, StoredEvent, Tail, Versioned, chain};

/// (territory, name).
pub(super) type Named = (&'static str, &'static str);
/// (version, body).
pub(super) type RecordRow = (u64, &'static [u8]);
/// (territory, number).
pub(super) type Numbered = (&'static str, u64);
/// (instant, kind, chain value, body).
pub(super) type EventRow = (i64, &'static str, &'static str, &'static [u8]);
/// (number, instant, chain value).
pub(super) type TailRow = (u64, i64, &'static str);
/// (territory, actor, key).
pub(super) type Asked = (&'static str, &'static str, &'static str);
/// (forgotten from this instant on, fingerprint, answer).
pub(super) type AnswerRow = (i64, &'static [u8; 16], &'static [u8]);
/// (forgotten from, territory, actor, key).
pub(super) type AnswerEnd = (i64, &'static str, &'static str, &'static str);
/// (territory, instant, timer).
pub(super) type DueAt = (&'static str, i64, &'static str);

/// Records by key.
pub(super) const RECORDS: TableDefinition<'_, Named, RecordRow> = TableDefinition::new("rec");
/// Events by number.
pub(super) const EVENTS: TableDefinition<'_, Numbered, EventRow> = TableDefinition::new("ev");
/// The last event by territory; stays when the event itself is trimmed.
pub(super) const TAILS: TableDefinition<'_, &str, TailRow> = TableDefinition::new("tail");
/// Answers by caller and key.
pub(super) const ANSWERS: TableDefinition<'_, Asked, AnswerRow> = TableDefinition::new("idem");
/// Answers by the end of their time.
pub(super) const ANSWER_ENDS: TableDefinition<'_, AnswerEnd, ()> = TableDefinition::new("idem_end");
/// Timers by instant.
pub(super) const DUE: TableDefinition<'_, DueAt, ()> = TableDefinition::new("due");
/// The instant a timer stands at in `due`.
pub(super) const TIMERS: TableDefinition<'_, Named, i64> = TableDefinition::new("timer");
/// Sealed bytes by name.
pub(super) const BLOBS: TableDefinition<'_, Named, &[u8]> = TableDefinition::new("blob");
/// [`SCHEMA`], [`EPOCH`], [`CLOCK`], [`REMOVED`].
pub(super) const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");

/// Version of the stored form.
pub(super) const SCHEMA: &str = "schema";
/// Random name of this data set.
pub(super) const EPOCH: &str = "epoch";
/// The latest instant a commit was made at: the clock starts again no earlier.
pub(super) const CLOCK: &str = "clock";
/// There once something was removed for good: the file may still hold its bytes.
pub(super) const REMOVED: &str = "removed";

/// A call that meets a fault of the database, or of what is stored.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database itself.
    Database(redb::Error),
    /// A row that makes no sense.
    Row(String),
}

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}

impl Fault {
    /// For a call that surely changed nothing.
    pub(super) fn nothing_done(&self) -> StoreError {
        match self {
            Self::Row(what) => StoreError::Corrupt(what.clone()),
            Self::Database(redb::Error::Corrupted(what)) => StoreError::Corrupt(what.clone()),
            Self::Database(redb::Error::Io(error)) if error.kind() == std::io::ErrorKind::StorageFull => {
                StoreError::Full
            }
            Self::Database(error) => StoreError::Unavailable(error.to_string()),
        }
    }
}

/// The first text after `text` and before every other: where the rows of a territory end.
pub(super) fn successor(text: &str) -> String {
    format!("{text}\0")
}

pub(super) fn tail(tails: &impl ReadableTable<&'static str, TailRow>, territory: &TerritoryId) -> Result<Tail, Fault> {
    Ok(match tails.get(territory.as_str())? {
        Some(row) => {
            let (seq, at, chain) = row.value();
            Tail { seq, at, chain: chain.to_owned() }
        }
        None => Tail { seq: 0, at: Millis::MIN, chain: chain::START.to_owned() },
    })
}

/// Every territory that has a last event.
pub(super) fn territories(tails: &impl ReadableTable<&'static str, TailRow>) -> Result<Vec<TerritoryId>, Fault> {
    let named = |name: &str| name.parse().map_err(|_| Fault::Row(format!("the territory {name}")));
    tails.iter()?.map(|row| named(row?.0.value())).collect()
}

pub(super) fn record(
    records: &impl ReadableTable<Named, RecordRow>,
    territory: &TerritoryId,
    key: &RecordKey,
) -> Result<Versioned, Fault> {
    let row = records.get((territory.as_str(), key.to_string().as_str()))?;
    let (version, body) = row.map_or((0, Bytes::new()), |row| {
        let (version, body) = row.value();
        (version, Bytes::copy_from_slice(body))
    });
    Ok(Versioned { key: key.clone(), version, body })
}

/// The answer under a key, unless its time is over at `now`.
pub(super) fn answer(
    answers: &impl ReadableTable<Asked, AnswerRow>,
    territory: &TerritoryId,
    idem: &IdemKey,
    now: Millis,
) -> Result<Option<Remembered>, Fault> {
    let row = answers.get((territory.as_str(), idem.actor.as_str(), idem.key.as_str()))?;
    Ok(row.and_then(|row| {
        let (end, fingerprint, answer): (Millis, &Fingerprint, &[u8]) = row.value();
        (end > now).then(|| Remembered { fingerprint: *fingerprint, answer: Bytes::copy_from_slice(answer) })
    }))
}

/// The number of the oldest event kept; one more than the last when none is.
pub(super) fn first_event(
    events: &impl ReadableTable<Numbered, EventRow>,
    territory: &TerritoryId,
    last: Seq,
) -> Result<Seq, Fault> {
    let first = events.range((territory.as_str(), 0)..=(territory.as_str(), Seq::MAX))?.next().transpose()?;
    Ok(first.map_or(last + 1, |(key, _)| key.value().1))
}

pub(super) fn events_after(
    events: &impl ReadableTable<Numbered, EventRow>,
    territory: &TerritoryId,
    after: Seq,
    limit: usize,
) -> Result<Vec<StoredEvent>, Fault> {
    let Some(first) = after.checked_add(1) else { return Ok(Vec::new()) };
    let mut page = Vec::new();
    for row in events.range((territory.as_str(), first)..=(territory.as_str(), Seq::MAX))?.take(limit) {
        let (key, row) = row?;
        let (at, kind, chain, body) = row.value();
        page.push(StoredEvent {
            seq: key.value().1,
            at,
            kind: kind.to_owned(),
            body: Bytes::copy_from_slice(body),
            chain: chain.to_owned(),
        });
    }
    Ok(page)
}

pub(super) fn due(
    due: &impl ReadableTable<DueAt, ()>,
    territory: &TerritoryId,
    now: Millis,
    limit: usize,
) -> Result<Vec<(Millis, Timer)>, Fault> {
    let territory = territory.as_str();
    let mut timers = Vec::new();
    for row in due.range((territory, Millis::MIN, "")..(territory, now.saturating_add(1), ""))?.take(limit) {
        let (key, _) = row?;
        let (_, at, timer) = key.value();
        let timer = timer.parse().map_err(|_| Fault::Row(format!("the timer {timer}")))?;
        timers.push((at, timer));
    }
    Ok(timers)
}

/// A setting of the database itself.
pub(super) fn setting(
    meta: &impl ReadableTable<&'static str, &'static str>,
    name: &'static str,
) -> Result<Option<String>, Fault> {
    Ok(meta.get(name)?.map(|row| row.value().to_owned()))
}

/// All keys of a territory in a table whose keys are (territory, text).
pub(super) fn whole<'a>(territory: &'a TerritoryId, end: &'a str) -> Range<(&'a str, &'a str)> {
    (territory.as_str(), "")..(end, "")
}
