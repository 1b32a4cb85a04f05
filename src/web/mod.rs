//! Pages: templates as functions, the texts they say, the style sheet and scripts they load.
//!
//! Nothing here knows HTTP, a store or a rule: an edge hands in what a page shows and sends the markup with
//! [`CONTENT_SECURITY_POLICY`]. A script talks to the same JSON interface as everybody else and builds its elements one by
//! one, so the policy allows no markup made from text. Start reading at [`console`], then `assets/console.js`.

pub mod assets;
pub mod frame;
pub mod home;
pub mod console;
pub mod fault;
pub mod sign_in;
mod texts;

pub use frame::Notice;

/// The policy every page is sent with: our own files only, nothing inline, no markup made from text, in nobody's frame.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// Reads the catalogue of texts, so that a missing one stops the service at its start rather than a page later.
///
/// # Panics
/// When a text is missing.
pub fn check_texts() {
    let _ = texts::texts();
}
