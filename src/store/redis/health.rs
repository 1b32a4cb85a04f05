//! Whether the store can commit now. Asked of the server at most once a second, however often one wants to know.

use std::time::{Duration, Instant};

use redis::Value;
use tokio::sync::Mutex;

use super::Shared;
use super::data_set;
use super::fault;
use super::keys::Keys;
use super::scripts::{self, Call};
use crate::store::{Health, StoreError};

/// How long an answer is good for.
const FRESH: Duration = Duration::from_secs(1);

/// The last answer, and when it was given.
#[derive(Debug, Default)]
pub(super) struct LastHealth(Mutex<Option<(Instant, Health)>>);

impl Shared {
    pub(super) async fn health(&self) -> Health {
        // One asks, the others wait for the same answer.
        let mut last = self.last_health.0.lock().await;
        if let Some((_, health)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return health.clone();
        }
        let fault = self.commits_would_be_taken().await.err();
        let known = last.as_ref().map(|(_, health)| health.durability);
        let durability = match &fault {
            None => self.settings().await.ok().map(|settings| settings.durability()),
            Some(_) => known,
        };
        let health = Health {
            store: "redis",
            fault: fault.map(|fault| fault.to_string()),
            // It comes back as it was. If it comes back empty, a service started again would not know.
            lasts: false,
            durability: durability.unwrap_or("unknown: the server does not answer"),
        };
        last.insert((Instant::now(), health)).1.clone()
    }

    /// Asks without writing: the server refuses the script as it would a commit, and must still hold every data set.
    async fn commits_would_be_taken(&self) -> Result<(), StoreError> {
        let mut turn = self.commits.turn().await?;
        turn.call(&Call::of(&scripts::READY, [])).await.map_err(|error| fault::nothing_done(&error))?;
        drop(turn);
        let known = self.data_sets.all();
        if known.is_empty() {
            return Ok(());
        }
        let mut question = redis::pipe();
        for (territory, _) in &known {
            data_set::ask(&mut question, &Keys::of(territory));
        }
        let answers: Vec<Value> = self.reads.read(&question).await?;
        known.iter().zip(answers).try_for_each(|((territory, epoch), answer)| data_set::check(answer, epoch, territory))
    }
}
