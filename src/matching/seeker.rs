//! A request as matching sees it: what is needed, where, and by when.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::candidate::audience_bits;
use crate::domain::{Audience, CareNeed, CareRequest, Channel, Constraints, Level, PatientFacts, RequestId, Role};
use crate::geography::travel::Place;

/// Somebody who needs a place.
#[derive(Debug, Clone)]
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
    /// Promised an hour: placed last, no matter how late before its deadline.
    pub promised: bool,
    /// First search radius, as the crow flies, kilometres.
    pub radius_km: f64,
    /// What each widening adds.
    pub widening_km: f64,
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
        // The notice of a promise is a courtesy: once keeping it would leave no time, any place will do.
        let notice = request.promise.as_ref().map_or(0, |promise| i64::from(promise.notice_minutes));
        let announced = now + TimeDelta::minutes(notice);
        let earliest = if request.latest_start().is_none_or(|latest| announced < latest) { announced } else { now };
        Some(Self {
            request: request.id,
            level,
            need: request.triage.care_need.clone(),
            constraints: facts.constraints.clone(),
            place,
            earliest,
            latest: request.latest_start(),
            deadline: request.deadline,
            audience: audience_of_channel(request.channel),
            promised: request.promise.is_some(),
            radius_km: reach.radius_km,
            widening_km: reach.widening_km,
        })
    }

    /// The same seeker for a place chosen by a person on the phone, who needs no notice.
    #[must_use]
    pub fn ready_at(mut self, now: DateTime<Utc>) -> Self {
        self.earliest = now;
        self
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
