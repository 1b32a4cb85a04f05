//! The rules, told as stories, and as random histories against what must never happen.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::{
    Arrival, Audience, CareNeed, Channel, DecidedBy, Event, GeoPoint, Location, Modality, PackRef, Record,
    RequestState, Role, Rpps, SlotSource, SlotState, Timer, TriageStatus, Written, appointment::AppointmentStatus,
};

const NINE: &str = "2026-11-24T09:00:00Z";

/// A store of one territory in a map: enough to tell stories about the rules.
struct World {
    now: DateTime<Utc>,
    records: BTreeMap<RecordKey, (u64, Record)>,
    timers: BTreeMap<Timer, DateTime<Utc>>,
    events: Vec<Event>,
}

fn operator() -> Actor {
    Actor { role: Role::Operator, id: "op-1".to_owned() }
}
fn regulator() -> Actor {
    Actor { role: Role::Regulator, id: "reg-1".to_owned() }
}
fn doctor() -> Rpps {
    "19990000001".parse().unwrap()
}
fn practitioner() -> Actor {
    Actor { role: Role::Practitioner, id: doctor().to_string() }
}
fn slot_id(n: u128) -> SlotId {
    SlotId::new(Uuid::from_u128(n))
}
fn request_id(n: u128) -> RequestId {
    RequestId::new(Uuid::from_u128(n))
}
fn appointment_id(n: u128) -> AppointmentId {
    AppointmentId::new(Uuid::from_u128(n))
}
fn hold_id(name: &str) -> HoldId {
    name.parse().unwrap()
}

fn level(level: Option<Level>, now: DateTime<Utc>) -> Triage {
    Triage {
        status: if level.is_some() { TriageStatus::Decided } else { TriageStatus::Incomplete },
        recommended: None,
        decided: level,
        decided_by: level.map(|_| DecidedBy::Regulation),
        decided_at: level.map(|_| now),
        care_need: CareNeed { profession: "10".parse().unwrap(), speciality: None, modality: None },
        regulation_required: false,
        valid_until: None,
        pack: PackRef { id: "p".to_owned(), version: "1".to_owned(), hash: "h".to_owned() },
    }
}

impl World {
    /// Nine o'clock, one doctor with one place of practice.
    fn new() -> Self {
        let mut world =
            Self { now: NINE.parse().unwrap(), records: BTreeMap::new(), timers: BTreeMap::new(), events: Vec::new() };
        let location = Location {
            id: "cabinet".parse().unwrap(),
            name: "Cabinet".to_owned(),
            commune: "59653".parse().unwrap(),
            point: GeoPoint { lat: 50.5, lon: 2.9 },
            accessible: true,
        };
        let listed = Practitioner {
            rpps: doctor(),
            name: "[FICTIF] Dr Test".to_owned(),
            profession: "10".parse().unwrap(),
            speciality: Some("SM54".parse().unwrap()),
            languages: Vec::new(),
            locations: vec![location],
            synthetic: true,
        };
        world.apply(&Actor::service(), &Command::ListPractitioner(listed)).unwrap();
        world
    }

    fn load(&self, command: &Command) -> Records {
        let mut records = Records::default();
        loop {
            let keys = missing(&records, command);
            if keys.is_empty() {
                return records;
            }
            for key in keys {
                match self.records.get(&key) {
                    Some((version, record)) => records.put(key, *version, Some(record.clone())),
                    None => records.put(key, 0, None),
                }
            }
        }
    }

    fn apply(&mut self, actor: &Actor, command: &Command) -> Result<Answer, Refusal> {
        let context = Context { territory: "weppes".parse().unwrap(), actor: actor.clone(), now: self.now };
        let records = self.load(command);
        let decision = decide(&records, command, &context)?;
        for (key, record) in decision.change.puts {
            let version = records.version(&key) + 1;
            self.records.insert(key, (version, record));
        }
        for (timer, at) in decision.change.timers {
            match at {
                Some(at) => self.timers.insert(timer, at),
                None => self.timers.remove(&timer),
            };
        }
        self.events.extend(decision.change.events);
        Ok(decision.answer)
    }

    fn publish(&mut self, n: u128, minutes: i64, capacity: u16, extra_capacity: u16) -> Answer {
        let start = self.now + TimeDelta::minutes(minutes);
        let draft = SlotDraft {
            id: slot_id(n),
            practitioner: doctor(),
            location: "cabinet".parse().unwrap(),
            start,
            end: start + TimeDelta::minutes(15),
            modality: Modality::Ambulatory,
            audience: [Audience::Public].into(),
            arrival: Arrival::Routine,
            capacity,
            extra_capacity,
            source: SlotSource::Practitioner,
        };
        self.apply(&practitioner(), &Command::Publish(vec![draft])).unwrap()
    }

