//! P14: what a new version lowers is told, cell by cell, and what it only raises or says in other words is not.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::generated::{OwnedCall, call, own, pack};
use super::properties::evaluated;
use crate::domain::{Answer, Level, Sex};
use crate::triage::Pack;
use crate::triage::comparison::fallen;
use crate::triage::pack::{Applies, Complaint, Effect, Kind, Modifier, Question};

/// Packs changed in each way that may lower.
const OF_EACH: u32 = 250;

/// Packs changed in ways that only raise.
const HARMLESS_CASES: u32 = 2_000;

/// Calls each pack and its change are tried with.
const CALLS: usize = 24;

/// A change of a pack: what, where, and to what.
#[derive(Debug, Clone)]
struct Change {
    what: &'static str,
    block: Index,
    question: Index,
    modifier: Index,
    level: Level,
    number: u32,
}

/// May lower, may raise, may do neither.
const ANY: [&str; 22] = [
    "last question taken away",
    "question of another name",
    "level of a yes",
    "level of not knowing",
    "level of a step",
    "bound of a step",
    "what can be",
    "kind",
    "default",
    "block of another name",
    "asked of one sex",
    "asked from an age",
    "asked with another block",
    "asked unless denied",
    "redirect taken away",
    "redirect under another condition",
    "no to a group covers",
    "modifier taken away",
    "effect of a modifier",
    "when a modifier holds",
    "what a modifier applies to",
    "order of modifiers",
];

/// Only ever raises, or says the same in other words.
const HARMLESS: [&str; 14] = [
    "yes raised",
    "not knowing raised",
    "steps raised",
    "default raised",
    "less time",
    "asked of everybody",
    "one question more",
    "one redirect more",
    "one modifier more",
    "floor raised",
    "modifier applies everywhere",
    "régulateur asked",
    "a no covers nothing",
    "other words",
];

fn change(of: &'static [&'static str]) -> impl Strategy<Value = Change> {
    let what = select(of);
    let place = (any::<Index>(), any::<Index>(), any::<Index>());
    let level = (0..5usize).prop_map(|place| Level::ALL[place]);
    (what, place, level, 0u32..1_000).prop_map(|(what, (block, question, modifier), level, number)| Change {
        what,
        block,
        question,
        modifier,
        level,
        number,
    })
}

fn level_above(level: Level, other: Level) -> Level {
    level.max(other)
}

impl Change {
    /// The pack after it; none where it does not apply.
    fn made(&self, pack: &Pack) -> Option<Pack> {
        let (mut modifiers, mut complaints) = (pack.modifiers.clone(), pack.complaints.clone());
        let count = complaints.len();
        let block = self.block.index(count);
        let changed = self.of_a_block(&mut complaints[block], count)
            || self.of_modifiers(&mut modifiers, count)
            || match (self.question.index(6), &mut complaints[block].questions) {
                (place, questions) if place < questions.len() => self.of_a_question(&mut questions[place], place),
                _ => false,
            };
        changed.then(|| Pack::assembled(pack.flags.clone(), modifiers, complaints))
    }

