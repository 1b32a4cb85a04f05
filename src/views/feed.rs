//! Following the store: the stream is the truth, hints only shorten the wait. Events are shown in order and none is skipped:
//! one that cannot be read stops the view, which says so and tries again. A stream that is not the one followed (a tail
//! rewritten by a failover, another data set, events trimmed before they were seen) is noticed by the chain value at our
//! place in it, and the state is built anew.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::cursor::LiveCursor;
use super::facts::{self, FactsSource};
use super::load::load;
use super::territory_view::TerritoryView;
use crate::domain::time::from_millis;
use crate::domain::{CareRequest, Record, RecordedEvent, RequestId, TerritoryId};
use crate::store::{EventPage, Seq, Store, StoreError, StoredEvent, codec};

/// How long a lost hint may go unnoticed.
const POLL: Duration = Duration::from_secs(1);

/// Waits after a failure: the first, and the longest of those that double.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// How often facts that could not be read are asked for again.
const FACTS_RETRY: Duration = Duration::from_secs(30);

/// How many requests' facts one such round asks for.
const FACTS_RETRIED: usize = 64;

/// Events read at once.
const PAGE: usize = 256;

/// How long what this node commits itself may take to be shown before the stream is read for it: its answer is on the way.
const OWN_WITHIN: Duration = Duration::from_millis(20);

/// Loads the view of a territory and follows the store from there, until `stop` says true or its sender is gone.
///
/// # Errors
/// The store cannot be read, or what it holds cannot.
pub async fn start(
    store: Arc<dyn Store>,
    source: Arc<dyn FactsSource>,
    territory: TerritoryId,
    stop: watch::Receiver<bool>,
) -> Result<(Arc<TerritoryView>, JoinHandle<()>), StoreError> {
    // Before the snapshot, so that no hint falls between the two.
    let hints = store.hints(&territory);
    let as_of = from_millis(store.now());
    let viewed = load(&*store, &*source, &territory).await?;
    let view = Arc::new(TerritoryView::new(store, territory, viewed, as_of, stop.clone()));
    let (facts_asked, level_at) = (Instant::now(), Instant::now());
    let feed = Feed { view: Arc::clone(&view), source, hints, facts_asked, level_at };
    Ok((view, tokio::spawn(feed.run(stop))))
}

struct Feed {
    view: Arc<TerritoryView>,
    source: Arc<dyn FactsSource>,
    hints: watch::Receiver<Seq>,
    facts_asked: Instant,
    level_at: Instant,
}

