//! The black-box suite.

mod store;
