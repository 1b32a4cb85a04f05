//! The demo as a person starts it: races, crashes, restarts, other territories, and what it may not say.

mod contention;
mod crash;
mod privacy;
mod restart;
mod territories;
mod waiting;
