//! The first journey, measured: offers, slot search, bookings. Every table names its peer, measured in the same run.
//!
//! `cargo bench --bench journey [-- offers|search|bookings] [--quick]`

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

mod bookings;
mod callers;
mod offers;
mod rehearsal;
mod search;
#[path = "../shared/mod.rs"]
mod shared;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let numbers: Vec<usize> = asked.iter().filter_map(|one| one.parse().ok()).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|one| one == name);
    let _log = shared::running::log_as_in_production();
    if wanted("offers") {
        tokio::runtime::Runtime::new().expect("a runtime").block_on(offers::run());
    }
    if wanted("search") {
        search::run();
    }
    if wanted("bookings") {
        bookings::run(quick, &numbers);
    }
}
