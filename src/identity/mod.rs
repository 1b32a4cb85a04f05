//! Who calls: access keys, the signed bearer of one patient's request, and the signed cookie pages sign in with.
//!
//! Nothing here knows HTTP: the edge hands in header values and gets a [`Caller`] or a fault. No token is ever kept, logged or
//! put into an actor's id: accounts are found by the SHA-256 of their token, patients' bearers and cookies are checked by
//! their signature, so nothing needs storing. Start reading at [`Identity`], then [`key_ring`].

mod access_token;
mod account;
mod caller;
pub mod key_ring;
pub mod key_ring_file;
mod session;
mod signature;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::domain::{RegistrationId, RequestId, Role, Rpps, TerritoryId};

pub use access_token::{AccessToken, TOKEN_PREFIX, TokenHash};
pub use account::{Account, demo_account};
pub use caller::{Caller, Standing};
pub use key_ring::{AccessKey, KeyOrder, KeyRing, KeyRingError};
pub use key_ring_file::KeyRingFileError;
pub use signature::SigningKey;

/// The accounts the service knows and the key it signs with.
#[derive(Debug)]
pub struct Identity {
    accounts: RwLock<Arc<Accounts>>,
    changed: watch::Sender<()>,
    key: SigningKey,
    demo: bool,
}

/// Accounts, as they are looked for.
#[derive(Debug)]
struct Accounts {
    by_token: HashMap<TokenHash, Arc<Account>>,
    by_name: HashMap<String, Arc<Account>>,
}

impl Accounts {
    fn new(accounts: impl IntoIterator<Item = (TokenHash, Account)>) -> Self {
        let by_token: HashMap<_, _> = accounts.into_iter().map(|(hash, account)| (hash, Arc::new(account))).collect();
        let by_name = by_token.values().map(|account| (account.name.clone(), account.clone())).collect();
        Self { by_token, by_name }
    }
}

/// Why a caller is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// The bearer is none of ours, or no more, or is signed for another place.
    #[error("unknown bearer")]
    Bearer,
    /// The cookie's signature does not hold.
    #[error("unknown session")]
    Session,
    /// The header is not `Bearer <token>`.
    #[error("unreadable Authorization header")]
    Header,
}

/// No token is longer.
const TOKEN_BYTES_MAX: usize = 512;

impl Identity {
    /// Accounts by the hash of their tokens. `demo`: the tokens of the demo are known too.
    pub fn new(key: SigningKey, accounts: impl IntoIterator<Item = (TokenHash, Account)>, demo: bool) -> Self {
        let accounts = RwLock::new(Arc::new(Accounts::new(accounts)));
        Self { accounts, changed: watch::Sender::new(()), key, demo }
    }

    /// Whether this is the demo: its tokens are known, pages open signed in.
    pub fn is_demo(&self) -> bool {
        self.demo
    }

    /// Knows these accounts from now on and no others: whoever is not among them is a stranger at their next call.
    pub fn replace_accounts(&self, accounts: impl IntoIterator<Item = (TokenHash, Account)>) {
        let accounts = Arc::new(Accounts::new(accounts));
        *self.accounts.write().unwrap_or_else(PoisonError::into_inner) = accounts;
        self.changed.send_replace(());
    }

    /// Changes when the accounts do: what lasts longer than a call then asks [`Identity::still_stands`] again.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Whether a caller's account is still one of ours. A patient has none to lose.
    pub fn still_stands(&self, caller: &Caller, now: DateTime<Utc>) -> bool {
        let Some(name) = caller.account() else { return true };
        match self.accounts().by_name.get(name) {
            Some(account) => account.is_valid(now) && account.role == caller.role(),
            None => self.demo,
        }
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
        now: DateTime<Utc>,
        listed: impl Fn(Rpps) -> bool,
    ) -> Result<Caller, Unknown> {
        let token = header
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .filter(|token| !token.is_empty() && token.len() <= TOKEN_BYTES_MAX)
            .ok_or(Unknown::Header)?;
        if let Some(caller) = self.by_token(token, now) {
            return Ok(caller);
        }
        if let Some(request) = self.key.request_of_bearer(token, territory) {
            return Ok(Caller::patient(territory.clone(), request));
        }
        if let Some(registration) = self.key.household_of_bearer(token, territory) {
            return Ok(Caller::household(territory.clone(), registration));
        }
        match demo_account(token).filter(|_| self.demo) {
            Some(Account { rpps: Some(rpps), .. }) if !listed(rpps) => Err(Unknown::Bearer),
            Some(account) => Ok(account.caller()),
            None => Err(Unknown::Bearer),
        }
    }

