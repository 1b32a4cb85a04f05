//! What a new version of a pack lowers: every cell, for whoever signs. Anything that falls asks for a major version
//! (triage.md §3, P14). Two versions are compared by what they do (what each answer asks for, of whom a question is asked, for
//! whom a modifier holds), so that other words for the same change nothing, and what is the least bit less is told.

mod reach;

use std::collections::BTreeSet;

use self::reach::{fewer_asked, holds_less, leads_less};
use super::pack::{Complaint, Kind, Modifier, Pack, Question, Urgency, version};
use crate::domain::{Answer, Level};

/// A cell that fell, or is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallen {
    /// What: `block`, `block.question`, `block.group` or `modifier.name`.
    pub cell: String,
    /// Which answer, or what else of it (French).
    pub what: String,
    /// What it was (French).
    pub before: String,
    /// What it is now (French).
    pub after: String,
}

/// Where nothing is left of a cell.
const GONE: &str = "ôtée";

/// Collects what fell.
struct Falls<'a> {
    before: &'a Pack,
    after: &'a Pack,
    found: Vec<Fallen>,
}

/// Every cell that fell from one version of a pack to the next.
pub fn fallen(before: &Pack, after: &Pack) -> Vec<Fallen> {
    let mut falls = Falls { before, after, found: Vec::new() };
    for complaint in &before.complaints {
        falls.block(complaint);
    }
    for modifier in &before.modifiers {
        falls.modifier(modifier);
    }
    falls.order_of_modifiers();
    falls.found
}

impl Falls<'_> {
    fn note(&mut self, cell: &str, what: &str, before: impl Into<String>, after: impl Into<String>) {
        let (cell, what) = (cell.to_owned(), what.to_owned());
        self.found.push(Fallen { cell, what, before: before.into(), after: after.into() });
    }

    /// A urgency that is less, or leaves more time, or is gone.
    fn urgency(&mut self, cell: &str, what: &str, before: Urgency, after: Option<Urgency>) {
        let later = |one: Urgency| one.delay.unwrap_or(u32::MAX) > before.delay.unwrap_or(u32::MAX);
        if after.is_none_or(|after| after.level < before.level || later(after)) {
            self.note(cell, what, told(before), after.map_or_else(|| GONE.to_owned(), told));
        }
    }

    fn block(&mut self, complaint: &Complaint) {
        let cell = complaint.id.to_string();
        let now = self.after.complaint(&complaint.id);
        self.urgency(&cell, "défaut", complaint.default, now.map(|now| now.default));
        for question in &complaint.questions {
            let found = now.and_then(|now| now.questions.iter().find(|one| one.id == question.id));
            self.question(&format!("{cell}.{}", question.id), complaint, question, now.zip(found));
        }
        let Some(now) = now else { return };
        if fewer_asked((self.before, complaint), &complaint.applies, (self.after, now), &now.applies) {
            self.note(&cell, "concerne", "davantage de personnes", "moins de personnes");
        }
        for (when, to) in &complaint.redirects {
            let to = &self.before.complaints[*to].id;
            let leads = now.redirects.iter().filter(|(_, place)| self.after.complaints[*place].id == *to);
            if leads_less(when, &leads.map(|(when, _)| when).collect::<Vec<_>>()) {
                self.note(&cell, "ouvre aussi", to.as_str(), GONE);
            }
        }
        self.groups(complaint, now);
    }

    /// A no to a spoken question must not come to stand for more.
    fn groups(&mut self, complaint: &Complaint, now: &Complaint) {
        for group in now.groups.iter().filter(|group| group.covers) {
            let known = complaint.groups.iter().find(|known| known.id == group.id && known.covers);
            let stood_for: BTreeSet<&str> =
                known.iter().flat_map(|group| &group.members).map(|at| &*complaint.questions[*at].id).collect();
            let stands_for = group.members.iter().map(|at| &*now.questions[*at].id);
            let more: Vec<&str> = stands_for
                .filter(|id| complaint.questions.iter().any(|one| one.id == *id) && !stood_for.contains(id))
                .collect();
            if !more.is_empty() {
                let cell = format!("{}.{}", complaint.id, group.id);
                self.note(&cell, "un « non » vaut aussi pour", "", more.join(", "));
            }
        }
    }

    fn question(&mut self, cell: &str, block: &Complaint, question: &Question, now: Option<(&Complaint, &Question)>) {
        let Some((block_now, now)) = now else {
            self.urgency(cell, "au pire", question.worst(), None);
            return;
        };
        for answer in probes(question).into_iter().chain(probes(now)).collect::<BTreeSet<_>>() {
            let (what, answer) = answer.said();
            let nothing = Urgency { level: Level::Programmed, delay: None };
            let of = |question: &Question| question.urgency(answer).unwrap_or(nothing);
            self.urgency(cell, &what, of(question), Some(of(now)));
        }
        if fewer_asked((self.before, block), &question.applies, (self.after, block_now), &now.applies) {
            self.note(cell, "posée", "à davantage de personnes", "à moins de personnes");
        }
        if now.for_pathway && !question.for_pathway {
            self.note(cell, "posée", "toujours", "pour un parcours seulement");
        }
        if question.regulation_required && !now.regulation_required {
            self.note(cell, "régulateur", "oui", "non");
        }
    }

    fn modifier(&mut self, modifier: &Modifier) {
        let cell = format!("modifier.{}", modifier.id);
        let Some(now) = self.after.modifiers.iter().find(|one| one.id == modifier.id) else {
            self.note(&cell, "quand", modifier.when.to_string(), GONE);
            return;
        };
        for level in Level::ALL {
            let (before, after) = (modifier.effect.raised(*level), now.effect.raised(*level));
            if after < before {
                self.note(&cell, &format!("depuis {level}"), before.code(), after.code());
            }
        }
        if holds_less(&modifier.when, &[&now.when]) {
            self.note(&cell, "quand", modifier.when.to_string(), now.when.to_string());
        }
        for (place, complaint) in self.before.complaints.iter().enumerate() {
            let still = self.after.place(&complaint.id).is_none_or(|place| now.applies_to[place]);
            if modifier.applies_to[place] && !still {
                self.note(&cell, "s'applique à", complaint.id.as_str(), GONE);
            }
        }
        if modifier.regulation_required && !now.regulation_required {
            self.note(&cell, "régulateur", "oui", "non");
        }
    }

    /// Modifiers apply one after the other: raised by one and then to a floor is less than the other way round. What two of
    /// them come to must not fall where they change places.
    fn order_of_modifiers(&mut self) {
        let place_now = |modifier: &Modifier| self.after.modifiers.iter().position(|one| one.id == modifier.id);
        let mut fell = Vec::new();
        for (at, first) in self.before.modifiers.iter().enumerate() {
            for second in &self.before.modifiers[at + 1..] {
                let (Some(one), Some(other)) = (place_now(first), place_now(second)) else { continue };
                if other < one && less_the_other_way(first, second) {
                    fell.push((first.id.clone(), second.id.clone()));
                }
            }
        }
        for (first, second) in fell {
            self.note(&format!("modifier.{second}"), "appliqué", format!("après {first}"), format!("avant {first}"));
        }
    }
}

