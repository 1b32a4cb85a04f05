//! Everything of a territory at one point of its stream, without holding Redis up: the names of what is kept are read in the
//! order in which it was last written, with the bodies as they are by then. What is written meanwhile moves to the end and is
//! read again; what is deleted is noted. Close to the end one short script gives the rest and the point it is of.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use redis::{Pipeline, Value, from_redis_value};

use super::Shared;
use super::data_set;
use super::fault;
use super::keys::Keys;
use super::reading::{self, next, number};
use super::scripts::{self, Call};
use crate::domain::{TerritoryId, record};
use crate::store::{Export, Kept, Millis, Seq, Snapshot, StoreError, StoredEvent, Tail};

/// Names read at once. More than one commit writes, so that a page always ends between two commits.
const PAGE: usize = 1_000;

/// Bodies the last script reads: a millisecond or two of the server.
const LEVEL_WITHIN: usize = 500;

/// Events read at once.
const EVENTS: usize = 500;

/// What is wanted of all that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Records,
    All,
}

impl Wanted {
    /// First letters of the names.
    fn letters(self) -> &'static str {
        match self {
            Self::Records => "r",
            Self::All => "rtb",
        }
    }
}

/// All that is kept, and the point it is of.
struct Gathered {
    epoch: Arc<str>,
    tail: Tail,
    /// Number of the oldest event kept; none where none is.
    first: Option<Seq>,
    kept: HashMap<String, Kept>,
}

impl Shared {
    pub(super) async fn snapshot(&self, territory: &TerritoryId) -> Result<Snapshot, StoreError> {
        let Gathered { epoch, tail, kept, .. } = self.gather(territory, Wanted::Records).await?;
        let records = kept.into_values().filter_map(|kept| match kept {
            Kept::Record(record) => Some(Ok(record)),
            _ => None,
        });
        let records = stream::iter(records).boxed();
        Ok(Snapshot { epoch: epoch.to_string(), seq: tail.seq, chain: tail.chain, records })
    }

    pub(super) async fn export(self: Arc<Self>, territory: &TerritoryId) -> Result<Export, StoreError> {
        let Gathered { epoch, tail, first, kept } = self.gather(territory, Wanted::All).await?;
        let events = self.events_up_to(territory.clone(), first, tail.seq).map_ok(Kept::Event);
        let items = stream::iter(kept.into_values().map(Ok)).chain(events).boxed();
        Ok(Export { schema: record::SCHEMA, epoch: epoch.to_string(), tail, items })
    }

    /// Events from `first` to `last`, read as they are asked for.
    fn events_up_to(
        self: Arc<Self>,
        territory: TerritoryId,
        first: Option<Seq>,
        last: Seq,
    ) -> BoxStream<'static, Result<StoredEvent, StoreError>> {
        let pages = stream::try_unfold(first.unwrap_or(last + 1), move |from| {
            let (store, territory) = (Arc::clone(&self), territory.clone());
            async move {
                if from > last {
                    return Ok(None);
                }
                let mut page = store.events(&territory, from - 1, EVENTS).await?.events;
                page.retain(|event| event.seq <= last);
                if page.first().is_none_or(|event| event.seq != from) {
                    let why = format!("events of {territory} were trimmed while they were read: read them again");
                    return Err(StoreError::Unavailable(why));
                }
                let from = page.last().map_or(from, |event| event.seq + 1);
                Ok(Some((stream::iter(page.into_iter().map(Ok)), from)))
            }
        });
        pages.try_flatten().boxed()
    }

    async fn gather(&self, territory: &TerritoryId, wanted: Wanted) -> Result<Gathered, StoreError> {
        let epoch = self.data_set(territory).await?;
        loop {
            if let Some(gathered) = self.gather_once(territory, wanted, &epoch).await? {
                return Ok(gathered);
            }
            tracing::info!(territory = %territory, "so much was deleted while {territory} was read that it is read again");
        }
    }

    /// None when more was deleted meanwhile than is noted.
    async fn gather_once(
        &self,
        territory: &TerritoryId,
        wanted: Wanted,
        epoch: &Arc<str>,
    ) -> Result<Option<Gathered>, StoreError> {
        let keys = Keys::of(territory);
        let mut answers = self.ask(territory, |keys, questions| questions.ask("HGET", keys.meta(), &["n"])).await?;
        let began = next::<Option<u64>>(&mut answers, "the last commit's number")?.unwrap_or(0);
        let mut kept = HashMap::new();
        let mut come_to = 0_u64;
        loop {
            let Page { names, left } = self.page(territory, come_to).await?;
            if left > LEVEL_WITHIN {
                come_to = self.take_page(&keys, wanted, names, &mut kept).await?;
                continue;
            }
            let mut call =
                Call::of(&scripts::LEVEL, [keys.meta(), keys.written(), keys.gone(), keys.due(), keys.events()]);
            call.arg(epoch.to_string()).number(began).number(come_to).number(LEVEL_WITHIN).arg(wanted.letters());
            match Level::read(self.reads.read_by(&call).await?, territory)? {
                Level::More => {}
                Level::Overrun => return Ok(None),
                Level::There { tail, first, gone, bodies } => {
                    for name in gone {
                        kept.remove(&name);
                    }
                    for (name, body) in bodies {
                        put(&mut kept, name, body)?;
                    }
                    return Ok(Some(Gathered { epoch: Arc::clone(epoch), tail, first, kept }));
                }
            }
        }
    }

    /// Names of what was written after the commit `come_to`, the longest ago first, and how much there is of it.
    async fn page(&self, territory: &TerritoryId, come_to: u64) -> Result<Page, StoreError> {
        let (after, page) = (format!("({come_to}"), PAGE.to_string());
        let mut answers = self
            .ask(territory, |keys, questions| {
                questions.ask("ZCOUNT", keys.written(), &[&after, "+inf"]);
                let most = [after.as_str(), "+inf", "WITHSCORES", "LIMIT", "0", page.as_str()];
                questions.ask("ZRANGEBYSCORE", keys.written(), &most);
            })
            .await?;
        let left: usize = next(&mut answers, "how much is kept")?;
        let mut names: Vec<(String, u64)> = next(&mut answers, "the names of what is kept")?;
        if let Some((_, last)) = names.last().cloned()
            && left > names.len()
        {
            // What else the last commit wrote may be beyond the page.
            names.retain(|(_, commit)| *commit < last);
            if names.is_empty() {
                return Err(StoreError::Corrupt(format!("more than {PAGE} names of {territory} by one commit")));
            }
        }
        Ok(Page { names, left })
    }

    /// Reads the bodies of a page; the commit it ends with.
    async fn take_page(
        &self,
        keys: &Keys,
        wanted: Wanted,
        names: Vec<(String, u64)>,
        kept: &mut HashMap<String, Kept>,
    ) -> Result<u64, StoreError> {
        let end = names.last().map_or(0, |(_, commit)| *commit);
        let names: Vec<String> = names
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| name.starts_with(|letter| wanted.letters().contains(letter)))
            .collect();
        if names.is_empty() {
            return Ok(end);
        }
        let mut question = redis::pipe();
        for name in &names {
            ask_body(&mut question, keys, name);
        }
        let bodies: Vec<Value> = self.reads.read(&question).await?;
        for (name, body) in names.into_iter().zip(bodies) {
            put(kept, name, body)?;
        }
        Ok(end)
    }
}

