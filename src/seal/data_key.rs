//! A data key per patient, and what is sealed under it. The key-encryption key only wraps data keys: changing it re-wraps
//! them and leaves every payload as it is.

use std::fmt;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::envelope::{self, KEY_BYTES, Plain, random, with_lengths};
use super::key_file::KeyId;
use super::{Kek, SealError};
use crate::domain::TerritoryId;
use crate::domain::coding::coded;

/// First byte of a wrapped key and of a payload: the version of their layout.
const LAYOUT: u8 = 1;
/// `layout ‖ key id`, in clear before the nonce.
const HEAD_BYTES: usize = 1 + 8;
/// Keeps a wrapped key from ever being taken for a payload.
const WRAPPING: &[u8] = b"aiguilleur wrapped data key";
const SEALING: &[u8] = b"aiguilleur sealed payload";

coded!(
    /// What a payload holds.
    FieldSet {
        /// What triage and matching need of the patient.
        Facts = "facts",
        /// Who the patient is.
        Identity = "identity",
        /// Why triage came to what it came to.
        Explanation = "explanation",
        /// What somebody wrote about a request.
        Text = "text",
        /// What a delivery sends.
        Delivery = "delivery",
    }
);

/// Where a payload belongs: opened anywhere else, it is refused.
#[derive(Debug, Clone, Copy)]
pub struct Aad<'a> {
    /// The territory that keeps it.
    pub territory: &'a TerritoryId,
    /// The reference it is kept under.
    pub reference: &'a str,
    /// What it holds.
    pub fields: FieldSet,
}

impl Aad<'_> {
    fn bytes(&self) -> Vec<u8> {
        let parts = [self.territory.as_str(), self.reference, self.fields.code()].map(str::as_bytes);
        with_lengths(&[SEALING, parts[0], parts[1], parts[2]])
    }
}

/// Makes and unwraps data keys.
pub struct Sealer {
    kek: Kek,
}

impl Sealer {
    /// A sealer under these key-encryption keys: the one in use wraps, every one opens what it wrapped.
    pub fn new(kek: Kek) -> Self {
        Self { kek }
    }

    /// The keys it seals under.
    pub fn kek(&self) -> &Kek {
        &self.kek
    }

    /// A data key for a new patient, and its wrapped form: to be kept as the blob
    /// [`wrapped_key`](super::blob_names::wrapped_key).
    pub fn new_subject(&self) -> Result<(DataKey, Bytes), SealError> {
        let key = DataKey { id: KeyId(*random()?), bytes: random()? };
        let wrapped = self.wrap(&key)?;
        Ok((key, wrapped))
    }

    /// The wrapped form of a data key under the key-encryption key in use: also how a key moves to a new one.
    pub fn wrap(&self, key: &DataKey) -> Result<Bytes, SealError> {
        let mut plain = Zeroizing::new([0; 8 + KEY_BYTES]);
        plain[..8].copy_from_slice(&key.id.0);
        plain[8..].copy_from_slice(&key.bytes[..]);
        envelope::seal(&self.kek.in_use().bytes, &head(self.kek.id()), WRAPPING, &plain[..])
    }

    /// The data key of a wrapped form.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<DataKey, SealError> {
        let found = key_id(wrapped)?;
        let kek = self.kek.opening(found).ok_or_else(|| SealError::OtherKek { found, in_use: self.kek.id() })?;
        let plain = envelope::open(&kek.bytes, HEAD_BYTES, WRAPPING, wrapped)?;
        let (id, bytes) = plain.split_first_chunk::<8>().ok_or(SealError::Layout)?;
        let bytes: &[u8; KEY_BYTES] = bytes.try_into().map_err(|_| SealError::Layout)?;
        Ok(DataKey { id: KeyId(*id), bytes: Zeroizing::new(*bytes) })
    }
}

impl Sealer {
    /// The same data key wrapped under the key-encryption key in use; none where it is already.
    pub fn rewrap(&self, wrapped: &[u8]) -> Result<Option<Bytes>, SealError> {
        if key_id(wrapped)? == self.kek.id() {
            return Ok(None);
        }
        self.wrap(&self.unwrap(wrapped)?).map(Some)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("kek", &self.kek).finish()
    }
}

