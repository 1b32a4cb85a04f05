//! When the service ends: told to by a signal, or because its store has failed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::interval;

use crate::store::Store;

/// How often the store is asked how it is.
const EVERY: Duration = Duration::from_millis(500);

/// What ends a service. Whoever is told "ready" may tell it to stop at once, so the signals are heard before.
#[derive(Debug)]
pub(super) struct Ending {
    terminate: Signal,
    interrupt: Signal,
    store: Arc<dyn Store>,
}

impl Ending {
    /// Hears the signals from now on.
    pub(super) fn of(store: Arc<dyn Store>) -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())?, store })
    }

    /// Ends when the process is told to stop (none), or when its own store can commit no more (its fault): the process ends
    /// and is started again from what is on disk.
    pub(super) async fn told_or_failed(mut self) -> Option<String> {
        let store = self.store;
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
            _ = self.interrupt.recv() => None,
            _ = self.terminate.recv() => None,
            fault = failed => Some(fault),
        }
    }
}