    fn ask(&mut self, n: u128, wanted: Option<Level>) {
        let new = NewRequest {
            id: request_id(n),
            channel: Channel::Operator,
            commune: "59653".parse().unwrap(),
            in_territory: true,
            facts_ref: "p".to_owned(),
            regulation_reference: None,
            triage: level(wanted, self.now),
        };
        self.apply(&operator(), &Command::CreateRequest(new)).unwrap();
    }

    fn hold(&mut self, request: u128, slot: u128, name: &str) -> Result<Answer, Refusal> {
        let until = self.now + TimeDelta::minutes(5);
        let (request, slot, hold) = (request_id(request), slot_id(slot), hold_id(name));
        self.apply(&operator(), &Command::Hold { request, slot, hold, until, extra_consent: false })
    }

    fn confirm(&mut self, request: u128, name: &str, appointment: u128) -> Result<Answer, Refusal> {
        let (request, hold, appointment) = (request_id(request), hold_id(name), appointment_id(appointment));
        self.apply(&operator(), &Command::Confirm { request, hold, appointment, identity_ref: "i".to_owned() })
    }

    fn slot(&self, n: u128) -> &Slot {
        match self.records.get(&RecordKey::slot(slot_id(n))) {
            Some((_, Record::Slot(slot))) => slot,
            other => panic!("no slot {n}: {other:?}"),
        }
    }

    fn request(&self, n: u128) -> &CareRequest {
        match self.records.get(&RecordKey::request(request_id(n))) {
            Some((_, Record::Request(request))) => request,
            other => panic!("no request {n}: {other:?}"),
        }
    }

    fn appointment_status(&self, n: u128) -> AppointmentStatus {
        match self.records.get(&RecordKey::appointment(appointment_id(n))) {
            Some((_, Record::Appointment(appointment))) => appointment.status,
            other => panic!("no appointment {n}: {other:?}"),
        }
    }

    fn states(&self, slot: u128, request: u128) -> (SlotState, RequestState) {
        (self.slot(slot).state(self.now), self.request(request).state(self.now))
    }

    fn pass(&mut self, minutes: i64) {
        self.now += TimeDelta::minutes(minutes);
    }
}

#[test]
fn a_place_is_held_booked_and_honoured() {
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    world.ask(1, Some(Level::H24));
    assert_eq!(world.states(1, 1), (SlotState::Free, RequestState::Open));
    world.hold(1, 1, "h1").unwrap();
    assert_eq!(world.states(1, 1), (SlotState::Held, RequestState::Held));
    world.confirm(1, "h1", 1).unwrap();
    assert_eq!(world.states(1, 1), (SlotState::Booked, RequestState::Booked));
    let outcome = Command::RecordOutcome { appointment: appointment_id(1), outcome: Outcome::Fulfilled };
    assert!(matches!(world.apply(&practitioner(), &outcome), Err(Refusal::TooEarly { .. })));
    world.pass(61);
    world.apply(&practitioner(), &outcome).unwrap();
    assert_eq!(world.states(1, 1), (SlotState::Fulfilled, RequestState::Fulfilled));
}

#[test]
fn a_held_place_is_nobody_elses_until_the_hold_ends_by_itself() {
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    world.ask(1, Some(Level::H24));
    world.ask(2, Some(Level::H24));
    world.hold(1, 1, "h1").unwrap();
    assert_eq!(world.hold(2, 1, "h2"), Err(Refusal::SlotTaken));
    world.pass(5);
    // No sweeper has run: the place is free by rule.
    assert_eq!(world.states(1, 1), (SlotState::Free, RequestState::Open));
    world.hold(2, 1, "h2").unwrap();
    assert_eq!(world.confirm(1, "h1", 1), Err(Refusal::SlotTaken));
    world.confirm(2, "h2", 2).unwrap();
}

#[test]
fn a_hold_that_ended_cannot_be_confirmed_even_when_nobody_else_came() {
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    world.ask(1, Some(Level::H24));
    world.hold(1, 1, "h1").unwrap();
    world.pass(5);
    assert_eq!(world.confirm(1, "h1", 1), Err(Refusal::HoldExpired));
    world.apply(&Actor::service(), &Command::ExpireHolds { slot: slot_id(1) }).unwrap();
    assert!(world.slot(1).holds.is_empty() && world.request(1).held.is_none());
    assert!(world.timers.keys().all(|timer| timer.kind != crate::domain::TimerKind::Hold));
    assert_eq!(world.confirm(1, "h1", 1), Err(Refusal::HoldExpired));
}

