//! What the service shows of itself to those who run it: numbers. Never anything of a patient.

pub mod logging;
mod metrics;

pub use metrics::{Metrics, TerritoryNumbers};
