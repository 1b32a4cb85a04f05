//! The promise: "you will be seen before, and know the hour at least this long ahead". It leaves the scarce early places to
//! those who cannot wait; no slot is touched before its hour is fixed.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::AppointmentId;
use super::coding::coded;

/// What was promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// Seen before.
    pub by: DateTime<Utc>,
    /// The hour known at least this long before, minutes.
    pub notice_minutes: u16,
    /// What the service needs to book by itself; none: a person calls back and books.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<ReadyToBook>,
    /// Whether it can still be kept, as far as the last plan knows.
    #[serde(default)]
    pub standing: PromiseStanding,
    /// When the service must look at it again, whatever happens meanwhile; none: nothing more can be tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_call: Option<DateTime<Utc>>,
}

impl Promise {
    /// How long a request without a deadline is promised to wait at most: our assumption, the span slots are searched in.
    pub const UNDATED_WITHIN: TimeDelta = TimeDelta::days(7);

    /// The least time between two looks once the hour should be known: our assumption.
    const LOOKS_APART: TimeDelta = TimeDelta::minutes(10);

    /// A promise made at `now`: looked at last when the hour must be known.
    pub fn new(by: DateTime<Utc>, notice_minutes: u16, ready: Option<ReadyToBook>) -> Self {
        let promise = Self { by, notice_minutes, ready, standing: PromiseStanding::Safe, next_call: None };
        Self { next_call: Some(promise.last_notice()), ..promise }
    }

    /// How long before the hour must be known.
    pub fn notice(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.notice_minutes))
    }

    /// The last instant at which an hour told still leaves the notice promised.
    fn last_notice(&self) -> DateTime<Utc> {
        self.by - self.notice()
    }

    /// The same promise, to be kept sooner: the level was raised.
    #[must_use]
    pub fn no_later_than(mut self, deadline: DateTime<Utc>) -> Self {
        self.by = self.by.min(deadline);
        let last_notice = self.last_notice();
        self.next_call = self.next_call.map(|call| call.min(last_notice));
        self
    }

    /// Whether it is time to look at it.
    pub fn is_called(&self, now: DateTime<Utc>) -> bool {
        self.next_call.is_some_and(|call| call <= now)
    }

    /// The same promise after a look at `now` that came to nothing: looked at again half way to its end.
    #[must_use]
    pub fn looked_at(mut self, now: DateTime<Utc>) -> Self {
        if self.is_called(now) {
            let half_way = (self.by - now) / 2;
            self.next_call = (half_way >= Self::LOOKS_APART).then(|| now + half_way);
        }
        self
    }
}

/// Who the patient of a promise is, sealed: the appointment to be, and the blob that names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyToBook {
    /// Identifier of the appointment to be.
    pub appointment: AppointmentId,
    /// Name of the sealed blob.
    pub identity_ref: String,
}

coded!(
    /// How a promise stands.
    #[derive(Default)]
    PromiseStanding {
        /// The plan has a place for it.
        #[default]
        Safe = "safe",
        /// Its hour must be told now, and a person has to do it.
        Due = "due",
        /// The plan finds no place for it.
        AtRisk = "at_risk",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_looked_at_when_the_hour_must_be_known_and_then_ever_more_closely() {
        let mut promise = Promise::new(at("2026-11-25T18:00:00Z"), 180, None);
        assert_eq!(promise.next_call, Some(at("2026-11-25T15:00:00Z")));
        assert_eq!(promise.clone().looked_at(at("2026-11-25T12:00:00Z")), promise, "its time has not come");
        let mut calls = Vec::new();
        while let Some(call) = promise.next_call {
            promise = promise.looked_at(call);
            calls.push(call);
        }
        assert_eq!(calls.len(), 5, "{calls:?}");
        assert!(calls.is_sorted() && calls.iter().all(|call| *call < promise.by));
    }

    #[test]
    fn sooner_means_looked_at_sooner_never_later() {
        let promise = Promise::new(at("2026-11-25T18:00:00Z"), 180, None);
        let sooner = promise.clone().no_later_than(at("2026-11-25T12:00:00Z"));
        assert_eq!((sooner.by, sooner.next_call), (at("2026-11-25T12:00:00Z"), Some(at("2026-11-25T09:00:00Z"))));
        assert_eq!(promise.clone().no_later_than(at("2026-11-26T12:00:00Z")), promise);
    }
}
