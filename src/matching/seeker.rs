//! A request as matching sees it: what is needed, where, and by when.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::candidate::audience_bits;
use super::forecast::Later;
use crate::domain::{
    Audience, CareNeed, CareRequest, Channel, Constraints, Level, PatientFacts, RequestId, Role, SlotId,
};
use crate::geography::travel::Place;

/// Somebody who needs a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Seeker {
    /// The request.
    pub request: RequestId,
    /// Its level.
    pub level: Level,
    /// Who should see the patient.
    pub need: CareNeed,
    /// What the caller asks of the slot.
    pub constraints: Constraints,
    /// Where the patient is.
    pub place: Place,
    /// A slot must start after this instant.
    pub earliest: DateTime<Utc>,
    /// And before this one; none: any time.
    pub latest: Option<DateTime<Utc>>,
    /// The deadline itself, which an agreement may put before `latest`.
    pub deadline: Option<DateTime<Utc>>,
    /// Which slots this request may be shown: those with one of these audiences, one bit each.
    pub(super) audience: u8,
    /// A promise: placed last, hardly any matter how late before its deadline.
    pub promised: Option<Promised>,
    /// The slot they are being told of and have not answered yet.
    pub told: Option<SlotId>,
    /// First search radius, as the crow flies, kilometres.
    pub radius_km: f64,
    /// What each widening adds.
    pub widening_km: f64,
}

/// A promise as matching sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promised {
    /// The hour must be known so long before.
    pub notice: TimeDelta,
    /// Whether it was given; else it is only thought of, and worth no more than the request itself.
    pub given: bool,
}

/// How far a search goes for this seeker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// First search radius, kilometres.
    pub radius_km: f64,
    /// What each widening adds.
    pub widening_km: f64,
}

impl Seeker {
    /// What a request looks for at `now`; none while it has no level or is an emergency.
    pub fn new(
        request: &CareRequest,
        facts: &Arc<PatientFacts>,
        place: Place,
        reach: Reach,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let level = request.level().filter(|level| *level != Level::Immediate)?;
        let seeker = Self {
            request: request.id,
            level,
            need: request.triage.care_need.clone(),
            constraints: facts.constraints.clone(),
            place,
            earliest: now,
            latest: request.latest_start().or(request.promise.as_ref().map(|promise| promise.by)),
            deadline: request.deadline,
            audience: audience_of_channel(request.channel),
            promised: None,
            told: None,
            radius_km: reach.radius_km,
            widening_km: reach.widening_km,
        };
        Some(match &request.promise {
            Some(promise) => seeker.promised(Promised { notice: promise.notice(), given: true }, now),
            None => seeker,
        })
    }

    /// The same seeker with a promise. Its notice is a courtesy: once keeping it would leave no time, any place will do.
    #[must_use]
    pub fn promised(mut self, promised: Promised, now: DateTime<Utc>) -> Self {
        let announced = now + promised.notice;
        self.promised = Some(promised);
        // Whoever takes a promise was told of no hour.
        self.told = None;
        self.earliest = if self.latest.is_none_or(|latest| announced < latest) { announced } else { now };
        self
    }

    /// The same seeker while they are being told of a slot; whoever has a promise is told of none.
    #[must_use]
    pub fn told_of(mut self, slot: Option<SlotId>) -> Self {
        self.told = slot.filter(|_| self.promised.is_none());
        self
    }

    /// Somebody who may still come: nothing is known of them but what was common to their likes.
    pub fn expected(later: Later, reach: Reach) -> Self {
        let Later { at, level, need, place, .. } = later;
        // Nobody is on the road the minute they call.
        let earliest = at + TimeDelta::minutes(15);
        let deadline = level.delay().map(|delay| at + delay);
        Self {
            request: RequestId::new(uuid::Uuid::nil()),
            level,
            need,
            constraints: Constraints::default(),
            place,
            earliest,
            latest: deadline,
            deadline,
            audience: audience_bits(Audience::ALL),
            promised: None,
            told: None,
            radius_km: reach.radius_km,
            widening_km: reach.widening_km,
        }
    }

    /// The same seeker for a place chosen by a person on the phone, who needs no notice.
    #[must_use]
    pub fn ready_at(mut self, now: DateTime<Utc>) -> Self {
        self.earliest = now;
        self
    }

    /// Whether this is the same seeker a moment later, looking for the same, whatever they are being told.
    pub(super) fn is_still(&self, later: &Self) -> bool {
        *self == Self { earliest: self.earliest, told: self.told, ..later.clone() }
    }

    /// The same seeker as somebody of this role may book for: an operator sees every audience, a patient only `PUBLIC`.
    #[must_use]
    pub fn seen_by(mut self, role: Role) -> Self {
        self.audience = audience_bits(match role {
            Role::Patient => &[Audience::Public],
            Role::Operator | Role::Regulator | Role::Coordinator | Role::System | Role::Service => Audience::ALL,
            Role::Practitioner => &[Audience::Public, Audience::Pro],
        });
        self
    }
}

/// Slots a request may be shown by where it came from: a patient alone sees what is open to the public.
fn audience_of_channel(channel: Channel) -> u8 {
    audience_bits(match channel {
        Channel::Widget => &[Audience::Public][..],
        Channel::Operator | Channel::Professional | Channel::Sas | Channel::Lrm => Audience::ALL,
    })
}
