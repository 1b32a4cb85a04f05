//! Triage: what the call is about, how soon, and who should see the patient.
//!
//! Now it holds the pack's complaints with their usual care need, which is all that matching and the forms ask for. The
//! engine that puts the pack's questions and weighs the answers comes beside it and reads the rest of the same file; until
//! then the level is always a person's. A pack recommends, a person decides; nothing here does I/O or reads a clock.
//!
//! Start reading at [`pack`].

pub mod pack;

pub use pack::{Complaint, Pack, PackError};
