//! What happens by itself: holds that end, requests that have waited too long, data whose time is over, and plans made again
//! when a place appears.
//! The sweeper only tidies: an ended hold is free by rule, whether it has run or not.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::{Booking, Call, Failure, StoreError};
use crate::domain::decide::{AttachmentCommand, Command};
use crate::domain::{EventKind, RecordedEvent, RequestId, Timer, TimerKind};
use crate::views::Live;

/// How often timers are looked at. An ended hold is free at once; this is how late its event may be.
const EVERY: Duration = Duration::from_secs(1);

/// Timers taken in one look, besides those that could not be run in the last.
const TIMERS_AT_ONCE: usize = 200;

/// How long nothing must have changed before a new plan is made: a practitioner publishes a dozen places at once, and a plan made
/// while bookings stream in is out of date before it is there, at the cost of those who book.
const SETTLE: Duration = Duration::from_millis(200);

/// How often that is waited for: a second after a change there is a new plan even where something changes all the while.
const SETTLE_MOST: usize = 5;

/// How much longer than the last plan took nothing is planned anew without being asked: with thousands who wait, plans made
/// by themselves take a twentieth of the time and leave the rest to those who call.
const REST: u32 = 19;

/// How often promises are looked at when nothing else happens: hours draw near by themselves.
const PROMISES_EVERY: Duration = Duration::from_secs(60);

/// What one look at the timers came to.
#[derive(Debug)]
struct Look {
    /// Why one could not be run.
    failed: Option<Failure>,
    /// Whether somebody's data went, or may have.
    erased: bool,
    /// Whether others may be due that were not looked at.
    more: bool,
}

impl Booking {
    /// Runs until `stop` says so.
    pub async fn sweep(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut tick = interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut to_scrub = false;
        // It takes seconds where the store is busy with an earlier one: the holds that end meanwhile do not wait for it.
        let mut scrubbing: Option<JoinHandle<()>> = None;
        loop {
            tokio::select! {
                _ = stop.wait_for(|stopped| *stopped) => break,
                _ = tick.tick() => {}
            }
            let (failed, more) = match self.look_at_timers().await {
                Ok(look) => {
                    to_scrub |= look.erased;
                    (look.failed, look.more)
                }
                Err(failure) => (Some(failure), true),
            };
            if let Some(failure) = failed {
                tracing::warn!(territory = %self.territory.id, %failure, "timers could not be run; they stay due");
            }
            if to_scrub && !more && scrubbing.as_ref().is_none_or(JoinHandle::is_finished) {
                to_scrub = false;
                let booking = Arc::clone(&self);
                scrubbing = Some(tokio::spawn(async move { booking.scrub().await }));
            }
        }
        if let Some(scrubbing) = scrubbing {
            let _ = scrubbing.await;
        }
    }

    /// Runs every timer that is due now.
    ///
    /// # Errors
    /// The store's when it fails; timers that were not run stay due.
    pub async fn run_due(&self) -> Result<(), Failure> {
        let look = self.look_at_timers().await?;
        if look.erased && !look.more {
            self.scrub().await;
        }
        look.failed.map_or(Ok(()), Err)
    }

    /// Runs the timers that are due now, earliest first. One that cannot be run keeps nobody else waiting: the others of the
    /// same look are run, and the next look takes as many more as stayed due in this one.
    async fn look_at_timers(&self) -> Result<Look, Failure> {
        let at_once = TIMERS_AT_ONCE + self.timers_failing.load(Ordering::Relaxed);
        let due = self.store.due(&self.territory.id, at_once).await?;
        self.timers_due.store(due.len(), Ordering::Relaxed);
        let mut look = Look { failed: None, erased: false, more: due.len() == at_once };
        let mut failing = 0;
        let (promises, others): (Vec<_>, Vec<_>) =
            due.into_iter().map(|(_, timer)| timer).partition(|timer| timer.kind == TimerKind::Promise);
        let called: Vec<RequestId> = promises.iter().filter_map(|timer| timer.id.parse().ok()).collect();
        if !called.is_empty()
            && let Err(failure) = self.look_at_called(&called).await
        {
            tracing::warn!(%failure, "promises could not be looked at; their timers stay due");
            failing += promises.len();
            look.failed = Some(failure);
        }
        for timer in others {
            let Some(command) = command_of(&timer) else {
                tracing::warn!(timer = %timer, "a timer that nothing waits for");
                failing += 1;
                continue;
            };
            let ran = self.run(&Call::of_service(), command).await;
            // Where nobody knows, it may have gone: then its timer is no longer there to say so.
            look.erased |= matches!(timer.kind, TimerKind::Retention | TimerKind::HouseholdRetention)
                && matches!(ran, Ok(_) | Err(Failure::Store(StoreError::Unknown(_) | StoreError::NotDurable(_))));
            if let Err(failure) = ran {
                tracing::warn!(timer = %timer, %failure, "a timer could not be run; it stays due");
                failing += 1;
                look.failed = Some(failure);
            }
        }
        self.timers_failing.store(failing, Ordering::Relaxed);
        Ok(look)
    }

