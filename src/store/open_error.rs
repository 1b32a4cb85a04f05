//! Why a store could not be opened, for whoever starts the service.

use std::io;
use std::path::PathBuf;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or the file cannot be made or read.
    #[error("the data folder {} cannot be used: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The lock on the file is taken.
    #[error("another process has this data folder open: {}; stop it, or choose another folder", .0.display())]
    InUse(PathBuf),
    /// The data was written by another version of the service.
    #[error("the data has schema {found}, this version of the service reads {expected}: use the version that wrote it")]
    Schema {
        /// What the data says.
        found: String,
        /// What this build reads.
        expected: u32,
    },
    /// The file is damaged or no database.
    #[error("the database cannot be opened: {0}")]
    Database(String),
    /// The address of a server is none.
    #[error("{address} is no address of a Redis: {why}")]
    Address {
        /// The address, without what is secret in it.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// No server answers there.
    #[error("no Redis answers at {server}: {error}; is it started, and is the address right?")]
    NoServer {
        /// Where.
        server: String,
        /// What the system says.
        error: String,
    },
    /// The server wants a password, or another one.
    #[error("the Redis at {server} does not take this name and password: {error}")]
    Login {
        /// Where.
        server: String,
        /// What the server says.
        error: String,
    },
    /// The server lets us in, but not do what a store must.
    #[error("the Redis at {server} does not permit what the store needs: {what}; see the rights listed in the README")]
    NotPermitted {
        /// Where.
        server: String,
        /// What is refused.
        what: String,
    },
    /// The server is there and cannot serve now: it loads its data, or is a replica.
    #[error("the Redis at {server} is not ready: {error}")]
    NotReady {
        /// Where.
        server: String,
        /// What the server says.
        error: String,
    },
    /// The server is too old.
    #[error("the Redis at {server} cannot run the store's scripts, which need version 7.0 or later: {error}")]
    TooOld {
        /// Where.
        server: String,
        /// What the server says.
        error: String,
    },
}
