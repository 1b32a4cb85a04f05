//! The whole service on a free port of loopback: the Weppes of [`Desk`], the real HTTP stack, the demo's tokens, a clock that
//! stands still.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use aiguilleur::http::{AppState, Front, Limits, Parts};
use aiguilleur::identity::{Identity, SigningKey};
use aiguilleur::observability::Metrics;
use aiguilleur::seal::{Fingerprinter, MacKey};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::desk::{Desk, WICRES};

/// Path of the test's territory.
pub(crate) const T: &str = "/api/v1/territories/weppes";

pub(crate) struct Service {
    pub(crate) desk: Desk,
    pub(crate) address: SocketAddr,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<std::io::Result<()>>>,
}

/// A status and a JSON document.
pub(crate) type Answer = (u16, Value);

impl Service {
    pub(crate) async fn start() -> Self {
        Self::start_within(Limits::demo()).await
    }

    pub(crate) async fn start_within(limits: Limits) -> Self {
        let desk = Desk::open().await;
        let state = AppState::new(Parts {
            territories: vec![desk.booking.clone()],
            identity: Identity::new(SigningKey::new([9; 32]), [], true),
            fingerprinter: Fingerprinter::new(MacKey::generate().unwrap()),
            metrics: Metrics::of_this_process(),
            limits,
            front: Front::default(),
            warnings: Vec::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        let served = tokio::spawn(aiguilleur::http::serve(listener, Arc::new(state), shutdown));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { desk, address, client, stop: Some(stop), served: Some(served) }
    }

    /// Stops as an operator of the service would, and waits for the end.
    pub(crate) async fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(served) = self.served.take() {
            served.await.unwrap().unwrap();
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str, token: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        answer(self.request(Method::GET, path, token).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::POST, path, token).json(body).send().await.unwrap()).await
    }

    pub(crate) async fn keyed(&self, token: &str, path: &str, key: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path, token).header("Idempotency-Key", key).json(body);
        answer(request.send().await.unwrap()).await
    }

    /// The token of the desk's doctor.
    pub(crate) fn doctor(&self) -> String {
        format!("demo-practitioner-{}", self.desk.doctor)
    }

    /// Enters a request at a level, as an operator.
    pub(crate) async fn enter(&self, level: &str) -> Value {
        let mut body = need();
        body["level"] = level.into();
        body["channel"] = "operator".into();
        let (status, request) = self.post("demo-operator", &format!("{T}/requests"), &body).await;
        assert_eq!(status, 201, "{request}");
        request
    }
}

pub(crate) async fn answer(response: Response) -> Answer {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A need as the widget enters it.
pub(crate) fn need() -> Value {
    json!({
        "patient": {"age_years": 80, "sex": "F"},
        "place": {"commune": WICRES},
        "complaint": "fievre_adulte",
        "answers": {},
        "channel": "widget",
    })
}
