//! The slots synthetic practitioners publish: a weekly pattern per publisher, on the wall clock of the territory, turned
//! into the slots of the coming days. Public holidays and Sundays stay empty; nothing lies in the past, and nobody is in
//! two slots at once.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, Utc, Weekday};

use crate::domain::time::WeeklyTime;
use crate::domain::{
    Agenda, Arrival, Audience, Modality, Practitioner, SlotDraft, SlotId, SlotSource, Span, Territory,
};
use crate::geography::public_holidays::holiday;

use super::draws::Draws;
use super::kinds::{KINDS, Kind};
use super::parameters::{Key, Parameters, rounded};
use super::practitioners::kind_of;

/// A slot, and when it becomes known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntheticSlot {
    /// What is published.
    pub draft: SlotDraft,
    /// When: at once for the fixed weekly places, the day before at 17:00, or the same morning at 8:00. Never before the
    /// instant the slots were made for, never after the slot's start.
    pub published_at: DateTime<Utc>,
}

/// How a place of the weekly pattern becomes known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Weekly,
    DayBefore,
    SameMorning,
}

/// A place of the weekly pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WeeklyPlace {
    time: WeeklyTime,
    length: TimeDelta,
    known: Known,
    walk_in: bool,
}

/// Slots that start after `from`, in the `days` days that follow to the hour (7: up to the same hour next week), by start.
/// A publisher's weekly pattern depends on the seed alone; so two calls with another `from` give the same hours.
pub fn slots(
    territory: &Territory,
    practitioners: &[Practitioner],
    parameters: &Parameters,
    seed: u64,
    from: DateTime<Utc>,
    days: u16,
) -> Vec<SyntheticSlot> {
    let mut chance = Draws::new(seed, &territory.id, "slots", Some(from));
    let mut made = Vec::new();
    for (practitioner, kind) in publishers(territory, practitioners, parameters, seed) {
        let purpose = format!("pattern/{}", practitioner.rpps);
        let pattern = pattern(kind, parameters, &mut Draws::new(seed, &territory.id, &purpose, None));
        let window = Window { territory, from, days };
        made.extend(window.slots_of(practitioner, kind, &pattern, parameters, &mut chance));
    }
    made.sort_by_key(|slot| (slot.draft.start, slot.draft.practitioner));
    made
}

/// Who publishes at all: of each kind its share, at least one where the parameters say so.
fn publishers<'a>(
    territory: &Territory,
    practitioners: &'a [Practitioner],
    parameters: &Parameters,
    seed: u64,
) -> Vec<(&'a Practitioner, &'static Kind)> {
    let mut chance = Draws::new(seed, &territory.id, "publishers", None);
    let mut chosen = Vec::new();
    for kind in KINDS {
        let mut members: Vec<&Practitioner> =
            practitioners.iter().filter(|p| kind_of(p).is_some_and(|own| own.key == kind.key)).collect();
        chance.shuffle(&mut members);
        let all = f64::from(u32::try_from(members.len()).unwrap_or(u32::MAX));
        let at_least = parameters.count(Key::OneOfEachKind);
        let count = rounded(all * parameters.get(kind.share_publishing)).max(at_least);
        chosen.extend(members.into_iter().take(usize::try_from(count).unwrap_or(0)).map(|member| (member, kind)));
    }
    chosen
}

/// The usual hours of unscheduled places: before lunch, after lunch, at the end of the day.
const SESSIONS: [(u32, u32); 3] = [(11, 30), (13, 30), (18, 0)];
const WEEKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

