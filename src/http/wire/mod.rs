//! The JSON of the API: answers as serde structs ([`slot`], [`request`], [`appointment`]), bodies as their schema ([`order`]).
//! A wire format is a promise, made here on purpose and nowhere derived from a domain type. [`showing`] translates.

pub mod appointment;
pub mod attachment;
pub mod evaluation;
pub mod live;
pub mod order;
pub mod request;
pub mod scarcity;
pub mod showing;
mod showing_attachment;
pub mod slot;
pub mod triage;

pub use showing::Showing;
