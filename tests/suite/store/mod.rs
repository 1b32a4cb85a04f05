//! The store: one list of checks run on every store, and a power cut at every kind of moment.

mod conformance;
mod crash;
mod embedded;
mod redis;
pub(crate) mod sample;
