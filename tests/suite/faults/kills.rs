//! Kills under load: of a node of the service, of redis-server, of the line between them.
//!
//! A dozen by default. `AIGUILLEUR_KILLS=1000 cargo test --test suite faults::kills -- --nocapture` makes a thousand, and
//! prints what came of every hundred of them; the seed of their order is fixed.

use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::time::sleep;

use super::stand::Stand;

const KILLS: usize = 12;

/// Kills of one data set: then it is looked through, and the next run begins with an empty one. A node that starts reads the
/// whole stream, which grows by hundreds of events a second meanwhile.
const KILLS_A_RUN: usize = 100;

/// Bookings acknowledged between one kill and the next.
const BETWEEN: usize = 3;

fn wanted() -> usize {
    std::env::var_os("AIGUILLEUR_KILLS").map_or(KILLS, |kills| {
        kills.to_str().and_then(|kills| kills.parse().ok()).expect("AIGUILLEUR_KILLS is a number of kills")
    })
}

/// Ends what the line carries, in one of the ways lines end.
async fn kill_line(stand: &Stand, place: usize, rng: &mut ChaCha8Rng) {
    let line = &stand.lines[place];
    let moment = Duration::from_millis(rng.random_range(20..200));
    match rng.random_range(0..4) {
        0 => line.cut(),
        1 => {
            line.unplug();
            sleep(moment).await;
        }
        2 => {
            // What was asked happens, and nobody hears of it.
            line.stall_answers();
            sleep(moment).await;
            line.cut();
        }
        _ => {
            line.stall();
            sleep(moment).await;
            line.cut();
        }
    }
    line.heal();
}

/// How often each kind of thing was killed.
#[derive(Default)]
struct Killed {
    services: usize,
    servers: usize,
    lines: usize,
}

/// So many kills over one run of bookings, and what came of it.
async fn run(kills: usize, rng: &mut ChaCha8Rng, killed: &mut Killed) -> String {
    let mut stand = Stand::start().await;
    let began = Instant::now();
    for kill in 0..kills {
        stand.until_booked(BETWEEN).await;
        sleep(Duration::from_millis(rng.random_range(0..50))).await;
        let place = usize::from(rng.random_bool(0.5));
        match kill % 3 {
            0 => {
                stand.kill_node(place).await;
                killed.services += 1;
            }
            1 => {
                stand.restart_redis();
                killed.servers += 1;
            }
            _ => {
                kill_line(&stand, place, rng).await;
                killed.lines += 1;
            }
        }
    }
    stand.until_booked(BETWEEN).await;
    let starts = stand.starts.split_off(2);
    let settled = stand.settle().await;
    format!(
        "{kills} kills in {} s: {settled}; a node starts in {} ms",
        began.elapsed().as_secs(),
        starts.iter().sum::<Duration>().as_millis() / u128::try_from(starts.len().max(1)).expect("few")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_no_booking_is_lost_and_no_place_sold_twice() {
    let (wanted, mut killed) = (wanted(), Killed::default());
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for begun in (0..wanted).step_by(KILLS_A_RUN) {
        println!("{}", run(KILLS_A_RUN.min(wanted - begun), &mut rng, &mut killed).await);
    }
    let Killed { services, servers, lines } = killed;
    println!("{wanted} kills: service {services}, redis-server {servers}, link {lines}");
}
