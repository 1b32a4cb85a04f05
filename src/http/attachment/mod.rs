//! The médecin traitant: households, the places doctors open, proposals and their answers.

pub(super) mod households;
pub(super) mod open_places;
pub(super) mod proposals;
pub(super) mod reading;
