//! How much an ordinary call is asked: everything denied, every complaint of the pack that is shipped.

use std::collections::BTreeMap;

use super::name_of;
use crate::domain::{Answer, Sex, TriageStatus};
use crate::triage::evaluation::Spoken;
use crate::triage::pack::{Kind, Pack};
use crate::triage::{Answers, Call, evaluate};

/// Spoken questions until a level, for a woman of thirty, a girl of five where the complaint is a child's, or whom else it is for.
fn asked(pack: &Pack, complaint: usize) -> usize {
    let block = &pack.complaints[complaint];
    let sex = block.applies.sex.unwrap_or(Sex::Female);
    let oldest = block.applies.to_months.unwrap_or(u32::MAX);
    let years = if block.id.as_str().contains("enfant") { 5 } else { 30 };
    let age_months = (years * 12).clamp(block.applies.from_months.unwrap_or(0), oldest.max(1));
    let mut answers: BTreeMap<String, Answer> = BTreeMap::new();
    for count in 0..100 {
        let read = Answers::read(pack, &answers);
        let flags = BTreeMap::new();
        let call = Call { age_months, sex, flags: &flags, complaints: &[complaint], answers: &read };
        let evaluation = evaluate(pack, &call);
        let Some(next) = evaluation.must_ask.first() else {
            assert_ne!(evaluation.status, TriageStatus::Incomplete, "{}", block.id);
            return count;
        };
        let answer = match *next {
            Spoken::Question(block, question) => match pack.complaints[block].questions[question].kind {
                Kind::Tri(_) => Answer::No,
                Kind::Choice(_) => Answer::Number(0),
                // 37 degrees are no fever; of any other measure nobody knows.
                Kind::Number { plausible: (from, to), .. } if (from..=to).contains(&37_000) => Answer::Number(37_000),
                Kind::Number { .. } => Answer::Unknown,
            },
            Spoken::Group(..) => Answer::No,
        };
        answers.insert(name_of(pack, *next), answer);
    }
    panic!("{}: asking never ends", block.id)
}

#[test]
fn an_ordinary_call_comes_to_a_level_by_ten_questions_in_the_middle_and_never_by_many_more() {
    let pack = Pack::general();
    let mut counts: Vec<(usize, &str)> = (1..pack.complaints.len())
        .map(|complaint| (asked(pack, complaint), pack.complaints[complaint].id.as_str()))
        .collect();
    counts.sort_unstable();
    assert!(counts[counts.len() / 2].0 <= 10, "{counts:?}");
    assert!(counts.last().is_some_and(|(most, _)| *most <= 14), "{counts:?}");
}
