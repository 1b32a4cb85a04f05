//! Long-lived keys and the files they live in: a line of text for each, readable by the file's owner only. A file that is
//! there is read or refused here; whoever renews a key replaces it ([`super::Kek::renew`]).

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::SealError;
use super::envelope::{KEY_BYTES, random};
use crate::durable_file;
use crate::private_file;

/// First word of a key file, and the version of its form.
const MARK: &str = "aiguilleur-key-1";

/// Names a key without telling anything of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub(super) [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Why a key file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or made.
    #[error("the key file {} cannot be used: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// Others than its owner may read or change it.
    #[error("the key file {} is open to others (mode {mode:o}): chmod 600 it, and renew the key if they may have read it", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds something else.
    #[error("the key file {} does not hold a {purpose} key", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        purpose: &'static str,
    },
    /// One of its further lines is no key.
    #[error("the key file {}, line {line}, is not a {purpose} key", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What was looked for.
        purpose: &'static str,
    },
    /// Two of its lines have one name: which of them is meant cannot be told.
    #[error("the key file {}, line {line}: key {id} stands above already, remove one of the two", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// The second of them, from 1.
        line: usize,
        /// Which key.
        id: KeyId,
    },
    /// It may be read and not replaced: made read-only, or handed over by systemd.
    #[error("the key file {} cannot be replaced where it is: {why}", path.display())]
    NotReplaceable {
        /// The file.
        path: PathBuf,
        /// What stands against it.
        why: String,
    },
    /// Somebody else renews the key.
    #[error("the key file {} was changed by somebody else meanwhile", .0.display())]
    Changed(PathBuf),
    /// The file an earlier key is to be kept in holds something else.
    #[error("{} is there and holds another key: move it elsewhere", .0.display())]
    Taken(PathBuf),
    /// No key could be made.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// 32 secret bytes with a name, for one purpose.
pub(super) struct SecretKey {
    pub(super) id: KeyId,
    pub(super) bytes: Zeroizing<[u8; KEY_BYTES]>,
}

impl SecretKey {
    pub(super) fn generate() -> Result<Self, SealError> {
        Ok(Self { id: KeyId(*random()?), bytes: random()? })
    }

    /// Reads the key of a file.
    pub(super) fn load(path: &Path, purpose: &'static str) -> Result<Self, KeyError> {
        Self::parse(&read(path)?, purpose).ok_or_else(|| KeyError::Malformed { path: path.to_owned(), purpose })
    }

    /// Reads the key of a file, making a new one where there is no file.
    pub(super) fn load_or_create(path: &Path, purpose: &'static str) -> Result<Self, KeyError> {
        create_if_missing(path, purpose)?;
        Self::load(path, purpose)
    }

    /// The line it is written as.
    pub(super) fn line(&self, purpose: &str) -> Zeroizing<String> {
        let mut line = Zeroizing::new(format!("{MARK} {purpose} {} ", self.id));
        // Room for all of it first: growing would leave copies behind.
        line.reserve(2 * KEY_BYTES + 1);
        for byte in self.bytes.iter() {
            for digit in [byte >> 4, byte & 15] {
                line.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        line.push('\n');
        line
    }

    /// The key of a line.
    pub(super) fn parse(line: &str, purpose: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [mark, written_for, id, key] = words[..] else { return None };
        if (mark, written_for) != (MARK, purpose) {
            return None;
        }
        Some(Self { id: KeyId(*from_hex(id)?), bytes: from_hex(key)? })
    }
}

/// What a key file says, when its owner alone may read it.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let failed = |error| KeyError::File { path: path.to_owned(), error };
    refuse_open_to_others(path, &fs::metadata(path).map_err(failed)?)?;
    Ok(Zeroizing::new(fs::read_to_string(path).map_err(failed)?))
}

/// Makes a file with a new key where there is none. It is to be read afterwards even then: another process may have been
/// faster, and its key is the one.
pub(super) fn create_if_missing(path: &Path, purpose: &str) -> Result<(), KeyError> {
    let failed = |error| KeyError::File { path: path.to_owned(), error };
    if path.try_exists().map_err(failed)? {
        return Ok(());
    }
    let draft = draft(path, &[SecretKey::generate()?.line(purpose)]).map_err(failed)?;
    durable_file::publish(draft, path).map_err(failed)
}

/// A key file of these lines, whole and on disk, that has yet to be given its name.
pub(super) fn draft(path: &Path, lines: &[Zeroizing<String>]) -> io::Result<NamedTempFile> {
    let mut draft = durable_file::draft_of(path)?;
    for line in lines {
        draft.write_all(line.as_bytes())?;
    }
    draft.as_file().sync_all()?;
    Ok(draft)
}

fn from_hex<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = Zeroizing::new([0; N]);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok())?;
            *byte = *byte << 4 | value;
        }
    }
    Some(bytes)
}

fn refuse_open_to_others(path: &Path, file: &fs::Metadata) -> Result<(), KeyError> {
    match private_file::open_to_others(file) {
        Some(mode) => Err(KeyError::OpenToOthers { path: path.to_owned(), mode }),
        None => Ok(()),
    }
}