#[test]
fn a_new_hold_gives_the_old_one_back_in_the_same_step() {
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    world.publish(2, 90, 1, 0);
    world.ask(1, Some(Level::H24));
    world.hold(1, 1, "h1").unwrap();
    world.hold(1, 2, "h2").unwrap();
    assert_eq!(world.slot(1).state(world.now), SlotState::Free);
    assert_eq!(world.slot(2).state(world.now), SlotState::Held);
    // In a slot with one place, the same request may change its hold for another name.
    world.hold(1, 2, "h3").unwrap();
    assert_eq!(world.slot(2).holds.len(), 1);
    assert_eq!(world.hold(1, 1, "h3"), Err(Refusal::HoldIdReused));
}

#[test]
fn the_same_hold_sent_twice_is_one_hold() {
    let mut world = World::new();
    world.publish(1, 60, 2, 0);
    world.ask(1, Some(Level::H24));
    let first = world.hold(1, 1, "h1").unwrap();
    world.pass(1);
    assert_eq!(world.hold(1, 1, "h1").unwrap(), first);
    assert_eq!(world.slot(1).holds.len(), 1);
}

#[test]
fn a_hold_is_used_by_whoever_made_it_or_by_a_regulateur() {
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    world.ask(1, Some(Level::H24));
    world.hold(1, 1, "h1").unwrap();
    let other = Actor { role: Role::Operator, id: "op-2".to_owned() };
    let confirm = Command::Confirm {
        request: request_id(1),
        hold: hold_id("h1"),
        appointment: appointment_id(1),
        identity_ref: "i".to_owned(),
    };
    assert_eq!(world.apply(&other, &confirm), Err(Refusal::HoldOfAnother));
    world.apply(&regulator(), &confirm).unwrap();
}

#[test]
fn an_emergency_gets_no_slot_and_ends_only_at_the_15() {
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    world.ask(1, Some(Level::Immediate));
    assert_eq!(world.hold(1, 1, "h1"), Err(Refusal::Emergency));
    let cancel = Command::Cancel { request: request_id(1), reason: "r".to_owned() };
    assert_eq!(world.apply(&operator(), &cancel), Err(Refusal::Emergency));
    world.pass(3 * 24 * 60);
    world.apply(&Actor::service(), &Command::CloseOverdue { request: request_id(1) }).unwrap();
    assert_eq!(world.request(1).state(world.now), RequestState::Open);
    world.apply(&operator(), &Command::HandOverTo15 { request: request_id(1) }).unwrap();
    assert_eq!(world.request(1).state(world.now), RequestState::HandedTo15);
}

#[test]
fn a_request_without_a_level_gets_no_slot() {
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    world.ask(1, None);
    assert_eq!(world.hold(1, 1, "h1"), Err(Refusal::NotQualified));
}

#[test]
fn raising_to_immediate_gives_the_held_place_back() {
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    world.ask(1, Some(Level::H24));
    world.hold(1, 1, "h1").unwrap();
    let raise = Command::SetLevel { request: request_id(1), level: Level::Immediate, reason: "r".to_owned() };
    world.apply(&operator(), &raise).unwrap();
    assert_eq!(world.states(1, 1), (SlotState::Free, RequestState::Open));
    assert_eq!(world.confirm(1, "h1", 1), Err(Refusal::Emergency));
}

#[test]
fn anybody_raises_and_only_a_regulateur_lowers() {
    let mut world = World::new();
    world.ask(1, Some(Level::H24));
    let set = |level| Command::SetLevel { request: request_id(1), level, reason: "r".to_owned() };
    world.apply(&operator(), &set(Level::SameDay)).unwrap();
    assert_eq!(world.request(1).deadline, Some(world.now + TimeDelta::hours(6)));
    let lowered = world.apply(&operator(), &set(Level::H48));
    assert_eq!(lowered, Err(Refusal::LoweringNeedsRegulator { from: Level::SameDay }));
    world.apply(&regulator(), &set(Level::H48)).unwrap();
    assert_eq!(world.request(1).triage.decided_by, Some(DecidedBy::Regulator));
    assert_eq!(world.request(1).deadline, Some(world.now + TimeDelta::hours(48)));
}

#[test]
fn raising_late_never_leaves_more_time_than_there_was() {
    let mut world = World::new();
    world.ask(1, Some(Level::H24));
    let deadline = world.request(1).deadline;
    world.pass(23 * 60);
    let raise = Command::SetLevel { request: request_id(1), level: Level::SameDay, reason: "r".to_owned() };
    world.apply(&operator(), &raise).unwrap();
    assert_eq!(world.request(1).deadline, deadline);
}

