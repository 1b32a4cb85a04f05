//! What the service signs with HMAC-SHA-256: patients' bearers and sessions. The purpose stands inside what is signed, so that
//! one kind of token never passes for another.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::domain::{RegistrationId, RequestId, TerritoryId};

/// First characters of a patient's bearer, with the version of its form.
const REQUEST_BEARER: &str = "rq1_";

/// First characters of a household's bearer.
const HOUSEHOLD_BEARER: &str = "mt1_";

/// The secret key of signatures; another key makes every link and session of before worthless.
#[derive(Clone)]
pub struct SigningKey([u8; 32]);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// A key of 256 random bits, made or kept by the caller.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    pub(super) fn bearer_of_request(&self, territory: &TerritoryId, request: RequestId) -> String {
        self.bearer(REQUEST_BEARER, "request", territory, request.uuid())
    }

    pub(super) fn request_of_bearer(&self, bearer: &str, territory: &TerritoryId) -> Option<RequestId> {
        self.subject_of(bearer, REQUEST_BEARER, "request", territory).map(RequestId::new)
    }

    pub(super) fn bearer_of_household(&self, territory: &TerritoryId, registration: RegistrationId) -> String {
        self.bearer(HOUSEHOLD_BEARER, "household", territory, registration.uuid())
    }

    pub(super) fn household_of_bearer(&self, bearer: &str, territory: &TerritoryId) -> Option<RegistrationId> {
        self.subject_of(bearer, HOUSEHOLD_BEARER, "household", territory).map(RegistrationId::new)
    }

    fn bearer(&self, form: &str, purpose: &str, territory: &TerritoryId, subject: Uuid) -> String {
        let id = BASE64_URL_SAFE_NO_PAD.encode(subject.as_bytes());
        let seal = BASE64_URL_SAFE_NO_PAD.encode(self.sign(purpose, territory.as_str(), &id));
        format!("{form}{id}{seal}")
    }

    fn subject_of(&self, bearer: &str, form: &str, purpose: &str, territory: &TerritoryId) -> Option<Uuid> {
        // 16 bytes are 22 characters.
        let (id, seal) = bearer.strip_prefix(form)?.split_at_checked(22)?;
        self.check(purpose, territory.as_str(), id, seal)?;
        Uuid::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(id).ok()?).ok()
    }

    /// A text and its signature, in one token.
    pub(super) fn sealed(&self, purpose: &str, text: &str) -> String {
        let text = BASE64_URL_SAFE_NO_PAD.encode(text);
        let seal = BASE64_URL_SAFE_NO_PAD.encode(self.sign(purpose, "", &text));
        format!("{text}.{seal}")
    }

    /// The text of a token, if its signature holds.
    pub(super) fn opened(&self, purpose: &str, token: &str) -> Option<String> {
        let (text, seal) = token.split_once('.')?;
        self.check(purpose, "", text, seal)?;
        String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }

    fn check(&self, purpose: &str, place: &str, text: &str, seal: &str) -> Option<()> {
        let seal = BASE64_URL_SAFE_NO_PAD.decode(seal).ok()?;
        self.mac(purpose, place, text).verify_slice(&seal).ok()
    }

    fn sign(&self, purpose: &str, place: &str, text: &str) -> Vec<u8> {
        self.mac(purpose, place, text).finalize().into_bytes().to_vec()
    }

    fn mac(&self, purpose: &str, place: &str, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in [purpose, place, text] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        mac
    }
}
