//! The delivery: whatever must leave the house (webhook, message, e-mail) is a record of its own, one per event and target,
//! so that a dead target stops nobody else and order holds per appointment.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::coding::coded;

coded!(
    /// Where a delivery stands.
    DeliveryState {
        /// To be tried at its next instant.
        Due = "due",
        /// Taken by the target.
        Delivered = "delivered",
        /// Given up after the last try.
        Abandoned = "abandoned",
    }
);

/// One message to one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Sequence number of the event that asked for it.
    pub event: u64,
    /// Name of the target in the configuration.
    pub target: String,
    /// Blob with what is to be sent; the record itself holds nothing personal.
    pub payload_ref: String,
    /// Tries so far.
    pub attempts: u32,
    /// When to try (again).
    pub next_try: DateTime<Utc>,
    /// Where it stands.
    pub state: DeliveryState,
}

impl Delivery {
    /// Tries before it is given up: the last one comes some seventeen hours after the first.
    pub const ATTEMPTS_MAX: u32 = 12;

    /// A new delivery, due at once.
    pub fn new(event: u64, target: String, payload_ref: String, now: DateTime<Utc>) -> Self {
        Self { event, target, payload_ref, attempts: 0, next_try: now, state: DeliveryState::Due }
    }

    /// After a try that the target took.
    #[must_use]
    pub fn delivered(mut self) -> Self {
        self.attempts += 1;
        self.state = DeliveryState::Delivered;
        self
    }

    /// After a try that failed: again after a wait that doubles from 30 s, given up after the last.
    #[must_use]
    pub fn failed(mut self, now: DateTime<Utc>) -> Self {
        self.attempts += 1;
        if self.attempts >= Self::ATTEMPTS_MAX {
            self.state = DeliveryState::Abandoned;
        } else {
            self.next_try = now + TimeDelta::seconds(30) * (1 << (self.attempts - 1));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let start: DateTime<Utc> = "2026-11-24T09:00:00Z".parse().unwrap();
        let mut delivery = Delivery::new(7, "sas".to_owned(), "p".to_owned(), start);
        let mut waits = Vec::new();
        let mut now = start;
        while delivery.state == DeliveryState::Due {
            delivery = delivery.failed(now);
            waits.push((delivery.next_try - now).num_seconds());
            now = delivery.next_try;
        }
        assert_eq!(&waits[..4], [30, 60, 120, 240]);
        assert_eq!(delivery.attempts, Delivery::ATTEMPTS_MAX);
        assert_eq!(delivery.state, DeliveryState::Abandoned);
        assert!((now - start).num_hours() >= 17);
    }
}
