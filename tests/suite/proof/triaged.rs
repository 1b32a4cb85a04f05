//! P11, P13 and P17 (triage.md §4) over the service itself, its real pack and a store: random calls in which everybody answers,
//! raises, lowers, agrees and books as they please.

use std::collections::{BTreeMap, BTreeSet};

use aiguilleur::booking::{Call, Case, Failure, PromiseOrder, RequestOrder};
use aiguilleur::domain::{
    Actor, Age, Answer, CareRequest, EventKind, HoldId, Level, PatientFacts, Phase, Record, RecordKey, Refusal,
    RequestId, Role, Sex, SlotId, TriageStatus,
};
use aiguilleur::store::{Store as _, chain, codec};
use aiguilleur::triage::evaluation::Spoken;
use aiguilleur::views::{FactsByRef, TerritoryState};
use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use crate::support::desk::{Desk, patient};

/// Histories, and what is tried in each.
const HISTORIES: u64 = 24;
const STEPS: usize = 70;

const COMPLAINTS: [&str; 5] = ["mal_de_gorge", "lombalgie", "fievre_adulte", "certificat", "douleur_thoracique"];

/// What the test knows of a request besides its record.
#[derive(Debug, Default)]
struct Known {
    /// Red flags somebody said yes to since a régulateur last decided, corrected since or not.
    alarms: BTreeSet<String>,
    /// No physician has had a say.
    untouched: bool,
    /// The latest start a régulateur gave leave for.
    leave: Option<DateTime<Utc>>,
}

/// How often each thing happened.
type Seen = BTreeMap<&'static str, usize>;

struct Story {
    desk: Desk,
    rng: ChaCha8Rng,
    slots: Vec<SlotId>,
    requests: Vec<RequestId>,
    known: BTreeMap<RequestId, Known>,
    last: u64,
    holds: usize,
    seen: Seen,
}

fn reason() -> String {
    "parce que".to_owned()
}

impl Story {
    async fn begin(seed: u64) -> Self {
        let desk = Desk::open().await;
        let mut slots = Vec::new();
        for n in 0..12 {
            slots.push(desk.publish(45 + 300 * n, 20).await);
        }
        let (requests, known, seen) = (Vec::new(), BTreeMap::new(), Seen::new());
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let mut story = Self { desk, rng, slots, requests, known, last: 0, holds: 0, seen };
        story.last = story.events_since(0).await.last().map_or(0, |event| event.seq);
        story
    }

    fn note(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    fn call(&mut self, request: RequestId) -> Call {
        let (role, id) = match self.rng.random_range(0..6) {
            0..=2 => (Role::Operator, "op-1".to_owned()),
            3 => (Role::Patient, request.to_string()),
            _ => (Role::Regulator, "reg-1".to_owned()),
        };
        Call { actor: Actor { role, id }, key: None, fingerprint: [0; 16] }
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.rng.random_range(0..among.len())]
    }

    async fn events_since(&self, seq: u64) -> Vec<aiguilleur::store::StoredEvent> {
        self.desk.store.events(&self.desk.booking.territory.id, seq, 100_000).await.unwrap().events
    }

    /// P17: what was done stands in the stream, by whom.
    async fn is_told(&mut self, call: &Call, kind: EventKind) {
        let events = self.events_since(self.last).await;
        let told = events.iter().map(|event| codec::decode_event(event).unwrap().event);
        assert!(told.into_iter().any(|event| event.kind == kind && event.actor == call.actor), "{kind} is not told");
        self.last = events.last().unwrap().seq;
        self.note(kind.code());
    }

    fn name_of(&self, spoken: Spoken) -> String {
        let pack = &self.desk.booking.pack;
        match spoken {
            Spoken::Question(block, at) => {
                format!("{}.{}", pack.complaints[block].id, pack.complaints[block].questions[at].id)
            }
            Spoken::Group(block, at) => {
                format!("{}.{}", pack.complaints[block].id, pack.complaints[block].groups[at].id)
            }
        }
    }

