//! The access keys of a service: who may call, as what, where and until when. One TOML file; a key's token is not in it, only
//! its hash. A revoked key stays as a line: the audit names it, so its name is never given again.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::Account;
use super::access_token::{AccessToken, NoRandomness, TokenHash};
use crate::domain::{Role, Rpps, TerritoryId};

/// What stands above the keys in the file.
const PREAMBLE: &str = "\
# Clés d'accès d'Aiguilleur. Les jetons n'y sont pas : seulement leur empreinte SHA-256.
# Faites, listez et révoquez les clés par « aiguilleur key » ; le service relit ce fichier dès qu'il change.
";

/// The roles a key may have.
pub const KEY_ROLES: [Role; 5] = [Role::Operator, Role::Regulator, Role::Coordinator, Role::Practitioner, Role::System];

/// All keys, in the order they were made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRing {
    keys: Vec<AccessKey>,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Who it is for, as audits name it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Where; at least one.
    pub territories: Vec<TerritoryId>,
    /// Whose slots, for a practitioner's.
    pub rpps: Option<Rpps>,
    /// Of its token.
    pub hash: TokenHash,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// From when on it is worth nothing.
    pub expires: Option<DateTime<Utc>>,
    /// Since when it is worth nothing.
    pub revoked: Option<DateTime<Utc>>,
}

/// What a new key is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOrder {
    /// Who it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Where.
    pub territories: Vec<TerritoryId>,
    /// Whose slots, for a practitioner's.
    pub rpps: Option<Rpps>,
    /// From when on it is worth nothing.
    pub expires: Option<DateTime<Utc>>,
}

/// Why the keys are not changed, or cannot be read. In French: whoever runs the service reads it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// The name is not one.
    #[error(
        "« {0} » : un nom de clé a de 1 à 40 caractères parmi a-z, 0-9 et -, et commence par une lettre ou un chiffre"
    )]
    Name(String),
    /// The name is in use, or was.
    #[error("une clé nommée « {0} » existe déjà, ou a existé : l'audit cite ce nom, choisissez-en un autre")]
    NameTaken(String),
    /// No key has this name.
    #[error("aucune clé en vigueur ne se nomme « {0} » : voyez « aiguilleur key list »")]
    Unknown(String),
    /// It reaches nowhere.
    #[error("une clé vaut pour au moins un territoire : nommez-le par --territory")]
    NoTerritory,
    /// No person or software has this role.
    #[error(
        "une clé n'a pas le rôle « {0} » ; rôles possibles : operator, regulator, coordinator, practitioner, system"
    )]
    RoleOfNobody(Role),
    /// A practitioner without a number.
    #[error("une clé de praticien porte son numéro RPPS : donnez-le par --rpps")]
    NoRpps,
    /// A number for somebody else.
    #[error("--rpps ne vaut que pour une clé de praticien (--role practitioner)")]
    RppsOfOther,
    /// Over before it began.
    #[error("l'échéance {0} est déjà passée : donnez-en une à venir, ou aucune")]
    Expired(String),
    /// No token could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// Not a list of keys.
    #[error("ce n'est pas une liste de clés (ligne {line}) : {what}")]
    NotAKeyRing {
        /// Line of the file.
        line: usize,
        /// What is wrong there.
        what: String,
    },
    /// Keys with faults.
    #[error("{} défaut(s) :\n{}", .0.len(), .0.join("\n"))]
    Faulty(Vec<String>),
}

impl AccessKey {
    /// Whether it opens anything at this instant.
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }

    /// What it opens.
    pub fn account(&self) -> Account {
        Account {
            name: self.name.clone(),
            role: self.role,
            rpps: self.rpps,
            territories: self.territories.clone(),
            expires: self.expires,
        }
    }
}

impl KeyRing {
    /// Every key, revoked ones too.
    pub fn keys(&self) -> &[AccessKey] {
        &self.keys
    }

    /// The accounts of the keys that are not revoked, by their hash.
    pub fn accounts(&self) -> impl Iterator<Item = (TokenHash, Account)> + '_ {
        self.keys.iter().filter(|key| key.revoked.is_none()).map(|key| (key.hash, key.account()))
    }

    /// Makes a key. Its token is in the answer and nowhere else.
    ///
    /// # Errors
    /// [`KeyRingError`]; nothing is added then.
    pub fn issue(&mut self, order: KeyOrder, now: DateTime<Utc>) -> Result<AccessToken, KeyRingError> {
        let KeyOrder { name, role, territories, rpps, expires } = order;
        check_name(&name)?;
        if self.keys.iter().any(|key| key.name == name) {
            return Err(KeyRingError::NameTaken(name));
        }
        check_reach(role, &territories, rpps)?;
        if let Some(expires) = expires.filter(|expires| *expires <= now) {
            return Err(KeyRingError::Expired(instant(expires)));
        }
        let token = AccessToken::generate()?;
        let hash = token.hash();
        self.keys.push(AccessKey { name, role, territories, rpps, hash, created: now, expires, revoked: None });
        Ok(token)
    }

    /// Makes a key worth nothing from now on.
    ///
    /// # Errors
    /// [`KeyRingError::Unknown`].
    pub fn revoke(&mut self, name: &str, now: DateTime<Utc>) -> Result<(), KeyRingError> {
        let key = self.keys.iter_mut().find(|key| key.name == name && key.revoked.is_none());
        key.ok_or_else(|| KeyRingError::Unknown(name.to_owned()))?.revoked = Some(now);
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), KeyRingError> {
    let good = (1..=40).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-');
    if good { Ok(()) } else { Err(KeyRingError::Name(name.to_owned())) }
}

