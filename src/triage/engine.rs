//! The engine: answers in, level out (triage.md §4). Pure, total and in integers: the same pack and answers give the same
//! evaluation, in whatever order they came. It never averages, never takes silence for a no, and nothing lowers a level.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::answers::Answers;
use super::asking;
use super::evaluation::{Contribution, Entry, Evaluation, Modified, seen};
use super::pack::{About, Complaint, Effect, Holds, Pack, Question, Urgency};
use super::pathways;
use crate::domain::{Answer, CareNeed, Level, Sex, TriageStatus};

/// A call as triage sees it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Whole months.
    pub age_months: u32,
    /// Sex.
    pub sex: Sex,
    /// What is known of the patient besides answers; a flag that is missing was not asked.
    pub flags: &'a BTreeMap<String, Answer>,
    /// What is complained of, by place in the pack, the first first.
    pub complaints: &'a [usize],
    /// What was answered.
    pub answers: &'a Answers,
}

impl Call<'_> {
    fn about(&self) -> About<'_> {
        About { age_months: self.age_months, flags: self.flags }
    }
}

/// Place of the general questions: a pack begins with them.
pub(super) const GENERAL: usize = 0;

/// Evaluates a call.
pub fn evaluate(pack: &Pack, call: &Call<'_>) -> Evaluation {
    let opened = opened(pack, call);
    let mut entries = entries(pack, call, &opened);
    let is_given = |entry: &Entry| !matches!(entry.what, Contribution::Question { given: None, .. });
    // What stands whatever is still to be asked: silence adds nothing to it.
    let settled = {
        let base = worst(entries.iter().filter(|entry| is_given(entry)));
        modified(pack, call, &opened, base).0
    };
    let base = worst(entries.iter());
    let (urgency, modifiers) = modified(pack, call, &opened, base);
    let due = asking::due(pack, &entries, settled, |answered| raised(pack, &modifiers, answered));
    let status = if settled.level == Level::Immediate {
        TriageStatus::Stopped
    } else if due.is_empty() {
        TriageStatus::Decided
    } else {
        TriageStatus::Incomplete
    };
    for entry in &mut entries {
        entry.decides = entry.urgency.level == base.level;
        entry.for_regulator = status != TriageStatus::Stopped && asks_regulator(pack, entry);
    }
    let regulation_required = status != TriageStatus::Stopped
        && (!call.answers.unheard().is_empty()
            || entries.iter().any(|entry| entry.for_regulator)
            || modifiers.iter().any(|one| one.doubtful || pack.modifiers[one.modifier].regulation_required));
    let mut evaluation = Evaluation {
        status,
        urgency,
        care_need: care_need(pack, call, &opened, &entries, &modifiers, base.level),
        opened,
        entries,
        modifiers,
        regulation_required,
        must_ask: if status == TriageStatus::Incomplete { asking::spoken(pack, call, &due) } else { Vec::new() },
        may_ask: Vec::new(),
        flags: Vec::new(),
        pathways: Vec::new(),
        switched_off: Vec::new(),
    };
    pathways::look(pack, call, &mut evaluation);
    if evaluation.status == TriageStatus::Decided {
        evaluation.flags = asking::flags(pack, call, &evaluation);
    }
    evaluation
}

/// The blocks to evaluate: the general questions, what is complained of, what anything but no was said of, and where that leads. A flag that is not known leads
/// there as well.
fn opened(pack: &Pack, call: &Call<'_>) -> Vec<usize> {
    let mut opened = vec![GENERAL];
    let named = call.complaints.iter().copied().filter(|place| *place < pack.complaints.len());
    let mut next: Vec<usize> = named.chain(call.answers.raised()).collect();
    next.reverse();
    while let Some(place) = next.pop() {
        if opened.contains(&place) {
            continue;
        }
        opened.push(place);
        let redirects = pack.complaints[place].redirects.iter();
        let leads = redirects.filter(|(when, to)| {
            when.holds(&call.about()) >= Holds::Doubtful
                && pack.complaints[*to].applies.concerns(call.sex, call.age_months)
        });
        next.extend(leads.map(|(_, to)| *to));
    }
    opened
}

/// Whether a question is one for this call.
pub(super) fn is_relevant(call: &Call<'_>, opened: &[usize], block: usize, question: &Question) -> bool {
    let applies = &question.applies;
    let not_denied = |place: &usize| call.answers.of(block, *place).is_none_or(|given| given.answer != Answer::No);
    applies.concerns(call.sex, call.age_months)
        && (applies.with.is_empty() || applies.with.iter().any(|place| opened.contains(place)))
        && (applies.unless_no.is_empty() || applies.unless_no.iter().any(not_denied))
}