#[test]
fn a_cancelled_appointment_frees_the_place_and_a_practitioners_cancellation_reopens_the_request() {
    for (by, state) in
        [(CancelledBy::Patient, RequestState::Cancelled), (CancelledBy::Practitioner, RequestState::Open)]
    {
        let mut world = World::new();
        world.publish(1, 60, 1, 0);
        world.ask(1, Some(Level::H24));
        let created = world.request(1).created_at;
        world.hold(1, 1, "h1").unwrap();
        world.confirm(1, "h1", 1).unwrap();
        world.pass(10);
        let outcome = Outcome::Cancelled { by, reason: "r".to_owned() };
        world.apply(&operator(), &Command::RecordOutcome { appointment: appointment_id(1), outcome }).unwrap();
        assert_eq!(world.states(1, 1), (SlotState::Free, state));
        assert_eq!(world.request(1).created_at, created);
        assert_eq!(world.appointment_status(1), AppointmentStatus::Cancelled);
    }
}

#[test]
fn a_booked_slot_is_withdrawn_only_when_its_bookings_may_be_cancelled() {
    let mut world = World::new();
    world.publish(1, 60, 2, 0);
    world.ask(1, Some(Level::H24));
    world.ask(2, Some(Level::H24));
    world.hold(1, 1, "h1").unwrap();
    world.confirm(1, "h1", 1).unwrap();
    world.hold(2, 1, "h2").unwrap();
    let withdraw = |cancel_bookings| Command::Withdraw { slot: slot_id(1), reason: "r".to_owned(), cancel_bookings };
    assert_eq!(world.apply(&practitioner(), &withdraw(false)), Err(Refusal::SlotBooked));
    world.apply(&practitioner(), &withdraw(true)).unwrap();
    assert_eq!(world.states(1, 1), (SlotState::Withdrawn, RequestState::Open));
    assert_eq!(world.request(2).state(world.now), RequestState::Open);
    assert!(world.slot(1).holds.is_empty());
    // The practitioner's time is free again.
    assert_eq!(world.publish(2, 60, 1, 0), Answer::Published { created: vec![slot_id(2)], refused: vec![] });
}

#[test]
fn slots_of_one_practitioner_never_overlap_within_a_call_or_between_two() {
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    let Answer::Published { created, refused } = world.publish(2, 70, 1, 0) else { panic!() };
    assert_eq!((created.len(), refused), (0, vec![(0, Refusal::Overlap { with: slot_id(1) })]));
    let Answer::Published { refused, .. } = world.publish(3, -5, 1, 0) else { panic!() };
    assert_eq!(refused, vec![(0, Refusal::Past)]);
}

#[test]
fn a_place_en_sus_needs_the_practitioners_consent() {
    let mut world = World::new();
    world.publish(1, 60, 1, 1);
    for n in 1..=3 {
        world.ask(n, Some(Level::H24));
    }
    world.hold(1, 1, "h1").unwrap();
    world.confirm(1, "h1", 1).unwrap();
    assert_eq!(world.hold(2, 1, "h2"), Err(Refusal::SlotTaken));
    let until = world.now + TimeDelta::minutes(5);
    let with_consent = |n: u128, name: &str| Command::Hold {
        request: request_id(n),
        slot: slot_id(1),
        hold: hold_id(name),
        until,
        extra_consent: true,
    };
    world.apply(&operator(), &with_consent(2, "h2")).unwrap();
    assert_eq!(world.apply(&operator(), &with_consent(3, "h3")), Err(Refusal::SlotTaken));
    assert_eq!(world.slot(1).state(world.now), SlotState::Booked);
}

#[test]
fn a_request_long_past_its_deadline_is_closed_with_a_reason() {
    let mut world = World::new();
    world.ask(1, Some(Level::SameDay));
    let (timer, closes) = world.timers.iter().next().map(|(t, at)| (t.clone(), *at)).unwrap();
    assert_eq!(timer.to_string(), format!("overdue:{}", request_id(1)));
    assert_eq!(closes, world.now + TimeDelta::hours(6) + CareRequest::OVERDUE_GRACE);
    world.pass(7 * 60);
    assert!(world.request(1).is_overdue(world.now));
    world.now = closes;
    world.apply(&Actor::service(), &Command::CloseOverdue { request: request_id(1) }).unwrap();
    assert_eq!(world.request(1).state(world.now), RequestState::Unmet);
    assert_eq!(world.events.last().and_then(|e| e.reason.as_deref()), Some("deadline_passed"));
    assert!(world.timers.is_empty());
}

#[test]
fn a_promise_needs_a_deadline_and_ends_with_the_booking() {
    let mut world = World::new();
    world.publish(1, 300, 1, 0);
    world.ask(1, Some(Level::Programmed));
    world.ask(2, Some(Level::H24));
    let promise = |n| Command::Promise { request: request_id(n), notice_minutes: 180 };
    assert_eq!(world.apply(&operator(), &promise(1)), Err(Refusal::PromiseImpossible));
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
