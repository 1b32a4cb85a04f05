//! Random histories against what must never happen.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::tests::{World, appointment_id, hold_id, operator, practitioner, regulator, request_id, slot_id};
use super::*;
use crate::domain::{Record, Timer, Written};

/// One step of a random history: `n` picks slots, requests and names.
#[derive(Debug, Clone)]
enum Step {
    Publish(u128, i64, u16, u16),
    Ask(u128, usize),
    Hold(u128, u128, u8),
    Confirm(u128, u8, u128),
    Release(u128, u8),
    Extend(u128, u8),
    Cancel(u128),
    HandOver(u128),
    Level(u128, usize, bool),
    Outcome(u128, u8),
    Withdraw(u128, bool),
    Expire(u128),
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let (slot, request, name) = (0..4u128, 0..5u128, 0..6u8);
    prop_oneof![
        2 => (slot.clone(), 1..200i64, 1..3u16, 0..2u16).prop_map(|(s, m, c, e)| Step::Publish(s, m, c, e)),
        2 => (request.clone(), 0..6usize).prop_map(|(r, l)| Step::Ask(r, l)),
        6 => (request.clone(), slot.clone(), name.clone()).prop_map(|(r, s, n)| Step::Hold(r, s, n)),
        5 => (request.clone(), name.clone(), 0..8u128).prop_map(|(r, n, a)| Step::Confirm(r, n, a)),
        1 => (request.clone(), name.clone()).prop_map(|(r, n)| Step::Release(r, n)),
        1 => (request.clone(), name).prop_map(|(r, n)| Step::Extend(r, n)),
        1 => request.clone().prop_map(Step::Cancel),
        1 => request.clone().prop_map(Step::HandOver),
        1 => (request, 0..5usize, any::<bool>()).prop_map(|(r, l, by)| Step::Level(r, l, by)),
        2 => (0..8u128, 0..4u8).prop_map(|(a, o)| Step::Outcome(a, o)),
        1 => (slot.clone(), any::<bool>()).prop_map(|(s, c)| Step::Withdraw(s, c)),
        2 => slot.prop_map(Step::Expire),
        3 => (0..40i64).prop_map(Step::Pass),
    ]
}

fn play(world: &mut World, step: &Step) -> Result<(), Refusal> {
    let name = |n: &u8| hold_id(&format!("h{n}"));
    match step {
        Step::Publish(s, minutes, capacity, extra) => {
            if !world.records.contains_key(&RecordKey::slot(slot_id(*s))) {
                world.publish(*s, *minutes, *capacity, *extra);
            }
        }
        Step::Ask(r, l) => {
            if !world.records.contains_key(&RecordKey::request(request_id(*r))) {
                world.ask(*r, Level::ALL.get(*l).copied());
            }
        }
        Step::Hold(r, s, n) => {
            let until = world.now + TimeDelta::minutes(5);
            let (request, slot, hold) = (request_id(*r), slot_id(*s), name(n));
            let extra_consent = n % 2 == 0;
            world.apply(&operator(), &Command::Hold { request, slot, hold, until, extra_consent })?;
        }
        Step::Confirm(r, n, a) => {
            if !world.records.contains_key(&RecordKey::appointment(appointment_id(*a))) {
                world.confirm(*r, &format!("h{n}"), *a)?;
            }
        }
        Step::Release(r, n) => {
            world.apply(&operator(), &Command::Release { request: request_id(*r), hold: name(n) })?;
        }
        Step::Extend(r, n) => {
            let until = world.now + TimeDelta::minutes(5);
            world.apply(&operator(), &Command::Extend { request: request_id(*r), hold: name(n), until })?;
        }
        Step::Cancel(r) => {
            world.apply(&operator(), &Command::Cancel { request: request_id(*r), reason: "r".to_owned() })?;
        }
        Step::HandOver(r) => {
            world.apply(&operator(), &Command::HandOverTo15 { request: request_id(*r) })?;
        }
        Step::Level(r, l, by_regulator) => {
            let actor = if *by_regulator { regulator() } else { operator() };
            let level = Level::ALL[*l];
            world.apply(&actor, &Command::SetLevel { request: request_id(*r), level, reason: "r".to_owned() })?;
        }
        Step::Outcome(a, o) => {
            let cancelled = |by| Outcome::Cancelled { by, reason: "r".to_owned() };
            let outcome = match o {
                0 => Outcome::Fulfilled,
                1 => Outcome::NoShow,
                2 => cancelled(CancelledBy::Patient),
                _ => cancelled(CancelledBy::Practitioner),
            };
            world.apply(&operator(), &Command::RecordOutcome { appointment: appointment_id(*a), outcome })?;
        }
        Step::Withdraw(s, cancel_bookings) => {
            let withdraw =
                Command::Withdraw { slot: slot_id(*s), reason: "r".to_owned(), cancel_bookings: *cancel_bookings };
            world.apply(&practitioner(), &withdraw)?;
        }
        Step::Expire(s) => {
            world.apply(&Actor::service(), &Command::ExpireHolds { slot: slot_id(*s) })?;
        }
        Step::Pass(minutes) => world.pass(*minutes),
    }
    Ok(())
}

