//! Connections to the server: one for each runtime that calls (an HTTP worker is one), shared by all who call from there and
//! made again when it is lost. A connection's own task runs where its callers do, so that no question and no answer has to
//! change threads. Each caller's command is sent once: whether it may be sent again is the caller's to say. While nothing
//! could be sent, that is told apart from a lost answer.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, RedisError, RedisResult, Value};
use tokio::runtime::{self, Handle};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::{sleep, timeout};

use super::fault;
use super::scripts::{self, Call};
use crate::store::StoreError;

/// How long a connection may take, login included.
const CONNECT: Duration = Duration::from_millis(1_500);

/// How long an answer may take: one to a commit waits for the disk.
pub(super) const RESPONSE: Duration = Duration::from_secs(3);

/// From one failure to connect to the next attempt.
const PAUSE: Duration = Duration::from_millis(100);

/// Commands that wait to be written to the connection.
const BUFFER: usize = 1_024;

/// Calls under way at once; more wait for their turn.
const UNDER_WAY: usize = 512;

pub(super) struct Link {
    client: Client,
    turns: Semaphore,
    /// As many as there are HTTP workers, and one for the rest of the service.
    ends: RwLock<HashMap<runtime::Id, Arc<End>>>,
}

/// The end of a link in one runtime.
#[derive(Default)]
struct End {
    present: RwLock<Option<Present>>,
    /// One caller connects, the others wait for it.
    connecting: Mutex<Attempts>,
}

#[derive(Clone)]
struct Present {
    connection: MultiplexedConnection,
    made: u64,
}

#[derive(Default)]
struct Attempts {
    made: u64,
    /// The last failure, and when.
    failed: Option<(Instant, RedisError)>,
}

/// Why nothing was sent.
#[derive(Debug)]
pub(super) enum NotSent {
    /// There is no connection.
    NoConnection(RedisError),
    /// Too many calls are under way.
    Busy,
}

impl From<NotSent> for StoreError {
    fn from(reason: NotSent) -> Self {
        match reason {
            NotSent::NoConnection(error) => fault::nothing_done(&error),
            NotSent::Busy => Self::Unavailable("too many calls wait for Redis".to_owned()),
        }
    }
}

impl Link {
    /// A link of this process to a server; nothing is sent yet.
    pub(super) fn new(client: Client) -> Self {
        Self { client, turns: Semaphore::new(UNDER_WAY), ends: RwLock::default() }
    }

    /// A turn to send something.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, NotSent> {
        let Ok(Ok(permit)) = timeout(RESPONSE, self.turns.acquire()).await else { return Err(NotSent::Busy) };
        let end = self.end_here();
        let present = match end.present() {
            Some(present) => present,
            None => end.connect(&self.client).await.map_err(NotSent::NoConnection)?,
        };
        Ok(Turn { end, present, _permit: permit })
    }

    /// Reads something: once more on a new connection when the one there turns out to be closed, since reading twice does
    /// no harm.
    pub(super) async fn read<T: FromRedisValue>(&self, question: &Pipeline) -> Result<T, StoreError> {
        let mut turn = self.turn().await?;
        match turn.pipeline(question).await {
            Err(error) if error.is_connection_dropped() => {
                drop(turn);
                self.turn().await?.pipeline(question).await
            }
            answer => answer,
        }
        .map_err(|error| fault::nothing_done(&error))
    }

    /// As [`Link::read`], by a script.
    pub(super) async fn read_by(&self, call: &Call) -> Result<Value, StoreError> {
        let mut turn = self.turn().await?;
        match turn.call(call).await {
            Err(error) if error.is_connection_dropped() => {
                drop(turn);
                self.turn().await?.call(call).await
            }
            answer => answer,
        }
        .map_err(|error| fault::nothing_done(&error))
    }

    /// The end in the runtime of whoever calls.
    fn end_here(&self) -> Arc<End> {
        let here = Handle::current().id();
        if let Some(end) = self.ends.read().unwrap_or_else(PoisonError::into_inner).get(&here) {
            return Arc::clone(end);
        }
        Arc::clone(self.ends.write().unwrap_or_else(PoisonError::into_inner).entry(here).or_default())
    }
}

impl End {
    fn present(&self) -> Option<Present> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn connect(&self, client: &Client) -> RedisResult<Present> {
        let arrived = Instant::now();
        let mut attempts = self.connecting.lock().await;
        if let Some(present) = self.present() {
            return Ok(present);
        }
        match &attempts.failed {
            // Tried for somebody else while we waited: the same for all of them.
            Some((at, error)) if *at > arrived => return Err(error.clone()),
            Some((at, _)) => sleep(PAUSE.saturating_sub(at.elapsed())).await,
            None => {}
        }
        // A task of its own: a caller who gives up does not take it along.
        let client = client.clone();
        let connected = tokio::spawn(async move { connect(&client).await });
        let connected = connected.await.unwrap_or_else(|stopped| Err(std::io::Error::other(stopped).into()));
        match connected {
            Ok(connection) => {
                *attempts = Attempts { made: attempts.made + 1, failed: None };
                let mut place = self.present.write().unwrap_or_else(PoisonError::into_inner);
                Ok(place.insert(Present { connection, made: attempts.made }).clone())
            }
            Err(error) => {
                attempts.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// The connection of that number is of no more use.
    fn lost(&self, made: u64) {
        let mut present = self.present.write().unwrap_or_else(PoisonError::into_inner);
        if present.as_ref().is_some_and(|present| present.made == made) {
            *present = None;
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

/// A new connection to a server that knows the scripts.
async fn connect(client: &Client) -> RedisResult<MultiplexedConnection> {
    let settings = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(RESPONSE))
        .set_pipeline_buffer_size(BUFFER);
    let mut connection = client.get_multiplexed_async_connection_with_config(&settings).await?;
    let mut load = redis::pipe();
    for script in scripts::ALL {
        load.add_command(script.load()).ignore();
    }
    load.exec_async(&mut connection).await?;
    Ok(connection)
}

/// Leave to send something, once.
pub(super) struct Turn<'a> {
    end: Arc<End>,
    present: Present,
    _permit: SemaphorePermit<'a>,
}

impl Turn<'_> {
    /// Calls a script, bringing it first when the server has lost it.
    pub(super) async fn call(&mut self, call: &Call) -> RedisResult<Value> {
        match self.command(&call.command()).await {
            Err(error) if fault::code(&error).as_deref() == Some("NOSCRIPT") => {
                self.command(&call.script.load()).await?;
                self.command(&call.command()).await
            }
            answer => answer,
        }
    }

    pub(super) async fn pipeline<T: FromRedisValue>(&mut self, pipeline: &Pipeline) -> RedisResult<T> {
        let answer = pipeline.query_async(&mut self.present.connection).await;
        self.noted(answer)
    }

    pub(super) async fn command(&mut self, command: &Cmd) -> RedisResult<Value> {
        let answer = command.query_async(&mut self.present.connection).await;
        self.noted(answer)
    }

    fn noted<T>(&self, answer: RedisResult<T>) -> RedisResult<T> {
        if let Err(error) = &answer
            && fault::breaks_the_connection(error)
        {
            self.end.lost(self.present.made);
        }
        answer
    }
}
