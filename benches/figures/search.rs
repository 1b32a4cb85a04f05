//! Slot search in the read model, beside the same question asked of Redis (a sorted set of free slots per practitioner, a
//! hash per slot, pipelined, on a server of the bench's own) and beside a scan of all slots.
//!
//! `cargo bench --bench figures -- search [--quick]`

use std::collections::BTreeSet;

use aiguilleur::domain::{Record, Rpps, Slot, SlotState};
use aiguilleur::views::{Around, FactsByRef, SlotQuery, TerritoryState};
use chrono::TimeDelta;
use redis::Connection;

use crate::filling::{practitioners_of, slots_of};
use crate::memory::{megabytes, resident};
use crate::stage::redis_server::RedisServer;
use crate::stage::times::Times;
use crate::stage::{nine, weppes};

const ROUNDS: usize = 1_000;

/// Slots written to Redis by one pipeline.
const WRITTEN_AT_ONCE: usize = 2_000;

/// Prints the table.
pub(crate) fn run(quick: bool) {
    println!(
        "| search in the read model | slots | p50 | p99 | asked of Redis (peer), p50 | Redis ÷ read model | scan of all (peer), p50 | scan ÷ read model |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let counts: &[usize] = if quick { &[10_000, 100_000] } else { &[10_000, 100_000, 1_000_000] };
    let mut sizes = Vec::new();
    for count in counts.iter().copied() {
        let before = resident();
        let state = filled(count);
        sizes.push((count, resident().saturating_sub(before)));
        let territory = weppes();
        let listed = practitioners_of(&territory, count);
        let mut redis = InRedis::filled(count);
        // Twenty-five of them, another twenty-five each time, as callers ask.
        let some = |n: usize| -> Vec<Rpps> {
            let first = n * 25 % listed.len();
            listed.iter().cycle().skip(first).take(25).map(|who| who.rpps).collect()
        };
        let three_days = |n: usize| SlotQuery {
            from: Some(nine()),
            to: Some(nine() + TimeDelta::days(3)),
            state: Some(SlotState::Free),
            practitioners: some(n).into_iter().collect(),
            limit: 1_000,
            ..SlotQuery::default()
        };
        let nearby = |n: usize| SlotQuery {
            from: Some(nine()),
            to: Some(nine() + TimeDelta::hours(10)),
            state: Some(SlotState::Free),
            professions: BTreeSet::from(["10".parse().expect("a code")]),
            around: Some(Around { point: territory.communes[n % territory.communes.len()].point, radius_km: 5.0 }),
            limit: 50,
            ..SlotQuery::default()
        };
        let asked = Times::of(ROUNDS / 5, |n| {
            std::hint::black_box(redis.free_of(&some(n), 1_000));
        });
        row("25 practitioners × 3 days, free, first 1 000", count, &state, three_days, Some(&asked));
        row("GP within 5 km, today, first 50", count, &state, nearby, None);
    }
    println!("\n| read model | megabytes | bytes a slot |\n|---|---|---|");
    for (count, bytes) in sizes {
        println!("| {count} slots | {:.0} | {} |", megabytes(bytes), bytes / count);
    }
}

fn row(name: &str, count: usize, state: &TerritoryState, question: impl Fn(usize) -> SlotQuery, redis: Option<&Times>) {
    let questions: Vec<SlotQuery> = (0..ROUNDS).map(question).collect();
    let index = Times::of(ROUNDS, |n| {
        std::hint::black_box(state.slots.query(&questions[n], nine()));
    });
    let scan = Times::of(20, |n| {
        let query = &questions[n];
        let all = state.slots.all().filter(|placed| query.matches(placed, nine())).take(query.limit).count();
        std::hint::black_box(all);
    });
    let (p50, scan) = (index.percentile(50), scan.percentile(50));
    let (redis, times) = match redis.map(|asked| asked.percentile(50)) {
        Some(redis) => (format!("{redis:.0} µs"), format!("{:.0}", redis / p50)),
        None => ("–".to_owned(), "–".to_owned()),
    };
    println!(
        "| {name} | {count} | {p50:.0} µs | {:.0} µs | {redis} | {times} | {scan:.0} µs | {:.0} |",
        index.percentile(99),
        scan / p50
    );
}

/// A read model with so many slots.
fn filled(count: usize) -> TerritoryState {
    let territory = weppes();
    let listed = practitioners_of(&territory, count);
    let mut state = TerritoryState::default();
    let facts = FactsByRef::new();
    for practitioner in &listed {
        state.put(Record::Practitioner(practitioner.clone()), 1, &facts);
    }
    for slot in slots_of(territory.id, &listed, count) {
        state.put(Record::Slot(slot), 1, &facts);
    }
    state
}

/// The same slots in Redis, laid out for this very question (store.md §3): `x:p:<rpps>` has the free slots of a practitioner
/// by start, `s:<slot>` what is shown of one.
struct InRedis {
    line: Connection,
    _server: RedisServer,
}

impl InRedis {
    fn filled(count: usize) -> Self {
        let server = RedisServer::with(&[("appendonly", "no")]);
        let client = redis::Client::open(server.url(0)).expect("an address");
        let mut line = client.get_connection().expect("a connection");
        let territory = weppes();
        let listed = practitioners_of(&territory, count);
        let slots: Vec<Slot> = slots_of(territory.id, &listed, count).collect();
        for slots in slots.chunks(WRITTEN_AT_ONCE) {
            let mut pipe = redis::pipe();
            for slot in slots {
                let (start, key) = (slot.start.timestamp_millis(), format!("{{cpts:weppes}}:s:{}", slot.id));
                pipe.zadd(format!("{{cpts:weppes}}:x:p:{}", slot.practitioner), slot.id.to_string(), start).ignore();
                let fields = [
                    ("st", "free".to_owned()),
                    ("start", start.to_string()),
                    ("end", slot.end.timestamp_millis().to_string()),
                    ("rpps", slot.practitioner.to_string()),
                    ("d", serde_json::to_string(slot).expect("encoded")),
                ];
                pipe.hset_multiple(key, &fields).ignore();
            }
            let () = pipe.query(&mut line).expect("written");
        }
        Self { line, _server: server }
    }

    /// The free slots of these over three days, the first so many of them.
    fn free_of(&mut self, practitioners: &[Rpps], limit: usize) -> usize {
        let (from, to) = (nine().timestamp_millis(), (nine() + TimeDelta::days(3)).timestamp_millis());
        let mut pipe = redis::pipe();
        for rpps in practitioners {
            pipe.cmd("ZRANGEBYSCORE").arg(format!("{{cpts:weppes}}:x:p:{rpps}")).arg(from).arg(to).arg("WITHSCORES");
        }
        let found: Vec<Vec<(String, i64)>> = pipe.query(&mut self.line).expect("asked");
        let mut found: Vec<(i64, String)> = found.into_iter().flatten().map(|(id, start)| (start, id)).collect();
        found.sort_unstable();
        let mut pipe = redis::pipe();
        for (_, id) in found.iter().take(limit) {
            pipe.cmd("HMGET").arg(format!("{{cpts:weppes}}:s:{id}")).arg(&["st", "start", "end", "rpps", "d"]);
        }
        let shown: Vec<Vec<String>> = pipe.query(&mut self.line).expect("asked");
        shown.len()
    }
}
