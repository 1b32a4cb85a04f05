//! Local time. Instants are `DateTime<Utc>` everywhere else; here, and only here, a territory's zone turns weekly rules
//! and dates of the calendar into instants.

use std::fmt;
use std::str::FromStr;

use chrono::{
    DateTime, Datelike, Days, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta,
    TimeZone, Timelike, Utc, Weekday,
};
use chrono_tz::Tz;

/// A time zone of the IANA list: `Europe/Paris`, `Indian/Reunion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

/// A name that is not in the IANA list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone; write it like Europe/Paris")]
pub struct ZoneError;

impl Zone {
    /// Mainland France.
    pub const PARIS: Self = Self(chrono_tz::Europe::Paris);

    /// The zone of a département: the mainland's, or its own overseas.
    pub fn of_departement(departement: &str) -> Self {
        Self(match departement {
            "971" | "977" | "978" => chrono_tz::America::Guadeloupe,
            "972" => chrono_tz::America::Martinique,
            "973" => chrono_tz::America::Cayenne,
            "974" => chrono_tz::Indian::Reunion,
            "975" => chrono_tz::America::Miquelon,
            "976" => chrono_tz::Indian::Mayotte,
            _ => chrono_tz::Europe::Paris,
        })
    }

    /// An instant as the clock on the wall shows it, with its offset.
    pub fn local(self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        let local = instant.with_timezone(&self.0);
        local.with_timezone(&local.offset().fix())
    }

    /// The instant a wall clock shows `local`. A time the spring change skips moves to the next valid instant; an
    /// autumn time that comes twice takes the first.
    pub fn instant(self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => instant.with_timezone(&Utc),
            LocalResult::None => self.end_of_gap(local),
        }
    }

    /// The instant at which the clocks jump over `skipped`.
    fn end_of_gap(self, skipped: NaiveDateTime) -> DateTime<Utc> {
        // Every gap of the IANA list since 1970 starts and ends on a quarter of an hour and is no longer than a day.
        let quarter = TimeDelta::minutes(15);
        let start = skipped
            - TimeDelta::minutes(i64::from(skipped.minute() % 15))
            - TimeDelta::seconds(i64::from(skipped.second()));
        (1..=96)
            .map(|step| start + quarter * step)
            .find_map(|local| self.0.from_local_datetime(&local).earliest())
            .map_or_else(|| skipped.and_utc(), |instant| instant.with_timezone(&Utc))
    }

    /// The calendar day an instant falls on here.
    pub fn day(self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.0).date_naive()
    }

    /// The instant a calendar day begins here.
    pub fn midnight(self, day: NaiveDate) -> DateTime<Utc> {
        self.instant(day.and_time(NaiveTime::MIN))
    }
}

impl FromStr for Zone {
    type Err = ZoneError;
    fn from_str(text: &str) -> Result<Self, ZoneError> {
        text.parse().map(Self).map_err(|_| ZoneError)
    }
}
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// "Every Monday at 11:30, for 15 minutes": local by nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeeklyTime {
    /// Day of the week.
    pub weekday: Weekday,
    /// Wall-clock time.
    pub at: NaiveTime,
}

impl WeeklyTime {
    /// The instants of this weekly time in `zone` from `first` to `last`, both days included.
    pub fn occurrences(self, zone: Zone, first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = DateTime<Utc>> {
        let wait = u64::from((7 + self.weekday.num_days_from_monday() - first.weekday().num_days_from_monday()) % 7);
        let start = first.checked_add_days(Days::new(wait)).unwrap_or(NaiveDate::MAX);
        std::iter::successors(Some(start), |day| day.checked_add_days(Days::new(7)))
            .take_while(move |day| *day <= last)
            .map(move |day| zone.instant(day.and_time(self.at)))
    }
}

/// Milliseconds since 1970, as the store keeps instants.
pub fn millis(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_millis()
}

/// The instant of a number of milliseconds since 1970; the far ends of time where chrono has none.
pub fn from_millis(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or(if millis < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn occurrences(zone: &str, weekday: Weekday, at: &str, first: &str, last: &str) -> Vec<DateTime<Utc>> {
        WeeklyTime { weekday, at: at.parse().unwrap() }
            .occurrences(zone.parse().unwrap(), first.parse().unwrap(), last.parse().unwrap())
            .collect()
    }

    #[test]
    fn a_weekly_hour_keeps_its_place_on_the_wall_across_the_change() {
        // 25 October 2026: back to winter time between the two Mondays.
        assert_eq!(
            occurrences("Europe/Paris", Weekday::Mon, "11:30:00", "2026-10-19", "2026-11-01"),
            [utc("2026-10-19T09:30:00Z"), utc("2026-10-26T10:30:00Z")]
        );
    }

    #[test]
    fn a_time_the_spring_change_skips_moves_to_the_next_valid_instant() {
        // 29 March 2026: 02:00 becomes 03:00.
        for skipped in ["02:00:00", "02:30:00", "02:59:00"] {
            assert_eq!(
                occurrences("Europe/Paris", Weekday::Sun, skipped, "2026-03-29", "2026-03-29"),
                [utc("2026-03-29T01:00:00Z")],
                "{skipped}"
            );
        }
        assert_eq!(
            occurrences("Europe/Paris", Weekday::Sun, "03:00:00", "2026-03-29", "2026-03-29"),
            [utc("2026-03-29T01:00:00Z")]
        );
    }

    #[test]
    fn a_time_the_autumn_change_repeats_takes_the_first() {
        assert_eq!(
            occurrences("Europe/Paris", Weekday::Sun, "02:30:00", "2026-10-25", "2026-10-25"),
            [utc("2026-10-25T00:30:00Z")]
        );
    }

    #[test]
    fn overseas_has_its_own_hour_and_no_change() {
        assert_eq!(
            occurrences("Indian/Reunion", Weekday::Mon, "11:30:00", "2026-10-19", "2026-11-01"),
            [utc("2026-10-19T07:30:00Z"), utc("2026-10-26T07:30:00Z")]
        );
        assert_eq!(Zone::of_departement("974").to_string(), "Indian/Reunion");
        assert_eq!(Zone::of_departement("59"), Zone::PARIS);
    }

    #[test]
    fn a_day_starts_at_local_midnight() {
        let zone = Zone::PARIS;
        assert_eq!(zone.day(utc("2026-11-24T23:30:00Z")).to_string(), "2026-11-25");
        assert_eq!(zone.midnight("2026-11-25".parse().unwrap()), utc("2026-11-24T23:00:00Z"));
        assert_eq!(zone.local(utc("2026-07-01T10:00:00Z")).to_rfc3339(), "2026-07-01T12:00:00+02:00");
    }
}
