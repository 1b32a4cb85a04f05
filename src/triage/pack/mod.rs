//! A triage pack, read and found sound: complaints (blocks) with their questions, modifiers, pathways and words. Content is
//! data, signed by physicians, never changed while it runs, named by the hash of what it says. Never a rule of urgency in code.
//!
//! [`form`] is how its files are written, [`reading`] makes a [`Pack`] of them or says every fault with its file, block and
//! field, [`check`] holds the rules a pack must keep to.

pub mod approval;
pub mod condition;
pub mod form;
pub(in crate::triage) mod care_need;
mod check;
mod hash;
pub mod reading;

use std::collections::HashMap;

use chrono::{DateTime, Utc};

pub use self::approval::{Approval, Unsigned};
pub(crate) use self::check::version;
pub use self::condition::{About, Condition, Holds};
pub use self::reading::{Fault, Files};

use crate::domain::{Answer, CareNeed, ComplaintId, Level, Modality, PackRef, Sex};

/// A pack.
#[derive(Debug, Clone, PartialEq)]
pub struct Pack {
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of what it says, hexadecimal: what was signed is what runs.
    pub hash: String,
    /// From when it may be used.
    pub valid_from: DateTime<Utc>,
    /// Until when.
    pub valid_to: DateTime<Utc>,
    /// The physicians who signed this very content.
    pub approvals: Vec<Approval>,
    /// Names of those who signed what it was before.
    pub lapsed: Vec<String>,
    /// What changed since the version before.
    pub changelog: String,
    /// What it is and is not (French).
    pub notice: String,
    /// What may be known of a patient besides answers.
    pub flags: Vec<Flag>,
    /// What raises a level, in their order.
    pub modifiers: Vec<Modifier>,
    /// Complaints, in order: the general questions first.
    pub complaints: Vec<Complaint>,
    /// What callers say.
    pub lexicon: form::LexiconForm,
    by_id: HashMap<ComplaintId, usize>,
}

/// The block of the general questions, asked of everybody.
pub const GENERAL: &str = "signes_vitaux";

/// The block for what fits no other.
pub const FALLBACK: &str = "autre_motif";

/// Something that may be known of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Its name.
    pub id: String,
    /// What it is called (French).
    pub label: String,
    /// How it is asked (French); none: it is only noted when it is said or known.
    pub question: Option<String>,
    /// Whom it can concern.
    pub applies: Applies,
}

/// A level with the minutes within which somebody must be seen; none for `programmed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Urgency {
    /// Level.
    pub level: Level,
    /// Minutes, in the band of the level.
    pub delay: Option<u32>,
}

/// What raises a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modifier {
    /// Its name.
    pub id: String,
    /// What it is called (French).
    pub label: String,
    /// When it applies.
    pub when: Condition,
    /// Complaints it applies to, by place in the pack.
    pub applies_to: Vec<bool>,
    /// What it does.
    pub effect: Effect,
    /// A régulateur must agree then.
    pub regulation_required: bool,
    /// Where the patient is to be seen then.
    pub modality: Option<Modality>,
    /// Where the rule comes from.
    pub source: String,
}

/// What a modifier does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// At least this level.
    Floor(Level),
    /// So many levels more, not beyond the cap by itself.
    Raise {
        /// Levels.
        by: u8,
        /// The highest it leads to.
        cap: Level,
    },
}

impl Effect {
    /// The level after it: never lower than before.
    pub fn raised(self, level: Level) -> Level {
        match self {
            Self::Floor(floor) => level.max(floor),
            Self::Raise { by, cap } => {
                let place = Level::ALL.iter().position(|one| *one == level).unwrap_or(0) + usize::from(by);
                let raised = Level::ALL[place.min(Level::ALL.len() - 1)];
                raised.min(level.max(cap))
            }
        }
    }

    /// The same where it is in doubt whether it applies: not beyond `same_day` by itself.
    pub fn raised_in_doubt(self, level: Level, doubtful: bool) -> Level {
        let raised = self.raised(level);
        if doubtful { raised.min(level.max(Level::SameDay)) } else { raised }
    }
}

