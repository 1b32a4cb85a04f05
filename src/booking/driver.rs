//! The one loop every transition goes through: records, decide, commit; decide again when the race was lost; ask again with the
//! same key when the outcome is unknown (store.md §6).

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{Booking, Call, Failure, vault};
use crate::domain::decide::{Answer, Command, Context, decide, missing};
use crate::domain::time::from_millis;
use crate::domain::{RecordKey, Records, Refusal};
use crate::observability::Metrics;
use crate::receipts::{Receipt, Told};
use crate::store::codec::{self, Effects};
use crate::store::{Commit, CommitOutcome, IdemKey, Seq, StoreError, Write};
use crate::views::OwnWrite;

/// What is remembered under an idempotency key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Remembered {
    Answered(Answer),
    Refused(Refusal),
}

/// One commit of a call.
#[derive(Debug)]
pub(super) struct Step {
    command: Command,
    part: Option<usize>,
    sealed: Vec<Write>,
    lasting: Option<TimeDelta>,
}

impl Step {
    /// A command alone.
    pub(super) fn new(command: Command) -> Self {
        Self { command, part: None, sealed: Vec::new(), lasting: None }
    }

    /// Told apart from the other commits of its call.
    pub(super) fn part(self, part: Option<usize>) -> Self {
        Self { part, ..self }
    }

    /// With the sealed data its command names.
    pub(super) fn with(self, sealed: Vec<Write>) -> Self {
        Self { sealed, ..self }
    }

    /// With the end of its hold so long after the instant of the decision, whatever instant that turns out to be: a node whose
    /// clock is corrected on the way decides again.
    pub(super) fn lasting(self, hold: TimeDelta) -> Self {
        Self { lasting: Some(hold), ..self }
    }
}

/// Where the records of a decision come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KnownFrom {
    /// This node's read model, which may be a moment behind: enough to change something, since the commit's guards find out.
    View,
    /// The store: nothing is refused, and nobody told that nothing is to be done, on the word of the read model.
    Store,
}

/// How long an answer waits for this node's own read model to show what it changed.
pub(super) const OWN_WRITES_WITHIN: Duration = Duration::from_secs(2);

impl Booking {
    /// Decides and commits one command.
    pub(super) async fn run(&self, call: &Call, command: Command) -> Result<Answer, Failure> {
        self.transact(call, Step::new(command), |_| Ok(())).await
    }

    /// As [`Booking::run`], with all that goes into the commit, and a check of its own on the same records before every
    /// decision.
    pub(super) async fn transact(
        &self,
        call: &Call,
        step: Step,
        check: impl Fn(&Records) -> Result<(), Refusal> + Send + Sync,
    ) -> Result<Answer, Failure> {
        let Step { mut command, part, sealed, lasting } = step;
        // A key that was used before need not be asked for: the commit is the one that knows, and gives the answer of then.
        let idem = self.idem(call, part);
        let give_up = Instant::now() + self.policy.patience;
        let mut known_from = KnownFrom::View;
        let mut records = Records::default();
        // How many reads of the store the records are made of, and how often they were read again.
        let (mut reads, mut read_again) = (0, 0);
        loop {
            reads += self.load_missing(&mut records, &command, known_from).await?;
            let decided_at = self.store.now();
            let context = Context {
                territory: self.territory.id.clone(),
                actor: call.actor.clone(),
                now: from_millis(decided_at),
                retention: self.retention.clone(),
            };
            if let (Some(hold), Command::Hold { until, .. } | Command::Extend { until, .. }) = (lasting, &mut command) {
                *until = context.now + hold;
            }
            let verdict = check(&records).and_then(|()| decide(&records, &command, &context));
            let changes_something = verdict.as_ref().is_ok_and(|decision| !decision.change.is_empty());
            // A change is guarded by its commit. A refusal is not, and is remembered: it is only given on records that stood
            // together at one instant, of one read of the store.
            if !changes_something && (known_from == KnownFrom::View || reads > 1) {
                if read_again > 0 && Instant::now() >= give_up {
                    return Err(Failure::Contention);
                }
                records = self.read_again(&records).await?;
                (known_from, reads, read_again) = (KnownFrom::Store, 1, read_again + 1);
                continue;
            }
            if verdict == Err(Refusal::Outdated) {
                return Err(Refusal::Outdated.into());
            }
            let (effects, remembered) = match &verdict {
                Ok(decision) => {
                    let mut effects = Effects::of(&decision.change, &records)?;
                    effects.writes.extend(sealed.iter().cloned());
                    effects.writes.extend(decision.change.erased.iter().flat_map(vault::removal));
                    (effects, Remembered::Answered(decision.answer.clone()))
                }
                Err(refusal) => (Effects::default(), Remembered::Refused(refusal.clone())),
            };
            if !changes_something && call.key.is_none() {
                return unpack(remembered);
            }
            let stored = effects.events.clone();
            let answered = encode(&remembered)?;
            let commit = effects.into_commit(idem.clone(), call.fingerprint, decided_at, answered.clone());
            let expected = self.view.expect_own();
            match self.commit_until(commit, give_up).await? {
                CommitOutcome::Done { now, seq, chain } => {
                    if let (Some(receipts), Ok(decision)) = (&self.receipts, &verdict)
                        && !decision.change.events.is_empty()
                    {
                        receipts.keep(&Receipt::of(&self.territory.id, seq, &chain, now, &decision.change.events));
                    }
                    if let Ok(decision) = verdict {
                        let events = decision.change.events;
                        self.view.show_own(OwnWrite { events, stored, now, last: seq, chain });
                    }
                    drop(expected);
                    self.show_own_write(seq).await;
                    return unpack(remembered);
                }
                CommitOutcome::Replayed { answer, seq } => {
                    let told = match (decode(&answer)?, &verdict) {
                        // What this very call did at an earlier try; not what another process did, which may have ended before
                        // it kept a receipt.
                        (_, Ok(decision)) if answer == answered && changes_something => {
                            Told::all(&decision.change.events)
                        }
                        (Remembered::Answered(answer), _) => Told::by(&answer).into_iter().collect(),
                        (Remembered::Refused(_), _) => Vec::new(),
                    };
                    self.keep_late_receipt(seq, told).await.map_err(what_stands_is_not_denied)?;
                    self.show_own_write(seq).await;
                    return unpack(decode(&answer)?);
                }
                CommitOutcome::Stale { .. } if known_from == KnownFrom::View => {
                    drop(expected);
                    records = self.read_again(&records).await?;
                    (known_from, reads) = (KnownFrom::Store, 1);
                }
                CommitOutcome::Stale { current } => {
                    let record = codec::decode_versioned(&current)?;
                    records.put(current.key, current.version, record);
                    reads += 1;
                }
                CommitOutcome::Skew { .. } => {}
            }
            if Instant::now() >= give_up {
                return Err(Failure::Contention);
            }
        }
    }

