//! Accounts: what stands behind a token.

use chrono::{DateTime, Utc};

use crate::domain::{Actor, Role, Rpps, TerritoryId};

use super::{Caller, Standing};

/// Somebody, or some software, with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name in audits; never its token.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Whose slots these are, for a practitioner.
    pub rpps: Option<Rpps>,
    /// Where; empty: every territory of this service.
    pub territories: Vec<TerritoryId>,
    /// From when on it is nobody's.
    pub expires: Option<DateTime<Utc>>,
}

impl Account {
    /// The caller this account is.
    pub fn caller(&self) -> Caller {
        // A practitioner's actor id is their number: the rules compare it with a slot's practitioner.
        let id = self.rpps.map_or_else(|| self.name.clone(), |rpps| rpps.to_string());
        let standing = self.rpps.map_or(Standing::Account, Standing::Practitioner);
        Caller::of_account(self.name.clone(), Actor { role: self.role, id }, standing, self.territories.clone())
    }

    /// Whether it still stands at this instant.
    pub(super) fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

/// The account of a demo token: one person per role, every practitioner under their number.
pub fn demo_account(token: &str) -> Option<Account> {
    let whose = token.strip_prefix("demo-")?;
    let (role, rpps) = match whose.strip_prefix("practitioner-") {
        Some(number) => (Role::Practitioner, Some(number.parse().ok()?)),
        None => match whose {
            "operator" => (Role::Operator, None),
            "regulator" => (Role::Regulator, None),
            "coordinator" => (Role::Coordinator, None),
            "system" => (Role::System, None),
            _ => return None,
        },
    };
    Some(Account { name: format!("{role}-1"), role, rpps, territories: Vec::new(), expires: None })
}
