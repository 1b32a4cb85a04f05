//! Live updates: every event after a place of the stream, in order, without gap and never twice, or a word that this cannot be
//! done and everything must be read again. Nothing is told that the view does not show yet. A subscriber too slow for the
//! broadcast reads what it missed from the store.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream;
use tokio::sync::{broadcast, watch};

use super::cursor::LiveCursor;
use super::feed::{Continuation, continuation};
use super::territory_view::TerritoryView;
use crate::domain::RecordedEvent;
use crate::store::codec;

/// What a subscriber is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Live {
    /// This happened, and the view shows it.
    Event(Arc<RecordedEvent>),
    /// What was told before cannot be continued: read everything again; what comes next follows this place.
    Reset(LiveCursor),
}

/// What the view tells its subscribers.
#[derive(Debug, Clone)]
pub(super) enum Signal {
    Event(Arc<RecordedEvent>),
    Reset(LiveCursor),
}

/// A subscription. Dropping it ends it.
#[derive(Debug)]
pub struct LiveStream {
    view: Arc<TerritoryView>,
    signals: broadcast::Receiver<Signal>,
    stop: watch::Receiver<bool>,
    at: LiveCursor,
    behind: bool,
    read_again: VecDeque<Arc<RecordedEvent>>,
}

impl TerritoryView {
    /// Subscribes to what happens after a place of the stream; none: from now on. A place that is not of this stream, or no
    /// longer kept, makes the first item a [`Live::Reset`].
    pub fn subscribe(self: &Arc<Self>, after: Option<LiveCursor>) -> LiveStream {
        // The receiver first: what is shown between the two lines comes twice and is told once.
        let signals = self.signals.subscribe();
        let shown = self.applied();
        let at = after.unwrap_or_else(|| shown.clone());
        LiveStream {
            behind: at != shown,
            signals,
            stop: self.stop.clone(),
            at,
            read_again: VecDeque::new(),
            view: Arc::clone(self),
        }
    }
}

impl LiveStream {
    /// Events read from the store at once.
    const PAGE: usize = 128;

    /// The wait before a store that failed is asked again.
    const RETRY: Duration = Duration::from_secs(1);

    /// The place of the last item told: what a client sends back to go on from there.
    pub fn cursor(&self) -> &LiveCursor {
        &self.at
    }

    /// The next item; none once the view has stopped. May be dropped and called again without loss.
    pub async fn next(&mut self) -> Option<Live> {
        let mut stop = self.stop.clone();
        tokio::select! {
            item = self.wait() => Some(item),
            _ = stop.wait_for(|stop| *stop) => None,
        }
    }

    /// The items as a stream, each with the place to go on from.
    pub fn into_stream(self) -> impl Stream<Item = (LiveCursor, Live)> {
        stream::unfold(self, |mut live| async move {
            let item = live.next().await?;
            Some(((live.at.clone(), item), live))
        })
    }

    async fn wait(&mut self) -> Live {
        loop {
            if let Some(event) = self.read_again.pop_front() {
                return self.tell(event);
            }
            if self.behind {
                if let Some(reset) = self.catch_up().await {
                    return reset;
                }
                continue;
            }
            match self.signals.recv().await {
                Ok(Signal::Event(event)) if event.seq == self.at.seq + 1 => return self.tell(event),
                Ok(Signal::Event(event)) if event.seq <= self.at.seq => {}
                Ok(Signal::Event(_)) | Err(broadcast::error::RecvError::Lagged(_)) => self.behind = true,
                Ok(Signal::Reset(at)) => return self.reset(at),
                // The view, which has the sender, is held by this very stream.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// Reads from the store what comes after our place, up to what the view shows.
    async fn catch_up(&mut self) -> Option<Live> {
        let shown = self.view.applied();
        if self.at == shown {
            self.behind = false;
            return None;
        }
        let page = self.view.store.events(self.view.territory(), self.at.seq.saturating_sub(1), Self::PAGE).await;
        let Ok(page) = page else {
            tokio::time::sleep(Self::RETRY).await;
            return None;
        };
        let stored = match continuation(&self.at, page) {
            // A subscriber that comes from a node ahead of this one waits until the view is there too.
            Continuation::Level | Continuation::Next(_) if self.at.seq > shown.seq => {
                self.behind = false;
                return None;
            }
            Continuation::Next(stored) if self.at.seq < shown.seq => stored,
            Continuation::Next(_) | Continuation::Level | Continuation::Broken(_) => return Some(self.reset(shown)),
        };
        for stored in stored.iter().filter(|stored| stored.seq <= shown.seq) {
            match codec::decode_event(stored) {
                Ok(event) => self.read_again.push_back(Arc::new(event)),
                Err(_) => return Some(self.reset(shown)),
            }
        }
        None
    }

    fn tell(&mut self, event: Arc<RecordedEvent>) -> Live {
        self.at = LiveCursor { seq: event.seq, chain: event.chain.clone() };
        Live::Event(event)
    }

    fn reset(&mut self, at: LiveCursor) -> Live {
        self.at = at.clone();
        self.behind = true;
        self.read_again.clear();
        Live::Reset(at)
    }
}
