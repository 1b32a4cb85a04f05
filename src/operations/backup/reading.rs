//! Reading a backup file line by line: nothing is handed on that this version could not keep, and the whole is only good
//! once its last line agrees.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use super::super::digest::hex;
use super::form::{End, FORM, FormOf, Head, Line};
use super::writing::count;
use super::{BackupError, Counts, Summary};
use crate::domain::time::from_millis;
use crate::domain::{RecordKey, Timer, record};
use crate::seal::{blob_names, wrapped_under};
use crate::store::{Kept, StoreError, StoredEvent, Tail, Versioned, chain, codec};

/// Longest line: far above any record, far below what would hurt.
const LINE_MAX: u64 = 16 * 1024 * 1024;

/// A backup file being read.
pub(super) struct Reader {
    lines: Lines,
    head: Head,
    digest: Sha256,
    counts: Counts,
    keys: BTreeSet<String>,
    /// Where the events read so far end.
    events_end: Option<Tail>,
    end: Option<End>,
}

impl Reader {
    /// Opens a file and reads its first line.
    pub(super) fn open(path: &Path) -> Result<Self, BackupError> {
        let file = File::open(path).map_err(BackupError::file(path))?;
        let text = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
        let mut lines = Lines { path: path.to_owned(), text, line: Vec::new(), number: 0 };
        if !lines.advance()? {
            return Err(lines.refused("le fichier est vide"));
        }
        let not_ours = "ce n'est pas une sauvegarde d'Aiguilleur";
        let FormOf { aiguilleur_backup: form } =
            serde_json::from_slice(&lines.line).map_err(|_| lines.refused(not_ours))?;
        if form != FORM {
            let fault = format!(
                "la sauvegarde est de forme {form}, cette version du service lit la forme {FORM} : utilisez la version qui l'a faite"
            );
            return Err(lines.refused(fault));
        }
        let head: Head = serde_json::from_slice(&lines.line).map_err(|_| lines.refused(not_ours))?;
        if head.schema != record::SCHEMA {
            let fault = format!(
                "les données ont le schéma {}, cette version du service lit le schéma {} : utilisez la version qui les a faites",
                head.schema,
                record::SCHEMA
            );
            return Err(lines.refused(fault));
        }
        let mut digest = Sha256::new();
        digest.update(&lines.line);
        let (counts, keys) = (Counts::default(), BTreeSet::new());
        Ok(Self { lines, head, digest, counts, keys, events_end: None, end: None })
    }

    /// The next thing kept; none after the last line, once all of it agrees.
    pub(super) fn next_item(&mut self) -> Result<Option<Kept>, BackupError> {
        if self.end.is_some() {
            return Ok(None);
        }
        if !self.lines.advance()? {
            return Err(self.lines.refused("la sauvegarde s'arrête ici, sans sa dernière ligne : elle est tronquée"));
        }
        let line = match serde_json::from_slice(&self.lines.line) {
            Ok(line) => line,
            // serde's own message may quote what stands there.
            Err(error) => {
                let fault = format!("illisible (colonne {}) : le fichier est abîmé", error.column());
                return Err(self.lines.refused(fault));
            }
        };
        let kept = match self.kept(line) {
            Ok(Some(kept)) => kept,
            Ok(None) => return self.close(),
            Err(fault) => return Err(self.lines.refused(fault)),
        };
        self.digest.update(&self.lines.line);
        count(&mut self.counts, &kept);
        Ok(Some(kept))
    }

    /// What the file held, once all of it was read.
    pub(super) fn summary(self) -> Result<Summary, BackupError> {
        let Self { lines, head, keys, counts, end, .. } = self;
        let Some(end) = end else { return Err(lines.refused("lu en partie seulement")) };
        Ok(Summary {
            tail: Tail { seq: head.seq, at: head.at, chain: head.chain },
            territory: head.territory,
            epoch: head.epoch,
            made_at: from_millis(head.made_at),
            counts,
            keys,
            sha256: end.sha256,
        })
    }

