//! Power cuts. The storage under the database keeps, as a disk does, only what was synced; of the rest a seeded choice of
//! sectors survives. Whatever was acknowledged must be there afterwards, and nothing by halves.
//!
//! A plain kill would prove little: the page cache survives it.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiguilleur::clock::{Clock, ManualClock};
use aiguilleur::store::{CommitOutcome, EmbeddedStore, Store, StoreError, Write};
use futures_util::future::join_all;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use redb::StorageBackend;

use super::sample::*;

/// What a disk writes whole.
const SECTOR: usize = 512;

/// A disk that will lose its power, or whose sync will fail, after a number of operations.
#[derive(Debug, Clone)]
struct Disk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// What was synced.
    durable: Vec<u8>,
    /// What reads show.
    seen: Vec<u8>,
    /// Sectors written since the last sync.
    unsynced: BTreeSet<usize>,
    /// Writes and syncs left before the fault; none: never.
    left: Option<u32>,
    /// The fault has come.
    dead: bool,
    rng: ChaCha8Rng,
}

impl Disk {
    fn new(content: Vec<u8>, left: Option<u32>, seed: u64) -> Self {
        let state = State {
            durable: content.clone(),
            seen: content,
            unsynced: BTreeSet::new(),
            left,
            dead: false,
            rng: ChaCha8Rng::seed_from_u64(seed),
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is found when the power comes back.
    fn after_power_cut(&self) -> Vec<u8> {
        let state = &mut *self.state();
        let mut found = state.durable.clone();
        // The length is what the file system last wrote of it, early or late.
        if state.seen.len() > found.len() && state.rng.random_bool(0.5) {
            found.resize(state.seen.len(), 0);
        }
        for sector in &state.unsynced {
            let range = sector * SECTOR..((sector + 1) * SECTOR).min(found.len()).min(state.seen.len());
            if !range.is_empty() && state.rng.random_bool(0.5) {
                found[range.clone()].copy_from_slice(&state.seen[range]);
            }
        }
        found
    }
}

impl State {
    /// Counts down to the fault.
    fn step(&mut self) -> io::Result<()> {
        if self.left == Some(0) {
            self.dead = true;
        }
        self.left = self.left.map(|left| left.saturating_sub(1));
        if self.dead { Err(io::Error::other("no power")) } else { Ok(()) }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().seen.len() as u64)
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let state = self.state();
        let bytes = state.seen.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        state.seen.resize(usize::try_from(len).map_err(io::Error::other)?, 0);
        Ok(())
    }
    fn sync_data(&self) -> io::Result<()> {
        let state = &mut *self.state();
        state.step()?;
        state.durable.resize(state.seen.len(), 0);
        for sector in std::mem::take(&mut state.unsynced) {
            let range = sector * SECTOR..((sector + 1) * SECTOR).min(state.seen.len());
            state.durable[range.clone()].copy_from_slice(&state.seen[range]);
        }
        Ok(())
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        state.seen[start..start + data.len()].copy_from_slice(data);
        state.unsynced.extend(start / SECTOR..(start + data.len()).div_ceil(SECTOR));
        Ok(())
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at("2026-11-24T08:00:00Z".parse().expect("an instant")))
}

/// A database with nothing in it yet.
fn fresh() -> Vec<u8> {
    let disk = Disk::new(Vec::new(), None, 0);
    drop(EmbeddedStore::on_backend(disk.clone(), clock()).expect("opens"));
    disk.state().durable.clone()
}

/// Commits `number` from callers of `round`: two records, two events, a timer, in one.
async fn book(store: &dyn Store, round: usize, caller: usize) -> (String, Result<CommitOutcome, StoreError>) {
    let name = format!("{round}-{caller}");
    let keys = [(key(format!("{name}-slot")), 0), (key(format!("{name}-request")), 0)];
    let mut call = put(store, &name, &keys, &name.repeat(20));
    call.writes.push(Write::Timer { timer: timer(&name), at: Some(store.now()) });
    (name.clone(), store.commit(&weppes(), call).await)
}

/// Works until the power goes; who was told "done", and who never got an answer they can rely on.
async fn work_until_the_cut(store: &dyn Store) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut acknowledged, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..400 {
        for (name, outcome) in join_all((0..4).map(|caller| book(store, round, caller))).await {
            match outcome {
                Ok(CommitOutcome::Done { .. }) => drop(acknowledged.insert(name)),
                Err(StoreError::Unknown(_)) => drop(unknown.insert(name)),
                Err(StoreError::Unavailable(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        if store.health().await.fault.is_some() {
            return (acknowledged, unknown);
        }
    }
    panic!("the power was never cut");
}

#[tokio::test]
async fn no_acknowledged_commit_is_lost_when_the_power_goes() {
    let fresh = fresh();
    let mut cuts_with_work = 0;
    for seed in 0..40 {
        let left = ChaCha8Rng::seed_from_u64(seed).random_range(1..400);
        let disk = Disk::new(fresh.clone(), Some(left), seed);
        let Ok(store) = EmbeddedStore::on_backend(disk.clone(), clock()) else { continue };
        let (acknowledged, unknown) = work_until_the_cut(&store).await;
        drop(store);
        cuts_with_work += usize::from(!acknowledged.is_empty());

        let disk = Disk::new(disk.after_power_cut(), None, seed);
        let store = EmbeddedStore::on_backend(disk, clock()).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let found: BTreeSet<String> =
            records(&store, &weppes()).await.into_iter().map(|record| record.key.id).collect();
        let events = history(&store, &weppes()).await;
        assert_sound(&events);
        for name in &acknowledged {
            assert!(found.contains(&format!("{name}-slot")), "seed {seed}: {name} was acknowledged and is gone");
        }
        let mut whole = 0;
        for name in acknowledged.iter().chain(&unknown) {
            let slot = found.contains(&format!("{name}-slot"));
            let remembered = store.recall(&weppes(), &idem(name)).await.expect("reads").is_some();
            assert_eq!(slot, found.contains(&format!("{name}-request")), "seed {seed}: {name} by halves");
            assert_eq!(slot, remembered, "seed {seed}: {name} and its answer");
            whole += usize::from(slot);
        }
        assert_eq!(found.len(), 2 * whole, "seed {seed}: only what was asked for");
        assert_eq!(events.len(), 2 * whole, "seed {seed}: an event for every record");
        assert_eq!(store.due(&weppes(), 9_999).await.expect("reads").len(), whole, "seed {seed}: a timer each");
        // Who does not know asks again with the same key, and then everybody has their two records, once.
        for name in &unknown {
            let keys = [(key(format!("{name}-slot")), 0), (key(format!("{name}-request")), 0)];
            let outcome = store.commit(&weppes(), put(&store, name, &keys, "again")).await.expect("an outcome");
            assert!(matches!(outcome, CommitOutcome::Done { .. } | CommitOutcome::Replayed { .. }), "{outcome:?}");
        }
        assert_eq!(records(&store, &weppes()).await.len(), 2 * (acknowledged.len() + unknown.len()), "seed {seed}");
    }
    assert!(cuts_with_work > 20, "most cuts must come while commits are made: {cuts_with_work}");
}

#[tokio::test]
async fn a_store_whose_disk_failed_serves_nobody_and_says_so() {
    let disk = Disk::new(fresh(), None, 1);
    let store = EmbeddedStore::on_backend(disk.clone(), clock()).expect("opens");
    let (_, outcome) = book(&store, 0, 0).await;
    assert!(matches!(outcome, Ok(CommitOutcome::Done { .. })));
    disk.state().left = Some(0);
    let (_, outcome) = book(&store, 0, 1).await;
    assert!(matches!(outcome, Err(StoreError::Unknown(_))), "{outcome:?}");
    assert!(store.health().await.fault.is_some());
    // Even when the disk answers again: what it has of the failed write is not known.
    disk.state().left = None;
    disk.state().dead = false;
    let (_, outcome) = book(&store, 0, 2).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert!(matches!(store.load(&weppes(), &[key("0-0-slot")]).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.blob(&weppes(), "k/1").await, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn refusals_and_replays_cost_no_write() {
    let disk = Disk::new(fresh(), None, 1);
    let store = EmbeddedStore::on_backend(disk.clone(), clock()).expect("opens");
    let first = put(&store, "1", &[(key("a"), 0)], "x");
    done(&store, &weppes(), first.clone()).await;
    disk.state().left = Some(0);
    assert!(matches!(store.commit(&weppes(), first.clone()).await, Ok(CommitOutcome::Replayed { .. })));
    let stale = put(&store, "2", &[(key("a"), 0)], "x");
    assert!(matches!(store.commit(&weppes(), stale).await, Ok(CommitOutcome::Stale { .. })));
    let other = aiguilleur::store::Commit { fingerprint: [1; 16], ..first };
    assert_eq!(store.commit(&weppes(), other).await, Err(StoreError::IdemMismatch));
    assert_eq!(store.trim(&weppes(), 0).await, Ok(0));
    assert!(!disk.state().dead, "the disk was not touched");
    assert_eq!(store.health().await.fault, None);
}
