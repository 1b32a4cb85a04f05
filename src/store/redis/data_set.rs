//! Which data set of a territory this process works with. It is named when a territory is first met and remembered as long
//! as the process lives: another one there later (Redis emptied, replaced, brought back from an older state) is refused,
//! since whoever goes on with it would take what was acknowledged for never said.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use redis::{Pipeline, Value, from_redis_value};
use uuid::Uuid;

use super::Shared;
use super::fault;
use super::keys::Keys;
use crate::domain::{TerritoryId, record};
use crate::store::{Millis, StoreError};

/// The data sets met so far, by territory.
#[derive(Debug, Default)]
pub(super) struct DataSets(Mutex<HashMap<TerritoryId, Arc<str>>>);

impl DataSets {
    pub(super) fn of(&self, territory: &TerritoryId) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(territory).cloned()
    }

    pub(super) fn all(&self) -> Vec<(TerritoryId, Arc<str>)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(territory, epoch)| (territory.clone(), Arc::clone(epoch))).collect()
    }

    /// Remembers the first.
    fn met(&self, territory: &TerritoryId, epoch: &str) -> Arc<str> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(territory.clone()).or_insert_with(|| epoch.into()))
    }
}

/// Epoch, schema, time of the last event.
type Identity = (Option<String>, Option<String>, Option<Millis>);

impl Shared {
    /// The data set of a territory; a territory nobody has met gets one.
    pub(super) async fn data_set(&self, territory: &TerritoryId) -> Result<Arc<str>, StoreError> {
        if let Some(known) = self.data_sets.of(territory) {
            return Ok(known);
        }
        let meta = Keys::of(territory).meta();
        let identity = |question: &mut Pipeline| {
            question.cmd("HMGET").arg(&meta).arg(&["epoch", "schema", "t"]);
        };
        let mut question = redis::pipe();
        identity(&mut question);
        let ((mut epoch, mut schema, last),): (Identity,) = self.reads.read(&question).await?;
        if epoch.is_none() || schema.is_none() {
            let mut make = redis::pipe();
            make.cmd("HSETNX").arg(&meta).arg("epoch").arg(Uuid::new_v4().to_string()).ignore();
            make.cmd("HSETNX").arg(&meta).arg("schema").arg(record::SCHEMA).ignore();
            identity(&mut make);
            let mut turn = self.commits.turn().await?;
            // A second naming changes nothing: asking again after a lost answer does no harm.
            let made: Result<(Identity,), _> = turn.pipeline(&make).await;
            ((epoch, schema, _),) = made.map_err(|error| fault::nothing_done(&error))?;
        }
        let (Some(epoch), Some(schema)) = (epoch, schema) else {
            return Err(fault::unreadable("the name of a data set"));
        };
        if schema != record::SCHEMA.to_string() {
            return Err(StoreError::Unavailable(format!(
                "the data of {territory} has schema {schema}, this version of the service reads {}: use the version that wrote it",
                record::SCHEMA
            )));
        }
        if let Some(last) = last {
            self.time.not_before(last);
        }
        Ok(self.data_sets.met(territory, &epoch))
    }
}

/// Asks which data set is there.
pub(super) fn ask(question: &mut Pipeline, keys: &Keys) {
    question.cmd("HMGET").arg(keys.meta()).arg(&["epoch", "importing"]);
}

/// Judges the answer to [`ask`].
pub(super) fn check(answer: Value, epoch: &str, territory: &TerritoryId) -> Result<(), StoreError> {
    let (found, importing): (Option<String>, Option<String>) =
        from_redis_value(answer).map_err(|_| fault::unreadable("the name of a data set"))?;
    if found.as_deref() == Some(epoch) && importing.is_none() {
        Ok(())
    } else {
        Err(refusal(territory, found, importing))
    }
}

/// Why the data set found is not worked with.
pub(super) fn refusal(territory: &TerritoryId, found: Option<String>, importing: Option<String>) -> StoreError {
    StoreError::Unavailable(match (found, importing) {
        (_, Some(_)) => {
            format!(
                "the territory {territory} is being brought in from elsewhere, or that was broken off: bring it in again"
            )
        }
        (None, None) => format!(
            "Redis holds nothing of {territory} any more: it was emptied or started without its data; bring them back, \
             then restart the service"
        ),
        (Some(_), None) => format!(
            "Redis holds another data set of {territory} than when the service started: if that was meant, restart the service"
        ),
    })
}
