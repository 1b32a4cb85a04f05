//! The rules, told as stories.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::*;
use crate::domain::{
    Arrival, Audience, CareNeed, Channel, DecidedBy, Erasure, Event, GeoPoint, Location, Modality, PackRef, Record,
    RequestState, Role, Rpps, SlotSource, SlotState, Timer, TriageStatus, appointment::AppointmentStatus,
};

const NINE: &str = "2026-11-24T09:00:00Z";

/// A store of one territory in a map: enough to tell stories about the rules.
pub(super) struct World {
    pub(super) now: DateTime<Utc>,
    pub(super) records: BTreeMap<RecordKey, (u64, Record)>,
    pub(super) timers: BTreeMap<Timer, DateTime<Utc>>,
    pub(super) events: Vec<Event>,
    pub(super) erased: Vec<Erasure>,
}

pub(super) fn operator() -> Actor {
    Actor { role: Role::Operator, id: "op-1".to_owned() }
}
pub(super) fn regulator() -> Actor {
    Actor { role: Role::Regulator, id: "reg-1".to_owned() }
}
fn doctor() -> Rpps {
    "19990000001".parse().unwrap()
}
pub(super) fn practitioner() -> Actor {
    Actor { role: Role::Practitioner, id: doctor().to_string() }
}
pub(super) fn slot_id(n: u128) -> SlotId {
    SlotId::new(Uuid::from_u128(n))
}
pub(super) fn request_id(n: u128) -> RequestId {
    RequestId::new(Uuid::from_u128(n))
}
pub(super) fn appointment_id(n: u128) -> AppointmentId {
    AppointmentId::new(Uuid::from_u128(n))
}
pub(super) fn hold_id(name: &str) -> HoldId {
    name.parse().unwrap()
}

pub(super) fn level(level: Option<Level>, now: DateTime<Utc>) -> Triage {
    Triage {
        status: if level.is_some() { TriageStatus::Decided } else { TriageStatus::Incomplete },
        recommended: None,
        decided: level,
        decided_by: level.map(|_| DecidedBy::Regulation),
        decided_at: level.map(|_| now),
        delay_minutes: None,
        care_need: CareNeed { profession: "10".parse().unwrap(), speciality: None, modality: None },
        regulation_required: false,
        reopened: false,
        valid_until: None,
        pack: PackRef { id: "p".to_owned(), version: "1".to_owned(), hash: "h".to_owned() },
    }
}

impl World {
    /// Nine o'clock, one doctor with one place of practice.
    pub(super) fn new() -> Self {
        Self::with(&[doctor()])
    }

    /// Nine o'clock, these doctors with one place of practice each.
    pub(super) fn with(doctors: &[Rpps]) -> Self {
        let mut world = Self {
            now: NINE.parse().unwrap(),
            records: BTreeMap::new(),
            timers: BTreeMap::new(),
            events: Vec::new(),
            erased: Vec::new(),
        };
        let location = Location {
            id: "cabinet".parse().unwrap(),
            name: "Cabinet".to_owned(),
            commune: "59653".parse().unwrap(),
            point: GeoPoint { lat: 50.5, lon: 2.9 },
            accessible: true,
        };
        for rpps in doctors {
            let listed = Practitioner {
                rpps: *rpps,
                name: "[FICTIF] Dr Test".to_owned(),
                profession: "10".parse().unwrap(),
                speciality: Some("SM54".parse().unwrap()),
                languages: Vec::new(),
                locations: vec![location.clone()],
                synthetic: true,
            };
            world.apply(&Actor::service(), &Command::ListPractitioner(listed)).unwrap();
        }
        world
    }

    /// Request `n` as it comes in, without a level.
    pub(super) fn need(n: u128, now: DateTime<Utc>) -> NewRequest {
        NewRequest {
            id: request_id(n),
            channel: Channel::Operator,
            commune: "59653".parse().unwrap(),
            in_territory: true,
            facts_ref: "p".to_owned(),
            regulation_reference: None,
            follows: None,
            triage: level(None, now),
        }
    }

