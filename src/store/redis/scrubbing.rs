//! The append-only file keeps what was removed until it is written anew: after an erasure, that is asked for.

use std::time::Duration;

use tokio::time::sleep;

use super::{Shared, StoreError, fault};

/// How often it is asked again while an earlier rewriting, which began too early for us, is under way.
const TRIES: usize = 20;

/// How long between two tries.
const BETWEEN: Duration = Duration::from_millis(500);

impl Shared {
    /// Has the server write its append-only file anew; done when it has begun.
    pub(super) async fn scrub(&self) -> Result<(), StoreError> {
        let mut tries = 0;
        loop {
            let answer = self.commits.turn().await?.command(&redis::cmd("BGREWRITEAOF")).await;
            tries += 1;
            match answer {
                Ok(_) => return Ok(()),
                Err(error) if tries < TRIES && fault::said(&error).contains("already in progress") => {
                    sleep(BETWEEN).await;
                }
                Err(error) => return Err(fault::nothing_done(&error)),
            }
        }
    }
}
