//! What a new version of a pack lowers: every cell, for whoever signs. Anything that falls asks for a major version
//! (triage.md §3, P14).

use super::pack::{Effect, Kind, Pack, Question, Urgency, version};
use crate::domain::Level;

/// A cell whose level fell, or that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallen {
    /// What: `block`, `block.question` or `modifier.name`.
    pub cell: String,
    /// Which answer, or what else of it.
    pub what: String,
    /// Its level before.
    pub before: Level,
    /// Its level now; none: it is gone.
    pub after: Option<Level>,
}

/// Every cell that fell from one version of a pack to the next.
pub fn fallen(before: &Pack, after: &Pack) -> Vec<Fallen> {
    let mut fallen = Vec::new();
    let mut note = |cell: String, what: &str, before: Urgency, after: Option<Urgency>| {
        let later = |one: Urgency| one.delay.unwrap_or(u32::MAX) > before.delay.unwrap_or(u32::MAX);
        if after.is_none_or(|after| after.level < before.level || (after.level == before.level && later(after))) {
            let after = after.map(|after| after.level);
            fallen.push(Fallen { cell, what: what.to_owned(), before: before.level, after });
        }
    };
    for complaint in &before.complaints {
        let now = after.complaint(&complaint.id);
        note(complaint.id.to_string(), "default", complaint.default, now.map(|now| now.default));
        for question in &complaint.questions {
            let name = format!("{}.{}", complaint.id, question.id);
            let found = now.and_then(|now| now.questions.iter().find(|one| one.id == question.id));
            note(name.clone(), "worst", question.worst(), found.map(Question::worst));
            note(name, "unknown", question.unknown, found.map(|found| found.unknown));
        }
    }
    for modifier in &before.modifiers {
        let now = after.modifiers.iter().find(|one| one.id == modifier.id);
        // Each level it is given, what it makes of it.
        for level in Level::ALL {
            let of = |effect: Effect| Urgency { level: effect.raised(*level), delay: None };
            let what = format!("from {level}");
            note(format!("modifier.{}", modifier.id), &what, of(modifier.effect), now.map(|now| of(now.effect)));
        }
    }
    fallen
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
