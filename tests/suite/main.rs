//! Black-box tests of the service and of this repository, in one binary because linking is what costs.

mod api;
mod booking;
mod licences;
mod store;
mod support;
mod tidy;
