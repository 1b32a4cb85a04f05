//! Nothing is ever lost or sold twice: shown on every history of a small world, and on recorded histories of a large one.

mod concurrent;
mod exploration;
mod orders;
mod triaged;
