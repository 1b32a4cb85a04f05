//! A store in memory that can be made to lose its tail, its old events or its senses.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::watch;

use super::world::{create, nine, operator};
use crate::domain::decide::{Answer, Command, Context, decide, missing};
use crate::domain::time::{Zone, from_millis};
use crate::domain::{Actor, Level, RecordKey, Records, Refusal, Retention, TerritoryId, Timer};
use crate::store::codec::{self, Effects};
use crate::store::{
    Commit, CommitOutcome, EventPage, Export, Health, IdemKey, Kept, Millis, Remembered, Reply, Seq, Snapshot, Store,
    StoreError, StoredEvent, Tail, Versioned, Write, chain,
};

/// Tuesday 24 November 2026, nine o'clock UTC.
pub(super) const NINE: Millis = 1_795_510_800_000;

#[derive(Debug, Clone, Default)]
pub(super) struct Data {
    pub(super) records: BTreeMap<RecordKey, (u64, Bytes)>,
    pub(super) events: Vec<StoredEvent>,
    pub(super) first: Seq,
    pub(super) now: Millis,
}

#[derive(Debug)]
pub(super) struct FakeStore {
    pub(super) data: Mutex<Data>,
    pub(super) unreachable: AtomicBool,
    /// Something always happens between one reading and the next.
    pub(super) busy: AtomicBool,
    hints: watch::Sender<Seq>,
}

pub(super) fn weppes() -> TerritoryId {
    "weppes".parse().unwrap()
}

impl FakeStore {
    pub(super) fn new() -> Self {
        let data = Data { first: 1, now: NINE, ..Data::default() };
        let (unreachable, busy) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { data: Mutex::new(data), unreachable, busy, hints: watch::Sender::default() }
    }

    /// Lets time pass.
    pub(super) fn wait(&self, milliseconds: Millis) {
        self.data.lock().unwrap().now += milliseconds;
    }

    /// Decides a command and keeps what it changes; tells the number of the last event.
    pub(super) fn run(&self, actor: &Actor, command: &Command) -> Result<(Answer, Seq), Refusal> {
        let seq = {
            let mut data = self.data.lock().unwrap();
            let mut records = Records::default();
            loop {
                let keys = missing(&records, command);
                if keys.is_empty() {
                    break;
                }
                for key in keys {
                    let kept = data.records.get(&key).map(|(version, body)| {
                        let record = codec::decode_record(&key, body).unwrap();
                        (*version, record)
                    });
                    let (version, record) = kept.map_or((0, None), |(version, record)| (version, Some(record)));
                    records.put(key, version, record);
                }
            }
            let retention = Retention::of_the_table(Zone::PARIS);
            let context = Context { territory: weppes(), actor: actor.clone(), now: from_millis(data.now), retention };
            let decision = decide(&records, command, &context)?;
            let effects = Effects::of(&decision.change, &records).unwrap();
            for write in effects.writes {
                if let Write::Put { key, body } = write {
                    let version = records.version(&key) + 1;
                    data.records.insert(key, (version, body));
                }
            }
            for event in effects.events {
                let seq = data.last() + 1;
                let before = data.chain();
                let chain = chain::link(&before, seq, data.now, event.kind, &event.body);
                let at = data.now;
                data.events.push(StoredEvent { seq, at, kind: event.kind.to_owned(), body: event.body, chain });
            }
            (decision.answer, data.last())
        };
        self.hints.send_replace(seq.1);
        Ok(seq)
    }

    /// The state now, to come back to.
    pub(super) fn remember(&self) -> Data {
        self.data.lock().unwrap().clone()
    }

    /// Goes back to an earlier state, as a failover to a replica that missed something does.
    pub(super) fn go_back_to(&self, data: Data) {
        *self.data.lock().unwrap() = data;
    }
}

impl Data {
    pub(super) fn last(&self) -> Seq {
        self.events.last().map_or(self.first - 1, |event| event.seq)
    }
    pub(super) fn chain(&self) -> String {
        self.events.last().map_or_else(String::new, |event| event.chain.clone())
    }
}

impl Store for FakeStore {
    fn now(&self) -> Millis {
        self.data.lock().unwrap().now
    }
    fn hints(&self, _: &TerritoryId) -> watch::Receiver<Seq> {
        self.hints.subscribe()
    }
    fn snapshot<'a>(&'a self, _: &'a TerritoryId) -> Reply<'a, Snapshot> {
        let data = self.remember();
        let records: Vec<_> = data
            .records
            .iter()
            // Backwards, so that slots come before their practitioners.
            .rev()
            .map(|(key, (version, body))| Ok(Versioned { key: key.clone(), version: *version, body: body.clone() }))
            .collect();
        let snapshot = Snapshot {
            epoch: "e".to_owned(),
            seq: data.last(),
            chain: data.chain(),
            records: stream::iter(records).boxed(),
        };
        async move { Ok(snapshot) }.boxed()
    }
    fn events<'a>(&'a self, _: &'a TerritoryId, after: Seq, limit: usize) -> Reply<'a, EventPage> {
        let data = self.remember();
        let data_length = data.events.len();
        let unreachable = self.unreachable.load(Ordering::SeqCst);
        async move {
            if unreachable {
                return Err(StoreError::Unavailable("cut off".to_owned()));
            }
            let last = data.last();
            let kept = data.events.into_iter().filter(|event| event.seq >= data.first);
            let events: Vec<_> = kept.filter(|event| event.seq > after).take(limit).collect();
            if self.busy.load(Ordering::SeqCst) {
                self.wait(1);
                self.done(&operator(), &create(1_000 + data_length, Some(Level::H24), nine()));
                tokio::task::yield_now().await;
            }
            Ok(EventPage { events, first: data.first, last })
        }
        .boxed()
    }
    fn trim<'a>(&'a self, _: &'a TerritoryId, up_to: Seq) -> Reply<'a, u64> {
        self.data.lock().unwrap().first = up_to + 1;
        async move { Ok(up_to) }.boxed()
    }

    // Views do not ask for these.
    fn load<'a>(&'a self, _: &'a TerritoryId, _: &'a [RecordKey]) -> Reply<'a, Vec<Versioned>> {
        unreachable!()
    }
    fn recall<'a>(&'a self, _: &'a TerritoryId, _: &'a IdemKey) -> Reply<'a, Option<Remembered>> {
        unreachable!()
    }
    fn commit<'a>(&'a self, _: &'a TerritoryId, _: Commit) -> Reply<'a, CommitOutcome> {
        unreachable!()
    }
    fn due<'a>(&'a self, _: &'a TerritoryId, _: usize) -> Reply<'a, Vec<(Millis, Timer)>> {
        unreachable!()
    }
    fn blob<'a>(&'a self, _: &'a TerritoryId, _: &'a str) -> Reply<'a, Option<Bytes>> {
        unreachable!()
    }
    fn territories(&self) -> Reply<'_, Vec<TerritoryId>> {
        unreachable!()
    }
    fn export<'a>(&'a self, _: &'a TerritoryId) -> Reply<'a, Export> {
        unreachable!()
    }
    fn import<'a>(
        &'a self,
        _: &'a TerritoryId,
        _: Tail,
        _: BoxStream<'static, Result<Kept, StoreError>>,
    ) -> Reply<'a, ()> {
        unreachable!()
    }
    fn health(&self) -> futures_util::future::BoxFuture<'_, Health> {
        unreachable!()
    }
}