struct Page {
    names: Vec<(String, u64)>,
    left: usize,
}

/// What the last script answers.
enum Level {
    More,
    Overrun,
    There { tail: Tail, first: Option<Seq>, gone: Vec<String>, bodies: Vec<(String, Value)> },
}

impl Level {
    fn read(answer: Value, territory: &TerritoryId) -> Result<Self, StoreError> {
        let what = "everything kept";
        let Value::Array(values) = answer else { return Err(fault::unreadable(what)) };
        let mut values = values.into_iter();
        match next::<String>(&mut values, what)?.as_str() {
            "more" => Ok(Self::More),
            "overrun" => Ok(Self::Overrun),
            "refused" => Err(data_set::refusal(territory, next(&mut values, what)?, next(&mut values, what)?)),
            "level" => {
                let (seq, chain): (Seq, String) = (next(&mut values, what)?, next(&mut values, what)?);
                let at: Option<Millis> = next(&mut values, what)?;
                let oldest: Option<String> = next(&mut values, what)?;
                let tail = Tail { seq, at: at.unwrap_or(Millis::MIN), chain };
                let first = oldest.map(|id| number(&id)).transpose()?;
                Ok(Self::There { tail, first, gone: next(&mut values, what)?, bodies: next(&mut values, what)? })
            }
            _ => Err(fault::unreadable(what)),
        }
    }
}

/// Asks for the body of a name, whose form the scripts make: a letter, and its key without the territory.
fn ask_body(question: &mut Pipeline, keys: &Keys, name: &str) {
    let (letter, rest) = name.split_once(':').unwrap_or_default();
    match letter {
        "t" => question.cmd("ZSCORE").arg(keys.due()).arg(rest),
        "b" => question.cmd("GET").arg(keys.named(rest)),
        _ => question.cmd("HMGET").arg(keys.named(rest)).arg(&["v", "d"]),
    };
}

/// Takes the body of a name, in place of an earlier one; of one that is gone, nothing is kept.
fn put(kept: &mut HashMap<String, Kept>, name: String, body: Value) -> Result<(), StoreError> {
    let unreadable = || StoreError::Corrupt(format!("what is kept as {name}"));
    let found = match name.split_once(':') {
        Some(("r", key)) => {
            let key = key.parse().map_err(|_| unreadable())?;
            reading::record(key, body)?.map(Kept::Record)
        }
        Some(("t", timer)) => {
            let at: Option<f64> = from_redis_value(body).map_err(|_| unreadable())?;
            let timer = reading::parsed(timer)?;
            let at = at.map(reading::instant).transpose()?;
            at.map(|at| Kept::Timer { timer, at })
        }
        Some(("b", key)) => {
            let bytes: Option<Vec<u8>> = from_redis_value(body).map_err(|_| unreadable())?;
            let name = Keys::name_of_blob(key).ok_or_else(unreadable)?;
            bytes.map(|bytes| Kept::Blob { name, bytes: bytes.into() })
        }
        _ => return Err(unreadable()),
    };
    match found {
        Some(found) => kept.insert(name, found),
        None => kept.remove(&name),
    };
    Ok(())
}
