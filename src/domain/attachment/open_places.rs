//! The places a doctor opens to new patients, month by month, and who has taken them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::coding::coded;
use crate::domain::time::Zone;
use crate::domain::{CommuneCode, ProposalId, Rpps};

coded!(
    /// A kind of place. Reservations are offers to a group, never the exclusion of another (domain.md §4.4).
    PlaceKind {
        /// For anybody.
        General = "general",
        /// For somebody with a long-term illness (ALD).
        Ald = "ald",
        /// For somebody of 70 or more.
        Age70 = "age70",
        /// For somebody with C2S or AME.
        C2s = "c2s",
    }
);

/// Places reserved for a group, among those that are open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    /// For people with a long-term illness (ALD).
    #[serde(default)]
    pub ald: u16,
    /// For people of 70 or more.
    #[serde(default)]
    pub age70: u16,
    /// For people with C2S or AME.
    #[serde(default)]
    pub c2s: u16,
}

impl Reserved {
    /// All of them.
    pub fn total(self) -> u32 {
        u32::from(self.ald) + u32::from(self.age70) + u32::from(self.c2s)
    }
}

/// A month of the territory's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// The month an instant falls in.
    pub fn of(zone: Zone, at: DateTime<Utc>) -> Self {
        let day = zone.day(at);
        Self { year: day.year(), month: day.month() }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

/// A text that names no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a month is written 2026-11")]
pub struct MonthError;

impl FromStr for Month {
    type Err = MonthError;
    fn from_str(text: &str) -> Result<Self, MonthError> {
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").map_err(|_| MonthError)?;
        Ok(Self { year: first.year(), month: first.month() })
    }
}

impl TryFrom<String> for Month {
    type Error = MonthError;
    fn try_from(text: String) -> Result<Self, MonthError> {
        text.parse()
    }
}

/// Places one proposal takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// By which proposal.
    pub proposal: ProposalId,
    /// Of which month.
    pub month: Month,
    /// One for each person.
    pub places: Vec<PlaceKind>,
}

/// What a doctor opens: the guard of their places, so that two proposals never share the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPlaces {
    /// Whose.
    pub practitioner: Rpps,
    /// Places open in a month, reserved ones among them.
    pub per_month: u16,
    /// Of these, reserved.
    pub reserved: Reserved,
    /// Whether they visit people at home.
    pub home_visits: bool,
    /// Where they visit; empty: wherever in the territory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visits_in: Vec<CommuneCode>,
    /// No proposals before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<DateTime<Utc>>,
    taken: Vec<Taken>,
}

impl OpenPlaces {
    /// Places open from now on, none taken.
    pub fn new(practitioner: Rpps, per_month: u16, reserved: Reserved) -> Self {
        Self {
            practitioner,
            per_month,
            reserved,
            home_visits: false,
            visits_in: Vec::new(),
            paused_until: None,
            taken: Vec::new(),
        }
    }

    /// The same doctor's wishes, with what is taken already.
    #[must_use]
    pub fn with_taken_of(self, before: &Self) -> Self {
        Self { taken: before.taken.clone(), ..self }
    }

