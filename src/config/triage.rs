//! `[triage]`: which pack recommends levels, whether one that is not signed may, and what it recommends nothing for.

use std::path::PathBuf;

use super::reader::Section;

/// The words by which whoever runs the service takes an unsigned pack: nobody writes them by mistake.
pub const ACCEPTED: &str = "accepté : protocole non validé cliniquement, signé par aucun médecin";

/// What `[triage]` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TriageSettings {
    /// The folder of the pack; none: the one that is shipped.
    pub pack: Option<PathBuf>,
    /// Whether a pack that does not count as signed is taken in so many words.
    pub accepts_unsigned: bool,
    /// Complaints it recommends nothing for, by their name in the pack.
    pub off: Vec<String>,
}

impl TriageSettings {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let pack = section.path("pack");
        let accepts_unsigned = match section.text("unsigned_pack").as_deref() {
            Some(ACCEPTED) => true,
            Some("refusé") | None => false,
            Some(other) => {
                section.fault(
                    "unsigned_pack",
                    format!("« {other} » : écrivez « refusé », ou en toutes lettres « {ACCEPTED} »"),
                );
                false
            }
        };
        Self { pack, accepts_unsigned, off: section.texts("off") }
    }
}
