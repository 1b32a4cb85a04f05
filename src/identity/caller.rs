//! The caller: an actor and what it reaches.

use crate::domain::{Actor, RegistrationId, RequestId, Role, Rpps, TerritoryId};

/// Somebody known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    actor: Actor,
    standing: Standing,
    territories: Vec<TerritoryId>,
    account: Option<String>,
}

/// What a caller is tied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// An account with a role, and nothing of its own.
    Account,
    /// A practitioner: their slots and appointments.
    Practitioner(Rpps),
    /// A patient: one request.
    Patient(RequestId),
    /// A household that looks for a médecin traitant: its registration.
    Household(RegistrationId),
    /// Nobody known yet: a patient who enters a request from the widget.
    Anonymous,
}

impl Caller {
    /// A caller of these territories; empty: all of this service.
    pub fn new(actor: Actor, standing: Standing, territories: Vec<TerritoryId>) -> Self {
        Self { actor, standing, territories, account: None }
    }

    /// A caller known by an account of this name.
    pub(super) fn of_account(name: String, actor: Actor, standing: Standing, territories: Vec<TerritoryId>) -> Self {
        Self { account: Some(name), ..Self::new(actor, standing, territories) }
    }

    /// The name of the account that makes them known; patients have none.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// The patient of one request. The actor is the request itself.
    pub fn patient(territory: TerritoryId, request: RequestId) -> Self {
        let actor = Actor { role: Role::Patient, id: request.to_string() };
        Self::new(actor, Standing::Patient(request), vec![territory])
    }

    /// A household, by its link. The actor is the registration itself.
    pub fn household(territory: TerritoryId, registration: RegistrationId) -> Self {
        let actor = Actor { role: Role::Patient, id: registration.to_string() };
        Self::new(actor, Standing::Household(registration), vec![territory])
    }

    /// A patient nobody knows yet.
    pub fn anonymous() -> Self {
        let actor = Actor { role: Role::Patient, id: "widget".to_owned() };
        Self::new(actor, Standing::Anonymous, Vec::new())
    }

    /// Whether this is a patient nobody knows yet.
    pub fn is_anonymous(&self) -> bool {
        self.standing == Standing::Anonymous
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Their role.
    pub fn role(&self) -> Role {
        self.actor.role
    }

    /// A practitioner's number.
    pub fn rpps(&self) -> Option<Rpps> {
        match self.standing {
            Standing::Practitioner(rpps) => Some(rpps),
            Standing::Account | Standing::Patient(_) | Standing::Household(_) | Standing::Anonymous => None,
        }
    }

    /// The one request of a patient.
    pub fn request(&self) -> Option<RequestId> {
        match self.standing {
            Standing::Patient(request) => Some(request),
            Standing::Account | Standing::Practitioner(_) | Standing::Household(_) | Standing::Anonymous => None,
        }
    }

    /// The one registration of a household.
    pub fn registration(&self) -> Option<RegistrationId> {
        match self.standing {
            Standing::Household(registration) => Some(registration),
            Standing::Account | Standing::Practitioner(_) | Standing::Patient(_) | Standing::Anonymous => None,
        }
    }

    /// Whether they work on the regulation's side: operators, and régulateurs who may all that operators may.
    pub fn is_regulation(&self) -> bool {
        matches!(self.role(), Role::Operator | Role::Regulator)
    }

    /// The territories they are kept to; none: all of this service.
    pub fn territories(&self) -> &[TerritoryId] {
        &self.territories
    }

    /// Whether this territory is one of theirs.
    pub fn may_enter(&self, territory: &TerritoryId) -> bool {
        self.territories.is_empty() || self.territories.contains(territory)
    }
}
