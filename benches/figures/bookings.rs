//! Bookings per second over HTTP beside the raw commits of the same bookings in the same store, on the same disk, in the same
//! run. A booking is two calls (hold, confirmation), each with everything a call goes through: rights, JSON, rules, sealing,
//! durable commit, read model, log, metrics; sweeper and planner run beside. Its peer commits what those two calls commit,
//! recorded from the service, to a copy of the same territory.
//!
//! `cargo bench --bench figures -- bookings [1|16|64] [--quick]`

use std::cell::Cell;
use std::process;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::rehearsal::Rehearsal;
use crate::stage::callers::{Asked, Caller, at_once};
use crate::stage::home::Kind;
use crate::stage::running::Running;
use crate::stage::times::{Times, median};
use crate::stage::{cpu, weppes};
use aiguilleur::store::{Commit, CommitOutcome, Store};

/// So many wait when a measure begins, more than in any CPTS.
const WAITING: usize = 640;

/// Bookings of one measure, by how many are in flight: short, and repeated often. The plan the service makes by itself after
/// changes waits for a quiet moment, a second at most, and so mostly falls after a measure of less than that.
const MEASURES: [(usize, usize); 3] = [(1, WAITING), (16, WAITING), (64, WAITING)];

/// Bookings before a measure begins, both ways: connections made, threads and buffers in use.
fn warming_up(count: usize) -> usize {
    count / 5
}

/// What one measure found. Times are of one booking.
struct Found {
    per_second: f64,
    /// Processor time of this process, but for the callers.
    service: Duration,
    /// Processor time of the store's own server.
    server: Duration,
    /// Processor time of the callers.
    callers: Duration,
    /// A call's time, p99 microseconds.
    p99: f64,
}

/// Prints the tables. Rounds are interleaved, since the machine may have other things to do.
pub(crate) fn run(quick: bool, only: &[usize]) {
    let rounds = if quick { 3 } else { 15 };
    let rehearsal = Arc::new(alone(Rehearsal::of(WAITING)));
    let kinds = Kind::all();
    let mut per_second = Vec::new();
    println!(
        "| bookings per second | in flight | raw commits (peer) | over HTTP | HTTP ÷ raw | CPU, raw | CPU, service | CPU, store's server | CPU, callers | p99 of a call |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (in_flight, count) in MEASURES.into_iter().filter(|(one, _)| only.is_empty() || only.contains(one)) {
        let measured: Vec<Vec<(Found, Found)>> = (0..rounds)
            .map(|_| {
                let once =
                    |kind| (raw(&rehearsal, kind, in_flight, count), over_http(&rehearsal, kind, in_flight, count));
                kinds.iter().map(once).collect()
            })
            .collect();
        for (place, kind) in kinds.iter().enumerate() {
            let middle = |of: &dyn Fn(&(Found, Found)) -> f64| median(measured.iter().map(|round| of(&round[place])));
            let micros = |time: Duration| time.as_secs_f64() * 1e6;
            let over_http = middle(&|(_, http)| http.per_second);
            per_second.push((kind.to_string(), in_flight, over_http));
            println!(
                "| {kind} | {in_flight} | {:.0} | {over_http:.0} | {:.2} | {:.0} µs | {:.0} µs | {:.0} µs | {:.0} µs | {:.1} ms |",
                middle(&|(raw, _)| raw.per_second),
                middle(&|(raw, http)| http.per_second / raw.per_second),
                middle(&|(raw, _)| micros(raw.service + raw.server + raw.callers)),
                middle(&|(_, http)| micros(http.service)),
                middle(&|(_, http)| micros(http.server)),
                middle(&|(_, http)| micros(http.callers)),
                middle(&|(_, http)| http.p99 / 1e3),
            );
        }
    }
    println!(
        "\n| over HTTP | in flight | embedded ÷ Redis `everysec` | embedded ÷ Redis `always` |\n|---|---|---|---|"
    );
    for of_one in per_second.chunks(kinds.len()) {
        if let [(_, in_flight, embedded), (_, _, everysec), (_, _, always)] = of_one {
            println!("| bookings | {in_flight} | {:.2} | {:.2} |", embedded / everysec, embedded / always);
        }
    }
}

/// Runs on this thread and no other.
fn alone<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// Processor times before a measure.
struct Spent {
    store: Option<u32>,
    process: Duration,
    server: Duration,
    callers: Duration,
}

impl Spent {
    fn so_far(kind: &Kind) -> Self {
        let store = kind.server();
        let server = store.map(cpu::of_process).unwrap_or_default();
        Self { store, process: cpu::of_process(process::id()), server, callers: cpu::of_this_thread() }
    }

    fn found(&self, took: Duration, count: usize, calls: &Times) -> Found {
        let now = |store: Option<u32>| store.map(cpu::of_process).unwrap_or_default();
        let callers = cpu::of_this_thread() - self.callers;
        let each = u32::try_from(count).expect("few");
        Found {
            per_second: f64::from(each) / took.as_secs_f64(),
            service: (cpu::of_process(process::id()) - self.process).saturating_sub(callers) / each,
            server: (now(self.store) - self.server) / each,
            callers: callers / each,
            p99: calls.percentile(99),
        }
    }
}

/// The recorded commits, straight to the store.
fn raw(rehearsal: &Arc<Rehearsal>, kind: &Kind, in_flight: usize, count: usize) -> Found {
    let home = kind.home();
    alone(async {
        let store = home.open().await;
        rehearsal.lay(&*store).await;
        let (rehearsal, territory) = (rehearsal.clone(), weppes().id);
        let mut workers = vec![store.clone(); in_flight];
        let job = async move |store: &mut Arc<dyn Store>, number: usize| {
            let began = Instant::now();
            for commit in rehearsal.commits(number) {
                let commit = Commit { decided_at: store.now(), ..commit.clone() };
                let outcome = store.commit(&territory, commit).await.expect("committed");
                assert!(matches!(outcome, CommitOutcome::Done { .. }), "{outcome:?}");
            }
            began.elapsed()
        };
        let warm = warming_up(count);
        at_once(&mut workers, 0..warm, job.clone()).await;
        let spent = Spent::so_far(kind);
        let (took, times) = at_once(&mut workers, warm..count, job).await;
        spent.found(took, count - warm, &Times::collect(times))
    })
}

/// Hold and confirm over HTTP.
fn over_http(rehearsal: &Arc<Rehearsal>, kind: &Kind, in_flight: usize, count: usize) -> Found {
    let home = kind.home();
    alone(async { rehearsal.lay(&*home.open().await).await });
    let service = Running::start(home.opening(), vec![weppes()], rehearsal.sealer.clone(), true);
    alone(async {
        let calls: Vec<_> =
            (0..count).map(|number| Cell::new(Some(rehearsal.calls(number).map(Asked::prepared)))).collect();
        let mut callers = Vec::new();
        for _ in 0..in_flight {
            callers.push(Caller::at(service.address).await);
        }
        let calls = Rc::new(calls);
        let job = async move |caller: &mut Caller, number: usize| {
            let [hold, confirm] = calls[number].take().expect("each booking is made once");
            [caller.ask(hold).await, caller.ask(confirm).await]
        };
        let warm = warming_up(count);
        at_once(&mut callers, 0..warm, job.clone()).await;
        let spent = Spent::so_far(kind);
        let (took, times) = at_once(&mut callers, warm..count, job).await;
        spent.found(took, count - warm, &Times::collect(times.into_iter().flatten()))
    })
}
