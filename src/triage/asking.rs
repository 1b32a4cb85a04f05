//! What is still to be asked, and in which order: the worst first, the fewest words. A red flag is always asked; another
//! question only where its answer could still raise the level, or shorten the time.

use std::cmp::Reverse;

use super::engine::{Call, GENERAL, more_urgent};
use super::evaluation::{Contribution, Entry, Spoken};
use super::pack::{Pack, Urgency};
use crate::domain::Level;

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

/// The questions as they are spoken, in the best order.
pub(super) fn spoken(pack: &Pack, call: &Call<'_>, due: &[(usize, usize)]) -> Vec<Spoken> {
    let mut left: Vec<(usize, usize)> = due.to_vec();
    let mut spoken = Vec::new();
    let blocks: std::collections::BTreeSet<usize> = due.iter().map(|(block, _)| *block).collect();
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
