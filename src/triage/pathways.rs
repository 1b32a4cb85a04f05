//! Lighter services: a pharmacist instead of a doctor. Open only where triage is decided, nothing else is complained of, and
//! every exclusion was answered no in so many words (triage.md §3, §5.1).

use super::asking;
use super::engine::{Call, GENERAL};
use super::evaluation::{Considered, Evaluation, Refused, seen};
use super::pack::{Pack, Pathway};
use crate::domain::{Answer, TriageStatus};

/// Looks at every lighter service of the blocks opened, and takes the first that is open.
pub(super) fn look(pack: &Pack, call: &Call<'_>, evaluation: &mut Evaluation) {
    let opened = evaluation.opened.clone();
    for block in opened.iter().copied().filter(|block| *block != GENERAL) {
        let others = opened.iter().any(|other| *other != GENERAL && *other != block);
        for (place, pathway) in pack.complaints[block].pathways.iter().enumerate() {
            let refused = refused(call, evaluation, block, pathway, others);
            let unasked: Vec<usize> = refused
                .iter()
                .filter_map(|why| match why {
                    Refused::Unasked(question) => Some(*question),
                    _ => None,
                })
                .collect();
            let open_else = |why: &Refused| match why {
                Refused::Unasked(_) => true,
                Refused::Flag(flag) => !call.flags.contains_key(flag),
                _ => false,
            };
            if !unasked.is_empty() && refused.iter().all(open_else) {
                let due: Vec<(usize, usize)> = unasked.into_iter().map(|question| (block, question)).collect();
                evaluation.may_ask.extend(asking::spoken(pack, call, &due));
            }
            if refused.is_empty() && evaluation.pathway().is_none() {
                evaluation.care_need = seen(&pathway.care_need, None);
            }
            evaluation.pathways.push(Considered { block, pathway: place, refused });
        }
    }
}

fn refused(call: &Call<'_>, evaluation: &Evaluation, block: usize, pathway: &Pathway, others: bool) -> Vec<Refused> {
    let mut refused = Vec::new();
    if evaluation.status != TriageStatus::Decided || evaluation.regulation_required {
        refused.push(Refused::NotDecided);
    }
    if evaluation.urgency.level > pathway.at_most {
        refused.push(Refused::Level);
    }
    if others {
        refused.push(Refused::OtherComplaint);
    }
    let years = call.age_months / 12;
    let of_age = pathway.from_years.is_none_or(|from| years >= from) && pathway.to_years.is_none_or(|to| years <= to);
    if !of_age || pathway.sex.is_some_and(|sex| sex != call.sex) {
        refused.push(Refused::Person);
    }
    // Nobody asked is no no.
    let may_hold = |flag: &&String| call.flags.get(*flag) != Some(&Answer::No);
    refused.extend(pathway.no_flags.iter().filter(may_hold).map(|flag| Refused::Flag(flag.clone())));
    for &question in &pathway.exclusions {
        match call.answers.of(block, question).map(|given| given.answer) {
            Some(Answer::No) => {}
            Some(_) => refused.push(Refused::Excluded(question)),
            None => refused.push(Refused::Unasked(question)),
        }
    }
    refused
}
