//! `[security]`: where secrets and access keys are. Never the secrets themselves.

use std::path::{Path, PathBuf};

use super::reader::Section;
use crate::service::KeyFiles;

/// What `[security]` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecuritySettings {
    /// The files of the two secret keys.
    pub key_files: KeyFiles,
    /// The file of the access keys.
    pub access_keys: PathBuf,
}

impl SecuritySettings {
    pub(super) fn read(section: &mut Section<'_>, data: &Path) -> Self {
        let own = KeyFiles::in_folder(data);
        Self {
            key_files: KeyFiles {
                patients: section.path("patients_key_file").unwrap_or(own.patients),
                digests: section.path("digests_key_file").unwrap_or(own.digests),
            },
            access_keys: section.path("api_keys_file").unwrap_or_else(|| data.join("keys.toml")),
        }
    }
}
