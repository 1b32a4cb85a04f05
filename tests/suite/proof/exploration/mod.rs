//! Every history of a small world: two clerks who book for two patients, one slot of one place, a store whose messages may be
//! late or lost, answers that may be lost, services that may die, and a hold whose time may end. The rules are the service's
//! own; what the clerks hear must fit an order at every point.

mod print;
mod store;

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use aiguilleur::domain::decide::{Answer as Outcome, Command, Context, NewRequest, decide, missing};
use aiguilleur::domain::time::Zone;
use aiguilleur::domain::{
    Actor, AppointmentId, Arrival, Audience, CareNeed, Change, Channel, DecidedBy, GeoPoint, Level, Location, Modality,
    PackRef, Practitioner, Record, RecordKey, Refusal, RequestId, Retention, Role, SlotDraft, SlotId, SlotSource,
    Triage, TriageStatus,
};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::support::history::one_slot::{Answer, OneSlot, Operation, Taken};
use crate::support::history::orders::{Foretold, Orders};

use print::{Shared, Unshown, print};
use store::{Kept, Message, Said, Store, as_records, version_of};

/// What a clerk may ask for.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Hold,
    /// Of the place held last.
    Confirm,
    /// Of the place held last.
    Release,
    GiveUp,
}
use Wish::{Confirm, GiveUp, Hold, Release};

/// For each call of a clerk, one after another, what it may be.
type Plan = &'static [&'static [Wish]];

/// What an exploration may spend.
#[derive(Debug, Clone, Copy)]
struct Limits {
    plans: [Plan; 2],
    /// Messages and answers lost, messages sent twice, services dead.
    losses: usize,
}

/// How a world came about.
#[derive(Debug, Clone)]
struct Story(Unshown<Option<Rc<(String, Story)>>>);

/// What the service does for a clerk's call.
#[derive(Debug, Clone)]
enum Doing {
    /// Nothing: no service has the call (any more). The clerk will send it again.
    Unheard,
    /// Reading what it decides on.
    Loading(Kept),
    /// Its commit is on its way, made from these records.
    Waiting(Shared<Message>, Kept),
}

/// A call of a clerk, sent as often as needed under its one key.
#[derive(Debug, Clone)]
struct Call {
    number: usize,
    operation: Operation,
    /// How often it was begun anew: a confirmation then names another appointment.
    attempts: u128,
    doing: Doing,
}

#[derive(Debug, Clone)]
struct World {
    now: DateTime<Utc>,
    store: Shared<Store>,
    /// Sent, and not yet with the store.
    late: Vec<Shared<Message>>,
    clerks: [Option<Call>; 2],
    /// Calls made so far.
    made: [usize; 2],
    /// The number of the call that held a place last.
    held: [usize; 2],
    losses_left: usize,
    /// The same in all worlds.
    plans: Unshown<[Plan; 2]>,
    orders: Shared<Orders<OneSlot>>,
    /// Appointments told, by request.
    told: BTreeMap<usize, AppointmentId>,
    story: Story,
}

const SLOT: OneSlot = OneSlot { capacity: 1 };
/// More calls than a clerk makes.
const CALLS_MAX: usize = 10;
/// The number of what time does, among the calls.
const TIME: usize = 1_000;

fn slot() -> SlotId {
    SlotId::new(Uuid::from_u128(1))
}
fn request(clerk: usize) -> RequestId {
    RequestId::new(Uuid::from_u128(10 + clerk as u128))
}
fn nine() -> DateTime<Utc> {
    "2026-11-24T08:00:00Z".parse().unwrap()
}
/// After this step of the clock, holds made at nine are over.
fn later() -> TimeDelta {
    TimeDelta::minutes(5)
}

