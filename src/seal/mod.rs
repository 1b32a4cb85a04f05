//! Sealing of personal data (store.md §9): XChaCha20-Poly1305 under a data key per patient, itself wrapped by the service's
//! key-encryption key. Deleting a patient's wrapped key makes what was sealed under it unreadable for good. Also the keyed
//! digests: fingerprints of calls, and uniqueness without the value.
//!
//! This is an edge: the one place that draws key material from the system. Nothing here logs, and no error or `Debug`
//! shows a key or a content. Start reading at [`Sealer`].

pub mod blob_names;
mod codec;
mod data_key;
mod digests;
mod envelope;
mod kek;
mod key_file;

pub use codec::{
    open_explanation, open_facts, open_household_identity, open_identity, open_text, seal_explanation, seal_facts,
    seal_household_identity, seal_identity, seal_text,
};
pub use data_key::{Aad, DataKey, FieldSet, Sealer, wrapped_under};
pub use digests::{Fingerprinter, MacKey, Signer};
pub use envelope::Plain;
pub use kek::Kek;
pub use key_file::{KeyError, KeyId};

/// Why something could not be sealed or opened. Never says what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Too short, or of a layout this version does not know.
    #[error("not a sealed value this version of the service can read")]
    Layout,
    /// Wrapped under a key-encryption key that is not at hand.
    #[error(
        "wrapped under key {found}, which is not in the key file (in use: {in_use}): put the right file in place, or that \
         key's line below the first"
    )]
    OtherKek {
        /// The key it was wrapped under.
        found: KeyId,
        /// The key in use.
        in_use: KeyId,
    },
    /// Sealed under another patient's data key.
    #[error("sealed under another data key")]
    OtherDataKey,
    /// Altered, moved from another place, or opened with a wrong key.
    #[error("the sealed value is not authentic")]
    NotAuthentic,
    /// Authentic, but not in the form expected.
    #[error("the sealed content is not in the expected form")]
    Content,
    /// The system gave no random numbers.
    #[error("the system gave no random numbers")]
    Random,
}
