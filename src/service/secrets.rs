//! The two secret keys of a service, and the files they are in. Lost, nothing sealed can be read again.

use std::path::{Path, PathBuf};

use crate::seal::{Kek, KeyError, MacKey};

/// Where the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// Wraps every patient's data key.
    pub patients: PathBuf,
    /// Makes the digests; links and sessions are signed with a key made from it.
    pub digests: PathBuf,
}

/// The keys.
#[derive(Debug)]
pub struct Secrets {
    /// Wraps every patient's data key.
    pub kek: Kek,
    /// Makes the digests.
    pub mac: MacKey,
}

impl Secrets {
    /// Keys anybody can make from these words: for invented people only, whose data a later start must be able to open.
    pub fn of_published_words(words: &str) -> Self {
        Self { kek: Kek::of_published_words(words), mac: MacKey::of_published_words(words) }
    }
}

impl KeyFiles {
    /// The files of a data folder that keeps its own keys.
    pub fn in_folder(folder: &Path) -> Self {
        Self { patients: folder.join("patients.key"), digests: folder.join("digests.key") }
    }

    /// Reads the keys; makes new ones where there are none, unless people live in the store already: a new key would open
    /// nothing of theirs.
    ///
    /// # Errors
    /// A file that cannot be read or made, that others may read, that holds something else, or that is lost.
    pub fn open(&self, inhabited: bool) -> Result<Secrets, KeyError> {
        Ok(if inhabited {
            Secrets { kek: Kek::load(&self.patients)?, mac: MacKey::load(&self.digests)? }
        } else {
            Secrets { kek: Kek::load_or_create(&self.patients)?, mac: MacKey::load_or_create(&self.digests)? }
        })
    }
}
