//! Triage: what the call is about, how soon, and who should see the patient.
//!
//! [`pack`] is the content, as data that physicians sign; [`engine`] turns answers into a level with every reason;
//! [`asking`] says what is still to be asked; [`pathways`] looks for a lighter service; [`suggest`] hears what a caller says. A pack recommends, a person decides.
//! Likely a medical device (triage.md §7), so kept apart: nothing here does I/O, reads a clock or knows a slot.
//!
//! Start reading at [`engine::evaluate`].

pub mod answers;
pub mod asking;
pub mod comparison;
pub mod engine;
pub mod evaluation;
pub mod explanation;
pub mod golden;
pub mod hub;
pub mod pack;
pub mod pathways;
pub mod shipped;
pub mod suggest;
mod switched_off;
#[cfg(test)]
mod tests;

pub use answers::Answers;
pub use engine::{Call, evaluate};
pub use evaluation::Evaluation;
pub use explanation::Explanation;
pub use pack::{Complaint, Fault, Pack};
pub use suggest::{Suggester, Suggestion};
