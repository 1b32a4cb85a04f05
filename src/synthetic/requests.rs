//! The requests for unscheduled care that arrive: when, from where, about what, for whom. The level is what a person would
//! decide; nothing here judges anybody's symptoms.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc, Weekday};

use crate::domain::{Age, Channel, Commune, CommuneCode, Constraints, GeoPoint, Level, PatientFacts, Sex, Territory};
use crate::geography::{Gazetteer, public_holidays::holiday};

use super::complaints::{self, Caller, ComplaintProfile};
use super::draws::Draws;
use super::parameters::{
    AGES, CHANNELS, HOURS, Key, LEVELS, OTHER_LANGUAGES, Parameters, QUALIFICATION, WEEKDAYS, rounded,
};

/// A call or a message.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticRequest {
    /// When it arrives.
    pub at: DateTime<Utc>,
    /// By which way.
    pub channel: Channel,
    /// Where the patient is.
    pub commune: CommuneCode,
    /// Whether that commune belongs to the territory.
    pub in_territory: bool,
    /// What triage and matching need: age, sex, point, complaint, constraints.
    pub facts: PatientFacts,
    /// The level a person decides.
    pub level: Level,
    /// What a person makes of it.
    pub qualification: Qualification,
}

/// What a person makes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualification {
    /// Somebody must see the patient.
    Visit,
    /// Advice is enough.
    Advice,
    /// Sent to the own doctor, a pharmacy…
    Redirected,
}