    /// What a line holds; none for the last one, which is put aside.
    fn kept(&mut self, line: Line<'_>) -> Result<Option<Kept>, String> {
        Ok(Some(match line {
            Line::Record { key, version, body } => {
                let key: RecordKey = key.parse().map_err(|_| format!("« {key} » n'est pas une clé de fiche"))?;
                let body = body.into_bytes();
                codec::decode_record(&key, &body).map_err(|_| format!("la fiche {key} est illisible"))?;
                if version == 0 {
                    return Err(format!("la fiche {key} n'a pas de version"));
                }
                Kept::Record(Versioned { key, version, body })
            }
            Line::Event { seq, at, kind, chain, body } => {
                let (kind, chain) = (kind.into_owned(), chain.into_owned());
                Kept::Event(self.follows(StoredEvent { seq, at, kind, body: body.into_bytes(), chain })?)
            }
            Line::Timer { timer, at } => {
                let timer: Timer = timer.parse().map_err(|_| format!("« {timer} » n'est pas une échéance"))?;
                Kept::Timer { timer, at }
            }
            Line::Blob { name, bytes } => {
                let (name, bytes) = (name.into_owned(), bytes.into_bytes());
                if blob_names::is_wrapped_key(&name) {
                    let key = wrapped_under(&bytes).map_err(|_| format!("la clé scellée {name} est illisible"))?;
                    self.keys.insert(key.to_string());
                }
                Kept::Blob { name, bytes }
            }
            Line::End(end) => {
                self.end = Some(end);
                return Ok(None);
            }
        }))
    }

    /// An event that comes right after the one before it, and whose chain value follows from it.
    fn follows(&mut self, event: StoredEvent) -> Result<StoredEvent, String> {
        codec::decode_event(&event).map_err(|_| format!("l'événement {} est illisible", event.seq))?;
        let before = match &self.events_end {
            Some(before) => Some((before.seq, before.at, before.chain.as_str())),
            // The first of all follows from nothing; the first that was kept cannot be held against the one before.
            None => (event.seq == 1).then_some((0, event.at, chain::START)),
        };
        if let Some((seq, at, chain)) = before {
            if event.seq != seq + 1 {
                return Err(format!("l'événement {} suit l'événement {seq} : il en manque", event.seq));
            }
            let expected = chain::link(chain, event.seq, event.at, &event.kind, &event.body);
            if event.at < at || event.chain != expected {
                return Err(format!("l'événement {} ne découle pas du précédent : il a été altéré", event.seq));
            }
        }
        self.events_end = Some(Tail { seq: event.seq, at: event.at, chain: event.chain.clone() });
        Ok(event)
    }

    /// Holds the last line against all that was read.
    fn close(&mut self) -> Result<Option<Kept>, BackupError> {
        let Some(end) = &self.end else { return Ok(None) };
        let head = Tail { seq: self.head.seq, at: self.head.at, chain: self.head.chain.clone() };
        // Where every event was trimmed, the first line alone says where the stream ends.
        let stream_ends_there = self.events_end.as_ref().is_none_or(|end| *end == head);
        let fault = if end.counts != self.counts || end.keys != self.keys {
            "le compte de la dernière ligne n'est pas celui du fichier : il y manque, ou il y a en trop, des lignes"
        } else if end.sha256 != hex(&self.digest) {
            "l'empreinte de la dernière ligne n'est pas celle du fichier : il a été altéré"
        } else if !stream_ends_there {
            "le dernier événement n'est pas celui que la première ligne annonce"
        } else if self.lines.advance()? {
            "il y a quelque chose après la dernière ligne"
        } else {
            return Ok(None);
        };
        Err(self.lines.refused(fault))
    }
}

/// The lines of the uncompressed text.
struct Lines {
    path: PathBuf,
    text: BufReader<MultiGzDecoder<BufReader<File>>>,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    /// Reads the next line; false at the end.
    fn advance(&mut self) -> Result<bool, BackupError> {
        self.line.clear();
        self.number += 1;
        let read = (&mut self.text).take(LINE_MAX).read_until(b'\n', &mut self.line);
        match read {
            Ok(0) => Ok(false),
            Ok(_) if self.line.ends_with(b"\n") => Ok(true),
            Ok(_) if u64::try_from(self.line.len()).is_ok_and(|length| length >= LINE_MAX) => {
                Err(self.refused("ligne trop longue : ce n'est pas une sauvegarde d'Aiguilleur"))
            }
            Ok(_) => Err(self.refused("la ligne s'arrête au milieu : la sauvegarde est tronquée")),
            Err(error) => Err(self.refused(format!("le fichier compressé est abîmé ou tronqué ({error})"))),
        }
    }

    fn refused(&self, fault: impl Into<String>) -> BackupError {
        BackupError::Refused { path: self.path.clone(), line: self.number, fault: fault.into() }
    }
}

impl From<BackupError> for StoreError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Store(error) => error,
            other => Self::Corrupt(other.to_string()),
        }
    }
}
