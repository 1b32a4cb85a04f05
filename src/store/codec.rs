//! Between the domain's records and events and the bytes a store keeps (JSON). No rule lives here, and no error repeats
//! content: only where it could not be read.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Commit, Fingerprint, IdemKey, Millis, NewEvent, StoreError, StoredEvent, Versioned, Write};
use crate::domain::time::{from_millis, millis};
use crate::domain::{Change, Event, Record, RecordKey, RecordKind, RecordedEvent, Records};

/// The stored form of a record.
pub fn encode_record(record: &Record) -> Result<Bytes, StoreError> {
    encode(record, "a record")
}

/// The record under `key`; [`StoreError::Corrupt`] when it cannot be read or is of another kind than its key.
pub fn decode_record(key: &RecordKey, body: &[u8]) -> Result<Record, StoreError> {
    let record: Record = decode(body, &key.to_string())?;
    if kind_of(&record) != key.kind {
        return Err(StoreError::Corrupt(format!("{key} holds another kind of record")));
    }
    Ok(record)
}

/// A loaded record; none where there is none.
pub fn decode_versioned(loaded: &Versioned) -> Result<Option<Record>, StoreError> {
    if loaded.version == 0 { Ok(None) } else { decode_record(&loaded.key, &loaded.body).map(Some) }
}

/// What a decision is made from: the loaded records, each with its version.
pub fn decode_records(loaded: Vec<Versioned>) -> Result<Records, StoreError> {
    let mut records = Records::default();
    for versioned in loaded {
        let record = decode_versioned(&versioned)?;
        records.put(versioned.key, versioned.version, record);
    }
    Ok(records)
}

/// An event as the domain reads it.
pub fn decode_event(stored: &StoredEvent) -> Result<RecordedEvent, StoreError> {
    let event: Event = decode(&stored.body, &format!("event {}", stored.seq))?;
    if event.kind.code() != stored.kind {
        return Err(StoreError::Corrupt(format!("event {} is of another kind than it is filed under", stored.seq)));
    }
    Ok(RecordedEvent { seq: stored.seq, at: from_millis(stored.at), chain: stored.chain.clone(), event })
}

/// A decision's outcome in the store's terms.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    /// Every record written, with the version it was decided from. A caller may add records it only read.
    pub guards: Vec<(RecordKey, u64)>,
    /// Records and timers.
    pub writes: Vec<Write>,
    /// Events, in order.
    pub events: Vec<NewEvent>,
}

impl Effects {
    /// The effects of `change`, decided from `records`. A record that was not loaded is guarded as one that must not exist.
    pub fn of(change: &Change, records: &Records) -> Result<Self, StoreError> {
        let mut effects = Self::default();
        for (key, record) in &change.puts {
            effects.guards.push((key.clone(), records.version(key)));
            effects.writes.push(Write::Put { key: key.clone(), body: encode_record(record)? });
        }
        for (timer, at) in &change.timers {
            effects.writes.push(Write::Timer { timer: timer.clone(), at: at.map(millis) });
        }
        for event in &change.events {
            effects.events.push(NewEvent { kind: event.kind.code(), body: encode(event, "an event")? });
        }
        Ok(effects)
    }

    /// The commit of these effects: `idem` and `fingerprint` of the call, `decided_at` the store's time the decision was
    /// made at, `answer` what a replay is answered (identifiers and status only).
    pub fn into_commit(self, idem: IdemKey, fingerprint: Fingerprint, decided_at: Millis, answer: Bytes) -> Commit {
        let Self { guards, writes, events } = self;
        Commit { idem, fingerprint, decided_at, guards, writes, events, answer }
    }
}

fn kind_of(record: &Record) -> RecordKind {
    match record {
        Record::Slot(_) => RecordKind::Slot,
        Record::Request(_) => RecordKind::Request,
        Record::Appointment(_) => RecordKind::Appointment,
        Record::Agenda(_) => RecordKind::Agenda,
        Record::Practitioner(_) => RecordKind::Practitioner,
        Record::Unique(_) => RecordKind::Unique,
        Record::Delivery(_) => RecordKind::Delivery,
    }
}

