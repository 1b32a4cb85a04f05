//! Random histories, played to the rules and to the [`Model`] alike: both must say the same of every command, and after every
//! step there must be what the model says, and nothing that must never be.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::sample::Index;

use super::model::{Model, Stands};
use super::tests::{World, appointment_id, hold_id, operator, regulator, request_id, slot_id};
use super::*;
use crate::domain::appointment::AppointmentStatus;
use crate::domain::{
    Arrival, Audience, Event, Modality, PromiseStanding, ReadyToBook, Record, RequestState, Role, Rpps, SlotSource,
    Timer, TimerKind, Written,
};

/// One step: numbers make slots and requests, and name people; a [`Pick`] chooses among what there is when its turn comes.
#[derive(Debug, Clone)]
enum Step {
    Publish { slot: u128, doctor: usize, by: usize, starts: i64, lasts: i64, capacity: u16, extra: u16 },
    Ask { request: u128, level: Option<Level>, regulated: bool, fresh: Option<i64> },
    Level { request: Pick, level: Level, by: usize },
    Reassess { request: Pick, level: Option<Level>, regulated: bool, doubt: bool, fresh: Option<i64> },
    Agree { request: Pick, by: usize, hours: Option<i64> },
    Promise { request: Pick, named: Option<u128> },
    Keep { request: Pick, slot: Pick },
    Hold { request: Pick, slot: Pick, name: u8, by: usize, minutes: i64, consent: bool },
    Use { how: Use, hold: Pick, by: Option<usize>, minutes: i64, appointment: u128 },
    Close { request: Pick, how: Closing },
    Outcome { appointment: Pick, outcome: u8, by: usize },
    Withdraw { slot: Pick, by: usize, cancel_bookings: bool },
    Expire { slot: Pick },
    Sweep,
    Pass { minutes: i64 },
}

/// One of those that still matter; or, one time in eight, any.
#[derive(Debug, Clone)]
struct Pick {
    index: Index,
    any: bool,
}

impl Pick {
    fn strategy() -> impl Strategy<Value = Self> + Clone {
        (any::<Index>(), prop::bool::weighted(0.125)).prop_map(|(index, any)| Self { index, any })
    }

    fn among<T>(&self, all: impl Iterator<Item = T>, matters: impl Fn(&T) -> bool) -> Option<T> {
        let mut among: Vec<T> = all.filter(|one| self.any || matters(one)).collect();
        (!among.is_empty()).then(|| among.swap_remove(self.index.index(among.len())))
    }
}

/// What is done with a hold there is or was.
#[derive(Debug, Clone, Copy)]
enum Use {
    Confirm,
    Extend,
    Release,
}

#[derive(Debug, Clone, Copy)]
enum Closing {
    Cancel,
    HandOver,
    Unmet,
    Overdue,
}

const REQUESTS: u128 = 24;
const SLOTS: u128 = 8;

/// Two operators, a régulateur, a patient, three doctors, the service.
fn actors(model: &Model) -> Vec<Actor> {
    let second = Actor { role: Role::Operator, id: "op-2".to_owned() };
    let patient = Actor { role: Role::Patient, id: request_id(0).to_string() };
    let doctors = model.doctors.iter().map(|doctor| Actor { role: Role::Practitioner, id: doctor.to_string() });
    [operator(), second, regulator(), patient, Actor::service()].into_iter().chain(doctors).collect()
}

fn level() -> impl Strategy<Value = Level> {
    // An emergency ends most of what can happen to a request: it comes seldom.
    prop_oneof![9 => prop::sample::select(&Level::ALL[..4]), 1 => Just(Level::Immediate)]
}

/// For how many minutes an evaluation may be booked by.
fn fresh() -> impl Strategy<Value = Option<i64>> {
    prop::option::weighted(0.3, 1..120i64)
}

