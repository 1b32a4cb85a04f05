//! The embedded store: the conformance suite, and what only a file can get wrong.

use std::path::Path;
use std::sync::Arc;

use aiguilleur::clock::{Clock, ManualClock};
use aiguilleur::store::{EmbeddedStore, OpenError, Store, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use tempfile::TempDir;

use super::conformance::{Bench, conformance};
use super::sample::*;

fn morning() -> DateTime<Utc> {
    "2026-11-24T08:00:00Z".parse().expect("an instant")
}

fn open(folder: &Path, clock: &Arc<ManualClock>) -> Result<EmbeddedStore, OpenError> {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    EmbeddedStore::open(folder, clock)
}

struct InFolder {
    store: Option<Arc<dyn Store>>,
    clock: Arc<ManualClock>,
    folder: TempDir,
}

impl InFolder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(ManualClock::at(morning()));
        let store = open(folder.path(), &clock).expect("opens");
        Self { store: Some(Arc::new(store)), clock, folder }
    }
}

impl Bench for InFolder {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(self.store.as_ref().expect("open"))
    }
    async fn reopen(&mut self, clock_moves: TimeDelta) {
        self.store = None;
        self.clock = Arc::new(ManualClock::at(self.clock.now() + clock_moves));
        self.store = Some(Arc::new(open(self.folder.path(), &self.clock).expect("opens again")));
    }
    fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }
}

conformance!(conforms, async || super::InFolder::new());

#[tokio::test]
async fn a_second_opener_is_told_that_the_folder_is_in_use() {
    let bench = InFolder::new();
    let second = open(bench.folder.path(), &bench.clock);
    let Err(error @ OpenError::InUse(_)) = second else { panic!("{second:?}") };
    assert!(error.to_string().contains("another process has this data folder open"), "{error}");
    // The first is none the worse for it.
    let store = bench.store();
    done(&*store, &weppes(), put(&*store, "1", &[(key("a"), 0)], "x")).await;
}

#[tokio::test]
async fn data_of_another_schema_are_refused_and_left_alone() {
    let mut bench = InFolder::new();
    bench.store = None;
    let file = bench.folder.path().join("state.redb");
    set_schema(&file, "999");
    let refused = open(bench.folder.path(), &bench.clock);
    assert!(matches!(&refused, Err(OpenError::Schema { found, .. }) if found == "999"), "{refused:?}");
    set_schema(&file, &aiguilleur::domain::record::SCHEMA.to_string());
    assert!(open(bench.folder.path(), &bench.clock).is_ok());
}

fn set_schema(file: &Path, schema: &str) {
    let meta: redb::TableDefinition<'_, &str, &str> = redb::TableDefinition::new("meta");
    let database = redb::Database::open(file).expect("opens");
    let write = database.begin_write().expect("begins");
    write.open_table(meta).expect("a table").insert("schema", schema).expect("writes");
    write.commit().expect("commits");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state.redb");
    std::fs::write(&file, "something else").expect("writes");
    let clock = Arc::new(ManualClock::at(morning()));
    assert!(open(folder.path(), &clock).is_err());
    assert_eq!(std::fs::read(&file).expect("reads"), b"something else");
}

#[cfg(unix)]
#[tokio::test]
async fn the_data_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("made/by/us");
    let store = open(&folder, &Arc::new(ManualClock::at(morning()))).expect("opens");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("state.redb"))), (0o700, 0o600));
    assert_eq!(std::fs::read_dir(&folder).expect("reads").count(), 1, "no draft is left");
    drop(store);
}

#[tokio::test]
async fn closing_finishes_what_was_accepted() {
    let mut bench = InFolder::new();
    let weppes = weppes();
    {
        let store = bench.store();
        for number in 0..100 {
            // Asked once, which puts it into the queue; then the caller goes away. (tokio lets a task send 128 times in a go.)
            let call = put(&*store, number, &[(key(number), 0)], "x");
            assert_eq!(store.commit(&weppes, call).now_or_never(), None);
        }
    }
    bench.reopen(TimeDelta::zero()).await;
    assert_eq!(records(&*bench.store(), &weppes).await.len(), 100);
}

#[tokio::test]
async fn a_store_in_memory_serves_as_any_other() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(morning()));
    let store = EmbeddedStore::in_memory(clock).expect("opens");
    done(&store, &weppes(), put(&store, "1", &[(key("a"), 0)], "x")).await;
    assert_eq!(load(&store, &weppes(), "a").await.version, 1);
    let other = aiguilleur::store::Commit { fingerprint: [0; 16], ..commit(&store, "1") };
    assert_eq!(refused(&store, &weppes(), other).await, StoreError::IdemMismatch);
}
