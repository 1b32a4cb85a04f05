//! `[triage]`: whether the pack that is shipped, which no physician signed, may recommend levels.

use super::reader::Section;

/// The words by which whoever runs the service takes an unsigned pack: nobody writes them by mistake.
pub(super) const ACCEPTED: &str = "accepté : protocole non validé cliniquement, signé par aucun médecin";

/// Whether triage recommends levels.
pub(super) fn is_on(section: &mut Section<'_>) -> bool {
    match section.text("unsigned_pack").as_deref() {
        Some(ACCEPTED) => true,
        Some("refusé") | None => false,
        Some(other) => {
            section.fault(
                "unsigned_pack",
                format!("« {other} » : écrivez « refusé », ou en toutes lettres « {ACCEPTED} »"),
            );
            false
        }
    }
}
