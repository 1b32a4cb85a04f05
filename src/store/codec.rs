//! Between the domain's records and events and the bytes a store keeps (JSON). No rule lives here, and no error repeats
//! content: only where it could not be read.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use super::{Commit, Fingerprint, IdemKey, Millis, NewEvent, StoreError, StoredEvent, Versioned, Write};
use crate::domain::time::{from_millis, millis};
use crate::domain::{
    Actor, Change, Concerns, Event, EventKind, Record, RecordKey, RecordKind, RecordedEvent, Records, SlotId, Written,
};

/// Most records and events fit: a buffer that grows is copied each time.
const USUAL_BYTES: usize = 1_024;

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
        // Each record is written once and stands with one event: it is put into words once.
        let mut put = BTreeMap::new();
        for (key, record) in &change.puts {
            let text = to_raw_value(record).map_err(|error| unreadable("a record", &error))?;
            effects.guards.push((key.clone(), records.version(key)));
            effects.writes.push(Write::Put { key: key.clone(), body: Bytes::copy_from_slice(text.get().as_bytes()) });
            put.insert(key, (record, text));
        }
        for (timer, at) in &change.timers {
            effects.writes.push(Write::Timer { timer: timer.clone(), at: at.map(millis) });
        }
        for event in &change.events {
            let after = event.after.iter().map(|written| WrittenText::of(written, &put)).collect();
            let text = EventText::of(event, after);
            effects.events.push(NewEvent { kind: event.kind.code(), body: encode(&text, "an event")? });
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

/// An [`Event`] on its way to the store: the same, with records that are in words already.
#[derive(Serialize)]
struct EventText<'a> {
    kind: EventKind,
    concerns: &'a Concerns,
    actor: &'a Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    after: Vec<WrittenText<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    offered: &'a [SlotId],
}

impl<'a> EventText<'a> {
    fn of(event: &'a Event, after: Vec<WrittenText<'a>>) -> Self {
        let Event { kind, concerns, actor, reason, after: _, offered } = event;
        Self { kind: *kind, concerns, actor, reason: reason.as_deref(), after, offered }
    }
}

/// A [`Written`] on its way to the store.
#[derive(Serialize)]
struct WrittenText<'a> {
    version: u64,
    record: RecordText<'a>,
}

/// A record in words, or still to be put into them.
#[derive(Serialize)]
#[serde(untagged)]
enum RecordText<'a> {
    Ready(&'a RawValue),
    Record(&'a Record),
}

impl<'a> WrittenText<'a> {
    fn of(written: &'a Written, put: &'a BTreeMap<&RecordKey, (&Record, Box<RawValue>)>) -> Self {
        let record = match put.get(&written.record.key()) {
            Some((record, text)) if **record == written.record => RecordText::Ready(text),
            _ => RecordText::Record(&written.record),
        };
        Self { version: written.version, record }
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
        Record::Registration(_) => RecordKind::Registration,
        Record::Proposal(_) => RecordKind::Proposal,
        Record::OpenPlaces(_) => RecordKind::OpenPlaces,
        Record::Delivery(_) => RecordKind::Delivery,
    }
}

fn encode<T: Serialize>(value: &T, what: &str) -> Result<Bytes, StoreError> {
    let mut body = Vec::with_capacity(USUAL_BYTES);
    serde_json::to_writer(&mut body, value).map_err(|error| unreadable(what, &error))?;
    Ok(body.into())
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
    use crate::domain::{Agenda, Timer, TimerKind, UniqueOwner};
    use chrono::{DateTime, Utc};
    use uuid::Uuid;

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
    fn an_event_is_stored_in_its_own_form_whether_its_records_are_put_or_not() {
        let (key, record) = owner();
        let full =
            Event { reason: Some("late".to_owned()), offered: vec![SlotId::new(Uuid::nil())], ..event(record.clone()) };
        for event in [event(record.clone()), full, Event { after: Vec::new(), ..event(record.clone()) }] {
            for puts in [[(key.clone(), record.clone())].into(), [].into()] {
                let change = Change { puts, events: vec![event.clone()], ..Change::default() };
                let effects = Effects::of(&change, &Records::default()).unwrap();
                assert_eq!(effects.events[0].body, encode(&event, "an event").unwrap());
                let put = effects
                    .writes
                    .iter()
                    .all(|write| matches!(write, Write::Put { body, .. } if *body == encode_record(&record).unwrap()));
                assert!(put);
            }
        }
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