    fn of_a_block(&self, block: &mut Complaint, count: usize) -> bool {
        match self.what {
            "last question taken away" => {
                let last = block.questions.len().wrapping_sub(1);
                block.groups.iter_mut().for_each(|group| group.members.retain(|member| *member != last));
                block.pathways.iter_mut().for_each(|pathway| pathway.exclusions.retain(|one| *one != last));
                block.questions.pop().is_some()
            }
            "default" => {
                block.default = own(self.level.min(Level::SameDay));
                true
            }
            "default raised" => {
                block.default = own(level_above(self.level, block.default.level));
                true
            }
            "block of another name" => {
                block.id = format!("other{}", self.number).parse().unwrap();
                true
            }
            "redirect taken away" => block.redirects.pop().is_some(),
            "redirect under another condition" => {
                let whens = ["flag.fa", "flag.fb", "age_months < 2", "age_years >= 80", "flag.fa and flag.fb"];
                let when = whens[self.number as usize % whens.len()].parse().unwrap();
                block.redirects.first_mut().map(|redirect| redirect.0 = when).is_some()
            }
            "one redirect more" => {
                block.redirects.push(("flag.fa".parse().unwrap(), 1 + self.number as usize % (count - 1)));
                true
            }
            "no to a group covers" => block.groups.first_mut().map(|group| group.covers = true).is_some(),
            "a no covers nothing" => block.groups.first_mut().map(|group| group.covers = false).is_some(),
            "one question more" => {
                let more = block.questions.first().map(|one| Question { id: "more".to_owned(), ..one.clone() });
                block.questions.extend(more.map(|one| Question { applies: Applies::default(), ..one }));
                block.questions.last().is_some_and(|last| last.id == "more")
            }
            "other words" => {
                block.label = format!("en d'autres mots {}", self.number);
                block.synonyms = vec!["autres mots".to_owned()];
                block.advice = "autre conseil".to_owned();
                block.sources = vec!["autre".to_owned()];
                block.questions.iter_mut().for_each(|one| {
                    (one.text, one.reason, one.help) =
                        ("autre ?".to_owned(), "autre".to_owned(), Some("autre".to_owned()));
                });
                block.groups.iter_mut().for_each(|group| group.text = "autre ?".to_owned());
                true
            }
            _ => false,
        }
    }

    fn of_a_question(&self, question: &mut Question, place: usize) -> bool {
        match (self.what, &mut question.kind) {
            ("question of another name", _) => question.id = format!("other{}", self.number),
            ("level of a yes", Kind::Tri(yes)) => *yes = own(self.level),
            ("level of not knowing", _) => question.unknown = own(self.level),
            ("level of a step", Kind::Number { steps, .. }) => {
                let at = self.number as usize % steps.len();
                steps[at].2 = own(self.level);
            }
            ("bound of a step", Kind::Number { steps, .. }) => {
                let at = self.number as usize % steps.len();
                steps[at].1 = i64::from(self.number) * 45;
            }
            ("what can be", Kind::Number { plausible, .. }) => {
                *plausible = (i64::from(self.number) * 20, 45_000 - i64::from(self.number) * 20);
            }
            ("kind", kind @ Kind::Tri(_)) => {
                let steps = vec![(false, 1_000, own(self.level))];
                *kind = Kind::Number { unit: "u".to_owned(), plausible: (0, 2_000), steps };
            }
            ("kind", kind @ Kind::Number { .. }) => *kind = Kind::Tri(own(self.level)),
            ("asked of one sex", _) => question.applies.sex = Some(Sex::Female),
            ("asked from an age", _) => question.applies.from_months = Some(self.number),
            ("asked with another block", _) => question.applies.with = vec![1 + self.number as usize % 2],
            ("asked unless denied", _) if place > 0 => question.applies.unless_no = vec![0],
            ("yes raised", Kind::Tri(yes)) => *yes = own(level_above(self.level, yes.level)),
            ("not knowing raised", _) => question.unknown = own(level_above(self.level, question.unknown.level)),
            ("steps raised", Kind::Number { steps, .. }) => {
                steps.iter_mut().for_each(|step| step.2 = own(level_above(self.level, step.2.level)));
            }
            ("less time", Kind::Tri(yes)) if yes.level == Level::SameDay => yes.delay = Some(60),
            ("asked of everybody", _) => question.applies = Applies::default(),
            ("régulateur asked", _) => question.regulation_required = true,
            _ => return false,
        }
        true
    }