fn step() -> impl Strategy<Value = Step> {
    let pick = Pick::strategy();
    let using = prop_oneof![5 => Just(Use::Confirm), 2 => Just(Use::Extend), 1 => Just(Use::Release)];
    let closing = prop_oneof![
        3 => Just(Closing::Cancel), 1 => Just(Closing::HandOver), 1 => Just(Closing::Unmet), 1 => Just(Closing::Overdue)
    ];
    prop_oneof![
        4 => (0..SLOTS, 0..3usize, 0..16usize, -5..400i64, 0..30i64, 1..4u16, 0..2u16).prop_map(
            |(slot, doctor, by, starts, lasts, capacity, extra)| {
                // Mostly by the doctor whose time it is, or by the service.
                let by = if by < 8 { by } else { 5 + doctor };
                Step::Publish { slot, doctor, by, starts, lasts, capacity, extra }
            }
        ),
        6 => (0..REQUESTS, prop::option::weighted(0.9, level()), prop::bool::weighted(0.1), fresh())
            .prop_map(|(request, level, regulated, fresh)| Step::Ask { request, level, regulated, fresh }),
        1 => (pick.clone(), level(), 0..3usize).prop_map(|(request, level, by)| Step::Level { request, level, by }),
        1 => (pick.clone(), prop::option::of(level()), prop::bool::weighted(0.2), any::<bool>(), fresh()).prop_map(
            |(request, level, regulated, doubt, fresh)| Step::Reassess { request, level, regulated, doubt, fresh }
        ),
        1 => (pick.clone(), 1..3usize, prop::option::of(0..72i64))
            .prop_map(|(request, by, hours)| Step::Agree { request, by, hours }),
        3 => (pick.clone(), prop::option::weighted(0.8, 40..60u128))
            .prop_map(|(request, named)| Step::Promise { request, named }),
        3 => (pick.clone(), pick.clone()).prop_map(|(request, slot)| Step::Keep { request, slot }),
        12 => (pick.clone(), pick.clone(), 0..9u8, 0..4usize, 1..40i64, prop::bool::weighted(0.4)).prop_map(
            |(request, slot, name, by, minutes, consent)| Step::Hold { request, slot, name, by, minutes, consent }
        ),
        12 => (using, pick.clone(), prop::option::weighted(0.2, 0..4usize), 1..40i64, 0..40u128).prop_map(
            |(how, hold, by, minutes, appointment)| Step::Use { how, hold, by, minutes, appointment }
        ),
        2 => (pick.clone(), closing).prop_map(|(request, how)| Step::Close { request, how }),
        2 => (pick.clone(), 0..4u8, 0..8usize)
            .prop_map(|(appointment, outcome, by)| Step::Outcome { appointment, outcome, by }),
        1 => (pick.clone(), 3..8usize, any::<bool>())
            .prop_map(|(slot, by, cancel_bookings)| Step::Withdraw { slot, by, cancel_bookings }),
        1 => pick.prop_map(|slot| Step::Expire { slot }),
        2 => Just(Step::Sweep),
        4 => prop_oneof![24 => 0..15i64, 1 => 300..1_000i64].prop_map(|minutes| Step::Pass { minutes }),
    ]
}

/// The commands of a step as things stand, each with who gives it; none when there is nothing to pick.
fn commands(model: &Model, world: &World, step: &Step) -> Vec<(Actor, Command)> {
    if let Step::Sweep = step {
        let due = world.timers.iter().filter(|(_, at)| **at <= world.now);
        let command = |timer: &Timer| match timer.kind {
            TimerKind::Hold => Command::ExpireHolds { slot: timer.id.parse().unwrap() },
            TimerKind::Overdue => Command::CloseOverdue { request: timer.id.parse().unwrap() },
            TimerKind::Retention => Command::EndRetention { request: timer.id.parse().unwrap() },
            TimerKind::Promise => {
                Command::NotePromise { request: timer.id.parse().unwrap(), standing: PromiseStanding::AtRisk }
            }
            TimerKind::Delivery | TimerKind::Proposal | TimerKind::UsualDoctor | TimerKind::HouseholdRetention => {
                panic!("nobody set it")
            }
        };
        return due.map(|(timer, _)| (Actor::service(), command(timer))).collect();
    }
    command(model, step).into_iter().collect()
}

