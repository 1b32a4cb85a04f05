//! When the service ends: told to by a signal, or because its store has failed.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::interval;

use crate::store::Store;

/// How often the store is asked how it is.
const EVERY: Duration = Duration::from_millis(500);

/// Ends when the process is told to stop (none), or when the store can never commit again in this process (its fault): after
/// a failed write to disk what memory says is not to be trusted, so the process ends and is started again from what is on
/// disk. A server that cannot be reached is waited for.
pub(super) async fn told_or_failed(store: Arc<dyn Store>) -> Option<String> {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut told) => {
                told.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM is not heard");
                std::future::pending::<()>().await;
            }
        }
    };
    let failed = async {
        let mut tick = interval(EVERY);
        loop {
            tick.tick().await;
            let health = store.health().await;
            if let Some(fault) = health.fault.filter(|_| health.lasts) {
                return fault;
            }
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => None,
        () = terminate => None,
        fault = failed => Some(fault),
    }
}