    /// What was answered to this call before, if it was.
    pub(super) async fn answered_before(&self, call: &Call) -> Result<Option<Result<Answer, Failure>>, Failure> {
        match call.key {
            Some(_) => self.remembered(call, &self.idem(call, None)).await,
            None => Ok(None),
        }
    }

    async fn remembered(&self, call: &Call, idem: &IdemKey) -> Result<Option<Result<Answer, Failure>>, Failure> {
        let Some(found) = self.store.recall(&self.territory.id, idem).await? else { return Ok(None) };
        if found.fingerprint != call.fingerprint {
            return Err(StoreError::IdemMismatch.into());
        }
        // The commit of a key that is known writes nothing but makes sure that the first one is durable (store.md §5).
        let empty = Effects::default();
        let commit = empty.into_commit(idem.clone(), call.fingerprint, self.store.now(), found.answer);
        let replayed =
            self.commit_until(commit, Instant::now() + self.policy.patience).await.map_err(what_stands_is_not_denied);
        let CommitOutcome::Replayed { answer, seq } = replayed? else {
            return Ok(None);
        };
        let answer = decode(&answer)?;
        if let Remembered::Answered(answer) = &answer {
            // The first answer may never have gone out: this one is what the caller relies on.
            let told = Told::by(answer).into_iter().collect();
            self.keep_late_receipt(seq, told).await.map_err(what_stands_is_not_denied)?;
        }
        self.show_own_write(seq).await;
        Ok(Some(unpack(answer)))
    }

    /// Keeps a receipt of what an earlier commit did, whose own number nobody knows any more: it is at or before `seq`.
    async fn keep_late_receipt(&self, seq: Seq, told: Vec<Told>) -> Result<(), StoreError> {
        let Some(receipts) = self.receipts.as_ref().filter(|_| !told.is_empty() && seq > 0) else { return Ok(()) };
        let page = self.store.events(&self.territory.id, seq - 1, 1).await?;
        if let Some(event) = page.events.first().filter(|event| event.seq == seq) {
            receipts.keep(&Receipt::late(&self.territory.id, seq, &event.chain, self.store.now(), told));
        }
        Ok(())
    }

    fn idem(&self, call: &Call, part: Option<usize>) -> IdemKey {
        let key = call.key.clone().unwrap_or_else(|| Uuid::now_v7().to_string());
        // No key of a caller holds this character: parts of one call never meet another call's key.
        let key = part.map_or(key.clone(), |part| format!("{key}\u{1f}{part}"));
        IdemKey { actor: format!("{}:{}", call.actor.role, call.actor.id), key }
    }

