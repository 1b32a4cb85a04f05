//! The store in a Redis (7.0 or later), shared by any number of service nodes. One script makes every commit, the same
//! checks in the same order as the embedded store; the rest is reading. Everything of the client crate stays in here.
//!
//! Start reading at `scripts/commit.lua`, then [`commit`], [`link`].
//!
//! # Keys
//!
//! `T` is the hash tag `{cpts:<territory>}`. `T:meta`; records `T:<kind>:<id>`; events `T:ev`; answers `T:i:<actor>:<key>`;
//! timers `T:x:due`; sealed blobs `T:k:<subject>`, `T:p:<ref>`; hints on the channel `T:n`. Two sorted sets make it possible
//! to read everything without holding Redis up: `T:x:w` has the name of all that is kept, scored by the number of the commit
//! that last wrote it, `T:x:gone` the last ten thousand deletions. See [`keys`] and [`whole`].
//!
//! # Rights
//!
//! A user of Redis for the service needs [`RedisStore::RIGHTS`] and no more; for [`RedisStore::survey`] to see how durable
//! the server is, also `+config|get +info` (`serve` insists); for another database than the first, `+select`; to have its files rid of what
//! was erased, `+bgrewriteaof` (or an operator gives it); to renew the key of what is sealed, `+scan`. What is missing is found when the store is opened: a commit that
//! met a refusal halfway would be left half done.

mod commit;
mod data_set;
mod fault;
mod health;
mod hints;
mod import;
mod keys;
mod link;
mod options;
mod reading;
mod scripts;
mod scrubbing;
mod server_time;
mod settings;
mod survey;
mod tls;
mod whole;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::BoxStream;
use tokio::sync::watch;

use super::hints::Hints;
use super::{
    Commit, CommitOutcome, EventPage, Export, Health, IdemKey, Kept, Millis, OpenError, Remembered, Reply, Seq,
    Snapshot, Store, StoreError, Tail, Versioned,
};
use crate::clock::Clock;
use crate::domain::{RecordKey, TerritoryId, Timer};
use data_set::DataSets;
use health::LastHealth;
use hints::Listener;
use keys::Keys;
use link::{Link, NotSent};
use scripts::Call;
use server_time::ServerTime;

pub use options::RedisOptions;
pub use survey::{Finding, FindingCode, Survey};
pub use tls::{ClientCertificate, RedisTls};

/// Live state in a Redis. Dropping it closes the connections; what was sent is done.
#[derive(Debug)]
pub struct RedisStore {
    shared: Arc<Shared>,
    _listener: Listener,
}

/// What the store's calls and its listener share.
#[derive(Debug)]
struct Shared {
    options: RedisOptions,
    /// Commits and other changes.
    commits: Link,
    /// Readings.
    reads: Link,
    time: ServerTime,
    data_sets: DataSets,
    hints: Hints,
    last_health: LastHealth,
}

impl RedisStore {
    /// What the service's user of Redis must be allowed, as `ACL SETUSER` takes it.
    pub const RIGHTS: &str = "resetkeys ~{cpts:* resetchannels &{cpts:*}:n -@all +evalsha +script|load +ping +psubscribe \
        +publish +time +hget +hmget +hset +hsetnx +hdel +hincrby +del +get +set +exists +pexpire +zadd +zrem +zcard +zcount \
        +zscore +zrange +zrangebyscore +zremrangebyrank +xadd +xrange +xtrim";

    /// Connects to a Redis, which must be there and permit what the store needs. `clock` says how far the service lives from
    /// the present; the time itself is the server's.
    ///
    /// # Errors
    /// Why this Redis cannot be the store.
    pub async fn connect(options: RedisOptions, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let server = options.server();
        let client = options.client()?;
        let shared = Arc::new(Shared {
            options,
            commits: Link::new(client.clone()),
            reads: Link::new(client.clone()),
            time: ServerTime::new(clock),
            data_sets: DataSets::default(),
            hints: Hints::default(),
            last_health: LastHealth::default(),
        });
        let refused = shared.commands_refused().await?;
        if !refused.is_empty() {
            return Err(OpenError::NotPermitted { server, what: refused.join(", ") });
        }
        let listener = Listener::start(client, Arc::clone(&shared));
        Ok(Self { shared, _listener: listener })
    }
}