/// A complaint.
#[derive(Debug, Clone, PartialEq)]
pub struct Complaint {
    /// Its name in the API: `fievre_enfant`.
    pub id: ComplaintId,
    /// What it is called (French).
    pub label: String,
    /// Other words callers use (French).
    pub synonyms: Vec<String>,
    /// The official motif of the Hub Santé: `M03.14`.
    pub hubsante_motif: String,
    /// The official motif where the level is `immediate`.
    pub hubsante_motif_if_immediate: Option<String>,
    /// Whom it can concern.
    pub applies: Applies,
    /// The urgency when every answer is no.
    pub default: Urgency,
    /// Who usually sees it, and how.
    pub care_need: CareNeed,
    /// Guidance it comes from.
    pub sources: Vec<String>,
    /// Advice when it is decided (French).
    pub advice: String,
    /// When to call again (French).
    pub safety_net: String,
    /// Other blocks to evaluate as well: when, and which, by place in the pack.
    pub redirects: Vec<(Condition, usize)>,
    /// Why it has no red flag, where it has none.
    pub no_red_flag_reason: Option<String>,
    /// The approval by which an operator may send such a call on by themselves.
    pub direct_osnp: Option<String>,
    /// Whether a physician has still to decide on it.
    pub review: bool,
    /// Its questions, the worst first.
    pub questions: Vec<Question>,
    /// Spoken questions for several.
    pub groups: Vec<Group>,
    /// Lighter services, the first that is open.
    pub pathways: Vec<Pathway>,
}

/// Whom something can concern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applies {
    /// Of this sex; unknown counts as both.
    pub sex: Option<Sex>,
    /// From this age, months.
    pub from_months: Option<u32>,
    /// Until this one, months, the last month included.
    pub to_months: Option<u32>,
    /// Only where one of these complaints is open, by place in the pack; empty: always.
    pub with: Vec<usize>,
    /// Only where one of these questions of its block was not answered no; empty: always.
    pub unless_no: Vec<usize>,
}

impl Applies {
    /// Whether somebody of this sex and age is concerned.
    pub fn concerns(&self, sex: Sex, age_months: u32) -> bool {
        self.sex.is_none_or(|asked| sex == asked || sex == Sex::Unknown)
            && self.from_months.is_none_or(|from| age_months >= from)
            && self.to_months.is_none_or(|to| age_months <= to)
    }
}

/// How a question is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Yes, no, don't know.
    Tri(Urgency),
    /// A measure, in thousandths of its unit.
    Number {
        /// Unit.
        unit: String,
        /// What can be; anything else counts as not known.
        plausible: (i64, i64),
        /// Whether below (else from) a bound, the bound, and the urgency; the highest that holds.
        steps: Vec<(bool, i64, Urgency)>,
    },
    /// One of several, by its number from 0, the mildest first.
    Choice(Vec<(String, Urgency)>),
}

/// A question (discriminator).
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Its name within the block.
    pub id: String,
    /// As it is asked (French).
    pub text: String,
    /// How to ask it (French).
    pub help: Option<String>,
    /// What a yes says (French).
    pub reason: String,
    /// Where it comes from.
    pub source: String,
    /// A yes is for the 15.
    pub red_flag: bool,
    /// Not knowing is for the 15 as well.
    pub vital: bool,
    /// How it is answered.
    pub kind: Kind,
    /// The urgency when nobody knows.
    pub unknown: Urgency,
    /// A régulateur must agree after a yes, or when a red flag is not known.
    pub regulation_required: bool,
    /// Advice after a yes (French).
    pub advice: Option<String>,
    /// Whom it is asked of.
    pub applies: Applies,
    /// Asked last, only to open a pathway.
    pub for_pathway: bool,
    /// Whether a physician has still to decide on it.
    pub review: bool,
}

impl Question {
    /// The worst it can say.
    pub fn worst(&self) -> Urgency {
        let of_answers = match &self.kind {
            Kind::Tri(yes) => Some(*yes),
            Kind::Number { steps, .. } => steps.iter().map(|(_, _, urgency)| *urgency).max_by_key(|one| one.level),
            Kind::Choice(choices) => choices.last().map(|(_, urgency)| *urgency),
        };
        of_answers.filter(|worst| worst.level >= self.unknown.level).unwrap_or(self.unknown)
    }

    /// The urgency an answer adds; none where it adds nothing, being a no.
    pub fn urgency(&self, answer: Answer) -> Option<Urgency> {
        match (&self.kind, answer) {
            (Kind::Tri(yes), Answer::Yes) => Some(*yes),
            (Kind::Number { plausible: (from, to), steps, .. }, Answer::Number(value))
                if (*from..=*to).contains(&value) =>
            {
                let holds =
                    |(below, bound, _): &&(bool, i64, Urgency)| if *below { value < *bound } else { value >= *bound };
                steps.iter().filter(holds).map(|(_, _, urgency)| *urgency).max_by_key(|urgency| urgency.level)
            }
            (Kind::Choice(choices), Answer::Number(value)) if value % 1_000 == 0 => {
                let chosen = usize::try_from(value / 1_000).ok().and_then(|place| choices.get(place));
                Some(chosen.map_or(self.unknown, |(_, urgency)| *urgency))
                    .filter(|urgency| urgency.level > Level::Programmed)
            }
            // A no to a measure or a choice says that there is nothing: only yes-and-no questions can be denied.
            (Kind::Tri(_), Answer::No) => None,
            _ => Some(self.unknown),
        }
    }
}