    /// Commits; asks again with the same key while the outcome is unknown. Once it was, a later try that surely did nothing
    /// says nothing of the earlier one: the outcome stays unknown, and nobody is told that nothing was done.
    async fn commit_until(&self, commit: Commit, give_up: Instant) -> Result<CommitOutcome, StoreError> {
        let mut doubt = None;
        loop {
            let tried = Instant::now();
            let outcome = self.store.commit(&self.territory.id, commit.clone()).await;
            Metrics::committed(word_of(&outcome), tried.elapsed().as_secs_f64());
            let unknown = match (outcome, doubt) {
                (Err(unknown @ (StoreError::Unknown(_) | StoreError::NotDurable(_))), _) => unknown,
                (Err(StoreError::Unavailable(_) | StoreError::Full), Some(earlier)) => earlier,
                (outcome, _) => return outcome,
            };
            if Instant::now() >= give_up {
                return Err(unknown);
            }
            doubt = Some(unknown);
            let jitter = rand::rng().random_range(20..200);
            sleep(Duration::from_millis(jitter)).await;
        }
    }

    /// Whoever acts sees what they did: the answer waits until this node's read model has it.
    async fn show_own_write(&self, seq: Seq) {
        if !self.view.reached(seq, OWN_WRITES_WITHIN).await {
            tracing::warn!(territory = %self.territory.id, seq, "the read model is behind a change of this node");
        }
    }

    /// Adds what a command needs and `records` do not have yet; answers how many reads of the store that took.
    async fn load_missing(
        &self,
        records: &mut Records,
        command: &Command,
        known_from: KnownFrom,
    ) -> Result<usize, StoreError> {
        let mut reads = 0;
        loop {
            let mut keys = missing(records, command);
            if keys.is_empty() {
                return Ok(reads);
            }
            if known_from == KnownFrom::View {
                self.view.read(|state| {
                    keys.retain(|key| match state.record(key) {
                        Some((version, record)) => {
                            records.put(key.clone(), version, record);
                            false
                        }
                        None => true,
                    });
                });
            }
            if keys.is_empty() {
                continue;
            }
            for loaded in self.store.load(&self.territory.id, &keys).await? {
                let record = codec::decode_versioned(&loaded)?;
                records.put(loaded.key, loaded.version, record);
            }
            reads += 1;
        }
    }

    /// The same records from the store, as they stand together.
    async fn read_again(&self, records: &Records) -> Result<Records, StoreError> {
        let keys: Vec<_> = records.keys().cloned().collect();
        if keys.is_empty() { Ok(Records::default()) } else { self.records(&keys).await }
    }

    /// Records by key, from the store.
    pub(super) async fn records(&self, keys: &[RecordKey]) -> Result<Records, StoreError> {
        codec::decode_records(self.store.load(&self.territory.id, keys).await?)
    }
}

/// What became of a commit, as it is counted.
fn word_of(outcome: &Result<CommitOutcome, StoreError>) -> &'static str {
    match outcome {
        Ok(CommitOutcome::Done { .. }) => "done",
        Ok(CommitOutcome::Replayed { .. }) => "replayed",
        Ok(CommitOutcome::Stale { .. }) => "stale",
        Ok(CommitOutcome::Skew { .. }) => "skew",
        Err(StoreError::Unknown(_) | StoreError::NotDurable(_)) => "unknown",
        Err(_) => "failed",
    }
}

/// An error of the store after something was done, or may have been: it never says that nothing was. Whoever asks again with
/// the same key is answered.
pub(super) fn what_stands_is_not_denied(error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(why) => StoreError::Unknown(why),
        StoreError::Full => StoreError::Unknown("store full".to_owned()),
        other => other,
    }
}

/// The same of a use-case that reads after it has changed something.
pub(super) fn after_a_change(failure: Failure) -> Failure {
    match failure {
        Failure::Store(error) => Failure::Store(what_stands_is_not_denied(error)),
        other => other,
    }
}

fn unpack(remembered: Remembered) -> Result<Answer, Failure> {
    match remembered {
        Remembered::Answered(answer) => Ok(answer),
        Remembered::Refused(refusal) => Err(refusal.into()),
    }
}

fn encode(remembered: &Remembered) -> Result<Bytes, StoreError> {
    serde_json::to_vec(remembered).map(Bytes::from).map_err(|cause| StoreError::Corrupt(cause.to_string()))
}

fn decode(answer: &[u8]) -> Result<Remembered, StoreError> {
    serde_json::from_slice(answer).map_err(|cause| StoreError::Corrupt(cause.to_string()))
}
