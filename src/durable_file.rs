//! Files that survive a power cut: written whole under another name, then given their own, and the name itself made
//! durable. A reader sees the file of before or the new one, never a part.

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

/// Gives a draft, already synced, its name, in the place of the file that had it.
pub(crate) fn replace(draft: NamedTempFile, path: &Path) -> io::Result<()> {
    draft.persist(path).map_err(|lost| lost.error)?;
    sync_folder(folder_of(path))
}

/// Root changes the files of a service for it: the draft is given to whoever owns the file it will replace, or the folder.
#[cfg(unix)]
pub(crate) fn keep_owner(draft: &NamedTempFile, path: &Path) -> io::Result<()> {
    give(draft.as_file(), &fs::metadata(path).or_else(|_| fs::metadata(folder_of(path)))?)
}

/// The same for a file that was just made under its own name: it is given to whoever owns its folder.
#[cfg(unix)]
pub(crate) fn keep_owner_of_folder(made: &fs::File, path: &Path) -> io::Result<()> {
    give(made, &fs::metadata(folder_of(path))?)
}

#[cfg(unix)]
fn give(ours: &fs::File, owned: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    if !is_another_owner(&ours.metadata()?, owned) {
        return Ok(());
    }
    fchown(ours, Some(owned.uid()), Some(owned.gid()))
}

/// Whether a file of root stands among those of somebody else.
#[cfg(unix)]
fn is_another_owner(ours: &fs::Metadata, owned: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    ours.uid() == 0 && (ours.uid(), ours.gid()) != (owned.uid(), owned.gid())
}

/// Windows gives a file to the folder's owner by itself.
#[cfg(not(unix))]
pub(crate) fn keep_owner(_draft: &NamedTempFile, _path: &Path) -> io::Result<()> {
    Ok(())
}

/// Windows gives a file to the folder's owner by itself.
#[cfg(not(unix))]
pub(crate) fn keep_owner_of_folder(_made: &fs::File, _path: &Path) -> io::Result<()> {
    Ok(())
}

/// Keeps everybody else who asks for it out of a file's folder, as long as the answer lives: for whoever reads a file and
/// writes it anew.
pub(crate) fn lock_folder_of(path: &Path) -> io::Result<fs::File> {
    let folder = fs::File::open(folder_of(path))?;
    folder.lock()?;
    Ok(folder)
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

/// Makes a folder inside another, as [`make_folder`] does, for whoever owns that one. A link somebody put in its place
/// meanwhile is not followed.
#[cfg(unix)]
pub(crate) fn make_folder_inside(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, lchown};
    if folder.is_dir() {
        return Ok(());
    }
    make_folder(folder)?;
    let owned = fs::metadata(folder_of(folder))?;
    if !is_another_owner(&fs::symlink_metadata(folder)?, &owned) {
        return Ok(());
    }
    lchown(folder, Some(owned.uid()), Some(owned.gid()))
}

/// Makes a folder inside another.
#[cfg(not(unix))]
pub(crate) fn make_folder_inside(folder: &Path) -> io::Result<()> {
    make_folder(folder)
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
        let third = draft_of(&path).unwrap();
        fs::write(third.path(), "third").unwrap();
        replace(third, &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "third");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
