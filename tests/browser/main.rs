//! The operator's console in a real browser: the whole journey by keyboard between two desks, what a screen reader and a
//! narrow screen get, what an emergency does. It needs Chromium, its driver and axe-core: `tests/run` brings them, and without
//! them every test fails and says so.
//!
//! Each test starts a service of its own at nine o'clock on a Tuesday. Nothing waits for a time: only for conditions.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

mod access;
mod emergency;
mod journey;
mod layout;
mod line;
mod nothing;
mod promise;
mod regulation;
mod triage;
