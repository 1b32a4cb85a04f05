//! A week that may happen: who publishes which places and when, who calls and when, and what the weeks before were like.

use aiguilleur::booking::RequestOrder;
use aiguilleur::domain::{CareNeed, Level, PatientFacts, Practitioner, SlotDraft, Territory};
use aiguilleur::geography::builtin;
use aiguilleur::synthetic::{Key, Parameters, SyntheticRequest, requests};
use aiguilleur::triage::Pack;
use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::stage::{complaints, draft, practitioners};

/// General practitioners who open places: three a day each make 78 a day.
const GPS: usize = 26;

/// Places of each in a week.
const PLACES_EACH: usize = 16;

/// Days of calls, Monday to Saturday.
const DAYS: i64 = 6;

/// Days before them of which the calls are known.
const PAST_DAYS: i64 = 21;

/// The week.
pub(crate) struct World {
    /// Where.
    pub(crate) territory: Territory,
    /// Monday, seven o'clock.
    pub(crate) begins: DateTime<Utc>,
    /// The last instant anything may happen.
    pub(crate) ends: DateTime<Utc>,
    /// Everybody of the directory.
    pub(crate) practitioners: Vec<Practitioner>,
    /// Places, with the instant each is published.
    pub(crate) slots: Vec<Place>,
    /// Calls of the week, in order.
    pub(crate) calls: Vec<SyntheticRequest>,
    /// Calls of the weeks before.
    pub(crate) past: Vec<SyntheticRequest>,
}

impl World {
    /// A seeded week in which there are so many places per patient: the places are the same each week, of the calls of a busy
    /// week as many are taken as that leaves.
    pub(crate) fn of(territory: &str, seed: u64, supply: f64) -> Self {
        let territory = builtin::load(territory).expect("compiled in");
        let week = i64::try_from(seed % 4).expect("few");
        let begins =
            territory.zone.instant("2026-11-16T07:00:00".parse().expect("an instant")) + TimeDelta::weeks(week);
        let parameters = Parameters::demo()
            .with(Key::RequestsPer10k, 8.0)
            .and_then(|p| p.with(Key::RequestsSaturday, 4.0))
            .and_then(|p| p.with(Key::EpidemicFactor, 2.0))
            .expect("in range");
        let ends = begins + TimeDelta::days(DAYS + 2);
        let arrive = |from, until| -> Vec<SyntheticRequest> {
            let all = requests::arrivals(&territory, &complaints(), &parameters, seed, from, until);
            all.into_iter().filter(|call| call.level != Level::Immediate).map(to_a_gp).collect()
        };
        let calls = arrive(begins, begins + TimeDelta::days(DAYS));
        // As many as the scarcest week has enough calls for.
        let practitioners = practitioners(&territory, GPS.min(calls.len() * 8 / 10 / PLACES_EACH));
        let slots = places(&territory, &practitioners, begins, seed);
        let offered = f64::from(u32::try_from(slots.len()).expect("few"));
        let share = offered / supply / f64::from(u32::try_from(calls.len()).expect("few"));
        let calls = thinned(calls, share);
        let past = thinned(arrive(begins - TimeDelta::days(PAST_DAYS), begins), share);
        Self { territory, begins, ends, practitioners, slots, calls, past }
    }
}

/// Everybody needs a general practitioner, and says no more than that.
fn to_a_gp(call: SyntheticRequest) -> SyntheticRequest {
    let facts = PatientFacts { complaint: "fievre_adulte".parse().expect("a block"), ..call.facts };
    SyntheticRequest { facts, ..call }
}

/// The hours a practitioner opens places at, in turn: from morning to evening, three of them a day (one on Saturdays).
const HOURS: [(u32, u32); 12] = [
    (9, 0),
    (9, 45),
    (10, 30),
    (11, 30),
    (12, 15),
    (13, 30),
    (14, 30),
    (15, 30),
    (16, 30),
    (17, 30),
    (18, 30),
    (20, 15),
];

/// A place, and when it becomes known.
pub(crate) struct Place {
    /// What is published.
    pub(crate) draft: SlotDraft,
    /// When: six of ten with the week, three the day before at 17:00, one the same morning at 8:00 (domain.md §6).
    pub(crate) published_at: DateTime<Utc>,
}

/// The places of the week.
fn places(territory: &Territory, practitioners: &[Practitioner], begins: DateTime<Utc>, seed: u64) -> Vec<Place> {
    let zone = territory.zone;
    let mut chance = SmallRng::seed_from_u64(seed);
    let mut all = Vec::new();
    for day in 0..DAYS {
        let date = zone.day(begins + TimeDelta::days(day));
        let at = |hour, minute| zone.instant(date.and_hms_opt(hour, minute, 0).expect("an hour"));
        let saturday = day == 5;
        for (number, who) in practitioners.iter().enumerate() {
            for nth in 0..if saturday { 1 } else { 3 } {
                let hours = if saturday { &HOURS[..5] } else { &HOURS[..] };
                let (hour, minute) = hours[(number + nth * 4 + usize::try_from(day).expect("few")) % hours.len()];
                let start = at(hour, minute);
                let published_at = match chance.random_range(0..10) {
                    0..6 => begins,
                    6..9 => at(17, 0) - TimeDelta::days(1),
                    _ => at(8, 0),
                };
                let draft = draft(who, all.len(), start);
                all.push(Place { draft, published_at: published_at.max(begins) });
            }
        }
    }
    all
}

/// A share of what is there, taken evenly.
fn thinned<T>(all: Vec<T>, share: f64) -> Vec<T> {
    assert!(share <= 1.0, "the generator makes too few calls: {share} times as many are wanted");
    let mut owed = 0.0;
    all.into_iter()
        .filter(|_| {
            owed += share;
            let taken = owed >= 1.0;
            owed -= if taken { 1.0 } else { 0.0 };
            taken
        })
        .collect()
}

/// What the triage pack says such a patient needs.
pub(crate) fn need_of(facts: &PatientFacts) -> CareNeed {
    Pack::general().care_need_of(&facts.complaint)
}

/// A call as an operator enters it.
pub(crate) fn order(call: &SyntheticRequest) -> RequestOrder {
    RequestOrder {
        facts: call.facts.clone(),
        commune: call.commune,
        level: Some(call.level),
        regulation_reference: None,
        channel: aiguilleur::domain::Channel::Operator,
    }
}
