//! Bookings per second over HTTP beside the raw commits of the same bookings in the same store, on the same disk, in the same
//! run. A booking is two calls (hold, confirmation), each with everything a call goes through: rights, JSON, rules, sealing,
//! durable commit, read model, log, metrics; sweeper and planner run beside. Its peer commits what those two calls commit,
//! recorded from the service, to a copy of the same territory.
//!
//! `cargo bench --bench journey -- bookings [1|16|64] [--quick]`

use std::process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aiguilleur::store::{Commit, CommitOutcome};
use futures_util::FutureExt as _;

use crate::callers::{Caller, at_once};
use crate::rehearsal::Rehearsal;
use crate::shared::home::Home;
use crate::shared::running::Running;
use crate::shared::times::{Times, median};
use crate::shared::{cpu, weppes};

/// Bookings of one measure, by how many are in flight: long enough to be measured, short enough to be repeated.
const MEASURES: [(usize, usize); 3] = [(1, 300), (16, 2_000), (64, 4_000)];

/// What one measure found.
struct Found {
    per_second: f64,
    /// Processor time of one booking, but for the caller's.
    cost: Duration,
    /// Processor time of the caller of one booking.
    callers_cost: Duration,
    /// A call's time, p99 microseconds.
    p99: f64,
}

/// Prints the table. Rounds are interleaved, since the machine may have other things to do.
pub(crate) fn run(quick: bool, only: &[usize]) {
    let rounds = if quick { 2 } else { 5 };
    let most = MEASURES.map(|(_, count)| count).into_iter().max().unwrap_or_default();
    let most = if quick { most / 4 } else { most };
    let rehearsal = Arc::new(alone(Rehearsal::of(most)));
    println!(
        "| bookings per second | in flight | raw commits (peer) | over HTTP | HTTP ÷ raw | CPU of a raw booking | CPU of one over HTTP | of its caller | p99 of a call |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (in_flight, count) in MEASURES.into_iter().filter(|(in_flight, _)| only.is_empty() || only.contains(in_flight))
    {
        let count = if quick { count / 4 } else { count };
        let measured: Vec<(Found, Found)> =
            (0..rounds).map(|_| (raw(&rehearsal, in_flight, count), over_http(&rehearsal, in_flight, count))).collect();
        let middle = |of: fn(&(Found, Found)) -> f64| median(measured.iter().map(of));
        println!(
            "| embedded | {in_flight} | {:.0} | {:.0} | {:.2} | {:.0} µs | {:.0} µs | {:.0} µs | {:.1} ms |",
            middle(|(raw, _)| raw.per_second),
            middle(|(_, http)| http.per_second),
            middle(|(raw, http)| http.per_second / raw.per_second),
            middle(|(raw, _)| (raw.cost + raw.callers_cost).as_secs_f64() * 1e6),
            middle(|(_, http)| http.cost.as_secs_f64() * 1e6),
            middle(|(_, http)| http.callers_cost.as_secs_f64() * 1e6),
            middle(|(_, http)| http.p99 / 1e3),
        );
    }
}

/// Runs on this thread and no other.
fn alone<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// Notes processor times around a measure.
struct Spent {
    process: Duration,
    caller: Duration,
}

impl Spent {
    fn so_far() -> Self {
        Self { process: cpu::of_process(process::id()), caller: cpu::of_this_thread() }
    }

    fn found(&self, took: Duration, count: usize, calls: &Times) -> Found {
        let (whole, caller) = (cpu::of_process(process::id()) - self.process, cpu::of_this_thread() - self.caller);
        let each = u32::try_from(count).expect("few");
        Found {
            per_second: f64::from(each) / took.as_secs_f64(),
            cost: whole.saturating_sub(caller) / each,
            callers_cost: caller / each,
            p99: calls.percentile(99),
        }
    }
}

/// The recorded commits, straight to the store.
fn raw(rehearsal: &Arc<Rehearsal>, in_flight: usize, count: usize) -> Found {
    let home = Home::embedded();
    alone(async {
        let store = home.open().await;
        rehearsal.lay(&*store).await;
        let (rehearsal, territory) = (rehearsal.clone(), weppes().id);
        let spent = Spent::so_far();
        let workers = vec![store; in_flight];
        let (took, times) = at_once(workers, count, async move |store, number| {
            let began = Instant::now();
            for commit in rehearsal.commits(number) {
                let commit = Commit { decided_at: store.now(), ..commit.clone() };
                let outcome = store.commit(&territory, commit).await.expect("committed");
                assert!(matches!(outcome, CommitOutcome::Done { .. }), "{outcome:?}");
            }
            began.elapsed()
        })
        .await;
        spent.found(took, count, &Times::collect(times))
    })
}

/// Hold and confirm over HTTP.
fn over_http(rehearsal: &Arc<Rehearsal>, in_flight: usize, count: usize) -> Found {
    let home = Home::embedded();
    alone(async { rehearsal.lay(&*home.open().await).await });
    let open = {
        let store = alone(home.open());
        async move { store }.boxed()
    };
    let service = Running::start(Box::new(|| open), vec![weppes()], rehearsal.sealer.clone(), true);
    alone(async {
        let calls: Vec<_> = (0..count).map(|number| rehearsal.calls(number)).collect();
        let mut callers = Vec::new();
        for _ in 0..in_flight {
            callers.push(Caller::at(service.address).await);
        }
        let spent = Spent::so_far();
        let (took, times) = at_once(callers, count, async move |caller, number| {
            let [hold, confirm] = calls[number].clone();
            [caller.ask(hold).await, caller.ask(confirm).await]
        })
        .await;
        spent.found(took, count, &Times::collect(times.into_iter().flatten()))
    })
}
