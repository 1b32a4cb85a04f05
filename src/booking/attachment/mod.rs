//! The way to a médecin traitant: the use-cases of households, doctors and the coordinator. Rules are in
//! [`crate::domain::decide`]; here is only the order of things.

pub mod proposals;
pub mod registrations;

pub use registrations::{HouseholdCase, RegistrationOrder};
