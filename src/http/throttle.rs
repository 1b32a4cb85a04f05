//! Calls counted per caller: a bucket that refills by itself. Accounts and patients by who they are, strangers by where they
//! call from.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, RateLimiter};

use super::problem::{Problem, Slug};
use crate::identity::Caller;

/// How many calls.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// Refilled each second; 1 at least.
    pub per_second: u32,
    /// At once; 1 at least.
    pub burst: u32,
}

impl Quota {
    fn governor(self) -> governor::Quota {
        let least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        governor::Quota::per_second(least_one(self.per_second)).allow_burst(least_one(self.burst))
    }
}

/// Every caller's bucket.
#[derive(Debug)]
pub struct Throttle {
    known: DefaultKeyedRateLimiter<String>,
    strangers: DefaultKeyedRateLimiter<IpAddr>,
    calls: AtomicU32,
}

/// Full buckets are forgotten after so many calls.
const TIDY_EVERY: u32 = 4_096;

impl Throttle {
    /// Empty buckets of these sizes.
    pub fn new(account: Quota, stranger: Quota) -> Self {
        Self {
            known: RateLimiter::keyed(account.governor()),
            strangers: RateLimiter::keyed(stranger.governor()),
            calls: AtomicU32::new(0),
        }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// `too-many-requests` with the time to wait.
    pub fn admit(&self, caller: &Caller, peer: Option<IpAddr>) -> Result<(), Problem> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.known.retain_recent();
            self.strangers.retain_recent();
        }
        if caller.is_anonymous() {
            return self.note_stranger(peer);
        }
        let actor = caller.actor();
        self.known.check_key(&format!("{}:{}", actor.role, actor.id)).map_err(|until| too_many(&until))
    }

    /// Counts a call of somebody nobody knows, failed sign-ins among them.
    ///
    /// # Errors
    /// `too-many-requests` with the time to wait.
    pub fn note_stranger(&self, peer: Option<IpAddr>) -> Result<(), Problem> {
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        self.strangers.check_key(&peer).map_err(|until| too_many(&until))
    }
}

fn too_many(until: &governor::NotUntil<<DefaultClock as governor::clock::Clock>::Instant>) -> Problem {
    let wait = until.wait_time_from(DefaultClock::default().now());
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Problem::new(Slug::TooManyRequests, Slug::TooManyRequests.advice()).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Account;

    #[test]
    fn a_caller_who_calls_too_often_waits_and_nobody_else_does() {
        // A bucket that refills once a second: what a test does in between is far below.
        let throttle = Throttle::new(Quota { per_second: 1, burst: 3 }, Quota { per_second: 1, burst: 1 });
        let account = |name: &str| {
            let role = crate::domain::Role::Operator;
            Account { name: name.into(), role, rpps: None, territories: vec![], expires: None }.caller()
        };
        let refused = (0..20).filter_map(|_| throttle.admit(&account("a"), None).err()).next().unwrap();
        assert_eq!(refused.slug(), Slug::TooManyRequests);
        assert!(refused.document()["retry_after"].as_u64().unwrap() >= 1);
        assert!(throttle.admit(&account("b"), None).is_ok());
    }
}
