//! The demo as a person starts it: crashes, restarts, other territories, and what it may not say.

mod crash;
mod on_redis;
mod privacy;
mod restart;
mod territories;
mod waiting;
