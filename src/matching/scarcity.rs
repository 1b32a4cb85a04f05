//! Where one place more would help most, and what it would bring: the number somebody who coordinates can act on (solver.md §7).
//!
//! The plan's prices say where to look: as long as one place of a profession, commune and part of a day is worth nothing to
//! anybody, another there is worth nothing either. What it would bring is not read off the price, which only bounds it: the
//! same people are planned for again with the place there.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use chrono::{NaiveDate, NaiveTime};
use solver::{Arc as Placement, Budget, Demand, Plan, Resource};

use super::candidate::in_order;
use super::reason::spoken;
use super::suitable::suitable as suitable_to;
use super::{Candidate, Pool, Reason, costs};
use crate::domain::{CommuneCode, Modality, Profession};
use crate::geography::travel::TravelTime;

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
    /// Free ones there are, all of them wanted; 0 where every one is taken.
    pub free: usize,
    /// Points everybody together gains by one more.
    pub gain: i64,
    /// Requests that wait and would then have a place.
    pub served: usize,
    /// The same, in French.
    pub reason: Reason,
}

/// One place more of a kind, as an instance has it.
enum OneMore {
    /// A free place that takes one more.
    There(usize),
    /// A place where none is free any more: who could use it, at what cost.
    Anew(Vec<(usize, i64)>),
}

/// A kind of places and the one that would do most for it.
struct Kind {
    /// Points one more is worth at most.
    worth: i64,
    one_more: OneMore,
    free: usize,
}

impl Pool {
    /// Where one place more helps most, at most `most` of them, the best first; none where that is not proved within the budget:
    /// half of it would pass for all. `gone` are the slots of which no place is free, as they would be with one.
    pub fn scarce(
        &self,
        gone: Vec<Candidate>,
        most: usize,
        travel: &dyn TravelTime,
        budget: Budget,
    ) -> Option<Vec<Scarce>> {
        let began = Instant::now();
        if !self.plan().optimal {
            return None;
        }
        let mut kinds = self.kinds_with_places()?;
        let gone = gone.into_iter().filter(|candidate| !kinds.contains_key(&PlacesOf::of(candidate))).collect();
        kinds.extend(self.kinds_without(in_order(gone), travel));
        let mut wanted: Vec<(PlacesOf, Kind)> = kinds.into_iter().filter(|(_, kind)| kind.worth > 0).collect();
        wanted.sort_by(|a, b| b.1.worth.cmp(&a.1.worth).then_with(|| a.0.cmp(&b.0)));
        wanted.truncate(most);
        let left = budget.wall.saturating_sub(began.elapsed());
        let each = Budget { wall: left / u32::try_from(wanted.len().max(1)).unwrap_or(u32::MAX), ..budget };
        let told = wanted.into_iter().map(|(places_of, kind)| self.with_one_more(places_of, &kind, each));
        let mut found: Vec<Scarce> = told.collect::<Option<_>>()?;
        found.retain(|scarce| scarce.gain > 0);
        found.sort_by_key(|scarce| std::cmp::Reverse(scarce.gain));
        Some(found)
    }

    /// Kinds of which a place is free that suits somebody: the cheapest of each. None where the plan has no prices.
    fn kinds_with_places(&self) -> Option<BTreeMap<PlacesOf, Kind>> {
        // What suits nobody is worth nothing and stands for no other.
        let arcs = self.solved.instance().demands().iter().flat_map(|demand| &demand.arcs);
        let suits: HashSet<usize> = arcs.map(|arc| arc.resource).collect();
        let mut kinds: BTreeMap<PlacesOf, Kind> = BTreeMap::new();
        for (index, candidate) in self.candidates.iter().enumerate().filter(|(index, _)| suits.contains(index)) {
            let (worth, one_more) = (self.solved.price(index)?, OneMore::There(index));
            let kind = kinds.entry(PlacesOf::of(candidate)).or_insert(Kind { worth, one_more, free: 0 });
            kind.free += self.solved.instance().resources()[index].capacity;
            if worth < kind.worth {
                (kind.worth, kind.one_more) = (worth, OneMore::There(index));
            }
        }
        Some(kinds)
    }

    /// Kinds of which every place is taken: of each the one worth most to somebody, by the prices that stand.
    fn kinds_without(&self, gone: Vec<Candidate>, travel: &dyn TravelTime) -> BTreeMap<PlacesOf, Kind> {
        let mut use_of: Vec<Vec<(usize, i64)>> = vec![Vec::new(); gone.len()];
        let seekers = self.seekers.iter().map(|seeker| (seeker, self.priced_at, 1.0));
        let expected = self.expected.iter().map(|one| (&one.seeker, one.arrives, one.probability));
        for (demand, (seeker, at, probability)) in expected.chain(seekers).enumerate() {
            for fit in suitable_to(seeker, &gone, travel, at).fits {
                let cost = fit.cost + self.next_patient_of(&gone[fit.candidate]);
                use_of[fit.candidate].push((demand, costs::weighted(cost, probability)));
            }
        }
        let served_for: Vec<i64> =
            self.solved.instance().demands().iter().map(|demand| self.served_for(demand)).collect();
        let mut kinds: BTreeMap<PlacesOf, Kind> = BTreeMap::new();
        for (candidate, mut users) in gone.iter().zip(use_of) {
            users.retain(|(demand, cost)| *cost < served_for[*demand]);
            let Some(worth) = users.iter().map(|(demand, cost)| served_for[*demand] - cost).max() else { continue };
            let known = kinds.get(&PlacesOf::of(candidate)).map_or(0, |kind| kind.worth);
            if worth > known {
                kinds.insert(PlacesOf::of(candidate), Kind { worth, one_more: OneMore::Anew(users), free: 0 });
            }
        }
        kinds
    }

    /// What serving a demand costs at the prices that stand: a place is worth to it what it costs less than that.
    fn served_for(&self, demand: &Demand) -> i64 {
        let priced = |arc: &Placement| arc.cost + self.solved.price(arc.resource).unwrap_or(0);
        demand.arcs.iter().map(priced).fold(demand.penalty, i64::min)
    }

    /// What fairness adds for one patient more of this practitioner on this day.
    fn next_patient_of(&self, candidate: &Candidate) -> i64 {
        let gone = self.taken.get(&(candidate.slot.practitioner, candidate.day)).copied().unwrap_or(0);
        costs::fair_share_steps(gone).first().map_or(0, |(_, points)| *points)
    }

    fn with_one_more(&self, places_of: PlacesOf, kind: &Kind, budget: Budget) -> Option<Scarce> {
        let instance = self.solved.instance();
        let (mut demands, mut resources) = (instance.demands().to_vec(), instance.resources().to_vec());
        match &kind.one_more {
            OneMore::There(resource) => resources[*resource].capacity += 1,
            OneMore::Anew(users) => {
                for &(demand, cost) in users {
                    demands[demand].arcs.push(Placement { resource: resources.len(), cost });
                }
                resources.push(Resource { capacity: 1 });
            }
        }
        let plan = self.solve_again(demands, resources, budget).filter(|plan| plan.optimal)?;
        let gain = self.plan().objective - plan.objective;
        let waiting = |plan: &Plan| plan.assign.iter().skip(self.ahead).flatten().count();
        let served = waiting(&plan).saturating_sub(waiting(self.plan()));
        let kept = plan.placed().saturating_sub(self.plan().placed()).saturating_sub(served);
        let reason = sentence(gain, served, kept);
        Some(Scarce { places_of, free: kind.free, gain, served, reason })
    }
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