impl Feed {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut retry = RETRY.0;
        loop {
            let caught_up = tokio::select! {
                caught_up = self.catch_up() => caught_up,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let wait = match caught_up {
                Ok(()) => {
                    retry = RETRY.0;
                    None
                }
                Err(fault) => {
                    let territory = self.view.territory();
                    if self.view.is_hindered_by(fault.to_string()) {
                        tracing::error!(territory = %territory, %fault, "the view of {territory} cannot follow the store");
                    }
                    let wait = retry;
                    retry = (retry * 2).min(RETRY.1);
                    Some(wait)
                }
            };
            tokio::select! {
                () = self.pause(wait) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Until a hint of what this node did not commit itself, or the next poll; after a failure, for as long as said.
    async fn pause(&mut self, after_failure: Option<Duration>) {
        if let Some(wait) = after_failure {
            return sleep(wait).await;
        }
        let view = Arc::clone(&self.view);
        let hints = &mut self.hints;
        let hinted = async {
            loop {
                if hints.changed().await.is_err() {
                    // The store, which has the sender, is held by the view.
                    return std::future::pending().await;
                }
                if view.expects_own() {
                    // One look after a while for all that comes meanwhile.
                    sleep(OWN_WITHIN).await;
                }
                if view.applied().seq < *hints.borrow_and_update() {
                    return;
                }
            }
        };
        // Running out is the poll.
        tokio::select! {
            () = hinted => {}
            () = view.to_be_read.notified() => {}
            () = sleep_until(self.level_at + POLL) => {}
        }
    }

    /// Shows all there is.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let view = Arc::clone(&self.view);
        loop {
            let at = view.applied();
            let now = from_millis(view.store.now());
            // One event too many on purpose: ours, whose chain value says whether the stream is still the one we follow.
            let page = view.store.events(view.territory(), at.seq.saturating_sub(1), PAGE).await?;
            let last = page.last;
            view.heard_of(last);
            match continuation(&at, page) {
                Continuation::Level => {}
                Continuation::Next(stored) => {
                    self.show(&stored).await?;
                    if view.applied().seq < last {
                        continue;
                    }
                    // All there was when the store was asked: where more has come since, as it always has in a busy hour,
                    // the view is one reading old and not behind.
                }
                Continuation::Broken(why) => {
                    let territory = view.territory();
                    tracing::warn!(territory = %territory, seq = at.seq, "building the view of {territory} anew: {why}");
                    view.replace(load(&*view.store, &*self.source, territory).await?);
                    continue;
                }
            }
            view.is_level(now);
            self.level_at = Instant::now();
            return self.ask_for_facts_again().await;
        }
    }

    /// Shows events up to the first that cannot be read.
    async fn show(&self, stored: &[StoredEvent]) -> Result<(), StoreError> {
        let mut events = Vec::with_capacity(stored.len());
        let mut unreadable = None;
        for stored in stored {
            match codec::decode_event(stored) {
                Ok(event) => events.push(Arc::new(event)),
                Err(fault) => {
                    unreadable = Some(fault);
                    break;
                }
            }
        }
        let lacking = self.lacking_facts(&events);
        let found = facts::read(&*self.source, lacking).await;
        self.view.show(events, &found);
        unreadable.map_or(Ok(()), Err)
    }

    /// The requests, as these events leave them, whose facts are still to be read.
    fn lacking_facts<'a>(&self, events: &'a [Arc<RecordedEvent>]) -> Vec<&'a CareRequest> {
        let written = events.iter().flat_map(|event| &event.event.after);
        let requests = written.filter_map(|written| match &written.record {
            Record::Request(request) => Some((request.id, request)),
            _ => None,
        });
        let last: HashMap<RequestId, &CareRequest> = requests.collect();
        self.view.read(|state| last.into_values().filter(|request| state.board.lacks_facts(request)).collect())
    }

    async fn ask_for_facts_again(&mut self) -> Result<(), StoreError> {
        if self.facts_asked.elapsed() < FACTS_RETRY {
            return Ok(());
        }
        self.facts_asked = Instant::now();
        let lacking: Vec<_> = self.view.read(|state| {
            state.board.without_facts().take(FACTS_RETRIED).map(|case| Arc::clone(&case.request)).collect()
        });
        if !lacking.is_empty() {
            self.view.add_facts(&facts::read(&*self.source, lacking.iter().map(AsRef::as_ref)).await);
        }
        Ok(())
    }
}

/// What a page of the stream, read from one event before our place, means for whoever stands at `at`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Continuation {
    /// There is nothing new.
    Level,
    /// These come next.
    Next(Vec<StoredEvent>),
    /// This is not the stream we followed, or some of it is lost.
    Broken(&'static str),
}

/// Judges a page asked for as `events(at.seq - 1)`.
pub(super) fn continuation(at: &LiveCursor, page: EventPage) -> Continuation {
    if page.last < at.seq {
        return Continuation::Broken("the store's last event is before ours");
    }
    let mut events = page.events;
    if at.seq > 0 {
        match events.first() {
            Some(ours) if ours.seq == at.seq && ours.chain == at.chain => {
                events.remove(0);
            }
            Some(ours) if ours.seq == at.seq => return Continuation::Broken("the store has another history"),
            // Our event is trimmed: with nothing after it there is nothing to doubt.
            _ if page.last == at.seq => return Continuation::Level,
            _ => return Continuation::Broken("the event we stand at is no longer kept"),
        }
    }
    if (at.seq + 1..).zip(&events).any(|(expected, event)| event.seq != expected) {
        return Continuation::Broken("events are missing");
    }
    match (events.is_empty(), page.last == at.seq) {
        (true, true) => Continuation::Level,
        (true, false) => Continuation::Broken("events are missing"),
        (false, _) => Continuation::Next(events),
    }
}