fn encode<T: Serialize>(value: &T, what: &str) -> Result<Bytes, StoreError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| unreadable(what, &error))
}

fn decode<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, StoreError> {
    serde_json::from_slice(body).map_err(|error| unreadable(what, &error))
}

/// serde's own message quotes the value it stumbled on; the place is enough.
fn unreadable(what: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt(format!(
        "{what}: {:?} error at line {} column {}",
        error.classify(),
        error.line(),
        error.column()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Actor, Agenda, Concerns, EventKind, Timer, TimerKind, UniqueOwner, Written};
    use chrono::{DateTime, Utc};

    fn owner() -> (RecordKey, Record) {
        let (subject, hmac) = ("registration".to_owned(), "ab12".to_owned());
        (RecordKey::unique(&subject, &hmac), Record::Unique(UniqueOwner { subject, hmac, owner: "r:1".to_owned() }))
    }

    fn now() -> DateTime<Utc> {
        "2026-11-24T09:00:00Z".parse().unwrap()
    }

    fn event(after: Record) -> Event {
        Event {
            kind: EventKind::SlotPublished,
            concerns: Concerns::default(),
            actor: Actor::service(),
            reason: None,
            after: vec![Written { version: 4, record: after }],
            offered: Vec::new(),
        }
    }

    #[test]
    fn every_put_is_guarded_by_the_version_it_was_decided_from() {
        let (key, record) = owner();
        let unseen = RecordKey::unique("registration", "cd34");
        let mut records = Records::default();
        records.put(key.clone(), 3, Some(record.clone()));
        let timer = Timer { kind: TimerKind::Hold, id: "x".to_owned() };
        let change = Change {
            puts: [(key.clone(), record.clone()), (unseen.clone(), record.clone())].into(),
            timers: [(timer.clone(), Some(now()))].into(),
            events: vec![event(record.clone())],
            erased: None,
        };
        let effects = Effects::of(&change, &records).unwrap();
        assert_eq!(effects.guards, [(key.clone(), 3), (unseen.clone(), 0)]);
        assert_eq!(effects.writes.len(), 3);
        assert_eq!(effects.writes[2], Write::Timer { timer, at: Some(millis(now())) });
        let Write::Put { key: written, body } = &effects.writes[0] else { panic!("a put comes first") };
        assert_eq!(decode_record(written, body).unwrap(), record);
    }

    #[test]
    fn an_event_comes_back_as_it_went() {
        let (_, record) = owner();
        let change = Change { events: vec![event(record)], ..Change::default() };
        let new = Effects::of(&change, &Records::default()).unwrap().events.remove(0);
        let stored =
            StoredEvent { seq: 7, at: millis(now()), kind: new.kind.to_owned(), body: new.body, chain: "c".to_owned() };
        let recorded = decode_event(&stored).unwrap();
        assert_eq!((recorded.seq, recorded.at, recorded.chain.as_str()), (7, now(), "c"));
        assert_eq!(recorded.event, change.events[0]);
        let misfiled = StoredEvent { kind: "slot.held".to_owned(), ..stored };
        assert!(matches!(decode_event(&misfiled), Err(StoreError::Corrupt(_))));
    }

    #[test]
    fn what_cannot_be_read_is_named_and_not_quoted() {
        let (key, record) = owner();
        let body = encode_record(&record).unwrap();
        let cut = &body[..body.len() - 3];
        let wrong_kind = encode_record(&Record::Agenda(Agenda::new("19990000000".parse().unwrap()))).unwrap();
        for bad in [cut, b"{\"unique\":{\"owner\":\"Vandamme\",\"x\"}", b"", &wrong_kind[..]] {
            let Err(StoreError::Corrupt(why)) = decode_record(&key, bad) else { panic!("read {bad:?}") };
            assert!(why.contains("u:registration:ab12") && !why.contains("Vandamme"), "{why}");
        }
    }

    #[test]
    fn a_record_that_is_not_there_is_known_as_absent() {
        let (key, _) = owner();
        let absent = Versioned { key: key.clone(), version: 0, body: Bytes::new() };
        let records = decode_records(vec![absent]).unwrap();
        assert!(records.knows(&key) && records.get(&key).is_none() && records.version(&key) == 0);
    }
}
