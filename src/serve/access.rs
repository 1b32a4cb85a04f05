//! The access keys of a running service: read at its start, and again whenever their file changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;

use super::watched_file::WatchedFile;
use crate::http::AppState;
use crate::identity::KeyRing;
use crate::identity::key_ring_file::{self, KeyRingFileError};

/// The keys of a file; none yet where there is no file.
///
/// # Errors
/// A file that cannot be read, that others may read, or that is wrong.
pub(super) fn read(path: &Path) -> Result<KeyRing, KeyRingFileError> {
    match key_ring_file::read(path) {
        Err(KeyRingFileError::Missing(_)) => {
            tracing::warn!(file = %path.display(), "no access key yet: nobody can call; make one by « aiguilleur key new »");
            Ok(KeyRing::default())
        }
        read => read,
    }
}

/// Reads the file again whenever it changes, until `stop` says so. A file that cannot be used changes nothing.
pub(super) async fn follow(watched: WatchedFile, state: Arc<AppState>, stop: watch::Receiver<bool>) {
    let path: PathBuf = watched.path.clone();
    watched
        .follow(stop, || async {
            match key_ring_file::read(&path) {
                Ok(ring) => {
                    state.identity.replace_accounts(ring.accounts());
                    tracing::info!(keys = ring.accounts().count(), "access keys read again");
                }
                Err(error) => tracing::error!(%error, "access keys not read again: those of before stay in force"),
            }
        })
        .await;
}
