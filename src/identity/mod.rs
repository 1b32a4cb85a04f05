//! Who calls: bearers of accounts, the signed bearer of one patient's request, and the signed cookie pages sign in with.
//!
//! Nothing here knows HTTP: the edge hands in header values and gets a [`Caller`] or a fault. No token is ever kept, logged or
//! put into an actor's id: accounts are found by the SHA-256 of their token, patients' bearers and cookies are checked by
//! their signature, so nothing needs storing. Start reading at [`Identity`].

mod account;
mod caller;
mod session;
mod signature;

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::domain::{RequestId, Role, Rpps, TerritoryId};

pub use account::{Account, demo_account};
pub use caller::{Caller, Standing};
pub use signature::SigningKey;

/// The tokens the service knows and the key it signs with.
#[derive(Debug)]
pub struct Identity {
    accounts: HashMap<[u8; 32], Account>,
    key: SigningKey,
    demo: bool,
}

/// Why a caller is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// The bearer is none of ours, or is signed for another place.
    #[error("unknown bearer")]
    Bearer,
    /// The cookie's signature does not hold.
    #[error("unknown session")]
    Session,
    /// The header is not `Bearer <token>`.
    #[error("unreadable Authorization header")]
    Header,
}

impl Identity {
    /// Accounts by their tokens; tokens are hashed here and forgotten. `demo`: the tokens of the demo are known too.
    pub fn new(key: SigningKey, accounts: impl IntoIterator<Item = (String, Account)>, demo: bool) -> Self {
        let accounts = accounts.into_iter().map(|(token, account)| (hash(&token), account)).collect();
        Self { accounts, key, demo }
    }

    /// Whether this is the demo: its tokens are known, pages open signed in.
    pub fn is_demo(&self) -> bool {
        self.demo
    }

    /// The caller an `Authorization` header names. `listed` says whether a practitioner is in a territory's directory: the
    /// demo gives each of them a token.
    ///
    /// # Errors
    /// [`Unknown`] when the header is unreadable or its bearer is nobody's.
    pub fn by_authorization(
        &self,
        header: &str,
        territory: &TerritoryId,
        listed: impl Fn(Rpps) -> bool,
    ) -> Result<Caller, Unknown> {
        let token = header
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .filter(|token| !token.is_empty() && token.len() <= 512)
            .ok_or(Unknown::Header)?;
        if let Some(account) = self.accounts.get(&hash(token)) {
            return Ok(account.caller());
        }
        if let Some(request) = self.key.request_of_bearer(token, territory) {
            return Ok(Caller::patient(territory.clone(), request));
        }
        match demo_account(token).filter(|_| self.demo) {
            Some(Account { rpps: Some(rpps), .. }) if !listed(rpps) => Err(Unknown::Bearer),
            Some(account) => Ok(account.caller()),
            None => Err(Unknown::Bearer),
        }
    }

    /// The bearer a patient gets for their one request: unguessable, and worth nothing elsewhere.
    pub fn bearer_of_request(&self, territory: &TerritoryId, request: RequestId) -> String {
        self.key.bearer_of_request(territory, request)
    }

    /// The request a bearer is good for, if it is ours: for the page behind a patient's link.
    pub fn request_of_bearer(&self, bearer: &str, territory: &TerritoryId) -> Option<RequestId> {
        self.key.request_of_bearer(bearer, territory)
    }

    /// The person who opens the pages of a role in the demo.
    pub fn demo_person(&self, role: Role, rpps: Option<Rpps>) -> Option<Caller> {
        let token = match (role, rpps) {
            (Role::Practitioner, Some(rpps)) => format!("demo-practitioner-{rpps}"),
            _ => format!("demo-{role}"),
        };
        demo_account(&token).filter(|_| self.demo).map(|account| account.caller())
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn weppes() -> TerritoryId {
        "weppes".parse().unwrap()
    }

    fn identity(demo: bool) -> Identity {
        let account =
            Account { name: "osnp-1".to_owned(), role: Role::Operator, rpps: None, territories: vec![weppes()] };
        Identity::new(SigningKey::new([7; 32]), [("s3cret-token".to_owned(), account)], demo)
    }

    fn by(identity: &Identity, header: &str, territory: &str) -> Result<Caller, Unknown> {
        identity.by_authorization(header, &territory.parse().unwrap(), |rpps| rpps.as_str() == "10000000001")
    }

    #[test]
    fn demo_tokens_are_known_in_the_demo_and_nowhere_else() {
        let (demo, real) = (identity(true), identity(false));
        for (token, role) in [
            ("demo-operator", Role::Operator),
            ("demo-regulator", Role::Regulator),
            ("demo-coordinator", Role::Coordinator),
            ("demo-system", Role::System),
            ("demo-practitioner-10000000001", Role::Practitioner),
        ] {
            let caller = by(&demo, &format!("Bearer {token}"), "weppes").unwrap();
            assert_eq!(caller.role(), role);
            assert!(!caller.actor().id.contains("demo-"), "an actor's id never is its token");
            assert_eq!(by(&real, &format!("Bearer {token}"), "weppes"), Err(Unknown::Bearer));
        }
        assert_eq!(by(&demo, "Bearer demo-practitioner-10000000002", "weppes"), Err(Unknown::Bearer));
        assert_eq!(by(&demo, "Bearer demo-service", "weppes"), Err(Unknown::Bearer));
    }

    #[test]
    fn an_account_is_known_by_its_token_and_kept_to_its_territories() {
        let caller = by(&identity(false), "bearer s3cret-token", "weppes").unwrap();
        assert!(caller.may_enter(&weppes()));
        assert!(!caller.may_enter(&"alaric".parse().unwrap()));
        for bad in ["s3cret-token", "Basic s3cret-token", "Bearer", "Bearer  ", "Bearer s3cret", ""] {
            assert!(by(&identity(false), bad, "weppes").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_patients_bearer_opens_one_request_of_one_territory() {
        let identity = identity(false);
        let request = RequestId::new(Uuid::from_u128(12));
        let bearer = identity.bearer_of_request(&weppes(), request);
        let caller = by(&identity, &format!("Bearer {bearer}"), "weppes").unwrap();
        assert_eq!(caller.request(), Some(request));
        assert_eq!(by(&identity, &format!("Bearer {bearer}"), "alaric"), Err(Unknown::Bearer));
        let mut other = bearer.clone().into_bytes();
        let last = other.len() - 2;
        other[last] = if other[last] == b'A' { b'B' } else { b'A' };
        assert!(by(&identity, &format!("Bearer {}", String::from_utf8(other).unwrap()), "weppes").is_err());
    }
}
