//! Offers for one request out of all that wait, everybody able to use nearly every slot: the pooled plan with its proof and
//! ten ranked offers, beside the way it is done today (the first slots that suit, in the order of their hour, for this request alone).
//!
//! `cargo bench --bench figures -- offers`

use std::time::{Duration, Instant};

use crate::stage::desk::Desk;
use crate::stage::times::Times;
use aiguilleur::domain::Modality;

const ROUNDS: usize = 200;

/// Prints the table.
pub(crate) async fn run() {
    println!(
        "| offers for one of those who wait | p50 | p99 | first slots that suit (peer), p50 | proved optimal | budget |"
    );
    println!("|---|---|---|---|---|---|");
    for (waiting, slots) in [(20, 400), (100, 800), (300, 2_000)] {
        let (desk, requests) = Desk::busy(slots, waiting).await;
        let (mut pooled, mut proved) = (Vec::new(), 0);
        for n in 0..ROUNDS {
            let started = Instant::now();
            let offers = desk.booking.look_for_offers(requests[n % requests.len()], None).await.expect("offers");
            pooled.push(started.elapsed());
            proved += usize::from(offers.search.optimal);
        }
        let pooled = Times::collect(pooled);
        let alone = Times::of(ROUNDS, |n| {
            std::hint::black_box(first_that_suit(&desk, requests[n % requests.len()]));
        });
        println!(
            "| {waiting} requests × {slots} slots | {:.1} ms | {:.1} ms | {:.3} ms | {proved} of {ROUNDS} | 50 ms |",
            pooled.percentile(50) / 1e3,
            pooled.percentile(99) / 1e3,
            alone.percentile(50) / 1e3,
        );
    }
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
