//! A commit as one call of the script, and what its answer means.

use redis::{FromRedisValue, Value};

use super::Shared;
use super::data_set;
use super::fault;
use super::keys::{self, Keys};
use super::scripts::{self, Call};
use super::server_time::Arrival;
use crate::domain::{RecordKey, TerritoryId};
use crate::store::{ANSWERS_KEPT, Commit, CommitOutcome, SKEW_MAX, StoreError, Versioned, Write, contract};

/// Deletions remembered: as many as may happen while everything is read once, else the reading begins again.
const GONE_MAX: usize = 10_000;

impl Shared {
    pub(super) async fn commit(&self, territory: &TerritoryId, commit: Commit) -> Result<CommitOutcome, StoreError> {
        let arrival = self.time.arrival();
        let guarded = contract::check(&commit)?;
        let epoch = self.data_set(territory).await?;
        let keys = Keys::of(territory);
        let mut turn = self.commits.turn().await?;
        let call = call(
            &keys,
            &commit,
            |key| guarded.get(key).copied().unwrap_or(0),
            &Terms { epoch: &epoch, arrival, age: self.time.age(arrival) },
        )?;
        let sent = self.time.moment();
        let answer = match turn.call(&call).await {
            Ok(answer) => answer,
            Err(error) => {
                drop(turn);
                return match fault::of_a_write(&error) {
                    StoreError::Full => self.done_before(territory, &commit).await,
                    fault => Err(fault),
                };
            }
        };
        drop(turn);
        let Answer { outcome, micros, now, mut rest } = Answer::read(answer)?;
        self.time.learn(sent, micros);
        self.time.not_before(now);
        Ok(match outcome.as_str() {
            "done" => {
                let (seq, chain) = (rest.take()?, rest.take()?);
                if !commit.events.is_empty() {
                    self.hint(territory, seq);
                }
                CommitOutcome::Done { now, seq, chain }
            }
            "replayed" => CommitOutcome::Replayed { answer: rest.bytes()?.into(), seq: rest.take()? },
            "stale" => {
                let key: String = rest.take()?;
                let key = key.parse().map_err(|_| fault::unreadable("a commit"))?;
                CommitOutcome::Stale { current: Versioned { key, version: rest.take()?, body: rest.bytes()?.into() } }
            }
            "skew" => CommitOutcome::Skew { now },
            "mismatch" => return Err(StoreError::IdemMismatch),
            "refused" => return Err(data_set::refusal(territory, rest.take()?, rest.take()?)),
            _ => return Err(fault::unreadable("a commit")),
        })
    }

    /// A full Redis takes no commit, not even one it has done; what was done is still answered.
    async fn done_before(&self, territory: &TerritoryId, commit: &Commit) -> Result<CommitOutcome, StoreError> {
        match self.recall(territory, &commit.idem).await? {
            Some((known, _)) if known.fingerprint != commit.fingerprint => Err(StoreError::IdemMismatch),
            Some((known, seq)) => Ok(CommitOutcome::Replayed { answer: known.answer, seq }),
            None => Err(StoreError::Full),
        }
    }
}

/// What a commit is held against.
struct Terms<'a> {
    epoch: &'a str,
    arrival: Arrival,
    /// How long ago it came in, in milliseconds.
    age: i64,
}

fn call(
    keys: &Keys,
    commit: &Commit,
    version: impl Fn(&RecordKey) -> u64,
    terms: &Terms<'_>,
) -> Result<Call, StoreError> {
    let Commit { idem, fingerprint, decided_at, guards, writes, events, answer } = commit;
    let fixed = [keys.meta(), keys.events(), keys.answer(idem), keys.due(), keys.written(), keys.gone()];
    let mut call = Call::of(&scripts::COMMIT, fixed);
    call.arg(terms.epoch.to_owned()).arg(fingerprint.to_vec()).arg(answer.clone());
    call.number(ANSWERS_KEPT.as_millis()).arg(keys.hints());
    call.number(terms.arrival.shift).number(terms.arrival.floor).number(terms.age).number(decided_at);
    call.number(SKEW_MAX.as_millis()).number(terms.arrival.lateness(*decided_at)).number(GONE_MAX);
    call.number(guards.len()).number(writes.len()).number(events.len());
    for (key, version) in guards {
        let place = call.key(keys.record(key));
        call.arg(place).number(version);
    }
    for write in writes {
        match write {
            Write::Put { key, body } => {
                let place = call.key(keys.record(key));
                // A guard that holds says a version far below the largest.
                call.arg("put").arg(place).number(version(key).saturating_add(1)).arg(body.clone());
            }
            Write::Delete { key } => {
                let place = call.key(keys.record(key));
                call.arg("delete").arg(place);
            }
            Write::Timer { timer, at: Some(at) } => {
                call.arg("set").arg(timer.to_string()).number(at);
            }
            Write::Timer { timer, at: None } => {
                call.arg("clear").arg(timer.to_string());
            }
            Write::Blob { name, bytes } => {
                let place = call.key(keys.blob(name).ok_or_else(|| keys::no_blob(name))?);
                match bytes {
                    Some(bytes) => call.arg("keep").arg(place).arg(bytes.clone()),
                    None => call.arg("remove").arg(place),
                };
            }
        }
    }
    for event in events {
        call.arg(event.kind).arg(event.body.clone());
    }
    Ok(call)
}

/// An answer of the commit script.
struct Answer {
    outcome: String,
    /// The server's own time, in microseconds.
    micros: i64,
    /// The store's time.
    now: i64,
    rest: Rest,
}

impl Answer {
    fn read(answer: Value) -> Result<Self, StoreError> {
        let Value::Array(values) = answer else { return Err(fault::unreadable("a commit")) };
        let mut rest = Rest(values.into_iter());
        Ok(Self { outcome: rest.take()?, micros: rest.take()?, now: rest.take()?, rest })
    }
}

/// What is still to be read of an answer.
struct Rest(std::vec::IntoIter<Value>);

impl Rest {
    fn take<T: FromRedisValue>(&mut self) -> Result<T, StoreError> {
        let value = self.0.next().unwrap_or(Value::Nil);
        T::from_redis_value(value).map_err(|_| fault::unreadable("a commit"))
    }

    fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        match self.0.next() {
            Some(Value::BulkString(bytes)) => Ok(bytes),
            _ => Err(fault::unreadable("a commit")),
        }
    }
}
