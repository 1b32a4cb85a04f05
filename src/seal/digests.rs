//! Keyed digests: what a call was, and what must be unique, without keeping either. The key is another one than the
//! key-encryption key and is not rotated with it: stored digests would no longer match.

use std::fmt;
use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use super::SealError;
use super::envelope::with_lengths;
use super::key_file::{KeyError, SecretKey};
use crate::domain::TerritoryId;
use crate::store::Fingerprint;

/// The key of the digests.
pub struct MacKey(SecretKey);

impl MacKey {
    const PURPOSE: &'static str = "mac";

    /// A new key that lives in memory only.
    pub fn generate() -> Result<Self, SealError> {
        SecretKey::generate().map(Self)
    }

    /// The key of a file.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        SecretKey::load(path, Self::PURPOSE).map(Self)
    }

    /// The key of a file, made (mode 0600) where there is none.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        SecretKey::load_or_create(path, Self::PURPOSE).map(Self)
    }

    /// A key for another purpose (signing links and sessions), which tells nothing of this one.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0.bytes[..]).expect("HMAC takes keys of any length");
        mac.update(&with_lengths(&[b"derive", purpose.as_bytes()]));
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacKey({})", self.0.id)
    }
}

/// Signs what is handed out, so that whoever has the key can tell later that it was made here and is as it was. It proves
/// nothing to somebody without the key, and nothing against whoever has it.
pub struct Signer([u8; 32]);

impl Signer {
    /// Signatures of one purpose: those of another say nothing of these.
    pub fn new(key: &MacKey, purpose: &str) -> Self {
        Self(key.derive(purpose))
    }

    /// The signature of a text: HMAC-SHA-256, hexadecimal.
    pub fn sign(&self, text: &[u8]) -> String {
        use std::fmt::Write as _;
        let signature = self.mac(text).finalize().into_bytes();
        signature.iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    fn mac(&self, text: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(text);
        mac
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

/// Makes keyed digests: HMAC-SHA-256, cut to 128 bits.
#[derive(Debug)]
pub struct Fingerprinter {
    key: MacKey,
}

impl Fingerprinter {
    /// Digests under this key.
    pub fn new(key: MacKey) -> Self {
        Self { key }
    }

    /// What a call was: the same idempotency key with another call is refused. Keyed, because a body holds telephone
    /// numbers, which a plain digest would let anybody try out.
    pub fn fingerprint(&self, method: &str, path: &str, body: &[u8]) -> Fingerprint {
        self.digest(&[b"call", method.as_bytes(), path.as_bytes(), body])
    }

    /// What stands for `value` in the uniqueness guard of `subject` (`registration`): 32 hexadecimal digits. The caller
    /// brings values into one spelling first; two territories have nothing in common.
    pub fn unique_hmac(&self, territory: &TerritoryId, subject: &str, value: &str) -> String {
        let digest = self.digest(&[b"unique", territory.as_str().as_bytes(), subject.as_bytes(), value.as_bytes()]);
        Uuid::from_bytes(digest).simple().to_string()
    }

    fn digest(&self, parts: &[&[u8]]) -> Fingerprint {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key.0.bytes[..]).expect("HMAC takes keys of any length");
        mac.update(&with_lengths(parts));
        let whole = mac.finalize().into_bytes();
        let mut cut = Fingerprint::default();
        cut.copy_from_slice(&whole[..16]);
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_call_has_another_fingerprint_however_its_parts_are_cut() {
        let digests = Fingerprinter::new(MacKey::generate().unwrap());
        let call = digests.fingerprint("POST", "/v1/requests", b"{}");
        assert_eq!(call, digests.fingerprint("POST", "/v1/requests", b"{}"));
        for (method, path, body) in [
            ("PUT", "/v1/requests", "{}"),
            ("POST", "/v1/requests{", "}"),
            ("POST/", "v1/requests", "{}"),
            ("", "", ""),
        ] {
            assert_ne!(call, digests.fingerprint(method, path, body.as_bytes()));
        }
        let other_key = Fingerprinter::new(MacKey::generate().unwrap());
        assert_ne!(call, other_key.fingerprint("POST", "/v1/requests", b"{}"));
    }

    #[test]
    fn the_same_person_is_found_again_in_one_territory_only() {
        let digests = Fingerprinter::new(MacKey::generate().unwrap());
        let (here, there): (TerritoryId, TerritoryId) = ("weppes".parse().unwrap(), "weppes-2".parse().unwrap());
        let value = "vandamme|zoe|1990-01-01";
        let hmac = digests.unique_hmac(&here, "registration", value);
        assert_eq!(hmac, digests.unique_hmac(&here, "registration", value));
        assert_eq!(hmac.len(), 32);
        assert_ne!(hmac, digests.unique_hmac(&there, "registration", value));
        assert_ne!(hmac, digests.unique_hmac(&here, "account", value));
        assert!(!hmac.contains("zoe") && !format!("{digests:?}").contains(&hmac));
    }

    #[test]
    fn digests_match_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mac");
        let before = Fingerprinter::new(MacKey::load_or_create(&path).unwrap()).fingerprint("POST", "/", b"x");
        assert_eq!(before, Fingerprinter::new(MacKey::load(&path).unwrap()).fingerprint("POST", "/", b"x"));
    }
}
