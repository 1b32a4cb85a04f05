//! P11 and P13 (triage.md §4) over random histories in which everybody tries anything: nobody but a régulateur brings a level
//! below what was recommended or clears a red flag, and nothing is booked past what the level allows without a régulateur's
//! leave.

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::sample::select;

use super::tests::{World, appointment_id, hold_id, level, operator, practitioner, regulator, request_id, slot_id};
use super::*;
use crate::domain::{Agreement, DecidedBy, EventKind, ReadyToBook, Record, RequestState, Role, TriageStatus};

const HISTORIES: u32 = 3_000;
const REQUESTS: u128 = 3;
const SLOTS: u128 = 10;

/// What triage makes of the answers so far.
#[derive(Debug, Clone, Copy)]
struct Said {
    status: TriageStatus,
    level: Level,
    regulated: bool,
    /// The pack leaves an hour only, where the level is `same_day`.
    within_an_hour: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Ask { said: Said, declared: Option<Level> },
    Say { said: Said, more: bool, doubt: bool },
    Set { level: Level },
    Agree { hours: Option<i64> },
    Promise,
    Keep { slot: u128 },
    Book { slot: u128 },
    Hold { slot: u128 },
    Confirm,
    Cancel,
    HandOver,
    Unmet,
    Overdue,
    ByThePractitioner,
    Pass { minutes: i64 },
}

fn any_level() -> impl Strategy<Value = Level> {
    prop_oneof![6 => select(&Level::ALL[..4]), 1 => Just(Level::Immediate)]
}

fn said() -> impl Strategy<Value = Said> {
    let status = prop_oneof![
        4 => Just(TriageStatus::Decided), 2 => Just(TriageStatus::Incomplete), 1 => Just(TriageStatus::Stopped)
    ];
    let decided = (status, select(&Level::ALL[..4]), any_level(), prop::bool::weighted(0.2), any::<bool>());
    decided.prop_map(|(status, decided, provisional, regulated, within_an_hour)| {
        let level = match status {
            TriageStatus::Decided => decided,
            TriageStatus::Incomplete => provisional,
            TriageStatus::Stopped => Level::Immediate,
        };
        Said { status, level, regulated, within_an_hour }
    })
}

fn step() -> impl Strategy<Value = (Step, u128, usize)> {
    let slot = || 0..SLOTS;
    let step = prop_oneof![
        3 => (said(), prop::option::weighted(0.3, select(&Level::ALL[..4])))
            .prop_map(|(said, declared)| Step::Ask { said, declared }),
        5 => (said(), any::<bool>(), any::<bool>()).prop_map(|(said, more, doubt)| Step::Say { said, more, doubt }),
        5 => any_level().prop_map(|level| Step::Set { level }),
        2 => prop::option::of(0..96i64).prop_map(|hours| Step::Agree { hours }),
        1 => Just(Step::Promise),
        2 => slot().prop_map(|slot| Step::Keep { slot }),
        6 => slot().prop_map(|slot| Step::Book { slot }),
        2 => slot().prop_map(|slot| Step::Hold { slot }),
        2 => Just(Step::Confirm),
        1 => select(&[0, 1, 2, 3, 4, 4, 4][..]).prop_map(|how| match how {
            0 => Step::Cancel,
            1 => Step::HandOver,
            2 => Step::Unmet,
            3 => Step::Overdue,
            _ => Step::ByThePractitioner,
        }),
        3 => (0..400i64).prop_map(|minutes| Step::Pass { minutes }),
    ];
    (step, 1..=REQUESTS, 0..9usize)
}

fn actor(n: usize) -> Actor {
    let role = |role| Actor { role, id: "x".to_owned() };
    match n {
        0 | 1 => operator(),
        2 => Actor { role: Role::Patient, id: request_id(1).to_string() },
        3 => practitioner(),
        4 => role(Role::System),
        5 => role(Role::Coordinator),
        6 => Actor::service(),
        _ => regulator(),
    }
}

