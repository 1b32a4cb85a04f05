//! What a reader relies on without looking: the folder listing is the architecture, modules know only what the README
//! says they know, and nothing dead, unfinished or tied to one machine is left lying about.
//!
//! Each check is a function over a list of files, so that it can be shown a bad tree as well as this one.
//! Start reading at [`dependencies`].

mod dependencies;
mod fixtures;
mod listing;
mod names;
mod rust_source;
mod words;

/// Fails with every fault at once, one a line.
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
