//! A file that holds nothing but what it says. A database file keeps the bytes of what was removed in its free pages, for as
//! long as nothing is written over them; so when something was removed for good (a person's data, trimmed events), the next
//! start copies what is left into a new file and puts it in the place of the old one.

use std::fs;
use std::io;
use std::path::Path;

use redb::{Database, ReadableDatabase as _, ReadableTable as _};

use super::tables::{self, Fault};
use crate::durable_file;

/// Ends the names of new files that were never given their own.
const DRAFT: &str = ".new";

/// Whether something was removed from a database since it was made.
pub(super) fn is_due(database: &Database) -> Result<bool, Fault> {
    let meta = database.begin_read()?.open_table(tables::META)?;
    Ok(tables::setting(&meta, tables::REMOVED)?.is_some())
}

/// Puts a copy of what `old` holds in the place of its file, which nobody else may open meanwhile: `old` keeps its lock until
/// the copy has its name.
pub(super) fn renew(
    file: &Path,
    old: &Database,
    create: impl Fn(&Path) -> Result<Database, Fault>,
) -> Result<(), Fault> {
    remove_drafts(file).map_err(io_fault)?;
    let draft = durable_file::draft_of(file).map_err(io_fault)?;
    let new = create(draft.path())?;
    copy(old, &new)?;
    drop(new);
    durable_file::keep_owner(&draft, file).map_err(io_fault)?;
    durable_file::replace(draft, file).map_err(io_fault)
}

fn io_fault(error: io::Error) -> Fault {
    Fault::Database(redb::Error::Io(error))
}

/// A crash in the middle of an earlier copy left it half made.
fn remove_drafts(file: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name().and_then(|name| name.to_str())) else {
        return Ok(());
    };
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let found = path.file_name().and_then(|found| found.to_str()).unwrap_or_default();
        if found != name && found.starts_with(name) && found.ends_with(DRAFT) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn copy(old: &Database, new: &Database) -> Result<(), Fault> {
    let (read, write) = (old.begin_read()?, new.begin_write()?);
    macro_rules! copy_tables {
        ($($table:expr),+ $(,)?) => {
            $({
                let mut into = write.open_table($table)?;
                for row in read.open_table($table)?.iter()? {
                    let (key, row) = row?;
                    into.insert(key.value(), row.value())?;
                }
            })+
        };
    }
    copy_tables!(
        tables::RECORDS,
        tables::EVENTS,
        tables::TAILS,
        tables::ANSWERS,
        tables::ANSWER_ENDS,
        tables::DUE,
        tables::TIMERS,
        tables::BLOBS,
        tables::META,
    );
    write.open_table(tables::META)?.remove(tables::REMOVED)?;
    write.commit()?;
    Ok(())
}