/// As the booking makes it of an evaluation, and of a level that was declared.
fn triage(said: Said, declared: Option<Level>, now: DateTime<Utc>) -> Triage {
    let decided = match (declared, said.status) {
        (_, TriageStatus::Stopped) => Some(Level::Immediate),
        (Some(declared), _) => Some(declared),
        (None, TriageStatus::Decided) => Some(said.level),
        (None, TriageStatus::Incomplete) => None,
    };
    let by_engine = declared.is_none() || said.status == TriageStatus::Stopped;
    let hour = said.within_an_hour && by_engine && decided == Some(Level::SameDay);
    Triage {
        status: said.status,
        recommended: Some(said.level).filter(|_| declared.is_none() || said.status != TriageStatus::Incomplete),
        decided_by: decided.map(|_| if by_engine { DecidedBy::Engine } else { DecidedBy::Regulation }),
        delay_minutes: hour.then_some(60),
        regulation_required: declared.is_none() && said.status == TriageStatus::Decided && said.regulated,
        ..level(decided, now)
    }
}

/// What we know of a request besides its record, told as simply as it can be.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// A physician's word stands: the regulation of the call, or a régulateur.
    physician: bool,
    /// Some physician has had a say.
    ever: bool,
    /// The least that nobody but a régulateur may go below.
    floor: Option<Level>,
    /// Must be seen before.
    deadline: Option<DateTime<Utc>>,
    /// A régulateur's leave to be later, and whether one agreed at all.
    leave: Option<DateTime<Utc>>,
    agreed: bool,
}

/// What happened in all histories, so that a property that shows nothing is noticed.
type Seen = BTreeMap<&'static str, usize>;

struct Story<'a> {
    world: World,
    known: BTreeMap<RequestId, Known>,
    names: u128,
    seen: &'a RefCell<Seen>,
}

