//! What the process is told by its environment. Nothing else of the service reads a variable.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What our variables begin with.
pub(super) const PREFIX: &str = "AIGUILLEUR_";

/// Variables of this prefix that are no settings: the log's filter, and what the tests of this repository are told.
const NOT_SETTINGS: [&str; 6] = [
    "AIGUILLEUR_LOG",
    "AIGUILLEUR_AXE",
    "AIGUILLEUR_CHROMIUM",
    "AIGUILLEUR_CHROMEDRIVER",
    "AIGUILLEUR_REDIS_SERVER",
    "AIGUILLEUR_TERRITORIES",
];

/// A variable that overrides a setting; no text where its value is not UTF-8.
pub(super) type Variable = (String, Option<String>);

/// The variables that override settings. One that is empty says nothing.
pub(super) fn overrides() -> Vec<Variable> {
    let ours = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let mut ours: Vec<_> = ours
        .filter(|(name, value)| name.starts_with(PREFIX) && !NOT_SETTINGS.contains(&name.as_str()) && !value.is_empty())
        .map(|(name, value)| (name, OsString::into_string(value).ok()))
        .collect();
    ours.sort();
    ours
}

/// The socket on which systemd is told that the service is ready (`Type=notify`).
pub fn notify_socket() -> Option<PathBuf> {
    env::var_os("NOTIFY_SOCKET").map(PathBuf::from)
}

/// Whether the process lives in a container, as far as container engines say so.
pub fn in_container() -> bool {
    env::var_os("container").is_some()
        || ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| Path::new(mark).exists())
        || env::var_os("KUBERNETES_SERVICE_HOST").is_some()
}