impl World {
    fn new(limits: Limits) -> Self {
        let mut world = Self {
            now: nine(),
            store: Shared::new(Store { records: BTreeMap::new(), answers: BTreeMap::new() }),
            late: Vec::new(),
            clerks: [None, None],
            made: [0; 2],
            held: [CALLS_MAX - 1, 2 * CALLS_MAX - 1],
            losses_left: limits.losses,
            plans: Unshown(limits.plans),
            orders: Shared::new(Orders::starting_from(Taken::default())),
            told: BTreeMap::new(),
            story: Story(Unshown(None)),
        };
        let location = Location {
            id: "cabinet".parse().unwrap(),
            name: "Cabinet".to_owned(),
            commune: "59658".parse().unwrap(),
            point: GeoPoint { lat: 50.5, lon: 2.9 },
            accessible: true,
        };
        let doctor = Practitioner {
            rpps: "19990000001".parse().unwrap(),
            name: "[FICTIF] Dr Test".to_owned(),
            profession: "10".parse().unwrap(),
            speciality: None,
            languages: Vec::new(),
            locations: vec![location],
            synthetic: true,
        };
        let start = nine() + TimeDelta::hours(1);
        let draft = SlotDraft {
            id: slot(),
            practitioner: doctor.rpps,
            location: "cabinet".parse().unwrap(),
            start,
            end: start + TimeDelta::minutes(15),
            modality: Modality::Ambulatory,
            audience: [Audience::Public].into(),
            arrival: Arrival::Routine,
            capacity: 1,
            extra_capacity: 0,
            source: SlotSource::Synthetic,
        };
        let triage = Triage {
            status: TriageStatus::Decided,
            recommended: None,
            decided: Some(Level::H24),
            decided_by: Some(DecidedBy::Regulation),
            decided_at: Some(nine()),
            delay_minutes: None,
            care_need: CareNeed { profession: "10".parse().unwrap(), speciality: None, modality: None },
            regulation_required: false,
            reopened: false,
            valid_until: None,
            pack: PackRef { id: "p".to_owned(), version: "1".to_owned(), hash: "h".to_owned() },
        };
        let asked = |clerk| NewRequest {
            id: request(clerk),
            channel: Channel::Operator,
            commune: "59658".parse().unwrap(),
            in_territory: true,
            facts_ref: "p".to_owned(),
            regulation_reference: None,
            follows: None,
            triage: triage.clone(),
        };
        for command in [
            Command::ListPractitioner(doctor.clone()),
            Command::Publish(vec![draft]),
            Command::CreateRequest(asked(0)),
            Command::CreateRequest(asked(1)),
        ] {
            world.at_once(&command);
        }
        world
    }

    /// A command of the service itself, without the network.
    fn at_once(&mut self, command: &Command) {
        let mut read = Kept::new();
        while self.read(&mut read, command) {}
        let message = self.decided(&read, command, Actor::service(), 2, 1_000 + self.store.it.answers.len());
        if !message.change.0.is_empty() {
            assert!(matches!(self.commit(&message), Said::Answer(Ok(_))));
        }
    }

    /// Reads, as the service does, one round of what a command still lacks; whether something is lacking then.
    fn read(&self, read: &mut Kept, command: &Command) -> bool {
        let lacking = missing(&as_records(read), command);
        read.extend(lacking.into_iter().map(|key| (key.clone(), self.store.it.load(&key))));
        !missing(&as_records(read), command).is_empty()
    }

    fn decided(&self, read: &Kept, command: &Command, actor: Actor, clerk: usize, key: usize) -> Message {
        let retention = Retention::of_the_table(Zone::PARIS);
        let context = Context { territory: "weppes".parse().unwrap(), actor, now: self.now, retention };
        let decision = decide(&as_records(read), command, &context);
        let change = decision.as_ref().map_or_else(|_| Change::default(), |decision| decision.change.clone());
        let guards = change.puts.keys().map(|key| (key.clone(), version_of(read, key))).collect();
        let answer = decision.map(|decision| decision.answer);
        Message { clerk, key, decided_at: self.now, guards, change: Unshown(change), answer }
    }

    fn commit(&mut self, message: &Message) -> Said {
        let mut store = Store::clone(&self.store.it);
        let said = store.commit(message, self.now);
        self.store = Shared::new(store);
        said
    }

