//! What the service shows of itself to those who run it: numbers. Never anything of a patient.

mod metrics;

pub use metrics::Metrics;
