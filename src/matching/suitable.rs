//! The slots that suit one seeker, with what each would cost, and how many slots each rule set aside.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::rules::{self, Pair, Rule};
use super::{Candidate, Seeker, costs};
use crate::domain::Modality;
use crate::geography::travel::{TravelTime, displayed};

/// A slot that suits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Index of the candidate.
    pub candidate: usize,
    /// Points it costs this seeker.
    pub cost: i64,
    /// Door to door, whole minutes; 0 by video.
    pub travel_minutes: u16,
    /// As the crow flies.
    distance_km: f64,
}

/// What was found for one seeker.
#[derive(Debug, Clone, Default)]
pub struct Suitable {
    /// Slots that suit, in the order of the candidates.
    pub fits: Vec<Fit>,
    /// Slots set aside, by the code of the first rule that said no.
    pub set_aside: BTreeMap<&'static str, usize>,
}

/// Looks at every candidate for one seeker. Candidates come by start: those too early or too late are counted, not examined.
pub fn suitable(seeker: &Seeker, candidates: &[Candidate], travel: &dyn TravelTime, now: DateTime<Utc>) -> Suitable {
    let in_time = within(seeker, candidates);
    let mut counts = [0; rules::ALL.len()];
    let mut fits = Vec::new();
    let mut trips = Trips::new(seeker, travel);
    for index in in_time.clone() {
        let candidate = &candidates[index];
        match examine(seeker, candidate, &mut trips, now) {
            Ok((travel_minutes, distance_km)) => {
                let cost = costs::total(seeker, candidate, travel_minutes, now);
                fits.push(Fit { candidate: index, cost, travel_minutes, distance_km });
            }
            Err(rule) => counts[rule] += 1,
        }
    }
    let nearest = fits.iter().map(|fit| fit.distance_km).fold(f64::INFINITY, f64::min);
    let radius = rules::widened(seeker, nearest);
    let before = fits.len();
    fits.retain(|fit| fit.distance_km <= radius);
    let mut set_aside: BTreeMap<&'static str, usize> = BTreeMap::new();
    let beyond = [("within_radius", before - fits.len()), ("within_deadline", candidates.len() - in_time.len())];
    for (code, count) in rules::ALL.iter().map(|rule| rule.code).zip(counts).chain(beyond) {
        if count > 0 {
            *set_aside.entry(code).or_default() += count;
        }
    }
    Suitable { fits, set_aside }
}

/// The candidates that start in the seeker's time, by their places in the list.
fn within(seeker: &Seeker, candidates: &[Candidate]) -> std::ops::Range<usize> {
    debug_assert!(candidates.is_sorted_by_key(|candidate| candidate.slot.start));
    let first = candidates.partition_point(|candidate| candidate.slot.start < seeker.earliest);
    let last = match seeker.latest {
        Some(latest) => candidates.partition_point(|candidate| candidate.slot.start < latest),
        None => candidates.len(),
    };
    first..last.max(first)
}

/// The first rule a slot breaks for a seeker; none when it suits. Judges a person's own choice as it judges an offer, but for
/// the widening of the radius: whoever chooses has looked.
pub fn broken_rule(
    seeker: &Seeker,
    candidate: &Candidate,
    travel: &dyn TravelTime,
    now: DateTime<Utc>,
) -> Option<&'static Rule> {
    let mut trips = Trips::new(seeker, travel);
    examine(seeker, candidate, &mut trips, now).err().map(|rule| rules::ALL[rule])
}

/// Travel minutes and distance of a pair that passes every rule; else the place of the first rule that says no.
fn examine(
    seeker: &Seeker,
    candidate: &Candidate,
    trips: &mut Trips<'_>,
    now: DateTime<Utc>,
) -> Result<(u16, f64), usize> {
    let mut pair = Pair { seeker, candidate, now, travel_minutes: 0, distance_km: 0.0 };
    let mut measured = false;
    for (place, rule) in rules::ALL.iter().enumerate() {
        if rule.needs_travel && !measured {
            (pair.travel_minutes, pair.distance_km) = trips.to(candidate);
            measured = true;
        }
        if !rule.holds(&pair) {
            return Err(place);
        }
    }
    Ok((pair.travel_minutes, pair.distance_km))
}

/// Trips of one seeker, each worked out once per place and kind of hour: many slots share a place.
pub(super) struct Trips<'a> {
    seeker: &'a Seeker,
    travel: &'a dyn TravelTime,
    /// By the candidate's spot: at an ordinary hour, at rush hour.
    known: Vec<[Option<(u16, f64)>; 2]>,
}

impl<'a> Trips<'a> {
    pub(super) fn new(seeker: &'a Seeker, travel: &'a dyn TravelTime) -> Self {
        Self { seeker, travel, known: Vec::new() }
    }

    /// Whole minutes from door to door, and kilometres as the crow flies.
    pub(super) fn to(&mut self, candidate: &Candidate) -> (u16, f64) {
        // By video nobody moves; at home the practitioner does, as far as the patient would.
        if candidate.slot.modality == Modality::Virtual {
            return (0, 0.0);
        }
        if self.known.len() <= candidate.spot {
            self.known.resize(candidate.spot + 1, [None; 2]);
        }
        let rush = self.travel.rush_hour(candidate.local_start);
        *self.known[candidate.spot][usize::from(rush)].get_or_insert_with(|| {
            let minutes = self.travel.door_to_door_minutes(&self.seeker.place, &candidate.place, candidate.local_start);
            (displayed(minutes), self.seeker.place.point.distance_km(candidate.place.point))
        })
    }
}