impl Story<'_> {
    fn record(&self, id: RequestId) -> Option<CareRequest> {
        match self.world.records.get(&RecordKey::request(id)) {
            Some((_, Record::Request(request))) => Some(request.clone()),
            _ => None,
        }
    }

    fn note(&self, what: &'static str) {
        *self.seen.borrow_mut().entry(what).or_default() += 1;
    }

    /// Does a step as somebody; several commands for some.
    fn play(&mut self, step: &Step, request: u128, actor: &Actor) {
        let (id, now) = (request_id(request), self.world.now);
        let stands = self.record(id).map(|request| request.triage);
        self.names += 1;
        let name = hold_id(&format!("h{}", self.names));
        let until = now + TimeDelta::minutes(5);
        let hold = |slot: u128, hold: HoldId| Command::Hold {
            request: id,
            slot: slot_id(slot),
            hold,
            until,
            extra_consent: false,
        };
        let confirm = |hold: HoldId, n: u128| Command::Confirm {
            request: id,
            hold,
            appointment: appointment_id(n),
            identity_ref: "i".to_owned(),
        };
        let commands = match *step {
            Step::Pass { minutes } => {
                self.world.pass(minutes);
                return;
            }
            Step::Ask { said, declared } => {
                let new = NewRequest { triage: triage(said, declared, now), ..World::need(request, now) };
                vec![Command::CreateRequest(new)]
            }
            Step::Say { said, more, doubt } => {
                let declared = stands.as_ref().filter(|one| one.decided_by == Some(DecidedBy::Regulation));
                let triage = triage(said, declared.and_then(|one| one.decided), now);
                let more = more && Some(said.level) > stands.and_then(|one| one.decided);
                let said = NewlySaid { more, doubt, open: triage.status == TriageStatus::Incomplete };
                vec![Command::Reassess { request: id, facts_ref: "p".to_owned(), triage, said }]
            }
            Step::Set { level } => vec![Command::SetLevel { request: id, level, reason: "1.reason.a".to_owned() }],
            Step::Agree { hours } => {
                let latest = hours.map(|hours| now + TimeDelta::hours(hours));
                vec![Command::Agree { request: id, reason: "1.reason.a".to_owned(), latest }]
            }
            Step::Promise => {
                let ready = ReadyToBook { appointment: appointment_id(self.names), identity_ref: "i".to_owned() };
                vec![Command::Promise { request: id, notice_minutes: 60, ready: Some(ready) }]
            }
            Step::Keep { slot } => vec![Command::KeepPromise { request: id, slot: slot_id(slot) }],
            Step::Hold { slot } => vec![hold(slot, name)],
            Step::Book { slot } => vec![hold(slot, name.clone()), confirm(name, self.names)],
            Step::Confirm => {
                let held = self.record(id).and_then(|request| request.held);
                held.map(|held| confirm(held.hold, self.names)).into_iter().collect()
            }
            Step::Cancel => vec![Command::Cancel { request: id, reason: "r".to_owned() }],
            Step::HandOver => vec![Command::HandOverTo15 { request: id }],
            Step::Unmet => vec![Command::CloseUnmet { request: id, reason: "r".to_owned() }],
            Step::Overdue => vec![Command::CloseOverdue { request: id }],
            Step::ByThePractitioner => {
                let booked = self.record(id).and_then(|request| match request.phase {
                    Phase::Booked { appointment, .. } => Some(appointment),
                    _ => None,
                });
                let outcome = Outcome::Cancelled { by: CancelledBy::Practitioner, reason: "r".to_owned() };
                let command = |appointment| Command::RecordOutcome { appointment, outcome };
                booked.map(command).into_iter().collect()
            }
        };
        for command in commands {
            self.one(&command, id, actor);
        }
    }

    /// One command, and what must hold after it.
    fn one(&mut self, command: &Command, id: RequestId, actor: &Actor) {
        let before = self.record(id);
        let events = self.world.events.len();
        if let Err(refusal) = self.world.apply(actor, command) {
            assert_eq!(self.record(id), before, "refused, and yet something changed");
            match refusal {
                Refusal::LoweringNeedsRegulator { .. } => self.note("lowering refused"),
                Refusal::RegulationRequired => self.note("booking refused: régulateur"),
                Refusal::NotQualified => self.note("booking refused: no level"),
                Refusal::Emergency => self.note("refused: emergency"),
                Refusal::Unsuitable { .. } => self.note("booking refused: too late"),
                _ => {}
            }
            return;
        }
        let Some(after) = self.record(id) else { return };
        self.learn(before.as_ref(), &after, command, actor);
        self.nobody_else_lowers(before.as_ref(), &after, command, actor, events);
        if let (Phase::Booked { slot, .. }, false) =
            (&after.phase, before.as_ref().is_some_and(|b| matches!(b.phase, Phase::Booked { .. })))
        {
            self.booked_in_time(before.as_ref(), &after, *slot);
        }
    }

    /// What the command makes known, by the rules as triage.md has them.
    fn learn(&mut self, before: Option<&CareRequest>, after: &CareRequest, command: &Command, actor: &Actor) {
        let now = self.world.now;
        let was = before.and_then(|before| before.triage.decided);
        let known = self.known.entry(after.id).or_default();
        let within = |level: Level, minutes: Option<u32>| {
            let own = level.delay();
            let delay = minutes.map_or(own, |minutes| own.map(|own| own.min(TimeDelta::minutes(minutes.into()))));
            delay.map(|delay| now + delay)
        };
        let sooner = |one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>| one.into_iter().chain(other).min();
        match command {
            Command::CreateRequest(NewRequest { triage, .. }) => {
                known.physician = triage.decided_by == Some(DecidedBy::Regulation);
                known.ever = known.physician;
                known.floor = triage.decided;
                known.deadline = triage.decided.and_then(|level| within(level, triage.delay_minutes));
            }
            Command::SetLevel { level, .. } => {
                let by_regulator = actor.role == Role::Regulator;
                if Some(*level) > was && was.is_some() {
                    known.deadline = sooner(known.deadline, within(*level, None));
                    known.leave = None;
                } else if Some(*level) != was {
                    known.deadline = within(*level, None);
                }
                // An operator's first level is the word of the regulation of the call.
                known.physician = by_regulator || was.is_none();
                known.ever |= known.physician;
                known.floor = if by_regulator { Some(*level) } else { known.floor.max(Some(*level)) };
            }
            Command::Reassess { triage, said, .. } => {
                let stopped = triage.decided == Some(Level::Immediate);
                let regulator = before.is_some_and(|b| b.triage.decided_by == Some(DecidedBy::Regulator));
                if triage.decided > was && (!regulator || said.more) {
                    known.floor = known.floor.max(triage.decided);
                    known.deadline =
                        sooner(known.deadline, triage.decided.and_then(|level| within(level, triage.delay_minutes)));
                    known.leave = None;
                    known.physician = false;
                    if regulator && stopped {
                        *self.seen.borrow_mut().entry("stopped after a régulateur decided").or_default() += 1;
                    }
                }
                let was_seen = before.is_some_and(|before| before.triage.regulation_required) || regulator;
                let of_no_physician = before.is_some_and(|before| {
                    matches!(before.triage.decided_by, Some(DecidedBy::Engine | DecidedBy::Operator))
                });
                let was_open = before.is_some_and(|before| before.triage.reopened);
                let opens = said.open && of_no_physician && !was_open;
                if was.is_some() && said.doubt || triage.regulation_required && !was_seen || opens {
                    if known.agreed && was_seen {
                        *self.seen.borrow_mut().entry("agreed, and then a doubt nobody had seen").or_default() += 1;
                    }
                    (known.agreed, known.leave) = (false, None);
                }
            }
            Command::Agree { latest, .. } => {
                assert_eq!(actor.role, Role::Regulator, "only a régulateur agrees");
                (known.agreed, known.leave) = (true, *latest);
            }
            _ => {}
        }
    }

    /// P11.
    fn nobody_else_lowers(
        &self,
        before: Option<&CareRequest>,
        after: &CareRequest,
        command: &Command,
        actor: &Actor,
        events: usize,
    ) {
        let known = self.known[&after.id];
        let (was, is) = (before.and_then(|before| before.triage.decided), after.triage.decided);
        let by_regulator = actor.role == Role::Regulator && matches!(command, Command::SetLevel { .. });
        assert!(is >= known.floor, "{command:?} by {actor:?} leaves {is:?}, below {:?}", known.floor);
        assert!(is >= was || by_regulator, "{command:?} by {actor:?} lowers {was:?} to {is:?}");
        if is < was {
            self.note(if was == Some(Level::Immediate) {
                "red flag cleared by a régulateur"
            } else {
                "lowered by a régulateur"
            });
            let told = self.world.events[events..].iter().find(|event| event.kind == EventKind::RequestLevelled);
            assert!(told.is_some_and(|event| event.reason.is_some() && event.actor == *actor), "nobody says why");
        }
        if let (Some(before), false) = (before, by_regulator) {
            let later = |one: Option<DateTime<Utc>>| one.unwrap_or(DateTime::<Utc>::MAX_UTC);
            assert!(was.is_none() || later(after.deadline) <= later(before.deadline), "{command:?} leaves more time");
            assert!(
                !before.triage.regulation_required || after.triage.regulation_required || is > was,
                "{command:?} needs no régulateur any more"
            );
            let is_whole = |command: &Command| matches!(command, Command::Reassess { triage, .. } if triage.status != TriageStatus::Incomplete);
            assert!(
                !before.triage.reopened || after.triage.reopened || is > was || is_whole(command),
                "{command:?} leaves questions unasked"
            );
            let closed = after.is_closed() && !before.is_closed();
            assert!(
                !closed || was != Some(Level::Immediate) || after.phase == Phase::HandedTo15,
                "{command:?} ends an emergency"
            );
        }
        if !known.ever {
            assert!(is.is_none() || is >= after.triage.recommended, "below what is recommended: {:?}", after.triage);
        }
    }

    /// P13.
    fn booked_in_time(&self, before: Option<&CareRequest>, after: &CareRequest, slot: SlotId) {
        let (Some(before), known) = (before, self.known[&after.id]) else { panic!("booked as it was entered") };
        let Some((_, Record::Slot(slot))) = self.world.records.get(&RecordKey::slot(slot)) else { panic!("no slot") };
        assert!(matches!(before.state(self.world.now), RequestState::Held | RequestState::Promised));
        let level = after.triage.decided.expect("only what is decided is booked");
        assert_ne!(level, Level::Immediate);
        let agreement = after.agreement.as_ref();
        let by_regulator = |agreement: &Agreement| agreement.actor.role == Role::Regulator;
        if after.triage.waits_for_a_regulator() {
            self.note("booked with a régulateur's agreement");
            assert!(known.agreed && agreement.is_some_and(by_regulator), "nobody agreed: {after:?}");
        }
        let delay = after.triage.delay_minutes.map(|minutes| TimeDelta::minutes(minutes.into())).or(level.delay());
        let end = after.triage.decided_at.zip(delay).map(|(at, delay)| at + delay);
        let leave = |latest: Option<DateTime<Utc>>| latest.is_some_and(|latest| slot.start <= latest);
        if end.is_some_and(|end| slot.start > end) || known.deadline.is_some_and(|deadline| slot.start > deadline) {
            self.note("booked later with a régulateur's leave");
            assert!(leave(known.leave), "{} is past {:?} and {end:?}", slot.start, known.deadline);
            assert!(
                agreement.is_some_and(|one| by_regulator(one) && leave(one.latest)),
                "no leave on record: {after:?}"
            );
        }
        self.note("booked");
    }
}

