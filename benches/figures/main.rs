//! Every figure the README gives, measured: what a caller goes through (offers, bookings), and what the state of territories
//! costs (searching it, loading it, keeping many in one process). Each table names its peer, measured in the same run, or the
//! target it is held to. The machine may be busy: read the ratios.
//!
//! `cargo bench --bench figures [-- offers|bookings|triage|search|cold_start|territories|weeks] [--quick]`

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

mod bookings;
mod cold_start;
mod filling;
mod memory;
mod offers;
mod rehearsal;
mod search;
mod stage;
mod territories;
mod triage;
mod weeks;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // This program again, in a process of its own: memory and time from its start.
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [cold_start::ALONE, home] => return cold_start::alone(home),
        [territories::ALONE, home, count] => return territories::alone(home, count),
        _ => {}
    }
    let _log = stage::running::log_as_in_production();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let asked: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let numbers: Vec<usize> = asked.iter().filter_map(|one| one.parse().ok()).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|one| *one == name);
    if wanted("offers") {
        tokio::runtime::Runtime::new().expect("a runtime").block_on(offers::run());
    }
    if wanted("bookings") {
        bookings::run(quick, &numbers);
    }
    if wanted("triage") {
        triage::run();
    }
    if wanted("search") {
        search::run(quick);
    }
    if wanted("cold_start") {
        cold_start::run(quick);
    }
    if wanted("weeks") {
        tokio::runtime::Runtime::new().expect("a runtime").block_on(weeks::run(quick));
    }
    if wanted("territories") {
        territories::run(quick);
    }
}