    /// Makes a new plan whenever places or requests come and go, so that the board says what holds now: who finds no place,
    /// whose promise is at risk. What a new place offers to those who had none is noted: an open request is never forgotten.
    pub async fn replan(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut rested = Instant::now();
        let mut live = self.view.subscribe(None);
        let mut promises = interval(PROMISES_EVERY);
        promises.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let news = tokio::select! {
                _ = stop.wait_for(|stopped| *stopped) => return,
                news = live.next() => Some(news),
                _ = promises.tick() => None,
            };
            let Some(news) = news else {
                if let Err(failure) = self.look_at_promises().await {
                    tracing::warn!(territory = %self.territory.id, %failure, "promises could not be looked at");
                }
                continue;
            };
            match news {
                Some(Live::Event(event)) if changes_the_pool(&event) => {}
                Some(Live::Reset(_)) => {}
                Some(Live::Event(_)) => continue,
                None => return,
            }
            let quiet = async {
                sleep_until(rested).await;
                quiet(|| self.view.applied(), async || sleep(SETTLE).await, SETTLE_MOST).await;
            };
            tokio::select! {
                _ = stop.wait_for(|stopped| *stopped) => return,
                () = quiet => {}
            }
            // One plan for all that came meanwhile.
            live = self.view.subscribe(None);
            let began = Instant::now();
            if let Err(failure) = self.offer_to_those_without().await {
                tracing::warn!(territory = %self.territory.id, %failure, "no new plan after a change");
            }
            rested = Instant::now() + began.elapsed() * REST;
        }
    }

    /// Plans again; a request that had no place in the last plan and has one now gets a line in its history, and so a sign on
    /// every console.
    pub async fn offer_to_those_without(&self) -> Result<(), Failure> {
        let served_before: HashSet<RequestId> =
            self.last_plan().map(|plan| plan.served().map(|(request, _)| request).collect()).unwrap_or_default();
        let known_before: HashSet<RequestId> =
            self.last_plan().map(|plan| plan.requests().collect()).unwrap_or_default();
        let plan = self.plan(self.policy.budget).await?;
        for (request, candidate) in plan.served() {
            if known_before.contains(&request) && !served_before.contains(&request) {
                let offered = vec![candidate.slot.id];
                self.run(&Call::of_service(), Command::NoteOffers { request, offered }).await?;
            }
        }
        self.see_to_promises(&plan).await
    }
}

/// Waits until `shown` has stayed the same over one pause, for so many pauses at most.
async fn quiet<T: PartialEq>(shown: impl Fn() -> T, pause: impl AsyncFn(), pauses_most: usize) {
    let mut before = shown();
    for _ in 0..pauses_most {
        pause().await;
        let now = shown();
        if now == before {
            return;
        }
        before = now;
    }
}

fn command_of(timer: &Timer) -> Option<Command> {
    Some(match timer.kind {
        TimerKind::Hold => Command::ExpireHolds { slot: timer.id.parse().ok()? },
        TimerKind::Overdue => Command::CloseOverdue { request: timer.id.parse().ok()? },
        TimerKind::Retention => Command::EndRetention { request: timer.id.parse().ok()? },
        TimerKind::Proposal => Command::Attach(AttachmentCommand::LookAtProposal { proposal: timer.id.parse().ok()? }),
        TimerKind::HouseholdRetention => {
            Command::Attach(AttachmentCommand::EndRetention { registration: timer.id.parse().ok()? })
        }
        TimerKind::UsualDoctor => {
            Command::Attach(AttachmentCommand::LookAtUsualDoctor { registration: timer.id.parse().ok()? })
        }
        // Promises are seen to together, with one plan. Deliveries come with the first target they can be sent to.
        TimerKind::Promise | TimerKind::Delivery => return None,
    })
}

/// Whether an event changes who waits or what is free. What was offered does not: it is what a plan leads to; nor does whoever
/// only looked.
fn changes_the_pool(event: &RecordedEvent) -> bool {
    match event.event.kind {
        EventKind::RequestOffered | EventKind::RequestRead | EventKind::RequestReviewed => false,
        kind => matches!(kind.subject(), "slot" | "request"),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How many pauses are made where something changes during the first `changing` of them.
    async fn pauses(changing: usize, most: usize) -> usize {
        let (shown, made) = (Cell::new(0), Cell::new(0));
        let pause = async || {
            made.set(made.get() + 1);
            if made.get() <= changing {
                shown.set(made.get());
            }
        };
        quiet(|| shown.get(), pause, most).await;
        made.get()
    }

    #[tokio::test]
    async fn a_plan_waits_for_a_quiet_moment_and_not_for_ever() {
        assert_eq!(pauses(0, 5).await, 1, "nothing else changed");
        assert_eq!(pauses(3, 5).await, 4, "the fourth was quiet");
        assert_eq!(pauses(usize::MAX, 5).await, 5, "it is never quiet");
    }
}
