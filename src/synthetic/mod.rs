//! Synthetic people and days: practitioners, the slots they publish, and the requests that arrive. For the demo,
//! simulations and tests; nobody here exists, and every practitioner says so in their name.
//!
//! The generator draws only from a seed and an instant it is given: the same two give the same output, byte for byte. Every
//! number it uses stands in [`parameters`], with its range and source. It knows no store and no HTTP.
//!
//! Start reading at [`parameters`], then [`practitioners`], [`slots`] and [`requests`].

pub mod parameters;
pub mod kinds;
pub mod practitioners;
pub mod slots;
pub mod requests;
pub mod people;
mod complaints;
mod draws;

pub use complaints::ComplaintProfile;
pub use parameters::{Key, Mix, Parameters};
pub use requests::{Qualification, SyntheticRequest};
pub use slots::SyntheticSlot;
