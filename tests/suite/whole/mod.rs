//! The whole service, in every way it can be started: the same journey, the same races, the same bad input. What a newcomer
//! tries in the demo holds for what a CPTS runs.

mod bad_input;
mod contention;
mod journey;

use std::ops::Deref;

use crate::support::api::Api;
use crate::support::process::Demo;
use crate::support::serve::Serve;

/// A service, however it was started; ended when it is dropped.
pub(crate) enum Stand {
    Demo(Demo),
    Serve(Serve),
}

impl Deref for Stand {
    type Target = Api;
    fn deref(&self) -> &Api {
        match self {
            Self::Demo(demo) => demo,
            Self::Serve(serve) => serve,
        }
    }
}

/// Runs each of these promises against every way of starting the service.
macro_rules! everywhere {
    ($($promise:ident),+ $(,)?) => {
        mod demo_embedded {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$promise(&crate::whole::Stand::Demo(crate::support::process::Demo::start())).await;
            })+
        }
        mod serve_embedded {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                super::$promise(&crate::whole::Stand::Serve(crate::support::serve::Serve::start().await)).await;
            })+
        }
    };
}
pub(crate) use everywhere;
