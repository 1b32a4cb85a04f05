//! Names of the store's blobs, in one place: `k/<subject>` for a patient's wrapped data key, `p/<ref>` for a sealed payload.

use std::fmt::Display;

use crate::domain::{RecordKey, RecordKind, RegistrationId};

/// The wrapped data key of a subject: the request a patient came with.
pub fn wrapped_key(subject: impl Display) -> String {
    format!("k/{subject}")
}

/// The wrapped data key of a household that looks for a médecin traitant.
pub fn wrapped_key_of_household(registration: RegistrationId) -> String {
    wrapped_key(format_args!("{registration}{HOUSEHOLD}"))
}

/// Tells the key of a household from that of a request or of a reason.
const HOUSEHOLD: &str = ".household";

/// A sealed payload.
pub fn payload(reference: impl Display) -> String {
    format!("p/{reference}")
}

/// Why triage came to what it came to with the facts under this reference; beside them, so that it goes with them.
pub fn explanation(facts: impl Display) -> String {
    format!("{}.explanation", payload(facts))
}

/// Whether a blob of this name is a wrapped data key.
pub fn is_wrapped_key(name: &str) -> bool {
    name.starts_with("k/")
}

/// The record a wrapped key goes with: the request of a patient, the registration of a household, or the slot somebody wrote a
/// reason about.
pub fn owner_of_wrapped_key(name: &str) -> Option<RecordKey> {
    let subject = name.strip_prefix("k/")?;
    let (kind, id) = match (subject.strip_suffix(HOUSEHOLD), subject.split_once('.')) {
        (Some(registration), _) => (RecordKind::Registration, registration),
        (None, Some((slot, _))) => (RecordKind::Slot, slot),
        (None, None) => (RecordKind::Request, subject),
    };
    Some(RecordKey { kind, id: id.to_owned() })
}

#[cfg(test)]
mod tests {
    use crate::domain::{RecordKey, RegistrationId};

    #[test]
    fn a_key_and_a_payload_never_share_a_name() {
        assert_eq!(super::wrapped_key("1"), "k/1");
        assert_eq!(super::payload("1"), "p/1");
        assert!(super::is_wrapped_key("k/1") && !super::is_wrapped_key("p/k/1"));
    }

    #[test]
    fn a_key_goes_with_the_request_or_the_slot_it_is_about() {
        let owner = |name| super::owner_of_wrapped_key(name).map(|key| key.to_string());
        assert_eq!(owner("k/1").as_deref(), Some("r:1"));
        assert_eq!(owner("k/1.reason.2").as_deref(), Some("s:1"));
        let household = RegistrationId::new(uuid::Uuid::nil());
        let key = super::wrapped_key_of_household(household);
        assert_eq!(owner(&key), Some(RecordKey::registration(household).to_string()));
        assert_eq!(owner("p/1"), None);
    }
}
