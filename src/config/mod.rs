//! The settings of `serve`: one TOML file, which is also the manual (`aiguilleur.toml` beside this), overridden by
//! `AIGUILLEUR_<SECTION>_<NAME>`. The manual's own values are the defaults, so it cannot say another thing than what is done.
//! All faults are told at once. Secrets are never settings: settings name their files.
//!
//! Adding a section: a file beside these with a type and its `read`, a line in [`Settings`] and in [`read`], and its lines in
//! the manual; a test holds the manual and what is read together. This is the only place where the environment is read.

mod environment;
mod log;
mod reader;
mod security;
mod service;
mod store;
#[cfg(test)]
mod tests;
mod triage;
mod tuning;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::booking::Policy;
use crate::http::Limits;

use environment::Variable;
use reader::{NotToml, Reader};

pub use environment::{in_container, notify_socket};
pub use log::LogSettings;
pub use reader::SettingFault;
pub use security::SecuritySettings;
pub use service::ServiceSettings;
pub use store::StoreSettings;
pub use triage::{ACCEPTED, TriageSettings};

/// The default file, commented: what `serve --print-config` prints.
pub const MANUAL: &str = include_str!("aiguilleur.toml");

/// Read when no other file is named, where there is one.
pub const USUAL_FILE: &str = "/etc/aiguilleur/aiguilleur.toml";

/// Every setting.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `[service]`.
    pub service: ServiceSettings,
    /// `[directory]`: the folder of practitioners' files.
    pub practitioners: Option<PathBuf>,
    /// `[store]`.
    pub store: StoreSettings,
    /// `[security]`.
    pub security: SecuritySettings,
    /// `[booking]`.
    pub policy: Policy,
    /// `[triage]`.
    pub triage: TriageSettings,
    /// `[limits]`.
    pub limits: Limits,
    /// `[log]`.
    pub log: LogSettings,
}

/// Why there are no settings. In French: whoever runs the service reads it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("le fichier de configuration {} ne peut pas être lu : {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// Not TOML.
    #[error("{file}, ligne {line} : ce n'est pas du TOML : {message}")]
    NotToml {
        /// Which file.
        file: String,
        /// Line.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// Settings with faults.
    #[error("la configuration a {} défaut(s) :\n{}", .0.len(), .0.iter().map(|f| format!("- {f}")).collect::<Vec<_>>().join("\n"))]
    Faulty(Vec<SettingFault>),
}

/// Reads the settings of a file, or of the usual one, under what the environment says.
///
/// # Errors
/// [`ConfigError`], with every fault.
pub fn load(file: Option<&Path>) -> Result<Settings, ConfigError> {
    let usual = Path::new(USUAL_FILE);
    let file = file.or_else(|| usual.exists().then_some(usual));
    let text = match file {
        Some(path) => {
            let unreadable = |error| ConfigError::Unreadable { path: path.to_owned(), error };
            Some((path, fs::read_to_string(path).map_err(unreadable)?))
        }
        None => None,
    };
    read(text.as_ref().map(|(path, text)| (*path, text.as_str())), &environment::overrides())
}

/// Reads the settings of a file's text under these variables.
fn read(file: Option<(&Path, &str)>, variables: &[Variable]) -> Result<Settings, ConfigError> {
    let base = file.and_then(|(path, _)| path.parent()).unwrap_or(Path::new(""));
    let not_toml = |file: &str| {
        let file = file.to_owned();
        move |NotToml { line, message }| ConfigError::NotToml { file, line, message }
    };
    let mut reader = Reader::new(MANUAL, base).map_err(not_toml("aiguilleur.toml"))?;
    if let Some((path, text)) = file {
        let name = path.display().to_string();
        reader.add_file(text, Some(&name)).map_err(not_toml(&name))?;
    }
    reader.add_variables(variables);
    let settings = sections(&mut reader);
    match reader.finish() {
        faults if faults.is_empty() => Ok(settings),
        faults => Err(ConfigError::Faulty(faults)),
    }
}

fn sections(reader: &mut Reader) -> Settings {
    let service = ServiceSettings::read(&mut reader.section("service"));
    Settings {
        practitioners: reader.section("directory").path("practitioners"),
        store: StoreSettings::read(&mut reader.section("store"), &service.data),
        security: SecuritySettings::read(&mut reader.section("security"), &service.data),
        policy: tuning::policy(&mut reader.section("booking")),
        triage: TriageSettings::read(&mut reader.section("triage")),
        limits: tuning::limits(&mut reader.section("limits"), service.stop_within),
        log: LogSettings::read(&mut reader.section("log")),
        service,
    }
}
