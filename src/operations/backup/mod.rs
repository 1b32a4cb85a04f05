//! Backups: each territory in a file of its own, written while the service runs, of one point of its stream; and the way
//! back, into a store that holds nothing of it. The form knows nothing of stores: what one store wrote another reads.
//!
//! A backup holds operational facts and ciphertext. The keys are never in it: without the key-encryption key it was sealed
//! under, nothing sealed can be read again. Its digest finds accidents, not somebody who writes another digest.
//!
//! Start reading at [`back_up`] and [`restore`]; the form is in `form`.

mod folder;
mod form;
mod reading;
mod writing;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::mpsc;

use crate::domain::TerritoryId;
use crate::domain::time::from_millis;
use crate::seal::Kek;
use crate::store::{Store, StoreError, Tail};

pub use folder::{BackedUp, back_up_all, restore_all, verify_all};
use reading::Reader;

/// Items that may wait for the store while a file is read.
const AHEAD: usize = 1_024;

/// Why there is no backup, or why it is not brought back. In French: whoever runs the service reads it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder cannot be read or written.
    #[error("{} : {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// Nothing is ever written over.
    #[error("{} existe déjà : une sauvegarde n'en remplace jamais une autre, choisissez un autre dossier", .0.display())]
    Exists(PathBuf),
    /// The file is damaged, cut short, or of a form this version does not read.
    #[error("{}, ligne {line} : {fault}", path.display())]
    Refused {
        /// Which.
        path: PathBuf,
        /// The line, from 1, of the uncompressed text.
        line: u64,
        /// What is wrong there.
        fault: String,
    },
    /// What the manifest says is not what the file holds.
    #[error("{} ne correspond pas au manifeste : ce fichier en a remplacé un autre, ou le manifeste est d'une autre sauvegarde", .0.display())]
    OtherThanListed(PathBuf),
    /// The territory holds something already.
    #[error(
        "le territoire {0} n'est pas vide dans ce magasin : une restauration n'écrase rien. Restaurez dans un dossier de \
         données neuf (ou un Redis vide), puis mettez-le à la place de l'ancien"
    )]
    NotEmpty(TerritoryId),
    /// No key at hand opens what is sealed in this backup.
    #[error(
        "cette sauvegarde est scellée sous la clé {needed}, qui n'est pas dans le fichier de clé en place (il contient \
         {present}) : ouvrez le fichier de clé gardé à part (patients-{needed}.key, si un renouvellement l'a fait) et mettez \
         sa ligne sous la première ligne du fichier en place, puis recommencez. Après la restauration, « aiguilleur \
         renew-key » met tout sous la première clé. Sans cette clé, rien de scellé ne pourrait être relu"
    )]
    OtherKey {
        /// The first key it needs and is not at hand.
        needed: String,
        /// The keys at hand.
        present: String,
    },
    /// The store failed.
    #[error("le magasin ne répond pas comme attendu : {0}")]
    Store(#[from] StoreError),
}

impl BackupError {
    fn file(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), error }
    }
}

/// How many of each thing a backup holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Records.
    pub records: u64,
    /// Events.
    pub events: u64,
    /// Timers.
    pub timers: u64,
    /// Sealed blobs.
    pub blobs: u64,
}

/// What a backup file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Of which territory.
    pub territory: TerritoryId,
    /// The data set it was taken from.
    pub epoch: String,
    /// The point of the stream it is of.
    pub tail: Tail,
    /// The store's time when it was taken.
    pub made_at: DateTime<Utc>,
    /// What is in it.
    pub counts: Counts,
    /// Names of the key-encryption keys its sealed data need.
    pub keys: BTreeSet<String>,
    /// SHA-256 of its uncompressed text but for the last line, hexadecimal.
    pub sha256: String,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { records, events, timers, blobs } = self.counts;
        write!(
            f,
            "{} : {records} fiches, {events} événements (jusqu'au n° {}), {timers} échéances, {blobs} données scellées",
            self.territory, self.tail.seq
        )?;
        match self.keys.len() {
            0 => Ok(()),
            1 => write!(f, " sous la clé {}", self.key_names()),
            _ => write!(f, " sous les clés {}", self.key_names()),
        }
    }
}

impl Summary {
    fn key_names(&self) -> String {
        self.keys.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Whether these keys open what is sealed in here.
    ///
    /// # Errors
    /// [`BackupError::OtherKey`] when one is missing.
    pub fn opens_with(&self, kek: &Kek) -> Result<(), BackupError> {
        let present: Vec<_> = std::iter::once(kek.id()).chain(kek.earlier()).map(|id| id.to_string()).collect();
        match self.keys.iter().find(|key| !present.contains(*key)) {
            None => Ok(()),
            Some(needed) => Err(BackupError::OtherKey { needed: needed.clone(), present: present.join(", ") }),
        }
    }
}

/// Writes a territory, as it is at one point of its stream, into a new file that only its owner may read: whole, or not at
/// all. The territory goes on being booked meanwhile.
///
/// # Errors
/// [`BackupError`]: the file is there already or cannot be written, or the store fails.
pub async fn back_up(store: &dyn Store, territory: &TerritoryId, file: &Path) -> Result<Summary, BackupError> {
    let made_at = from_millis(store.now());
    let export = store.export(territory).await?;
    let (territory, file, runtime) = (territory.clone(), file.to_owned(), tokio::runtime::Handle::current());
    // Compressing is work for a thread of its own: bookings must not wait for it.
    let written =
        tokio::task::spawn_blocking(move || writing::write(&file, &territory, made_at, export, &runtime)).await;
    written.unwrap_or_else(|stopped| Err(StoreError::Unavailable(stopped.to_string()).into()))
}

/// Reads a backup from its first line to its last: form, digest, and the chain from event to event.
///
/// # Errors
/// [`BackupError::Refused`] with the line.
pub async fn verify(file: &Path) -> Result<Summary, BackupError> {
    let file = file.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let mut reader = Reader::open(&file)?;
        while reader.next_item()?.is_some() {}
        reader.summary()
    });
    read.await.unwrap_or_else(|stopped| Err(StoreError::Unavailable(stopped.to_string()).into()))
}

/// Brings a backup back into a store that holds nothing of its territory. It is verified before anything is written, and
/// again while it is.
///
/// # Errors
/// [`BackupError`]; nothing is kept of it then.
pub async fn restore(store: &dyn Store, file: &Path) -> Result<Summary, BackupError> {
    let summary = verify(file).await?;
    let (to_store, from_file) = mpsc::channel(AHEAD);
    let path = file.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let read = || -> Result<(), BackupError> {
            let mut reader = Reader::open(&path)?;
            while let Some(kept) = reader.next_item()? {
                // A store that takes no more has said why.
                if to_store.blocking_send(Ok(kept)).is_err() {
                    break;
                }
            }
            Ok(())
        };
        if let Err(error) = read() {
            let _ = to_store.blocking_send(Err(StoreError::Corrupt(error.to_string())));
        }
    });
    let items = stream::unfold(from_file, |mut items| async move { items.recv().await.map(|item| (item, items)) });
    let taken = store.import(&summary.territory, summary.tail.clone(), items.boxed()).await;
    // It ends with the channel.
    let _ = reading.await;
    match taken {
        Ok(()) => Ok(summary),
        Err(StoreError::NotEmpty) => Err(BackupError::NotEmpty(summary.territory)),
        Err(error) => Err(error.into()),
    }
}