/// What must hold after every step.
fn check(world: &World) {
    let mut booked: BTreeMap<RequestId, usize> = BTreeMap::new();
    for (_, record) in world.records.values() {
        match record {
            Record::Slot(slot) => {
                let sold = |extra| slot.bookings.iter().filter(|b| b.extra == extra).count();
                let held = |extra| slot.live_holds(world.now).filter(|h| h.extra == extra).count();
                assert!(sold(false) + held(false) <= usize::from(slot.capacity), "oversold: {slot:?}");
                assert!(sold(true) + held(true) <= usize::from(slot.extra_capacity), "oversold en sus: {slot:?}");
                for booking in &slot.bookings {
                    *booked.entry(booking.request).or_default() += 1;
                }
                let timer = Timer { kind: crate::domain::TimerKind::Hold, id: slot.id.to_string() };
                assert_eq!(world.timers.get(&timer).copied(), slot.next_expiry(), "timer of {slot:?}");
            }
            Record::Request(request) => {
                assert!(
                    !request.is_emergency() || !matches!(request.phase, Phase::Booked { .. }),
                    "an emergency has a booking and is on no board"
                );
                if let Some(held) = request.live_hold(world.now) {
                    let Some((_, Record::Slot(slot))) = world.records.get(&RecordKey::slot(held.slot)) else {
                        panic!()
                    };
                    assert!(slot.live_holds(world.now).any(|h| h.id == held.hold && h.request == request.id));
                    assert!(!request.is_emergency(), "an emergency holds a place");
                }
            }
            _ => {}
        }
    }
    assert!(booked.values().all(|places| *places == 1), "a request has two places: {booked:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_no_place_is_sold_twice_and_the_events_tell_it_all(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for step in &steps {
            let before: BTreeMap<_, u64> = world.records.iter().map(|(key, (version, _))| (key.clone(), *version)).collect();
            let events = world.events.len();
            if play(&mut world, step).is_err() {
                prop_assert_eq!(world.events.len(), events, "a refusal left an event");
            }
            check(&world);
            // Whoever follows the stream has the same records.
            let mut told: BTreeMap<RecordKey, u64> = BTreeMap::new();
            for Written { version, record } in world.events[events..].iter().flat_map(|event| &event.after) {
                told.insert(record.key(), *version);
                prop_assert_eq!(Some(record), world.records.get(&record.key()).map(|(_, record)| record));
            }
            for (key, (version, _)) in &world.records {
                if before.get(key) != Some(version) {
                    prop_assert_eq!(told.get(key), Some(version), "{} was written without an event", key);
                }
            }
        }
    }
}
