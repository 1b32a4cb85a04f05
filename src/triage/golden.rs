//! Golden cases: what a pack is to answer, written down so that a physician can read it and a change that lowers anything is
//! caught. Each question owns its cases: alone answered yes, and alone not known, all others denied. [`mutants`] lowers or takes
//! away one question after the other; the cases must notice each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answers::Answers;
use super::engine::{Call, evaluate};
use super::evaluation::Contribution;
use super::pack::{Kind, Pack, Question, Urgency};
use crate::domain::{Answer, Level, Sex};

/// Where a pack has them.
pub const FILE: &str = "golden.toml";

/// The golden cases of a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenCases {
    /// The cases.
    #[serde(default, rename = "case")]
    pub cases: Vec<GoldenCase>,
}

/// One case: everything of the block denied but one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenCase {
    /// The question, `block.question`.
    pub question: String,
    /// `yes`, `unknown`, or a number in thousandths.
    pub answer: String,
    /// What the question is to ask for by itself.
    pub level: Level,
    /// Minutes within which; none for `programmed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// Whether a régulateur is to agree.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub regulator: bool,
}

/// A case that came out otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// The question.
    pub question: String,
    /// Its answer.
    pub answer: String,
    /// What came out.
    pub found: String,
}

impl GoldenCase {
    fn said(&self) -> Option<Answer> {
        match self.answer.as_str() {
            "yes" => Some(Answer::Yes),
            "unknown" => Some(Answer::Unknown),
            number => number.parse().ok().map(Answer::Number),
        }
    }

    /// What is wrong with the answer of a pack to this case, if anything is.
    pub fn missed_by(&self, pack: &Pack) -> Option<Missed> {
        let missed =
            |found: String| Some(Missed { question: self.question.clone(), answer: self.answer.clone(), found });
        let (Some((block, place)), Some(said)) = (pack.question(&self.question), self.said()) else {
            return missed("no such question".to_owned());
        };
        let mut named: BTreeMap<String, Answer> = BTreeMap::new();
        for question in &pack.complaints[block].questions {
            named.insert(format!("{}.{}", pack.complaints[block].id, question.id), Answer::No);
        }
        named.insert(self.question.clone(), said);
        let answers = Answers::read(pack, &named);
        let (flags, complaints) = (BTreeMap::new(), [block]);
        let call =
            Call { age_months: 35 * 12, sex: Sex::Unknown, flags: &flags, complaints: &complaints, answers: &answers };
        let evaluation = evaluate(pack, &call);
        let entry = evaluation.entries.iter().find(|entry| {
            matches!(entry.what, Contribution::Question { block: b, question: q, given: Some(_) } if (b, q) == (block, place))
        });
        let Some(entry) = entry else { return missed("it contributes nothing".to_owned()) };
        let asks = match said {
            Answer::Unknown => pack.complaints[block].questions[place].red_flag,
            _ => pack.complaints[block].questions[place].regulation_required,
        };
        let found = (entry.urgency.level, entry.urgency.delay, asks);
        let expected = (self.level, self.minutes, self.regulator);
        if found == expected { None } else { missed(format!("{found:?} instead of {expected:?}")) }
    }
}

impl GoldenCases {
    /// The cases a pack comes out of as it is: to be read and signed with it.
    pub fn of(pack: &Pack) -> Self {
        let mut cases = Vec::new();
        for complaint in &pack.complaints {
            for question in &complaint.questions {
                let name = format!("{}.{}", complaint.id, question.id);
                let mut add = |answer: String, urgency: Urgency, regulator: bool| {
                    let (level, minutes) = (urgency.level, urgency.delay);
                    cases.push(GoldenCase { question: name.clone(), answer, level, minutes, regulator });
                };
                for (answer, urgency) in worst_answers(question) {
                    add(answer, urgency, question.regulation_required);
                }
                add("unknown".to_owned(), question.unknown, question.red_flag);
            }
        }
        Self { cases }
    }

    /// The cases that come out otherwise.
    pub fn missed_by(&self, pack: &Pack) -> Vec<Missed> {
        self.cases.iter().filter_map(|case| case.missed_by(pack)).collect()
    }

    /// Every mutant of a pack that the cases do not notice.
    pub fn survivors(&self, pack: &Pack) -> Vec<String> {
        let notices = |mutant: &Pack, block: &str| {
            self.cases.iter().any(|case| case.question.starts_with(block) && case.missed_by(mutant).is_some())
        };
        mutants(pack).filter(|(_, block, mutant)| !notices(mutant, block)).map(|(name, _, _)| name).collect()
    }
}

/// The answers that ask for most, each with what it asks for.
fn worst_answers(question: &Question) -> Vec<(String, Urgency)> {
    match &question.kind {
        Kind::Tri(yes) => vec![("yes".to_owned(), *yes)],
        // Just beyond each bound.
        Kind::Number { steps, .. } => steps
            .iter()
            .filter_map(|(below, bound, _)| {
                let value = if *below { bound - 1 } else { *bound };
                Some((value.to_string(), question.urgency(Answer::Number(value))?))
            })
            .collect(),
        Kind::Choice(choices) => {
            (0i64..).zip(choices).map(|(place, (_, urgency))| ((place * 1_000).to_string(), *urgency)).collect()
        }
    }
}

/// Every way of taking one question away, or lowering what it asks for: its name, its block's prefix, and the pack.
pub fn mutants(pack: &Pack) -> impl Iterator<Item = (String, String, Pack)> + '_ {
    let places =
        pack.complaints.iter().enumerate().flat_map(|(block, one)| (0..one.questions.len()).map(move |at| (block, at)));
    places.flat_map(move |(block, at)| {
        let question = &pack.complaints[block].questions[at];
        let prefix = format!("{}.", pack.complaints[block].id);
        let mut made = Vec::new();
        let mut add = |what: &str, change: &dyn Fn(&mut Question)| {
            let mut mutant = pack.clone();
            change(&mut mutant.complaints[block].questions[at]);
            made.push((format!("{prefix}{}: {what}", question.id), prefix.clone(), mutant));
        };
        add("taken away", &|question| question.id = String::new());
        if question.unknown.level > Level::Programmed {
            add("unknown lowered", &|question| question.unknown = lowered(question.unknown));
        }
        if question.regulation_required {
            add("no régulateur", &|question| question.regulation_required = false);
        }
        match &question.kind {
            Kind::Tri(yes) if yes.level > Level::Programmed => {
                add("yes lowered", &|question| question.kind = Kind::Tri(lowered(*yes)));
            }
            Kind::Number { steps, .. } => {
                for place in 0..steps.len() {
                    add("step lowered", &|question| {
                        if let Kind::Number { steps, .. } = &mut question.kind {
                            steps[place].2 = lowered(steps[place].2);
                        }
                    });
                }
            }
            _ => {}
        }
        made
    })
}

/// One level less.
fn lowered(urgency: Urgency) -> Urgency {
    let place = Level::ALL.iter().position(|level| *level == urgency.level).unwrap_or(0);
    let level = Level::ALL[place.saturating_sub(1)];
    Urgency { level, delay: level.delay().and_then(|delay| u32::try_from(delay.num_minutes()).ok()) }
}
