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
}

impl Answers {
    /// Reads answers by their names in the API, `block.question`.
    ///
    /// # Errors
    /// The names that are no question of the pack, all of them.
    pub fn read(pack: &Pack, named: &BTreeMap<String, Answer>) -> Result<Self, Vec<String>> {
        let mut answers = Self::default();
        let mut unknown = Vec::new();
        for (name, answer) in named {
            if let Some(place) = pack.question(name) {
                answers.given.insert(place, Given { answer: *answer, through: None });
            } else if let Some(place) = pack.group(name) {
                answers.spoken.insert(place);
                answers.cover(pack, place, *answer, named);
            } else {
                unknown.push(name.clone());
            }
        }
        if unknown.is_empty() { Ok(answers) } else { Err(unknown) }
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
