//! Whom questions, redirects and modifiers reach, before and now: asked for every age and flag at which the two may differ.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Answer, Sex};
use crate::triage::pack::{About, Applies, Complaint, Condition, Holds, Pack};

/// Flags of which every combination is tried: beyond, another condition is taken for a lesser one.
const FLAGS_MOST: usize = 6;

/// A block, in its version of the pack.
pub(super) type Block<'a> = (&'a Pack, &'a Complaint);

/// Whether something of a block concerns somebody no more.
pub(super) fn fewer_asked(block: Block<'_>, was: &Applies, block_now: Block<'_>, now: &Applies) -> bool {
    let ages = [was, now].into_iter().flat_map(|one| [one.from_months, one.to_months.map(|to| to.saturating_add(1))]);
    let ages: BTreeSet<u32> = ages.flatten().chain([0]).collect();
    let left_out = |sex: &Sex| ages.iter().any(|age| was.concerns(*sex, *age) && !now.concerns(*sex, *age));
    let with = |(pack, _): Block<'_>, applies: &Applies| -> BTreeSet<String> {
        applies.with.iter().map(|place| pack.complaints[*place].id.to_string()).collect()
    };
    let unless_no = |(_, complaint): Block<'_>, applies: &Applies| -> BTreeSet<String> {
        applies.unless_no.iter().map(|place| complaint.questions[*place].id.clone()).collect()
    };
    Sex::ALL.iter().any(left_out)
        || fewer(&with(block, was), &with(block_now, now))
        || fewer(&unless_no(block, was), &unless_no(block_now, now))
}

/// Whether one of these is the case less often now; none of them: always.
fn fewer(was: &BTreeSet<String>, now: &BTreeSet<String>) -> bool {
    !now.is_empty() && (was.is_empty() || !was.is_subset(now))
}

/// Whether there is somebody of whom a condition held, or was in doubt, and of whom none of these does so as much now.
pub(super) fn holds_less(was: &Condition, now: &[&Condition]) -> bool {
    differs(was, now, |holds| holds.max(Holds::Unasked))
}

/// Whether there is somebody whom a condition led on, held or in doubt, and whom none of these does now.
pub(super) fn leads_less(was: &Condition, now: &[&Condition]) -> bool {
    differs(was, now, |holds| holds >= Holds::Doubtful)
}

fn differs<T: Ord>(was: &Condition, now: &[&Condition], as_much: impl Fn(Holds) -> T) -> bool {
    let all = || now.iter().copied().chain([was]);
    let flags: BTreeSet<&str> = all().flat_map(Condition::flags).collect();
    if flags.len() > FLAGS_MOST {
        return !now.contains(&was);
    }
    let ages: BTreeSet<u32> = all().flat_map(Condition::turns).chain([0]).collect();
    known(&flags).iter().any(|flags| {
        ages.iter().any(|&age_months| {
            let about = About { age_months, flags };
            let now = now.iter().map(|one| one.holds(&about)).max().unwrap_or(Holds::No);
            as_much(was.holds(&about)) > as_much(now)
        })
    })
}

/// Everything that may be known of these flags.
fn known(flags: &BTreeSet<&str>) -> Vec<BTreeMap<String, Answer>> {
    let mut known = vec![BTreeMap::new()];
    for flag in flags {
        let unasked = known.clone();
        for answer in [Answer::No, Answer::Unknown, Answer::Yes] {
            known.extend(unasked.iter().cloned().map(|mut one: BTreeMap<String, Answer>| {
                one.insert((*flag).to_owned(), answer);
                one
            }));
        }
    }
    known
}
