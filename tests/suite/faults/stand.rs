//! Two nodes of the service on one Redis, each by a line of its own, and a load of bookings on them.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aiguilleur::clock::SystemClock;
use aiguilleur::store::{RedisOptions, RedisStore};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::load::{Load, ROOMY, Slots, WANTED, appointments, last_name};
use crate::store::sample::{assert_sound, history, weppes};
use crate::support::follower::{Followed, follow};
use crate::support::nodes::Nodes;
use crate::support::process::{Demo, NINE};
use crate::support::proxy::Proxy;
use crate::support::redis::RedisServer;

/// How long nothing may be booked, whatever happened.
const AGAIN_WITHIN: Duration = Duration::from_secs(30);

/// Clerks at work.
const CLERKS: u64 = 12;

pub(crate) struct Stand {
    pub(crate) redis: RedisServer,
    pub(crate) lines: Vec<Proxy>,
    demos: Vec<Option<Demo>>,
    folder: tempfile::TempDir,
    pub(crate) load: Arc<Load>,
    clerks: Vec<JoinHandle<()>>,
    consoles: Vec<JoinHandle<Followed>>,
    consoles_stop: watch::Sender<bool>,
    /// How long each start of a node took.
    pub(crate) starts: Vec<Duration>,
}

/// Starts a node; again while its Redis cannot be reached, as a supervisor does.
async fn start_node(line: u16, folder: &Path) -> (Demo, Duration) {
    let store = format!("redis://127.0.0.1:{line}/0");
    let folder = folder.to_str().expect("a readable path").to_owned();
    let give_up = Instant::now() + AGAIN_WITHIN;
    loop {
        let arguments = ["--at", NINE, "--seed", "7", "--store", &store, "--data", &folder].map(str::to_owned);
        let began = Instant::now();
        let started = tokio::task::spawn_blocking(move || Demo::with(&arguments.each_ref().map(String::as_str)));
        match started.await.expect("it runs") {
            Ok(demo) => return (demo, began.elapsed()),
            Err(said) => assert!(Instant::now() < give_up, "the node does not start: {said}"),
        }
        sleep(Duration::from_millis(100)).await;
    }
}

