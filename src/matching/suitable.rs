//! The slots that suit one seeker, with what each would cost, and how many slots each rule set aside.

use std::collections::{BTreeMap, HashMap};

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

/// Looks at every candidate for one seeker.
pub fn suitable(seeker: &Seeker, candidates: &[Candidate], travel: &dyn TravelTime, now: DateTime<Utc>) -> Suitable {
    let mut found = Suitable::default();
    let mut trips = Trips { seeker, travel, known: HashMap::new() };
    for (index, candidate) in candidates.iter().enumerate() {
        match examine(seeker, candidate, &mut trips, now) {
            Ok((travel_minutes, distance_km)) => {
                let cost = costs::total(seeker, candidate, travel_minutes, now);
                found.fits.push(Fit { candidate: index, cost, travel_minutes, distance_km });
            }
            Err(rule) => *found.set_aside.entry(rule.code).or_default() += 1,
        }
    }
    let nearest = found.fits.iter().map(|fit| fit.distance_km).fold(f64::INFINITY, f64::min);
    let radius = rules::widened(seeker, nearest);
    let before = found.fits.len();
    found.fits.retain(|fit| fit.distance_km <= radius);
    if found.fits.len() < before {
        *found.set_aside.entry("within_radius").or_default() += before - found.fits.len();
    }
    found
}

/// The first rule a slot breaks for a seeker; none when it suits. Judges a person's own choice as it judges an offer, but for
/// the widening of the radius: whoever chooses has looked.
pub fn broken_rule(
    seeker: &Seeker,
    candidate: &Candidate,
    travel: &dyn TravelTime,
    now: DateTime<Utc>,
) -> Option<&'static Rule> {
    examine(seeker, candidate, &mut Trips { seeker, travel, known: HashMap::new() }, now).err()
}

fn examine(
    seeker: &Seeker,
    candidate: &Candidate,
    trips: &mut Trips<'_>,
    now: DateTime<Utc>,
) -> Result<(u16, f64), &'static Rule> {
    let mut pair = Pair { seeker, candidate, now, travel_minutes: 0, distance_km: 0.0 };
    let mut measured = false;
    for rule in rules::ALL {
        if rule.needs_travel && !measured {
            (pair.travel_minutes, pair.distance_km) = trips.to(candidate);
            measured = true;
        }
        if !rule.holds(&pair) {
            return Err(rule);
        }
    }
    Ok((pair.travel_minutes, pair.distance_km))
}

/// Trips of one seeker, each worked out once per place and kind of hour: many slots share a place.
struct Trips<'a> {
    seeker: &'a Seeker,
    travel: &'a dyn TravelTime,
    known: HashMap<(u64, u64, u8), (u16, f64)>,
}

impl Trips<'_> {
    fn to(&mut self, candidate: &Candidate) -> (u16, f64) {
        // By video nobody moves; at home the practitioner does, as far as the patient would.
        if candidate.slot.modality == Modality::Virtual {
            return (0, 0.0);
        }
        let traffic = self.travel.traffic(candidate.local_start);
        let key = (candidate.place.point.lat.to_bits(), candidate.place.point.lon.to_bits(), traffic);
        *self.known.entry(key).or_insert_with(|| {
            let minutes = self.travel.door_to_door_minutes(&self.seeker.place, &candidate.place, candidate.local_start);
            (displayed(minutes), self.seeker.place.point.distance_km(candidate.place.point))
        })
    }
}
