//! The HTTP edge, from outside: rights, shapes, refusals, live updates.

mod attachment;
mod journey;
mod live;
mod malformed;
mod promises;
mod regulation;
mod rights;
mod scarcity;
mod triage;
