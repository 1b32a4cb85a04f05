//! What a caller for whom nothing suits could give up, one thing at a time, and the slots that would open (solver.md §7): a
//! quarter of an hour more on the road, a consultation by video. Advice for the person on the phone; the rules stay as they are.

use std::collections::BTreeMap;

use chrono::{DateTime, Timelike as _, Utc};

use super::reason::spoken;
use super::rules::{self, Pair, Rule};
use super::suitable::Trips;
use super::{Candidate, Reason, Seeker};
use crate::domain::Modality;
use crate::geography::travel::TravelTime;

/// Trips are spoken of in steps of so many minutes.
const TRIP_STEP: u16 = 5;

/// One thing to give up, the least asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Given {
    LongerTrip,
    Modality(Modality),
    WiderSearch,
    Language,
    LaterStart,
}

/// A slot that one concession would open.
struct Opened<'a> {
    candidate: &'a Candidate,
    travel_minutes: u16,
}

/// What would open slots, each told with how many and the least that has to be given up. Slots that break two rules are not
/// counted: no single concession opens them. `where_is_a_wish`: that the caller asked for practice, home or video, and no
/// medical reason did.
pub fn concessions(
    seeker: &Seeker,
    where_is_a_wish: bool,
    candidates: &[Candidate],
    travel: &dyn TravelTime,
    now: DateTime<Utc>,
) -> Vec<Reason> {
    let mut trips = Trips::new(seeker, travel);
    let may_be_given = |given: &Given| where_is_a_wish || !matches!(given, Given::Modality(_));
    let mut opened: BTreeMap<Given, Vec<Opened<'_>>> = BTreeMap::new();
    for candidate in candidates {
        let obstacle = only_obstacle(seeker, candidate, &mut trips, now);
        if let Some((given, travel_minutes)) = obstacle.filter(|(given, _)| may_be_given(given)) {
            opened.entry(given).or_default().push(Opened { candidate, travel_minutes });
        }
    }
    opened.into_iter().filter_map(|(given, slots)| told(given, seeker, &slots)).collect()
}

/// The one rule a slot breaks, if that can be given up, and the trip.
fn only_obstacle(
    seeker: &Seeker,
    candidate: &Candidate,
    trips: &mut Trips<'_>,
    now: DateTime<Utc>,
) -> Option<(Given, u16)> {
    let mut pair = Pair { seeker, candidate, now, travel_minutes: 0, distance_km: 0.0 };
    let (on_the_road, others): (Vec<&Rule>, Vec<&Rule>) = rules::ALL.iter().partition(|rule| rule.needs_travel);
    let mut broken: Vec<&str> = others.iter().filter(|rule| !rule.holds(&pair)).map(|rule| rule.code).collect();
    if broken.len() < 2 {
        (pair.travel_minutes, pair.distance_km) = trips.to(candidate);
        broken.extend(on_the_road.iter().filter(|rule| !rule.holds(&pair)).map(|rule| rule.code));
    }
    let given = match broken[..] {
        ["within_travel_time"] => Given::LongerTrip,
        ["within_radius"] => Given::WiderSearch,
        ["modality"] => Given::Modality(candidate.slot.modality),
        ["language"] => Given::Language,
        // One that starts too early for the notice of a promise is no matter of giving up.
        ["within_deadline"] if candidate.slot.start >= seeker.earliest => Given::LaterStart,
        // Getting in with a wheelchair is nothing one could give up.
        _ => return None,
    };
    Some((given, pair.travel_minutes))
}

fn told(given: Given, seeker: &Seeker, slots: &[Opened<'_>]) -> Option<Reason> {
    let counted = |count: usize| if count == 1 { "1 créneau".to_owned() } else { format!("{count} créneaux") };
    let all = counted(slots.len());
    let shortest = slots.iter().map(|slot| slot.travel_minutes).min()?;
    let first = slots.iter().map(|slot| slot.candidate).min_by_key(|candidate| candidate.slot.start)?;
    Some(match given {
        Given::LongerTrip => {
            let longest = shortest.div_ceil(TRIP_STEP) * TRIP_STEP;
            let near = counted(slots.iter().filter(|slot| slot.travel_minutes <= longest).count());
            let asked = seeker.constraints.max_travel_minutes.unwrap_or(0);
            let (longest, asked) = (spoken(longest.into()), spoken(asked.into()));
            Reason::new("longer_trip", format!("{near} si le trajet peut durer {longest} au lieu de {asked}."))
        }
        Given::WiderSearch => {
            let shortest = spoken(shortest.into());
            Reason::new(
                "wider_search",
                format!("{all} au-delà du rayon de recherche, à partir de {shortest} de trajet."),
            )
        }
        Given::Modality(Modality::Virtual) => Reason::new("by_video", format!("{all} en téléconsultation.")),
        Given::Modality(Modality::HomeVisit) => Reason::new("at_home", format!("{all} en visite à domicile.")),
        Given::Modality(Modality::Ambulatory) => Reason::new("at_the_practice", format!("{all} au cabinet.")),
        Given::Language => Reason::new("other_language", format!("{all} sans la langue demandée.")),
        Given::LaterStart => {
            let (day, time) = (first.day.format("%d/%m"), first.local_start);
            let (hour, minute) = (time.hour(), time.minute());
            Reason::new(
                "later_start",
                format!(
                    "{all} après l'échéance, le premier le {day} à {hour} h {minute:02}, avec l'accord du régulateur."
                ),
            )
        }
    })
}
