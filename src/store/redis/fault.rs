//! What an error of the client or the server means to a caller: it surely did not happen, or it may have.

use redis::{ErrorKind, RedisError};

use crate::store::{OpenError, StoreError};

/// Codes of refusals before anything was done.
const REFUSED: [&str; 14] = [
    "LOADING",
    "READONLY",
    "MASTERDOWN",
    "NOAUTH",
    "WRONGPASS",
    "NOPERM",
    "MISCONF",
    "NOREPLICAS",
    "BUSY",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "MOVED",
    "ASK",
    "NOSCRIPT",
];

/// The server's code for the error, or for the first of several.
pub(super) fn code(error: &RedisError) -> Option<String> {
    let errors = error.clone().into_server_errors()?;
    errors.first().map(|(_, error)| error.code().to_owned())
}

/// What the server, or the system, says.
pub(super) fn said(error: &RedisError) -> String {
    let server = error.clone().into_server_errors();
    match server.as_deref().and_then(|errors| errors.first()) {
        Some((_, error)) => format!("{} {}", error.code(), error.details().unwrap_or_default()),
        None => error.to_string(),
    }
}

/// Whether the connection it came by is of no more use.
pub(super) fn breaks_the_connection(error: &RedisError) -> bool {
    error.is_io_error()
        || matches!(error.kind(), ErrorKind::Parse | ErrorKind::AuthenticationFailed)
        || matches!(code(error).as_deref(), Some("NOAUTH" | "READONLY" | "MASTERDOWN"))
}

/// An error in answer to something that was to change the store.
pub(super) fn of_a_write(error: &RedisError) -> StoreError {
    match code(error).as_deref() {
        Some("OOM") => StoreError::Full,
        // Raised by a command inside a script, which may have written by then.
        Some(_) if said(error).contains("script: ") => StoreError::Unknown(said(error)),
        Some(code) if REFUSED.contains(&code) => StoreError::Unavailable(said(error)),
        _ => StoreError::Unknown(said(error)),
    }
}

/// An error where nothing was to change, or nothing was sent.
pub(super) fn nothing_done(error: &RedisError) -> StoreError {
    match code(error).as_deref() {
        Some("OOM") => StoreError::Full,
        Some("WRONGTYPE") => StoreError::Corrupt(said(error)),
        _ => StoreError::Unavailable(said(error)),
    }
}

/// An error of the first contact with a server.
pub(super) fn of_opening(error: &RedisError, server: String) -> OpenError {
    let told = said(error);
    match code(error).as_deref() {
        Some("NOAUTH" | "WRONGPASS") => OpenError::Login { server, error: told },
        Some("NOPERM") => OpenError::NotPermitted { server, what: told },
        Some("ERR") if told.contains("compiling") => OpenError::TooOld { server, error: told },
        Some(_) => OpenError::NotReady { server, error: told },
        None if error.kind() == ErrorKind::AuthenticationFailed => OpenError::Login { server, error: told },
        None => OpenError::NoServer { server, error: told },
    }
}

/// An answer that cannot be read.
pub(super) fn unreadable(what: &str) -> StoreError {
    StoreError::Corrupt(format!("what Redis answers to {what} is not of the form expected"))
}
