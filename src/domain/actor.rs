//! Who does something: a role and an identifier, never a name.

use serde::{Deserialize, Serialize};

use super::Role;

/// The author of a transition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// What they are.
    pub role: Role,
    /// Who, as the service's accounts name them; for a patient, the request itself.
    pub id: String,
}

impl Actor {
    /// The service acting by itself: timers, generator.
    pub fn service() -> Self {
        Self { role: Role::Service, id: "aiguilleur".to_owned() }
    }
}