fn check_reach(role: Role, territories: &[TerritoryId], rpps: Option<Rpps>) -> Result<(), KeyRingError> {
    match (role, rpps) {
        (role, _) if !KEY_ROLES.contains(&role) => Err(KeyRingError::RoleOfNobody(role)),
        (Role::Practitioner, None) => Err(KeyRingError::NoRpps),
        (role, Some(_)) if role != Role::Practitioner => Err(KeyRingError::RppsOfOther),
        _ if territories.is_empty() => Err(KeyRingError::NoTerritory),
        _ => Ok(()),
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The file as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    key: Vec<WrittenKey>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenKey {
    name: String,
    role: String,
    territories: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpps: Option<String>,
    sha256: String,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<String>,
}

impl FromStr for KeyRing {
    type Err = KeyRingError;
    fn from_str(text: &str) -> Result<Self, KeyRingError> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            KeyRingError::NotAKeyRing { line: before.matches('\n').count() + 1, what: error.message().to_owned() }
        })?;
        let mut faults = Vec::new();
        let keys: Vec<_> = written.key.iter().filter_map(|key| key.read(&mut faults)).collect();
        let (mut names, mut hashes) = (HashMap::new(), HashMap::new());
        for key in &keys {
            if names.insert(&key.name, ()).is_some() {
                faults.push(format!("- {} : ce nom est donné à deux clés", key.name));
            }
            if hashes.insert(key.hash, ()).is_some() {
                faults.push(format!("- {} : cette empreinte est celle d'une autre clé", key.name));
            }
        }
        if faults.is_empty() { Ok(Self { keys }) } else { Err(KeyRingError::Faulty(faults)) }
    }
}

impl WrittenKey {
    fn read(&self, faults: &mut Vec<String>) -> Option<AccessKey> {
        let before = faults.len();
        let mut wrong = |field: &str, expected: &str| faults.push(format!("- {}, {field} : {expected}", self.name));
        let mut at = |field: &str, text: &String| {
            let read = DateTime::parse_from_rfc3339(text).map(|at| at.with_timezone(&Utc)).ok();
            if read.is_none() {
                wrong(field, "un instant avec son décalage est attendu, comme 2026-11-24T09:00:00Z");
            }
            read
        };
        let created = at("created", &self.created);
        let expires = self.expires.as_ref().and_then(|text| at("expires", text));
        let revoked = self.revoked.as_ref().and_then(|text| at("revoked", text));
        let role: Option<Role> = self.role.parse().ok();
        if role.is_none() {
            wrong("role", "rôle inconnu");
        }
        let territories: Vec<_> = self.territories.iter().filter_map(|text| text.parse().ok()).collect();
        if territories.len() != self.territories.len() {
            wrong("territories", "un nom de territoire a de 1 à 40 caractères parmi a-z, 0-9 et -");
        }
        let rpps: Option<Rpps> = self.rpps.as_ref().and_then(|text| text.parse().ok());
        if rpps.is_none() && self.rpps.is_some() {
            wrong("rpps", "un numéro RPPS a 11 chiffres");
        }
        let hash: Option<TokenHash> = self.sha256.parse().ok();
        if hash.is_none() {
            wrong("sha256", "64 chiffres hexadécimaux sont attendus");
        }
        if faults.len() > before {
            return None;
        }
        let (role, name) = (role?, self.name.clone());
        if let Err(error) = check_name(&name).and_then(|()| check_reach(role, &territories, rpps)) {
            faults.push(format!("- {name} : {error}"));
            return None;
        }
        Some(AccessKey { name, role, territories, rpps, hash: hash?, created: created?, expires, revoked })
    }
}