#[test]
fn p11_p13_nobody_but_a_regulateur_lowers_and_nothing_is_booked_too_late_without_one() {
    let config = ProptestConfig {
        cases: HISTORIES,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    };
    let seen = RefCell::new(Seen::default());
    let count = std::cell::Cell::new(0);
    let played = proptest::test_runner::TestRunner::new(config).run(&prop::collection::vec(step(), 10..90), |steps| {
        let mut world = World::new();
        for n in 0..SLOTS {
            world.publish(n, 30 + 400 * i64::try_from(n).unwrap(), 3, 0);
        }
        let mut story = Story { world, known: BTreeMap::new(), names: 100, seen: &seen };
        for (step, request, by) in &steps {
            story.play(step, *request, &actor(*by));
        }
        count.set(count.get() + steps.len());
        Ok(())
    });
    played.unwrap_or_else(|failure| panic!("{failure}"));
    let seen = seen.into_inner();
    println!("P11, P13: {HISTORIES} histories of {} steps: {seen:?}", count.get());
    for what in [
        "agreed, and then a doubt nobody had seen",
        "booked",
        "booked later with a régulateur's leave",
        "booked with a régulateur's agreement",
        "booking refused: no level",
        "booking refused: régulateur",
        "booking refused: too late",
        "lowered by a régulateur",
        "lowering refused",
        "red flag cleared by a régulateur",
        "refused: emergency",
        "stopped after a régulateur decided",
    ] {
        assert!(seen.get(what).is_some_and(|count| *count > 8), "{what}: too seldom to show anything: {seen:?}");
    }
}

