//! One commit against the writer's open transaction: every check first, then the writes, so that a refused commit leaves
//! nothing of itself behind.

use redb::ReadableTable as _;

use super::tables::{self, Fault};
use super::writer::Batch;
use crate::domain::{TerritoryId, Timer};
use crate::store::{
    ANSWERS_KEPT, Commit, CommitOutcome, IdemKey, Millis, NewEvent, SKEW_MAX, StoreError, Tail, Write, chain, contract,
};

/// Events dropped by one step of a trim.
pub(super) const TRIM_STEP: u64 = 2_000;

/// Answers whose time is over, removed by one batch: more than a batch of few commits adds, few enough to hold nobody up.
const FORGET_STEP: usize = 64;

/// Applies a commit, or says why not. `received_at` is the store's time when the commit came in: the decision's clock is
/// compared with that and not with the time its turn came, or a queue of a quarter of a second would refuse everybody.
pub(super) fn apply(
    batch: &mut Batch<'_>,
    territory: &TerritoryId,
    commit: &Commit,
    received_at: Millis,
) -> Result<Result<CommitOutcome, StoreError>, Fault> {
    let tail = tables::tail(&batch.tails, territory)?;
    if let Some(known) = tables::answer(&batch.answers, territory, &commit.idem, batch.now)? {
        return Ok(if known.fingerprint == commit.fingerprint {
            Ok(CommitOutcome::Replayed { answer: known.answer, seq: tail.seq })
        } else {
            Err(StoreError::IdemMismatch)
        });
    }
    if u128::from(commit.decided_at.abs_diff(received_at)) > SKEW_MAX.as_millis() {
        return Ok(Ok(CommitOutcome::Skew { now: batch.now }));
    }
    let guarded = match contract::check(commit) {
        Ok(guarded) => guarded,
        Err(fault) => return Ok(Err(fault)),
    };
    for (key, version) in &commit.guards {
        let current = tables::record(&batch.records, territory, key)?;
        if current.version != *version {
            return Ok(Ok(CommitOutcome::Stale { current }));
        }
    }

    batch.wrote = true;
    for write in &commit.writes {
        match write {
            Write::Put { key, body } => {
                // The contract holds: every put is guarded.
                let version = guarded.get(key).map_or(1, |version| version + 1);
                batch.records.insert((territory.as_str(), key.to_string().as_str()), (version, &body[..]))?;
            }
            Write::Delete { key } => {
                batch.records.remove((territory.as_str(), key.to_string().as_str()))?;
            }
            Write::Timer { timer, at } => set_timer(batch, territory, timer, *at)?,
            Write::Blob { name, bytes: Some(bytes) } => {
                // The bytes of one that is replaced are to go for good, as those of one that is removed.
                let replaced = batch.blobs.insert((territory.as_str(), name.as_str()), &bytes[..])?.is_some();
                if replaced {
                    batch.set(tables::REMOVED, "blobs")?;
                }
            }
            Write::Blob { name, bytes: None } => {
                batch.blobs.remove((territory.as_str(), name.as_str()))?;
                batch.set(tables::REMOVED, "blobs")?;
            }
        }
    }
    let Tail { seq, chain, .. } = append(batch, territory, tail, &commit.events)?;
    remember(batch, territory, commit)?;
    Ok(Ok(CommitOutcome::Done { now: batch.now, seq, chain }))
}

pub(super) fn set_timer(
    batch: &mut Batch<'_>,
    territory: &TerritoryId,
    timer: &Timer,
    at: Option<Millis>,
) -> Result<(), Fault> {
    let (territory, timer) = (territory.as_str(), timer.to_string());
    let before = match at {
        Some(at) => batch.timers.insert((territory, timer.as_str()), at)?.map(|row| row.value()),
        None => batch.timers.remove((territory, timer.as_str()))?.map(|row| row.value()),
    };
    if let Some(before) = before {
        batch.due.remove((territory, before, timer.as_str()))?;
    }
    if let Some(at) = at {
        batch.due.insert((territory, at, timer.as_str()), ())?;
    }
    Ok(())
}

/// Appends events and answers where the stream then ends.
fn append(batch: &mut Batch<'_>, territory: &TerritoryId, tail: Tail, events: &[NewEvent]) -> Result<Tail, Fault> {
    if events.is_empty() {
        return Ok(tail);
    }
    let Tail { mut seq, at, mut chain } = tail;
    let at = at.max(batch.now);
    for event in events {
        seq += 1;
        chain = chain::link(&chain, seq, at, event.kind, &event.body);
        batch.events.insert((territory.as_str(), seq), (at, event.kind, chain.as_str(), &event.body[..]))?;
    }
    batch.tails.insert(territory.as_str(), (seq, at, chain.as_str()))?;
    batch.appended.insert(territory.clone(), seq);
    Ok(Tail { seq, at, chain })
}

fn remember(batch: &mut Batch<'_>, territory: &TerritoryId, commit: &Commit) -> Result<(), Fault> {
    let IdemKey { actor, key } = &commit.idem;
    let row = (territory.as_str(), actor.as_str(), key.as_str());
    let kept = i64::try_from(ANSWERS_KEPT.as_millis()).unwrap_or(i64::MAX);
    let end = batch.now.saturating_add(kept);
    // A key may be used again once its time is over, before its old row was swept.
    let before = batch.answers.insert(row, (end, &commit.fingerprint, &commit.answer[..]))?.map(|row| row.value().0);
    if let Some(before) = before {
        batch.answer_ends.remove((before, row.0, row.1, row.2))?;
    }
    batch.answer_ends.insert((end, row.0, row.1, row.2), ())?;
    Ok(())
}

/// Removes some of the answers whose time is over.
pub(super) fn forget_old_answers(batch: &mut Batch<'_>) -> Result<(), Fault> {
    for _ in 0..FORGET_STEP {
        let first = batch.answer_ends.first()?.map(|(row, _)| {
            let (end, territory, actor, key) = row.value();
            (end, territory.to_owned(), actor.to_owned(), key.to_owned())
        });
        let Some((end, territory, actor, key)) = first.filter(|(end, ..)| *end <= batch.now) else { break };
        batch.answer_ends.remove((end, territory.as_str(), actor.as_str(), key.as_str()))?;
        batch.answers.remove((territory.as_str(), actor.as_str(), key.as_str()))?;
    }
    Ok(())
}

/// One step of a trim: how many events went, [`TRIM_STEP`] at most.
pub(super) fn trim(batch: &mut Batch<'_>, territory: &TerritoryId, up_to: u64) -> Result<u64, Fault> {
    let last = tables::tail(&batch.tails, territory)?.seq;
    let first = tables::first_event(&batch.events, territory, last)?;
    let end = up_to.min(last).min(first.saturating_add(TRIM_STEP - 1));
    let mut gone = 0;
    for seq in first..=end {
        batch.events.remove((territory.as_str(), seq))?;
        gone += 1;
    }
    if gone > 0 {
        batch.wrote = true;
        batch.set(tables::REMOVED, "events")?;
    }
    Ok(gone)
}
