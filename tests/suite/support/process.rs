//! The service as a person starts it: the program itself, `demo` on a free port.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use reqwest::Client;
use serde_json::{Value, json};

/// Tuesday 24 November 2026, nine o'clock.
pub(crate) const NINE: &str = "2026-11-24T09:00:00+01:00";

/// A running demo; ended when it is dropped.
pub(crate) struct Demo {
    child: Child,
    /// `http://127.0.0.1:<port>`.
    pub(crate) base: String,
    /// What it printed until it was ready.
    pub(crate) greeting: Vec<String>,
    /// What it logged so far.
    log: Arc<Mutex<Vec<String>>>,
    /// Path of its territory in the API.
    pub(crate) territory: String,
    pub(crate) client: Client,
}

impl Demo {
    /// The Weppes at nine, in a folder of its own.
    pub(crate) fn start() -> Self {
        Self::with(&["--at", NINE, "--seed", "7"]).expect("the demo starts")
    }

    /// The Weppes at nine, in this folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let folder = folder.to_str().expect("a readable path");
        Self::with(&["--at", NINE, "--seed", "7", "--data", folder]).expect("the demo starts")
    }

    /// With these arguments besides the port; what it said when it does not start.
    pub(crate) fn with(arguments: &[&str]) -> Result<Self, String> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_aiguilleur"))
            .args(["demo", "--port", "0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program is built");
        let log = Arc::new(Mutex::new(Vec::new()));
        let (stderr, kept) = (child.stderr.take().expect("piped"), log.clone());
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                kept.lock().expect("no reader panics").push(line);
            }
        });
        let mut greeting = Vec::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).expect("readable") == 0 {
                child.wait().expect("ended");
                reader.join().expect("no reader panics");
                return Err(log.lock().expect("no reader panics").join("\n"));
            }
            let line = line.trim_end().to_owned();
            if line == "ready" {
                break;
            }
            greeting.push(line);
        }
        // Whatever is printed later is read, so that the program never waits for us.
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).count());
        let page = greeting.iter().find_map(|line| line.trim().split_once("/console/")).expect("the console's address");
        let (base, id) = (page.0.to_owned(), page.1.split_whitespace().next().expect("the territory").to_owned());
        let client = Client::builder().no_proxy().build().expect("a client");
        Ok(Self { child, base, greeting, log, territory: format!("/api/v1/territories/{id}"), client })
    }

    /// All it has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("no reader panics").join("\n")
    }

    /// Ends it as a power failure of the process would.
    pub(crate) fn kill(&mut self) {
        // It may have been killed by its pid already.
        let _ = self.child.kill();
        self.child.wait().expect("it ended");
    }

    /// As [`Demo::kill`], for those who share it; the owner waits for its end.
    pub(crate) fn kill_by_pid(&self) {
        let told = Command::new("kill").args(["-KILL", &self.child.id().to_string()]).status().expect("kill");
        assert!(told.success());
    }

    /// Tells it to stop, and waits; true when it ended well.
    pub(crate) fn stop(&mut self) -> bool {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        told.success() && self.child.wait().expect("it ended").success()
    }

    /// POSTs as somebody; none when the service is gone.
    pub(crate) async fn post(&self, token: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        self.send(self.client.post(self.url(path)).json(body), token).await
    }

    /// POSTs with an idempotency key.
    pub(crate) async fn post_keyed(&self, token: &str, path: &str, key: &str, body: &Value) -> Option<(u16, Value)> {
        self.send(self.client.post(self.url(path)).header("Idempotency-Key", key).json(body), token).await
    }

    /// GETs as somebody.
    pub(crate) async fn get(&self, token: &str, path: &str) -> (u16, Value) {
        self.send(self.client.get(self.url(path)), token).await.expect("the service answers")
    }

    /// All items of a list.
    pub(crate) async fn all(&self, token: &str, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let (status, page) = self.get(token, &format!("{path}{joint}limit=1000{cursor}")).await;
            assert_eq!(status, 200, "{page}");
            items.extend(page["items"].as_array().expect("a list").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder, token: &str) -> Option<(u16, Value)> {
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let text = answer.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{}{path}", self.base, self.territory)
    }

    /// Enters a request as an operator; its id.
    pub(crate) async fn request(&self, level: &str) -> String {
        let (status, made) = self.post("demo-operator", "/requests", &need(level)).await.expect("the service answers");
        assert_eq!(status, 201, "{made}");
        made["id"].as_str().expect("an id").to_owned()
    }

    /// Publishes slots of one place each, five minutes apart, with a practitioner who has no others; their ids.
    pub(crate) async fn publish(&self, count: usize) -> Vec<String> {
        self.publish_places(count, 1).await
    }

    /// The same with so many places each.
    pub(crate) async fn publish_places(&self, count: usize, capacity: u16) -> Vec<String> {
        let (_, listed) = self.get("demo-system", "/practitioners?profession=10&limit=100").await;
        let busy: Vec<Value> = self.all("demo-operator", "/slots").await;
        let free = listed["items"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|p| p["speciality"] == "SM54" && !busy.iter().any(|slot| slot["practitioner"]["rpps"] == p["rpps"]))
            .expect("a general practitioner who publishes nothing");
        let first = chrono::DateTime::parse_from_rfc3339("2026-11-24T10:00:00+01:00").expect("an instant");
        let slots: Vec<Value> = (0..count)
            .map(|n| {
                let start = first + chrono::TimeDelta::minutes(5 * i64::try_from(n).expect("few"));
                json!({
                    "rpps": free["rpps"], "location_id": free["locations"][0]["id"], "start": start.to_rfc3339(),
                    "duration_minutes": 5, "modality": "AMB", "audience": ["PUBLIC"], "capacity": capacity,
                })
            })
            .collect();
        let mut ids = Vec::new();
        for part in slots.chunks(500) {
            let (status, made) =
                self.post("demo-system", "/slots", &json!({ "slots": part })).await.expect("the service answers");
            assert_eq!((status, made["refused"].as_array().map(Vec::len)), (201, Some(0)), "{made}");
            ids.extend(
                made["created"].as_array().expect("ids").iter().map(|id| id.as_str().expect("an id").to_owned()),
            );
        }
        ids
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body of a request for an eighty-year-old in Wicres.
pub(crate) fn need(level: &str) -> Value {
    json!({
        "patient": {"age_years": 80, "sex": "F"}, "place": {"commune": "59658"}, "complaint": "fievre_adulte",
        "answers": {}, "level": level, "channel": "operator",
    })
}

/// A patient nobody is: words that occur nowhere else.
pub(crate) fn identity() -> Value {
    json!({"first_name": "Zéphyrine", "last_name": "Quenouillard-Vandewoestyne", "phone": "06 39 98 76 54"})
}
