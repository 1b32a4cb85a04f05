//! Tokens of access keys: 256 random bits behind a prefix that secret scanners and people recognise. Only their SHA-256 is
//! kept: a password needs a slow hash because it can be guessed; nobody guesses 256 random bits, so a fast one does.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::TryRng as _;
use rand::rngs::SysRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// First characters of every token.
pub const TOKEN_PREFIX: &str = "aig_";

/// A new token: shown once, to whoever asked for it, and kept nowhere.
pub struct AccessToken(Zeroizing<String>);

/// The system gave no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("le système ne donne pas de nombres aléatoires : aucune clé ne peut être faite")]
pub struct NoRandomness;

impl AccessToken {
    /// A token nobody has.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0; 32]);
        SysRng.try_fill_bytes(&mut bytes[..]).map_err(|_| NoRandomness)?;
        // Room for all of it first: growing would leave copies behind.
        let mut token = Zeroizing::new(String::with_capacity(64));
        token.push_str(TOKEN_PREFIX);
        BASE64_URL_SAFE_NO_PAD.encode_string(&bytes[..], &mut token);
        Ok(Self(token))
    }

    /// The text to hand over.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// The SHA-256 of a token: what a bearer is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Of a token as it is sent.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("64 chiffres hexadécimaux sont attendus")]
pub struct NotAHash;

impl FromStr for TokenHash {
    type Err = NotAHash;
    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| NotAHash)?;
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let value = char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
                *byte = *byte << 4 | value.ok_or(NotAHash)?;
            }
        }
        Ok(Self(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_recognisable_long_and_never_the_same() {
        let (one, two) = (AccessToken::generate().unwrap(), AccessToken::generate().unwrap());
        assert!(one.reveal().starts_with("aig_") && one.reveal().len() == 47, "{}", one.reveal());
        assert_ne!(one.hash(), two.hash());
        assert_eq!(format!("{one:?}"), "AccessToken(…)");
    }

    #[test]
    fn a_hash_reads_back_from_its_digits() {
        let hash = TokenHash::of("aig_x");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        // SHA-256 of "abc", FIPS 180-2 appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(TokenHash::of("abc").to_string(), abc);
        for bad in ["", "ba78", &abc.replace('b', "g"), &format!("{abc}00")] {
            assert_eq!(bad.parse::<TokenHash>(), Err(NotAHash), "{bad}");
        }
    }
}
