//! The optimiser's own thread, one for all territories of a process: plans are made there one after the other, and no call of
//! the network waits behind them (solver.md §3: one solver thread, since HiGHS and its like want no company).
//!
//! Its queue is short. Work that finds it full, or that it does not begin in time, is done beside it by the native rungs alone,
//! and is told so. It must never keep anybody waiting longer than they said, nor be ended by work that panics.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use crate::matching::Effort;
use crate::observability::Metrics;

/// Pieces of work that may wait: at a few milliseconds each they are done within one budget.
pub const WAITING_MOST: usize = 8;

/// Pieces done beside the thread at the same time: more would only slow each other, and the calls.
const BESIDE_MOST: usize = 1;

/// Work that panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work of the optimiser stopped before it had an answer")]
pub struct Stopped;

type Work = Box<dyn FnOnce(Effort) + Send>;

/// Work that waits, by number, and whether anybody may still bring some.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<(u64, Work)>,
    brought: u64,
    closed: bool,
}

/// What the thread and its handles share.
#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece, waited for; none when no handle is left and all is done.
    fn next(&self) -> Option<Work> {
        let idle = |queue: &mut Queue| queue.waiting.is_empty() && !queue.closed;
        let mut queue = self.changed.wait_while(self.queue(), idle).unwrap_or_else(PoisonError::into_inner);
        queue.waiting.pop_front().map(|(_, work)| work)
    }

    /// The number of the piece in the queue, or the piece where that is full.
    fn bring(&self, work: Work, waiting_most: usize) -> Result<u64, Work> {
        let mut queue = self.queue();
        if queue.waiting.len() >= waiting_most {
            return Err(work);
        }
        queue.brought += 1;
        let number = queue.brought;
        queue.waiting.push_back((number, work));
        self.changed.notify_one();
        Ok(number)
    }

    /// Takes a piece back that was not begun; its place is free.
    fn take_back(&self, number: u64) -> Option<Work> {
        let mut queue = self.queue();
        let at = queue.waiting.iter().position(|(waiting, _)| *waiting == number)?;
        queue.waiting.remove(at).map(|(_, work)| work)
    }
}

/// Ends the thread with the last handle.
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.queue().closed = true;
        self.0.changed.notify_one();
    }
}

/// A handle of the thread, which ends with the last of them.
#[derive(Clone)]
pub struct SolverThread {
    shared: Arc<Handle>,
    waiting_most: usize,
    beside: Arc<Semaphore>,
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
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        std::thread::Builder::new().name("solver".to_owned()).spawn(move || {
            while let Some(work) = of_thread.next() {
                run(work, Effort::Whole);
            }
        })?;
        let beside = Arc::new(Semaphore::new(BESIDE_MOST));
        Ok(Self { shared: Arc::new(Handle(shared)), waiting_most, beside })
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
        let (work, mut told) = telling(work);
        let shared = &self.shared.0;
        let passed_by = match shared.bring(work, self.waiting_most) {
            Ok(number) => match timeout(patience, &mut told).await {
                Ok(answer) => return answer.map_err(|_| Stopped),
                Err(_) => shared.take_back(number).map(|work| (work, "late")),
            },
            Err(work) => Some((work, "full")),
        };
        if let Some((work, why)) = passed_by {
            Metrics::solver_passed_by(why);
            self.do_beside(work).await;
        }
        told.await.map_err(|_| Stopped)
    }

    /// Has work done beside the thread, by the native rungs.
    ///
    /// # Errors
    /// [`Stopped`] when the work panics.
    pub async fn run_beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(Effort) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (work, told) = telling(work);
        self.do_beside(work).await;
        told.await.map_err(|_| Stopped)
    }

    async fn do_beside(&self, work: Work) {
        // Never closed: without a permit the work is done all the same.
        let permit = Arc::clone(&self.beside).acquire_owned().await.ok();
        // Not awaited: the answer comes by the channel, which closes if the work panics.
        tokio::task::spawn_blocking(move || {
            run(work, Effort::Native);
            drop(permit);
        });
    }
}

/// The work with a channel for its answer; whoever hung up wants none.
fn telling<T: Send + 'static>(work: impl FnOnce(Effort) -> T + Send + 'static) -> (Work, oneshot::Receiver<T>) {
    let (tell, told) = oneshot::channel();
    let work = move |effort| {
        if !tell.is_closed() {
            let _ = tell.send(work(effort));
        }
    };
    (Box::new(work), told)
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
        assert!(solver.shared.0.bring(Box::new(|_| ()), 1).is_ok());
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
        assert_eq!(solver.shared.0.queue().waiting.len(), 0, "its place was given back");
        end.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
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
