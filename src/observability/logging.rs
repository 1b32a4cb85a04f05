//! The log: JSON lines on stderr, a human form on a terminal. Fields are identifiers and operational facts, never a name, a
//! number, an answer, a token or a body.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Shown when nothing else is asked for.
const DEFAULT: &str = "warn,aiguilleur=info";

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people on a terminal, else JSON.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Starts the log as it is where nobody says otherwise. Called once, before anything that logs.
pub fn start() {
    start_with(DEFAULT, Form::Auto);
}

/// Starts the log with this filter, unless `AIGUILLEUR_LOG` names another.
pub fn start_with(filter: &str, form: Form) {
    let filter =
        EnvFilter::builder().with_env_var("AIGUILLEUR_LOG").try_from_env().unwrap_or_else(|_| EnvFilter::new(filter));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let text = match form {
        Form::Auto => std::io::stderr().is_terminal(),
        Form::Json => false,
        Form::Text => true,
    };
    if text { log.compact().init() } else { log.json().with_span_list(false).init() }
}

/// Whether a text is a filter.
pub fn is_filter(text: &str) -> bool {
    EnvFilter::try_new(text).is_ok()
}
