//! The key-encryption key is renewed (store.md §9): a new one takes over, every data key is wrapped anew under it, and the one
//! of before leaves. Payloads stay as they are. An erased person's wrapped key still stands in older backups and logs: once
//! the key it is wrapped under is destroyed, nobody opens it there any more.
//!
//! For the data of a stopped service. Each step may be the last of a process: the file of the keys says how far it went (more
//! than one key in it: a renewal is under way), and what is wrapped anew already is passed over.
//!
//! Start reading at [`Renewal::begin`].

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt as _;
use uuid::Uuid;

use super::orders::at_the_terminal;
use crate::domain::decide::{Command, Context, decide};
use crate::domain::time::{Zone, from_millis};
use crate::domain::{RecordKey, RecordKind, Records, Refusal, Retention, TerritoryId};
use crate::seal::{Kek, KeyError, KeyId, SealError, Sealer, blob_names, wrapped_under};
use crate::store::codec::Effects;
use crate::store::{
    Commit, CommitOutcome, Export, IdemKey, Kept, Seq, Store, StoreError, Versioned, WRITES_MAX, Write,
};

/// How often a territory is looked through, or an event sent, while the store does not say what it did.
const TRIES: usize = 10;

/// Whose idempotency keys those of a renewal are.
const RENEWAL: &str = "key-renewal";

/// Why a key is not renewed. In French: whoever runs the service reads it.
#[derive(Debug, thiserror::Error)]
pub enum RenewalError {
    /// There is nothing sealed.
    #[error("ce magasin est vide : rien n'est scellé, il n'y a rien à renouveler")]
    Empty,
    /// The store does not say which territories it has.
    #[error(
        "les territoires de ce magasin ne peuvent pas être énumérés, et aucun ne doit être oublié ({0}) ; rien n'a été changé. \
         Donnez +scan à l'utilisateur de Redis, le temps du renouvellement"
    )]
    Unlisted(StoreError),
    /// The key file may be read and not replaced.
    #[error(
        "le fichier de clé {} ne peut pas être remplacé là où il est ; rien n'a été changé. S'il est en lecture seule (mode \
         0400) : chmod 600, le temps du renouvellement. Si systemd (LoadCredential) ou un volume en lecture seule le donne : \
         faites lire l'original à cette commande, AIGUILLEUR_SECURITY_PATIENTS_KEY_FILE=ORIGINAL aiguilleur renew-key",
        .0.display()
    )]
    NotReplaceable(PathBuf),
    /// Something is wrapped under a key that is not at hand.
    #[error(
        "dans le territoire {territory}, des données sont sous la clé {key}, qui n'est pas dans {} : mettez la ligne du \
         fichier gardé à part (patients-{key}.key) sous la première ligne de ce fichier, puis recommencez. Sans cette clé, \
         elles ne se relisent pas",
        file.display()
    )]
    NotAtHand {
        /// Where.
        territory: TerritoryId,
        /// Under which key.
        key: KeyId,
        /// The file of the keys at hand.
        file: PathBuf,
    },
    /// Somebody else changes the store.
    #[error(
        "le territoire {0} change pendant le renouvellement : un service y écrit encore. Arrêtez chaque service de ce magasin, \
         puis recommencez : le travail reprend où il en était"
    )]
    Served(TerritoryId),
    /// The store does not say what it did.
    #[error("le magasin ne dit pas ce qu'il a fait (territoire {0}) : recommencez, le travail reprend où il en était")]
    Unsure(TerritoryId),
    /// A wrapped key that cannot be opened.
    #[error("la clé scellée {name} du territoire {territory} est abîmée ({error}) : restaurez une sauvegarde")]
    Damaged {
        /// Where.
        territory: TerritoryId,
        /// The blob it is.
        name: String,
        /// What is wrong.
        error: SealError,
    },
    /// The keys' file.
    #[error(transparent)]
    Key(KeyError),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error("le magasin ne répond pas comme attendu : {0}")]
    Store(#[from] StoreError),
}

