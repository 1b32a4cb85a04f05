//! Who may still come: the requests of the coming hours, as the last weeks lead one to expect them. A place is worth keeping
//! for the k-th later arrival as far as that arrival is likely: its stake in the plan is P(D ≥ k) of what leaving it without a
//! place would cost, which is the comparison of EMSR-b (Belobaba 1992; solver.md §2) made by the plan itself, for every
//! profession, level and window at once, and where people live. What is expected for an hour goes with that hour: a place
//! nobody is expected for any more is given away.
//!
//! Nothing is assumed: where there is no past there is no forecast. Pure: past, calendar and instant are arguments.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, Timelike as _, Utc, Weekday};

use crate::domain::time::Zone;
use crate::domain::{CareNeed, Level};
use crate::geography::public_holidays::holiday;
use crate::geography::travel::Place;

/// How far back one looks: our assumption; long enough for a day's mean, short enough for the season.
pub const PAST: TimeDelta = TimeDelta::days(28);

/// How far ahead arrivals are expected: a day beyond the longest delay of those a place is kept for, since whoever can wait
/// two days competes for the places of the third with those who come then. Chosen by trial, as [`LIKELY`] was.
pub const AHEAD: TimeDelta = TimeDelta::hours(72);

/// Hours of one window.
const WINDOW: u32 = 2;

/// Arrivals less likely than this are not expected. Of 0.05 to 0.4, tried on forty seeded weeks (the first twenty of
/// either territory of `cargo bench --bench figures -- weeks`, whose tables use others), this missed fewest same-day patients
/// and cost least where places are scarce: below it places are kept from people for nobody, above it too few are kept.
const LIKELY: f64 = 0.25;

/// Days of a kind that must have been seen before anything is said of such days.
const DAYS_AT_LEAST: u32 = 3;

/// A request of the past.
#[derive(Debug, Clone)]
pub struct Observed {
    /// When it came.
    pub at: DateTime<Utc>,
    /// Its level.
    pub level: Level,
    /// What it needed.
    pub need: CareNeed,
    /// Where its patient was.
    pub place: Place,
}

/// A request that may come.
#[derive(Debug, Clone)]
pub struct Later {
    /// When, in the middle of its share of the window.
    pub at: DateTime<Utc>,
    /// Its level.
    pub level: Level,
    /// What it will need.
    pub need: CareNeed,
    /// Where its patient will be: where patients like it were.
    pub place: Place,
    /// How likely it is that so many come.
    pub probability: f64,
}

/// Days that look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum DayKind {
    Weekday,
    Saturday,
    Closed,
}

/// What the last weeks lead one to expect.
#[derive(Debug)]
pub struct Forecast {
    zone: Zone,
    departement: String,
    days: BTreeMap<DayKind, u32>,
    likes: Vec<Likes>,
    /// Squared coefficient of variation common to a day: busy days are busy at every hour.
    overdispersion: f64,
}

/// Requests of one level and need.
#[derive(Debug)]
struct Likes {
    level: Level,
    need: CareNeed,
    places: Vec<Place>,
    /// How many came, by kind of day and window.
    came: BTreeMap<(DayKind, u32), u32>,
}

impl Forecast {
    /// What the requests of the days before `now` lead one to expect. `departement` is that of the territory: its holidays count.
    pub fn of(mut past: Vec<Observed>, zone: Zone, departement: &str, now: DateTime<Utc>) -> Self {
        let today = zone.day(now);
        let first = zone.day(now - PAST);
        past.retain(|seen| (first..today).contains(&zone.day(seen.at)) && expected(seen.level));
        past.sort_by_key(|seen| seen.at);
        let mut days: BTreeMap<DayKind, u32> = BTreeMap::new();
        let mut by_day: BTreeMap<NaiveDate, f64> = BTreeMap::new();
        if let Some(since) = past.first().map(|seen| zone.day(seen.at)) {
            for day in since.iter_days().take_while(|day| *day < today) {
                let kind = kind_of(day, departement);
                *days.entry(kind).or_default() += 1;
                if kind == DayKind::Weekday {
                    by_day.insert(day, 0.0);
                }
            }
        }
        let mut likes: BTreeMap<(Level, CareNeed), Likes> = BTreeMap::new();
        for seen in past {
            let local = zone.local(seen.at);
            let (day, window) = (zone.day(seen.at), local.hour() / WINDOW);
            if let Some(count) = by_day.get_mut(&day) {
                *count += 1.0;
            }
            let of_it = likes.entry((seen.level, seen.need.clone())).or_insert_with(|| Likes {
                level: seen.level,
                need: seen.need,
                places: Vec::new(),
                came: BTreeMap::new(),
            });
            of_it.places.push(seen.place);
            *of_it.came.entry((kind_of(day, departement), window)).or_default() += 1;
        }
        let overdispersion = overdispersion(&by_day.into_values().collect::<Vec<_>>());
        Self { zone, departement: departement.to_owned(), days, likes: likes.into_values().collect(), overdispersion }
    }

