//! What whoever makes a commit must have seen to, the same for every store.

use std::collections::BTreeMap;

use super::{Commit, StoreError, WRITES_MAX, Write};
use crate::domain::RecordKey;

/// The version each guarded record must have, when the commit keeps to its contract; else [`StoreError::Malformed`].
pub(super) fn check(commit: &Commit) -> Result<BTreeMap<&RecordKey, u64>, StoreError> {
    if commit.writes.len() > WRITES_MAX {
        return Err(StoreError::Malformed(format!("{} writes, {WRITES_MAX} at most", commit.writes.len())));
    }
    let guarded: BTreeMap<&RecordKey, u64> = commit.guards.iter().map(|(key, version)| (key, *version)).collect();
    for write in &commit.writes {
        match write {
            Write::Put { key, .. } | Write::Delete { key } if !guarded.contains_key(key) => {
                return Err(StoreError::Malformed(format!("{key} is written without a guard")));
            }
            Write::Put { .. } | Write::Delete { .. } | Write::Timer { .. } | Write::Blob { .. } => {}
        }
    }
    Ok(guarded)
}
