//! Sessions of pages: a signed cookie that names an account, and an hour at which it ends. An `EventSource` sends no headers,
//! hence a cookie; a cookie alone changes nothing unless the call comes from our own pages (the edge checks).

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{Role, Rpps, TerritoryId};

use super::{Account, Caller, Identity, Unknown};

/// First part of a cookie's name; its role is the rest. One per role, since one browser may have the pages of several open.
const COOKIE: &str = "aiguilleur_";

/// How long a session lasts: a shift.
const SHIFT: TimeDelta = TimeDelta::hours(12);

#[derive(Serialize, Deserialize)]
struct Session {
    account: String,
    role: Role,
    rpps: Option<Rpps>,
    territory: TerritoryId,
    until: DateTime<Utc>,
}

impl Identity {
    /// The value of a `Set-Cookie` header that signs `caller` in for the pages of one territory. `HttpOnly`, `SameSite=Strict`:
    /// no script reads it, no other site sends it. `secure`: the service is reached by TLS. The session reaches what its
    /// access key reaches, and ends with it.
    pub fn sign_in(&self, caller: &Caller, territory: &TerritoryId, now: DateTime<Utc>, secure: bool) -> String {
        let session = Session {
            account: caller.account().unwrap_or(&caller.actor().id).to_owned(),
            role: caller.role(),
            rpps: caller.rpps(),
            territory: territory.clone(),
            until: now + SHIFT,
        };
        let text = serde_json::to_string(&session).expect("a session is plain text");
        let token = self.key.sealed("session", &text);
        let mut cookie = format!("{COOKIE}{}={token}; HttpOnly; SameSite=Strict; Path=/", caller.role());
        let _ = write!(cookie, "; Max-Age={}", SHIFT.num_seconds());
        if secure {
            cookie.push_str("; Secure");
        }
        cookie
    }

    /// The value of a `Set-Cookie` header that signs a role out.
    pub fn sign_out(&self, role: Role) -> String {
        format!("{COOKIE}{role}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0")
    }

    /// The callers a `Cookie` header names, one per role signed in; none when it holds no session of ours.
    ///
    /// # Errors
    /// [`Unknown::Session`] when all it holds is forged, over, or of an account that is no more.
    pub fn by_cookie(&self, header: &str, now: DateTime<Utc>) -> Result<Vec<Caller>, Unknown> {
        let pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
        let ours: Vec<_> = pairs.filter(|(name, token)| name.starts_with(COOKIE) && !token.is_empty()).collect();
        let callers: Vec<_> = ours.iter().filter_map(|(_, token)| self.session(token, now)).collect();
        if callers.is_empty() && !ours.is_empty() { Err(Unknown::Session) } else { Ok(callers) }
    }

    fn session(&self, token: &str, now: DateTime<Utc>) -> Option<Caller> {
        let session: Session = serde_json::from_str(&self.key.opened("session", token)?).ok()?;
        if session.until <= now {
            return None;
        }
        match self.accounts().by_name.get(&session.account) {
            Some(account) if account.role == session.role && account.is_valid(now) => Some(account.caller()),
            Some(_) => None,
            None if self.demo => {
                let Session { account: name, role, rpps, territory, .. } = session;
                Some(Account { name, role, rpps, territories: vec![territory], expires: None }.caller())
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{SigningKey, TokenHash};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_session_names_its_account_until_the_end_of_the_shift() {
        let identity = Identity::new(SigningKey::new([1; 32]), [], true);
        let operator = identity.demo_person(Role::Operator, None).unwrap();
        let territory: TerritoryId = "weppes".parse().unwrap();
        let set = identity.sign_in(&operator, &territory, at("2026-11-24T08:00:00Z"), false);
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/"));
        let cookie = format!("theme=dark; {}", set.split(';').next().unwrap());
        let callers = identity.by_cookie(&cookie, at("2026-11-24T19:59:00Z")).unwrap();
        let [caller] = callers.as_slice() else { panic!("{callers:?}") };
        assert_eq!(caller.actor(), operator.actor());
        assert!(caller.may_enter(&territory) && !caller.may_enter(&"alaric".parse().unwrap()));
        assert_eq!(identity.by_cookie(&cookie, at("2026-11-24T20:00:00Z")), Err(Unknown::Session));
        assert_eq!(identity.by_cookie("theme=dark", at("2026-11-24T08:00:00Z")), Ok(vec![]));

        let other = Identity::new(SigningKey::new([2; 32]), [], true);
        assert_eq!(other.by_cookie(&cookie, at("2026-11-24T09:00:00Z")), Err(Unknown::Session));
        let production = Identity::new(SigningKey::new([1; 32]), [], false);
        assert_eq!(production.by_cookie(&cookie, at("2026-11-24T09:00:00Z")), Err(Unknown::Session));
    }

    #[test]
    fn a_session_ends_with_the_key_it_was_opened_with() {
        let key = |name: &str, expires: Option<&str>| Account {
            name: name.to_owned(),
            role: Role::Practitioner,
            rpps: Some("10000000001".parse().unwrap()),
            territories: vec!["weppes".parse().unwrap(), "alaric".parse().unwrap()],
            expires: expires.map(at),
        };
        let (first, second) = (TokenHash::of("first"), TokenHash::of("second"));
        let both = [(first, key("dr-b-1", Some("2026-11-24T10:00:00Z"))), (second, key("dr-b-2", None))];
        let identity = Identity::new(SigningKey::new([1; 32]), both, false);
        let (morning, territory) = (at("2026-11-24T08:00:00Z"), "weppes".parse().unwrap());
        let cookie = |token: &str| {
            let caller = identity.by_token(token, morning).unwrap();
            identity.sign_in(&caller, &territory, morning, true).split(';').next().unwrap().to_owned()
        };
        let (by_first, by_second) = (cookie("first"), cookie("second"));
        let [caller] = &identity.by_cookie(&by_first, morning).unwrap()[..] else { panic!("one session") };
        assert!(caller.may_enter(&"alaric".parse().unwrap()), "it reaches what its key reaches");
        assert_eq!(caller.actor().id, "10000000001");
        let later = at("2026-11-24T10:00:00Z");
        assert_eq!(identity.by_cookie(&by_first, later), Err(Unknown::Session), "the key is over");
        assert!(identity.by_cookie(&by_second, later).is_ok());
        identity.replace_accounts([(first, key("dr-b-1", None))]);
        assert!(identity.by_cookie(&by_first, later).is_ok());
        assert_eq!(
            identity.by_cookie(&by_second, later),
            Err(Unknown::Session),
            "the same person's other key is not it"
        );
    }
}