impl Shared {
    /// The commands the store needs and this user may not give. On the way, the server's time is learnt.
    async fn commands_refused(&self) -> Result<Vec<String>, OpenError> {
        let opening = |error: &redis::RedisError| fault::of_opening(error, self.options.server());
        let nobody = Keys::of_nobody();
        let mut call = Call::of(&scripts::PERMITTED, [nobody.meta()]);
        call.arg(nobody.hints());
        let mut turn = self.commits.turn().await.map_err(|reason| match reason {
            NotSent::NoConnection(error) => opening(&error),
            NotSent::Busy => OpenError::NotReady { server: self.options.server(), error: "busy".to_owned() },
        })?;
        let sent = self.time.moment();
        let answer = turn.call(&call).await.map_err(|error| opening(&error))?;
        let (micros, refused) = redis::from_redis_value(answer)
            .map_err(|error| OpenError::NotReady { server: self.options.server(), error: error.to_string() })?;
        self.time.learn(sent, micros);
        Ok(refused)
    }
}

impl Store for RedisStore {
    fn now(&self) -> Millis {
        self.shared.time.now()
    }

    fn load<'a>(&'a self, territory: &'a TerritoryId, keys: &'a [RecordKey]) -> Reply<'a, Vec<Versioned>> {
        self.shared.load(territory, keys).boxed()
    }

    fn recall<'a>(&'a self, territory: &'a TerritoryId, idem: &'a IdemKey) -> Reply<'a, Option<Remembered>> {
        let recall = async move { Ok(self.shared.recall(territory, idem).await?.map(|(remembered, _)| remembered)) };
        recall.boxed()
    }

    fn commit<'a>(&'a self, territory: &'a TerritoryId, commit: Commit) -> Reply<'a, CommitOutcome> {
        self.shared.commit(territory, commit).boxed()
    }

    fn due<'a>(&'a self, territory: &'a TerritoryId, limit: usize) -> Reply<'a, Vec<(Millis, Timer)>> {
        self.shared.due(territory, limit).boxed()
    }

    fn snapshot<'a>(&'a self, territory: &'a TerritoryId) -> Reply<'a, Snapshot> {
        self.shared.snapshot(territory).boxed()
    }

    fn events<'a>(&'a self, territory: &'a TerritoryId, after: Seq, limit: usize) -> Reply<'a, EventPage> {
        self.shared.events(territory, after, limit).boxed()
    }

    fn hints(&self, territory: &TerritoryId) -> watch::Receiver<Seq> {
        self.shared.hints.of(territory)
    }

    fn trim<'a>(&'a self, territory: &'a TerritoryId, up_to: Seq) -> Reply<'a, u64> {
        self.shared.trim(territory, up_to).boxed()
    }

    fn blob<'a>(&'a self, territory: &'a TerritoryId, name: &'a str) -> Reply<'a, Option<Bytes>> {
        self.shared.blob(territory, name).boxed()
    }

    fn territories(&self) -> Reply<'_, Vec<TerritoryId>> {
        self.shared.territories().boxed()
    }

    fn export<'a>(&'a self, territory: &'a TerritoryId) -> Reply<'a, Export> {
        Arc::clone(&self.shared).export(territory).boxed()
    }

    fn import<'a>(
        &'a self,
        territory: &'a TerritoryId,
        tail: Tail,
        items: BoxStream<'static, Result<Kept, StoreError>>,
    ) -> Reply<'a, ()> {
        self.shared.import(territory, tail, items).boxed()
    }

    fn scrub(&self) -> Reply<'_, ()> {
        self.shared.scrub().boxed()
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        self.shared.health().boxed()
    }
}
