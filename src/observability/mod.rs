//! What the service shows of itself to those who run it: numbers, readiness. Never anything of a patient.

pub mod logging;
mod metrics;
mod readiness;

pub use metrics::Metrics;
pub use readiness::{Cause, Readiness, Report};
