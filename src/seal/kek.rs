//! The key-encryption keys and their file. Its first line is the key in use, which wraps everything new; further lines are
//! earlier keys, which open what they wrapped. There are several while a renewal is under way, and after a backup made under
//! an earlier key was brought back.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::SealError;
use super::key_file::{self, KeyError, KeyId, SecretKey};
use crate::durable_file;

/// The key-encryption key in use, which wraps every patient's data key, and those before it that are still at hand.
pub struct Kek {
    in_use: SecretKey,
    earlier: Vec<SecretKey>,
}

impl Kek {
    const PURPOSE: &'static str = "kek";

    /// A new key that lives in memory only.
    pub fn generate() -> Result<Self, SealError> {
        Ok(Self { in_use: SecretKey::generate()?, earlier: Vec::new() })
    }

    /// The keys of a file. Where sealed data exist, use this: a new key would not open them.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = key_file::read(path)?;
        let mut keys: Vec<SecretKey> = Vec::new();
        for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
            let key = SecretKey::parse(line, Self::PURPOSE).ok_or_else(|| match keys.is_empty() {
                true => malformed(path),
                false => KeyError::Line { path: path.to_owned(), line: number, purpose: Self::PURPOSE },
            })?;
            if keys.iter().any(|above| above.id == key.id) {
                return Err(KeyError::Twice { path: path.to_owned(), line: number, id: key.id });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let in_use = keys.next().ok_or_else(|| malformed(path))?;
        Ok(Self { in_use, earlier: keys.collect() })
    }

    /// The keys of a file, made (mode 0600) with a new one where there is none.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        key_file::create_if_missing(path, Self::PURPOSE)?;
        Self::load(path)
    }

    /// The name (`kid`) of the key in use.
    pub fn id(&self) -> KeyId {
        self.in_use.id
    }

    /// The names of the earlier keys.
    pub fn earlier(&self) -> impl Iterator<Item = KeyId> {
        self.earlier.iter().map(|key| key.id)
    }

    /// Whether it opens what was wrapped under a key.
    pub fn holds(&self, id: KeyId) -> bool {
        self.opening(id).is_some()
    }

    pub(super) fn in_use(&self) -> &SecretKey {
        &self.in_use
    }

    /// The key of that name.
    pub(super) fn opening(&self, id: KeyId) -> Option<&SecretKey> {
        std::iter::once(&self.in_use).chain(&self.earlier).find(|key| key.id == id)
    }

    /// Whether the file could be replaced; nothing is changed.
    ///
    /// # Errors
    /// [`KeyError::NotReplaceable`]: it is read-only, or its folder takes no file.
    pub fn check_replaceable(path: &Path) -> Result<(), KeyError> {
        let not_replaceable = |why: String| KeyError::NotReplaceable { path: path.to_owned(), why };
        let file = fs::metadata(path).map_err(|error| KeyError::File { path: path.to_owned(), error })?;
        // Root may write whatever is marked so: the mark says what is meant.
        if file.permissions().readonly() {
            return Err(not_replaceable("it is read-only".to_owned()));
        }
        durable_file::draft_of(path).map(drop).map_err(|error| not_replaceable(error.to_string()))
    }

    /// Makes a new key the one in use: the file has it as its first line and the one of before below, or is as it was. Where
    /// there are earlier keys already, a renewal is under way: it is gone on with, and no other key is made.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn renew(path: &Path) -> Result<Self, KeyError> {
        let _alone = alone_with(path)?;
        Self::check_replaceable(path)?;
        let there = Self::load(path)?;
        if !there.earlier.is_empty() {
            return Ok(there);
        }
        let renewed = Self { in_use: SecretKey::generate()?, earlier: vec![there.in_use] };
        renewed.replace(path)?;
        Ok(renewed)
    }

    /// Ends a renewal: each earlier key goes into a file of its own beside (`patients-<kid>.key`), which is never written
    /// over, and out of this one. For whoever knows that nothing is wrapped under them any more. Done again, it goes on from
    /// where it was. Answers the files the earlier keys are in.
    ///
    /// # Errors
    /// [`KeyError`]; the earlier keys are then still in the file.
    pub fn retire_earlier(&self, path: &Path) -> Result<Vec<PathBuf>, KeyError> {
        let _alone = alone_with(path)?;
        Self::check_replaceable(path)?;
        let mut there = Self::load(path)?;
        if there.id() != self.id() {
            return Err(KeyError::Changed(path.to_owned()));
        }
        let mut kept = Vec::new();
        for key in &self.earlier {
            kept.push(set_aside(key, path)?);
        }
        let before = there.earlier.len();
        there.earlier.retain(|key| self.earlier.iter().all(|retired| retired.id != key.id));
        if there.earlier.len() < before {
            there.replace(path)?;
        }
        Ok(kept)
    }

    /// Writes the file anew, whole and on disk, for whoever owned it.
    fn replace(&self, path: &Path) -> Result<(), KeyError> {
        let failed = |error| KeyError::File { path: path.to_owned(), error };
        let keys = std::iter::once(&self.in_use).chain(&self.earlier);
        let lines: Vec<Zeroizing<String>> = keys.map(|key| key.line(Self::PURPOSE)).collect();
        let draft = key_file::draft(path, &lines).map_err(failed)?;
        durable_file::keep_owner(&draft, path).map_err(failed)?;
        durable_file::replace(draft, path).map_err(failed)
    }
}

