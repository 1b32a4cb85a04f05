//! The audit, handed out: a stretch of the event stream as JSON lines, each as `GET T/audit` shows it, and a last line that
//! counts them, digests them and signs. Stretches that follow one another name each other's digest, so that none can be taken
//! out unseen. What names or describes a patient is not in the stream, and so not in here; the reasons people wrote are
//! references to sealed texts.
//!
//! The chain values are those of the store: they find accidents. The signature is made with a key derived from that of the
//! digests: it shows whoever has that key that the stretch was made by this service and is as it was.
//!
//! Start reading at [`export`].

mod segment;
mod trimming;

use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, SubsecRound as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::digest::hex;
use crate::domain::{RecordedEvent, TerritoryId, time::Zone};
use crate::durable_file;
use crate::seal::Signer;
use crate::store::{Seq, Store, StoreError, codec};

use segment::Closing;
pub use segment::{Segment, verify, verify_all};
pub use trimming::{Trimmed, trim};

/// Events read at once.
const PAGE: usize = 1_000;

/// Why the audit cannot be handed out, or is not believed. In French: whoever runs the service reads it.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A file cannot be read or written.
    #[error("{} : {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// Nothing is ever written over.
    #[error("{} existe déjà : un export n'en remplace jamais un autre, choisissez un autre nom", .0.display())]
    Exists(PathBuf),
    /// A stretch is not as it was made.
    #[error("{}, ligne {line} : {fault}", path.display())]
    Refused {
        /// Which.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong there.
        fault: String,
    },
    /// Nothing happened there.
    #[error("aucun événement dans cet intervalle : rien n'est écrit")]
    Nothing,
    /// What should be handed out was trimmed.
    #[error("l'audit commence à l'événement {first} : ceux d'avant ont été élagués, leur archive les garde")]
    Trimmed {
        /// The first that is kept.
        first: Seq,
    },
    /// The store failed.
    #[error("le magasin ne répond pas comme attendu : {0}")]
    Store(#[from] StoreError),
}

impl AuditError {
    fn file(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), error }
    }
}

/// One end of a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// This event.
    Event(Seq),
    /// The first, or the last, of this day of the territory's calendar.
    Day(NaiveDate),
}

/// Which stretch of the stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Its first event; none: the first that is kept.
    pub from: Option<End>,
    /// Its last; none: the last there is.
    pub to: Option<End>,
}

/// A line of the audit, as `GET T/audit` shows it.
#[derive(Debug, Serialize)]
struct Line<'a> {
    seq: Seq,
    at: chrono::DateTime<chrono::FixedOffset>,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    practitioner: Option<String>,
    actor: &'a str,
    role: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    chain: &'a str,
}

impl<'a> Line<'a> {
    fn of(recorded: &'a RecordedEvent, zone: Zone) -> Self {
        let event = &recorded.event;
        Self {
            seq: recorded.seq,
            at: zone.local(recorded.at.trunc_subsecs(0)),
            kind: event.kind.code(),
            slot: event.concerns.slot.map(|id| id.to_string()),
            request: event.concerns.request.map(|id| id.to_string()),
            appointment: event.concerns.appointment.map(|id| id.to_string()),
            practitioner: event.concerns.practitioner.map(|rpps| rpps.to_string()),
            actor: &event.actor.id,
            role: event.actor.role.code(),
            reason: event.reason.as_deref(),
            chain: &recorded.chain,
        }
    }
}

/// Hands out a stretch of a territory's audit as a new file, which only its owner may read. `after` is the stretch it follows:
/// it then begins where that one ends, and names its digest.
///
/// # Errors
/// [`AuditError`]; no file is left then.
pub async fn export(
    store: &dyn Store,
    territory: &TerritoryId,
    zone: Zone,
    stretch: Stretch,
    after: Option<&Segment>,
    signer: &Signer,
    out: &Path,
) -> Result<Segment, AuditError> {
    let unwritten = AuditError::file(out);
    if out.try_exists().map_err(&unwritten)? {
        return Err(AuditError::Exists(out.to_owned()));
    }
    let draft = durable_file::draft_of(out).map_err(&unwritten)?;
    let mut file = io::BufWriter::new(draft.as_file());
    let (mut digest, mut line) = (Sha256::new(), Vec::new());
    let mut ends: Option<(Seq, Seq, String)> = None;
    let mut read_to = match (after, stretch.from) {
        (Some(before), _) => before.last,
        (None, Some(End::Event(first))) => first.saturating_sub(1),
        (None, _) => 0,
    };
    loop {
        let page = store.events(territory, read_to, PAGE).await?;
        if read_to + 1 < page.first && (after.is_some() || matches!(stretch.from, Some(End::Event(_)))) {
            return Err(AuditError::Trimmed { first: page.first });
        }
        let Some(newest) = page.events.last().map(|event| event.seq) else { break };
        for stored in &page.events {
            let recorded = codec::decode_event(stored)?;
            if !stretch.holds(&recorded, zone) {
                continue;
            }
            line.clear();
            serde_json::to_writer(&mut line, &Line::of(&recorded, zone)).map_err(|e| unwritten(e.into()))?;
            line.push(b'\n');
            digest.update(&line);
            file.write_all(&line).map_err(&unwritten)?;
            let first = ends.as_ref().map_or(recorded.seq, |(first, ..)| *first);
            ends = Some((first, recorded.seq, recorded.chain));
        }
        read_to = newest;
    }
    let (first, last, chain) = ends.ok_or(AuditError::Nothing)?;
    let previous = after.map(|segment| segment.sha256.clone());
    let closing = Closing::new(territory, (first, last), chain, hex(&digest), previous, signer);
    serde_json::to_writer(&mut file, &closing).map_err(|e| unwritten(e.into()))?;
    file.write_all(b"\n").and_then(|()| file.flush()).map_err(&unwritten)?;
    drop(file);
    draft.as_file().sync_all().map_err(&unwritten)?;
    durable_file::publish(draft, out).map_err(&unwritten)?;
    Ok(closing.into())
}

impl Stretch {
    fn holds(&self, event: &RecordedEvent, zone: Zone) -> bool {
        let day = zone.day(event.at);
        let begun = self.from.is_none_or(|from| match from {
            End::Event(first) => first <= event.seq,
            End::Day(first) => first <= day,
        });
        let over = self.to.is_some_and(|to| match to {
            End::Event(last) => last < event.seq,
            End::Day(last) => last < day,
        });
        begun && !over
    }
}
