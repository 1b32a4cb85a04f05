//! The properties of triage.md §4, over generated packs and the one that is shipped.

use proptest::prelude::*;

use super::generated::{OwnedCall, call, pack};
use crate::domain::{Answer, Level, TriageStatus};
use crate::triage::evaluation::{Contribution, Evaluation, Refused};
use crate::triage::pack::{Effect, Kind, Pack};
use crate::triage::{Answers, Call, evaluate};

/// Cases of each property over generated packs.
const GENERATED: u32 = 2_000;

/// Cases of each over the pack that is shipped.
const SHIPPED: u32 = 150;

pub(super) fn evaluated(pack: &Pack, call: &OwnedCall) -> Evaluation {
    let answers = Answers::read(pack, &call.answers);
    let OwnedCall { age_months, sex, flags, complaints, .. } = call;
    evaluate(pack, &Call { age_months: *age_months, sex: *sex, flags, complaints, answers: &answers })
}

fn with_a_call() -> impl Strategy<Value = (Pack, OwnedCall)> {
    pack().prop_flat_map(|pack| {
        let call = call(&pack);
        (Just(pack), call)
    })
}

fn shipped_call() -> impl Strategy<Value = (Pack, OwnedCall)> {
    (Just(Pack::general().clone()), call(Pack::general()))
}

/// Runs a property over both, and says of how many cases.
fn over(name: &str, property: impl Fn(&Pack, &OwnedCall) -> Result<(), TestCaseError>) {
    let run = |cases, strategy: BoxedStrategy<(Pack, OwnedCall)>| {
        let count = std::cell::Cell::new(0);
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let counted = |(pack, call)| {
            count.set(count.get() + 1);
            property(&pack, &call)
        };
        if let Err(failed) = runner.run(&strategy, counted) {
            panic!("{failed}");
        }
        count.get()
    };
    let (generated, shipped) = (run(GENERATED, with_a_call().boxed()), run(SHIPPED, shipped_call().boxed()));
    println!("{name}: {generated} cases over generated packs, {shipped} over the shipped one");
    assert!(generated >= GENERATED && shipped >= SHIPPED);
}

fn worse(answer: Answer) -> Option<Answer> {
    match answer {
        Answer::No => Some(Answer::Unknown),
        Answer::Unknown => Some(Answer::Yes),
        Answer::Yes | Answer::Number(_) => None,
    }
}

fn delay(evaluation: &Evaluation) -> u32 {
    evaluation.urgency.delay.unwrap_or(u32::MAX)
}

#[test]
fn p1_p2_every_call_has_an_answer_and_always_the_same() {
    over("P1 P2", |pack, call| {
        let once = evaluated(pack, call);
        prop_assert_eq!(&once, &evaluated(pack, call));
        let band = match once.urgency.level {
            Level::Immediate => 0..=0,
            Level::SameDay => 60..=720,
            Level::H24 => 721..=1_440,
            Level::H48 => 1_441..=2_880,
            Level::Programmed => u32::MAX..=u32::MAX,
        };
        prop_assert!(band.contains(&delay(&once)), "{:?}", once.urgency);
        Ok(())
    });
}

#[test]
fn p3_a_worse_answer_never_lowers_the_level_nor_leaves_more_time() {
    over("P3", |pack, call| {
        let before = evaluated(pack, call);
        for (name, answer) in &call.answers {
            let is_tri = pack
                .question(name)
                .is_none_or(|(block, at)| matches!(pack.complaints[block].questions[at].kind, Kind::Tri(_)));
            let Some(worse) = worse(*answer).filter(|_| is_tri) else { continue };
            let mut other = call.clone();
            other.answers.insert(name.clone(), worse);
            let after = evaluated(pack, &other);
            prop_assert!(
                after.urgency.level >= before.urgency.level,
                "{name}: {:?} {:?}",
                before.urgency,
                after.urgency
            );
            prop_assert!(delay(&after) <= delay(&before), "{name}");
            prop_assert!(
                after.status >= before.status
                    || after.status != TriageStatus::Decided
                    || before.status == TriageStatus::Incomplete
            );
        }
        Ok(())
    });
}

#[test]
fn p4_one_complaint_more_never_lowers_the_level() {
    over("P4", |pack, call| {
        let before = evaluated(pack, call);
        for more in 1..pack.complaints.len() {
            let mut other = call.clone();
            other.complaints.push(more);
            let after = evaluated(pack, &other);
            prop_assert!(after.urgency.level >= before.urgency.level && delay(&after) <= delay(&before));
        }
        Ok(())
    });
}

#[test]
fn p5_one_risk_more_never_lowers_the_level() {
    over("P5", |pack, call| {
        let before = evaluated(pack, call);
        for flag in &pack.flags {
            let known = call.flags.get(&flag.id).copied().unwrap_or(Answer::No);
            for risk in
                [Answer::Unknown, Answer::Yes].into_iter().filter(|risk| *risk == Answer::Yes || known == Answer::No)
            {
                let mut other = call.clone();
                other.flags.insert(flag.id.clone(), risk);
                let after = evaluated(pack, &other);
                prop_assert!(
                    after.urgency.level >= before.urgency.level && delay(&after) <= delay(&before),
                    "{}",
                    flag.id
                );
            }
        }
        Ok(())
    });
}

