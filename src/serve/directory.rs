//! The practitioners of a running service's territories: read at its start, and again whenever a file changes.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::watch;

use super::directory_file;
use super::watched_file::WatchedFile;
use crate::booking::{Booking, Call};
use crate::domain::{Practitioner, Rpps, Territory};

/// One territory's file.
pub(super) fn file_of(folder: &Path, territory: &Territory) -> PathBuf {
    folder.join(format!("{}.csv", territory.id))
}

/// The practitioners of a file; none where there is no file.
///
/// # Errors
/// A file that cannot be read, its faults line by line.
pub(super) fn read(path: &Path, territory: &Territory) -> anyhow::Result<Option<Vec<Practitioner>>> {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes)
            .map_err(|_| anyhow::anyhow!("{} n'est pas en UTF-8 : enregistrez-le ainsi", path.display()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tracing::warn!(territory = %territory.id, file = %path.display(), "no file of practitioners");
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| format!("{} ne peut pas être lu", path.display())),
    };
    directory_file::parse(&text, territory).map(Some).with_context(|| format!("{} a des défauts", path.display()))
}

/// Lists the practitioners of a file. Where there is no file, nothing is said of them.
///
/// # Errors
/// As [`read`]; a store that fails.
pub(super) async fn list(path: &Path, booking: &Booking) -> anyhow::Result<()> {
    let territory = &booking.territory;
    let Some(listed) = read(path, territory)? else { return Ok(()) };
    let (changed, unlisted) = booking.view.read(|state| {
        let known = |practitioner: &&Practitioner| {
            state.directory.get(practitioner.rpps).is_some_and(|known| **known == **practitioner)
        };
        let changed: Vec<_> = listed.iter().filter(|practitioner| !known(practitioner)).cloned().collect();
        let numbers: HashSet<Rpps> = listed.iter().map(|practitioner| practitioner.rpps).collect();
        let known = state.directory.all().map(|practitioner| practitioner.rpps);
        let unlisted: Vec<_> = known.filter(|rpps| !numbers.contains(rpps)).collect();
        (changed, unlisted)
    });
    let wrong_keys = listed.iter().filter(|practitioner| !practitioner.rpps.key_is_right()).count();
    if wrong_keys > 0 {
        tracing::warn!(territory = %territory.id, count = wrong_keys, "RPPS numbers whose key is wrong: check them");
    }
    if !unlisted.is_empty() {
        tracing::warn!(territory = %territory.id, rpps = ?unlisted, "practitioners no longer in their file stay listed");
    }
    let count = changed.len();
    booking.list_practitioners(&Call::of_service(), changed).await.context("l'annuaire ne peut pas être écrit")?;
    tracing::info!(territory = %territory.id, practitioners = listed.len(), changed = count, "practitioners listed");
    Ok(())
}

/// Reads a file again whenever it changes, until `stop` says so. A faulty file changes nothing.
pub(super) async fn follow(watched: WatchedFile, booking: Arc<Booking>, stop: watch::Receiver<bool>) {
    let path = watched.path.clone();
    watched
        .follow(stop, || async {
            if let Err(error) = list(&path, &booking).await {
                tracing::error!(territory = %booking.territory.id, "practitioners not read again: {error:#}");
            }
        })
        .await;
}
