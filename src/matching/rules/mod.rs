//! Hard rules, one per file. Each is named for what it requires, and says it in French for those who read why a slot was set
//! aside. A slot suits a request when it passes all of them, in this order (cheapest first).

mod accessible;
mod audience;
mod language;
mod modality;
mod place_left;
mod skills;
mod within_deadline;
mod within_radius;
mod within_travel_time;

use chrono::{DateTime, Utc};

use super::{Candidate, Seeker};

pub(super) use within_radius::widened;

/// A pair under examination.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// Who needs a place.
    pub seeker: &'a Seeker,
    /// The place.
    pub candidate: &'a Candidate,
    /// Now.
    pub now: DateTime<Utc>,
    /// Door to door, whole minutes; 0 by video.
    pub travel_minutes: u16,
    /// As the crow flies, kilometres; 0 by video or when the caller comes to no place.
    pub distance_km: f64,
}

/// A hard rule.
#[derive(Debug)]
pub struct Rule {
    /// Its code, in answers and counters.
    pub code: &'static str,
    /// What it requires, in French.
    pub requirement: &'static str,
    /// Whether the pair fulfils it. Travel time and distance are known only to rules that say `needs_travel`.
    holds: fn(&Pair<'_>) -> bool,
    /// Whether the rule asks for travel time or distance: those are worked out only once the others have passed.
    pub(super) needs_travel: bool,
}

impl Rule {
    /// Whether the pair fulfils the rule.
    pub fn holds(&self, pair: &Pair<'_>) -> bool {
        (self.holds)(pair)
    }
}

/// Every hard rule, in the order they are asked.
pub const ALL: &[&Rule] = &[
    &place_left::RULE,
    &within_deadline::RULE,
    &skills::RULE,
    &modality::RULE,
    &audience::RULE,
    &language::RULE,
    &accessible::RULE,
    &within_travel_time::RULE,
    &within_radius::RULE,
];

/// The requirement of a rule, in French, by its code.
pub fn requirement(code: &str) -> Option<&'static str> {
    ALL.iter().find(|rule| rule.code == code).map(|rule| rule.requirement)
}
