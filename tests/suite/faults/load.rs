//! A load of bookings: clerks who enter requests, hold, confirm, give back, cancel and look, without pause, each call under a
//! key of its own and sent again until its outcome is known. All they hear is written down.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::api::need;
use crate::support::history::one_slot::{Answer, Operation};
use crate::support::history::{Asked, Recorder};
use crate::support::nodes::Nodes;

/// How long a hold lasts in the service, less what clocks may differ.
const HOLD: Duration = Duration::from_secs(299);

/// One booking somebody was told of.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) request: usize,
    pub(crate) slot: usize,
    pub(crate) cancelled: bool,
}

/// What the clerks were told, to be compared with what is there in the end.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Identifiers of requests, by number.
    pub(crate) requests: Vec<String>,
    /// Bookings, by appointment.
    pub(crate) told: BTreeMap<String, Told>,
    /// What was seen in a slot: appointments, places taken.
    looks: Vec<(Asked, BTreeSet<String>, usize)>,
    /// What the clerks were answered, by request, in order.
    pub(crate) said: HashMap<usize, Vec<String>>,
    /// Answers nobody can explain.
    pub(crate) odd: Vec<String>,
}

/// Slots of the load: few places that everybody wants, and many in which bookings stay.
pub(crate) struct Slots {
    pub(crate) ids: Vec<String>,
    /// The first so many are the wanted ones.
    pub(crate) wanted: usize,
}

/// Places of a slot that everybody wants, and of one in which bookings stay.
pub(crate) const WANTED: u16 = 2;
pub(crate) const ROOMY: u16 = 24;

impl Slots {
    /// How many places a slot has.
    pub(crate) fn places(&self, slot: usize) -> usize {
        usize::from(if slot < self.wanted { WANTED } else { ROOMY })
    }
}

pub(crate) struct Load {
    pub(crate) nodes: Arc<Nodes>,
    pub(crate) slots: Slots,
    pub(crate) recorder: Recorder,
    pub(crate) ledger: Mutex<Ledger>,
    acknowledged: AtomicUsize,
    enough: AtomicBool,
}

/// The name of a patient nobody is, another for every request.
pub(crate) fn last_name(request: usize) -> String {
    let letters = request.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect::<String>();
    format!("Quenouillard-{letters}")
}

impl Load {
    pub(crate) fn new(nodes: Arc<Nodes>, slots: Slots) -> Arc<Self> {
        Arc::new(Self {
            nodes,
            slots,
            recorder: Recorder::new(HOLD),
            ledger: Mutex::default(),
            acknowledged: AtomicUsize::new(0),
            enough: AtomicBool::new(false),
        })
    }

    /// Puts so many clerks to work.
    pub(crate) fn start(self: &Arc<Self>, clerks: u64) -> Vec<JoinHandle<()>> {
        (0..clerks).map(|clerk| tokio::spawn(self.clone().work(clerk))).collect()
    }

    /// Bookings acknowledged so far.
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Every clerk ends what they have begun, and stops.
    pub(crate) async fn stop(&self, clerks: Vec<JoinHandle<()>>) {
        self.enough.store(true, Ordering::SeqCst);
        for clerk in clerks {
            clerk.await.expect("no clerk fails");
        }
    }

    async fn work(self: Arc<Self>, clerk: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(clerk);
        while !self.enough.load(Ordering::SeqCst) {
            let number = self.enter().await;
            let wanted = rng.random_bool(0.4);
            let slot = match wanted {
                true => rng.random_range(0..self.slots.wanted),
                false => rng.random_range(self.slots.wanted..self.slots.ids.len()),
            };
            if rng.random_bool(0.3) {
                self.look(slot).await;
            }
            // A second hold, if its place is free, gives the first back.
            let mut holds = vec![(slot, number * 2)];
            if rng.random_bool(0.2) {
                holds.push((rng.random_range(0..self.slots.wanted), number * 2 + 1));
            }
            let mut held = None;
            for (slot, hold) in holds {
                if self.hold(number, slot, hold).await {
                    held = Some((slot, hold));
                }
            }
            let booked = match held {
                Some((slot, hold)) if rng.random_bool(0.1) => {
                    self.release(number, slot, hold).await;
                    false
                }
                Some((slot, hold)) => self.confirm(number, slot, hold).await,
                None => false,
            };
            // Nobody is left waiting; most bookings are cancelled, so that places come back however long this lasts.
            let stays = booked && rng.random_bool(if wanted { 0.1 } else { 0.6 });
            if !stays || held.is_some_and(|(slot, _)| !self.has_room(slot)) {
                self.cancel(number).await;
            }
        }
    }

    /// Whether another booking may stay in a slot: at most half of its places are given away for good.
    fn has_room(&self, slot: usize) -> bool {
        let ledger = self.ledger.lock().unwrap();
        let kept = ledger.told.values().filter(|told| told.slot == slot && !told.cancelled).count();
        kept <= self.slots.places(slot) / 2
    }

    async fn enter(&self) -> usize {
        let number = {
            let mut ledger = self.ledger.lock().unwrap();
            ledger.requests.push(String::new());
            ledger.requests.len() - 1
        };
        let (status, request) = self.nodes.ask(&format!("r{number}"), "/requests", &need("h48")).await;
        assert_eq!(status, 201, "{request}");
        self.ledger.lock().unwrap().requests[number] = request["id"].as_str().expect("an id").to_owned();
        number
    }