fn command(model: &Model, step: &Step) -> Option<(Actor, Command)> {
    let actor = |n: usize| actors(model)[n].clone();
    let reason = || "r".to_owned();
    let later = |minutes: i64| model.now + TimeDelta::minutes(minutes);
    let request = |pick: &Pick| {
        let matters = |id: &RequestId| !matches!(model.patients[id].stands, Stands::Over(_));
        pick.among(model.patients.keys().copied(), matters)
    };
    let slot = |pick: &Pick| {
        let matters = |id: &SlotId| model.slots[id].start > model.now && !model.slots[id].withdrawn;
        pick.among(model.slots.keys().copied(), matters)
    };
    let evaluated = |level, regulation_required, fresh: Option<i64>| {
        let valid_until = fresh.map(later);
        Triage { regulation_required, valid_until, ..tests::level(level, model.now) }
    };
    Some(match *step {
        Step::Publish { slot, doctor, by, starts, lasts, capacity, extra } => {
            let draft = SlotDraft {
                id: slot_id(slot),
                practitioner: model.doctors[doctor],
                location: "cabinet".parse().unwrap(),
                start: later(starts),
                end: later(starts + lasts),
                modality: Modality::Ambulatory,
                audience: [Audience::Public].into(),
                arrival: Arrival::Routine,
                capacity,
                extra_capacity: extra,
                source: SlotSource::Practitioner,
            };
            (actor(by), Command::Publish(vec![draft]))
        }
        Step::Ask { request, level, regulated, fresh } => {
            let triage = evaluated(level, regulated, fresh);
            (operator(), Command::CreateRequest(NewRequest { triage, ..World::need(request, model.now) }))
        }
        Step::Level { request: ref pick, level, by } => {
            (actor(by), Command::SetLevel { request: request(pick)?, level, reason: reason() })
        }
        Step::Reassess { request: ref pick, level, regulated, doubt, fresh } => {
            let (facts_ref, triage) = ("p2".to_owned(), evaluated(level, regulated, fresh));
            (
                operator(),
                Command::Reassess {
                    request: request(pick)?,
                    facts_ref,
                    triage,
                    said: NewlySaid { more: false, doubt, open: level.is_none() },
                },
            )
        }
        Step::Agree { request: ref pick, by, hours } => {
            let latest = hours.map(|hours| later(60 * hours));
            (actor(by), Command::Agree { request: request(pick)?, reason: reason(), latest })
        }
        Step::Keep { request: ref pick, slot: ref place } => {
            (Actor::service(), Command::KeepPromise { request: request(pick)?, slot: slot(place)? })
        }
        Step::Promise { request: ref pick, named } => {
            let ready = named.map(|n| ReadyToBook { appointment: appointment_id(n), identity_ref: format!("i{n}") });
            (operator(), Command::Promise { request: request(pick)?, notice_minutes: 180, ready })
        }
        Step::Hold { request: ref patient, slot: ref place, name, by, minutes, consent } => {
            let (request, slot, hold) = (request(patient)?, slot(place)?, hold_id(&format!("h{name}")));
            let until = later(minutes);
            (actor(by), Command::Hold { request, slot, hold, until, extra_consent: consent })
        }
        Step::Use { how, ref hold, by, minutes, appointment } => {
            let kept = hold.among(model.holds.iter(), |hold| !hold.gone)?;
            let by = by.map_or_else(|| kept.by.clone(), actor);
            let (request, hold, until) = (kept.request, kept.name.clone(), later(minutes));
            let command = match how {
                Use::Extend => Command::Extend { request, hold, until },
                Use::Release => Command::Release { request, hold },
                Use::Confirm => {
                    let appointment = appointment_id(appointment);
                    Command::Confirm { request, hold, appointment, identity_ref: "i".to_owned() }
                }
            };
            (by, command)
        }
        Step::Close { request: ref pick, how } => {
            let request = request(pick)?;
            match how {
                Closing::Cancel => (operator(), Command::Cancel { request, reason: reason() }),
                Closing::HandOver => (operator(), Command::HandOverTo15 { request }),
                Closing::Unmet => (operator(), Command::CloseUnmet { request, reason: reason() }),
                Closing::Overdue => (Actor::service(), Command::CloseOverdue { request }),
            }
        }
        Step::Outcome { appointment: ref pick, outcome, by } => {
            let sale = pick.among(model.sales.iter(), |sale| sale.fate != AppointmentStatus::Cancelled)?;
            let outcome = match outcome {
                0 => Outcome::Fulfilled,
                1 => Outcome::NoShow,
                2 => Outcome::Cancelled { by: CancelledBy::Patient, reason: reason() },
                _ => Outcome::Cancelled { by: CancelledBy::Practitioner, reason: reason() },
            };
            (actor(by), Command::RecordOutcome { appointment: sale.appointment, outcome })
        }
        Step::Withdraw { slot: ref pick, by, cancel_bookings } => {
            (actor(by), Command::Withdraw { slot: slot(pick)?, reason: reason(), cancel_bookings })
        }
        Step::Expire { slot: ref pick } => (Actor::service(), Command::ExpireHolds { slot: slot(pick)? }),
        Step::Sweep | Step::Pass { .. } => return None,
    })
}

