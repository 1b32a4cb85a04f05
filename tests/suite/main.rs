//! Black-box tests of the service and of this repository, in one binary because linking is what costs.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed, and says where")]

mod api;
mod booking;
mod demo;
mod faults;
mod licences;
mod operations;
mod proof;
mod store;
mod support;
mod serve;
mod solve;
mod whole;
mod tidy;