    /// Sends a call about a request; its status and document.
    async fn call(&self, key: &str, number: usize, verb: &str, body: &Value) -> (u16, Value) {
        let id = self.ledger.lock().unwrap().requests[number].clone();
        let answer = self.nodes.ask(key, &format!("/requests/{id}/{verb}"), body).await;
        let said = format!("{verb} under {key} ({body}): {} {}", answer.0, answer.1);
        self.ledger.lock().unwrap().said.entry(number).or_default().push(said);
        answer
    }

    /// Writes an answer down; one that nobody can explain is kept apart.
    fn heard(&self, asked: Asked, known: Option<Answer>, what: &str, (status, document): &(u16, Value)) -> bool {
        match known {
            Some(answer) => {
                let done = answer == Answer::Done;
                self.recorder.hears(asked, answer);
                done
            }
            None => {
                self.recorder.drops(asked);
                self.ledger.lock().unwrap().odd.push(format!("{what}: {status} {document}"));
                false
            }
        }
    }

    async fn hold(&self, number: usize, slot: usize, hold: usize) -> bool {
        let asked = self.recorder.asks(slot, Operation::Hold(number, hold));
        let body = json!({ "slot_id": self.slots.ids[slot], "hold_id": format!("h{hold}") });
        let answer = self.call(&format!("h{hold}"), number, "hold", &body).await;
        let known = match (answer.0, kind(&answer.1)) {
            (200, _) => Some(Answer::Done),
            (409, "slot-taken") => Some(Answer::Full),
            _ => None,
        };
        self.heard(asked, known, "hold", &answer)
    }

    async fn confirm(&self, number: usize, slot: usize, hold: usize) -> bool {
        let asked = self.recorder.asks(slot, Operation::Confirm(number, hold));
        let patient = json!({ "first_name": "Zéphyrine", "last_name": last_name(number), "phone": "06 39 98 76 54" });
        let body = json!({ "hold_id": format!("h{hold}"), "patient": patient });
        let answer = self.call(&format!("c{hold}"), number, "confirm", &body).await;
        let known = match (answer.0, kind(&answer.1)) {
            (201, _) => Some(Answer::Done),
            (409, "hold-expired" | "slot-taken") => Some(Answer::NotHeld),
            _ => None,
        };
        let done = self.heard(asked, known, "confirm", &answer);
        if done {
            let appointment = answer.1["id"].as_str().expect("an id").to_owned();
            let told = Told { request: number, slot, cancelled: false };
            let before = self.ledger.lock().unwrap().told.insert(appointment, told);
            assert!(before.is_none(), "one appointment, told twice: {}", answer.1);
            self.acknowledged.fetch_add(1, Ordering::SeqCst);
        }
        done
    }

    async fn release(&self, number: usize, slot: usize, hold: usize) {
        let asked = self.recorder.asks(slot, Operation::Release(number, hold));
        let body = json!({ "hold_id": format!("h{hold}") });
        let answer = self.call(&format!("g{hold}"), number, "release", &body).await;
        self.heard(asked, (answer.0 == 200).then_some(Answer::Done), "release", &answer);
    }

    async fn cancel(&self, number: usize) {
        let asked = self.recorder.asks(0, Operation::Close(number));
        let answer = self.call(&format!("x{number}"), number, "cancel", &json!({ "reason": "ne vient plus" })).await;
        if self.heard(asked, (answer.0 == 200).then_some(Answer::Done), "cancel", &answer) {
            let mut ledger = self.ledger.lock().unwrap();
            ledger.told.values_mut().filter(|told| told.request == number).for_each(|told| told.cancelled = true);
        }
    }

    pub(crate) async fn look(&self, slot: usize) {
        let asked = self.recorder.asks(slot, Operation::Look);
        let seen = self.nodes.read("demo-operator", &format!("/slots/{}", self.slots.ids[slot])).await;
        // Whose the appointments are is found out when all is known.
        self.recorder.hears(asked, Answer::Seen(BTreeSet::new(), 0));
        let taken = usize::try_from(seen["taken"].as_u64().expect("a number")).expect("few");
        self.ledger.lock().unwrap().looks.push((asked, appointments(&seen), taken));
    }

    /// Writes down for whom the appointments are that were seen.
    pub(crate) fn explain_looks(&self) {
        let ledger = &mut *self.ledger.lock().unwrap();
        for (asked, appointments, taken) in std::mem::take(&mut ledger.looks) {
            let mut requests = BTreeSet::new();
            for appointment in appointments {
                match ledger.told.get(&appointment) {
                    Some(told) => drop(requests.insert(told.request)),
                    None => ledger.odd.push(format!("{appointment} was seen in a slot, and nobody was told of it")),
                }
            }
            self.recorder.corrects(asked, Answer::Seen(requests, taken));
        }
    }

    /// What should be in each slot in the end.
    pub(crate) fn kept(&self) -> HashMap<usize, BTreeSet<String>> {
        let mut kept: HashMap<usize, BTreeSet<String>> = HashMap::new();
        for (appointment, told) in self.ledger.lock().unwrap().told.iter().filter(|(_, told)| !told.cancelled) {
            kept.entry(told.slot).or_default().insert(appointment.clone());
        }
        kept
    }
}

/// The appointments a slot shows.
pub(crate) fn appointments(slot: &Value) -> BTreeSet<String> {
    let ids = slot["appointments"].as_array().expect("ids").iter();
    ids.map(|id| id.as_str().expect("an id").to_owned()).collect()
}

/// The kind of a problem.
fn kind(document: &Value) -> &str {
    document["type"].as_str().and_then(|uri| uri.rsplit('/').next()).unwrap_or_default()
}
