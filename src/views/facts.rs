//! Reading what is known of patients, for requests that are not closed. What it reads is sealed wherever it is kept; here it
//! stands in memory only, and a failure is told without any of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};

use crate::domain::{CareRequest, PatientFacts};

/// Facts by the name of the blob they were sealed in.
pub type FactsByRef = HashMap<String, Arc<PatientFacts>>;

/// How many blobs are read at once.
const READS_AT_ONCE: usize = 16;

/// How long one may take: the feed of the whole territory waits for it.
const READ_MAX: Duration = Duration::from_secs(5);

/// Reads and opens the sealed facts of a request's patient.
pub trait FactsSource: Send + Sync {
    /// The facts under the request's `facts_ref`. The error says what failed and holds nothing of the content: it is logged.
    fn facts(&self, request: &CareRequest) -> BoxFuture<'_, Result<Arc<PatientFacts>, String>>;
}

/// The facts of several requests. Those that cannot be read are logged and left out: a request without facts stays on the
/// board.
pub(super) async fn read(source: &dyn FactsSource, requests: impl IntoIterator<Item = &CareRequest>) -> FactsByRef {
    let reads: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let (id, name, read) = (request.id, request.facts_ref.clone(), source.facts(request));
            async move {
                match tokio::time::timeout(READ_MAX, read).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
                {
                    Ok(facts) => Some((name, facts)),
                    Err(fault) => {
                        tracing::error!(request.id = %id, fault, "the facts of request {id} cannot be read");
                        None
                    }
                }
            }
        })
        .collect();
    stream::iter(reads).buffer_unordered(READS_AT_ONCE).filter_map(|read| async { read }).collect().await
}
