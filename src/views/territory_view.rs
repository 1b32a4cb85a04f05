//! One territory's read model as the rest of the service holds it: readers borrow the state for a moment, whoever wrote waits
//! until it shows what they did, readiness asks how far behind the store it is. Only [`super::feed`] changes it, and this node's
//! own commits.
//!
//! No lock here is held across an `await`.

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, broadcast, watch};

use super::cursor::LiveCursor;
use super::facts::FactsByRef;
use super::live::Signal;
use super::own_writes::{AnotherStream, OwnWrite, OwnWrites};
use super::territory_state::TerritoryState;
use crate::domain::{RecordedEvent, TerritoryId};
use crate::store::{Seq, Store};

/// The read model of one territory.
pub struct TerritoryView {
    territory: TerritoryId,
    pub(super) store: Arc<dyn Store>,
    viewed: RwLock<Viewed>,
    contact: Mutex<Contact>,
    /// Held by whoever shows something, from taking it up to telling it: subscribers hear things in their order.
    turn: Mutex<OwnWrites>,
    /// Commits of this node on their way.
    own_on_their_way: AtomicUsize,
    /// Tells the feed to read the stream, hint or no hint.
    pub(super) to_be_read: Notify,
    /// Number of the last event shown, and who waits for a later one.
    shown: AtomicU64,
    news: Notify,
    pub(super) signals: broadcast::Sender<Signal>,
    pub(super) stop: watch::Receiver<bool>,
}

/// A state, and the point of the stream it is the state of.
#[derive(Debug)]
pub(super) struct Viewed {
    pub(super) state: TerritoryState,
    pub(super) at: LiveCursor,
    pub(super) epoch: String,
}

/// What is known of the way to the store.
#[derive(Debug)]
struct Contact {
    level_since: Instant,
    as_of: DateTime<Utc>,
    last: Seq,
    fault: Option<String>,
}

/// How well a view follows its store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewHealth {
    /// The last event it shows.
    pub applied: LiveCursor,
    /// The last event it has heard of.
    pub last: Seq,
    /// The data set it follows.
    pub epoch: String,
    /// Since when it has not been known to be level with the store: about a second at most while nothing is wrong.
    pub lag: Duration,
    /// The store's time at which everything it shows was true.
    pub as_of: DateTime<Utc>,
    /// What keeps it from following.
    pub fault: Option<String>,
}

impl ViewHealth {
    /// From this lag on, the view is not ready (store.md §10).
    pub const LAG_MAX: Duration = Duration::from_secs(2);

    /// Whether what the view shows may be served without reserve.
    pub fn is_ready(&self) -> bool {
        self.fault.is_none() && self.lag <= Self::LAG_MAX
    }
}

impl TerritoryView {
    /// How many events a live subscriber may be behind before it reads from the store again.
    const SIGNALS_KEPT: usize = 1024;

    pub(super) fn new(
        store: Arc<dyn Store>,
        territory: TerritoryId,
        viewed: Viewed,
        as_of: DateTime<Utc>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let contact = Contact { level_since: Instant::now(), as_of, last: viewed.at.seq, fault: None };
        Self {
            territory,
            store,
            shown: AtomicU64::new(viewed.at.seq),
            news: Notify::new(),
            viewed: RwLock::new(viewed),
            contact: Mutex::new(contact),
            turn: Mutex::default(),
            own_on_their_way: AtomicUsize::new(0),
            to_be_read: Notify::new(),
            signals: broadcast::Sender::new(Self::SIGNALS_KEPT),
            stop,
        }
    }

    /// Which territory.
    pub fn territory(&self) -> &TerritoryId {
        &self.territory
    }

    /// Lends the state, as of one point of the stream. Be short: the feed waits meanwhile.
    pub fn read<T>(&self, reader: impl FnOnce(&TerritoryState) -> T) -> T {
        reader(&self.viewed.read().unwrap_or_else(PoisonError::into_inner).state)
    }

    /// The last event the view shows.
    pub fn applied(&self) -> LiveCursor {
        self.viewed.read().unwrap_or_else(PoisonError::into_inner).at.clone()
    }

    /// Waits until the view shows event `seq`; false when it does not within `timeout`. Whoever committed waits for the
    /// number the store gave, so that they see what they did.
    pub async fn reached(&self, seq: Seq, timeout: Duration) -> bool {
        let shows_it = || self.shown.load(Ordering::Acquire) >= seq;
        if shows_it() {
            return true;
        }
        let shown = async {
            loop {
                let mut news = pin!(self.news.notified());
                // From here on it hears; what was shown before is looked at after.
                news.as_mut().enable();
                if shows_it() {
                    return;
                }
                news.await;
            }
        };
        tokio::time::timeout(timeout, shown).await.is_ok()
    }