/// One publisher's week: as many places as their kind gives, none over another.
fn pattern(kind: &Kind, parameters: &Parameters, chance: &mut Draws) -> Vec<WeeklyPlace> {
    let minutes = i64::from(parameters.count(kind.slot_minutes));
    let length = TimeDelta::minutes(minutes);
    let quota = parameters.count(kind.slots_per_week);
    let weekly = rounded(f64::from(quota) * parameters.get(Key::PublishedWeekly));
    let day_before = rounded(f64::from(quota) * parameters.get(Key::PublishedDayBefore)).min(quota - weekly);
    let mut days: Vec<Weekday> = WEEKDAYS.to_vec();
    if chance.happens(parameters.get(Key::SaturdayShare)) {
        days.push(Weekday::Sat);
    }
    let takes_walk_ins = chance.happens(parameters.get(Key::WalkInShare));
    let mut week: Vec<WeeklyPlace> = Vec::new();
    let mut left = quota;
    if takes_walk_ins && weekly > 0 {
        // An hour without appointment stands for as many of the weekly places as it holds.
        let at = NaiveTime::from_hms_opt(13, 30, 0).unwrap_or_default();
        let weekday = chance.one_of(&WEEKDAYS).copied().unwrap_or(Weekday::Mon);
        let time = WeeklyTime { weekday, at };
        week.push(WeeklyPlace { time, length: TimeDelta::hours(1), known: Known::Weekly, walk_in: true });
        left = left.saturating_sub(parameters.count(Key::WalkInPlaces));
    }
    let sessions = sessions(&days, chance);
    for (known, count) in
        [(Known::Weekly, weekly), (Known::DayBefore, day_before), (Known::SameMorning, quota - weekly - day_before)]
    {
        let times =
            if known == Known::Weekly { in_sessions(&sessions, minutes) } else { any_time(&days, minutes, chance) };
        let mut added = 0;
        for time in times {
            if added == count || left == 0 {
                break;
            }
            let place = WeeklyPlace { time, length, known, walk_in: false };
            if week.iter().all(|other| !overlap(other, &place)) {
                week.push(place);
                added += 1;
                left -= 1;
            }
        }
    }
    week
}

/// Every session of the week, in the order this publisher takes them.
fn sessions(days: &[Weekday], chance: &mut Draws) -> Vec<(Weekday, NaiveTime)> {
    let mut sessions: Vec<(Weekday, NaiveTime)> = Vec::new();
    for day in days {
        // Saturday is open in the morning only.
        let hours: &[(u32, u32)] = if *day == Weekday::Sat { &SESSIONS[..1] } else { &SESSIONS };
        sessions.extend(
            hours.iter().filter_map(|(hour, minute)| Some((*day, NaiveTime::from_hms_opt(*hour, *minute, 0)?))),
        );
    }
    chance.shuffle(&mut sessions);
    sessions
}

/// One place in each session, then a second one after it, and so on.
fn in_sessions(sessions: &[(Weekday, NaiveTime)], minutes: i64) -> Vec<WeeklyTime> {
    let round = |round: i64| {
        sessions
            .iter()
            .map(move |(weekday, at)| WeeklyTime { weekday: *weekday, at: *at + TimeDelta::minutes(round * minutes) })
    };
    (0..4).flat_map(round).collect()
}

/// Any hour of the practice's day, in chance order: what cancellations leave.
fn any_time(days: &[Weekday], minutes: i64, chance: &mut Draws) -> Vec<WeeklyTime> {
    let mut times = Vec::new();
    for day in days {
        let last = if *day == Weekday::Sat { 12 * 60 } else { 19 * 60 };
        let mut minute = 8 * 60 + 30;
        while minute + minutes <= last {
            let at = NaiveTime::MIN + TimeDelta::minutes(minute);
            times.push(WeeklyTime { weekday: *day, at });
            minute += minutes;
        }
    }
    chance.shuffle(&mut times);
    times
}

fn overlap(a: &WeeklyPlace, b: &WeeklyPlace) -> bool {
    a.time.weekday == b.time.weekday && a.time.at < b.time.at + b.length && b.time.at < a.time.at + a.length
}

struct Window<'a> {
    territory: &'a Territory,
    from: DateTime<Utc>,
    days: u16,
}

