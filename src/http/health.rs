//! For those who run the service: is it alive, is it ready, what has it counted.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::state_of;
use super::state::{AppState, Warning};
use super::{Reply, json};
use crate::observability::{Metrics, TerritoryNumbers};

/// The process is up.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Alive {
    /// Always `up`.
    pub status: &'static str,
    /// Version of the service.
    pub version: &'static str,
}

/// Whether calls can be served.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    /// `ready`, `not_ready` or `stopping`.
    pub status: &'static str,
    /// Why not.
    pub causes: Vec<CauseShown>,
    /// Kind of store and the durability in force, in plain words.
    pub store: StoreShown,
    /// Risks taken knowingly, for as long as the service runs; and what somebody must see to, though calls are served:
    /// `receipts_missing`, `receipts_not_kept`.
    pub warnings: Vec<WarningShown>,
}

/// One risk taken knowingly.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Warning)]
pub(super) struct WarningShown {
    /// Which.
    pub code: &'static str,
    /// What may come of it, and what to do.
    pub detail: String,
}

/// One cause.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cause)]
pub(super) struct CauseShown {
    /// `store_unreachable`, `read_model_lags` or `stopping`.
    pub code: &'static str,
    /// What is known of it.
    pub detail: String,
}

/// The store.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Store)]
pub(super) struct StoreShown {
    /// `embedded` or `redis`.
    pub kind: &'static str,
    /// Durability in force, in plain words.
    pub durability: &'static str,
}

/// `GET /health/live`.
pub(super) async fn live() -> Reply {
    json(StatusCode::OK, &Alive { status: "up", version: env!("CARGO_PKG_VERSION") })
}

/// `GET /health/ready`.
pub(super) async fn ready(request: HttpRequest) -> Reply {
    let state = state_of(&request)?;
    let mut causes = Vec::new();
    let mut store = StoreShown { kind: "none", durability: "none" };
    for booking in state.territories.values() {
        let health = booking.store_health().await;
        store = StoreShown { kind: health.store, durability: health.durability };
        causes.extend(health.fault.map(|detail| CauseShown { code: "store_unreachable", detail }));
        let view = booking.view.health();
        if !view.is_ready() {
            let mut detail =
                format!("{}: last level with the store {} ms ago", booking.territory.id, view.lag.as_millis());
            detail.extend(view.fault.map(|fault| format!(": {fault}")));
            causes.push(CauseShown { code: "read_model_lags", detail });
        }
    }
    let stopping = *state.stopping().borrow();
    if stopping {
        causes.push(CauseShown { code: "stopping", detail: "the service is stopping".to_owned() });
    }
    let (status, code) = match (stopping, causes.is_empty()) {
        (true, _) => ("stopping", StatusCode::SERVICE_UNAVAILABLE),
        (false, false) => ("not_ready", StatusCode::SERVICE_UNAVAILABLE),
        (false, true) => ("ready", StatusCode::OK),
    };
    let mut answer = json(code, &Ready { status, causes, store, warnings: warnings(&state) })?;
    if code == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    Ok(answer)
}

fn warnings(state: &AppState) -> Vec<WarningShown> {
    let shown = |Warning { code, detail }| WarningShown { code, detail };
    state.warnings.iter().cloned().chain(state.to_be_seen_to()).map(shown).collect()
}

impl AppState {
    /// What somebody must see to, though calls are served: receipts the store does not bear out, receipts not kept.
    pub fn to_be_seen_to(&self) -> Vec<Warning> {
        let missing = self.territories.iter().filter_map(|(id, booking)| {
            let missing = booking.receipts_missing();
            let detail = format!(
                "{id} : {missing} changement(s) confirmé(s) à quelqu'un manquent dans le magasin. « aiguilleur receipts check » \
                 les dit"
            );
            (missing > 0).then_some(Warning { code: "receipts_missing", detail })
        });
        // The territories share one journal.
        let fault = self.territories.values().find_map(|booking| booking.receipts_fault());
        let not_kept = fault.map(|fault| Warning {
            code: "receipts_not_kept",
            detail: format!("les reçus de ce qui est confirmé ne peuvent pas être écrits : {fault}"),
        });
        missing.chain(not_kept).collect()
    }
}

/// `GET /metrics`.
pub(super) async fn metrics(request: HttpRequest) -> Reply {
    let state = state_of(&request)?;
    let mut store_up = true;
    for (id, booking) in &state.territories {
        store_up &= booking.store_health().await.fault.is_none();
        let (view, now) = (booking.view.health(), booking.now());
        let requests_waiting = booking.view.read(|known| known.board.waiting(now).count());
        let behind = view.last.saturating_sub(view.applied.seq);
        let numbers = TerritoryNumbers {
            view_lag_seconds: view.lag.as_secs_f64(),
            view_behind_events: u32::try_from(behind).unwrap_or(u32::MAX).into(),
            timers_due: booking.timers_due(),
            requests_waiting,
            receipts_missing: booking.receipts_missing(),
        };
        Metrics::territory(id.as_str(), numbers);
    }
    Metrics::service(env!("CARGO_PKG_VERSION"), store_up);
    let text = state.metrics.text();
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}