    fn of_modifiers(&self, modifiers: &mut Vec<Modifier>, blocks: usize) -> bool {
        if self.what == "one modifier more" {
            modifiers.push(Modifier {
                id: "more".to_owned(),
                label: "m".to_owned(),
                when: "flag.fa".parse().unwrap(),
                applies_to: vec![true; blocks],
                effect: Effect::Raise { by: 1, cap: self.level },
                regulation_required: false,
                modality: None,
                source: "s".to_owned(),
            });
            return true;
        }
        if modifiers.is_empty() {
            return false;
        }
        let count = modifiers.len();
        let place = self.modifier.index(count);
        match self.what {
            "modifier taken away" => drop(modifiers.remove(place)),
            "effect of a modifier" => {
                modifiers[place].effect = match self.number % 2 {
                    0 => Effect::Floor(self.level),
                    _ => Effect::Raise { by: 1, cap: self.level },
                };
            }
            "when a modifier holds" => {
                let whens =
                    ["flag.fa", "flag.fb and flag.fa", "age_months < 2", "age_years > 80", "flag.fb or flag.fc"];
                modifiers[place].when = whens[self.number as usize % whens.len()].parse().unwrap();
            }
            "what a modifier applies to" => modifiers[place].applies_to[self.number as usize % blocks] = false,
            "order of modifiers" => modifiers.rotate_left(1),
            "floor raised" => match &mut modifiers[place].effect {
                Effect::Floor(floor) => *floor = level_above(self.level, *floor),
                Effect::Raise { by, cap } => (*by, *cap) = (4, level_above(self.level, *cap)),
            },
            "modifier applies everywhere" => modifiers[place].applies_to = vec![true; blocks],
            _ => return false,
        }
        true
    }
}

/// A call of somebody who denies nearly everything, so that what little they say decides: one cell of the grid.
fn quiet_call(pack: &Pack) -> impl Strategy<Value = OwnedCall> + use<> {
    let names = |block: &Complaint| -> Vec<String> {
        block.questions.iter().map(|one| format!("{}.{}", block.id, one.id)).collect()
    };
    let denied: BTreeMap<String, Answer> =
        pack.complaints.iter().flat_map(names).map(|name| (name, Answer::No)).collect();
    let all: Vec<String> = denied.keys().cloned().collect();
    let groups: Vec<(String, Vec<String>)> = pack
        .complaints
        .iter()
        .flat_map(|block| block.groups.iter().map(move |group| (block, group)))
        .map(|(block, group)| {
            let members = group.members.iter().map(|at| format!("{}.{}", block.id, block.questions[*at].id));
            (format!("{}.{}", block.id, group.id), members.collect())
        })
        .collect();
    let flags: Vec<String> = pack.flags.iter().map(|flag| flag.id.clone()).collect();
    let flag = prop::option::weighted(0.4, select(&[Answer::Yes, Answer::Yes, Answer::Unknown][..]));
    let answer = prop_oneof![
        3 => Just(Some(Answer::Yes)),
        1 => Just(Some(Answer::Unknown)),
        2 => Just(None),
        3 => (0i64..46_000).prop_map(|number| Some(Answer::Number(number))),
    ];
    let said = prop::collection::vec((any::<Index>(), answer), 0..3);
    let age = prop_oneof![0u32..12, 0u32..1_300];
    let sex = select(Sex::ALL);
    let (count, flag_count) = (pack.complaints.len(), flags.len());
    let known = prop::collection::vec(flag, flag_count);
    (age, sex, known, 1..count, said, prop::option::weighted(0.3, any::<Index>())).prop_map(
        move |(age_months, sex, known, complaint, said, group)| {
            let flags = flags.iter().zip(known).filter_map(|(flag, known)| Some((flag.clone(), known?))).collect();
            let mut answers = denied.clone();
            if let Some((group, members)) = group.filter(|_| !groups.is_empty()).map(|at| at.get(&groups)) {
                answers.retain(|name, _| !members.contains(name));
                answers.insert(group.clone(), Answer::No);
            }
            for (at, answer) in said.into_iter().filter(|_| !all.is_empty()) {
                match answer {
                    Some(answer) => answers.insert(at.get(&all).clone(), answer),
                    None => answers.remove(at.get(&all)),
                };
            }
            OwnedCall { age_months, sex, flags, complaints: vec![complaint], answers }
        },
    )
}

/// A pack, changes of it, and calls to it.
fn changed(
    of: &'static [&'static str],
    changes: std::ops::Range<usize>,
) -> impl Strategy<Value = (Pack, Vec<Change>, Vec<OwnedCall>)> {
    pack().prop_flat_map(move |pack| {
        let some = prop_oneof![3 => quiet_call(&pack).boxed(), 1 => call(&pack).boxed()];
        (Just(pack), prop::collection::vec(change(of), changes.clone()), prop::collection::vec(some, CALLS))
    })
}

