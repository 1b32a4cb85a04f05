//! The read model under made-up stories: what it answers, and that it never loses or invents anything on the way.

mod board;
mod fake_store;
mod following;
mod own_writes;
mod slots;
mod world;
