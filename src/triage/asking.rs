//! What is still to be asked, and in which order: the worst first, the fewest words. A red flag is always asked; another
//! question only where its answer could still raise the level, or shorten the time.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::engine::{Call, GENERAL, more_urgent};
use super::evaluation::{Contribution, Entry, Evaluation, Spoken};
use super::pack::{About, Flag, Holds, Pack, Urgency};
use crate::domain::{Answer, Level};

/// Questions that are due, by places of block and question; `raised` is what modifiers make of an answer's urgency.
pub(super) fn due(
    pack: &Pack,
    entries: &[Entry],
    settled: Urgency,
    raised: impl Fn(Urgency) -> Urgency,
) -> Vec<(usize, usize)> {
    if settled.level == Level::Immediate {
        return Vec::new();
    }
    let unasked = entries.iter().filter_map(|entry| match entry.what {
        Contribution::Question { block, question, given: None } => Some((block, question)),
        _ => None,
    });
    unasked
        .filter(|(block, question)| {
            let question = &pack.complaints[*block].questions[*question];
            question.red_flag || (!question.for_pathway && more_urgent(raised(question.worst()), settled))
        })
        .collect()
}

/// Flags that are worth asking about: nobody did, they can concern the patient, and a yes could raise the level or a no open a
/// lighter service.
pub(super) fn flags(pack: &Pack, call: &Call<'_>, evaluation: &Evaluation) -> Vec<usize> {
    let asked_of = |flag: &Flag| {
        let applies = &flag.applies;
        flag.question.is_some()
            && applies.concerns(call.sex, call.age_months)
            && (applies.with.is_empty() || applies.with.iter().any(|block| evaluation.opened.contains(block)))
    };
    // What nobody asks about is taken for absent here: it is no reason to ask about what would only matter beside it.
    let mut known = call.flags.clone();
    for flag in pack.flags.iter().filter(|flag| !asked_of(flag)) {
        known.entry(flag.id.clone()).or_insert(Answer::No);
    }
    let about = About { age_months: call.age_months, flags: &known };
    let level = evaluation.urgency.level;
    let raising = pack.modifiers.iter().filter(|modifier| {
        modifier.when.holds(&about) == Holds::Unasked
            && modifier.effect.raised(level) > level
            && evaluation.opened.iter().any(|block| modifier.applies_to[*block])
    });
    let mut wanted: BTreeSet<&str> = raising.flat_map(|modifier| modifier.when.flags()).collect();
    wanted.extend(evaluation.pathways.iter().flat_map(|considered| considered.unasked_flags(call.flags)));
    let places = pack.flags.iter().enumerate();
    let places = places.filter(|(_, flag)| wanted.contains(flag.id.as_str()) && !known.contains_key(&flag.id));
    places.map(|(place, _)| place).collect()
}

/// The questions as they are spoken, in the best order.
pub(super) fn spoken(pack: &Pack, call: &Call<'_>, due: &[(usize, usize)]) -> Vec<Spoken> {
    let mut left: Vec<(usize, usize)> = due.to_vec();
    let mut spoken = Vec::new();
    let blocks: BTreeSet<usize> = due.iter().map(|(block, _)| *block).collect();
    for block in blocks {
        for (place, group) in pack.complaints[block].groups.iter().enumerate() {
            if !group.covers || call.answers.was_spoken(block, place) {
                continue;
            }
            let stands_for = |one: &(usize, usize)| one.0 == block && group.members.contains(&one.1);
            if left.iter().filter(|one| stands_for(one)).count() >= 2 {
                left.retain(|one| !stands_for(one));
                spoken.push(Spoken::Group(block, place));
            }
        }
    }
    spoken.extend(left.into_iter().map(|(block, question)| Spoken::Question(block, question)));
    spoken.sort_by_key(|one| rank(pack, call, due, *one));
    spoken
}

/// Vital ones, then other red flags, then the rest by what they can say; of each the general ones first, then the complaints in
/// the order they were named, and what stands for most.
fn rank(pack: &Pack, call: &Call<'_>, due: &[(usize, usize)], spoken: Spoken) -> impl Ord + use<> {
    let (block, members): (usize, Vec<usize>) = match spoken {
        Spoken::Question(block, question) => (block, vec![question]),
        Spoken::Group(block, group) => {
            let members = pack.complaints[block].groups[group].members.iter().copied();
            (block, members.filter(|member| due.contains(&(block, *member))).collect())
        }
    };
    let of = |member: &usize| &pack.complaints[block].questions[*member];
    let vital = members.iter().any(|member| of(member).vital);
    let red = members.iter().any(|member| of(member).red_flag);
    let worst = members.iter().map(|member| of(member).worst().level).max();
    let named = match call.complaints.iter().position(|place| *place == block) {
        _ if block == GENERAL => 0,
        Some(place) => place + 1,
        None => usize::MAX,
    };
    (Reverse(vital), Reverse(red), Reverse(worst), named, block, members.first().copied(), spoken)
}
