//! Promises, told as stories.

use chrono::TimeDelta;

use super::tests::{World, appointment_id, hold_id, operator, request_id, slot_id};
use super::*;
use crate::domain::appointment::AppointmentStatus;
use crate::domain::{Actor, EventKind, RequestState};

#[test]
fn a_promise_is_for_who_can_wait_and_ends_with_the_booking() {
    let mut world = World::new();
    world.publish(1, 300, 1, 0);
    world.ask(1, Some(Level::Programmed));
    world.ask(2, Some(Level::H24));
    world.ask(3, Some(Level::SameDay));
    let promise = |n| Command::Promise { request: request_id(n), notice_minutes: 180, ready: None };
    assert_eq!(world.apply(&operator(), &promise(3)), Err(Refusal::PromiseImpossible));
    world.apply(&operator(), &promise(1)).unwrap();
    assert_eq!(world.request(1).promise.as_ref().map(|promise| promise.by), Some(world.now + TimeDelta::days(7)));
    world.apply(&operator(), &promise(2)).unwrap();
    assert_eq!(world.request(2).state(world.now), RequestState::Promised);
    world.hold(2, 1, "h").unwrap();
    assert_eq!(world.request(2).state(world.now), RequestState::Held);
    world.apply(&operator(), &Command::Release { request: request_id(2), hold: hold_id("h") }).unwrap();
    assert_eq!(world.request(2).state(world.now), RequestState::Promised);
    world.hold(2, 1, "h2").unwrap();
    world.confirm(2, "h2", 1).unwrap();
    assert!(world.request(2).promise.is_none());
}

fn named_promise(n: u128) -> Command {
    let ready = ReadyToBook { appointment: appointment_id(n), identity_ref: format!("identity {n}") };
    Command::Promise { request: request_id(n), notice_minutes: 180, ready: Some(ready) }
}

#[test]
fn a_promise_takes_no_place_until_the_service_keeps_it() {
    let mut world = World::new();
    world.publish(1, 300, 1, 0);
    world.ask(1, Some(Level::H24));
    world.ask(2, Some(Level::H24));
    world.apply(&operator(), &named_promise(1)).unwrap();
    world.apply(&operator(), &named_promise(2)).unwrap();
    assert_eq!(world.slot(1).places_left(world.now), 1);
    let keep = |n| Command::KeepPromise { request: request_id(n), slot: slot_id(1) };
    world.apply(&Actor::service(), &keep(1)).unwrap();
    assert_eq!(world.request(1).state(world.now), RequestState::Booked);
    assert_eq!(world.appointment_status(1), AppointmentStatus::Booked);
    assert_eq!(world.apply(&Actor::service(), &keep(2)), Err(Refusal::SlotTaken), "one place, one owner");
    assert_eq!(world.request(2).state(world.now), RequestState::Promised, "and nobody is dropped");
    let again = world.apply(&Actor::service(), &keep(1));
    assert_eq!(again, Err(Refusal::WrongState { state: RequestState::Booked }));
}

#[test]
fn nobody_is_booked_unnamed_and_never_after_the_deadline() {
    let mut world = World::new();
    world.publish(1, 300, 2, 0);
    world.publish(2, 26 * 60, 2, 0);
    world.ask(1, Some(Level::H24));
    let unnamed = Command::Promise { request: request_id(1), notice_minutes: 180, ready: None };
    world.apply(&operator(), &unnamed).unwrap();
    let keep = |slot| Command::KeepPromise { request: request_id(1), slot: slot_id(slot) };
    assert_eq!(world.apply(&Actor::service(), &keep(1)), Err(Refusal::PromiseImpossible));
    world.apply(&operator(), &named_promise(1)).unwrap();
    let late = Refusal::Unsuitable { rule: "within_deadline".into() };
    assert_eq!(world.apply(&Actor::service(), &keep(2)), Err(late));
    world.apply(&Actor::service(), &keep(1)).unwrap();
}

#[test]
fn a_promise_at_risk_is_told_once_and_again_when_its_time_comes() {
    let mut world = World::new();
    world.ask(1, Some(Level::H24));
    world.apply(&operator(), &named_promise(1)).unwrap();
    let told = |world: &World| world.events.iter().filter(|e| e.kind == EventKind::RequestPromiseAtRisk).count();
    let note = Command::NotePromise { request: request_id(1), standing: PromiseStanding::AtRisk };
    world.apply(&Actor::service(), &note).unwrap();
    world.apply(&Actor::service(), &note).unwrap();
    assert_eq!(told(&world), 1);
    let call = world.request(1).promise_call().unwrap();
    assert_eq!(call, world.request(1).deadline.unwrap() - TimeDelta::minutes(180));
    world.pass((call - world.now).num_minutes());
    world.apply(&Actor::service(), &note).unwrap();
    assert_eq!(told(&world), 2);
    assert!(world.request(1).promise_call().is_some_and(|next| next > world.now), "it is looked at again");
    let safe = Command::NotePromise { request: request_id(1), standing: PromiseStanding::Safe };
    world.apply(&Actor::service(), &safe).unwrap();
    assert_eq!(world.events.last().map(|e| e.kind), Some(EventKind::RequestPromiseSafe));
}

#[test]
fn who_was_promised_something_is_forgotten_with_the_rest() {
    let mut world = World::new();
    world.ask(1, Some(Level::H24));
    world.apply(&operator(), &named_promise(1)).unwrap();
    assert!(world.request(1).put_away.contains(&"identity 1".to_owned()));
}
