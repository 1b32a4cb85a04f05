//! The store's clock: the server's time as this process knows it, shifted as the service is, never going back.
//!
//! The server's time is this machine's, corrected. Each answer with the server's time in it bounds the correction: that
//! time lies between sending and receiving. It is changed only when it lies outside, and no further than needed, so that on
//! the server's own machine it stays nothing.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, SteadyClock};
use crate::store::{Millis, SKEW_MAX};

use super::link::RESPONSE;

#[derive(Debug)]
pub(super) struct ServerTime {
    clock: Arc<dyn Clock>,
    steady: SteadyClock,
    /// What is added to this machine's time, in microseconds.
    correction: AtomicI64,
    correcting: Mutex<()>,
    /// The latest instant given to anybody.
    latest: AtomicI64,
    /// The latest instant the server has lived at, as far as known here.
    floor: AtomicI64,
}

/// A moment by this machine's clock, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(i64);

/// When a call came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    at: Moment,
    /// What the server must add to its time, in milliseconds.
    pub(super) shift: i64,
    /// The server's time is never before this.
    pub(super) floor: Millis,
    /// The store's time then.
    now: Millis,
}

impl ServerTime {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            steady: SteadyClock::start(),
            correction: AtomicI64::new(0),
            correcting: Mutex::new(()),
            latest: AtomicI64::new(Millis::MIN),
            floor: AtomicI64::new(Millis::MIN),
        }
    }

    /// The store's time.
    pub(super) fn now(&self) -> Millis {
        // The server's time first, as in `Clock::shift`.
        let server = self.steady.micros().saturating_add(self.correction.load(Ordering::Acquire));
        let shift = self.clock.shift().num_microseconds().unwrap_or(i64::MAX);
        let now = server.saturating_add(shift).div_euclid(1_000);
        self.latest.fetch_max(now, Ordering::AcqRel).max(now)
    }

    /// Notes that a call comes in now.
    pub(super) fn arrival(&self) -> Arrival {
        let now = self.now();
        let at = self.moment();
        Arrival { at, shift: self.shift(), floor: self.floor(), now }
    }

    /// How long ago, in milliseconds, a call came in.
    pub(super) fn age(&self, arrival: Arrival) -> i64 {
        (self.moment().0 - arrival.at.0) / 1_000
    }

    /// This moment, to be told to [`ServerTime::learn`].
    pub(super) fn moment(&self) -> Moment {
        Moment(self.steady.micros())
    }

    /// The server's time is never before this.
    pub(super) fn floor(&self) -> Millis {
        self.floor.load(Ordering::Acquire)
    }

    /// What the server must add to its time, in milliseconds.
    pub(super) fn shift(&self) -> i64 {
        self.clock.shift().num_milliseconds()
    }

    /// The server has shown this instant of the store's time: from now on it is at least that.
    pub(super) fn not_before(&self, instant: Millis) {
        self.floor.fetch_max(instant, Ordering::AcqRel);
        self.latest.fetch_max(instant, Ordering::AcqRel);
    }

    /// Learns from an answer that came just now, to a question sent at `sent`: the server's own time in it, in microseconds.
    pub(super) fn learn(&self, sent: Moment, server: i64) {
        let received = self.moment();
        let _one_at_a_time = self.correcting.lock().unwrap_or_else(PoisonError::into_inner);
        let correction = self.correction.load(Ordering::Acquire);
        let corrected = correction.clamp(server.saturating_sub(received.0), server.saturating_sub(sent.0));
        if corrected == correction {
            return;
        }
        self.correction.store(corrected, Ordering::Release);
        let by = corrected - correction;
        if u128::from(by.unsigned_abs()) > SKEW_MAX.as_micros() {
            tracing::warn!(microseconds = by, "the clocks of this machine and of Redis differ; Redis' counts");
        }
    }
}

impl Arrival {
    /// How far before its arrival, at most, a decision may have been made, in milliseconds. One made by this store's own
    /// clock may have waited for a slow server as long as an answer is waited for; any other must be of the moment.
    pub(super) fn lateness(&self, decided_at: Millis) -> u128 {
        let own = u128::from(decided_at.abs_diff(self.now)) <= SKEW_MAX.as_millis();
        SKEW_MAX.as_millis() + if own { RESPONSE.as_millis() } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{ManualClock, SystemClock};

    fn real() -> ServerTime {
        ServerTime::new(Arc::new(SystemClock::real()))
    }

    #[test]
    fn a_server_within_the_bounds_corrects_nothing() {
        let time = real();
        let sent = time.moment();
        time.learn(sent, sent.0);
        time.learn(sent, time.moment().0);
        assert_eq!(time.correction.load(Ordering::Acquire), 0);
    }

    #[test]
    fn a_server_ahead_or_behind_is_followed_and_time_given_never_goes_back() {
        for off in [90_000_000_i64, -90_000_000] {
            let time = real();
            let (sent, before) = (time.moment(), time.now());
            time.learn(sent, sent.0 + off);
            // As far as needed for the answer to lie between sending and receiving, and no further.
            let correction = time.correction.load(Ordering::Acquire);
            assert!(correction <= off && correction >= off - (time.moment().0 - sent.0), "{correction} for {off}");
            assert!(time.now() >= before);
            let sent = time.moment();
            time.learn(sent, sent.0 + correction);
            assert_eq!(time.correction.load(Ordering::Acquire), correction, "within the bounds now");
        }
    }

    #[test]
    fn a_standing_clock_is_shown_as_it_stands() {
        let noon = "2026-11-24T12:00:00Z".parse().unwrap();
        let time = ServerTime::new(Arc::new(ManualClock::at(noon)));
        let behind = noon.timestamp_millis() - time.now();
        assert!((0..10_000).contains(&behind), "{behind} ms behind");
        time.not_before(noon.timestamp_millis() + 5);
        assert_eq!(time.now(), noon.timestamp_millis() + 5);
    }

    #[test]
    fn a_decision_by_another_clock_must_be_of_the_moment() {
        let arrival = real().arrival();
        assert_eq!(arrival.lateness(arrival.now - 250), 3_250);
        assert_eq!(arrival.lateness(arrival.now - 251), 250);
    }
}
