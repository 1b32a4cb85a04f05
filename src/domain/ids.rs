//! Identifiers of our own records. The service makes them (UUID version 7); a client makes only its [`HoldId`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::checked_text::checked_text;

/// Why a text is not the identifier it was meant to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not a UUID in its usual hyphenated form.
    #[error("not a UUID")]
    NotUuid,
    /// A territory or place name with other characters than `a-z 0-9 -`, or of a wrong length.
    #[error("1 to 40 characters among a-z, 0-9 and -, starting with a letter or digit")]
    NotSlug,
    /// A client token with other characters than letters, digits, `-`, `_`, `.`, or of a wrong length.
    #[error("1 to 64 characters among letters, digits, -, _ and .")]
    NotToken,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID made by the caller (the domain draws no randomness).
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }
            /// The UUID inside.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::try_parse(text).map(Self).map_err(|_| IdError::NotUuid)
            }
        }
    };
}

uuid_id!(
    /// One slot (créneau): a place in a practitioner's agenda, possibly for several patients.
    SlotId
);
uuid_id!(
    /// One request for unscheduled care.
    RequestId
);
uuid_id!(
    /// One appointment: a request booked into a slot.
    AppointmentId
);
uuid_id!(
    /// One household that looks for a médecin traitant.
    RegistrationId
);
uuid_id!(
    /// One proposal of people of a household to a doctor.
    ProposalId
);
uuid_id!(
    /// One matching run.
    RunId
);

fn slug(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
}

fn token(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

checked_text!(
    /// A territory, as it stands in paths and in the hash tag of its keys: `weppes`, `occ-11-alaric`.
    TerritoryId, IdError, |text| if slug(text) { Ok(()) } else { Err(IdError::NotSlug) }
);
checked_text!(
    /// A place of practice. Editors bring their own identifiers, hence a token and not a UUID.
    LocationId, IdError, |text| if token(text) { Ok(()) } else { Err(IdError::NotToken) }
);
checked_text!(
    /// A hold, named by the client before its first try, so that the call may be sent again.
    HoldId, IdError, |text| if token(text) { Ok(()) } else { Err(IdError::NotToken) }
);
checked_text!(
    /// The software a regulation call was filed in gives this reference; it names a file, never a person.
    RegulationReference, IdError, |text| if token(text) { Ok(()) } else { Err(IdError::NotToken) }
);
checked_text!(
    /// A block of the triage pack: `fievre_enfant`.
    ComplaintId, IdError, |text| if token(text) { Ok(()) } else { Err(IdError::NotToken) }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_territory_name_fits_into_a_path_and_a_hash_tag() {
        for good in ["weppes", "occ-11-alaric", "cpts-21-52"] {
            assert_eq!(good.parse::<TerritoryId>().map(|t| t.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "Weppes", "a b", "{x}", "-a", "a/b", &"a".repeat(41)] {
            assert_eq!(bad.parse::<TerritoryId>(), Err(IdError::NotSlug), "{bad}");
        }
    }

    #[test]
    fn a_stored_identifier_is_checked_when_it_is_read_back() {
        assert!(serde_json::from_str::<TerritoryId>("\"Bad Name\"").is_err());
        assert!(serde_json::from_str::<HoldId>("\"7f-1\"").is_ok());
    }
}