/// Whether the second before the first comes to less than the first before the second; either may be in doubt.
fn less_the_other_way(first: &Modifier, second: &Modifier) -> bool {
    let doubts = [(false, false), (true, false), (false, true), (true, true)];
    doubts.into_iter().any(|(doubtful, other_doubtful)| {
        let first = |level: Level| first.effect.raised_in_doubt(level, doubtful);
        let second = |level: Level| second.effect.raised_in_doubt(level, other_doubtful);
        Level::ALL.iter().any(|level| first(second(*level)) < second(first(*level)))
    })
}

/// An answer whose urgency is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Probe {
    Yes,
    Unknown,
    No,
    Number(i64),
}

impl Probe {
    fn said(self) -> (String, Answer) {
        match self {
            Self::Yes => ("oui".to_owned(), Answer::Yes),
            Self::Unknown => ("ne sait pas".to_owned(), Answer::Unknown),
            Self::No => ("non".to_owned(), Answer::No),
            Self::Number(thousandths) => {
                let sign = if thousandths < 0 { "-" } else { "" };
                let (whole, rest) = (thousandths.unsigned_abs() / 1_000, thousandths.unsigned_abs() % 1_000);
                (format!("{sign}{whole},{rest:03}"), Answer::Number(thousandths))
            }
        }
    }
}

/// Every answer beside which a question may ask for something else: both sides of each bound.
fn probes(question: &Question) -> Vec<Probe> {
    let mut probes = vec![Probe::Yes, Probe::Unknown, Probe::No];
    let mut around = |bound: i64| probes.extend([bound - 1, bound, bound + 1].map(Probe::Number));
    match &question.kind {
        Kind::Tri(_) => around(0),
        Kind::Number { plausible: (from, to), steps, .. } => {
            [*from, *to].into_iter().chain(steps.iter().map(|(_, bound, _)| *bound)).for_each(around);
        }
        Kind::Choice(choices) => (0i64..).zip(0..=choices.len()).for_each(|(place, _)| around(place * 1_000)),
    }
    probes
}

fn told(urgency: Urgency) -> String {
    match urgency.delay {
        Some(minutes) if minutes > 0 => format!("{} ({minutes} min)", urgency.level),
        _ => urgency.level.to_string(),
    }
}

/// Whether the number of the new version admits what fell.
pub fn is_major(before: &Pack, after: &Pack) -> bool {
    match (version(&before.version), version(&after.version)) {
        (Some([before, ..]), Some([after, ..])) => after > before,
        _ => false,
    }
}

/// How a question is answered, for people.
pub fn kind_of(question: &Question) -> &'static str {
    match question.kind {
        Kind::Tri(_) => "oui, non, ne sait pas",
        Kind::Number { .. } => "un nombre",
        Kind::Choice(_) => "un choix",
    }
}
