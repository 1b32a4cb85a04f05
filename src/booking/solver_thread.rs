//! The optimiser's own thread, one for all territories of a process: plans are made there one after the other, and no call of
//! the network waits behind them (solver.md §3: one solver thread, since HiGHS and its like want no company).
//!
//! Its queue is short. Work that finds it full, or that it does not begin in time, is done beside it by the native rungs alone,
//! and is told so. It must never keep anybody waiting longer than they said, nor be ended by work that panics.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::matching::Effort;
use crate::observability::Metrics;

/// Pieces of work that may wait: at a few milliseconds each they are done within one budget.
pub const WAITING_MOST: usize = 8;

/// Work that panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work of the optimiser stopped before it had an answer")]
pub struct Stopped;

type Work = Box<dyn FnOnce(Effort) + Send>;

/// Work until somebody takes it: the thread, or whoever asked for it and cannot wait.
#[derive(Clone)]
struct Ticket(Arc<Mutex<Option<Work>>>);

impl Ticket {
    fn take(&self) -> Option<Work> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A handle of the thread, which ends with the last of them.
#[derive(Clone)]
pub struct SolverThread {
    queue: SyncSender<Ticket>,
}

impl std::fmt::Debug for SolverThread {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("SolverThread")
    }
}

impl SolverThread {
    /// Starts the thread; `waiting_most` pieces of work may wait for it.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(waiting_most: usize) -> io::Result<Self> {
        let (queue, tickets) = sync_channel::<Ticket>(waiting_most);
        std::thread::Builder::new().name("solver".to_owned()).spawn(move || {
            for work in tickets.into_iter().filter_map(|ticket| ticket.take()) {
                run(work, Effort::Whole);
            }
        })?;
        Ok(Self { queue })
    }

    /// Has work done, here if it is begun within `patience`, else beside with less effort.
    ///
    /// # Errors
    /// [`Stopped`] when the work panics.
    pub async fn run<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(Effort) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (tell, mut told) = oneshot::channel();
        let ticket = Ticket(Arc::new(Mutex::new(Some(Box::new(move |effort| {
            // Whoever hung up wants no answer.
            if !tell.is_closed() {
                let _ = tell.send(work(effort));
            }
        })))));
        let queued = self.queue.try_send(ticket.clone()).is_ok();
        if queued && let Ok(answer) = timeout(patience, &mut told).await {
            return answer.map_err(|_| Stopped);
        }
        if let Some(work) = ticket.take() {
            Metrics::solver_passed_by(if queued { "late" } else { "full" });
            // Not awaited: the answer comes by the channel, which closes if the work panics.
            tokio::task::spawn_blocking(move || run(work, Effort::Native));
        }
        told.await.map_err(|_| Stopped)
    }
}

/// A panic is the fault of this piece of work: its asker hears that the channel is closed, and the next one is done.
fn run(work: Work, effort: Effort) {
    if catch_unwind(AssertUnwindSafe(|| work(effort))).is_err() {
        tracing::error!("a piece of the optimiser's work panicked");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    /// A thread that is at work until told.
    async fn at_work(waiting_most: usize) -> (SolverThread, Sender<()>, tokio::task::JoinHandle<Result<(), Stopped>>) {
        let solver = SolverThread::start(waiting_most).unwrap();
        let (begun, has_begun) = oneshot::channel();
        let (end, ended) = channel::<()>();
        let first = tokio::spawn({
            let solver = solver.clone();
            async move {
                solver
                    .run(LONG, move |_| {
                        begun.send(()).unwrap();
                        ended.recv().unwrap();
                    })
                    .await
            }
        });
        has_begun.await.unwrap();
        (solver, end, first)
    }

    #[tokio::test]
    async fn work_has_the_thread_to_itself_and_every_rung() {
        let solver = SolverThread::start(1).unwrap();
        let name = |_: Effort| std::thread::current().name().map(str::to_owned);
        assert_eq!(solver.run(LONG, name).await, Ok(Some("solver".to_owned())));
        assert_eq!(solver.run(LONG, |effort| effort).await, Ok(Effort::Whole));
    }

    #[tokio::test]
    async fn work_that_finds_the_queue_full_is_done_beside_by_the_native_rungs() {
        let (solver, end, first) = at_work(1).await;
        assert!(solver.queue.try_send(Ticket(Arc::default())).is_ok());
        assert_eq!(solver.run(LONG, |effort| effort).await, Ok(Effort::Native));
        end.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn work_that_is_not_begun_in_time_is_done_beside_and_only_once() {
        let (solver, end, first) = at_work(4).await;
        let (count, counted) = channel();
        let counting = move |effort| {
            count.send(()).unwrap();
            effort
        };
        assert_eq!(solver.run(Duration::ZERO, counting).await, Ok(Effort::Native));
        end.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
        // What waited behind it has been passed over by now.
        assert_eq!(solver.run(LONG, |effort| effort).await, Ok(Effort::Whole));
        assert_eq!(counted.iter().count(), 1);
    }

    #[tokio::test]
    async fn work_that_panics_is_told_and_ends_nothing_else() {
        let solver = SolverThread::start(1).unwrap();
        assert_eq!(solver.run::<()>(LONG, |_| panic!("on purpose")).await, Err(Stopped));
        assert_eq!(solver.run(LONG, |_| 7).await, Ok(7));
    }
}