impl Window<'_> {
    fn slots_of(
        &self,
        practitioner: &Practitioner,
        kind: &Kind,
        pattern: &[WeeklyPlace],
        parameters: &Parameters,
        chance: &mut Draws,
    ) -> Vec<SyntheticSlot> {
        let zone = self.territory.zone;
        let first = zone.day(self.from);
        let last = first.checked_add_days(Days::new(u64::from(self.days))).unwrap_or(first);
        // The same hour of the wall clock on the last day, whatever the clocks did in between.
        let local_hour = zone.local(self.from).time();
        let end_of_window = zone.instant(last.and_time(local_hour));
        let mut agenda = Agenda::new(practitioner.rpps);
        let mut made = Vec::new();
        for place in pattern {
            for start in place.time.occurrences(zone, first, last) {
                let end = start + place.length;
                let day = zone.day(start);
                let Some(location) = practitioner.locations.first() else { continue };
                if start <= self.from || start >= end_of_window {
                    continue;
                }
                if holiday(location.commune.departement(), day).is_some() {
                    continue;
                }
                let id = SlotId::new(chance.uuid(self.from));
                // Never two at once, even where a change of clocks pushes two hours of the wall together.
                if !agenda.insert(Span { slot: id, start, end }) {
                    continue;
                }
                let known = match place.known {
                    Known::Weekly => self.from,
                    Known::DayBefore => zone.instant((day - Days::new(1)).and_time(hour(17))),
                    Known::SameMorning => zone.instant(day.and_time(hour(8))),
                };
                let draft = SlotDraft {
                    id,
                    practitioner: practitioner.rpps,
                    location: location.id.clone(),
                    start,
                    end,
                    modality: if place.walk_in { Modality::Ambulatory } else { modality(kind, parameters, chance) },
                    audience: audience(parameters, chance),
                    arrival: if place.walk_in { Arrival::WalkIn } else { Arrival::Routine },
                    capacity: if place.walk_in { places(parameters.count(Key::WalkInPlaces)) } else { 1 },
                    extra_capacity: u16::from(kind.doctor && chance.happens(parameters.get(Key::ExtraShare))),
                    source: SlotSource::Synthetic,
                };
                made.push(SyntheticSlot { draft, published_at: known.max(self.from).min(start) });
            }
        }
        made
    }
}

fn hour(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default()
}

fn places(count: u32) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX).max(1)
}

fn modality(kind: &Kind, parameters: &Parameters, chance: &mut Draws) -> Modality {
    let (home, by_video) = match kind.key {
        "medecin_generaliste" => (parameters.get(Key::HomeShareGp), parameters.get(Key::VirtualShareGp)),
        "infirmier" => (parameters.get(Key::HomeShareNurse), 0.0),
        _ => (0.0, 0.0),
    };
    match chance.unit() {
        drawn if drawn < home => Modality::HomeVisit,
        drawn if drawn < home + by_video => Modality::Virtual,
        _ => Modality::Ambulatory,
    }
}

/// Members publish to their CPTS, and to the regulation at least.
fn audience(parameters: &Parameters, chance: &mut Draws) -> BTreeSet<Audience> {
    let everybody = parameters.get(Key::AudienceAll);
    let regulation = parameters.get(Key::AudienceSnp);
    match chance.unit() {
        drawn if drawn < everybody => [Audience::Public, Audience::Pro, Audience::Snp, Audience::Cpts].into(),
        drawn if drawn < everybody + regulation => [Audience::Snp, Audience::Cpts].into(),
        _ => [Audience::Pro, Audience::Snp, Audience::Cpts].into(),
    }
}

/// Whether an instant falls on a working day of the territory: Monday to Friday, and no public holiday where its first
/// commune lies.
pub fn is_working_day(territory: &Territory, at: DateTime<Utc>) -> bool {
    let day = territory.zone.day(at);
    let departement = territory.departement();
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && holiday(departement, day).is_none()
}

#[cfg(test)]
#[path = "slots_tests.rs"]
mod tests;