impl Stand {
    /// With clerks at work.
    pub(crate) async fn start() -> Self {
        let redis = RedisServer::start();
        let folder = tempfile::tempdir().expect("a folder");
        let (mut lines, mut demos, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..2 {
            let line = Proxy::to(redis.port()).await;
            let (demo, took) = start_node(line.port(), folder.path()).await;
            lines.push(line);
            demos.push(demo);
            starts.push(took);
        }
        let mut ids = demos[0].publish_places(8, WANTED).await;
        let wanted = ids.len();
        ids.extend(demos[0].publish_places(16, ROOMY).await);
        let nodes = Arc::new(Nodes::new(demos.iter().map(|demo| (**demo).clone()).collect()));
        let load = Load::new(nodes.clone(), Slots { ids, wanted });
        let (consoles_stop, stopped) = watch::channel(false);
        let consoles = (0..2).map(|place| tokio::spawn(follow(nodes.clone(), place, stopped.clone()))).collect();
        let clerks = load.start(CLERKS);
        let demos = demos.into_iter().map(Some).collect();
        Self { redis, lines, demos, folder, load, clerks, consoles, consoles_stop, starts }
    }

    /// Kills a node, and starts the next at once.
    pub(crate) async fn kill_node(&mut self, place: usize) {
        tokio::task::block_in_place(|| self.demos[place].take().expect("it runs").kill());
        let (demo, took) = start_node(self.lines[place].port(), self.folder.path()).await;
        self.load.nodes.replace(place, (*demo).clone());
        self.demos[place] = Some(demo);
        self.starts.push(took);
    }

    /// Kills redis-server, and starts it on what it has on disk.
    pub(crate) fn restart_redis(&mut self) {
        // Waiting for it must not keep the clerks from working.
        tokio::task::block_in_place(|| self.redis.restart());
    }

    /// Ends everything without asking what became of it.
    pub(crate) fn give_up(self) {
        self.clerks.iter().for_each(JoinHandle::abort);
        self.consoles.iter().for_each(JoinHandle::abort);
    }

    /// Waits until so many more bookings were acknowledged.
    pub(crate) async fn until_booked(&self, more: usize) {
        let (goal, give_up) = (self.load.acknowledged() + more, Instant::now() + AGAIN_WITHIN);
        while self.load.acknowledged() < goal {
            let logs: Vec<String> = self.demos.iter().flatten().map(|demo| tail(&demo.log())).collect();
            assert!(Instant::now() < give_up, "nothing is booked any more:\n{}", logs.join("\n---\n"));
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends the load, and holds what everybody was told against what is there. What it was all about, in one line.
    pub(crate) async fn settle(mut self) -> String {
        for line in &self.lines {
            line.heal();
        }
        self.load.stop(std::mem::take(&mut self.clerks)).await;
        // What counts is what is on disk.
        self.restart_redis();
        for slot in 0..self.load.slots.ids.len() {
            self.load.look(slot).await;
        }
        self.load.explain_looks();
        self.consoles_stop.send_replace(true);
        for console in std::mem::take(&mut self.consoles) {
            let followed = console.await.expect("no console fails");
            assert!(followed.gaps.is_empty() && followed.events > 0, "a console missed something: {followed:?}");
        }
        assert_eq!(self.load.nodes.faults(), Vec::<String>::new());
        assert_eq!(self.load.ledger.lock().unwrap().odd, Vec::<String>::new());
        self.everybody_has_what_they_were_told().await;
        self.the_audit_tells_of_all().await;
        self.the_chain_holds().await;
        let misfits = self.load.recorder.misfits(|slot| self.load.slots.places(slot));
        assert!(misfits.is_empty(), "{}", misfits.join("\n"));
        let (calls, _) = self.load.recorder.counts();
        let sent_again = self.load.nodes.sent_again();
        let bookings = self.load.acknowledged();
        format!(
            "{bookings} bookings acknowledged, 0 lost, 0 sold twice, 0 histories that fit no order \
             ({calls} calls, sent again {sent_again} times)"
        )
    }

    async fn everybody_has_what_they_were_told(&self) {
        let load = &self.load;
        let kept = load.kept();
        for (slot, id) in load.slots.ids.iter().enumerate() {
            let shown = load.nodes.read("demo-operator", &format!("/slots/{id}")).await;
            let kept = kept.get(&slot).cloned().unwrap_or_default();
            assert_eq!(appointments(&shown), kept, "slot {slot} is not sold to those who were told");
            assert_eq!(shown["taken"], kept.len(), "{shown}");
            assert!(shown["taken"].as_u64() <= shown["capacity"].as_u64(), "sold twice: {shown}");
        }
        let (told, requests) = {
            let ledger = load.ledger.lock().unwrap();
            (ledger.told.clone(), ledger.requests.clone())
        };
        for (appointment, told) in told {
            let found = load.nodes.read("demo-operator", &format!("/appointments/{appointment}")).await;
            assert_eq!(found["status"], if told.cancelled { "cancelled" } else { "booked" }, "{found}");
            assert_eq!(found["request_id"], requests[told.request].as_str(), "{found}");
            assert_eq!(found["slot"]["id"], load.slots.ids[told.slot].as_str(), "{found}");
            assert_eq!(found["patient"]["last_name"], last_name(told.request).as_str(), "{found}");
        }
    }

    /// The audit has every number once, and tells of the bookings people were told of, each once, and of no other.
    async fn the_audit_tells_of_all(&self) {
        let (mut next, mut booked, mut cursor) = (1, Vec::new(), String::new());
        let mut events: HashMap<String, Vec<String>> = HashMap::new();
        loop {
            let page = self.load.nodes.read("demo-coordinator", &format!("/audit?limit=1000{cursor}")).await;
            for item in page["items"].as_array().expect("a list") {
                assert_eq!(item["seq"], next, "{item}");
                next += 1;
                if let Some(request) = item["request"].as_str() {
                    events.entry(request.to_owned()).or_default().push(item.to_string());
                }
                if item["kind"] == "slot.booked" {
                    let text = |name: &str| item[name].as_str().expect("an id").to_owned();
                    booked.push((text("appointment"), text("request")));
                }
            }
            match page["next_cursor"].as_str() {
                Some(more) => cursor = format!("&cursor={more}"),
                None => break,
            }
        }
        let ledger = self.load.ledger.lock().unwrap();
        let mut told: BTreeSet<&str> = ledger.told.keys().map(String::as_str).collect();
        for (appointment, request) in &booked {
            // Told once: what is left is untold, or told of twice in the audit.
            assert!(
                told.remove(appointment.as_str()),
                "{appointment} is in the audit twice, or nobody was told of it.\nThe audit:\n{}\nThe clerk was answered:\n{}",
                events.get(request).map(|events| events.join("\n")).unwrap_or_default(),
                ledger
                    .requests
                    .iter()
                    .position(|known| known == request)
                    .and_then(|number| ledger.said.get(&number))
                    .map(|said| said.join("\n"))
                    .unwrap_or_default()
            );
        }
        assert!(told.is_empty(), "the audit does not tell of {told:?}");
    }

    /// Every event is the one that was chained to those before it.
    async fn the_chain_holds(&self) {
        let options = RedisOptions::at(self.redis.url(0));
        let store = RedisStore::connect(options, Arc::new(SystemClock::real())).await.expect("connects");
        assert_sound(&history(&store, &weppes()).await);
    }

    /// What a node answers to a question about itself.
    pub(crate) async fn health(&self, place: usize) -> (u16, Value) {
        let api = self.load.nodes.node(place);
        let answer = api.client.get(format!("{}/health/ready", api.base)).send().await.expect("it answers");
        (answer.status().as_u16(), answer.json().await.expect("a document"))
    }
}

/// The end of a log.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
