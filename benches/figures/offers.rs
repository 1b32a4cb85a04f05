//! Offers for one request out of all that wait, everybody able to use nearly every slot: the pooled plan with its proof and
//! ten ranked offers, beside the way it is done today (the first slots that suit, in the order of their hour, for this request
//! alone). Twice: for a newcomer, who is added to the plan that stands, and after somebody left, when the plan is made anew.
//!
//! `cargo bench --bench figures -- offers`

use std::time::{Duration, Instant};

use crate::stage::desk::Desk;
use crate::stage::orders;
use crate::stage::times::Times;
use aiguilleur::booking::Call;
use aiguilleur::domain::{Modality, RequestId};
use uuid::Uuid;

const ROUNDS: usize = 200;

/// Prints the table.
pub(crate) async fn run() {
    println!(
        "| offers for one of those who wait | asked | p50 | p99 | first slots that suit (peer), p50 | proved optimal | budget |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (waiting, slots) in [(20, 400), (100, 800), (300, 2_000)] {
        let (desk, requests) = Desk::busy(slots, waiting).await;
        let newcomers = orders(&desk.booking.territory, waiting + ROUNDS).split_off(waiting);
        let (mut added, mut anew) = (Found::default(), Found::default());
        let call = Call::of_service();
        for (n, newcomer) in newcomers.into_iter().enumerate() {
            let id = RequestId::new(Uuid::from_u128(2_000_000 + u128::try_from(n).expect("small")));
            desk.booking.enter_request(&call, id, newcomer).await.expect("entered");
            added.ask(&desk, id).await;
            desk.booking.cancel(&call, id, "parti".to_owned()).await.expect("cancelled");
            anew.ask(&desk, requests[n % requests.len()]).await;
        }
        let alone = Times::of(ROUNDS, |n| {
            std::hint::black_box(first_that_suit(&desk, requests[n % requests.len()]));
        });
        for (asked, found) in [("by a newcomer", added), ("after somebody left", anew)] {
            let (times, proved) = (Times::collect(found.times), found.proved);
            println!(
                "| {waiting} requests × {slots} slots | {asked} | {:.1} ms | {:.1} ms | {:.3} ms | {proved} of {ROUNDS} | 50 ms |",
                times.percentile(50) / 1e3,
                times.percentile(99) / 1e3,
                alone.percentile(50) / 1e3,
            );
        }
    }
}

/// What asking came to.
#[derive(Default)]
struct Found {
    times: Vec<Duration>,
    proved: usize,
}

impl Found {
    async fn ask(&mut self, desk: &Desk, request: RequestId) {
        let started = Instant::now();
        let offers = desk.booking.look_for_offers(request, None).await.expect("offers");
        self.times.push(started.elapsed());
        self.proved += usize::from(offers.search.optimal);
    }
}

/// Today's way: free slots in the order of their hour, the first ten that have the profession and the hour.
fn first_that_suit(desk: &Desk, request: RequestId) -> usize {
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