    /// The caller whose access key has this token, while it is valid.
    pub fn by_token(&self, token: &str, now: DateTime<Utc>) -> Option<Caller> {
        let found = self.accounts().by_token.get(&TokenHash::of(token)).cloned();
        found.filter(|account| account.is_valid(now)).map(|account| account.caller())
    }

    /// The bearer a patient gets for their one request: unguessable, and worth nothing elsewhere.
    pub fn bearer_of_request(&self, territory: &TerritoryId, request: RequestId) -> String {
        self.key.bearer_of_request(territory, request)
    }

    /// The request a bearer is good for, if it is ours: for the page behind a patient's link.
    pub fn request_of_bearer(&self, bearer: &str, territory: &TerritoryId) -> Option<RequestId> {
        self.key.request_of_bearer(bearer, territory)
    }

    /// The bearer a household gets for its registration: unguessable, and worth nothing elsewhere.
    pub fn bearer_of_household(&self, territory: &TerritoryId, registration: RegistrationId) -> String {
        self.key.bearer_of_household(territory, registration)
    }

    /// The person who opens the pages of a role in the demo.
    pub fn demo_person(&self, role: Role, rpps: Option<Rpps>) -> Option<Caller> {
        let token = match (role, rpps) {
            (Role::Practitioner, Some(rpps)) => format!("demo-practitioner-{rpps}"),
            _ => format!("demo-{role}"),
        };
        demo_account(&token).filter(|_| self.demo).map(|account| account.caller())
    }

    fn accounts(&self) -> Arc<Accounts> {
        self.accounts.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn weppes() -> TerritoryId {
        "weppes".parse().unwrap()
    }

    fn identity(demo: bool) -> Identity {
        Identity::new(SigningKey::new([7; 32]), [(TokenHash::of("s3cret-token"), account())], demo)
    }

    fn account() -> Account {
        let expires = Some("2027-01-01T00:00:00Z".parse().unwrap());
        Account { name: "osnp-1".to_owned(), role: Role::Operator, rpps: None, territories: vec![weppes()], expires }
    }

    fn now() -> DateTime<Utc> {
        "2026-11-24T09:00:00Z".parse().unwrap()
    }

    fn by(identity: &Identity, header: &str, territory: &str) -> Result<Caller, Unknown> {
        identity.by_authorization(header, &territory.parse().unwrap(), now(), |rpps| rpps.as_str() == "10000000001")
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
    fn an_account_that_is_over_or_gone_is_nobodys() {
        let identity = identity(false);
        let caller = by(&identity, "Bearer s3cret-token", "weppes").unwrap();
        assert!(identity.still_stands(&caller, now()));
        let over = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(identity.by_token("s3cret-token", over), None);
        assert!(!identity.still_stands(&caller, over));
        let mut changes = identity.changes();
        identity.replace_accounts([(TokenHash::of("another"), Account { name: "osnp-2".to_owned(), ..account() })]);
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        assert_eq!(by(&identity, "Bearer s3cret-token", "weppes"), Err(Unknown::Bearer));
        assert!(!identity.still_stands(&caller, now()));
        assert!(by(&identity, "Bearer another", "weppes").is_ok());
    }

    #[test]
    fn a_patients_bearer_opens_one_request_of_one_territory() {
        let identity = identity(false);
        let request = RequestId::new(Uuid::from_u128(12));
        let bearer = identity.bearer_of_request(&weppes(), request);
        let caller = by(&identity, &format!("Bearer {bearer}"), "weppes").unwrap();
        assert_eq!(caller.request(), Some(request));
        assert_eq!(by(&identity, &format!("Bearer {bearer}"), "alaric"), Err(Unknown::Bearer));
        // One form never passes for the other: the purpose stands inside what is signed.
        let as_household = bearer.replace("rq1_", "mt1_");
        assert_eq!(by(&identity, &format!("Bearer {as_household}"), "weppes"), Err(Unknown::Bearer));
        let household = RegistrationId::new(Uuid::from_u128(12));
        let caller = by(&identity, &format!("Bearer {}", identity.bearer_of_household(&weppes(), household)), "weppes");
        let caller = caller.unwrap();
        assert_eq!((caller.registration(), caller.request()), (Some(household), None));
        let mut other = bearer.clone().into_bytes();
        let last = other.len() - 2;
        other[last] = if other[last] == b'A' { b'B' } else { b'A' };
        assert!(by(&identity, &format!("Bearer {}", String::from_utf8(other).unwrap()), "weppes").is_err());
    }
}
