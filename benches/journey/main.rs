//! The first journey, measured: offers, slot search, bookings. Every table names its peer, measured in the same run.
//!
//! `cargo bench --bench journey [-- offers|search|bookings]`

#![expect(clippy::print_stdout, reason = "a bench prints its tables")]

mod bookings;
mod offers;
mod search;
mod support;

#[tokio::main]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|one| one == name);
    if wanted("offers") {
        offers::run().await;
    }
    if wanted("search") {
        search::run();
    }
    if wanted("bookings") {
        bookings::run().await;
    }
}
