//! The log: JSON lines on stderr, a human form on a terminal. Fields are identifiers and operational facts, never a name, a
//! number, an answer, a token or a body.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Shown when `AIGUILLEUR_LOG` says nothing else.
const DEFAULT: &str = "warn,aiguilleur=info";

/// Starts the log. Called once, before anything that logs.
pub fn start() {
    let filter =
        EnvFilter::builder().with_env_var("AIGUILLEUR_LOG").try_from_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() { log.compact().init() } else { log.json().init() }
}
