//! Many territories in one process, a small one each: what each costs in memory and time to start, what all of them cost
//! while nobody calls, and how long a hold takes among them.
//!
//! `cargo bench --bench figures -- territories [--quick]`

use std::path::Path;
use std::process::{self, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aiguilleur::booking::{Call, Policy};
use aiguilleur::clock::ManualClock;
use aiguilleur::domain::{Constraints, Level, RequestId, SlotId, Territory};
use aiguilleur::seal::{Kek, Sealer};
use aiguilleur::store::{EmbeddedStore, Export, Store};
use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use crate::memory::resident;
use crate::stage::callers::{Asked, Caller, at_once};
use crate::stage::desk::Desk;
use crate::stage::home::{Home, Kind, open_at};
use crate::stage::running::Running;
use crate::stage::times::Times;
use crate::stage::{cpu, drafts, nine, orders, practitioners, weppes};

/// What this program is told to be the process of the territories.
pub(crate) const ALONE: &str = "--territories-alone";

/// Of one territory.
const PRACTITIONERS: usize = 10;
const SLOTS: usize = 200;
const REQUESTS: usize = 10;

/// Holds made, so many at once, all over the territories.
const HOLDS: usize = 2_000;
const AT_ONCE: usize = 16;

/// How long nobody calls.
const QUIET: Duration = Duration::from_secs(5);

/// Prints the table.
pub(crate) fn run(quick: bool) {
    let counts: &[usize] = if quick { &[1, 10, 100] } else { &[1, 10, 100, 1_000] };
    println!(
        "| territories | store | start | memory | of one more | processor while nobody calls | a hold, p50 | a hold, p99 |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let keys = tempfile::tempdir().expect("a folder");
    let key = keys.path().join("patients.key");
    for kind in Kind::all().into_iter().filter(|kind| kind.to_string() != "Redis `everysec`") {
        let mut alone: Option<f64> = None;
        for count in counts {
            let home = kind.home();
            tokio::runtime::Runtime::new().expect("a runtime").block_on(fill(&home, &key, *count));
            let program = std::env::current_exe().expect("this program");
            let output = Command::new(program)
                .args([ALONE, &format!("{}={}", key.display(), home.address()), &count.to_string()])
                .output()
                .expect("started");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let said = String::from_utf8_lossy(&output.stdout);
            let said: Vec<f64> = said.split_whitespace().map(|one| one.parse().expect("a number")).collect();
            let [start, bytes, quiet, p50, p99] = said[..] else { panic!("it said {said:?}") };
            let first = *alone.get_or_insert(bytes);
            let others = u32::try_from(count.saturating_sub(1)).expect("few");
            let more = if others == 0 {
                "–".to_owned()
            } else {
                format!("{:.0} kB", (bytes - first) / f64::from(others) / 1e3)
            };
            println!(
                "| {count} | {kind} | {start:.2} s | {:.0} MB | {more} | {:.1} % of a core | {:.1} ms | {:.1} ms |",
                bytes / 1e6,
                quiet * 100.0,
                p50 / 1e3,
                p99 / 1e3
            );
        }
    }
}

fn territory(n: usize) -> Territory {
    Territory { id: format!("cpts-{n:04}").parse().expect("a name"), ..weppes() }
}

fn request(n: usize) -> RequestId {
    RequestId::new(Uuid::from_u128(1_000_000 + u128::try_from(n).expect("small")))
}

/// Puts so many territories there, all alike.
async fn fill(home: &Home, key: &Path, count: usize) {
    let clock = Arc::new(ManualClock::at(nine() - TimeDelta::hours(1)));
    let sealer = Arc::new(Sealer::new(Kek::load_or_create(key).expect("a key")));
    let there = home.open().await;
    for n in 0..count {
        let scratch: Arc<dyn Store> = Arc::new(EmbeddedStore::in_memory(clock.clone()).expect("memory"));
        let desk = Desk::of(territory(n), scratch.clone(), sealer.clone(), Policy::default()).await;
        let listed = practitioners(&desk.booking.territory, PRACTITIONERS);
        let drafts = drafts(&listed, SLOTS);
        let call = Call::of_service();
        desk.booking.list_practitioners(&call, listed).await.expect("listed");
        desk.booking.publish(&call, drafts).await.expect("published");
        for (n, mut order) in orders(&desk.booking.territory, REQUESTS).into_iter().enumerate() {
            // Any hour, anywhere: what is measured is holding, not choosing.
            order.level = Some(Level::Programmed);
            order.facts.constraints = Constraints { max_travel_minutes: Some(600), ..Default::default() };
            desk.booking.enter_request(&call, request(n), order).await.expect("entered");
        }
        let Export { tail, items, .. } = scratch.export(&territory(n).id).await.expect("exported");
        there.import(&territory(n).id, tail, items).await.expect("imported");
    }
}

/// The process of the territories: says seconds to start, bytes, share of a core while nobody calls, and microseconds of a
/// hold.
pub(crate) fn alone(address: &str, count: &str) {
    let count: usize = count.parse().expect("a number");
    let (key, address) = address.split_once('=').expect("a key file and an address");
    let sealer = Arc::new(Sealer::new(Kek::load(Path::new(key)).expect("a key")));
    let territories = (0..count).map(territory).collect();
    let began = Instant::now();
    let opening = {
        let address = address.to_owned();
        Box::new(move || -> futures_util::future::BoxFuture<'static, Arc<dyn Store>> {
            Box::pin(async move { open_at(&address).await })
        })
    };
    let service = Running::start(opening, territories, sealer, true);
    let start = began.elapsed();
    // The first plans are made, and whatever else follows a start.
    std::thread::sleep(QUIET / 2);
    let (before, bytes) = (cpu::of_process(process::id()), resident());
    std::thread::sleep(QUIET);
    let quiet = (cpu::of_process(process::id()) - before).as_secs_f64() / QUIET.as_secs_f64();
    let holds =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
            let mut callers = Vec::new();
            for _ in 0..AT_ONCE {
                callers.push(Caller::at(service.address).await);
            }
            let (_, times) = at_once(&mut callers, 0..HOLDS.min(count * SLOTS), async move |caller, number| {
                // One territory after the other; a request that holds a place already lets it go for the next.
                let (place, round) = (number % count, number / count);
                let slot = SlotId::new(Uuid::from_u128(u128::try_from(round).expect("small") + 1));
                let body = json!({"slot_id": slot.to_string(), "hold_id": format!("h{number}")});
                let (territory, request) = (territory(place).id, request(round % REQUESTS));
                let path = format!("/api/v1/territories/{territory}/requests/{request}/hold");
                caller
                    .ask(Asked { path, body: body.to_string(), key: format!("hold-{number}"), status: 200 }.prepared())
                    .await
            })
            .await;
            Times::collect(times)
        });
    #[expect(clippy::cast_precision_loss, reason = "a figure of a bench")]
    let bytes = bytes as f64;
    println!("{} {bytes} {quiet} {} {}", start.as_secs_f64(), holds.percentile(50), holds.percentile(99));
}
