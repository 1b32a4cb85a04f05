//! Searches for slots: the answer is that of a plain look at every slot, whichever list it is read from.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::fake_store::FakeStore;
use super::world::{COMMUNES, PROFESSIONS, after, confirm, create, draft, hold, operator, practitioner, rpps, slot_id};
use crate::domain::decide::Command;
use crate::domain::{Actor, Audience, GeoPoint, Level, Modality, Slot, SlotId, SlotState};
use crate::store::codec;
use crate::views::cursor::SlotCursor;
use crate::views::facts::FactsByRef;
use crate::views::slot_query::{Around, SlotQuery, Viewer};
use crate::views::territory_state::TerritoryState;

const SLOTS: usize = 60;

/// The state after all the events of a store.
pub(super) fn replayed(store: &FakeStore) -> TerritoryState {
    let mut state = TerritoryState::default();
    for stored in store.remember().events {
        state.apply(&codec::decode_event(&stored).unwrap(), &FactsByRef::new());
    }
    state
}

/// Sixty slots, some held, booked or withdrawn, and two practitioners that have moved.
fn a_day() -> (FakeStore, TerritoryState) {
    let store = FakeStore::with_slots(SLOTS);
    for n in 0..30 {
        store.done(&operator(), &create(n, Some(Level::H48), after(0)));
        let until = after(2 + (n as i64 % 3) * 20);
        store.done(&operator(), &hold(n, n * 2 % SLOTS, n, until));
        if n % 3 == 1 {
            store.done(&operator(), &confirm(n, n, n));
        }
    }
    for n in [3, 9, 27] {
        let withdraw = Command::Withdraw { slot: slot_id(n), reason: "r".to_owned(), cancel_bookings: true };
        store.done(&Actor::service(), &withdraw);
    }
    for n in [1, 4] {
        store.done(&Actor::service(), &Command::ListPractitioner(practitioner(n, 1)));
    }
    let state = replayed(&store);
    (store, state)
}

fn plain_look(state: &TerritoryState, query: &SlotQuery, now: DateTime<Utc>) -> Vec<SlotId> {
    let mut found: Vec<_> =
        state.slots.all().filter(|placed| query.matches(placed, now)).map(|p| p.slot.clone()).collect();
    found.sort_by_key(|slot| (slot.start, slot.id));
    found.iter().map(|slot| slot.id).collect()
}

fn queries() -> impl Strategy<Value = (SlotQuery, DateTime<Utc>)> {
    let minutes = || proptest::option::of((0_i64..200).prop_map(after));
    let around = (50.4..50.9_f64, 2.7..3.4_f64, 0.0..40.0_f64)
        .prop_map(|(lat, lon, radius_km)| Around { point: GeoPoint { lat, lon }, radius_km });
    let viewer = (subsequence(Audience::ALL, 0..3), proptest::option::of(0_usize..6))
        .prop_map(|(audiences, own)| Viewer { audiences: audiences.into_iter().collect(), own: own.map(rpps) });
    let place = (proptest::option::of(select(&COMMUNES[..])), proptest::option::of(around));
    let who = (subsequence(&PROFESSIONS[..], 0..3), subsequence((0..8).collect::<Vec<usize>>(), 0..4));
    let how = (proptest::option::of(select(SlotState::ALL)), proptest::option::of(select(Modality::ALL)));
    (minutes(), minutes(), how, who, place, proptest::option::of(viewer), 0_i64..90).prop_map(
        |(from, to, (state, modality), (professions, practitioners), (commune, around), seen_by, now)| {
            let query = SlotQuery {
                from,
                to,
                state,
                professions: professions.iter().map(|code| code.parse().unwrap()).collect(),
                modality,
                practitioners: practitioners.into_iter().map(rpps).collect(),
                commune: commune.map(|code| code.parse().unwrap()),
                around,
                seen_by,
                limit: usize::MAX,
                after: None,
            };
            (query, after(now))
        },
    )
}

thread_local! {
    static DAY: (FakeStore, TerritoryState) = a_day();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_search_answers_what_a_look_at_every_slot_does((query, now) in queries(), limit in 1_usize..9) {
        DAY.with(|(_, state)| {
            let expected = plain_look(state, &query, now);
            let whole: Vec<_> = state.slots.query(&query, now).items.iter().map(|p| p.slot.id).collect();
            prop_assert_eq!(&whole, &expected);
            // And page by page, without loss or repetition.
            let mut paged = Vec::new();
            let mut part = SlotQuery { limit, ..query };
            loop {
                let page = state.slots.query(&part, now);
                prop_assert!(page.items.len() <= limit);
                prop_assert!(page.next.is_none() || page.items.len() == limit);
                paged.extend(page.items.iter().map(|p| p.slot.id));
                if page.next.is_none() {
                    break;
                }
                part.after = page.next;
            }
            prop_assert_eq!(&paged, &expected);
            Ok(())
        })?;
    }

    #[test]
    fn the_optimiser_sees_every_free_place_and_no_other(now in 0_i64..150, from in 0_i64..150, length in 0_i64..200) {
        DAY.with(|(_, state)| {
            let (now, from, to) = (after(now), after(from), after(from + length));
            let free: Vec<_> = state.slots.free(now, from, to).map(|p| p.slot.id).collect();
            let every = SlotQuery { from: Some(from), to: Some(to), state: Some(SlotState::Free), ..SlotQuery::default() };
            prop_assert_eq!(free, plain_look(state, &every, now));
            Ok(())
        })?;
    }
}