/// Everything that contributes: the blocks themselves, every answer but a no, and whatever is relevant and was not asked.
fn entries(pack: &Pack, call: &Call<'_>, opened: &[usize]) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(opened.len() * 8);
    for &block in opened {
        let complaint: &Complaint = &pack.complaints[block];
        let default = Contribution::Default { block };
        entries.push(Entry { what: default, urgency: complaint.default, decides: false, for_regulator: false });
        for (place, question) in complaint.questions.iter().enumerate() {
            let given = call.answers.of(block, place);
            let urgency = match given {
                Some(given) => question.urgency(given.answer),
                None => Some(question.unknown).filter(|_| is_relevant(call, opened, block, question)),
            };
            let what = Contribution::Question { block, question: place, given };
            entries.extend(urgency.map(|urgency| Entry { what, urgency, decides: false, for_regulator: false }));
        }
    }
    entries
}

/// The highest level and the least time of all.
fn worst<'a>(entries: impl Iterator<Item = &'a Entry>) -> Urgency {
    entries.map(|entry| entry.urgency).fold(Urgency { level: Level::Programmed, delay: None }, |worst, one| Urgency {
        level: worst.level.max(one.level),
        delay: shorter(worst.delay, one.delay),
    })
}

fn shorter(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The urgency after every modifier that holds, in their order.
fn modified(pack: &Pack, call: &Call<'_>, opened: &[usize], base: Urgency) -> (Urgency, Vec<Modified>) {
    let mut urgency = base;
    let mut applied = Vec::new();
    for (place, modifier) in pack.modifiers.iter().enumerate() {
        let holds = modifier.when.holds(&call.about());
        if holds < Holds::Doubtful || !opened.iter().any(|block| modifier.applies_to[*block]) {
            continue;
        }
        let (before, doubtful) = (urgency.level, holds == Holds::Doubtful);
        urgency = one_raise(urgency, modifier.effect, doubtful);
        applied.push(Modified { modifier: place, doubtful, before, after: urgency.level });
    }
    (urgency, applied)
}

/// What the modifiers that hold make of any other urgency.
fn raised(pack: &Pack, applied: &[Modified], urgency: Urgency) -> Urgency {
    applied.iter().fold(urgency, |urgency, one| one_raise(urgency, pack.modifiers[one.modifier].effect, one.doubtful))
}

/// A higher level leaves no more than its own time.
fn one_raise(urgency: Urgency, effect: Effect, doubtful: bool) -> Urgency {
    let level = effect.raised_in_doubt(urgency.level, doubtful);
    if level == urgency.level {
        return urgency;
    }
    let own = level.delay().and_then(|delay| u32::try_from(delay.num_minutes()).ok());
    Urgency { level, delay: shorter(urgency.delay, own) }
}

/// Whether an entry sends the call to a régulateur: a red flag nobody could answer, or a yes that says so.
fn asks_regulator(pack: &Pack, entry: &Entry) -> bool {
    let Contribution::Question { block, question, given: Some(given) } = entry.what else { return false };
    let question = &pack.complaints[block].questions[question];
    match given.answer {
        Answer::Unknown => question.red_flag,
        Answer::Yes | Answer::Number(_) => question.regulation_required,
        Answer::No => false,
    }
}

/// Professions by what they may take on, the widest first: where several blocks decide, the patient sees the first of theirs.
const WIDEST_FIRST: [&str; 6] = ["10", "50", "40", "60", "70", "21"];

fn care_need(
    pack: &Pack,
    call: &Call<'_>,
    opened: &[usize],
    entries: &[Entry],
    modifiers: &[Modified],
    base: Level,
) -> CareNeed {
    // The general questions name nobody: what is complained of does.
    let named = |block: usize| (block != GENERAL).then_some(block);
    let deciding = entries.iter().filter(|entry| entry.urgency.level == base).filter_map(|entry| match entry.what {
        Contribution::Default { block } | Contribution::Question { block, .. } => named(block),
    });
    let rank = |block: &usize| {
        let profession = pack.complaints[*block].care_need.profession.as_str();
        let width = WIDEST_FIRST.iter().position(|one| *one == profession).unwrap_or(WIDEST_FIRST.len());
        (width, opened.iter().position(|place| place == block))
    };
    let first = call.complaints.first().copied().filter(|place| *place < pack.complaints.len());
    let block = deciding.min_by_key(rank).or(first).unwrap_or(GENERAL);
    let modality = modifiers.iter().find_map(|one| pack.modifiers[one.modifier].modality);
    seen(&pack.complaints[block].care_need, modality)
}

/// How urgencies compare: the level, then the time left.
pub(super) fn more_urgent(one: Urgency, other: Urgency) -> bool {
    (one.level, Reverse(one.delay.unwrap_or(u32::MAX))) > (other.level, Reverse(other.delay.unwrap_or(u32::MAX)))
}