    /// The requests that may come after `now` and until `until`, the likelier of each window first.
    pub fn later(&self, now: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Later> {
        let mut later = Vec::new();
        let mut drawn = 0;
        let mut day = self.zone.day(now);
        while day <= self.zone.day(until) {
            let kind = kind_of(day, &self.departement);
            let seen = self.days.get(&kind).copied().unwrap_or(0);
            for window in (0..24 / WINDOW).filter(|_| seen >= DAYS_AT_LEAST) {
                let hour =
                    |hour: u32| NaiveTime::from_hms_opt(hour, 0, 0).map(|time| self.zone.instant(day.and_time(time)));
                let Some(begins) = hour(window * WINDOW) else { continue };
                let ends = begins + TimeDelta::hours(i64::from(WINDOW));
                let (from, to) = (begins.max(now), ends.min(until));
                if from >= to {
                    continue;
                }
                let left = seconds(to - from) / seconds(ends - begins);
                for likes in &self.likes {
                    let came = likes.came.get(&(kind, window)).copied().unwrap_or(0);
                    let mean = f64::from(came) / f64::from(seen) * left;
                    let likely = at_least(mean, self.overdispersion, LIKELY);
                    let share = (to - from) / i32::try_from(likely.len().max(1)).unwrap_or(i32::MAX);
                    for (nth, probability) in (0..).zip(likely) {
                        let place = likes.places[spread(drawn, likes.places.len())];
                        drawn += 1;
                        let at = from + share * nth + share / 2;
                        later.push(Later { at, level: likes.level, need: likes.need.clone(), place, probability });
                    }
                }
            }
            let Some(next) = day.checked_add_days(Days::new(1)) else { break };
            day = next;
        }
        later
    }
}

/// Levels a place is kept for: an emergency gets none, and who can wait for days needs none kept.
fn expected(level: Level) -> bool {
    matches!(level, Level::SameDay | Level::H24 | Level::H48)
}

fn kind_of(day: NaiveDate, departement: &str) -> DayKind {
    match day.weekday() {
        _ if holiday(departement, day).is_some() => DayKind::Closed,
        Weekday::Sun => DayKind::Closed,
        Weekday::Sat => DayKind::Saturday,
        _ => DayKind::Weekday,
    }
}

fn seconds(span: TimeDelta) -> f64 {
    span.as_seconds_f64()
}

/// What the days' totals vary more than chance alone would have it, as a squared coefficient of variation (method of moments).
fn overdispersion(days: &[f64]) -> f64 {
    let Ok(count) = u32::try_from(days.len()) else { return 0.0 };
    let mean = days.iter().sum::<f64>() / f64::from(count.max(1));
    if count < DAYS_AT_LEAST || mean <= 0.0 {
        return 0.0;
    }
    let variance = days.iter().map(|day| (day - mean).powi(2)).sum::<f64>() / f64::from(count - 1);
    ((variance - mean) / mean.powi(2)).clamp(0.0, 1.0)
}

/// P(D ≥ 1), P(D ≥ 2)… down to the last that is not below `least`, for a negative binomial of this mean; Poisson without overdispersion.
fn at_least(mean: f64, overdispersion: f64, least: f64) -> Vec<f64> {
    let mut tail = 1.0;
    let mut mass =
        if overdispersion > 0.0 { (1.0 + mean * overdispersion).powf(-1.0 / overdispersion) } else { (-mean).exp() };
    let mut likely = Vec::new();
    for count in 0..1_000_u32 {
        tail -= mass;
        if tail < least {
            break;
        }
        likely.push(tail);
        let count = f64::from(count);
        mass *= mean * (1.0 + count * overdispersion) / ((1.0 + mean * overdispersion) * (count + 1.0));
    }
    likely
}

/// The `nth` of a sequence that goes evenly over `length` places (steps of the golden section).
fn spread(nth: u32, length: usize) -> usize {
    const GOLDEN: u64 = 2_654_435_769;
    let turn = (u64::from(nth) * GOLDEN) & 0xffff_ffff;
    let length = u64::try_from(length.max(1)).unwrap_or(1);
    usize::try_from((turn * length) >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CommuneCode, GeoPoint};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn seen(at: DateTime<Utc>, level: Level) -> Observed {
        let need = CareNeed { profession: "10".parse().unwrap(), speciality: None, modality: None };
        let code: CommuneCode = "59051".parse().unwrap();
        Observed { at, level, need, place: Place::unknown(code, GeoPoint { lat: 50.57, lon: 2.93 }) }
    }

    /// Three requests each weekday between nine and eleven (two of them the same day), over four weeks.
    fn four_weeks(now: DateTime<Utc>) -> Vec<Observed> {
        let days = (1..=28).map(|days| now - TimeDelta::days(days));
        let open = days.filter(|day| kind_of(Zone::PARIS.day(*day), "59") == DayKind::Weekday);
        open.flat_map(|day| {
            let nine = Zone::PARIS.instant(Zone::PARIS.day(day).and_hms_opt(8, 30, 0).unwrap());
            [
                seen(nine, Level::SameDay),
                seen(nine + TimeDelta::minutes(20), Level::SameDay),
                seen(nine + TimeDelta::minutes(40), Level::H24),
            ]
        })
        .collect()
    }

    #[test]
    fn as_many_are_expected_as_came() {
        let now = at("2026-11-24T05:00:00Z");
        let forecast = Forecast::of(four_weeks(now), Zone::PARIS, "59", now);
        let later = forecast.later(now, now + TimeDelta::hours(12));
        let mean = |level| later.iter().filter(|l| l.level == level).map(|l| l.probability).sum::<f64>();
        // Two of the same day and one of the next: P(D ≥ 1) to P(D ≥ 3) of a Poisson of mean 2, to P(D ≥ 2) of one of mean 1.
        assert!((mean(Level::SameDay) - 1.782).abs() < 0.01, "{}", mean(Level::SameDay));
        assert!((mean(Level::H24) - 0.896).abs() < 0.01, "{}", mean(Level::H24));
        let window = at("2026-11-24T07:00:00Z")..at("2026-11-24T09:00:00Z");
        assert!(later.iter().all(|later| window.contains(&later.at)), "{later:?}");
        assert!(later.is_sorted_by(|a, b| a.level != b.level || a.probability >= b.probability));
    }

    #[test]
    fn what_was_expected_goes_with_its_hour() {
        let now = at("2026-11-24T05:00:00Z");
        let forecast = Forecast::of(four_weeks(now), Zone::PARIS, "59", now);
        let expected = |now: DateTime<Utc>| {
            let later = forecast.later(now, now + TimeDelta::hours(6));
            later.iter().map(|later| later.probability).sum::<f64>()
        };
        let (early, half, over) =
            (expected(now), expected(at("2026-11-24T08:00:00Z")), expected(at("2026-11-24T09:00:00Z")));
        assert!(half < early * 0.6 && half > 0.0, "{early} {half}");
        assert!(over.abs() < f64::EPSILON, "{over}");
    }

    #[test]
    fn nothing_is_expected_without_a_past_or_where_nobody_came() {
        let now = at("2026-11-24T05:00:00Z");
        let until = now + TimeDelta::hours(24);
        assert!(Forecast::of(Vec::new(), Zone::PARIS, "59", now).later(now, until).is_empty());
        let two_days = four_weeks(now).into_iter().filter(|seen| seen.at > now - TimeDelta::days(2)).collect();
        assert!(Forecast::of(two_days, Zone::PARIS, "59", now).later(now, until).is_empty(), "one Monday is no past");
        let forecast = Forecast::of(four_weeks(now), Zone::PARIS, "59", now);
        let sunday = at("2026-11-28T23:30:00Z");
        assert!(forecast.later(sunday, sunday + TimeDelta::hours(20)).is_empty());
    }

    #[test]
    fn days_that_differ_more_than_chance_make_many_arrivals_likelier() {
        let (even, uneven) = (overdispersion(&[20.0; 8]), overdispersion(&[5.0, 40.0, 10.0, 30.0, 4.0, 35.0]));
        assert!(even.abs() < f64::EPSILON && uneven > 0.2, "{even} {uneven}");
        let (poisson, wide) = (at_least(4.0, 0.0, 0.05), at_least(4.0, 0.5, 0.05));
        assert!(wide.len() > poisson.len() && wide[0] < poisson[0], "{poisson:?} {wide:?}");
        // The mean is the sum of the tail.
        for overdispersion in [0.0, 0.1, 0.5] {
            let sum: f64 = at_least(4.0, overdispersion, 1e-9).iter().sum();
            assert!((sum - 4.0).abs() < 1e-6, "{overdispersion}: {sum}");
        }
        assert!(at_least(0.0, 0.3, LIKELY).is_empty());
    }
}
