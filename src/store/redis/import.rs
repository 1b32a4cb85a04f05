//! Bringing a whole territory in. It takes many steps, between which the territory is closed to everybody; who brings it in
//! and fails clears away what it had brought, and who dies leaves that to the next.

use futures_util::stream::{BoxStream, StreamExt as _};
use redis::Value;
use tokio::time::sleep;
use uuid::Uuid;

use std::time::Duration;

use super::Shared;
use super::data_set;
use super::fault;
use super::keys::{self, Keys};
use super::reading::next;
use super::scripts::{self, Call};
use crate::domain::TerritoryId;
use crate::store::{Kept, StoreError, StoredEvent, Tail, Versioned, WRITES_MAX};

/// How long nobody else may take over after the last step.
const LEASE: Duration = Duration::from_secs(60);

/// Names cleared away by one step.
const CLEARED: usize = 500;

/// Tries to say that all is in, and the wait between two.
const ENDINGS: (usize, Duration) = (5, Duration::from_millis(500));

/// Somebody who brings a territory in.
struct Import<'a> {
    shared: &'a Shared,
    territory: &'a TerritoryId,
    keys: Keys,
    who: String,
}

impl Shared {
    pub(super) async fn import(
        &self,
        territory: &TerritoryId,
        tail: Tail,
        items: BoxStream<'static, Result<Kept, StoreError>>,
    ) -> Result<(), StoreError> {
        let epoch = self.data_set(territory).await?;
        let import = Import { shared: self, territory, keys: Keys::of(territory), who: Uuid::new_v4().to_string() };
        if import.begin(&epoch).await? == Found::Remains {
            import.clear().await?;
        }
        match import.put_all(items).await {
            Ok(()) => import.end(&tail, &epoch).await?,
            Err(fault) => {
                let undone = async {
                    import.clear().await?;
                    import.step("leave", |_| {}).await
                };
                if let Err(left) = undone.await {
                    tracing::warn!(territory = %territory, %left, "what was brought in of {territory} could not be cleared away");
                }
                return Err(fault);
            }
        }
        self.time.not_before(tail.at);
        if tail.seq > 0 {
            self.hint(territory, tail.seq);
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    /// What somebody brought in and did not finish.
    Remains,
}

impl Import<'_> {
    async fn begin(&self, epoch: &str) -> Result<Found, StoreError> {
        let word = self.step("begin", |call| _ = call.arg(epoch.to_owned())).await?;
        match word.as_str() {
            "begun" => Ok(Found::Nothing),
            "remains" => Ok(Found::Remains),
            "not empty" => Err(StoreError::NotEmpty),
            _ => Err(fault::unreadable("an import")),
        }
    }

    async fn put_all(&self, items: BoxStream<'static, Result<Kept, StoreError>>) -> Result<(), StoreError> {
        let mut chunks = items.ready_chunks(WRITES_MAX);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.into_iter().collect::<Result<Vec<_>, _>>()?;
            for kept in &chunk {
                if let Kept::Blob { name, .. } = kept
                    && self.keys.blob(name).is_none()
                {
                    return Err(keys::no_blob(name));
                }
            }
            self.step("put", |call| chunk.into_iter().for_each(|kept| put(call, &self.keys, kept))).await?;
        }
        Ok(())
    }

    async fn clear(&self) -> Result<(), StoreError> {
        while self.step("clear", |call| _ = call.number(CLEARED)).await? == "more" {}
        Ok(())
    }

    /// Opens the territory; asked again when the answer is lost, for it may be open already.
    async fn end(&self, tail: &Tail, epoch: &str) -> Result<(), StoreError> {
        let mut left = ENDINGS.0;
        loop {
            let ended = self.step("end", |call| {
                call.number(tail.seq).arg(tail.chain.clone()).number(tail.at);
                call.arg(self.keys.hints()).arg(epoch.to_owned());
            });
            match ended.await {
                Ok(_) => return Ok(()),
                Err(StoreError::Unknown(_)) if left > 0 => left -= 1,
                Err(fault) => return Err(fault),
            }
            sleep(ENDINGS.1).await;
        }
    }

    /// Does one step; the word it answers.
    async fn step(&self, step: &'static str, arguments: impl FnOnce(&mut Call)) -> Result<String, StoreError> {
        let keys = &self.keys;
        let fixed = [keys.meta(), keys.events(), keys.due(), keys.written(), keys.gone(), keys.import_lease()];
        let mut call = Call::of(&scripts::IMPORT, fixed);
        call.arg(step).arg(self.who.clone()).number(LEASE.as_millis());
        arguments(&mut call);
        let mut turn = self.shared.commits.turn().await?;
        let answer = turn.call(&call).await.map_err(|error| fault::of_a_write(&error))?;
        let Value::Array(values) = answer else { return Err(fault::unreadable("an import")) };
        let mut values = values.into_iter();
        let word: String = next(&mut values, "an import")?;
        if word == "refused" {
            let (found, importing) = (next(&mut values, "an import")?, next(&mut values, "an import")?);
            return Err(data_set::refusal(self.territory, found, importing));
        }
        Ok(word)
    }
}

fn put(call: &mut Call, keys: &Keys, kept: Kept) {
    match kept {
        Kept::Record(Versioned { key, version, body }) => {
            let place = call.key(keys.record(&key));
            call.arg("record").arg(place).number(version).arg(body);
        }
        Kept::Event(StoredEvent { seq, at, kind, body, chain }) => {
            call.arg("event").number(seq).number(at).arg(kind).arg(chain).arg(body);
        }
        Kept::Timer { timer, at } => {
            call.arg("timer").arg(timer.to_string()).number(at);
        }
        Kept::Blob { name, bytes } => {
            // Looked at before: only names with a key come here.
            if let Some(key) = keys.blob(&name) {
                let place = call.key(key);
                call.arg("blob").arg(place).arg(bytes);
            }
        }
    }
}
