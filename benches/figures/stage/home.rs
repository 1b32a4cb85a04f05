//! Where state lives in a bench: a folder of its own for the embedded store, a database of its own in a redis-server of the
//! bench's own. Both are on the same disk.

use std::fmt;
use std::sync::Arc;

use aiguilleur::clock::SystemClock;
use aiguilleur::store::{EmbeddedStore, RedisOptions, RedisStore, Store};
use futures_util::FutureExt as _;

use super::nine;
use super::redis_server::RedisServer;
use super::running::Opening;

/// A kind of home.
#[derive(Clone)]
pub(crate) enum Kind {
    /// A folder.
    Embedded,
    /// A database of this server, of which this is said.
    Redis(Arc<RedisServer>, &'static str),
}

impl Kind {
    /// The embedded store, and Redis with its log on disk once a second, then before every answer. Servers are found as the
    /// tests find them.
    pub(crate) fn all() -> Vec<Self> {
        let redis = |fsync, said| {
            // No rewriting of its log while something is measured.
            let settings = [("appendfsync", fsync), ("auto-aof-rewrite-percentage", "0")];
            Self::Redis(Arc::new(RedisServer::with(&settings)), said)
        };
        vec![Self::Embedded, redis("everysec", "Redis `everysec`"), redis("always", "Redis `always`")]
    }

    /// An empty home.
    pub(crate) fn home(&self) -> Arc<Home> {
        Arc::new(match self {
            Self::Embedded => Home::Embedded(tempfile::tempdir().expect("a folder")),
            Self::Redis(server, _) => Home::Redis(server.clone(), server.database()),
        })
    }

    /// The process of its own that the store needs.
    pub(crate) fn server(&self) -> Option<u32> {
        match self {
            Self::Embedded => None,
            Self::Redis(server, _) => Some(server.pid()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::Redis(_, said) => said,
        })
    }
}

/// A place for state, empty at first.
pub(crate) enum Home {
    /// A folder, gone with this.
    Embedded(tempfile::TempDir),
    /// A database of a server.
    Redis(Arc<RedisServer>, u32),
}

impl Home {
    /// Opens the store there. It is nine when it opens.
    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        open_at(&self.address()).await
    }

    /// As [`Home::open`], on another thread.
    pub(crate) fn opening(self: &Arc<Self>) -> Opening {
        let home = self.clone();
        Box::new(move || async move { home.open().await }.boxed())
    }

    /// What a process needs to know to open it.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Embedded(folder) => folder.path().to_str().expect("a readable path").to_owned(),
            Self::Redis(server, database) => server.url(*database),
        }
    }
}

/// Opens the store of a home.
pub(crate) async fn open_at(address: &str) -> Arc<dyn Store> {
    let clock = Arc::new(SystemClock::starting_at(nine()));
    if RedisOptions::is_address(address) {
        Arc::new(RedisStore::connect(RedisOptions::at(address), clock).await.expect("a store"))
    } else {
        Arc::new(EmbeddedStore::open(address, clock).expect("a store"))
    }
}
