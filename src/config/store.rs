//! `[store]`: where state lives.

use std::path::Path;

use super::reader::Section;
use crate::service::StoreChoice;

/// What `[store]` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// Which store.
    pub choice: StoreChoice,
}

impl StoreSettings {
    pub(super) fn read(section: &mut Section<'_>, data: &Path) -> Self {
        let kind = section.text("kind").unwrap_or_default();
        if kind != "embedded" {
            section.fault("kind", format!("« {kind} » : écrivez embedded"));
        }
        Self { choice: StoreChoice::Embedded { folder: data.to_owned() } }
    }
}