/// Whoever changes the file does so alone.
fn alone_with(path: &Path) -> Result<fs::File, KeyError> {
    durable_file::lock_folder_of(path).map_err(|error| KeyError::File { path: path.to_owned(), error })
}

/// Writes an earlier key into a file of its own, beside the one of the key in use.
fn set_aside(key: &SecretKey, path: &Path) -> Result<PathBuf, KeyError> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let own = path.with_file_name(format!("{stem}-{}.key", key.id));
    let failed = |error| KeyError::File { path: own.clone(), error };
    let draft = key_file::draft(&own, &[key.line(Kek::PURPOSE)]).map_err(failed)?;
    durable_file::keep_owner(&draft, &own).map_err(failed)?;
    durable_file::publish(draft, &own).map_err(failed)?;
    // One that was there is as good, when it is this one.
    match SecretKey::load(&own, Kek::PURPOSE) {
        Ok(there) if there.id == key.id && there.bytes == key.bytes => Ok(own),
        _ => Err(KeyError::Taken(own)),
    }
}

fn malformed(path: &Path) -> KeyError {
    KeyError::Malformed { path: path.to_owned(), purpose: Kek::PURPOSE }
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
        assert_eq!((made.id(), *made.in_use.bytes), (again.id(), *again.in_use.bytes));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
        assert_ne!(*made.in_use.bytes, *Kek::generate().unwrap().in_use.bytes);
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
        for bad in ["", "\n", "aiguilleur-key-1 kek 00", "aiguilleur-key-1 kek 0011223344556677 zz"] {
            fs::write(&path, bad).unwrap();
            assert!(matches!(Kek::load_or_create(&path), Err(KeyError::Malformed { .. })));
            assert_eq!(fs::read_to_string(&path).unwrap(), bad);
        }
    }

    fn in_folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("patients.key");
        (folder, path)
    }

    fn lines_of(path: &Path) -> Vec<String> {
        fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn further_lines_are_keys_that_still_open() {
        let (folder, path) = in_folder();
        let first = Kek::load_or_create(&path).unwrap();
        let other = folder.path().join("other.key");
        let second = Kek::load_or_create(&other).unwrap();
        let (one, two) = (lines_of(&path).remove(0), lines_of(&other).remove(0));
        for text in [format!("{one}\n{two}\n"), format!("\n{one}\r\n\n{two}"), format!("  {one}\n\t{two}  \n\n")] {
            fs::write(&path, text).unwrap();
            let ring = Kek::load(&path).unwrap();
            assert_eq!((ring.id(), ring.earlier().collect::<Vec<_>>()), (first.id(), vec![second.id()]));
            assert_eq!(*ring.opening(second.id()).unwrap().bytes, *second.in_use.bytes);
            assert!(ring.holds(first.id()) && !ring.holds(Kek::generate().unwrap().id()));
        }
        fs::write(&path, format!("{one}\n{two}\n{two}\n")).unwrap();
        assert!(matches!(Kek::load(&path), Err(KeyError::Twice { line: 3, .. })));
        for bad in ["aiguilleur-key-1 mac 0011223344556677 00", "# autre", &two[..two.len() - 1]] {
            fs::write(&path, format!("{one}\n{bad}\n")).unwrap();
            assert!(matches!(Kek::load(&path), Err(KeyError::Line { line: 2, .. })), "{bad}");
        }
        // Two keys on one line are none.
        fs::write(&path, format!("{one} {two}\n")).unwrap();
        assert!(matches!(Kek::load(&path), Err(KeyError::Malformed { .. })));
    }

    #[test]
    fn a_renewal_puts_a_key_above_and_its_end_leaves_it_alone() {
        let (folder, path) = in_folder();
        let old = Kek::load_or_create(&path).unwrap();
        let line = lines_of(&path).remove(0);
        let both = Kek::renew(&path).unwrap();
        assert_eq!(both.earlier().collect::<Vec<_>>(), [old.id()]);
        let written = lines_of(&path);
        assert_eq!((written.len(), &written[1]), (2, &line));
        let again = Kek::renew(&path).unwrap();
        assert_eq!((again.id(), lines_of(&path)), (both.id(), written.clone()), "no third key is made");
        let kept = both.retire_earlier(&path).unwrap();
        assert_eq!(kept, [folder.path().join(format!("patients-{}.key", old.id()))]);
        assert_eq!((lines_of(&kept[0]), lines_of(&path)), (vec![line], vec![written[0].clone()]));
        assert_eq!((Kek::load(&kept[0]).unwrap().id(), Kek::load(&path).unwrap().id()), (old.id(), both.id()));
        assert_eq!(Kek::load(&path).unwrap().retire_earlier(&path).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
    }

    #[test]
    fn the_end_of_a_renewal_writes_over_nobody() {
        let (folder, path) = in_folder();
        let old = Kek::load_or_create(&path).unwrap();
        let both = Kek::renew(&path).unwrap();
        let written = lines_of(&path);
        let kept = folder.path().join(format!("patients-{}.key", old.id()));
        Kek::load_or_create(&kept).unwrap();
        let there = lines_of(&kept);
        assert!(matches!(both.retire_earlier(&path), Err(KeyError::Taken(taken)) if taken == kept));
        assert_eq!((lines_of(&kept), lines_of(&path)), (there, written.clone()));
        // What an interrupted end left is gone on from.
        fs::write(&kept, format!("{}\n", written[1])).unwrap();
        assert_eq!(both.retire_earlier(&path).unwrap(), [kept]);
        // A key that somebody put there meanwhile stays.
        let other = folder.path().join("other.key");
        let other_id = Kek::load_or_create(&other).unwrap().id();
        fs::write(&path, format!("{}\n{}\n{}\n", written[0], written[1], lines_of(&other)[0])).unwrap();
        both.retire_earlier(&path).unwrap();
        assert_eq!(Kek::load(&path).unwrap().earlier().collect::<Vec<_>>(), [other_id]);
        fs::write(&path, format!("{}\n", lines_of(&other)[0])).unwrap();
        assert!(matches!(both.retire_earlier(&path), Err(KeyError::Changed(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_made_read_only_is_not_replaced() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, path) = in_folder();
        Kek::load_or_create(&path).unwrap();
        let before = lines_of(&path);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(matches!(Kek::renew(&path), Err(KeyError::NotReplaceable { .. })));
        assert_eq!(lines_of(&path), before);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        Kek::renew(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