    /// The store's time at which everything the view shows was true.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.contact().as_of
    }

    /// How well it follows the store.
    pub fn health(&self) -> ViewHealth {
        let (applied, epoch) = {
            let viewed = self.viewed.read().unwrap_or_else(PoisonError::into_inner);
            (viewed.at.clone(), viewed.epoch.clone())
        };
        let contact = self.contact();
        ViewHealth {
            applied,
            epoch,
            last: contact.last,
            lag: contact.level_since.elapsed(),
            as_of: contact.as_of,
            fault: contact.fault.clone(),
        }
    }

    /// Says that a commit of this node is on its way: what it appends will come by [`TerritoryView::show_own`], and the feed
    /// need not hurry to read it.
    pub fn expect_own(&self) -> Expected<'_> {
        self.own_on_their_way.fetch_add(1, Ordering::AcqRel);
        Expected(self)
    }

    /// Whether a commit of this node is on its way.
    pub(super) fn expects_own(&self) -> bool {
        self.own_on_their_way.load(Ordering::Acquire) > 0
    }

    /// Shows what a commit of this node appended, once what comes before it is shown.
    pub fn show_own(&self, write: OwnWrite) {
        let mut turn = self.turn();
        if self.read(|state| turn.put(write, state)) {
            self.show_waiting(&mut turn);
        } else {
            self.to_be_read.notify_one();
        }
    }

    /// Shows events read from the stream, and tells live subscribers. Those that are shown already are left out.
    pub(super) fn show(&self, mut events: Vec<Arc<RecordedEvent>>, found: &FactsByRef) {
        let mut turn = self.turn();
        let shown = self.applied().seq;
        events.retain(|event| event.seq > shown);
        if events.first().is_some_and(|first| first.seq == shown + 1) {
            self.show_next(events, found);
        }
        self.show_waiting(&mut turn);
    }

    /// Shows the own writes whose turn has come. Whoever waits is told once, of all that was shown.
    fn show_waiting(&self, turn: &mut OwnWrites) {
        loop {
            match turn.next(&self.applied()) {
                Ok(Some(events)) => self.show_next(events, &FactsByRef::new()),
                Ok(None) => break,
                Err(AnotherStream) => {
                    self.to_be_read.notify_one();
                    break;
                }
            }
        }
        self.news.notify_waiters();
    }

    /// Shows events that come right after the last one shown.
    fn show_next(&self, events: Vec<Arc<RecordedEvent>>, found: &FactsByRef) {
        let Some(last) = events.last() else { return };
        let (seq, at) = (last.seq, last.at);
        {
            let mut viewed = self.viewed.write().unwrap_or_else(PoisonError::into_inner);
            for event in &events {
                viewed.state.apply(event, found);
            }
            viewed.at = LiveCursor { seq, chain: last.chain.clone() };
        }
        {
            let mut contact = self.contact();
            contact.as_of = contact.as_of.max(at);
            contact.last = contact.last.max(seq);
        }
        self.shown.store(seq, Ordering::Release);
        for event in events {
            // An error only says that nobody listens.
            let _ = self.signals.send(Signal::Event(event));
        }
    }

    /// Shows another state altogether: the stream is not the one that was followed.
    pub(super) fn replace(&self, by: Viewed) {
        let _turn = self.turn();
        let at = by.at.clone();
        let before = {
            let mut viewed = self.viewed.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *viewed, by)
        };
        // Freeing a large state takes a while: after the lock is given back.
        drop(before);
        self.contact().last = at.seq;
        self.shown.store(at.seq, Ordering::Release);
        self.news.notify_waiters();
        let _ = self.signals.send(Signal::Reset(at));
    }

    /// Adds facts that could not be read before.
    pub(super) fn add_facts(&self, found: &FactsByRef) {
        self.viewed.write().unwrap_or_else(PoisonError::into_inner).state.board.add_facts(found);
    }

    /// Notes that at the store's time `now` the view showed all there was.
    pub(super) fn is_level(&self, now: DateTime<Utc>) {
        let mut contact = self.contact();
        contact.level_since = Instant::now();
        contact.as_of = contact.as_of.max(now);
        contact.fault = None;
    }

    /// Notes what the store says its last event is.
    pub(super) fn heard_of(&self, last: Seq) {
        self.contact().last = last;
    }

    /// Notes what keeps the view from following; true when it was not known yet.
    pub(super) fn is_hindered_by(&self, fault: String) -> bool {
        let known = &mut self.contact().fault;
        let new = known.as_ref() != Some(&fault);
        *known = Some(fault);
        new
    }

    fn turn(&self) -> MutexGuard<'_, OwnWrites> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn contact(&self) -> MutexGuard<'_, Contact> {
        self.contact.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A commit of this node on its way, until it is dropped.
#[derive(Debug)]
pub struct Expected<'a>(&'a TerritoryView);

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        self.0.own_on_their_way.fetch_sub(1, Ordering::AcqRel);
    }
}

impl fmt::Debug for TerritoryView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TerritoryView")
            .field("territory", &self.territory)
            .field("applied", &self.applied().seq)
            .finish_non_exhaustive()
    }
}