#[test]
fn p11_a_red_flag_said_after_a_regulateur_decided_stops_all_the_same() {
    let mut world = World::new();
    let asked =
        Said { status: TriageStatus::Incomplete, level: Level::Immediate, regulated: false, within_an_hour: false };
    let new = NewRequest { triage: triage(asked, None, world.now), ..World::need(1, world.now) };
    world.apply(&operator(), &Command::CreateRequest(new)).unwrap();
    let set = Command::SetLevel { request: request_id(1), level: Level::H48, reason: "r".to_owned() };
    world.apply(&regulator(), &set).unwrap();
    let stopped = triage(Said { status: TriageStatus::Stopped, ..asked }, None, world.now);
    let say = |more| Command::Reassess {
        request: request_id(1),
        facts_ref: "p".to_owned(),
        triage: stopped.clone(),
        said: NewlySaid { more, ..NewlySaid::default() },
    };
    world.apply(&operator(), &say(true)).unwrap();
    assert_eq!(world.request(1).level(), Some(Level::Immediate), "what was only provisional is no excuse");
    // The régulateur clears it; answers that say nothing new leave it so, another red flag does not.
    world.apply(&regulator(), &set).unwrap();
    world.apply(&operator(), &say(false)).unwrap();
    assert_eq!(world.request(1).level(), Some(Level::H48));
    world.apply(&operator(), &say(true)).unwrap();
    assert_eq!(world.request(1).level(), Some(Level::Immediate));
}

#[test]
fn p11_a_first_level_is_the_regulations_to_give() {
    for n in 2..7 {
        let mut world = World::new();
        world.ask(1, None);
        world.ask(2, Some(Level::H48));
        let set = |request, level| Command::SetLevel { request: request_id(request), level, reason: "r".to_owned() };
        assert_eq!(world.apply(&actor(n), &set(1, Level::H48)), Err(Refusal::Forbidden), "{:?}", actor(n));
        let lowered = world.apply(&actor(n), &set(2, Level::Programmed));
        assert_eq!(lowered, Err(Refusal::LoweringNeedsRegulator { from: Level::H48 }), "{:?}", actor(n));
        assert!(world.apply(&actor(n), &set(2, Level::SameDay)).is_ok(), "anybody raises: {:?}", actor(n));
    }
}
