//! `[booking]` and `[limits]`: how long, how many.

use std::time::Duration;

use chrono::TimeDelta;

use super::reader::Section;
use crate::booking::Policy;
use crate::http::Limits;
use crate::http::throttle::Quota;

/// What `[booking]` says; the rest is as it always is.
pub(super) fn policy(section: &mut Section<'_>) -> Policy {
    Policy {
        hold: TimeDelta::minutes(section.whole("hold_minutes", 1..=60).into()),
        offers_max: count(section.whole("offers", 1..=50)),
        budget: Duration::from_millis(section.whole("budget_ms", 5..=2_000).into()),
        ..Policy::default()
    }
}

/// What `[limits]` says.
pub(super) fn limits(section: &mut Section<'_>, stop_within: Duration) -> Limits {
    Limits {
        body_bytes: count(section.whole("body_bytes", 16_384..=16_777_216)),
        call: Duration::from_secs(section.whole("call_seconds", 1..=120).into()),
        account: Quota {
            per_second: section.whole("calls_per_second", 1..=100_000),
            burst: section.whole("calls_at_once", 1..=1_000_000),
        },
        stranger: Quota {
            per_second: section.whole("stranger_calls_per_second", 1..=100_000),
            burst: section.whole("stranger_calls_at_once", 1..=1_000_000),
        },
        streams: count(section.whole("live_streams", 1..=100_000)),
        stop_within,
    }
}

fn count(number: u32) -> usize {
    // No machine this runs on has narrower sizes.
    usize::try_from(number).unwrap_or(usize::MAX)
}