fn slots(world: &World) -> impl Iterator<Item = &Slot> {
    world.records.values().filter_map(|(_, record)| match record {
        Record::Slot(slot) => Some(slot),
        _ => None,
    })
}

fn requests(world: &World) -> impl Iterator<Item = &CareRequest> {
    world.records.values().filter_map(|(_, record)| match record {
        Record::Request(request) => Some(request),
        _ => None,
    })
}

/// The records say what the model says, of everybody and of every place.
fn same_as_the_model(world: &World, model: &Model) {
    assert_eq!(slots(world).count(), model.slots.len());
    for slot in slots(world) {
        let published = &model.slots[&slot.id];
        assert_eq!((slot.start, slot.withdrawn_at.is_some()), (published.start, published.withdrawn));
        let there: BTreeSet<_> = slot.bookings.iter().map(|b| (b.appointment, b.request, b.extra)).collect();
        let sold = model.sold().filter(|sale| sale.slot == slot.id);
        assert_eq!(there, sold.map(|sale| (sale.appointment, sale.request, sale.extra)).collect(), "sold in {slot:?}");
        let there: BTreeSet<_> = slot.holds.iter().map(|h| (&h.id, h.request, h.until, h.extra)).collect();
        let held = model.holds.iter().filter(|hold| !hold.gone && hold.slot == slot.id);
        assert_eq!(there, held.map(|h| (&h.name, h.request, h.until, h.extra)).collect(), "held in {slot:?}");
    }
    assert_eq!(
        requests(world).map(|request| request.id).collect::<Vec<_>>(),
        model.patients.keys().copied().collect::<Vec<_>>(),
        "somebody is not there any more"
    );
    for request in requests(world) {
        let patient = &model.patients[&request.id];
        assert_eq!(request.state(world.now), model.state(request.id), "{request:?}");
        assert_eq!((request.level(), request.deadline), (patient.level, patient.deadline), "{request:?}");
        assert_eq!(request.latest_start(), patient.latest(), "{request:?}");
        assert_eq!(request.closes_at(), model.closes_at(request.id), "{request:?}");
        if let (Phase::Booked { appointment, .. }, Stands::Sold(sold)) = (&request.phase, patient.stands) {
            assert_eq!(*appointment, sold);
        }
    }
    let there: BTreeMap<AppointmentId, AppointmentStatus> = world
        .records
        .values()
        .filter_map(|(_, record)| match record {
            Record::Appointment(appointment) => Some((appointment.id, appointment.status)),
            _ => None,
        })
        .collect();
    assert_eq!(there, model.sales.iter().map(|sale| (sale.appointment, sale.fate)).collect());
}