impl From<KeyError> for RenewalError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NotReplaceable { path, .. } => Self::NotReplaceable(path),
            error => Self::Key(error),
        }
    }
}

/// A renewal under way.
#[derive(Debug)]
pub struct Renewal {
    file: PathBuf,
    sealer: Sealer,
    territories: Vec<TerritoryId>,
    resumed: bool,
}

/// What of a territory is not under the key in use.
struct Left {
    /// The last event when it was looked at.
    seq: Seq,
    /// The versions of the records that have keys.
    versions: HashMap<RecordKey, u64>,
    /// Wrapped keys.
    keys: Vec<(String, Bytes)>,
}

impl Renewal {
    /// Looks at everything sealed in the store, then makes a new key the one in use; goes on with a renewal under way.
    ///
    /// # Errors
    /// [`RenewalError`]; nothing is changed then.
    pub async fn begin(store: &dyn Store, file: &Path) -> Result<Self, RenewalError> {
        Kek::check_replaceable(file)?;
        let kek = Kek::load(file)?;
        let resumed = kek.earlier().next().is_some();
        let territories = store.territories().await.map_err(RenewalError::Unlisted)?;
        let mut is_empty = true;
        for territory in &territories {
            is_empty &= left_of(store, territory, &kek, file).await?.seq == 0;
        }
        if is_empty {
            return Err(RenewalError::Empty);
        }
        let sealer = Sealer::new(Kek::renew(file)?);
        Ok(Self { file: file.to_owned(), sealer, territories, resumed })
    }

    /// The keys: the new one in use, and those of before.
    pub fn kek(&self) -> &Kek {
        self.sealer.kek()
    }

    /// Every territory of the store.
    pub fn territories(&self) -> &[TerritoryId] {
        &self.territories
    }

    /// Whether it had begun before.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// Wraps every data key of a territory anew, until a fresh look finds none under another key than the new one. Answers
    /// how many there were.
    ///
    /// # Errors
    /// [`RenewalError`]; what is done stays done.
    pub async fn rewrap(&self, store: &dyn Store, territory: &TerritoryId) -> Result<usize, RenewalError> {
        let mut found = None;
        for _ in 0..TRIES {
            let left = left_of(store, territory, self.kek(), &self.file).await?;
            let all = *found.get_or_insert(left.keys.len());
            if left.keys.is_empty() {
                return Ok(all);
            }
            self.rewrap_all(store, territory, &left).await?;
        }
        Err(RenewalError::Unsure(territory.clone()))
    }

