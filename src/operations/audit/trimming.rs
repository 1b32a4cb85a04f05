//! Old events leave the stream only once somebody holds them: never by themselves, only by command, and only those a verified
//! archive has with the chain values of the store, and whose time is over.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{AuditError, PAGE, verify};
use crate::domain::retention::KeptSubject;
use crate::domain::time::from_millis;
use crate::domain::{Retention, TerritoryId};
use crate::seal::Signer;
use crate::store::{Seq, Store};

/// What was trimmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trimmed {
    /// How many events went.
    pub events: u64,
    /// How many more have had their time and are in no archive that was shown.
    pub not_archived: u64,
}

/// Trims the events of a territory whose time is over and which `archives` hold.
///
/// # Errors
/// [`AuditError`] when an archive is not as it was made, is of another territory or of another history; nothing is trimmed
/// then.
pub async fn trim(
    store: &dyn Store,
    territory: &TerritoryId,
    retention: &Retention,
    archives: &[PathBuf],
    signer: &Signer,
) -> Result<Trimmed, AuditError> {
    let mut archived: BTreeMap<Seq, String> = BTreeMap::new();
    for path in archives {
        let segment = verify(path, Some(signer), |seq, chain| {
            archived.insert(seq, chain.to_owned());
        })?;
        if segment.territory != *territory {
            let fault = format!("cet export est du territoire {}", segment.territory);
            return Err(AuditError::Refused { path: path.clone(), line: 1, fault });
        }
    }
    let now = from_millis(store.now());
    let (mut up_to, mut not_archived, mut gap) = (0, 0, false);
    let mut read_to = 0;
    'stream: loop {
        let page = store.events(territory, read_to, PAGE).await?;
        let Some(newest) = page.events.last().map(|event| event.seq) else { break };
        for event in &page.events {
            let over = retention.end(KeptSubject::AuditEvent, from_millis(event.at)).is_some_and(|end| end <= now);
            if !over {
                break 'stream;
            }
            match archived.get(&event.seq) {
                Some(chain) if *chain != event.chain => {
                    return Err(AuditError::Refused {
                        path: archives.first().cloned().unwrap_or_default(),
                        line: 1,
                        fault: format!("l'événement {} y est d'une autre histoire que celle du magasin", event.seq),
                    });
                }
                Some(_) if !gap => up_to = event.seq,
                _ => {
                    gap = true;
                    not_archived += 1;
                }
            }
        }
        read_to = newest;
    }
    let events = if up_to > 0 { store.trim(territory, up_to).await? } else { 0 };
    Ok(Trimmed { events, not_archived })
}
