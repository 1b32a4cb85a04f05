//! New files that survive a power cut: written whole under another name, then given their own, and the name itself made
//! durable. Never replaces a file that is there.

use std::fs;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A file of a name nobody else has, in the folder `path` will stand in; its owner only may read it. Removed when dropped.
pub(crate) fn draft_of(path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default();
    tempfile::Builder::new().prefix(name).suffix(".new").tempfile_in(folder_of(path))
}

/// Gives a draft, already synced, its name. Where that name is taken, by a process that was faster, its file stays and the
/// draft goes.
pub(crate) fn publish(draft: NamedTempFile, path: &Path) -> io::Result<()> {
    match draft.persist_noclobber(path) {
        Ok(_) => sync_folder(folder_of(path)),
        Err(lost) if lost.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(lost) => Err(lost.error),
    }
}

/// Makes a folder, its owner's only, where there is none.
#[cfg(unix)]
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    sync_folder(folder_of(folder))
}

/// Makes a folder where there is none.
#[cfg(not(unix))]
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    // Windows opens no folder as a file; its journal keeps names.
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_writers_wins_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/here/file");
        make_folder(path.parent().unwrap()).unwrap();
        let (first, second) = (draft_of(&path).unwrap(), draft_of(&path).unwrap());
        fs::write(first.path(), "first").unwrap();
        fs::write(second.path(), "second").unwrap();
        publish(first, &path).unwrap();
        publish(second, &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
