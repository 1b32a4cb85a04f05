//! What whoever runs the service does with its data as a whole: keep them elsewhere and bring them back. Use-cases over any
//! store; nothing here listens, and no rule of care lives here. What is said is said in French: it is read at a terminal.
//!
//! Start reading at [`orders`], then [`backup`].

pub mod audit;
pub mod backup;
mod digest;
pub mod erasure;
pub mod key_renewal;
pub mod missing;
pub mod orders;