/// What must never be, whatever the model says.
fn nothing_that_must_never_be(world: &World) {
    let now = world.now;
    let mut places: BTreeMap<RequestId, usize> = BTreeMap::new();
    let mut timers: BTreeMap<Timer, DateTime<Utc>> = BTreeMap::new();
    for slot in slots(world) {
        let sold = |extra| slot.bookings.iter().filter(|b| b.extra == extra).count();
        let held = |extra| slot.live_holds(now).filter(|h| h.extra == extra).count();
        assert!(sold(false) + held(false) <= usize::from(slot.capacity), "oversold: {slot:?}");
        assert!(sold(true) + held(true) <= usize::from(slot.extra_capacity), "oversold en sus: {slot:?}");
        let expected = slot.bookings.iter().filter(|b| b.outcome == crate::domain::BookingOutcome::Expected);
        for request in expected.map(|b| b.request).chain(slot.live_holds(now).map(|h| h.request)) {
            *places.entry(request).or_default() += 1;
        }
        let timer = Timer { kind: TimerKind::Hold, id: slot.id.to_string() };
        timers.extend(slot.next_expiry().map(|at| (timer, at)));
    }
    assert!(places.values().all(|places| *places == 1), "a request has two places: {places:?}");
    for request in requests(world) {
        let place = places.contains_key(&request.id);
        let told = matches!(request.state(now), RequestState::Held | RequestState::Booked);
        assert_eq!(place, told, "the request and its slot say different things: {request:?}");
        assert!(!(place && request.is_emergency()), "an emergency has a place: {request:?}");
        let timer = Timer { kind: TimerKind::Overdue, id: request.id.to_string() };
        timers.extend(request.closes_at().map(|at| (timer, at)));
        let timer = Timer { kind: TimerKind::Promise, id: request.id.to_string() };
        timers.extend(request.promise_call().map(|at| (timer, at)));
        let timer = Timer { kind: TimerKind::Retention, id: request.id.to_string() };
        let retention = Retention::of_the_table(crate::domain::time::Zone::PARIS);
        timers.extend(retention.end_of(request).map(|at| (timer, at)));
    }
    assert_eq!(world.timers, timers, "timers and records differ");
}

/// A hold that counted before a step and does not after it: only its time, or somebody's call, ends it.
fn no_hold_ended_early(before: &[(HoldId, SlotId, RequestId, Actor)], world: &World, actor: &Actor, command: &Command) {
    for (name, slot, request, by) in before {
        let Some((_, Record::Slot(there))) = world.records.get(&RecordKey::slot(*slot)) else {
            panic!("a slot is gone")
        };
        if there.live_holds(world.now).any(|hold| hold.id == *name && hold.request == *request) {
            continue;
        }
        let ended_by = match command {
            Command::Release { request: r, hold } | Command::Confirm { request: r, hold, .. } => {
                r == request && hold == name && (actor == by || actor.role == Role::Regulator)
            }
            Command::Hold { request: r, .. }
            | Command::Cancel { request: r, .. }
            | Command::HandOverTo15 { request: r }
            | Command::CloseUnmet { request: r, .. } => r == request,
            Command::SetLevel { request: r, level, .. } => r == request && *level == Level::Immediate,
            Command::Reassess { request: r, triage, .. } => r == request && triage.decided == Some(Level::Immediate),
            Command::Withdraw { slot: s, .. } => s == slot,
            _ => false,
        };
        assert!(ended_by, "{command:?} of {actor:?} ended hold {name} of {request}");
    }
}

/// Every record that changed stands with an event about it, and as it is.
fn the_events_tell_it(before: &BTreeMap<RecordKey, u64>, events: &[Event], world: &World) {
    let mut told: BTreeMap<RecordKey, u64> = BTreeMap::new();
    for event in events {
        for Written { version, record } in &event.after {
            let key = record.key();
            let about = match record {
                Record::Slot(slot) => event.concerns.slot == Some(slot.id) && event.kind.subject() == "slot",
                Record::Agenda(agenda) => event.concerns.practitioner == Some(agenda.practitioner),
                Record::Request(r) => event.concerns.request == Some(r.id) && event.kind.subject() == "request",
                Record::Appointment(a) => {
                    event.concerns.appointment == Some(a.id) && event.kind.subject() == "appointment"
                }
                Record::Practitioner(_)
                | Record::Unique(_)
                | Record::Delivery(_)
                | Record::Registration(_)
                | Record::Proposal(_)
                | Record::OpenPlaces(_) => true,
            };
            assert!(about, "{key} stands with {:?} of something else", event.kind);
            assert_eq!(Some(record), world.records.get(&key).map(|(_, record)| record));
            assert!(told.insert(key, *version).is_none(), "told twice in one step");
        }
    }
    for (key, (version, _)) in &world.records {
        let was = before.get(key).copied().unwrap_or_default();
        assert!(*version == was || *version == was + 1);
        assert_eq!(told.get(key).copied(), (*version != was).then_some(*version), "{key} was written without an event");
    }
}

