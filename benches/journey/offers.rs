//! Offers for one request out of 300 that wait, over 2 000 slots: the pooled plan with its proof and ten ranked offers,
//! beside the way it is done today (the first slots that suit, in the order of their hour, for this request alone).
//!
//! `cargo bench --bench journey -- offers`

use std::time::{Duration, Instant};

use crate::support::{Desk, Times};
use aiguilleur::domain::Modality;

const ROUNDS: usize = 200;

/// Prints the table.
pub(crate) async fn run() {
    let (desk, requests) = Desk::busy(2_000, 300).await;
    let (mut pooled, mut proved, mut rungs) = (Vec::new(), 0, std::collections::BTreeMap::new());
    for n in 0..ROUNDS {
        let started = Instant::now();
        let offers = desk.booking.look_for_offers(requests[n % requests.len()], None).await.expect("offers");
        pooled.push(started.elapsed());
        proved += usize::from(offers.search.optimal);
        *rungs.entry(offers.search.rung).or_insert(0usize) += 1;
    }
    let pooled = Times::collect(pooled.into_iter());
    let alone = Times::of(ROUNDS, |n| {
        let first = first_that_suit(&desk, requests[n % requests.len()]);
        std::hint::black_box(first);
    });
    println!("| offers, 300 requests × 2 000 slots | p50 | p99 | beside the peer (p50) |");
    println!("|---|---|---|---|");
    println!(
        "| first slots that suit, one request alone (peer) | {:.0} µs | {:.0} µs | 1 |",
        alone.percentile(50),
        alone.percentile(99)
    );
    println!(
        "| pooled plan and ten ranked offers | {:.0} µs | {:.0} µs | {:.0} |",
        pooled.percentile(50),
        pooled.percentile(99),
        pooled.percentile(50) / alone.percentile(50)
    );
    println!("proved optimal: {proved} of {ROUNDS}; rungs: {rungs:?}; budget 50 ms");
}

/// Today's way: free slots in the order of their hour, the first ten that have the profession and the hour.
fn first_that_suit(desk: &Desk, request: aiguilleur::domain::RequestId) -> usize {
    let now = desk.booking.now();
    desk.booking.view.read(|state| {
        let Some(case) = state.board.get(request) else { return 0 };
        let latest = case.request.latest_start();
        state
            .slots
            .starting_in(now, now + Duration::from_secs(7 * 86_400))
            .filter(|placed| {
                placed.slot.places_left(now) > 0
                    && placed.slot.modality == Modality::Ambulatory
                    && placed.slot.profession == case.request.triage.care_need.profession
                    && latest.is_none_or(|latest| placed.slot.start < latest)
            })
            .take(10)
            .count()
    })
}
