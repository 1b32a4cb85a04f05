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
        metrics::gauge!("aiguilleur_http_streams").set(u32::try_from(now).unwrap_or(u32::MAX));
    }
}

fn describe() {
    metrics::describe_histogram!("aiguilleur_http_request_seconds", "Time to answer a call, by route and status");
    metrics::describe_counter!("aiguilleur_http_problems_total", "Problems answered, by kind");
    metrics::describe_gauge!("aiguilleur_http_streams", "Live-update streams open");
}