    /// Some answers: to what is due, mostly no, or to any question of the blocks in play, mostly not.
    fn answers(&mut self, facts: &PatientFacts) -> BTreeMap<String, Answer> {
        let booking = self.desk.booking.clone();
        let due = booking.evaluated(facts, booking.now()).map(|evaluation| evaluation.must_ask).unwrap_or_default();
        let mut answers = BTreeMap::new();
        if self.rng.random_bool(0.6) {
            let doubtful = self.rng.random_bool(0.1);
            for spoken in due {
                let answer = if doubtful && self.rng.random_bool(0.1) { Answer::Unknown } else { Answer::No };
                answers.insert(self.name_of(spoken), answer);
            }
        } else {
            for _ in 0..self.rng.random_range(1..3) {
                let block = ["signes_vitaux", facts.complaint.as_str()][self.rng.random_range(0..2)];
                let block = booking.pack.complaint(&block.parse().unwrap()).unwrap();
                let question = &block.questions[self.rng.random_range(0..block.questions.len())];
                let answer = self.pick(&[Answer::Yes, Answer::Yes, Answer::No, Answer::No, Answer::Unknown]);
                answers.insert(format!("{}.{}", block.id, question.id), answer);
            }
        }
        answers
    }

    fn flags(&mut self) -> BTreeMap<String, Answer> {
        let pack = self.desk.booking.pack.clone();
        let mut flags = BTreeMap::new();
        if self.rng.random_bool(0.2) {
            let flag = &pack.flags[self.rng.random_range(0..pack.flags.len())];
            flags.insert(flag.id.clone(), self.pick(&[Answer::Yes, Answer::No, Answer::Unknown]));
        }
        flags
    }

    /// Red flags that are yes in these answers and were not before.
    fn new_alarms(&self, before: &BTreeMap<String, Answer>, said: &BTreeMap<String, Answer>) -> BTreeSet<String> {
        let pack = &self.desk.booking.pack;
        let is_red =
            |name: &str| pack.question(name).is_some_and(|(block, at)| pack.complaints[block].questions[at].red_flag);
        let new = said.iter().filter(|(name, answer)| {
            **answer == Answer::Yes && before.get(*name) != Some(&Answer::Yes) && is_red(name)
        });
        new.map(|(name, _)| name.clone()).collect()
    }