    /// Stops where the store does not say what it did: it is looked at again then.
    async fn rewrap_all(&self, store: &dyn Store, territory: &TerritoryId, left: &Left) -> Result<(), RenewalError> {
        for keys in left.keys.chunks(WRITES_MAX) {
            let commit = self.commit_of(keys, left, store, territory)?;
            match store.commit(territory, commit).await {
                Ok(CommitOutcome::Done { seq, .. }) if seq == left.seq => {}
                Ok(CommitOutcome::Done { .. } | CommitOutcome::Stale { .. }) => {
                    return Err(RenewalError::Served(territory.clone()));
                }
                Ok(CommitOutcome::Replayed { .. } | CommitOutcome::Skew { .. })
                | Err(StoreError::Unknown(_) | StoreError::NotDurable(_)) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The records the keys go with are guarded: one erased meanwhile is not given its key back.
    fn commit_of(
        &self,
        keys: &[(String, Bytes)],
        left: &Left,
        store: &dyn Store,
        territory: &TerritoryId,
    ) -> Result<Commit, RenewalError> {
        let (mut guards, mut writes) = (BTreeMap::new(), Vec::new());
        for (name, wrapped) in keys {
            if let Some(owner) = blob_names::owner_of_wrapped_key(name) {
                let version = left.versions.get(&owner).copied().unwrap_or(0);
                guards.insert(owner, version);
            }
            let damaged = |error| RenewalError::Damaged { territory: territory.clone(), name: name.clone(), error };
            if let Some(bytes) = self.sealer.rewrap(wrapped).map_err(damaged)? {
                writes.push(Write::Blob { name: name.clone(), bytes: Some(bytes) });
            }
        }
        Ok(Commit {
            idem: IdemKey { actor: RENEWAL.to_owned(), key: Uuid::now_v7().to_string() },
            fingerprint: [0; 16],
            decided_at: store.now(),
            guards: guards.into_iter().collect(),
            writes,
            events: Vec::new(),
            answer: Bytes::new(),
        })
    }

    /// Writes into the audit of every territory that the key was renewed: who, and the keys' names.
    ///
    /// # Errors
    /// [`RenewalError`].
    pub async fn note(&self, store: &dyn Store, by: &str) -> Result<(), RenewalError> {
        let from: Vec<_> = self.kek().earlier().map(|id| id.to_string()).collect();
        let command = Command::NoteKeyRenewal { from: from.join("+"), to: self.kek().id().to_string() };
        for territory in &self.territories {
            self.note_in(store, territory, &command, by).await?;
        }
        Ok(())
    }

    async fn note_in(
        &self,
        store: &dyn Store,
        territory: &TerritoryId,
        command: &Command,
        by: &str,
    ) -> Result<(), RenewalError> {
        // An event where there is none would keep a backup from coming back there.
        if store.events(territory, 0, 1).await?.last == 0 {
            return Ok(());
        }
        // Gone on with, a renewal says it once.
        let idem = IdemKey { actor: RENEWAL.to_owned(), key: self.kek().id().to_string() };
        for _ in 0..TRIES {
            let (decided_at, records) = (store.now(), Records::default());
            let context = Context {
                territory: territory.clone(),
                actor: at_the_terminal(by),
                now: from_millis(decided_at),
                // Nothing is kept or erased by this command.
                retention: Retention::of_the_table(Zone::PARIS),
            };
            let decision = decide(&records, command, &context)?;
            let effects = Effects::of(&decision.change, &records)?;
            match store.commit(territory, effects.into_commit(idem.clone(), [0; 16], decided_at, Bytes::new())).await {
                Ok(CommitOutcome::Done { .. } | CommitOutcome::Replayed { .. }) => return Ok(()),
                Ok(CommitOutcome::Stale { .. } | CommitOutcome::Skew { .. })
                | Err(StoreError::Unknown(_) | StoreError::NotDurable(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(RenewalError::Unsure(territory.clone()))
    }

    /// Leaves the new key alone in its file, those of before each in one of its own beside, whose paths are answered. To be
    /// called once [`Renewal::rewrap`] has found nothing more in any territory.
    ///
    /// # Errors
    /// [`RenewalError`]; the keys of before are then still in the file.
    pub fn finish(&self) -> Result<Vec<PathBuf>, RenewalError> {
        Ok(self.kek().retire_earlier(&self.file)?)
    }
}

/// What of a territory is not under the key in use, at one point of its stream.
async fn left_of(store: &dyn Store, territory: &TerritoryId, kek: &Kek, file: &Path) -> Result<Left, RenewalError> {
    let Export { tail, mut items, .. } = store.export(territory).await?;
    let mut left = Left { seq: tail.seq, versions: HashMap::new(), keys: Vec::new() };
    while let Some(kept) = items.next().await {
        match kept? {
            Kept::Record(Versioned { key, version, .. })
                if matches!(key.kind, RecordKind::Request | RecordKind::Slot | RecordKind::Registration) =>
            {
                left.versions.insert(key, version);
            }
            Kept::Blob { name, bytes } if blob_names::is_wrapped_key(&name) => {
                let damaged = |error| RenewalError::Damaged { territory: territory.clone(), name: name.clone(), error };
                let key = wrapped_under(&bytes).map_err(damaged)?;
                if !kek.holds(key) {
                    return Err(RenewalError::NotAtHand { territory: territory.clone(), key, file: file.to_owned() });
                }
                if key != kek.id() {
                    left.keys.push((name, bytes));
                }
            }
            Kept::Record(_) | Kept::Event(_) | Kept::Timer { .. } | Kept::Blob { .. } => {}
        }
    }
    Ok(left)
}