/// One command to both.
fn play(world: &mut World, model: &mut Model, actor: &Actor, command: &Command) {
    let versions = |world: &World| -> BTreeMap<RecordKey, u64> {
        world.records.iter().map(|(key, (version, _))| (key.clone(), *version)).collect()
    };
    let (before, events, timers) = (versions(world), world.events.len(), world.timers.clone());
    let live = model.live().map(|h| (h.name.clone(), h.slot, h.request, h.by.clone())).collect::<Vec<_>>();
    let told = world.apply(actor, command).map(drop);
    assert_eq!(told, model.tell(actor, command), "{command:?} by {actor:?}");
    if told.is_err() {
        assert_eq!((versions(world), world.events.len(), &world.timers), (before.clone(), events, &timers));
    }
    no_hold_ended_early(&live, world, actor, command);
    the_events_tell_it(&before, &world.events[events..], world);
    same_as_the_model(world, model);
    nothing_that_must_never_be(world);
}

/// Whoever reads the stream from its beginning has the same records.
fn replayed(events: &[Event]) -> BTreeMap<RecordKey, (u64, Record)> {
    let written = events.iter().flat_map(|event| &event.after);
    written.map(|Written { version, record }| (record.key(), (*version, record.clone()))).collect()
}

/// What the histories came upon, so that a generator that reaches nothing is noticed.
#[derive(Debug, Default)]
struct Reached {
    booked: usize,
    en_sus: usize,
    taken: usize,
    ended: usize,
    reopened: usize,
    unmet: usize,
    full_of_many: usize,
}

impl Reached {
    fn note(&mut self, world: &World, model: &Model) {
        let kinds = world.events.iter().map(|event| event.kind.code());
        for kind in kinds {
            match kind {
                "slot.booked" => self.booked += 1,
                "slot.hold_expired" => self.ended += 1,
                "request.reopened" => self.reopened += 1,
                "request.unmet" => self.unmet += 1,
                _ => {}
            }
        }
        self.en_sus += model.sales.iter().filter(|sale| sale.extra).count();
        let sold = |slot: &Slot| slot.bookings.iter().filter(|b| !b.extra).count();
        let full = |slot: &&Slot| slot.capacity > 1 && sold(slot) == usize::from(slot.capacity);
        self.full_of_many += slots(world).filter(full).count();
    }
}

#[test]
fn whatever_happens_the_rules_do_what_the_model_says_and_nobody_is_lost_or_sold_to_twice() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    });
    let reached = std::cell::RefCell::new(Reached::default());
    let histories = prop::collection::vec(step(), 20..160);
    runner
        .run(&histories, |steps| {
            let doctors: Vec<Rpps> = (1..=3).map(|n| format!("1999000000{n}").parse().unwrap()).collect();
            let mut world = World::with(&doctors);
            let mut model = Model::new(world.now, doctors);
            for step in &steps {
                if let Step::Pass { minutes } = step {
                    world.pass(*minutes);
                    model.now = world.now;
                    same_as_the_model(&world, &model);
                    nothing_that_must_never_be(&world);
                }
                for (actor, command) in commands(&model, &world, step) {
                    let taken = matches!(world.refusal(&actor, &command), Some(Refusal::SlotTaken));
                    reached.borrow_mut().taken += usize::from(taken);
                    play(&mut world, &mut model, &actor, &command);
                }
            }
            assert_eq!(replayed(&world.events), world.records);
            reached.borrow_mut().note(&world, &model);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    let reached = reached.into_inner();
    let Reached { booked, en_sus, taken, ended, reopened, unmet, full_of_many } = reached;
    let seldom = [booked, en_sus, taken, ended, reopened, unmet, full_of_many].into_iter().min();
    assert!(seldom > Some(20), "the histories reach too little: {reached:?}");
}
