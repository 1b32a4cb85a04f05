//! A file that others change while the service runs: looked at every two seconds.

use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// How often a file is looked at.
const EVERY: Duration = Duration::from_secs(2);

/// What tells one state of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    modified: Option<SystemTime>,
    bytes: u64,
    number: (u64, i64, i64),
}

/// A file as it was when it was last read.
#[derive(Debug, Clone)]
pub(super) struct WatchedFile {
    pub(super) path: PathBuf,
    seen: Option<Mark>,
}

impl WatchedFile {
    /// A file about to be read for the first time.
    pub(super) fn new(path: PathBuf) -> Self {
        let seen = mark(&path);
        Self { path, seen }
    }

    /// Calls `changed` after each change, one after the other, until `stop` says so.
    pub(super) async fn follow<F: Future<Output = ()>>(
        mut self,
        mut stop: watch::Receiver<bool>,
        changed: impl Fn() -> F,
    ) {
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stop.wait_for(|stopped| *stopped) => return,
                _ = tick.tick() => {}
            }
            // Taken before the file is read: a change in between is seen the next time.
            let now = mark(&self.path);
            if now != self.seen {
                self.seen = now;
                changed().await;
            }
        }
    }
}

/// None where there is no file.
fn mark(path: &std::path::Path) -> Option<Mark> {
    let file = std::fs::metadata(path).ok()?;
    Some(Mark { modified: file.modified().ok(), bytes: file.len(), number: number(&file) })
}

/// The file's number, and when anything of it last changed: a file put in another's place has another.
#[cfg(unix)]
fn number(file: &std::fs::Metadata) -> (u64, i64, i64) {
    use std::os::unix::fs::MetadataExt as _;
    (file.ino(), file.ctime(), file.ctime_nsec())
}

/// Windows tells neither without opening the file.
#[cfg(not(unix))]
fn number(_file: &std::fs::Metadata) -> (u64, i64, i64) {
    (0, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_put_in_anothers_place_is_another_even_of_the_same_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        assert_eq!(mark(&path), None);
        std::fs::write(&path, "one").unwrap();
        let first = mark(&path);
        assert_eq!(first, mark(&path));
        let other = folder.path().join("other");
        std::fs::write(&other, "two").unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert_ne!(first, mark(&path));
    }
}