/// One patient's key. Wiped from memory when dropped.
pub struct DataKey {
    id: KeyId,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

impl DataKey {
    /// Seals a payload for the place it will be kept at.
    pub fn seal(&self, aad: Aad<'_>, plain: &[u8]) -> Result<Bytes, SealError> {
        envelope::seal(&self.bytes, &head(self.id), &aad.bytes(), plain)
    }

    /// Opens a payload kept at that place.
    pub fn open(&self, aad: Aad<'_>, sealed: &[u8]) -> Result<Plain, SealError> {
        if key_id(sealed)? != self.id {
            return Err(SealError::OtherDataKey);
        }
        envelope::open(&self.bytes, HEAD_BYTES, &aad.bytes(), sealed)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.id)
    }
}

/// The key-encryption key a data key is wrapped under.
///
/// # Errors
/// [`SealError::Layout`] for anything but a wrapped key.
pub fn wrapped_under(wrapped: &[u8]) -> Result<KeyId, SealError> {
    key_id(wrapped)
}

fn head(id: KeyId) -> [u8; HEAD_BYTES] {
    let mut head = [LAYOUT; HEAD_BYTES];
    head[1..].copy_from_slice(&id.0);
    head
}

fn key_id(sealed: &[u8]) -> Result<KeyId, SealError> {
    match sealed.split_first_chunk::<HEAD_BYTES>() {
        Some(([LAYOUT, id @ ..], _)) => Ok(KeyId(*id)),
        _ => Err(SealError::Layout),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"Zoe Vandamme 0639981234";

    fn territory(name: &str) -> TerritoryId {
        name.parse().unwrap()
    }

    fn sealer() -> Sealer {
        Sealer::new(Kek::generate().unwrap())
    }

    #[test]
    fn what_was_sealed_opens_after_the_key_was_wrapped_and_unwrapped() {
        let (sealer, weppes) = (sealer(), territory("weppes"));
        let aad = Aad { territory: &weppes, reference: "r1", fields: FieldSet::Identity };
        let (key, wrapped) = sealer.new_subject().unwrap();
        let sealed = key.seal(aad, PLAIN).unwrap();
        assert_eq!(&sealer.unwrap(&wrapped).unwrap().open(aad, &sealed).unwrap()[..], PLAIN);
        assert_ne!(key.seal(aad, PLAIN).unwrap(), sealed, "no two seals are alike");
        assert!(key.open(aad, &key.seal(aad, b"").unwrap()).unwrap().is_empty());
    }

    #[test]
    fn a_new_key_encryption_key_leaves_payloads_as_they_are() {
        let (old, new, weppes) = (sealer(), sealer(), territory("weppes"));
        let aad = Aad { territory: &weppes, reference: "r1", fields: FieldSet::Facts };
        let (key, wrapped) = old.new_subject().unwrap();
        let sealed = key.seal(aad, PLAIN).unwrap();
        let moved = new.wrap(&old.unwrap(&wrapped).unwrap()).unwrap();
        assert_eq!(&new.unwrap(&moved).unwrap().open(aad, &sealed).unwrap()[..], PLAIN);
    }

    #[test]
    fn while_a_key_is_renewed_both_open_and_the_new_one_wraps() {
        let folder = tempfile::tempdir().unwrap();
        let (path, weppes) = (folder.path().join("patients.key"), territory("weppes"));
        let aad = Aad { territory: &weppes, reference: "r1", fields: FieldSet::Facts };
        let old = Sealer::new(Kek::load_or_create(&path).unwrap());
        let (key, wrapped) = old.new_subject().unwrap();
        let sealed = key.seal(aad, PLAIN).unwrap();
        let both = Sealer::new(Kek::renew(&path).unwrap());
        assert_eq!(&both.unwrap(&wrapped).unwrap().open(aad, &sealed).unwrap()[..], PLAIN);
        assert_eq!(wrapped_under(&both.new_subject().unwrap().1), Ok(both.kek.id()));
        let moved = both.rewrap(&wrapped).unwrap().unwrap();
        assert_eq!((wrapped_under(&moved), both.rewrap(&moved)), (Ok(both.kek.id()), Ok(None)));
        both.kek.retire_earlier(&path).unwrap();
        let new = Sealer::new(Kek::load(&path).unwrap());
        assert_eq!(&new.unwrap(&moved).unwrap().open(aad, &sealed).unwrap()[..], PLAIN);
        let lost = SealError::OtherKek { found: old.kek.id(), in_use: new.kek.id() };
        assert_eq!((new.unwrap(&wrapped).unwrap_err(), new.rewrap(&wrapped).unwrap_err()), (lost.clone(), lost));
        assert!(matches!(old.unwrap(&moved), Err(SealError::OtherKek { .. })));
    }

    #[test]
    fn a_wrong_key_is_named_and_opens_nothing() {
        let (sealer, other, weppes) = (sealer(), sealer(), territory("weppes"));
        let (key, wrapped) = sealer.new_subject().unwrap();
        assert_eq!(wrapped_under(&wrapped), Ok(sealer.kek.id()));
        assert_eq!(wrapped_under(b"2345"), Err(SealError::Layout));
        let (found, in_use) = (sealer.kek.id(), other.kek.id());
        assert_eq!(other.unwrap(&wrapped).unwrap_err(), SealError::OtherKek { found, in_use });
        let aad = Aad { territory: &weppes, reference: "r1", fields: FieldSet::Facts };
        let sealed = key.seal(aad, PLAIN).unwrap();
        let (stranger, _) = sealer.new_subject().unwrap();
        assert_eq!(stranger.open(aad, &sealed).unwrap_err(), SealError::OtherDataKey);
        // Even one that bears the right name.
        let forged = DataKey { id: key.id, bytes: random().unwrap() };
        assert_eq!(forged.open(aad, &sealed).unwrap_err(), SealError::NotAuthentic);
    }

    #[test]
    fn a_payload_moved_elsewhere_does_not_open() {
        let (sealer, weppes, other) = (sealer(), territory("weppes"), territory("weppes-2"));
        let (key, wrapped) = sealer.new_subject().unwrap();
        let place = Aad { territory: &weppes, reference: "r1", fields: FieldSet::Facts };
        let sealed = key.seal(place, PLAIN).unwrap();
        for elsewhere in [
            Aad { territory: &other, ..place },
            Aad { reference: "r2", ..place },
            Aad { reference: "", ..place },
            Aad { fields: FieldSet::Identity, ..place },
        ] {
            assert_eq!(key.open(elsewhere, &sealed).unwrap_err(), SealError::NotAuthentic, "{elsewhere:?}");
        }
        assert!(key.open(place, &wrapped).is_err() && sealer.unwrap(&sealed).is_err(), "keys are no payloads");
    }

    #[test]
    fn one_flipped_bit_anywhere_is_found() {
        let (sealer, weppes) = (sealer(), territory("weppes"));
        let (key, wrapped) = sealer.new_subject().unwrap();
        let aad = Aad { territory: &weppes, reference: "r1", fields: FieldSet::Facts };
        let sealed = key.seal(aad, PLAIN).unwrap();
        for at in 0..sealed.len() {
            let mut altered = sealed.to_vec();
            altered[at] ^= 1;
            assert!(key.open(aad, &altered).is_err(), "byte {at}");
            assert!(key.open(aad, &sealed[..at]).is_err(), "cut at {at}");
        }
        for at in 0..wrapped.len() {
            let mut altered = wrapped.to_vec();
            altered[at] ^= 1;
            assert!(sealer.unwrap(&altered).is_err(), "byte {at}");
        }
    }

    #[test]
    fn neither_the_sealed_bytes_nor_debug_output_show_anything() {
        let (sealer, weppes) = (sealer(), territory("weppes"));
        let (key, wrapped) = sealer.new_subject().unwrap();
        let aad = Aad { territory: &weppes, reference: "r1", fields: FieldSet::Facts };
        let sealed = key.seal(aad, PLAIN).unwrap();
        for piece in PLAIN.windows(4) {
            assert!(!sealed.windows(4).any(|window| window == piece));
        }
        for piece in key.bytes.windows(8) {
            assert!(!wrapped.windows(8).any(|window| window == piece));
        }
        let shown = format!("{key:?} {sealer:?}");
        assert_eq!(shown, format!("DataKey({}) Sealer {{ kek: Kek({}) }}", key.id, sealer.kek.id()));
    }
}
