//! A store that sometimes cannot say what it did, as a store across a network does.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aiguilleur::clock::ManualClock;
use aiguilleur::domain::{RecordKey, TerritoryId, Timer};
use aiguilleur::store::{
    Commit, CommitOutcome, EventPage, Export, Health, IdemKey, Kept, Millis, Remembered, Reply, Seq, Snapshot, Store,
    StoreError, Tail, Versioned,
};
use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use tokio::sync::watch;

/// Passes everything on; every so many commits the answer is lost: of three such commits one was made, one was not, and one
/// is made a little later, when its caller has long heard that nobody knows.
#[derive(Debug)]
pub(crate) struct FlakyStore {
    inner: Arc<dyn Store>,
    commits: AtomicU64,
    /// Every how many commits an answer is lost; 0: never.
    every: AtomicU64,
    lost: AtomicU64,
    /// What somebody else does just before the next commit.
    before: Mutex<Option<Commit>>,
    /// Whether it goes away with the next answer, and whether it has.
    leaving: AtomicBool,
    away: AtomicBool,
    /// Whether nobody can read its events.
    events_hidden: AtomicBool,
    /// The clock whose correction the next commit finds out, and by how much.
    corrected: Mutex<Option<(Arc<ManualClock>, TimeDelta)>>,
    scrubs: AtomicU64,
}

impl FlakyStore {
    pub(crate) fn over(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            commits: AtomicU64::new(0),
            every: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            before: Mutex::new(None),
            leaving: AtomicBool::new(false),
            away: AtomicBool::new(false),
            events_hidden: AtomicBool::new(false),
            corrected: Mutex::new(None),
            scrubs: AtomicU64::new(0),
        }
    }

    pub(crate) fn lose_every(&self, commits: u64) {
        self.every.store(commits, Ordering::SeqCst);
    }

    /// Has somebody else commit something just before the next commit.
    pub(crate) fn commit_before_the_next(&self, commit: Commit) {
        *self.before.lock().expect("no panic") = Some(commit);
    }

    /// Makes the next commit, loses its answer, and takes no other until [`FlakyStore::come_back`].
    pub(crate) fn leave_with_the_next_answer(&self) {
        self.leaving.store(true, Ordering::SeqCst);
    }

    /// Takes no commit until [`FlakyStore::come_back`].
    pub(crate) fn go_away(&self) {
        self.away.store(true, Ordering::SeqCst);
    }

    /// Whether its events cannot be read from now on.
    pub(crate) fn hide_events(&self, hidden: bool) {
        self.events_hidden.store(hidden, Ordering::SeqCst);
    }

    /// Refuses the next commit for its clock, which is right from then on.
    pub(crate) fn correct_the_clock_at_the_next_commit(&self, clock: Arc<ManualClock>, by: TimeDelta) {
        *self.corrected.lock().expect("no panic") = Some((clock, by));
    }

    /// How often it was asked to rid its files of what was removed.
    pub(crate) fn scrubs(&self) -> u64 {
        self.scrubs.load(Ordering::SeqCst)
    }

    pub(crate) fn come_back(&self) {
        self.away.store(false, Ordering::SeqCst);
    }

    /// How many answers were lost so far.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::SeqCst)
    }
}

impl Store for FlakyStore {
    fn now(&self) -> Millis {
        self.inner.now()
    }

    fn load<'a>(&'a self, territory: &'a TerritoryId, keys: &'a [RecordKey]) -> Reply<'a, Vec<Versioned>> {
        self.inner.load(territory, keys)
    }

    fn recall<'a>(&'a self, territory: &'a TerritoryId, idem: &'a IdemKey) -> Reply<'a, Option<Remembered>> {
        self.inner.recall(territory, idem)
    }

    fn commit<'a>(&'a self, territory: &'a TerritoryId, commit: Commit) -> Reply<'a, CommitOutcome> {
        if self.away.load(Ordering::SeqCst) {
            return async { Err(StoreError::Unavailable("gone away".to_owned())) }.boxed();
        }
        if self.leaving.swap(false, Ordering::SeqCst) {
            self.away.store(true, Ordering::SeqCst);
            return async move {
                self.inner.commit(territory, commit).await?;
                Err(StoreError::Unknown("the answer was lost".to_owned()))
            }
            .boxed();
        }
        if let Some((clock, by)) = self.corrected.lock().expect("no panic").take() {
            clock.advance(by);
            return async move { Ok(CommitOutcome::Skew { now: self.inner.now() }) }.boxed();
        }
        if let Some(other) = self.before.lock().expect("no panic").take() {
            return async move {
                let other = self.inner.commit(territory, other).await?;
                assert!(matches!(other, CommitOutcome::Done { .. }), "{other:?}");
                self.inner.commit(territory, commit).await
            }
            .boxed();
        }
        let number = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
        let every = self.every.load(Ordering::SeqCst);
        if every == 0 || !number.is_multiple_of(every) {
            return self.inner.commit(territory, commit);
        }
        let lost = self.lost.fetch_add(1, Ordering::SeqCst);
        async move {
            match lost % 3 {
                0 => drop(self.inner.commit(territory, commit).await?),
                1 => {}
                _ => {
                    let (inner, territory) = (self.inner.clone(), territory.clone());
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_millis(lost % 20)).await;
                        inner.commit(&territory, commit).await
                    });
                }
            }
            Err(StoreError::Unknown("the answer was lost".to_owned()))
        }
        .boxed()
    }

    fn due<'a>(&'a self, territory: &'a TerritoryId, limit: usize) -> Reply<'a, Vec<(Millis, Timer)>> {
        self.inner.due(territory, limit)
    }

    fn snapshot<'a>(&'a self, territory: &'a TerritoryId) -> Reply<'a, Snapshot> {
        self.inner.snapshot(territory)
    }

    fn events<'a>(&'a self, territory: &'a TerritoryId, after: Seq, limit: usize) -> Reply<'a, EventPage> {
        if self.events_hidden.load(Ordering::SeqCst) {
            return async { Err(StoreError::Unavailable("gone away".to_owned())) }.boxed();
        }
        self.inner.events(territory, after, limit)
    }

    fn hints(&self, territory: &TerritoryId) -> watch::Receiver<Seq> {
        self.inner.hints(territory)
    }

    fn trim<'a>(&'a self, territory: &'a TerritoryId, up_to: Seq) -> Reply<'a, u64> {
        self.inner.trim(territory, up_to)
    }

    fn blob<'a>(&'a self, territory: &'a TerritoryId, name: &'a str) -> Reply<'a, Option<Bytes>> {
        self.inner.blob(territory, name)
    }

    fn territories(&self) -> Reply<'_, Vec<TerritoryId>> {
        self.inner.territories()
    }

    fn export<'a>(&'a self, territory: &'a TerritoryId) -> Reply<'a, Export> {
        self.inner.export(territory)
    }
    fn import<'a>(
        &'a self,
        territory: &'a TerritoryId,
        tail: Tail,
        items: BoxStream<'static, Result<Kept, StoreError>>,
    ) -> Reply<'a, ()> {
        self.inner.import(territory, tail, items)
    }

    fn scrub(&self) -> Reply<'_, ()> {
        self.scrubs.fetch_add(1, Ordering::SeqCst);
        self.inner.scrub()
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        self.inner.health()
    }
}
