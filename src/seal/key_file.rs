//! Long-lived keys and the files they live in: one line of text, readable by its owner only. A key is never replaced by
//! this module: a file that is there is read or refused.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::SealError;
use super::envelope::{KEY_BYTES, random};
use crate::durable_file;
use crate::private_file;

/// First word of a key file, and the version of its form.
const MARK: &str = "aiguilleur-key-1";

/// Names a key without telling anything of it.
#[derive(Clone, Copy, PartialEq, Eq)]
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

    /// The key anybody can make from these words.
    pub(super) fn of_published_words(words: &str, purpose: &str) -> Self {
        let digest = |what: &str| Sha256::digest(format!("{MARK} {purpose} {what} {words}"));
        let mut id = [0; 8];
        id.copy_from_slice(&digest("id")[..8]);
        Self { id: KeyId(id), bytes: Zeroizing::new(digest("key").into()) }
    }

    /// Reads the key of a file.
    pub(super) fn load(path: &Path, purpose: &'static str) -> Result<Self, KeyError> {
        let failed = |error| KeyError::File { path: path.to_owned(), error };
        refuse_open_to_others(path, &fs::metadata(path).map_err(failed)?)?;
        let text = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
        Self::parse(&text, purpose).ok_or_else(|| KeyError::Malformed { path: path.to_owned(), purpose })
    }

    /// Reads the key of a file, making a new one where there is no file.
    pub(super) fn load_or_create(path: &Path, purpose: &'static str) -> Result<Self, KeyError> {
        let failed = |error| KeyError::File { path: path.to_owned(), error };
        if !path.try_exists().map_err(failed)? {
            Self::generate()?.write(path, purpose).map_err(failed)?;
        }
        // Read back even when just made: another process may have been faster, and its key is the one.
        Self::load(path, purpose)
    }

    /// Writes the file whole or not at all; leaves one that is there alone.
    fn write(&self, path: &Path, purpose: &str) -> io::Result<()> {
        let mut line = Zeroizing::new(format!("{MARK} {purpose} {} ", self.id));
        // Room for all of it first: growing would leave copies behind.
        line.reserve(2 * KEY_BYTES + 1);
        for byte in self.bytes.iter() {
            for digit in [byte >> 4, byte & 15] {
                line.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        line.push('\n');
        let mut file = durable_file::draft_of(path)?;
        file.write_all(line.as_bytes())?;
        file.as_file().sync_all()?;
        durable_file::publish(file, path)
    }

    fn parse(text: &str, purpose: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [mark, written_for, id, key] = words[..] else { return None };
        if (mark, written_for) != (MARK, purpose) {
            return None;
        }
        Some(Self { id: KeyId(*from_hex(id)?), bytes: from_hex(key)? })
    }
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

/// The key-encryption key: wraps every patient's data key.
pub struct Kek(pub(super) SecretKey);

impl Kek {
    const PURPOSE: &'static str = "kek";

    /// A new key that lives in memory only.
    pub fn generate() -> Result<Self, SealError> {
        SecretKey::generate().map(Self)
    }

    /// The key anybody can make from these words: it keeps nothing secret.
    pub fn of_published_words(words: &str) -> Self {
        Self(SecretKey::of_published_words(words, Self::PURPOSE))
    }

    /// The key of a file. Where sealed data exist, use this: a new key would not open them.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        SecretKey::load(path, Self::PURPOSE).map(Self)
    }

    /// The key of a file, made (mode 0600) where there is none.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        SecretKey::load_or_create(path, Self::PURPOSE).map(Self)
    }

    /// Its name (`kid`).
    pub fn id(&self) -> KeyId {
        self.0.id
    }
}

impl fmt::Debug for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kek({})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_once_and_read_ever_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        assert!(matches!(Kek::load(&path), Err(KeyError::File { .. })), "nothing is made by reading");
        let made = Kek::load_or_create(&path).unwrap();
        let again = Kek::load_or_create(&path).unwrap();
        assert_eq!((made.id(), *made.0.bytes), (again.id(), *again.0.bytes));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
        assert_ne!(*made.0.bytes, *Kek::generate().unwrap().0.bytes);
    }

    #[test]
    fn words_make_the_same_key_each_time_and_another_for_another_purpose() {
        let key = |words, purpose| SecretKey::of_published_words(words, purpose);
        assert_eq!(key("a", "kek").bytes, key("a", "kek").bytes);
        assert_eq!(key("a", "kek").id, key("a", "kek").id);
        assert_ne!(key("a", "kek").bytes, key("b", "kek").bytes);
        assert_ne!(key("a", "kek").bytes, key("a", "mac").bytes);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        Kek::load_or_create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(Kek::load_or_create(&path), Err(KeyError::OpenToOthers { .. })), "{mode:o}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(Kek::load(&path).is_ok());
    }

    #[test]
    fn a_file_that_holds_something_else_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        super::super::MacKey::load_or_create(&path).unwrap();
        assert!(matches!(Kek::load_or_create(&path), Err(KeyError::Malformed { .. })), "a key for another purpose");
        for bad in ["", "aiguilleur-key-1 kek 00", "aiguilleur-key-1 kek 0011223344556677 zz"] {
            fs::write(&path, bad).unwrap();
            assert!(matches!(Kek::load_or_create(&path), Err(KeyError::Malformed { .. })));
            assert_eq!(fs::read_to_string(&path).unwrap(), bad);
        }
    }
}