/// The pack after all the changes that apply, and their names.
fn after(pack: &Pack, changes: &[Change]) -> (Pack, Vec<&'static str>) {
    let mut now = (pack.clone(), Vec::new());
    for change in changes {
        if let Some(made) = change.made(&now.0) {
            now.0 = made;
            now.1.push(change.what);
        }
    }
    now
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    if let Err(failed) = proptest::test_runner::TestRunner::new(config).run(strategy, test) {
        panic!("{failed}");
    }
}

/// Whether some call comes to less; if so, that must be listed.
fn lowers_and_is_listed(
    before: &Pack,
    after: &Pack,
    calls: &[OwnedCall],
    made: &[&str],
) -> Result<bool, TestCaseError> {
    let level = |pack: &Pack, call: &OwnedCall| evaluated(pack, call).urgency.level;
    let lower = calls.iter().any(|call| level(after, call) < level(before, call));
    prop_assert!(!lower || !fallen(before, after).is_empty(), "{made:?} lowers, and nothing says so");
    Ok(lower)
}

#[test]
fn p14_no_call_comes_to_less_by_a_new_version_that_lists_nothing_fallen() {
    let mut told = Vec::new();
    for place in 0..ANY.len() {
        let lowered = Cell::new(0);
        run(OF_EACH, &changed(&ANY[place..=place], 1..2), |(before, changes, calls)| {
            let (after, made) = after(&before, &changes);
            lowered.set(lowered.get() + u32::from(lowers_and_is_listed(&before, &after, &calls, &made)?));
            Ok(())
        });
        told.push((ANY[place], lowered.get()));
    }
    println!("P14: {OF_EACH} packs changed in each of {} ways, {CALLS} calls each; lowered: {told:?}", ANY.len());
    let never: Vec<_> = told.iter().filter(|(_, lowered)| *lowered == 0).collect();
    // A step, its bound, what a measure can be or the order of modifiers seldom decides by itself: of the others each must have lowered something.
    let seldom = ["level of a step", "bound of a step", "what can be", "order of modifiers"];
    let silent: Vec<_> = never.iter().filter(|(what, _)| !seldom.contains(what)).collect();
    assert!(silent.is_empty(), "{silent:?} never lowered anything: the property shows nothing of them");
}

#[test]
fn p14_several_changes_at_once_hide_nothing() {
    run(HARMLESS_CASES, &changed(&ANY, 2..6), |(before, changes, calls)| {
        let (after, made) = after(&before, &changes);
        lowers_and_is_listed(&before, &after, &calls, &made).map(drop)
    });
    println!("P14: {HARMLESS_CASES} packs with several changes, {CALLS} calls each");
}

#[test]
fn p14_what_only_raises_or_says_it_in_other_words_is_never_listed() {
    let made_at_all: RefCell<BTreeMap<&str, u32>> = RefCell::default();
    run(HARMLESS_CASES, &changed(&HARMLESS, 1..4), |(before, changes, calls)| {
        let (after, made) = after(&before, &changes);
        prop_assert_eq!(fallen(&before, &after), vec![], "{:?}", made);
        prop_assert!(!lowers_and_is_listed(&before, &after, &calls, &made)?);
        made.into_iter().for_each(|one| *made_at_all.borrow_mut().entry(one).or_default() += 1);
        Ok(())
    });
    let made = made_at_all.into_inner();
    println!("P14: {HARMLESS_CASES} packs raised or reworded: {made:?}");
    assert!(HARMLESS.iter().all(|what| made.contains_key(what)), "{made:?}");
}

#[test]
fn p14_every_mutant_of_the_shipped_pack_is_listed_under_its_question() {
    let pack = Pack::general();
    let mut count = 0;
    for (name, _, mutant) in crate::triage::golden::mutants(pack) {
        let question = name.split(':').next().unwrap();
        assert!(fallen(pack, &mutant).iter().any(|one| one.cell == question), "{name}");
        count += 1;
    }
    println!("P14: {count} mutants of the shipped pack");
    assert!(count > 2_000, "{count}");
    assert_eq!(fallen(pack, pack), vec![]);
}
