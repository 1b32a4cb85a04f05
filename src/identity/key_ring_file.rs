//! The file of the access keys: read whole, changed whole or not at all, by one command at a time, its owner's alone.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::key_ring::{KeyRing, KeyRingError};
use crate::{durable_file, private_file};

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingFileError {
    /// There is none.
    #[error("le fichier de clés {} n'existe pas : « aiguilleur key new » le crée avec sa première clé", .0.display())]
    Missing(PathBuf),
    /// Nor is there a folder for it.
    #[error("le dossier {} n'existe pas : démarrez le service une fois, qui le crée, ou créez-le (mode 0700)", .0.display())]
    NoFolder(PathBuf),
    /// It cannot be read or written.
    #[error("le fichier de clés {} ne peut pas être utilisé : {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// Others may read it, or change it.
    #[error("le fichier de clés {} est ouvert à d'autres (mode {mode:o}) : chmod 600, et vérifiez ses clés", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// What is in it, or what is asked of it, is wrong.
    #[error("{} : {error}", path.display())]
    Keys {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        error: KeyRingError,
    },
}

/// Reads the keys.
///
/// # Errors
/// [`KeyRingFileError`].
pub fn read(path: &Path) -> Result<KeyRing, KeyRingFileError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => KeyRingFileError::Missing(path.to_owned()),
        _ => KeyRingFileError::File { path: path.to_owned(), error },
    };
    let mut file = fs::File::open(path).map_err(failed)?;
    // Asked of the open file: what is judged is what is read.
    if let Some(mode) = private_file::open_to_others(&file.metadata().map_err(failed)?) {
        return Err(KeyRingFileError::OpenToOthers { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed)?;
    text.parse().map_err(|error| KeyRingFileError::Keys { path: path.to_owned(), error })
}

/// Changes the keys: read, changed and written durably with nobody else in between; made where there is no file yet.
///
/// # Errors
/// [`KeyRingFileError`]; the file is then as it was.
pub fn change<T>(
    path: &Path,
    change: impl FnOnce(&mut KeyRing) -> Result<T, KeyRingError>,
) -> Result<T, KeyRingFileError> {
    let failed = |error| KeyRingFileError::File { path: path.to_owned(), error };
    let _alone = durable_file::lock_folder_of(path).map_err(|error| match path.parent() {
        Some(folder) if error.kind() == io::ErrorKind::NotFound => KeyRingFileError::NoFolder(folder.to_owned()),
        _ => failed(error),
    })?;
    let mut ring = match read(path) {
        Err(KeyRingFileError::Missing(_)) => KeyRing::default(),
        read => read?,
    };
    let changed = change(&mut ring).map_err(|error| KeyRingFileError::Keys { path: path.to_owned(), error })?;
    let mut draft = durable_file::draft_of(path).map_err(failed)?;
    draft.write_all(ring.to_string().as_bytes()).map_err(failed)?;
    durable_file::keep_owner(&draft, path).map_err(failed)?;
    draft.as_file().sync_all().map_err(failed)?;
    durable_file::replace(draft, path).map_err(failed)?;
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::domain::Role;
    use crate::identity::KeyOrder;

    fn now() -> DateTime<Utc> {
        "2026-11-24T09:00:00Z".parse().unwrap()
    }

    fn order(name: &str) -> KeyOrder {
        let territories = vec!["weppes".parse().unwrap()];
        KeyOrder { name: name.to_owned(), role: Role::Operator, territories, rpps: None, expires: None }
    }

    #[test]
    fn many_commands_at_once_each_find_their_key_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        assert!(matches!(read(&path), Err(KeyRingFileError::Missing(_))));
        std::thread::scope(|scope| {
            for number in 0..16 {
                let path = &path;
                scope.spawn(move || change(path, |ring| ring.issue(order(&format!("k-{number}")), now())).unwrap());
            }
        });
        assert_eq!(read(&path).unwrap().keys().len(), 16);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_refused_change_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        change(&path, |ring| ring.issue(order("k"), now())).unwrap();
        let before = fs::read_to_string(&path).unwrap();
        assert!(change(&path, |ring| ring.issue(order("k"), now())).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
        fs::write(&path, "[[key]]\n").unwrap();
        assert!(change(&path, |ring| ring.issue(order("l"), now())).is_err(), "a damaged file is never overwritten");
        assert_eq!(fs::read_to_string(&path).unwrap(), "[[key]]\n");
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        change(&path, |ring| ring.issue(order("k"), now())).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(read(&path), Err(KeyRingFileError::OpenToOthers { mode: 0o640, .. })));
    }
}
