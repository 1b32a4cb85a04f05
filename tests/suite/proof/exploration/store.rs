//! The contract of `store::Commit` in forty lines: answers remembered by key, a clock that must agree, versions that must stand.

use std::collections::BTreeMap;

use aiguilleur::domain::decide::Answer as Outcome;
use aiguilleur::domain::{Change, Record, RecordKey, Records, Refusal};
use chrono::{DateTime, Utc};

use super::print::{Shared, Unshown};

/// Records under their keys, with their versions; version 0: there is none.
pub(super) type Kept = BTreeMap<RecordKey, (u64, Option<Shared<Record>>)>;

/// A call as the store gets it.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) clerk: usize,
    pub(super) key: usize,
    pub(super) decided_at: DateTime<Utc>,
    pub(super) guards: Vec<(RecordKey, u64)>,
    /// What it writes: that follows from what else it says and what was read.
    pub(super) change: Unshown<Change>,
    pub(super) answer: Result<Outcome, Refusal>,
}

/// What there is, and what was answered.
#[derive(Debug, Clone)]
pub(super) struct Store {
    pub(super) records: Kept,
    pub(super) answers: BTreeMap<usize, Result<Outcome, Refusal>>,
}

/// What the store says.
pub(super) enum Said {
    Answer(Result<Outcome, Refusal>),
    Stale(RecordKey),
    Skew,
}

impl Store {
    pub(super) fn commit(&mut self, message: &Message, now: DateTime<Utc>) -> Said {
        if let Some(answer) = self.answers.get(&message.key) {
            return Said::Answer(answer.clone());
        }
        if message.decided_at != now {
            return Said::Skew;
        }
        if let Some((stale, _)) = message.guards.iter().find(|(key, guard)| version_of(&self.records, key) != *guard) {
            return Said::Stale(stale.clone());
        }
        for (key, record) in &message.change.0.puts {
            let version = version_of(&self.records, key) + 1;
            self.records.insert(key.clone(), (version, Some(Shared::new(record.clone()))));
        }
        self.answers.insert(message.key, message.answer.clone());
        Said::Answer(message.answer.clone())
    }

    /// The record as it is.
    pub(super) fn load(&self, key: &RecordKey) -> (u64, Option<Shared<Record>>) {
        self.records.get(key).cloned().unwrap_or_default()
    }
}

pub(super) fn version_of(records: &Kept, key: &RecordKey) -> u64 {
    records.get(key).map_or(0, |(version, _)| *version)
}

/// What was read, for the rules.
pub(super) fn as_records(read: &Kept) -> Records {
    let mut records = Records::default();
    for (key, (version, record)) in read {
        records.put(key.clone(), *version, record.as_ref().map(|record| Record::clone(&record.it)));
    }
    records
}
