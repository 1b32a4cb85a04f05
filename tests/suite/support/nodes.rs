//! Several nodes of one service, any of which may be dead or cut off, as their callers see them: whoever does not know what
//! became of a call sends it again, under the same key, to whichever node is there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::api::Api;

/// How long a caller waits for one answer.
const ANSWER: Duration = Duration::from_secs(15);

/// How long an outcome may stay unknown, whatever happens meanwhile.
const KNOWN_WITHIN: Duration = Duration::from_secs(60);

pub(crate) struct Nodes {
    apis: Vec<RwLock<Api>>,
    turn: AtomicUsize,
    /// Calls that were sent again because their outcome was unknown.
    sent_again: AtomicUsize,
    /// What no caller should ever hear.
    faults: Mutex<Vec<String>>,
}

impl Nodes {
    pub(crate) fn new(apis: Vec<Api>) -> Self {
        let apis = apis.into_iter().map(RwLock::new).collect();
        Self { apis, turn: AtomicUsize::new(0), sent_again: AtomicUsize::new(0), faults: Mutex::new(Vec::new()) }
    }

    /// A node was started again, elsewhere.
    pub(crate) fn replace(&self, place: usize, api: Api) {
        *self.apis[place].write().unwrap() = api;
    }

    pub(crate) fn node(&self, place: usize) -> Api {
        self.apis[place].read().unwrap().clone()
    }

    fn next(&self) -> Api {
        self.node(self.turn.fetch_add(1, Ordering::SeqCst) % self.apis.len())
    }

    /// Sends a call of an operator until its outcome is known.
    pub(crate) async fn ask(&self, key: &str, path: &str, body: &Value) -> (u16, Value) {
        let give_up = Instant::now() + KNOWN_WITHIN;
        loop {
            let api = self.next();
            match timeout(ANSWER, api.post_keyed("demo-operator", path, key, body)).await {
                Ok(Some((status, answer))) if status != 503 => {
                    if status >= 500 {
                        self.faults.lock().unwrap().push(format!("{status} to {path}: {answer}"));
                    }
                    return (status, answer);
                }
                _ => {}
            }
            assert!(Instant::now() < give_up, "what became of {path} under {key} is still unknown");
            self.sent_again.fetch_add(1, Ordering::SeqCst);
            sleep(Duration::from_millis(30)).await;
        }
    }

    /// Reads something, asked for until it is given.
    pub(crate) async fn read(&self, token: &str, path: &str) -> Value {
        let give_up = Instant::now() + KNOWN_WITHIN;
        loop {
            let api = self.next();
            match timeout(ANSWER, api.send(api.client.get(api.url(path)), token)).await {
                Ok(Some((200, answer))) => return answer,
                Ok(Some((503, _)) | None) | Err(_) => {}
                Ok(Some((status, answer))) => {
                    self.faults.lock().unwrap().push(format!("{status} to {path}: {answer}"));
                }
            }
            assert!(Instant::now() < give_up, "{path} cannot be read");
            sleep(Duration::from_millis(30)).await;
        }
    }

    pub(crate) fn sent_again(&self) -> usize {
        self.sent_again.load(Ordering::SeqCst)
    }

    pub(crate) fn faults(&self) -> Vec<String> {
        self.faults.lock().unwrap().clone()
    }
}
