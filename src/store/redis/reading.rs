//! What is read: records, answers, timers, events, blobs. Each reading is of one moment, and of the data set this process
//! began with.

use std::collections::BTreeSet;

use bytes::Bytes;
use redis::{FromRedisValue, Value, from_redis_value};

use super::Shared;
use super::data_set;
use super::fault;
use super::keys::{self, Keys};
use super::scripts::{self, Call};
use crate::domain::{RecordKey, TerritoryId, Timer};
use crate::store::{EventPage, Fingerprint, IdemKey, Millis, Remembered, Seq, StoreError, StoredEvent, Versioned};

/// Events dropped by one step of a trim: some hundred microseconds of the server.
const TRIM_STEP: u64 = 2_000;

/// Keys looked at by one step of a search for territories.
const SCANNED: usize = 1_000;

/// What is to be read at one moment.
pub(super) struct Questions(Call);

impl Questions {
    /// Adds a reading: a command, its key, its arguments.
    pub(super) fn ask(&mut self, command: &'static str, key: String, arguments: &[&str]) {
        let place = self.0.key(key);
        self.0.number(arguments.len()).arg(command).arg(place);
        for argument in arguments {
            self.0.arg((*argument).to_owned());
        }
    }
}

impl Shared {
    /// Asks several things at one moment.
    pub(super) async fn ask(
        &self,
        territory: &TerritoryId,
        questions: impl FnOnce(&Keys, &mut Questions),
    ) -> Result<std::vec::IntoIter<Value>, StoreError> {
        let epoch = self.data_set(territory).await?;
        let keys = Keys::of(territory);
        let mut asked = Questions(Call::of(&scripts::READ, [keys.meta()]));
        asked.0.arg(epoch.to_string());
        questions(&keys, &mut asked);
        let answers: Vec<Value> = scripted(self.reads.read_by(&asked.0).await?, "read", territory)?;
        Ok(answers.into_iter())
    }

    pub(super) async fn load(
        &self,
        territory: &TerritoryId,
        wanted: &[RecordKey],
    ) -> Result<Vec<Versioned>, StoreError> {
        let answers = self
            .ask(territory, |keys, questions| {
                for key in wanted {
                    questions.ask("HMGET", keys.record(key), &["v", "d"]);
                }
            })
            .await?;
        wanted
            .iter()
            .zip(answers)
            .map(|(key, answer)| Ok(record(key.clone(), answer)?.unwrap_or_else(|| none(key))))
            .collect()
    }

    /// What was answered under a key, and the last event's number now.
    /// Every territory that has a key of its own in this database: each key is looked at, some at a time.
    pub(super) async fn territories(&self) -> Result<Vec<TerritoryId>, StoreError> {
        let mut found = BTreeSet::new();
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(keys::METAS).arg("COUNT").arg(SCANNED);
            let answer = self.reads.turn().await?.command(&scan).await;
            let (next, names): (u64, Vec<String>) =
                from_redis_value(answer.map_err(|error| fault::nothing_done(&error))?)
                    .map_err(|_| fault::unreadable("SCAN"))?;
            found.extend(names.iter().filter_map(|name| keys::territory_of_meta(name)));
            if next == 0 {
                return Ok(found.into_iter().collect());
            }
            cursor = next;
        }
    }

    pub(super) async fn recall(
        &self,
        territory: &TerritoryId,
        idem: &IdemKey,
    ) -> Result<Option<(Remembered, Seq)>, StoreError> {
        let mut answers = self
            .ask(territory, |keys, questions| {
                questions.ask("HMGET", keys.answer(idem), &["fp", "res", "end"]);
                questions.ask("HGET", keys.meta(), &["seq"]);
            })
            .await?;
        let (fingerprint, answer, end): (Option<Vec<u8>>, Option<Vec<u8>>, Option<Millis>) =
            next(&mut answers, "an answer of before")?;
        let seq: Option<Seq> = next(&mut answers, "the last event's number")?;
        let (Some(fingerprint), Some(answer), Some(end)) = (fingerprint, answer, end) else { return Ok(None) };
        let fingerprint = Fingerprint::try_from(fingerprint).map_err(|_| fault::unreadable("a fingerprint"))?;
        let remembered = Remembered { fingerprint, answer: answer.into() };
        Ok((end > self.time.now()).then_some((remembered, seq.unwrap_or(0))))
    }

    pub(super) async fn due(&self, territory: &TerritoryId, limit: usize) -> Result<Vec<(Millis, Timer)>, StoreError> {
        let epoch = self.data_set(territory).await?;
        let keys = Keys::of(territory);
        let mut call = Call::of(&scripts::DUE, [keys.meta(), keys.due()]);
        call.arg(epoch.to_string()).number(self.time.shift()).number(self.time.floor()).number(count(limit));
        let found: Vec<(String, f64)> = scripted(self.reads.read_by(&call).await?, "due", territory)?;
        found.into_iter().map(|(timer, at)| Ok((instant(at)?, parsed(&timer)?))).collect()
    }

    pub(super) async fn events(
        &self,
        territory: &TerritoryId,
        after: Seq,
        limit: usize,
    ) -> Result<EventPage, StoreError> {
        let mut answers = self
            .ask(territory, |keys, questions| {
                questions.ask("HGET", keys.meta(), &["seq"]);
                questions.ask("XRANGE", keys.events(), &["-", "+", "COUNT", "1"]);
                if let Some(from) = after.checked_add(1).filter(|_| limit > 0) {
                    let (from, limit) = (format!("{from}-0"), count(limit).to_string());
                    questions.ask("XRANGE", keys.events(), &[&from, "+", "COUNT", &limit]);
                }
            })
            .await?;
        let last = next::<Option<Seq>>(&mut answers, "the last event's number")?.unwrap_or(0);
        let oldest: Vec<Row> = next(&mut answers, "events")?;
        let first = oldest.into_iter().next().map_or(Ok(last + 1), |(id, _)| number(&id))?;
        let rows: Vec<Row> = next::<Option<Vec<Row>>>(&mut answers, "events")?.unwrap_or_default();
        Ok(EventPage { events: rows.into_iter().map(event).collect::<Result<_, _>>()?, first, last })
    }

    /// Drops events, step by step, so that commits get their turn in between.
    pub(super) async fn trim(&self, territory: &TerritoryId, up_to: Seq) -> Result<u64, StoreError> {
        let epoch = self.data_set(territory).await?;
        let keys = Keys::of(territory);
        let mut call = Call::of(&scripts::TRIM, [keys.meta(), keys.events()]);
        call.arg(epoch.to_string()).number(up_to).number(TRIM_STEP);
        let mut gone = 0;
        loop {
            let answer = self.commits.turn().await?.call(&call).await.map_err(|error| fault::of_a_write(&error))?;
            let step: u64 = scripted(answer, "gone", territory)?;
            gone += step;
            if step < TRIM_STEP {
                return Ok(gone);
            }
        }
    }

    pub(super) async fn blob(&self, territory: &TerritoryId, name: &str) -> Result<Option<Bytes>, StoreError> {
        let Some(key) = Keys::of(territory).blob(name) else { return Ok(None) };
        let mut answers = self.ask(territory, |_, questions| questions.ask("GET", key, &[])).await?;
        Ok(next::<Option<Vec<u8>>>(&mut answers, "a sealed blob")?.map(Bytes::from))
    }
}

