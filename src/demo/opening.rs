//! When the demo opens: at `--at`; else now, if that is a working hour; else at nine on the next working day, so that the
//! first minute is never an empty board.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Timelike, Utc};

use crate::domain::Territory;
use crate::synthetic::slots::is_working_day;

/// The instant the service's clock starts at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    /// The instant.
    pub(super) at: DateTime<Utc>,
    /// Whether it was moved out of the night, the weekend or a holiday.
    pub(super) moved: bool,
}

/// Working hours, local.
const HOURS: std::ops::Range<u32> = 8..18;

/// The hour a moved opening starts at, local.
const MORNING: u32 = 9;

pub(super) fn choose(asked: Option<DateTime<Utc>>, territory: &Territory, now: DateTime<Utc>) -> Opening {
    if let Some(at) = asked {
        return Opening { at, moved: false };
    }
    let hour = territory.zone.local(now).hour();
    if HOURS.contains(&hour) && is_working_day(territory, now) {
        return Opening { at: now, moved: false };
    }
    let morning = NaiveTime::MIN + TimeDelta::hours(i64::from(MORNING));
    let today = territory.zone.day(now);
    let next = (0..30)
        .filter_map(|ahead| today.checked_add_days(Days::new(ahead)))
        .map(|day| territory.zone.instant(day.and_time(morning)))
        .find(|at| *at > now && is_working_day(territory, *at));
    Opening { at: next.unwrap_or(now), moved: next.is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::builtin;

    fn opening(now: &str) -> (String, bool) {
        let territory = builtin::load("weppes").unwrap();
        let opening = choose(None, &territory, now.parse().unwrap());
        (territory.zone.local(opening.at).to_rfc3339(), opening.moved)
    }

    #[test]
    fn a_working_hour_is_taken_as_it_is() {
        assert_eq!(opening("2026-11-24T10:30:00+01:00"), ("2026-11-24T10:30:00+01:00".to_owned(), false));
    }

    #[test]
    fn night_weekend_and_holiday_move_to_the_next_working_morning() {
        for (now, at) in [
            ("2026-11-24T03:00:00+01:00", "2026-11-24T09:00:00+01:00"),
            ("2026-11-24T18:00:00+01:00", "2026-11-25T09:00:00+01:00"),
            ("2026-11-27T20:00:00+01:00", "2026-11-30T09:00:00+01:00"),
            ("2026-12-25T10:00:00+01:00", "2026-12-28T09:00:00+01:00"),
        ] {
            assert_eq!(opening(now), (at.to_owned(), true), "{now}");
        }
    }
}