    /// What a call came to, where the rules did not refuse it.
    fn done<T>(&mut self, outcome: Result<T, Failure>) -> Option<T> {
        match outcome {
            Ok(done) => Some(done),
            Err(Failure::Refused { refusal, .. }) => {
                match refusal {
                    Refusal::LoweringNeedsRegulator { .. } => self.note("lowering refused"),
                    Refusal::RegulationRequired => self.note("booking refused: régulateur"),
                    Refusal::NotQualified => self.note("booking refused: no level"),
                    Refusal::Emergency => self.note("refused: emergency"),
                    Refusal::Unsuitable { .. } => self.note("booking refused: unsuitable"),
                    _ => {}
                }
                None
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn case(&self, request: RequestId) -> Case {
        self.desk.booking.case(request).await.unwrap()
    }

    async fn enter(&mut self) {
        let id = RequestId::new(Uuid::from_u128(self.rng.random()));
        let call =
            Call { actor: Actor { role: Role::Operator, id: "op-1".to_owned() }, key: None, fingerprint: [0; 16] };
        let mut order: RequestOrder = self.desk.order(Level::H24);
        order.level =
            self.rng.random_bool(0.25).then(|| self.pick(&[Level::Programmed, Level::H48, Level::H24, Level::SameDay]));
        order.facts.complaint = self.pick(&COMPLAINTS).parse().unwrap();
        order.facts.age = Age::Years(self.pick(&[4, 30, 58, 80]));
        order.facts.sex = self.pick(&[Sex::Female, Sex::Male, Sex::Unknown]);
        if self.rng.random_bool(0.3) {
            order.facts.answers = self.answers(&order.facts);
        }
        let alarms = self.new_alarms(&BTreeMap::new(), &order.facts.answers);
        let untouched = order.level.is_none();
        self.desk.booking.enter_request(&call, id, order).await.unwrap();
        self.is_told(&call, EventKind::RequestCreated).await;
        self.requests.push(id);
        self.known.insert(id, Known { alarms, untouched, leave: None });
        self.holds(None, &self.case(id).await.request, &call.actor, false);
    }

    /// P11, after anything that happened to a request.
    fn holds(&mut self, before: Option<&CareRequest>, after: &CareRequest, by: &Actor, sets: bool) {
        let known = &self.known[&after.id];
        let (was, is) = (before.and_then(CareRequest::level), after.level());
        let by_regulator = sets && by.role == Role::Regulator;
        assert!(is >= was || by_regulator, "{by:?} lowers {was:?} to {is:?}");
        assert!(known.alarms.is_empty() || is == Some(Level::Immediate), "{is:?} in spite of {:?}", known.alarms);
        assert!(!known.untouched || is.is_none() || is >= after.triage.recommended, "{:?}", after.triage);
        let closed = after.is_closed() && before.is_some_and(|before| !before.is_closed());
        assert!(
            !closed || is != Some(Level::Immediate) || after.phase == Phase::HandedTo15,
            "an emergency ends by {by:?}"
        );
        let stopped = !known.alarms.is_empty() && was != is;
        if is < was {
            self.note(if was == Some(Level::Immediate) {
                "red flag cleared by a régulateur"
            } else {
                "lowered by a régulateur"
            });
        }
        if stopped {
            self.note("stopped");
        }
    }

    async fn step(&mut self) {
        if self.requests.len() < 2 || self.rng.random_bool(0.08) {
            return self.enter().await;
        }
        let recent = self.requests.len().saturating_sub(3);
        let id = self.requests[self.rng.random_range(recent..self.requests.len())];
        let (before, call, booking) = (self.case(id).await, self.call(id), self.desk.booking.clone());
        let mut sets = false;
        match self.rng.random_range(0..20) {
            0..=7 => {
                let facts = before.facts.clone();
                let Some(facts) = facts.filter(|_| !before.request.is_closed()) else { return };
                let (answers, flags) = (self.answers(&facts), self.flags());
                let new = self.new_alarms(&facts.answers, &answers);
                let again = new
                    .iter()
                    .any(|_| before.request.triage.decided_by == Some(aiguilleur::domain::DecidedBy::Regulator));
                if self.done(booking.add_answers(&call, id, answers, flags).await).is_some() {
                    self.is_told(&call, EventKind::RequestAnswered).await;
                    self.known.get_mut(&id).unwrap().alarms.extend(new);
                    if again {
                        self.note("red flag after a régulateur decided");
                    }
                }
            }
            8..=10 => {
                let level = self.pick(Level::ALL);
                // The edge lets nobody else in, and so do the rules.
                if self.done(booking.set_level(&call, id, level, reason()).await).is_some() {
                    self.is_told(&call, EventKind::RequestLevelled).await;
                    sets = true;
                    let known = self.known.get_mut(&id).unwrap();
                    known.untouched &= before.request.level().is_some() && call.actor.role != Role::Regulator;
                    if call.actor.role == Role::Regulator {
                        known.alarms.clear();
                    }
                }
            }
            11 | 12 => {
                let latest =
                    self.rng.random_bool(0.7).then(|| booking.now() + TimeDelta::hours(self.rng.random_range(1..96)));
                if self.done(booking.agree(&call, id, reason(), latest).await).is_some() {
                    assert_eq!(call.actor.role, Role::Regulator, "only a régulateur agrees");
                    self.is_told(&call, EventKind::RequestAgreed).await;
                    self.known.get_mut(&id).unwrap().leave = latest;
                }
            }
            13..=17 => self.book(id, &call).await,
            18 => match self.rng.random_range(0..4) {
                0 => {
                    if self.done(booking.hand_over_to_15(&call, id).await).is_some() {
                        self.is_told(&call, EventKind::RequestHandedTo15).await;
                    }
                }
                1 => {
                    if self.done(booking.cancel(&call, id, reason()).await).is_some() {
                        self.is_told(&call, EventKind::RequestCancelled).await;
                    }
                }
                _ => {
                    let order = PromiseOrder { notice_minutes: 60, patient: None };
                    if self.done(booking.promise(&call, id, order).await).is_some() {
                        self.is_told(&call, EventKind::RequestPromised).await;
                    }
                }
            },
            _ => {
                let minutes = self.rng.random_range(0..150);
                self.desk.clock.advance(TimeDelta::minutes(minutes));
            }
        }
        let after = self.case(id).await;
        self.holds(Some(&before.request), &after.request, &call.actor, sets);
    }

    /// Holds a place and books it, any at all: P13.
    async fn book(&mut self, id: RequestId, call: &Call) {
        let booking = self.desk.booking.clone();
        let slot = self.pick(&self.slots.clone());
        self.holds += 1;
        let hold: HoldId = format!("h{}", self.holds).parse().unwrap();
        if self.done(booking.hold(call, id, slot, hold.clone(), false).await).is_none() {
            return;
        }
        let before = self.case(id).await.request;
        let Some(made) = self.done(booking.confirm(call, id, hold, &patient()).await) else { return };
        self.is_told(call, EventKind::AppointmentBooked).await;
        let after = self.case(id).await.request;
        assert!(before.level().is_some_and(|level| level < Level::Immediate));
        assert_eq!((after.triage.status, &before.phase), (TriageStatus::Decided, &Phase::Open));
        let agreement = after.agreement.as_ref().filter(|agreement| agreement.actor.role == Role::Regulator);
        assert!(!after.triage.regulation_required || agreement.is_some(), "nobody agreed to {after:?}");
        let delay = after.triage.delay_minutes.map(|minutes| TimeDelta::minutes(minutes.into()));
        let end =
            after.triage.decided_at.zip(delay.or(after.level().and_then(Level::delay))).map(|(at, delay)| at + delay);
        if end.is_some_and(|end| made.start > end) {
            let leave = agreement.and_then(|agreement| agreement.latest);
            assert!(leave.is_some_and(|latest| made.start <= latest) && leave == self.known[&id].leave, "{after:?}");
            self.note("booked later with a régulateur's leave");
        }
        if after.triage.regulation_required {
            self.note("booked with a régulateur's agreement");
        }
    }

    /// P17: the stream is a chain without a gap, and whoever reads it from its beginning has what the store has and what this
    /// node shows.
    async fn told_whole(&self) -> usize {
        let (stored, territory) = (self.events_since(0).await, &self.desk.booking.territory.id);
        let mut state = TerritoryState::default();
        let (mut before, mut records) = (chain::START.to_owned(), BTreeMap::new());
        for (event, seq) in stored.iter().zip(1..) {
            assert_eq!(event.seq, seq);
            assert_eq!(event.chain, chain::link(&before, event.seq, event.at, &event.kind, &event.body), "{seq}");
            before = event.chain.clone();
            let recorded = codec::decode_event(event).unwrap();
            state.apply(&recorded, &FactsByRef::new());
            for written in recorded.event.after {
                records.insert(written.record.key(), (written.version, written.record));
            }
        }
        for (key, (version, record)) in &records {
            let there = self.desk.store.load(territory, std::slice::from_ref(key)).await.unwrap().remove(0);
            assert_eq!((there.version, codec::decode_versioned(&there).unwrap().as_ref()), (*version, Some(record)));
        }
        let shown = |state: &TerritoryState| {
            let mut requests: Vec<_> = state.board.all().map(|case| (case.request.clone(), case.version)).collect();
            let mut appointments: Vec<_> = state.appointments.all().cloned().collect();
            let mut slots: Vec<_> = state.slots.all().map(|placed| (placed.slot.clone(), placed.version)).collect();
            requests.sort_by_key(|(request, _)| request.id);
            appointments.sort_by_key(|entry| entry.appointment.id);
            slots.sort_by_key(|(slot, _)| slot.id);
            let histories =
                requests.iter().map(|(request, _)| format!("{:?}", state.histories.of(request.id))).collect::<Vec<_>>();
            (requests, appointments, slots, histories)
        };
        let live = self.desk.booking.view.read(shown);
        assert!(live == shown(&state), "this node shows something else than the stream tells");
        for id in &self.requests {
            assert!(matches!(records.get(&RecordKey::request(*id)), Some((_, Record::Request(_)))));
        }
        stored.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_p13_p17_whatever_everybody_does_levels_bookings_and_the_stream_keep_their_word() {
    let (mut seen, mut events) = (Seen::new(), 0);
    for seed in 0..HISTORIES {
        let mut story = Story::begin(seed).await;
        for _ in 0..STEPS {
            story.step().await;
        }
        events += story.told_whole().await;
        for (what, count) in story.seen {
            *seen.entry(what).or_default() += count;
        }
    }
    println!("P11, P13, P17: {HISTORIES} histories of {STEPS} steps, {events} events: {seen:?}");
    for what in [
        "appointment.booked",
        "booked later with a régulateur's leave",
        "booking refused: no level",
        "booking refused: régulateur",
        "booking refused: unsuitable",
        "lowered by a régulateur",
        "lowering refused",
        "red flag after a régulateur decided",
        "red flag cleared by a régulateur",
        "refused: emergency",
        "request.agreed",
        "request.answered",
        "request.created",
        "request.handed_to_15",
        "request.levelled",
        "stopped",
    ] {
        assert!(seen.get(what).is_some_and(|count| *count > 0), "{what}: too seldom to show anything: {seen:?}");
    }
}
