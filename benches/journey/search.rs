//! Slot search in the read model at 10 000 and 100 000 slots, beside a scan of all slots with the same question.
//!
//! `cargo bench --bench journey -- search`

use std::collections::BTreeSet;

use crate::shared::times::Times;
use crate::shared::{nine, practitioners, weppes};
use aiguilleur::domain::{Record, Slot, SlotState};
use aiguilleur::views::{Around, FactsByRef, SlotQuery, TerritoryState};
use chrono::TimeDelta;

const ROUNDS: usize = 300;

/// Prints the table.
pub(crate) fn run() {
    println!("| search in the read model | slots | p50 | p99 | scan of all (peer), p50 | scan ÷ index |");
    println!("|---|---|---|---|---|---|");
    for count in [10_000, 100_000] {
        let state = filled(count);
        let territory = weppes();
        let listed = practitioners(&territory, count / 160);
        let three_days = (Some(nine()), Some(nine() + TimeDelta::days(3)));
        let questions = [
            (
                "25 practitioners × 3 days, free",
                SlotQuery {
                    from: three_days.0,
                    to: three_days.1,
                    state: Some(SlotState::Free),
                    practitioners: listed.iter().take(25).map(|p| p.rpps).collect(),
                    limit: 1_000,
                    ..SlotQuery::default()
                },
            ),
            (
                "GP within 5 km, today, first 50",
                SlotQuery {
                    from: Some(nine()),
                    to: Some(nine() + TimeDelta::hours(10)),
                    state: Some(SlotState::Free),
                    professions: BTreeSet::from(["10".parse().expect("a code")]),
                    around: Some(Around { point: territory.communes[0].point, radius_km: 5.0 }),
                    limit: 50,
                    ..SlotQuery::default()
                },
            ),
        ];
        for (name, query) in questions {
            let found = state.slots.query(&query, nine()).items.len();
            let index = Times::of(ROUNDS, |_| {
                std::hint::black_box(state.slots.query(&query, nine()));
            });
            let scan = Times::of(20, |_| {
                let all = state.slots.all().filter(|placed| query.matches(placed, nine())).take(query.limit).count();
                std::hint::black_box(all);
            });
            println!(
                "| {name} ({found} found) | {count} | {:.0} µs | {:.0} µs | {:.0} µs | {:.0} |",
                index.percentile(50),
                index.percentile(99),
                scan.percentile(50),
                scan.percentile(50) / index.percentile(50)
            );
        }
    }
}

/// A read model with so many slots: 160 a practitioner, over five days.
fn filled(count: usize) -> TerritoryState {
    let territory = weppes();
    let listed = practitioners(&territory, count / 160);
    let mut state = TerritoryState::default();
    let facts = FactsByRef::new();
    for practitioner in &listed {
        state.put(Record::Practitioner(practitioner.clone()), 1, &facts);
    }
    for draft in crate::shared::drafts(&listed, count) {
        let slot = Slot {
            id: draft.id,
            territory: territory.id.clone(),
            start: draft.start,
            end: draft.end,
            practitioner: draft.practitioner,
            profession: "10".parse().expect("a code"),
            speciality: Some("SM54".parse().expect("a code")),
            location: draft.location,
            modality: draft.modality,
            audience: draft.audience,
            arrival: draft.arrival,
            capacity: draft.capacity,
            extra_capacity: 0,
            holds: Vec::new(),
            bookings: Vec::new(),
            withdrawn_at: None,
            source: draft.source,
        };
        state.put(Record::Slot(slot), 1, &facts);
    }
    state
}