/// A spoken question for several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name within the block.
    pub id: String,
    /// As it is asked (French).
    pub text: String,
    /// The questions it stands for, by place in the block.
    pub members: Vec<usize>,
    /// Whether a no is a no to each.
    pub covers: bool,
}

/// A lighter service: open only where every exclusion was answered no.
#[derive(Debug, Clone, PartialEq)]
pub struct Pathway {
    /// Its name.
    pub id: String,
    /// Who, and where.
    pub care_need: CareNeed,
    /// Not above this level.
    pub at_most: Level,
    /// Whom it is open to: the sex must be known.
    pub sex: Option<Sex>,
    /// From this age, years.
    pub from_years: Option<u32>,
    /// Until this one, years, itself included.
    pub to_years: Option<u32>,
    /// What the place must be able to do.
    pub capability: Option<String>,
    /// Every one of these answered no, by place in the block.
    pub exclusions: Vec<usize>,
    /// Flags that must be known not to hold.
    pub no_flags: Vec<String>,
    /// What allows it.
    pub legal_basis: String,
    /// What to tell (French).
    pub advice: String,
    /// When to call again (French).
    pub safety_net: String,
}

#[cfg(test)]
impl Pack {
    /// A pack made of parts that keep the rules, under no name.
    pub(super) fn assembled(flags: Vec<Flag>, modifiers: Vec<Modifier>, complaints: Vec<Complaint>) -> Self {
        let by_id = complaints.iter().enumerate().map(|(place, complaint)| (complaint.id.clone(), place)).collect();
        let (id, version, hash) = ("generated".to_owned(), "1.0.0".to_owned(), String::new());
        let (valid_from, valid_to) = (DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC);
        let (changelog, notice, lexicon, approvals, lapsed) = Default::default();
        Self {
            id,
            version,
            hash,
            valid_from,
            valid_to,
            approvals,
            lapsed,
            changelog,
            notice,
            flags,
            modifiers,
            complaints,
            lexicon,
            by_id,
        }
    }
}

impl Pack {
    /// How requests name it.
    pub fn reference(&self) -> PackRef {
        PackRef { id: self.id.clone(), version: self.version.clone(), hash: self.hash.clone() }
    }

    /// Why it does not count as signed; none where it does.
    pub fn unsigned(&self) -> Option<Unsigned> {
        approval::missing(&self.approvals, &self.lapsed)
    }

    /// Whether physicians signed this very content, as many as it takes.
    pub fn is_signed(&self) -> bool {
        self.unsigned().is_none()
    }

    /// The place of a complaint.
    pub fn place(&self, id: &ComplaintId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// One of its complaints.
    pub fn complaint(&self, id: &ComplaintId) -> Option<&Complaint> {
        self.place(id).map(|place| &self.complaints[place])
    }

    /// Who usually sees a complaint; general practice for one that is not in the pack.
    pub fn care_need_of(&self, id: &ComplaintId) -> CareNeed {
        self.complaint(id).map_or_else(care_need::general_practice, |complaint| complaint.care_need.clone())
    }

    /// A question by its name in the API, `block.question`: the places of block and question.
    pub fn question(&self, name: &str) -> Option<(usize, usize)> {
        let (block, question) = name.split_once('.')?;
        let block = self.place(&block.parse().ok()?)?;
        let question = self.complaints[block].questions.iter().position(|one| one.id == question)?;
        Some((block, question))
    }

    /// Whether a name in the API, `block.question`, is of one of its complaints.
    pub fn has_block_of(&self, name: &str) -> bool {
        name.split_once('.').and_then(|(block, _)| self.place(&block.parse().ok()?)).is_some()
    }

    /// A spoken question by its name in the API: the places of block and group.
    pub fn group(&self, name: &str) -> Option<(usize, usize)> {
        let (block, group) = name.split_once('.')?;
        let block = self.place(&block.parse().ok()?)?;
        let group = self.complaints[block].groups.iter().position(|one| one.id == group)?;
        Some((block, group))
    }
}