/// A row of the stream: its id, and names and values one after another.
pub(super) type Row = (String, Vec<Vec<u8>>);

/// An event as the stream has it.
pub(super) fn event((id, fields): Row) -> Result<StoredEvent, StoreError> {
    let seq = number(&id)?;
    let unreadable = || StoreError::Corrupt(format!("event {seq}"));
    let (mut at, mut kind, mut chain, mut body) = (None, None, None, None);
    let mut fields = fields.into_iter();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        match &name[..] {
            b"t" => at = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok()),
            b"k" => kind = String::from_utf8(value).ok(),
            b"c" => chain = String::from_utf8(value).ok(),
            b"d" => body = Some(Bytes::from(value)),
            _ => {}
        }
    }
    Ok(StoredEvent {
        seq,
        at: at.ok_or_else(unreadable)?,
        kind: kind.ok_or_else(unreadable)?,
        chain: chain.ok_or_else(unreadable)?,
        body: body.ok_or_else(unreadable)?,
    })
}

/// The number in an id of the stream.
pub(super) fn number(id: &str) -> Result<Seq, StoreError> {
    let number = id.strip_suffix("-0").and_then(|number| number.parse().ok());
    number.ok_or_else(|| StoreError::Corrupt(format!("an event under the id {id}")))
}

/// A record from its version and body; none where there is none.
pub(super) fn record(key: RecordKey, answer: Value) -> Result<Option<Versioned>, StoreError> {
    let fields: (Option<u64>, Option<Vec<u8>>) =
        from_redis_value(answer).map_err(|_| StoreError::Corrupt(format!("the record {key}")))?;
    match fields {
        (Some(version), Some(body)) => Ok(Some(Versioned { key, version, body: body.into() })),
        (None, None) => Ok(None),
        _ => Err(StoreError::Corrupt(format!("the record {key}"))),
    }
}

fn none(key: &RecordKey) -> Versioned {
    Versioned { key: key.clone(), version: 0, body: Bytes::new() }
}

/// An instant as a sorted set keeps it.
pub(super) fn instant(score: f64) -> Result<Millis, StoreError> {
    // Whole numbers below 2^53 are kept exactly; no instant of ours is near that.
    let text = format!("{score:.0}");
    text.parse().map_err(|_| StoreError::Corrupt(format!("the instant {text}")))
}

pub(super) fn parsed(timer: &str) -> Result<Timer, StoreError> {
    timer.parse().map_err(|_| StoreError::Corrupt(format!("the timer {timer}")))
}

/// The next of several answers.
pub(super) fn next<T: FromRedisValue>(answers: &mut impl Iterator<Item = Value>, what: &str) -> Result<T, StoreError> {
    T::from_redis_value(answers.next().unwrap_or(Value::Nil)).map_err(|_| fault::unreadable(what))
}

/// What a script answers after its word for success; [`data_set::refusal`] when it says `refused`.
pub(super) fn scripted<T: FromRedisValue>(
    answer: Value,
    success: &str,
    territory: &TerritoryId,
) -> Result<T, StoreError> {
    let Value::Array(values) = answer else { return Err(fault::unreadable("a script")) };
    let mut values = values.into_iter();
    let word: String = next(&mut values, "a script")?;
    match word.as_str() {
        "refused" => Err(data_set::refusal(territory, next(&mut values, "a script")?, next(&mut values, "a script")?)),
        word if word == success => next(&mut values, "a script"),
        _ => Err(fault::unreadable("a script")),
    }
}

/// A limit as Redis takes it.
fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
