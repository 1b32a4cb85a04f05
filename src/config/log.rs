//! `[log]`: what is written, and in which form.

use super::reader::Section;
use crate::observability::logging::{self, Form};

/// What `[log]` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// What is written, as `tracing` filters say it.
    pub filter: String,
    /// In which form.
    pub form: Form,
}

impl LogSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let filter = section.text("filter").unwrap_or_default();
        if !logging::is_filter(&filter) {
            section.fault("filter", format!("« {filter} » : un filtre est attendu, comme warn,aiguilleur=debug"));
        }
        let form = match section.text("format").as_deref() {
            Some("json") => Form::Json,
            Some("text") => Form::Text,
            Some("auto") | None => Form::Auto,
            Some(other) => {
                section.fault("format", format!("« {other} » : écrivez auto, json ou text"));
                Form::Auto
            }
        };
        Self { filter, form }
    }
}