    fn began(&mut self, call: usize, operation: Operation, foretold: Foretold<Answer>) {
        let mut orders = Orders::clone(&self.orders.it);
        orders.began(&SLOT, call, operation, foretold);
        self.orders = Shared::new(orders);
    }

    fn answered(&mut self, call: usize, answer: &Answer) {
        let mut orders = Orders::clone(&self.orders.it);
        orders.answered(&SLOT, call, answer);
        self.orders = Shared::new(orders);
    }

    fn command(&self, clerk: usize, call: &Call) -> Command {
        let request = request(clerk);
        match call.operation {
            Operation::Hold(_, hold) => {
                let (hold, until) = (format!("h{hold}").parse().unwrap(), self.now + later());
                Command::Hold { request, slot: slot(), hold, until, extra_consent: false }
            }
            Operation::Confirm(_, hold) => Command::Confirm {
                request,
                hold: format!("h{hold}").parse().unwrap(),
                appointment: AppointmentId::new(Uuid::from_u128(call.number as u128 * 100 + call.attempts)),
                identity_ref: "i".to_owned(),
            },
            Operation::Release(_, hold) => Command::Release { request, hold: format!("h{hold}").parse().unwrap() },
            _ => Command::Cancel { request, reason: "r".to_owned() },
        }
    }

    /// Every world that may come next.
    fn next(&self) -> Vec<Self> {
        let mut next = Vec::new();
        for clerk in 0..2 {
            match &self.clerks[clerk] {
                None => self.asks(clerk, &mut next),
                Some(call) => self.works(clerk, call, &mut next),
            }
        }
        for place in 0..self.late.len() {
            self.arrives(place, &mut next);
        }
        let mut world = self.then(|| "time".to_owned());
        if self.now == nine() {
            world.now += later();
            // Time ends the holds made so far at one instant, for everybody.
            for call in 0..2 * CALLS_MAX {
                let operation = Operation::End(call / CALLS_MAX, call);
                world.began(TIME, operation, Foretold::Answer(Answer::Done));
                world.answered(TIME, &Answer::Done);
            }
        } else {
            world.at_once(&Command::ExpireHolds { slot: slot() });
        }
        next.push(world);
        next
    }

    /// A world like this one, one step on.
    fn then(&self, step: impl Fn() -> String) -> Self {
        let mut world = self.clone();
        world.story = Story(Unshown(Some(Rc::new((step(), self.story.clone())))));
        world
    }

    fn with(&self, clerk: usize, call: Call, step: &str) -> Self {
        let mut world = self.then(|| format!("{:?}: {step}", call.operation));
        world.clerks[clerk] = Some(call);
        world
    }

    /// A clerk begins a call: a hold, or something with the hold just asked for, or giving up.
    fn asks(&self, clerk: usize, next: &mut Vec<Self>) {
        let number = clerk * CALLS_MAX + self.made[clerk];
        for wish in self.plans.0[clerk].get(self.made[clerk]).copied().unwrap_or_default() {
            let operation = match wish {
                Hold => Operation::Hold(clerk, number),
                Confirm => Operation::Confirm(clerk, self.held[clerk]),
                Release => Operation::Release(clerk, self.held[clerk]),
                GiveUp => Operation::Close(clerk),
            };
            let call = Call { number, operation, attempts: 0, doing: Doing::Unheard };
            let mut world = self.with(clerk, call, "asked");
            world.made[clerk] += 1;
            if let Hold = wish {
                world.held[clerk] = number;
            }
            world.began(number, operation, Foretold::Open);
            next.push(world);
        }
    }