#[test]
fn the_day_has_slots_in_every_state_worth_searching() {
    let (_, state) = a_day();
    let seen: BTreeSet<_> = state.slots.all().map(|placed| placed.slot.state(after(30))).collect();
    for expected in [SlotState::Free, SlotState::Held, SlotState::Booked, SlotState::Withdrawn, SlotState::Closed] {
        assert!(seen.contains(&expected), "{expected}");
    }
    assert_eq!(state.slots.len(), SLOTS);
}

#[test]
fn an_expired_hold_reads_as_free_without_any_event() {
    let store = FakeStore::with_slots(2);
    store.done(&operator(), &create(1, Some(Level::H24), after(0)));
    store.done(&operator(), &hold(1, 1, 1, after(5)));
    let state = replayed(&store);
    let free = |now| {
        let query = SlotQuery { state: Some(SlotState::Free), limit: 9, ..SlotQuery::default() };
        state.slots.query(&query, now).items.iter().any(|placed| placed.slot.id == slot_id(1))
    };
    assert!(!free(after(4)));
    assert!(free(after(5)));
    assert_eq!(state.slots.free(after(4), after(0), after(600)).count(), 1);
    assert_eq!(state.slots.free(after(5), after(0), after(600)).count(), 2);
}

#[test]
fn the_slots_of_a_practitioner_who_moves_move_with_them() {
    let store = FakeStore::with_slots(12);
    let mut moved = practitioner(2, 0);
    moved.locations[0].commune = "75113".parse().unwrap();
    moved.locations[0].point = GeoPoint { lat: 48.83, lon: 2.36 };
    let state = replayed(&store);
    let paris = SlotQuery { commune: "75113".parse().ok(), limit: 99, ..SlotQuery::default() };
    assert!(state.slots.query(&paris, after(0)).items.is_empty());
    store.done(&Actor::service(), &Command::ListPractitioner(moved));
    let state = replayed(&store);
    let found = state.slots.query(&paris, after(0)).items;
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|placed| placed.slot.practitioner == rpps(2)));
    let near_lille = Around { point: GeoPoint { lat: 50.6, lon: 3.0 }, radius_km: 60.0 };
    let query = SlotQuery { around: Some(near_lille), limit: 99, ..SlotQuery::default() };
    assert_eq!(state.slots.query(&query, after(0)).items.len(), 10);
}

#[test]
fn a_slot_written_again_is_found_once_as_it_is_now() {
    let store = FakeStore::with_slots(6);
    store.done(&operator(), &create(0, Some(Level::H24), after(0)));
    store.done(&operator(), &hold(0, 0, 0, after(5)));
    let state = replayed(&store);
    let placed = state.slots.get(slot_id(0)).unwrap();
    assert_eq!((placed.version, placed.slot.holds.len()), (2, 1));
    assert_eq!(state.slots.all().count(), 6);
    let after_it = SlotCursor::of(&placed.slot);
    let rest = SlotQuery { after: Some(after_it), limit: 99, ..SlotQuery::default() };
    assert_eq!(state.slots.query(&rest, after(0)).items.len(), 5);
    assert_eq!(draft(0).start, placed.slot.start);
}

#[test]
fn nonsense_bounds_find_nothing_and_do_not_panic() {
    let state = replayed(&FakeStore::with_slots(6));
    let last = SlotCursor { start: after(9_999), id: slot_id(0) };
    for query in [
        SlotQuery { from: Some(after(60)), to: Some(after(0)), limit: 9, ..SlotQuery::default() },
        SlotQuery { from: Some(after(20)), to: Some(after(20)), limit: 9, ..SlotQuery::default() },
        SlotQuery { to: Some(after(60)), after: Some(last), limit: 9, ..SlotQuery::default() },
        SlotQuery { limit: 0, ..SlotQuery::default() },
        SlotQuery {
            around: Some(Around { point: GeoPoint { lat: 50.5, lon: 2.9 }, radius_km: -3.0 }),
            limit: 9,
            ..SlotQuery::default()
        },
        SlotQuery {
            around: Some(Around { point: GeoPoint { lat: 50.5, lon: 2.9 }, radius_km: f64::NAN }),
            limit: 9,
            ..SlotQuery::default()
        },
    ] {
        assert!(state.slots.query(&query, after(0)).items.is_empty(), "{query:?}");
    }
    assert_eq!(state.slots.free(after(0), after(60), after(0)).count(), 0);
}

#[test]
fn the_edge_of_the_map_is_no_edge_of_a_circle() {
    let mut state = TerritoryState::default();
    let store = FakeStore::new();
    let mut fiji = practitioner(0, 0);
    fiji.locations[0].point = GeoPoint { lat: -17.0, lon: 179.99 };
    store.done(&Actor::service(), &Command::ListPractitioner(fiji));
    store.done(&Actor::service(), &Command::Publish(vec![draft(0)]));
    for stored in store.remember().events {
        state.apply(&codec::decode_event(&stored).unwrap(), &FactsByRef::new());
    }
    let around = Around { point: GeoPoint { lat: -17.05, lon: -179.95 }, radius_km: 20.0 };
    let query = SlotQuery { around: Some(around), limit: 9, ..SlotQuery::default() };
    assert_eq!(state.slots.query(&query, after(0)).items.len(), 1);
}

#[test]
fn slots_that_have_begun_leave_the_optimisers_list() {
    let store = FakeStore::with_slots(6);
    let mut state = replayed(&store);
    state.slots.forget_begun(after(20) + TimeDelta::hours(1));
    let earlier = after(0);
    assert_eq!(state.slots.free(earlier, earlier, after(600)).count(), 0);
    // They are found by whoever asks for the past.
    let all = SlotQuery { limit: 9, ..SlotQuery::default() };
    let found: Vec<Slot> = state.slots.query(&all, after(90)).items.iter().map(|p| Slot::clone(&p.slot)).collect();
    assert_eq!(found.len(), 6);
}
