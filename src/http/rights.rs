//! Who may call what: one type per line of the table of rights. A handler names its line in its signature
//! ([`super::extract::At`]), and the OpenAPI document reads the same lines.

use crate::domain::Role;

/// A line of the table.
pub trait Rights: 'static {
    /// The roles that may call.
    const ROLES: &'static [Role];
    /// Whether somebody without a token may, as a patient nobody knows yet.
    const ANONYMOUS: bool = false;
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident: $($role:ident),+ $(or $nobody:tt)?;)+) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Rights for $name {
            const ROLES: &'static [Role] = &[$(Role::$role),+];
            $(const ANONYMOUS: bool = rights!(@ $nobody);)?
        })+
    };
    (@ anonymous) => { true };
}

rights! {
    /// Operators and régulateurs.
    Regulation: Operator, Regulator;
    /// Médecins régulateurs alone.
    RegulatorOnly: Regulator;
    /// Whoever may enter a request.
    Intake: Operator, Regulator, Patient or anonymous;
    /// Whoever acts on a request: the regulation, and its own patient.
    RequestParty: Operator, Regulator, Patient;
    /// Whoever looks at slots; practitioners at theirs.
    SlotReading: Operator, Regulator, Coordinator, Practitioner;
    /// Whoever publishes; practitioners their own.
    Publishing: Practitioner, System;
    /// Practitioners alone.
    Practising: Practitioner;
    /// Whoever reads the directory; practitioners their own entry.
    Directory: Operator, Regulator, Coordinator, System, Practitioner;
    /// Whoever reads and closes appointments; practitioners their own.
    Appointments: Operator, Regulator, Practitioner;
    /// Whoever opens places, or asks for them.
    OpeningPlaces: Operator, Regulator, Coordinator, Practitioner;
    /// Coordinators alone.
    Coordination: Coordinator;
    /// Whoever may register a household that looks for a médecin traitant.
    Registering: Coordinator, Patient or anonymous;
    /// The coordinator, and the household itself by its link.
    Household: Coordinator, Patient;
    /// Whoever notes how far a household has come.
    Milestones: Coordinator, Practitioner, Patient;
    /// Whoever reads proposals; practitioners those to them.
    ProposalReading: Coordinator, Practitioner;
    /// Whoever follows live updates; practitioners their own.
    Live: Operator, Regulator, Coordinator, Practitioner, System;
    /// Everybody, known or not.
    Anyone: Operator, Regulator, Coordinator, Practitioner, System, Patient or anonymous;
}
