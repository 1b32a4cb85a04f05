//! A folder of backups: one file for each territory, and the manifest that says which. The manifest is written last: a folder
//! without one holds no finished backup.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::form::FORM;
use super::{BackupError, Counts, Summary, back_up, restore, verify};
use crate::domain::TerritoryId;
use crate::durable_file;
use crate::seal::Kek;
use crate::store::{Seq, Store};

/// Its name in the folder.
const MANIFEST: &str = "manifest.json";

/// The manifest.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    aiguilleur_backup: u32,
    territories: Vec<Listed>,
}

/// One territory in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    territory: TerritoryId,
    file: String,
    made_at: DateTime<Utc>,
    seq: Seq,
    chain: String,
    counts: Counts,
    keys: BTreeSet<String>,
    sha256: String,
}

/// A territory's backup, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// The file.
    pub file: PathBuf,
    /// What it holds.
    pub summary: Summary,
}

/// Backs up territories, one after another, into a folder that holds no backup yet; it is made where it is missing.
///
/// # Errors
/// [`BackupError`]; without a manifest the folder is no backup.
pub async fn back_up_all(
    store: &dyn Store,
    territories: &[TerritoryId],
    folder: &Path,
) -> Result<Vec<BackedUp>, BackupError> {
    let manifest = folder.join(MANIFEST);
    durable_file::make_folder(folder).map_err(BackupError::file(folder))?;
    if manifest.try_exists().map_err(BackupError::file(&manifest))? {
        return Err(BackupError::Exists(manifest));
    }
    let mut made = Vec::new();
    for territory in territories {
        let file = folder.join(format!("{territory}.jsonl.gz"));
        let summary = back_up(store, territory, &file).await?;
        made.push(BackedUp { file, summary });
    }
    write_manifest(&manifest, &made).map_err(BackupError::file(&manifest))?;
    Ok(made)
}

fn write_manifest(path: &Path, made: &[BackedUp]) -> std::io::Result<()> {
    let listed = |BackedUp { file, summary }: &BackedUp| Listed {
        territory: summary.territory.clone(),
        file: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        made_at: summary.made_at,
        seq: summary.tail.seq,
        chain: summary.tail.chain.clone(),
        counts: summary.counts,
        keys: summary.keys.clone(),
        sha256: summary.sha256.clone(),
    };
    let manifest = Manifest { aiguilleur_backup: FORM, territories: made.iter().map(listed).collect() };
    let mut draft = durable_file::draft_of(path)?;
    serde_json::to_writer_pretty(&mut draft, &manifest)?;
    draft.write_all(b"\n")?;
    draft.as_file().sync_all()?;
    durable_file::publish(draft, path)
}

/// The files of a backup: those its manifest lists, or the one file given.
fn listed(from: &Path) -> Result<Vec<(PathBuf, Option<Listed>)>, BackupError> {
    if from.is_file() {
        return Ok(vec![(from.to_owned(), None)]);
    }
    let path = from.join(MANIFEST);
    let text = fs::read(&path).map_err(BackupError::file(&path))?;
    let refused = |line, fault: String| BackupError::Refused { path: path.clone(), line, fault };
    let Manifest { aiguilleur_backup, territories } = serde_json::from_slice(&text).map_err(|error| {
        refused(u64::try_from(error.line()).unwrap_or(1), "ce n'est pas le manifeste d'une sauvegarde".to_owned())
    })?;
    if aiguilleur_backup != FORM {
        return Err(refused(
            1,
            format!("le manifeste est de forme {aiguilleur_backup}, cette version lit la forme {FORM}"),
        ));
    }
    territories
        .into_iter()
        .map(|listed| {
            // A name, not a path: a manifest leads nowhere else.
            match Path::new(&listed.file).file_name() {
                Some(name) if name == listed.file.as_str() => Ok((from.join(name), Some(listed))),
                _ => Err(refused(1, format!("« {} » n'est pas le nom d'un fichier de ce dossier", listed.file))),
            }
        })
        .collect()
}

/// Verifies every file of a backup.
///
/// # Errors
/// The first that is not as it should be.
pub async fn verify_all(from: &Path) -> Result<Vec<BackedUp>, BackupError> {
    let mut verified = Vec::new();
    for (file, listed) in listed(from)? {
        let summary = verify(&file).await?;
        let as_listed = listed.is_none_or(|listed| {
            listed.territory == summary.territory
                && (listed.seq, &listed.chain) == (summary.tail.seq, &summary.tail.chain)
                && listed.sha256 == summary.sha256
        });
        if !as_listed {
            return Err(BackupError::OtherThanListed(file));
        }
        verified.push(BackedUp { file, summary });
    }
    Ok(verified)
}

/// Brings every territory of a backup back into a store that holds nothing of any. All files are verified, and held against
/// the keys at hand, before anything is written.
///
/// # Errors
/// [`BackupError`]; territories brought back before the one that failed stay.
pub async fn restore_all(store: &dyn Store, from: &Path, keys: Option<&Kek>) -> Result<Vec<BackedUp>, BackupError> {
    let backups = verify_all(from).await?;
    for BackedUp { summary, .. } in &backups {
        if let Some(keys) = keys {
            summary.opens_with(keys)?;
        }
        if store.events(&summary.territory, 0, 1).await?.last > 0 {
            return Err(BackupError::NotEmpty(summary.territory.clone()));
        }
    }
    for BackedUp { file, .. } in &backups {
        restore(store, file).await?;
    }
    Ok(backups)
}
