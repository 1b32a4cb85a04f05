//! Which slots suit a request, best first, and why. Pure: requests, slots, travel times and `now` are arguments.
//!
//! [`rules`] holds the hard rules, one per file: a slot that breaks one is set aside, and the answer says by which. [`costs`]
//! holds what makes one suitable slot better than another, in points. [`pool`] turns everybody who waits and every free place
//! into one instance for the optimiser, and reads its plan.

pub mod candidate;
pub mod concession;
pub mod costs;
pub mod effort;
pub mod forecast;
mod instance;
mod moving;
pub mod pool;
pub mod reason;
pub mod rules;
pub mod scarcity;
pub mod seeker;
pub mod suitable;
#[cfg(test)]
mod tests;

pub use candidate::Candidate;
pub use effort::Effort;
pub use forecast::{Forecast, Later, Observed};
pub use instance::Taken;
pub use pool::{Expected, Pool, Problem, PromiseWeighed, Proposal};
pub use reason::Reason;
pub use scarcity::{PartOfDay, PlacesOf, Scarce};
pub use seeker::{Promised, Seeker};
pub use suitable::{Fit, Suitable};
