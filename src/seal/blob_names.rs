//! Names of the store's blobs, in one place: `k/<subject>` for a patient's wrapped data key, `p/<ref>` for a sealed payload.

use std::fmt::Display;

/// The wrapped data key of a subject: the request a patient came with.
pub fn wrapped_key(subject: impl Display) -> String {
    format!("k/{subject}")
}

/// A sealed payload.
pub fn payload(reference: impl Display) -> String {
    format!("p/{reference}")
}

/// Whether a blob of this name is a wrapped data key.
pub fn is_wrapped_key(name: &str) -> bool {
    name.starts_with("k/")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_key_and_a_payload_never_share_a_name() {
        assert_eq!(super::wrapped_key("1"), "k/1");
        assert_eq!(super::payload("1"), "p/1");
        assert!(super::is_wrapped_key("k/1") && !super::is_wrapped_key("p/k/1"));
    }
}
