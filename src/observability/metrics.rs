//! Numbers in the Prometheus text format. Labels are closed lists (route patterns, methods, statuses, slugs): never a path,
//! an identifier or anything a caller wrote.

use std::fmt;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

static INSTALLED: OnceLock<PrometheusHandle> = OnceLock::new();

/// Bounds of the latency histogram, seconds: around the budgets of an answer with and without the optimiser.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The numbers of this process.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// The recorder of this process, installed on first use: every service started in it shares the same numbers.
    pub fn of_this_process() -> Self {
        let handle = INSTALLED.get_or_init(|| {
            let recorder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
                .expect("the bounds are not empty")
                .build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another metrics recorder is in place: /metrics stays empty");
            }
            describe();
            handle
        });
        Self(handle.clone())
    }

    /// The text of `/metrics`.
    pub fn text(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }

    /// Counts one answered call.
    pub fn answered(&self, method: &'static str, route: &str, status: u16, seconds: f64) {
        let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
        metrics::histogram!("aiguilleur_http_request_seconds", &labels).record(seconds);
    }

    /// Counts one problem answered.
    pub fn problem(slug: &'static str) {
        metrics::counter!("aiguilleur_http_problems_total", "slug" => slug).increment(1);
    }

    /// How many live-update streams are open now.
    pub fn streams(now: usize) {
        metrics::gauge!("aiguilleur_http_streams").set(of(now));
    }

    /// Counts one try to commit.
    pub fn committed(outcome: &'static str, seconds: f64) {
        metrics::histogram!("aiguilleur_commit_seconds", "outcome" => outcome).record(seconds);
    }

    /// Counts one plan: the rung it comes from, whether it is proved optimal, whether those who came were added to the plan
    /// before it, and how long it took.
    pub fn planned(rung: &'static str, proved: bool, added: bool, seconds: f64) {
        let word = |yes| if yes { "yes" } else { "no" };
        let labels = [("rung", rung), ("proved", word(proved)), ("added", word(added))];
        metrics::histogram!("aiguilleur_plan_seconds", &labels).record(seconds);
    }

    /// Counts work of the optimiser that its own thread could not take: `full` its queue, too `late` begun, or no `turn` among
    /// the plans of its territory.
    pub fn solver_passed_by(why: &'static str) {
        metrics::counter!("aiguilleur_solver_passed_by_total", "why" => why).increment(1);
    }

    /// Which version runs, and whether its store can commit.
    pub fn service(version: &'static str, store_up: bool) {
        metrics::gauge!("aiguilleur_build_info", "version" => version).set(1.0);
        metrics::gauge!("aiguilleur_store_up").set(if store_up { 1.0 } else { 0.0 });
    }

    /// How one territory does now.
    pub fn territory(id: &str, now: TerritoryNumbers) {
        let gauge = |name: &'static str, value: f64| metrics::gauge!(name, "territory" => id.to_owned()).set(value);
        gauge("aiguilleur_view_lag_seconds", now.view_lag_seconds);
        gauge("aiguilleur_view_behind_events", now.view_behind_events);
        gauge("aiguilleur_timers_due", of(now.timers_due));
        gauge("aiguilleur_requests_waiting", of(now.requests_waiting));
        gauge("aiguilleur_receipts_missing", of(now.receipts_missing));
    }
}

/// How one territory does, in numbers.
#[derive(Debug, Clone, Copy)]
pub struct TerritoryNumbers {
    /// Since when its read model has not been known to be level with the store.
    pub view_lag_seconds: f64,
    /// Events it has heard of and not shown.
    pub view_behind_events: f64,
    /// Timers found due when they were last looked at.
    pub timers_due: usize,
    /// Requests that wait for a place.
    pub requests_waiting: usize,
    /// Changes callers were told were done, and that the store lacked when it was last held against the receipts.
    pub receipts_missing: usize,
}

fn of(count: usize) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}

fn describe() {
    metrics::describe_histogram!("aiguilleur_http_request_seconds", "Time to answer a call, by route and status");
    metrics::describe_counter!("aiguilleur_http_problems_total", "Problems answered, by kind");
    metrics::describe_gauge!("aiguilleur_http_streams", "Live-update streams open");
    metrics::describe_histogram!(
        "aiguilleur_commit_seconds",
        "Time of one commit of the store, by what became of it: done, replayed, stale, skew, unknown, failed"
    );
    metrics::describe_histogram!(
        "aiguilleur_plan_seconds",
        "Time of one plan for everybody who waits, by the rung of the ladder it comes from, whether it is proved \
         optimal, and whether newcomers were added to the plan before it"
    );
    metrics::describe_counter!(
        "aiguilleur_solver_passed_by_total",
        "Plans made by the native rungs beside the solver's thread: its queue was full, the work was begun too late, or no \
         turn came among the plans of the territory"
    );
    // At zero from the start: a rate of what has never been counted is no number.
    for why in ["full", "late", "turn"] {
        metrics::counter!("aiguilleur_solver_passed_by_total", "why" => why).increment(0);
    }
    metrics::describe_gauge!("aiguilleur_build_info", "1, labelled with the version that runs");
    metrics::describe_gauge!("aiguilleur_store_up", "1 while the store can commit, else 0");
    metrics::describe_gauge!(
        "aiguilleur_view_lag_seconds",
        "Since when a territory's read model has not been known to be level with the store; not ready above 2"
    );
    metrics::describe_gauge!("aiguilleur_view_behind_events", "Events a territory's read model has yet to show");
    metrics::describe_gauge!(
        "aiguilleur_timers_due",
        "Timers of a territory found due at the last look, at most 200; they should be gone at the next"
    );
    metrics::describe_gauge!("aiguilleur_requests_waiting", "Requests of a territory that wait for a place");
    metrics::describe_gauge!(
        "aiguilleur_receipts_missing",
        "Changes callers were told were done and the store lacks, by territory; 0 is the only good value"
    );
}