    pub(super) fn load(&self, command: &Command) -> Records {
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

    fn decide(&self, records: &Records, actor: &Actor, command: &Command) -> Result<Decision, Refusal> {
        let context = Context {
            territory: "weppes".parse().unwrap(),
            actor: actor.clone(),
            now: self.now,
            retention: Retention::of_the_table(crate::domain::time::Zone::PARIS),
        };
        decide(records, command, &context)
    }

    /// What the rules would refuse it for.
    pub(super) fn refusal(&self, actor: &Actor, command: &Command) -> Option<Refusal> {
        self.decide(&self.load(command), actor, command).err()
    }

    pub(super) fn apply(&mut self, actor: &Actor, command: &Command) -> Result<Answer, Refusal> {
        let records = self.load(command);
        let decision = self.decide(&records, actor, command)?;
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
        self.erased.extend(decision.change.erased);
        Ok(decision.answer)
    }

    pub(super) fn publish(&mut self, n: u128, minutes: i64, capacity: u16, extra_capacity: u16) -> Answer {
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

    pub(super) fn ask(&mut self, n: u128, wanted: Option<Level>) {
        let new = NewRequest { triage: level(wanted, self.now), ..Self::need(n, self.now) };
        self.apply(&operator(), &Command::CreateRequest(new)).unwrap();
    }

    pub(super) fn hold(&mut self, request: u128, slot: u128, name: &str) -> Result<Answer, Refusal> {
        let until = self.now + TimeDelta::minutes(5);
        let (request, slot, hold) = (request_id(request), slot_id(slot), hold_id(name));
        self.apply(&operator(), &Command::Hold { request, slot, hold, until, extra_consent: false })
    }

    pub(super) fn confirm(&mut self, request: u128, name: &str, appointment: u128) -> Result<Answer, Refusal> {
        let (request, hold, appointment) = (request_id(request), hold_id(name), appointment_id(appointment));
        self.apply(&operator(), &Command::Confirm { request, hold, appointment, identity_ref: "i".to_owned() })
    }

    pub(super) fn slot(&self, n: u128) -> &Slot {
        match self.records.get(&RecordKey::slot(slot_id(n))) {
            Some((_, Record::Slot(slot))) => slot,
            other => panic!("no slot {n}: {other:?}"),
        }
    }

    pub(super) fn request(&self, n: u128) -> &CareRequest {
        match self.records.get(&RecordKey::request(request_id(n))) {
            Some((_, Record::Request(request))) => request,
            other => panic!("no request {n}: {other:?}"),
        }
    }

    pub(super) fn appointment_status(&self, n: u128) -> AppointmentStatus {
        match self.records.get(&RecordKey::appointment(appointment_id(n))) {
            Some((_, Record::Appointment(appointment))) => appointment.status,
            other => panic!("no appointment {n}: {other:?}"),
        }
    }

    fn states(&self, slot: u128, request: u128) -> (SlotState, RequestState) {
        (self.slot(slot).state(self.now), self.request(request).state(self.now))
    }

    pub(super) fn pass(&mut self, minutes: i64) {
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
fn the_same_confirmation_sent_twice_is_one_appointment() {
    let mut world = World::new();
    world.publish(1, 60, 2, 0);
    world.ask(1, Some(Level::H24));
    world.hold(1, 1, "h1").unwrap();
    let first = world.confirm(1, "h1", 1).unwrap();
    assert_eq!(world.confirm(1, "h1", 2).unwrap(), first);
    assert_eq!(world.slot(1).bookings.len(), 1);
    assert_eq!(world.confirm(1, "h2", 3), Err(Refusal::WrongState { state: RequestState::Booked }));
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
fn raising_a_booked_request_to_immediate_frees_its_place_and_puts_it_back_on_the_board() {
    let mut world = World::new();
    world.publish(1, 60, 1, 0);
    world.ask(1, Some(Level::H24));
    world.hold(1, 1, "h1").unwrap();
    world.confirm(1, "h1", 1).unwrap();
    let raise = Command::SetLevel { request: request_id(1), level: Level::Immediate, reason: "r".to_owned() };
    world.apply(&operator(), &raise).unwrap();
    assert_eq!(world.states(1, 1), (SlotState::Free, RequestState::Open));
    assert_eq!(world.appointment_status(1), AppointmentStatus::Cancelled);
    world.apply(&operator(), &Command::HandOverTo15 { request: request_id(1) }).unwrap();
    assert_eq!(world.request(1).state(world.now), RequestState::HandedTo15);
}

#[test]
fn what_was_agreed_or_held_for_a_lower_level_does_not_outlive_a_raise() {
    let mut world = World::new();
    world.publish(1, 40 * 60, 1, 0);
    world.publish(2, 60 * 60, 1, 0);
    world.ask(1, Some(Level::H48));
    let latest = Some(world.now + TimeDelta::days(3));
    world.apply(&regulator(), &Command::Agree { request: request_id(1), reason: "r".to_owned(), latest }).unwrap();
    assert_eq!(world.request(1).latest_start(), latest);
    world.apply(&operator(), &Command::Promise { request: request_id(1), notice_minutes: 60, ready: None }).unwrap();
    world.hold(1, 1, "h1").unwrap();
    let raise = Command::SetLevel { request: request_id(1), level: Level::SameDay, reason: "r".to_owned() };
    world.apply(&operator(), &raise).unwrap();
    let deadline = world.now + TimeDelta::hours(6);
    assert_eq!(world.request(1).latest_start(), Some(deadline));
    assert_eq!(world.request(1).promise.as_ref().map(|promise| promise.by), Some(deadline));
    assert_eq!(world.confirm(1, "h1", 1), Err(Refusal::Unsuitable { rule: "within_deadline".into() }));
}

#[test]
fn a_hold_is_not_prolonged_for_ever() {
    let mut world = World::new();
    world.publish(1, 120, 1, 0);
    world.ask(1, Some(Level::H24));
    world.hold(1, 1, "h1").unwrap();
    let mut extensions = 0;
    loop {
        world.pass(4);
        let until = world.now + TimeDelta::minutes(5);
        let extend = Command::Extend { request: request_id(1), hold: hold_id("h1"), until };
        if world.apply(&operator(), &extend).is_err() {
            break;
        }
        extensions += 1;
    }
    assert_eq!(extensions, 7);
    assert_eq!(world.states(1, 1), (SlotState::Free, RequestState::Open));
}

#[test]
fn a_patient_cannot_give_the_practitioners_consent() {
    let mut world = World::new();
    world.publish(1, 60, 1, 1);
    world.ask(1, Some(Level::H24));
    let patient = Actor { role: Role::Patient, id: request_id(1).to_string() };
    let until = world.now + TimeDelta::minutes(5);
    let (request, slot, hold) = (request_id(1), slot_id(1), hold_id("h"));
    let command = Command::Hold { request, slot, hold, until, extra_consent: true };
    assert_eq!(world.apply(&patient, &command), Err(Refusal::Forbidden));
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
    // What is left to happen is that its patient is forgotten.
    assert!(world.timers.keys().all(|timer| timer.kind == crate::domain::TimerKind::Retention));
}
