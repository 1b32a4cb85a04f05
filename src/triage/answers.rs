//! What was answered, question by question. A no to a spoken question that stands for several is a no to each of them, where
//! its words hold them all; a yes or a don't-know only says that each must be asked.

use std::collections::{BTreeMap, BTreeSet};

use super::pack::Pack;
use crate::domain::Answer;

/// An answer in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The answer.
    pub answer: Answer,
    /// The spoken question it was given to, by place in the block; none: to the question itself.
    pub through: Option<usize>,
}

/// Answers by place of block and question in a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    given: BTreeMap<(usize, usize), Given>,
    spoken: BTreeSet<(usize, usize)>,
    unheard: Vec<String>,
    raised: BTreeSet<usize>,
}

impl Answers {
    /// Reads answers by their names in the API, `block.question`. What was answered to a question the pack has not, asked by
    /// another protocol, cannot be weighed; unless it is a no, it is kept in mind.
    pub fn read(pack: &Pack, named: &BTreeMap<String, Answer>) -> Self {
        let mut answers = Self::default();
        for (name, answer) in named {
            let said_of = pack.question(name).or_else(|| pack.group(name)).filter(|_| *answer != Answer::No);
            answers.raised.extend(said_of.map(|(block, _)| block));
            if let Some(place) = pack.question(name) {
                answers.given.insert(place, Given { answer: *answer, through: None });
            } else if let Some(place) = pack.group(name) {
                answers.spoken.insert(place);
                answers.cover(pack, place, *answer, named);
            } else if *answer != Answer::No {
                answers.unheard.push(name.clone());
            }
        }
        answers
    }

    /// Blocks of which something was answered other than no: whatever was complained of, they are looked at.
    pub(super) fn raised(&self) -> impl Iterator<Item = usize> + '_ {
        self.raised.iter().copied()
    }

    /// Answers other than no to questions the pack has not: nobody but a régulateur can weigh them.
    pub fn unheard(&self) -> &[String] {
        &self.unheard
    }

    /// A no to a spoken question that covers its members, for those that have no answer of their own.
    fn cover(&mut self, pack: &Pack, (block, group): (usize, usize), answer: Answer, named: &BTreeMap<String, Answer>) {
        let complaint = &pack.complaints[block];
        let spoken = &complaint.groups[group];
        if answer != Answer::No || !spoken.covers {
            return;
        }
        for &member in &spoken.members {
            let own = format!("{}.{}", complaint.id, complaint.questions[member].id);
            if !named.contains_key(&own) {
                self.given.insert((block, member), Given { answer, through: Some(group) });
            }
        }
    }

    /// The answer to a question.
    pub fn of(&self, block: usize, question: usize) -> Option<Given> {
        self.given.get(&(block, question)).copied()
    }

    /// Whether a spoken question was put.
    pub fn was_spoken(&self, block: usize, group: usize) -> bool {
        self.spoken.contains(&(block, group))
    }
}