    /// What may happen in the service that has a clerk's call.
    fn works(&self, clerk: usize, call: &Call, next: &mut Vec<Self>) {
        let again = |doing| Call { doing, ..call.clone() };
        match &call.doing {
            Doing::Unheard => match self.store.it.answers.get(&call.number) {
                // A service takes it up: first it asks whether the key is known.
                Some(answer) => next.push(self.hears(clerk, call, answer)),
                None => {
                    let taken_up = Call { attempts: call.attempts + 1, ..call.clone() };
                    next.push(self.reads(clerk, &taken_up, Kept::new()));
                }
            },
            Doing::Loading(read) => next.push(self.reads(clerk, call, read.clone())),
            Doing::Waiting(message, _) if self.losses_left > 0 => {
                // Nothing comes: the service sends the same again, whatever became of the first.
                let mut world = self.with(clerk, call.clone(), "sent again");
                world.losses_left -= 1;
                world.late.push(message.clone());
                next.push(world);
            }
            Doing::Waiting(..) => {}
        }
        // The service dies: nobody waits for its answer, and what it sent stays under way.
        if self.losses_left > 0 && !matches!(call.doing, Doing::Unheard) {
            let mut world = self.with(clerk, again(Doing::Unheard), "its service died");
            world.losses_left -= 1;
            next.push(world);
        }
    }

    /// Reads what is still lacking; with nothing lacking, decides and sends.
    fn reads(&self, clerk: usize, call: &Call, mut read: Kept) -> Self {
        let command = self.command(clerk, call);
        if self.read(&mut read, &command) {
            return self.with(clerk, Call { doing: Doing::Loading(read), ..call.clone() }, "read");
        }
        let message = self.decided(&read, &command, operator(), clerk, call.number);
        // What it writes follows from these.
        let message = Shared { print: print(&(&message, &read, call.attempts)), it: Rc::new(message) };
        let doing = Doing::Waiting(message.clone(), read);
        let mut world = self.with(clerk, Call { doing, ..call.clone() }, "decided and sent");
        world.late.push(message);
        world
    }

    /// A message reaches the store, or never does; its answer reaches the service, or nobody.
    fn arrives(&self, place: usize, next: &mut Vec<Self>) {
        let message = &*self.late[place].it;
        let mut world = self.then(|| format!("key {} arrives", message.key));
        world.late.remove(place);
        let lost = |world: &Self, what: &str| {
            let mut lost = world.then(|| what.to_owned());
            lost.losses_left -= 1;
            lost
        };
        if self.losses_left > 0 {
            next.push(lost(&world, "no, it was lost"));
        }
        let said = world.commit(message);
        let waits = world.clerks[message.clerk].clone().and_then(|call| match &call.doing {
            Doing::Waiting(sent, read) if sent.print == self.late[place].print => Some((call.clone(), read.clone())),
            _ => None,
        });
        let Some((call, mut read)) = waits else {
            next.push(world);
            return;
        };
        if self.losses_left > 0 {
            next.push(lost(&world, "its answer was lost"));
        }
        match said {
            Said::Answer(answer) => next.push(world.hears(message.clerk, &call, &answer)),
            // Decided again, from the one record that had changed and the others as they were read.
            Said::Skew => {
                next.push(world.with(message.clerk, Call { doing: Doing::Loading(read), ..call }, "another time"));
            }
            Said::Stale(key) => {
                read.insert(key.clone(), world.store.it.load(&key));
                next.push(world.with(message.clerk, Call { doing: Doing::Loading(read), ..call }, "stale"));
            }
        }
    }

    /// A clerk hears the outcome.
    fn hears(&self, clerk: usize, call: &Call, outcome: &Result<Outcome, Refusal>) -> Self {
        let mut world = self.then(|| format!("{:?}: {outcome:?}", call.operation));
        let answer = match outcome {
            Ok(Outcome::Booked { appointment }) => {
                let told = world.told.insert(clerk, *appointment);
                assert!(told.is_none_or(|told| told == *appointment), "one booking, two appointments");
                Answer::Done
            }
            Ok(_) => Answer::Done,
            Err(Refusal::SlotTaken) if matches!(call.operation, Operation::Hold(..)) => Answer::Full,
            Err(Refusal::SlotTaken | Refusal::HoldExpired) => Answer::NotHeld,
            Err(Refusal::WrongState { .. }) => Answer::Closed,
            Err(other) => panic!("{other:?}"),
        };
        world.answered(call.number, &answer);
        world.clerks[clerk] = None;
        world
    }

