//! The médecin traitant: households that look for one, doctors who open places, proposals that bring them together.
//! "Attachment" is the word of the registries that do this elsewhere (domain.md §4.5).
//!
//! A doctor opens places and may reserve some *for* a group; there is no way to write that a group is not wanted. Refusing
//! somebody for their health, age, handicap, home or means, or because of C2S or AME, is forbidden (L1110-3 CSP, article 225-1
//! of the penal code; domain.md §4.4): a field for it would be a tool for it.
//!
//! Start reading at [`Registration`], then [`Proposal`] and [`OpenPlaces`]; what happens to them is in
//! [`crate::domain::decide`].

pub mod household;
pub mod open_places;
pub mod proposal;
pub mod registration;

pub use household::{HouseholdFacts, HouseholdIdentity, MemberFacts};
pub use open_places::{Month, OpenPlaces, PlaceKind, Reserved};
pub use proposal::{DeclineReason, Proposal, ProposalState};
pub use registration::{Consent, Ending, Member, Registration, RegistrationState, Standing, Tier};
