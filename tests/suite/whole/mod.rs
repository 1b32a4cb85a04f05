//! The whole service, in every way it can be started: the same journey, the same races, the same bad input. What a newcomer
//! tries in the demo holds for what a CPTS runs.

mod bad_input;
mod contention;
mod journey;

use std::ops::Deref;
use std::sync::Arc;

use crate::support::api::Api;
use crate::support::process::{Demo, NINE};
use crate::support::redis::RedisServer;
use crate::support::serve::Serve;

/// A service, however it was started; ended when it is dropped.
pub(crate) struct Stand {
    process: Process,
    _redis: Option<Arc<RedisServer>>,
    _data: Option<tempfile::TempDir>,
}

enum Process {
    Demo(Demo),
    Serve(Serve),
}

impl Stand {
    fn demo_embedded() -> Self {
        Self { process: Process::Demo(Demo::start()), _redis: None, _data: None }
    }

    fn demo_redis() -> Self {
        let (redis, url) = own_database();
        let data = tempfile::tempdir().expect("a folder");
        let folder = data.path().to_str().expect("a readable path");
        let demo = Demo::with(&["--at", NINE, "--seed", "7", "--store", &url, "--data", folder]);
        let process = Process::Demo(demo.unwrap_or_else(|said| panic!("{said}")));
        Self { process, _redis: Some(redis), _data: Some(data) }
    }

    async fn serve_embedded() -> Self {
        Self { process: Process::Serve(Serve::start().await), _redis: None, _data: None }
    }

    async fn serve_redis() -> Self {
        let (redis, url) = own_database();
        Self { process: Process::Serve(Serve::on_redis(&url).await), _redis: Some(redis), _data: None }
    }
}

/// A database of a durable Redis, nobody else's.
fn own_database() -> (Arc<RedisServer>, String) {
    let redis = RedisServer::shared();
    let url = redis.url(redis.database());
    (redis, url)
}

impl Deref for Stand {
    type Target = Api;
    fn deref(&self) -> &Api {
        match &self.process {
            Process::Demo(demo) => demo,
            Process::Serve(serve) => serve,
        }
    }
}

/// Runs each of these promises against every way of starting the service.
macro_rules! everywhere {
    ($($promise:ident),+ $(,)?) => {
        everywhere!(@ demo_embedded: crate::whole::Stand::demo_embedded(), $($promise),+);
        everywhere!(@ demo_redis: crate::whole::Stand::demo_redis(), $($promise),+);
        everywhere!(@ serve_embedded: crate::whole::Stand::serve_embedded().await, $($promise),+);
        everywhere!(@ serve_redis: crate::whole::Stand::serve_redis().await, $($promise),+);
    };
    (@ $stand:ident: $started:expr, $($promise:ident),+) => {
        mod $stand {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                let stand = $started;
                super::$promise(&stand).await;
            })+
        }
    };
}
pub(crate) use everywhere;
