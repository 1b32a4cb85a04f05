//! The API of a running service, as software calls it. Callers are named by the demo's tokens everywhere: where a service
//! has keys of its own, the key of the same role is sent.

use std::collections::HashMap;
use std::sync::Arc;

use reqwest::Client;
use serde_json::{Value, json};

#[derive(Clone)]
pub(crate) struct Api {
    /// `http://127.0.0.1:<port>`.
    pub(crate) base: String,
    /// Path of its territory in the API.
    pub(crate) territory: String,
    pub(crate) client: Client,
    /// Keys by the demo's token they stand for.
    keys: Arc<HashMap<String, String>>,
}

impl Api {
    pub(crate) fn new(base: String, territory: &str, keys: HashMap<String, String>) -> Self {
        let client = Client::builder().no_proxy().build().expect("a client");
        Self { base, territory: format!("/api/v1/territories/{territory}"), client, keys: Arc::new(keys) }
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

    /// The keys of this service.
    pub(crate) fn keys(&self) -> HashMap<String, String> {
        HashMap::clone(&self.keys)
    }

    /// What is sent for a token of the demo.
    pub(crate) fn key<'a>(&'a self, token: &'a str) -> &'a str {
        self.keys.get(token).map_or(token, String::as_str)
    }

    /// Sends a call as somebody; none when the service is gone.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder, token: &str) -> Option<(u16, Value)> {
        let request = if token.is_empty() { request } else { request.bearer_auth(self.key(token)) };
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let text = answer.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    pub(crate) fn url(&self, path: &str) -> String {
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