impl fmt::Display for KeyRing {
    /// The text of the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.keys.iter().map(|key| WrittenKey {
            name: key.name.clone(),
            role: key.role.to_string(),
            territories: key.territories.iter().map(ToString::to_string).collect(),
            rpps: key.rpps.map(|rpps| rpps.to_string()),
            sha256: key.hash.to_string(),
            created: instant(key.created),
            expires: key.expires.map(instant),
            revoked: key.revoked.map(instant),
        });
        let text = toml::to_string(&Written { key: key.collect() }).map_err(|_| fmt::Error)?;
        write!(f, "{PREAMBLE}\n{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn order(name: &str, role: Role) -> KeyOrder {
        let rpps = (role == Role::Practitioner).then(|| "10000000001".parse().unwrap());
        KeyOrder { name: name.to_owned(), role, territories: vec!["weppes".parse().unwrap()], rpps, expires: None }
    }

    #[test]
    fn the_file_holds_every_key_and_no_token() {
        let now = at("2026-11-24T09:00:00Z");
        let mut ring = KeyRing::default();
        let token = ring.issue(order("osnp-1", Role::Operator), now).unwrap();
        let until = KeyOrder { expires: Some(at("2027-01-01T00:00:00Z")), ..order("dr-b", Role::Practitioner) };
        ring.issue(until, now).unwrap();
        ring.issue(order("agenda", Role::System), now).unwrap();
        ring.revoke("agenda", at("2026-11-25T09:00:00Z")).unwrap();
        let text = ring.to_string();
        assert_eq!(text.parse::<KeyRing>().unwrap(), ring, "{text}");
        assert!(!text.contains(token.reveal()) && !text.contains(&token.reveal()[4..]), "{text}");
        let names: Vec<_> = ring.accounts().map(|(_, account)| account.name).collect();
        assert_eq!(names, ["osnp-1", "dr-b"], "a revoked key opens nothing");
        let [_, doctor, agenda] = ring.keys() else { panic!("{ring:?}") };
        assert!(doctor.is_valid(at("2026-12-31T23:59:59Z")) && !doctor.is_valid(at("2027-01-01T00:00:00Z")));
        assert!(!agenda.is_valid(now));
    }

    #[test]
    fn a_key_without_reach_name_or_number_is_not_made() {
        let now = at("2026-11-24T09:00:00Z");
        let mut ring = KeyRing::default();
        ring.issue(order("osnp-1", Role::Operator), now).unwrap();
        ring.issue(order("gone", Role::Operator), now).unwrap();
        ring.revoke("gone", now).unwrap();
        let made = ring.clone();
        let operator = || order("x", Role::Operator);
        let refused = [
            (order("osnp-1", Role::Regulator), KeyRingError::NameTaken("osnp-1".to_owned())),
            (order("gone", Role::Operator), KeyRingError::NameTaken("gone".to_owned())),
            (order("Été", Role::Operator), KeyRingError::Name("Été".to_owned())),
            (order("x", Role::Service), KeyRingError::RoleOfNobody(Role::Service)),
            (order("x", Role::Patient), KeyRingError::RoleOfNobody(Role::Patient)),
            (KeyOrder { territories: Vec::new(), ..operator() }, KeyRingError::NoTerritory),
            (KeyOrder { rpps: None, ..order("x", Role::Practitioner) }, KeyRingError::NoRpps),
            (KeyOrder { rpps: Some("10000000001".parse().unwrap()), ..operator() }, KeyRingError::RppsOfOther),
            (KeyOrder { expires: Some(now), ..operator() }, KeyRingError::Expired("2026-11-24T09:00:00Z".to_owned())),
        ];
        for (order, why) in refused {
            assert_eq!(ring.issue(order.clone(), now).unwrap_err(), why, "{order:?}");
        }
        assert_eq!(ring.revoke("gone", now), Err(KeyRingError::Unknown("gone".to_owned())));
        assert_eq!(ring, made);
    }

    #[test]
    fn every_fault_of_a_file_is_named_at_once_with_its_key() {
        let text = "[[key]]\nname = \"a\"\nrole = \"chief\"\nterritories = [\"Weppes\"]\nsha256 = \"12\"\n\
            created = \"yesterday\"\n[[key]]\nname = \"b\"\nrole = \"practitioner\"\nterritories = [\"weppes\"]\n\
            sha256 = \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"\n\
            created = \"2026-11-24T09:00:00Z\"\n";
        let Err(KeyRingError::Faulty(faults)) = text.parse::<KeyRing>() else { panic!("it was read") };
        assert_eq!(faults.len(), 5, "{faults:?}");
        assert!(faults[..4].iter().all(|fault| fault.starts_with("- a, ")), "{faults:?}");
        assert!(faults[4].starts_with("- b : "), "{faults:?}");
        let Err(KeyRingError::NotAKeyRing { line, .. }) = "\n[[key]]\nnom = \"a\"\n".parse::<KeyRing>() else {
            panic!("it was read")
        };
        assert!(line >= 2, "{line}");
    }
}