/// All the requests that arrive from `from` until before `until`, in order.
pub fn arrivals(
    territory: &Territory,
    complaints: &[ComplaintProfile],
    parameters: &Parameters,
    seed: u64,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Vec<SyntheticRequest> {
    let zone = territory.zone;
    let mut arrived = Vec::new();
    let mut day = zone.day(from);
    while day <= zone.day(until) {
        // A stream for each day: the same day is the same whatever window it is looked at through.
        let mut chance = Draws::new(seed, &territory.id, &format!("arrivals/{day}"), None);
        let noise = chance.gamma(parameters.get(Key::DayNoise));
        for (hour, expected) in hourly_rates(territory, parameters, day) {
            let mut within = chance.exponential();
            let rate = expected * noise;
            while rate > 0.0 && within < rate {
                // Where this one falls inside the hour, to the second.
                let second = (within / rate * 3600.0).floor().min(3599.0);
                let local =
                    day.and_hms_opt(hour, 0, 0).unwrap_or_default() + TimeDelta::seconds(i64::from(rounded(second)));
                let at = zone.instant(local);
                if let Some(request) = request(territory, complaints, parameters, at, &mut chance)
                    && (from..until).contains(&at)
                {
                    arrived.push(request);
                }
                within += chance.exponential();
            }
        }
        let Some(next) = day.checked_add_days(Days::new(1)) else { break };
        day = next;
    }
    arrived.sort_by_key(|request| request.at);
    arrived
}

/// Requests that wait when a demo opens at `now`: all of them need a visit, and arrived in the last hour or two.
pub fn pending(
    territory: &Territory,
    complaints: &[ComplaintProfile],
    parameters: &Parameters,
    seed: u64,
    now: DateTime<Utc>,
) -> Vec<SyntheticRequest> {
    let mut chance = Draws::new(seed, &territory.id, "pending", Some(now));
    let count = rounded(inhabitants_10k(territory) * parameters.get(Key::PendingPer10k));
    let window = parameters.get(Key::PendingMinutes) * 60.0;
    let mut waiting: Vec<SyntheticRequest> = (0..count)
        .filter_map(|_| {
            let age = TimeDelta::seconds(i64::from(rounded(chance.unit() * window)));
            let made = request(territory, complaints, parameters, now - age, &mut chance)?;
            Some(SyntheticRequest { qualification: Qualification::Visit, ..made })
        })
        .collect();
    waiting.sort_by_key(|request| request.at);
    waiting
}

/// Requests expected in each hour of a day of the territory's calendar, before the day's noise.
fn hourly_rates(territory: &Territory, parameters: &Parameters, day: NaiveDate) -> Vec<(u32, f64)> {
    let departement = territory.departement();
    if holiday(departement, day).is_some() {
        return Vec::new();
    }
    let hours = |until: u32| -> Vec<(u32, f64)> {
        let open: Vec<(u32, f64)> = HOURS
            .shares
            .iter()
            .filter_map(|(hour, share)| Some((hour.parse().ok()?, *share)))
            .filter(|(hour, _)| *hour < until)
            .collect();
        let sum: f64 = open.iter().map(|(_, share)| share).sum();
        open.into_iter().map(|(hour, share)| (hour, share / sum)).collect()
    };
    let (per_10k, shape) = match day.weekday() {
        Weekday::Sun => return Vec::new(),
        Weekday::Sat => (parameters.get(Key::RequestsSaturday), hours(12)),
        weekday => {
            // A day's share of the five, as a factor of mean 1.
            let name = weekday.to_string();
            let share = WEEKDAYS.shares.iter().find(|(day, _)| *day == name).map_or(0.0, |(_, share)| *share);
            (parameters.get(Key::RequestsPer10k) * share * 5.0, hours(24))
        }
    };
    let total = per_10k * inhabitants_10k(territory) * parameters.get(Key::EpidemicFactor);
    shape.into_iter().map(|(hour, share)| (hour, share * total)).collect()
}

fn inhabitants_10k(territory: &Territory) -> f64 {
    f64::from(u32::try_from(territory.population()).unwrap_or(u32::MAX)) / 10_000.0
}

/// None when the territory has no commune or the pack no complaint.
fn request(
    territory: &Territory,
    complaints: &[ComplaintProfile],
    parameters: &Parameters,
    at: DateTime<Utc>,
    chance: &mut Draws,
) -> Option<SyntheticRequest> {
    let home = home(territory, parameters, chance)?;
    let sex = if chance.happens(0.5) { Sex::Female } else { Sex::Male };
    let age = age(chance);
    let months = match age {
        Age::Months(months) => u32::from(months),
        Age::Years(years) => u32::from(years) * 12,
        Age::BirthDate(_) => 0,
    };
    let complaint = complaints::draw(complaints, Caller { months, sex }, chance)?;
    Some(SyntheticRequest {
        at,
        channel: chance.of(&CHANNELS).parse().ok()?,
        commune: home.commune,
        in_territory: home.in_territory,
        facts: PatientFacts {
            age,
            sex,
            point: home.point,
            point_is_exact: home.exact,
            complaint: complaint.id.clone(),
            other_complaints: Vec::new(),
            answers: BTreeMap::new(),
            flags: BTreeMap::new(),
            note: None,
            constraints: constraints(home.rural, parameters, chance),
        },
        level: chance.of(&LEVELS).parse().ok()?,
        qualification: match chance.of(&QUALIFICATION) {
            "advice" => Qualification::Advice,
            "redirected" => Qualification::Redirected,
            _ => Qualification::Visit,
        },
    })
}

/// Where a patient is.
struct Home {
    commune: CommuneCode,
    point: GeoPoint,
    exact: bool,
    in_territory: bool,
    rural: bool,
}

fn home(territory: &Territory, parameters: &Parameters, chance: &mut Draws) -> Option<Home> {
    let outside = !chance.happens(parameters.get(Key::InTerritory));
    let around: Vec<CommuneCode> = territory.bordering_communes.clone();
    let visitor =
        if outside { chance.one_of(&around).and_then(|code| Gazetteer::national().by_code(*code)) } else { None };
    if let Some((visitor, point)) = visitor.and_then(|commune| Some((commune, commune.point?))) {
        let rural = visitor.density.level() >= 5;
        return Some(Home { commune: visitor.code, point, exact: false, in_territory: false, rural });
    }
    let commune: &Commune = chance.weighted(&territory.communes, |commune| f64::from(commune.population.max(1)))?;
    let exact = chance.happens(parameters.get(Key::ExactPointShare));
    let point = if exact { chance.point_in(commune) } else { commune.point };
    Some(Home { commune: commune.code, point, exact, in_territory: true, rural: commune.density.level() >= 5 })
}

fn age(chance: &mut Draws) -> Age {
    let band = chance.of(&AGES);
    let (first, last) = band.split_once('-').unwrap_or(("45", "69"));
    let (first, last): (u8, u8) = (first.parse().unwrap_or(45), last.parse().unwrap_or(69));
    let years = first.saturating_add(u8::try_from(chance.below(u32::from(last - first) + 1)).unwrap_or(0));
    // Under two years, parents count in months, and so does triage.
    if years < 2 { Age::Months(years * 12 + u8::try_from(chance.below(12)).unwrap_or(0)) } else { Age::Years(years) }
}

fn constraints(rural: bool, parameters: &Parameters, chance: &mut Draws) -> Constraints {
    let limit = chance.happens(parameters.get(Key::TravelLimitShare)).then(|| {
        let median = parameters.get(if rural { Key::TravelMedianRural } else { Key::TravelMedianUrban });
        let minutes = chance.lognormal(median, parameters.get(Key::TravelP95)).clamp(5.0, 180.0);
        u16::try_from(rounded(minutes)).unwrap_or(180)
    });
    let accessible = chance.happens(parameters.get(Key::WheelchairShare));
    let mut languages = Vec::new();
    if chance.happens(parameters.get(Key::ForeignLanguageShare)) {
        languages.extend(chance.one_of(OTHER_LANGUAGES).and_then(|code| code.parse().ok()));
    }
    Constraints { max_travel_minutes: limit, accessible, languages, ..Constraints::default() }
}

#[cfg(test)]
#[path = "requests_tests.rs"]
mod tests;
