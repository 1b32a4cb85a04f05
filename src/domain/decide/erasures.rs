//! A person is forgotten: what goes, what stays, when it may go, and when it goes by itself.

use chrono::{DateTime, TimeDelta, Utc};

use super::tests::{World, appointment_id, operator, practitioner, request_id, slot_id};
use super::*;
use crate::domain::{AppointmentStatus, Erased, Erasure, EventKind, Record, RequestState, Role, Timer, TimerKind};

fn erase(n: u128) -> Command {
    Command::Erase { request: request_id(n), why: ErasureReason::Asked }
}

fn end_retention(n: u128) -> Command {
    Command::EndRetention { request: request_id(n) }
}

fn cancel(world: &mut World, n: u128, reason: &str) {
    let cancel = Command::Cancel { request: request_id(n), reason: reason.to_owned() };
    world.apply(&operator(), &cancel).unwrap();
}

fn answer_again(world: &mut World, n: u128, facts: &str) {
    let triage = world.request(n).triage.clone();
    let reassess =
        Command::Reassess { request: request_id(n), facts_ref: facts.to_owned(), triage, said: NewlySaid::default() };
    world.apply(&operator(), &reassess).unwrap();
}

fn retention_timer(world: &World, n: u128) -> Option<DateTime<Utc>> {
    let timer = Timer { kind: TimerKind::Retention, id: request_id(n).to_string() };
    world.timers.get(&timer).copied()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn everything_sealed_about_a_person_goes_and_what_is_counted_stays() {
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    world.publish(2, 90, 1, 0);
    world.ask(1, Some(Level::H24));
    answer_again(&mut world, 1, "p.2");
    let level = Command::SetLevel { request: request_id(1), level: Level::SameDay, reason: "1.reason.a".to_owned() };
    world.apply(&operator(), &level).unwrap();
    world.hold(1, 1, "h1").unwrap();
    world.confirm(1, "h1", 1).unwrap();
    // The doctor takes the slot back and says why: it may name the patient.
    let withdraw = Command::Withdraw { slot: slot_id(1), reason: "s.reason.b".to_owned(), cancel_bookings: true };
    world.apply(&practitioner(), &withdraw).unwrap();
    world.hold(1, 2, "h2").unwrap();
    world.confirm(1, "h2", 2).unwrap();
    cancel(&mut world, 1, "1.reason.c");
    let before = world.request(1).clone();
    world.apply(&operator(), &erase(1)).unwrap();

    let Erasure { of, mut references } = world.erased.pop().unwrap();
    references.sort();
    assert_eq!(
        (of, references),
        (
            Erased::Request(request_id(1)),
            ["1.reason.a", "1.reason.c", "i", "p", "p.2", "s.reason.b"].map(str::to_owned).to_vec()
        )
    );
    let after = world.request(1);
    assert_eq!((after.state(world.now), after.erased_at), (RequestState::Cancelled, Some(world.now)));
    assert_eq!(
        (after.triage.clone(), after.created_at, after.commune),
        (before.triage, before.created_at, before.commune)
    );
    assert_eq!(
        (after.facts_ref.as_str(), after.put_away.len(), after.regulation_reference.is_none()),
        ("erased", 0, true)
    );
    for n in [1, 2] {
        let Some((_, Record::Appointment(appointment))) = world.records.get(&RecordKey::appointment(appointment_id(n)))
        else {
            panic!("appointment {n} is counted no more")
        };
        assert_eq!((appointment.identity_ref.as_str(), appointment.erased_at), ("erased", Some(world.now)));
        assert_eq!(appointment.status, AppointmentStatus::Cancelled);
    }
    // The audit says so, and whoever follows it has the same records.
    let told = world.events.last().unwrap();
    assert_eq!(
        (told.kind, told.reason.as_deref(), told.actor.role),
        (EventKind::RequestErased, Some("asked"), Role::Operator)
    );
    assert_eq!(told.after.len(), 3);
    // Once more, nothing happens.
    let events = world.events.len();
    world.apply(&operator(), &erase(1)).unwrap();
    assert_eq!((world.events.len(), world.erased.len()), (events, 0));
    assert_eq!(retention_timer(&world, 1), None);
}

#[test]
fn nobody_is_erased_while_they_wait_or_are_waited_for() {
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    world.ask(1, Some(Level::H24));
    let refused = |world: &mut World, state| {
        assert_eq!(world.apply(&operator(), &erase(1)), Err(Refusal::WrongState { state }));
    };
    refused(&mut world, RequestState::Open);
    world.hold(1, 1, "h1").unwrap();
    refused(&mut world, RequestState::Held);
    world.confirm(1, "h1", 1).unwrap();
    refused(&mut world, RequestState::Booked);
    assert_eq!(world.apply(&operator(), &erase(9)), Err(Refusal::Unknown(Subject::Request)));
    // Nobody ever says what became of it: once its hour is past, the person may be forgotten.
    world.pass(60);
    world.apply(&operator(), &erase(1)).unwrap();
    assert_eq!(world.request(1).state(world.now), RequestState::Booked);
    // And then nothing can be done for them.
    let outcome = Command::RecordOutcome { appointment: appointment_id(1), outcome: Outcome::Fulfilled };
    assert_eq!(world.apply(&practitioner(), &outcome), Err(Refusal::Erased));
    let level = Command::SetLevel { request: request_id(1), level: Level::Immediate, reason: "r".to_owned() };
    assert_eq!(world.apply(&operator(), &level), Err(Refusal::Erased));
}

#[test]
fn more_than_one_commit_may_hold_goes_step_by_step_and_the_key_goes_first() {
    let mut world = World::new();
    world.ask(1, Some(Level::H24));
    for n in 0..120 {
        answer_again(&mut world, 1, &format!("p.{n}"));
    }
    cancel(&mut world, 1, "1.reason.a");
    world.apply(&operator(), &erase(1)).unwrap();
    let begun = world.now;
    assert!(world.request(1).is_half_erased());
    assert_eq!(retention_timer(&world, 1), Some(begun), "the timer sees to the rest");
    world.pass(1);
    while retention_timer(&world, 1).is_some() {
        world.apply(&Actor::service(), &end_retention(1)).unwrap();
    }
    let references: Vec<_> = world.erased.iter().flat_map(|erasure| &erasure.references).collect();
    assert_eq!(references.len(), 122);
    assert!(world.erased.iter().all(|erasure| erasure.references.len() <= 100));
    assert_eq!(world.request(1).erased_at, Some(begun));
    assert!(!world.request(1).is_half_erased());
}

#[test]
fn the_time_of_what_is_kept_is_counted_from_the_end_of_the_story() {
    let spring = |year: i32| Some(utc(&format!("{year}-03-31T22:00:00Z")));
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    world.ask(1, Some(Level::H24));
    assert_eq!(retention_timer(&world, 1), None, "somebody waits");
    world.hold(1, 1, "h1").unwrap();
    world.confirm(1, "h1", 1).unwrap();
    assert_eq!(retention_timer(&world, 1), spring(2027), "even if nobody ever says what became of it");
    // Reopened by its practitioner, it is kept as long as it waits.
    let cancelled = Outcome::Cancelled { by: CancelledBy::Practitioner, reason: "r".to_owned() };
    world.apply(&operator(), &Command::RecordOutcome { appointment: appointment_id(1), outcome: cancelled }).unwrap();
    assert_eq!(retention_timer(&world, 1), None);
    // Closed on the other side of midnight of the contract year, it is kept a year longer.
    world.now = utc("2026-12-31T22:59:00Z");
    world.ask(2, Some(Level::H24));
    cancel(&mut world, 2, "r");
    world.now = utc("2026-12-31T23:00:00Z");
    cancel(&mut world, 1, "r");
    assert_eq!((retention_timer(&world, 2), retention_timer(&world, 1)), (spring(2027), spring(2028)));
}

#[test]
fn what_was_booked_for_the_new_year_is_kept_with_the_new_year() {
    let mut world = World::new();
    world.now = utc("2026-12-31T20:00:00Z");
    world.publish(1, 4 * 60, 1, 0);
    world.ask(1, Some(Level::H24));
    world.hold(1, 1, "h1").unwrap();
    world.confirm(1, "h1", 1).unwrap();
    assert_eq!(retention_timer(&world, 1), Some(utc("2028-03-31T22:00:00Z")));
    world.pass(4 * 60 + 1);
    let outcome = Command::RecordOutcome { appointment: appointment_id(1), outcome: Outcome::Fulfilled };
    world.apply(&practitioner(), &outcome).unwrap();
    assert_eq!(retention_timer(&world, 1), Some(utc("2028-03-31T22:00:00Z")));
}

#[test]
fn a_timer_that_rings_too_early_is_set_again_and_erases_nobody() {
    let mut world = World::new();
    world.ask(1, Some(Level::H24));
    cancel(&mut world, 1, "r");
    let end = retention_timer(&world, 1).unwrap();
    // As if the table had become longer since.
    let timer = Timer { kind: TimerKind::Retention, id: request_id(1).to_string() };
    world.timers.insert(timer, world.now);
    let events = world.events.len();
    world.apply(&Actor::service(), &end_retention(1)).unwrap();
    assert_eq!((retention_timer(&world, 1), world.events.len(), world.erased.len()), (Some(end), events, 0));
    world.now = end - TimeDelta::milliseconds(1);
    world.apply(&Actor::service(), &end_retention(1)).unwrap();
    assert_eq!(world.request(1).erased_at, None);
    world.now = end;
    world.apply(&Actor::service(), &end_retention(1)).unwrap();
    assert_eq!(world.request(1).erased_at, Some(end));
    let told = world.events.last().unwrap();
    assert_eq!(
        (told.kind, told.reason.as_deref(), told.actor.clone()),
        (EventKind::RequestErased, Some("retention"), Actor::service())
    );
    assert_eq!(retention_timer(&world, 1), None);
}
