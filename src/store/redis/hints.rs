//! Hints: one subscription to the channels of all territories, made again when it is lost. A hint may be lost with it; the
//! stream is the truth, and readers also ask once a second.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use redis::{Client, Msg, RedisResult};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::Shared;
use super::fault;
use super::keys::{self, HINTS};
use super::link::RESPONSE;
use crate::domain::TerritoryId;
use crate::store::Seq;

/// Waits between two attempts to subscribe: the first, and the longest of those that double.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// How long it may be quiet before the server is asked whether it is still there: a cut cable tells nobody.
const QUIET: Duration = Duration::from_secs(5);

/// Listens as long as it is kept.
#[derive(Debug)]
pub(super) struct Listener(AbortHandle);

impl Listener {
    pub(super) fn start(client: Client, shared: Arc<Shared>) -> Self {
        Self(tokio::spawn(listen(client, shared)).abort_handle())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn listen(client: Client, shared: Arc<Shared>) {
    let mut retry = RETRY.0;
    let mut told = false;
    loop {
        let Err(error) = subscribed(&client, &shared, || retry = RETRY.0).await else { continue };
        let why = fault::said(&error);
        if fault::code(&error).is_some() && !told {
            told = true;
            tracing::warn!(%why, "Redis gives no hints: what other nodes do is seen a second late");
        } else {
            tracing::debug!(%why, "the subscription to hints was lost");
        }
        sleep(retry).await;
        retry = (retry * 2).min(RETRY.1);
    }
}

/// Hears hints until the subscription is lost.
async fn subscribed(client: &Client, shared: &Shared, begun: impl FnOnce()) -> RedisResult<()> {
    let mut subscription = within(client.get_async_pubsub()).await?;
    within(subscription.psubscribe(HINTS)).await?;
    begun();
    let (mut questions, mut messages) = subscription.split();
    loop {
        match timeout(QUIET, messages.next()).await {
            Ok(Some(message)) => shared.heard(&message),
            Ok(None) => return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
            Err(_) => {
                let _: redis::Value = within(questions.ping()).await?;
            }
        }
    }
}

async fn within<T>(answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    let late = || Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
    timeout(RESPONSE, answer).await.unwrap_or_else(|_| late())
}

impl Shared {
    /// Passes a hint on when it is of the data set this process works with: other databases of the server have channels of
    /// the same names.
    fn heard(&self, message: &Msg) {
        let Some(territory) = keys::territory_of_hints(message.get_channel_name()) else { return };
        let said = std::str::from_utf8(message.get_payload_bytes()).unwrap_or_default();
        let Some((seq, epoch)) = said.split_once(' ') else { return };
        if let Ok(seq) = seq.parse()
            && self.data_sets.of(&territory).is_some_and(|known| *known == *epoch)
        {
            self.hint(&territory, seq);
        }
    }

    /// Wakes the readers of this process.
    pub(super) fn hint(&self, territory: &TerritoryId, seq: Seq) {
        self.hints.tell(territory, seq);
    }
}
