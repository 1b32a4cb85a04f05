//! Opening and making the database file. A new file is made whole under another name and then given its own, so that a
//! power cut at the first start leaves either no store or a good one.

use std::path::Path;

use redb::{Builder, Database, DatabaseError, ReadableDatabase, StorageBackend};
use uuid::Uuid;

use super::renewal;
use super::tables::{self, Fault};
use super::writer::Batch;
use crate::domain::record;
use crate::durable_file;
use crate::store::{Millis, OpenError};

/// The database file inside the data folder.
const FILE: &str = "state.redb";

/// Memory for database pages. The read models hold what is asked often; this serves commits and single records.
const CACHE_BYTES: usize = 128 * 1024 * 1024;

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        Self::Database(match fault {
            Fault::Database(error) => error.to_string(),
            Fault::Row(what) => format!("{what} cannot be read"),
        })
    }
}

/// An opened database and what it says of itself.
pub(super) struct Opened {
    pub(super) database: Database,
    pub(super) epoch: String,
    pub(super) clock: Millis,
}

/// Opens the database in a folder; makes both where they are missing.
pub(super) fn in_folder(folder: &Path) -> Result<Opened, OpenError> {
    let unusable = |error| OpenError::Folder { path: folder.to_owned(), error };
    durable_file::make_folder(folder).map_err(unusable)?;
    let file = folder.join(FILE);
    if !file.try_exists().map_err(unusable)? {
        let new = durable_file::draft_of(&file).map_err(unusable)?;
        drop(opened(builder().create(new.path()), folder)?);
        durable_file::keep_owner(&new, &file).map_err(unusable)?;
        durable_file::publish(new, &file).map_err(unusable)?;
    }
    let opened_as_is = opened(builder().open(&file), folder)?;
    if !renewal::is_due(&opened_as_is.database)? {
        return Ok(opened_as_is);
    }
    let create = |path: &Path| builder().create(path).map_err(Fault::from);
    match renewal::renew(&file, &opened_as_is.database, create) {
        Ok(()) => opened(builder().open(&file), folder),
        Err(fault) => {
            // What was removed is ciphertext without its key by now: serving goes first.
            let fault = OpenError::from(fault);
            tracing::warn!(%fault, "the store's file could not be renewed: it still holds bytes of what was removed");
            Ok(opened_as_is)
        }
    }
}

/// Opens the database of any backend, making it where it is empty.
pub(super) fn in_backend(backend: impl StorageBackend) -> Result<Opened, OpenError> {
    opened(builder().create_with_backend(backend), Path::new("(no folder)"))
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder.set_repair_callback(|repair| {
        tracing::info!(progress = repair.progress(), "the store was not closed properly: checking it");
    });
    builder
}

fn opened(database: Result<Database, DatabaseError>, folder: &Path) -> Result<Opened, OpenError> {
    let database = database.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::InUse(folder.to_owned()),
        DatabaseError::Storage(redb::StorageError::Io(error)) => OpenError::Folder { path: folder.to_owned(), error },
        other => OpenError::Database(other.to_string()),
    })?;
    let (schema, epoch, clock) = match identity(&database)? {
        Some(identity) => identity,
        None => initialise(&database)?,
    };
    if schema != record::SCHEMA.to_string() {
        return Err(OpenError::Schema { found: schema, expected: record::SCHEMA });
    }
    let clock = clock.parse().map_err(|_| OpenError::Database("its clock cannot be read".to_owned()))?;
    Ok(Opened { database, epoch, clock })
}

type Identity = (String, String, String);

/// Schema, epoch and clock of the database; none where it is new.
fn identity(database: &Database) -> Result<Option<Identity>, Fault> {
    let read = database.begin_read()?;
    let meta = match read.open_table(tables::META) {
        Ok(meta) => meta,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let setting = |name| tables::setting(&meta, name)?.ok_or_else(|| Fault::Row(format!("the setting {name}")));
    Ok(Some((setting(tables::SCHEMA)?, setting(tables::EPOCH)?, setting(tables::CLOCK)?)))
}

/// Makes every table and names the data set.
fn initialise(database: &Database) -> Result<Identity, Fault> {
    let identity = (record::SCHEMA.to_string(), Uuid::new_v4().to_string(), Millis::MIN.to_string());
    let write = database.begin_write()?;
    let mut batch = Batch::open(&write, Millis::MIN)?;
    batch.set(tables::SCHEMA, &identity.0)?;
    batch.set(tables::EPOCH, &identity.1)?;
    batch.set(tables::CLOCK, &identity.2)?;
    drop(batch);
    write.commit()?;
    Ok(identity)
}
