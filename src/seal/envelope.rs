//! The one use of the cipher: `head ‖ nonce ‖ ciphertext ‖ tag`, the head in clear. It knows nothing of keys' origin or of
//! what is sealed.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::TryRng as _;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use super::SealError;

/// A key of the cipher.
pub(super) const KEY_BYTES: usize = 32;
/// 192 random bits: no two seals share one, however many there are.
const NONCE_BYTES: usize = 24;

/// What was opened: wiped from memory when dropped, never shown.
pub struct Plain(Zeroizing<Vec<u8>>);

impl Deref for Plain {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}
impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(…)")
    }
}

/// Fresh bytes from the system.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, SealError> {
    let mut bytes = Zeroizing::new([0; N]);
    SysRng.try_fill_bytes(&mut bytes[..]).map_err(|_| SealError::Random)?;
    Ok(bytes)
}

/// The parts of an associated text, each with its length before it, so that no two lists read the same.
pub(super) fn with_lengths(parts: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::new();
    for part in parts {
        // usize always fits into 64 bits here.
        joined.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        joined.extend_from_slice(part);
    }
    joined
}

/// Seals `plain`; `head` stands before it in clear. Both `head` and `associated` must be the same to open it.
pub(super) fn seal(key: &[u8; KEY_BYTES], head: &[u8], associated: &[u8], plain: &[u8]) -> Result<Bytes, SealError> {
    let nonce = random::<NONCE_BYTES>()?;
    let aad = with_lengths(&[head, associated]);
    let payload = Payload { msg: plain, aad: &aad };
    let cipher = XChaCha20Poly1305::new(key.into());
    let sealed = cipher.encrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::Layout)?;
    Ok([head, &nonce[..], &sealed].concat().into())
}

/// Opens what [`seal`] made with a head of `head_bytes`.
pub(super) fn open(
    key: &[u8; KEY_BYTES],
    head_bytes: usize,
    associated: &[u8],
    sealed: &[u8],
) -> Result<Plain, SealError> {
    let (head, rest) = sealed.split_at_checked(head_bytes).ok_or(SealError::Layout)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Layout)?;
    let aad = with_lengths(&[head, associated]);
    let payload = Payload { msg: rest, aad: &aad };
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher
        .decrypt(&XNonce::from(*nonce), payload)
        .map(|plain| Plain(Zeroizing::new(plain)))
        .map_err(|_| SealError::NotAuthentic)
}