    /// What must hold in every world.
    fn check(&self) {
        assert!(self.orders.it.count() > 0, "the answers fit no order:{}", self.story());
        let (_, Some(record)) = self.store.it.load(&RecordKey::slot(slot())) else { panic!("the slot is gone") };
        let Record::Slot(slot) = &*record.it else { panic!("not a slot") };
        assert!(slot.taken(self.now) <= 1, "sold twice:{}", self.story());
        for (clerk, appointment) in &self.told {
            let (_, Some(record)) = self.store.it.load(&RecordKey::appointment(*appointment)) else {
                panic!("an acknowledged booking is gone:{}", self.story())
            };
            let Record::Appointment(made) = &*record.it else { panic!("not an appointment") };
            assert_eq!(made.request, request(*clerk));
        }
        // What the store has is what some order of the calls leads to.
        let there: Vec<usize> =
            slot.bookings.iter().map(|b| (0..2).find(|clerk| request(*clerk) == b.request).unwrap()).collect();
        if self.clerks.iter().all(Option::is_none) && self.late.is_empty() {
            assert!(
                self.orders.it.ways().iter().any(|(state, _)| state.sold().into_iter().eq(there.iter().copied())),
                "{there:?} is booked, which no order leads to:{}",
                self.story()
            );
        }
    }

    /// How it came about, step by step.
    fn story(&self) -> String {
        let mut steps = Vec::new();
        let mut story = &self.story;
        while let Story(Unshown(Some(step))) = story {
            steps.push(format!("\n  {}", step.0));
            story = &step.1;
        }
        steps.into_iter().rev().collect()
    }
}

fn operator() -> Actor {
    Actor { role: Role::Operator, id: "op-1".to_owned() }
}

/// How many worlds there are, each seen once.
fn explore(limits: Limits) -> usize {
    let start = World::new(limits);
    let mut seen = HashSet::from([print(&start)]);
    let mut todo = vec![start];
    while let Some(world) = todo.pop() {
        world.check();
        for next in world.next() {
            if seen.insert(print(&next)) {
                todo.push(next);
            }
        }
    }
    seen.len()
}

/// A hold or nothing, then anything.
const ANY_TWO: Plan = &[&[Hold, GiveUp], &[Hold, Confirm, Release, GiveUp]];
/// A booking, and it is cancelled.
const BOOK_AND_CANCEL: Plan = &[&[Hold], &[Confirm], &[GiveUp]];
const BOOK: Plan = &[&[Hold], &[Confirm]];

/// `AIGUILLEUR_WORLDS=all` explores, in a few minutes, whatever two clerks may do in two calls each with one loss.
#[test]
fn in_no_history_of_a_small_world_is_a_place_sold_twice_or_an_answer_out_of_order() {
    let mut explored = vec![
        ("two calls each, nothing lost", Limits { plans: [ANY_TWO; 2], losses: 0 }),
        ("two bookings, one loss", Limits { plans: [BOOK; 2], losses: 1 }),
        ("a booking cancelled beside a hold, one loss", Limits { plans: [BOOK_AND_CANCEL, &[&[Hold]]], losses: 1 }),
        ("two holds, two losses", Limits { plans: [&[&[Hold]]; 2], losses: 2 }),
    ];
    if std::env::var_os("AIGUILLEUR_WORLDS").is_some_and(|worlds| worlds == "all") {
        explored.push(("two calls each, one loss", Limits { plans: [ANY_TWO; 2], losses: 1 }));
        explored.push(("two bookings, two losses", Limits { plans: [BOOK; 2], losses: 2 }));
    }
    let mut total = 0;
    for (what, limits) in explored {
        let worlds = explore(limits);
        println!("{what}: {worlds} worlds");
        total += worlds;
    }
    println!("{total} worlds in all");
    assert!(total > 100_000, "only {total} worlds: something is not explored any more");
}
