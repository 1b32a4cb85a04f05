//! Where one place more would help most, and what it would bring: the number somebody who coordinates can act on (solver.md §7).
//!
//! The plan's prices say where to look: as long as one place of a profession, commune and part of a day is worth nothing to
//! anybody, another there is worth nothing either. What it would bring is not read off the price, which only bounds it: the
//! same people are planned for again with the place there.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use solver::{Budget, Plan};

use super::reason::spoken;
use super::{Candidate, Pool, Reason};
use crate::domain::{CommuneCode, Modality, Profession};

/// A part of a day, on the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartOfDay {
    /// Until noon.
    Morning,
    /// From noon to 18:00.
    Afternoon,
    /// From 18:00.
    Evening,
}

impl PartOfDay {
    fn of(time: NaiveTime) -> Self {
        if time < Self::Afternoon.begins() {
            Self::Morning
        } else if time < Self::Evening.begins() {
            Self::Afternoon
        } else {
            Self::Evening
        }
    }

    /// When it begins.
    pub fn begins(self) -> NaiveTime {
        let hour = match self {
            Self::Morning => 0,
            Self::Afternoon => 12,
            Self::Evening => 18,
        };
        NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default()
    }

    /// When it ends; none at midnight.
    pub fn ends(self) -> Option<NaiveTime> {
        match self {
            Self::Morning => Some(Self::Afternoon.begins()),
            Self::Afternoon => Some(Self::Evening.begins()),
            Self::Evening => None,
        }
    }
}

/// Places that may stand for each other: of a profession, somewhere, in a part of a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlacesOf {
    /// Day.
    pub day: NaiveDate,
    /// Part of it.
    pub part: PartOfDay,
    /// Profession.
    pub profession: Profession,
    /// Where one has to go; none by video.
    pub commune: Option<CommuneCode>,
}

impl PlacesOf {
    fn of(candidate: &Candidate) -> Self {
        let somewhere = candidate.slot.modality != Modality::Virtual;
        Self {
            day: candidate.day,
            part: PartOfDay::of(candidate.local_start),
            profession: candidate.slot.profession.clone(),
            commune: somewhere.then_some(candidate.place.commune),
        }
    }
}

/// Where places are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scarce {
    /// Which places.
    pub places_of: PlacesOf,
    /// Free ones there are, all of them wanted.
    pub free: usize,
    /// Points everybody together gains by one more.
    pub gain: i64,
    /// Requests that wait and would then have a place.
    pub served: usize,
    /// The same, in French.
    pub reason: Reason,
}

impl Pool {
    /// Where one place more helps most, at most `most` of them, the best first; none where that is not proved within the budget:
    /// half of it would pass for all.
    pub fn scarce(&self, most: usize, budget: Budget) -> Option<Vec<Scarce>> {
        if !self.plan().optimal {
            return None;
        }
        // What suits nobody is worth nothing and stands for no other.
        let mut suits = vec![false; self.candidates.len()];
        for arc in self.solved.instance().demands().iter().flat_map(|demand| &demand.arcs) {
            suits[arc.resource] = true;
        }
        let mut groups: BTreeMap<PlacesOf, Group> = BTreeMap::new();
        for (index, candidate) in self.candidates.iter().enumerate().filter(|(index, _)| suits[*index]) {
            let price = self.solved.price(index)?;
            let free = self.solved.instance().resources()[index].capacity;
            let group = groups.entry(PlacesOf::of(candidate)).or_insert(Group { price, resource: index, free: 0 });
            group.free += free;
            if price < group.price {
                (group.price, group.resource) = (price, index);
            }
        }
        let mut wanted: Vec<(PlacesOf, Group)> = groups.into_iter().filter(|(_, group)| group.price > 0).collect();
        wanted.sort_by(|a, b| b.1.price.cmp(&a.1.price).then_with(|| a.0.cmp(&b.0)));
        wanted.truncate(most);
        let each = Budget { wall: budget.wall / u32::try_from(wanted.len().max(1)).unwrap_or(u32::MAX), ..budget };
        let told = wanted.into_iter().map(|(places_of, group)| self.with_one_more(places_of, &group, each));
        let mut found: Vec<Scarce> = told.collect::<Option<_>>()?;
        found.retain(|scarce| scarce.gain > 0);
        found.sort_by_key(|scarce| std::cmp::Reverse(scarce.gain));
        Some(found)
    }

    fn with_one_more(&self, places_of: PlacesOf, group: &Group, budget: Budget) -> Option<Scarce> {
        let instance = self.solved.instance();
        let mut resources = instance.resources().to_vec();
        resources[group.resource].capacity += 1;
        let plan = self.solve_again(instance.demands().to_vec(), resources, budget).filter(|plan| plan.optimal)?;
        let gain = self.plan().objective - plan.objective;
        let waiting = |plan: &Plan| plan.assign.iter().skip(self.ahead).flatten().count();
        let served = waiting(&plan).saturating_sub(waiting(self.plan()));
        let kept = plan.placed().saturating_sub(self.plan().placed()).saturating_sub(served);
        let reason = sentence(gain, served, kept);
        Some(Scarce { places_of, free: group.free, gain, served, reason })
    }
}

/// The cheapest place of a group, and how many there are.
struct Group {
    price: i64,
    resource: usize,
    free: usize,
}

fn sentence(gain: i64, served: usize, kept: usize) -> Reason {
    // Twelve points are a minute of travel.
    let saved = spoken((gain + 6) / 12);
    match (served, kept) {
        (1.., _) => {
            Reason::new("would_serve", "Une place de plus ici, et une demande en attente de plus est vue à temps.")
        }
        (0, 1..) => Reason::new(
            "would_keep",
            "Une place de plus ici, et une demande attendue dans les prochains jours trouve sa place.",
        ),
        (0, 0) => Reason::new(
            "would_save",
            format!("Une place de plus ici épargne à l'ensemble des demandes l'équivalent de {saved} de trajet."),
        ),
    }
}
