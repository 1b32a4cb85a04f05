//! Who approved a pack, and whether that is enough: two physicians, a médecin régulateur among them (triage.md §7: "pack
//! change needs two approvers"). An approval is of one content, named by its hash: edited afterwards, a pack has none.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};

use super::form::ApprovalForm;
use crate::domain::Rpps;

/// The role of whoever answers for the regulation of calls.
pub const REGULATOR: &str = "medecin_regulateur";

/// The roles an approval may be given in: content is signed by physicians (triage.md §3).
pub const ROLES: [&str; 2] = [REGULATOR, "medecin"];

/// How many different physicians must approve.
const NEEDED: usize = 2;

/// A physician's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Name.
    pub name: String,
    /// RPPS number.
    pub rpps: Rpps,
    /// One of [`ROLES`].
    pub role: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl Approval {
    /// An approval as it is written.
    ///
    /// # Errors
    /// The field that is wrong, and why.
    pub fn read(form: &ApprovalForm) -> Result<Self, (&'static str, String)> {
        let name = form.name.trim();
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(("approved_by.name", format!("{:?}: a name is wanted", form.name)));
        }
        let rpps: Rpps =
            form.rpps.parse().map_err(|error| ("approved_by.rpps", format!("{:?}: {error}", form.rpps)))?;
        if !rpps.key_is_right() {
            return Err(("approved_by.rpps", format!("{:?}: its check digit is wrong", form.rpps)));
        }
        if !ROLES.contains(&form.role.as_str()) {
            return Err(("approved_by.role", format!("{:?}: {}", form.role, ROLES.join(" or "))));
        }
        let at = DateTime::parse_from_rfc3339(&form.at)
            .map_err(|error| ("approved_by.at", format!("{:?}: {error}", form.at)))?;
        Ok(Self { name: name.to_owned(), rpps, role: form.role.clone(), at: at.with_timezone(&Utc) })
    }
}

/// Why a pack does not count as signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsigned {
    /// Nobody approved it, or only what it was before: those who did.
    Nobody {
        /// Names of those who approved other content.
        lapsed: Vec<String>,
    },
    /// One physician did, and another must.
    OnlyOne(String),
    /// No médecin régulateur is among those who did.
    NoRegulator,
}

/// For whoever writes or runs the pack, in French.
impl fmt::Display for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody { lapsed } if lapsed.is_empty() => f.write_str("signé par aucun médecin"),
            Self::Nobody { lapsed } => {
                write!(f, "modifié depuis la signature de {} : personne n'a signé ce contenu-ci", lapsed.join(", "))
            }
            Self::OnlyOne(name) => write!(f, "signé par {name} seulement : il faut deux médecins"),
            Self::NoRegulator => {
                write!(f, "signé par aucun médecin régulateur : l'un des deux doit l'être ({REGULATOR})")
            }
        }
    }
}

/// Why these approvals of a content do not sign it, if they do not. Whoever approved twice counts once.
pub(super) fn missing(approvals: &[Approval], lapsed: &[String]) -> Option<Unsigned> {
    let physicians: BTreeSet<Rpps> = approvals.iter().map(|one| one.rpps).collect();
    match approvals {
        [] => Some(Unsigned::Nobody { lapsed: lapsed.to_vec() }),
        [first, ..] if physicians.len() < NEEDED => Some(Unsigned::OnlyOne(first.name.clone())),
        all if all.iter().all(|one| one.role != REGULATOR) => Some(Unsigned::NoRegulator),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(name: &str, rpps: &str, role: &str) -> ApprovalForm {
        let (name, rpps, role) = (name.to_owned(), rpps.to_owned(), role.to_owned());
        ApprovalForm { name, rpps, role, at: "2026-11-02T10:00:00+01:00".to_owned(), hash: String::new() }
    }

    fn approval(name: &str, rpps: &str, role: &str) -> Approval {
        Approval::read(&form(name, rpps, role)).unwrap()
    }

    #[test]
    fn two_physicians_sign_and_one_of_them_is_a_regulateur() {
        let (first, second) = ("10000000009", "10000000017");
        let missing_of = |approvals: &[Approval]| missing(approvals, &[]);
        assert_eq!(missing_of(&[]), Some(Unsigned::Nobody { lapsed: Vec::new() }));
        let one = approval("Dr Un", first, REGULATOR);
        assert_eq!(missing_of(std::slice::from_ref(&one)), Some(Unsigned::OnlyOne("Dr Un".to_owned())));
        let twice = [one.clone(), approval("Dr Un", first, "medecin")];
        assert_eq!(missing_of(&twice), Some(Unsigned::OnlyOne("Dr Un".to_owned())), "the same person twice is one");
        assert_eq!(missing_of(&[one, approval("Dr Deux", second, "medecin")]), None);
        let none = [approval("Dr Un", first, "medecin"), approval("Dr Deux", second, "medecin")];
        assert_eq!(missing_of(&none), Some(Unsigned::NoRegulator));
    }

    #[test]
    fn an_approval_names_a_person_who_can_be_found() {
        let field = |name, rpps, role| Approval::read(&form(name, rpps, role)).unwrap_err().0;
        assert_eq!(field(" ", "10000000009", REGULATOR), "approved_by.name");
        assert_eq!(field("Dr Un", "10000000008", REGULATOR), "approved_by.rpps");
        assert_eq!(field("Dr Un", "1000000000", REGULATOR), "approved_by.rpps");
        assert_eq!(field("Dr Un", "10000000009", "medecin_regulatuer"), "approved_by.role");
        let undated = ApprovalForm { at: "hier".to_owned(), ..form("Dr Un", "10000000009", REGULATOR) };
        assert_eq!(Approval::read(&undated).unwrap_err().0, "approved_by.at");
    }
}
