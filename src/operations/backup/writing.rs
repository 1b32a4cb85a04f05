//! Writing a backup file: one pass over what the store gives, counted and digested on the way.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;

use super::super::digest::hex;
use super::form::{End, Exact, FORM, Head, Line};
use super::{BackupError, Counts, Summary};
use crate::domain::TerritoryId;
use crate::domain::time::millis;
use crate::durable_file;
use crate::seal::{blob_names, wrapped_under};
use crate::store::{Export, Kept, StoreError};

/// Writes `export` into the new file `path`. Waits for the store on `runtime`, which it is not a thread of.
pub(super) fn write(
    path: &Path,
    territory: &TerritoryId,
    made_at: DateTime<Utc>,
    export: Export,
    runtime: &Handle,
) -> Result<Summary, BackupError> {
    let unwritten = BackupError::file(path);
    if path.try_exists().map_err(&unwritten)? {
        return Err(BackupError::Exists(path.to_owned()));
    }
    let draft = durable_file::draft_of(path).map_err(&unwritten)?;
    let Export { schema, epoch, tail, mut items } = export;
    let mut text = Text::new(draft.as_file());
    let head = Head {
        aiguilleur_backup: FORM,
        schema,
        territory: territory.clone(),
        epoch: epoch.clone(),
        seq: tail.seq,
        at: tail.at,
        chain: tail.chain.clone(),
        made_at: millis(made_at),
    };
    text.line(&head).map_err(&unwritten)?;
    let (mut counts, mut keys) = (Counts::default(), BTreeSet::new());
    while let Some(kept) = runtime.block_on(items.next()) {
        let kept = kept?;
        if let Kept::Blob { name, bytes } = &kept
            && blob_names::is_wrapped_key(name)
        {
            let key = wrapped_under(bytes).map_err(|fault| StoreError::Corrupt(format!("{name}: {fault}")))?;
            keys.insert(key.to_string());
        }
        count(&mut counts, &kept);
        text.kept(&kept).map_err(&unwritten)?;
    }
    let sha256 = text.digest_so_far();
    text.line(&Line::End(End { counts, keys: keys.clone(), sha256: sha256.clone() })).map_err(&unwritten)?;
    text.finish().map_err(&unwritten)?;
    draft.as_file().sync_all().map_err(&unwritten)?;
    durable_file::publish(draft, path).map_err(&unwritten)?;
    Ok(Summary { territory: territory.clone(), epoch, tail, made_at, counts, keys, sha256 })
}

pub(super) fn count(counts: &mut Counts, kept: &Kept) {
    *match kept {
        Kept::Record(_) => &mut counts.records,
        Kept::Event(_) => &mut counts.events,
        Kept::Timer { .. } => &mut counts.timers,
        Kept::Blob { .. } => &mut counts.blobs,
    } += 1;
}

/// Lines on their way into the file.
struct Text<'a> {
    file: GzEncoder<BufWriter<&'a File>>,
    digest: Sha256,
    line: Vec<u8>,
}

impl<'a> Text<'a> {
    fn new(file: &'a File) -> Self {
        let file = GzEncoder::new(BufWriter::new(file), Compression::default());
        Self { file, digest: Sha256::new(), line: Vec::new() }
    }

    fn kept(&mut self, kept: &Kept) -> io::Result<()> {
        match kept {
            Kept::Record(record) => {
                let (key, body) = (record.key.to_string().into(), Exact::of(&record.body));
                self.line(&Line::Record { key, version: record.version, body })
            }
            Kept::Event(event) => self.line(&Line::Event {
                seq: event.seq,
                at: event.at,
                kind: event.kind.as_str().into(),
                chain: event.chain.as_str().into(),
                body: Exact::of(&event.body),
            }),
            Kept::Timer { timer, at } => self.line(&Line::Timer { timer: timer.to_string().into(), at: *at }),
            Kept::Blob { name, bytes } => {
                self.line(&Line::Blob { name: name.as_str().into(), bytes: Exact::of(bytes) })
            }
        }
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line)?;
        self.line.push(b'\n');
        self.digest.update(&self.line);
        self.file.write_all(&self.line)
    }

    fn digest_so_far(&self) -> String {
        hex(&self.digest)
    }

    fn finish(self) -> io::Result<()> {
        self.file.finish()?.flush()
    }
}