#[test]
fn p6_the_order_changes_nothing() {
    over("P6", |pack, call| {
        let before = evaluated(pack, call);
        let mut other = call.clone();
        other.complaints.reverse();
        let after = evaluated(pack, &other);
        prop_assert_eq!(
            (before.status, before.urgency, before.regulation_required),
            (after.status, after.urgency, after.regulation_required)
        );
        let mut asked = [before.must_ask, after.must_ask];
        asked.iter_mut().for_each(|asked| asked.sort());
        prop_assert_eq!(&asked[0], &asked[1]);
        Ok(())
    });
}

#[test]
fn p7_a_red_flag_stops_whatever_else_is_said() {
    over("P7", |pack, call| {
        let opened = evaluated(pack, call).opened;
        for block in opened {
            for question in pack.complaints[block].questions.iter().filter(|question| question.red_flag) {
                let mut other = call.clone();
                other.answers.insert(format!("{}.{}", pack.complaints[block].id, question.id), Answer::Yes);
                let after = evaluated(pack, &other);
                prop_assert_eq!((after.status, after.urgency.level), (TriageStatus::Stopped, Level::Immediate));
                prop_assert!(after.triggers().next().is_some() && after.must_ask.is_empty());
            }
        }
        Ok(())
    });
}

#[test]
fn p8_no_red_flag_that_was_not_asked_is_taken_for_a_no() {
    over("P8", |pack, call| {
        let evaluation = evaluated(pack, call);
        let unasked = evaluation.entries.iter().any(|entry| match entry.what {
            Contribution::Question { block, question, given: None } => {
                pack.complaints[block].questions[question].red_flag
            }
            _ => false,
        });
        prop_assert!(!unasked || evaluation.status != TriageStatus::Decided);
        prop_assert_eq!(evaluation.status == TriageStatus::Incomplete, !evaluation.must_ask.is_empty());
        Ok(())
    });
}

#[test]
fn p9_a_lighter_service_needs_every_exclusion_denied() {
    over("P9", |pack, call| {
        let evaluation = evaluated(pack, call);
        for considered in &evaluation.pathways {
            let pathway = &pack.complaints[considered.block].pathways[considered.pathway];
            let answers = Answers::read(pack, &call.answers);
            let denied = |at: &usize| answers.of(considered.block, *at).is_some_and(|given| given.answer == Answer::No);
            let all = pathway.exclusions.iter().all(denied);
            prop_assert!(!considered.refused.is_empty() || (all && evaluation.status == TriageStatus::Decided));
            prop_assert_eq!(
                all,
                !considered.refused.iter().any(|why| matches!(why, Refused::Excluded(_) | Refused::Unasked(_)))
            );
            if considered.refused.is_empty() {
                let own = format!("{}.", pack.complaints[considered.block].id);
                for exclusion in &pathway.exclusions {
                    let mut other = call.clone();
                    let name = format!("{own}{}", pack.complaints[considered.block].questions[*exclusion].id);
                    other.answers.insert(name, Answer::Unknown);
                    let after = evaluated(pack, &other);
                    prop_assert!(after.pathway() != Some((considered.block, considered.pathway)));
                    prop_assert!(after.urgency.level >= evaluation.urgency.level);
                }
            }
        }
        Ok(())
    });
}

#[test]
fn p10_stopping_at_the_first_red_flag_gives_what_asking_everything_would() {
    over("P10", |pack, call| {
        let mut asked = OwnedCall { answers: Default::default(), ..call.clone() };
        // Asks as told, answers from the call, and a no where it says nothing.
        for _ in 0..200 {
            let evaluation = evaluated(pack, &asked);
            let Some(next) = evaluation.must_ask.first() else { break };
            let name = super::name_of(pack, *next);
            let said = call.answers.get(&name).copied().unwrap_or(Answer::No);
            asked.answers.insert(name, said);
        }
        let early = evaluated(pack, &asked);
        prop_assert!(early.status != TriageStatus::Incomplete, "asking what is due comes to an end");
        let mut everything = asked.clone();
        for block in &pack.complaints {
            for question in &block.questions {
                let name = format!("{}.{}", block.id, question.id);
                let heard = Answers::read(pack, &asked.answers);
                let (at, place) = pack.question(&name).unwrap();
                if heard.of(at, place).is_none() && early.status == TriageStatus::Stopped {
                    everything.answers.insert(name, Answer::No);
                }
            }
        }
        prop_assert_eq!(evaluated(pack, &everything).urgency.level, early.urgency.level);
        Ok(())
    });
}

#[test]
fn p12_what_decides_gives_the_level_and_nothing_else_does() {
    over("P12", |pack, call| {
        let evaluation = evaluated(pack, call);
        let raise = |base: Level| {
            evaluation.modifiers.iter().fold(base, |level, one| {
                let raised = match pack.modifiers[one.modifier].effect {
                    Effect::Floor(floor) => level.max(floor),
                    effect @ Effect::Raise { .. } => effect.raised(level),
                };
                if one.doubtful { raised.min(level.max(Level::SameDay)) } else { raised }
            })
        };
        let of = |decides: bool| {
            let some = evaluation.entries.iter().filter(|entry| entry.decides == decides);
            some.map(|entry| entry.urgency.level).max().unwrap_or(Level::Programmed)
        };
        prop_assert_eq!(raise(of(true)), evaluation.urgency.level, "the deciding entries alone");
        prop_assert!(of(false) < of(true) || of(true) == Level::Programmed, "without them it is lower");
        prop_assert_eq!(
            evaluation.modifiers.last().map(|one| one.after),
            evaluation.modifiers.last().map(|_| evaluation.urgency.level)
        );
        Ok(())
    });
}
