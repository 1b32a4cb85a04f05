//! What triage makes of a call: the level it recommends, everything that led to it, and what is still to be asked. It names
//! places of the pack it was made with, and says nothing without that pack.

use std::collections::BTreeMap;

use super::answers::Given;
use super::pack::Urgency;
use crate::domain::{Answer, CareNeed, Level, Modality, TriageStatus};

/// An evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Decided, incomplete or stopped.
    pub status: TriageStatus,
    /// The level, and the minutes within which. While questions are due, what is not asked counts as not known.
    pub urgency: Urgency,
    /// Blocks evaluated, by place in the pack: the general questions, what was named, and where that leads.
    pub opened: Vec<usize>,
    /// What contributes, in the order of blocks and questions.
    pub entries: Vec<Entry>,
    /// Modifiers that hold, in their order.
    pub modifiers: Vec<Modified>,
    /// Who should see the patient, and how.
    pub care_need: CareNeed,
    /// A médecin régulateur must agree before anything is booked.
    pub regulation_required: bool,
    /// Spoken questions that are due, the worst first.
    pub must_ask: Vec<Spoken>,
    /// Spoken questions that would open a lighter service.
    pub may_ask: Vec<Spoken>,
    /// Flags nobody asked about that could still raise the level or open a lighter service, by place in the pack: asked when
    /// the questions that are due are answered.
    pub flags: Vec<usize>,
    /// Lighter services looked at.
    pub pathways: Vec<Considered>,
    /// Blocks opened that are switched off, by place in the pack.
    pub switched_off: Vec<usize>,
}

/// Something that contributes to the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What.
    pub what: Contribution,
    /// What it asks for.
    pub urgency: Urgency,
    /// Whether the level stands on it: these alone, with the modifiers that decide, give the level; without them it is lower.
    pub decides: bool,
    /// Whether a régulateur must see the call for it: a red flag nobody could answer, or an answer that says so.
    pub for_regulator: bool,
}

/// What contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contribution {
    /// The complaint itself, every answer being no.
    Default {
        /// Place of the block.
        block: usize,
    },
    /// A question.
    Question {
        /// Place of the block.
        block: usize,
        /// Place of the question.
        question: usize,
        /// Its answer; none: not asked, which counts as not known.
        given: Option<Given>,
    },
}

/// A modifier that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modified {
    /// Its place in the pack.
    pub modifier: usize,
    /// Whether the flags it looks at are not known: then it raises to `same_day` at most, and a régulateur sees the call.
    pub doubtful: bool,
    /// The level before it.
    pub before: Level,
    /// The level after it.
    pub after: Level,
}

/// A question as it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spoken {
    /// One by itself: places of block and question.
    Question(usize, usize),
    /// One that stands for several: places of block and group.
    Group(usize, usize),
}

/// A lighter service that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered {
    /// Place of the block.
    pub block: usize,
    /// Place of the pathway.
    pub pathway: usize,
    /// Why not; empty: it is open.
    pub refused: Vec<Refused>,
}

impl Considered {
    /// Flags nobody asked about that alone, or with questions nobody asked, keep it from being open.
    pub(super) fn unasked_flags<'a>(&'a self, given: &'a BTreeMap<String, Answer>) -> impl Iterator<Item = &'a str> {
        let may_open = self.refused.iter().all(|why| match why {
            Refused::Unasked(_) => true,
            Refused::Flag(flag) => !given.contains_key(flag),
            _ => false,
        });
        self.refused.iter().filter(move |_| may_open).filter_map(|why| match why {
            Refused::Flag(flag) => Some(flag.as_str()),
            _ => None,
        })
    }
}

/// Why a lighter service is not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Triage is not decided, or a régulateur must agree first.
    NotDecided,
    /// The level is too high.
    Level,
    /// Sex, age.
    Person,
    /// A flag that holds, or is not known.
    Flag(String),
    /// An exclusion was answered yes, or is not known, by place of the question.
    Excluded(usize),
    /// An exclusion was not asked, by place of the question.
    Unasked(usize),
    /// Something else is complained of as well.
    OtherComplaint,
}

impl Evaluation {
    /// What made it stop: the complaints and the answers that alone lead to the 15; nothing that was not asked yet. Empty where
    /// it did not stop.
    pub fn triggers(&self) -> impl Iterator<Item = &Entry> {
        let stopped = self.status == TriageStatus::Stopped;
        let is_said = |entry: &Entry| !matches!(entry.what, Contribution::Question { given: None, .. });
        self.entries
            .iter()
            .filter(move |entry| stopped && is_said(entry) && entry.decides && entry.urgency.level == Level::Immediate)
    }

    /// Whether something asks for more than a level that was not said before, or was said otherwise. What somebody decided
    /// knowing it does not count again.
    pub fn says_more(&self, before: &Self, than: Option<Level>) -> bool {
        self.new_entries(before).any(|entry| Some(entry.urgency.level) > than)
            || self.new_modifiers(before).any(|one| one.after > one.before && Some(one.after) > than)
    }

    /// Whether a régulateur must see the call for something that was not said before, or was said otherwise.
    pub fn doubts_more(&self, before: &Self) -> bool {
        self.regulation_required
            && (self.new_entries(before).any(|entry| entry.for_regulator)
                || self.new_modifiers(before).next().is_some())
    }

    /// What was answered and contributes, and did not before.
    fn new_entries<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a Entry> {
        let is_given = |entry: &&Entry| !matches!(entry.what, Contribution::Question { given: None, .. });
        let is_new = |entry: &&Entry| before.entries.iter().all(|known| known.what != entry.what);
        self.entries.iter().filter(is_given).filter(is_new)
    }

    /// Modifiers that hold, and did not before.
    fn new_modifiers<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a Modified> {
        let of = |one: &Modified| (one.modifier, one.doubtful);
        self.modifiers.iter().filter(move |one| before.modifiers.iter().all(|known| of(known) != of(one)))
    }

    /// The lighter service that is open.
    pub fn pathway(&self) -> Option<(usize, usize)> {
        self.pathways.iter().find(|one| one.refused.is_empty()).map(|one| (one.block, one.pathway))
    }
}

/// A care need seen at another place.
pub(super) fn seen(need: &CareNeed, modality: Option<Modality>) -> CareNeed {
    CareNeed { modality: modality.or(need.modality), ..need.clone() }
}