    /// Whether no proposals are to be sent now.
    pub fn is_paused(&self, now: DateTime<Utc>) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }

    /// Places of a kind opened in a month.
    fn opened(&self, kind: PlaceKind) -> u32 {
        match kind {
            PlaceKind::General => u32::from(self.per_month).saturating_sub(self.reserved.total()),
            PlaceKind::Ald => u32::from(self.reserved.ald),
            PlaceKind::Age70 => u32::from(self.reserved.age70),
            PlaceKind::C2s => u32::from(self.reserved.c2s),
        }
    }

    /// Places of a kind taken in a month.
    pub fn taken(&self, month: Month, kind: PlaceKind) -> u32 {
        let places = self.taken.iter().filter(|taken| taken.month == month).flat_map(|taken| &taken.places);
        u32::try_from(places.filter(|place| **place == kind).count()).unwrap_or(u32::MAX)
    }

    /// Places of a kind left in a month. A doctor who opens fewer than are taken has none left; nobody loses theirs.
    pub fn left(&self, month: Month, kind: PlaceKind) -> u32 {
        self.opened(kind).saturating_sub(self.taken(month, kind))
    }

    /// Places of any kind left in a month.
    pub fn all_left(&self, month: Month) -> u32 {
        PlaceKind::ALL.iter().map(|kind| self.left(month, *kind)).sum()
    }

    /// Takes places for a proposal; false, and nothing taken, where they are not there.
    pub fn take(&mut self, taken: Taken) -> bool {
        let wanted = |kind: PlaceKind| taken.places.iter().filter(|place| **place == kind).count();
        let fits = |kind: &PlaceKind| wanted(*kind) <= self.left(taken.month, *kind) as usize;
        if !PlaceKind::ALL.iter().all(fits) {
            return false;
        }
        self.taken.push(taken);
        true
    }

    /// Gives back the places of a proposal.
    pub fn give_back(&mut self, proposal: ProposalId) {
        self.taken.retain(|taken| taken.proposal != proposal);
    }

    /// Leaves a proposal these places alone.
    pub fn keep_only(&mut self, proposal: ProposalId, places: &[PlaceKind]) {
        for taken in self.taken.iter_mut().filter(|taken| taken.proposal == proposal) {
            taken.places = places.to_vec();
        }
        self.taken.retain(|taken| !taken.places.is_empty());
    }

    /// Forgets what was taken in months that are over: nobody asks for those places any more.
    pub fn forget_before(&mut self, month: Month) {
        self.taken.retain(|taken| taken.month >= month);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn taken(proposal: u128, month: &str, places: &[PlaceKind]) -> Taken {
        let proposal = ProposalId::new(Uuid::from_u128(proposal));
        Taken { proposal, month: month.parse().unwrap(), places: places.to_vec() }
    }

    fn places() -> OpenPlaces {
        let reserved = Reserved { ald: 2, ..Reserved::default() };
        OpenPlaces::new("19990000000".parse().unwrap(), 3, reserved)
    }

    #[test]
    fn a_reserved_place_is_taken_by_nobody_else_and_a_month_knows_nothing_of_another() {
        let mut places = places();
        assert!(places.take(taken(1, "2026-11", &[PlaceKind::General])));
        assert!(!places.take(taken(2, "2026-11", &[PlaceKind::General])), "two are reserved");
        assert!(!places.take(taken(3, "2026-11", &[PlaceKind::Ald, PlaceKind::General])), "all or nothing");
        assert!(places.take(taken(4, "2026-11", &[PlaceKind::Ald, PlaceKind::Ald])));
        assert_eq!(places.all_left("2026-11".parse().unwrap()), 0);
        assert_eq!(places.all_left("2026-12".parse().unwrap()), 3);
        places.give_back(ProposalId::new(Uuid::from_u128(1)));
        assert!(places.take(taken(2, "2026-11", &[PlaceKind::General])));
    }

    #[test]
    fn whoever_opens_fewer_takes_nothing_from_those_who_have_a_place() {
        let mut before = places();
        assert!(before.take(taken(1, "2026-11", &[PlaceKind::General])));
        let mut after = OpenPlaces::new(before.practitioner, 0, Reserved::default()).with_taken_of(&before);
        assert_eq!(after.left("2026-11".parse().unwrap(), PlaceKind::General), 0);
        assert_eq!(after.taken("2026-11".parse().unwrap(), PlaceKind::General), 1);
        after.forget_before("2026-12".parse().unwrap());
        assert_eq!(after.taken("2026-11".parse().unwrap(), PlaceKind::General), 0);
    }

    #[test]
    fn a_month_is_one_of_the_territorys_calendar() {
        // Half past eleven in the evening of 31 October in UTC is November in Paris.
        let at = "2026-10-31T23:30:00Z".parse().unwrap();
        assert_eq!(Month::of(Zone::PARIS, at).to_string(), "2026-11");
        for bad in ["2026", "2026-13", "novembre"] {
            assert_eq!(bad.parse::<Month>(), Err(MonthError));
        }
    }
}
