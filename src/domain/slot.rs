//! The slot (créneau): an aggregate with capacity, holds and bookings inside it (store.md §4).
//!
//! ```text
//! absent --publish--> free --hold--> held --confirm--> booked --> fulfilled | noshow
//!                      ^ |             |                  |
//!                      | +--withdraw-->withdrawn          +--cancel (slot still ahead) --> free
//!                      +---release / end of hold----------+--cancel (slot past) --> closed
//! ```
//! The picture is the case of one place. The state is derived when it is read: a hold past its end counts as none, so a
//! late sweeper never blocks a place and never sells one early.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::coding::coded;
use super::{
    Actor, AppointmentId, Arrival, Audience, HoldId, LocationId, Modality, Profession, RequestId, Rpps, SlotId,
    Speciality, TerritoryId,
};

/// What a practitioner publishes, before it is a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotDraft {
    /// Identifier, made by the caller.
    pub id: SlotId,
    /// Whose time it is.
    pub practitioner: Rpps,
    /// Where.
    pub location: LocationId,
    /// First instant.
    pub start: DateTime<Utc>,
    /// First instant after.
    pub end: DateTime<Utc>,
    /// At the practice, at home, by video.
    pub modality: Modality,
    /// Who may book; never empty.
    pub audience: BTreeSet<Audience>,
    /// With or without an hour.
    pub arrival: Arrival,
    /// Places, 1 or more.
    pub capacity: u16,
    /// Places "en sus des disponibilités", bookable only with the practitioner's consent.
    pub extra_capacity: u16,
    /// Who published.
    pub source: SlotSource,
}

coded!(
    /// Who published a slot.
    SlotSource {
        /// The practitioner, on their page or through the API.
        Practitioner = "practitioner",
        /// Agenda software.
        Editor = "editor",
        /// The generator of synthetic days.
        Synthetic = "synthetic",
    }
);

coded!(
    /// What can be said of a slot at an instant.
    SlotState {
        /// A place is left.
        Free = "free",
        /// No place is left, but one may come back: it is held.
        Held = "held",
        /// Every place is booked.
        Booked = "booked",
        /// Every booking was honoured.
        Fulfilled = "fulfilled",
        /// No booked patient came.
        NoShow = "noshow",
        /// Taken back by the practitioner.
        Withdrawn = "withdrawn",
        /// Past with nobody in it.
        Closed = "closed",
    }
);

/// One place taken for the time of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Named by the client.
    pub id: HoldId,
    /// For whom.
    pub request: RequestId,
    /// By whom: confirming needs the same actor.
    pub actor: Actor,
    /// When it was made.
    pub since: DateTime<Utc>,
    /// First instant at which the hold is no more.
    pub until: DateTime<Utc>,
    /// On a place "en sus".
    pub extra: bool,
}

impl Hold {
    /// However often it is prolonged, a hold ends this long after it was made: our assumption.
    pub const LONGEST: TimeDelta = TimeDelta::minutes(30);
}

/// One place sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The appointment that owns the place.
    pub appointment: AppointmentId,
    /// For which request.
    pub request: RequestId,
    /// What became of it.
    pub outcome: BookingOutcome,
    /// On a place "en sus".
    pub extra: bool,
}

coded!(
    /// What became of a booked place. A cancelled booking leaves the slot: it is no longer in its list.
    BookingOutcome {
        /// Not said yet.
        Expected = "booked",
        /// The patient was seen.
        Fulfilled = "fulfilled",
        /// The patient did not come.
        NoShow = "noshow",
    }
);

/// A slot with all that happens in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Identifier.
    pub id: SlotId,
    /// Where it is committed, whoever books.
    pub territory: TerritoryId,
    /// First instant.
    pub start: DateTime<Utc>,
    /// First instant after.
    pub end: DateTime<Utc>,
    /// Whose time it is.
    pub practitioner: Rpps,
    /// The practitioner's profession when it was published.
    pub profession: Profession,
    /// The practitioner's speciality when it was published.
    pub speciality: Option<Speciality>,
    /// Where.
    pub location: LocationId,
    /// At the practice, at home, by video.
    pub modality: Modality,
    /// Who may book.
    pub audience: BTreeSet<Audience>,
    /// With or without an hour.
    pub arrival: Arrival,
    /// Places.
    pub capacity: u16,
    /// Places "en sus".
    pub extra_capacity: u16,
    /// Places taken for the time of a call; some may be past their end.
    pub holds: Vec<Hold>,
    /// Places sold.
    pub bookings: Vec<Booking>,
    /// Taken back by the practitioner, at this instant.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Who published it.
    pub source: SlotSource,
}

impl Slot {
    /// The holds that still count at `now`.
    pub fn live_holds(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(move |h| h.until > now)
    }

    /// Places taken at `now`, by holds and bookings, those "en sus" included.
    pub fn taken(&self, now: DateTime<Utc>) -> usize {
        self.live_holds(now).count() + self.bookings.len()
    }

    fn taken_of(&self, extra: bool, now: DateTime<Utc>) -> usize {
        self.live_holds(now).filter(|h| h.extra == extra).count()
            + self.bookings.iter().filter(|b| b.extra == extra).count()
    }

    /// Published places left at `now`; none once it has begun or is withdrawn.
    pub fn places_left(&self, now: DateTime<Utc>) -> usize {
        if self.withdrawn_at.is_some() || self.start <= now {
            return 0;
        }
        usize::from(self.capacity).saturating_sub(self.taken_of(false, now))
    }

    /// Places "en sus" left at `now`.
    pub fn extra_places_left(&self, now: DateTime<Utc>) -> usize {
        if self.withdrawn_at.is_some() || self.start <= now {
            return 0;
        }
        usize::from(self.extra_capacity).saturating_sub(self.taken_of(true, now))
    }

    /// The state at `now`.
    pub fn state(&self, now: DateTime<Utc>) -> SlotState {
        let published = usize::from(self.capacity);
        if self.withdrawn_at.is_some() {
            SlotState::Withdrawn
        } else if !self.bookings.is_empty()
            && self.bookings.iter().all(|b| b.outcome == BookingOutcome::Fulfilled)
            && self.end_of_use(now)
        {
            SlotState::Fulfilled
        } else if !self.bookings.is_empty()
            && self.bookings.iter().all(|b| b.outcome == BookingOutcome::NoShow)
            && self.end_of_use(now)
        {
            SlotState::NoShow
        } else if self.start <= now && self.taken(now) == 0 {
            SlotState::Closed
        } else if self.taken_of(false, now) < published && self.start > now {
            SlotState::Free
        } else if self.live_holds(now).next().is_some() && self.bookings.iter().filter(|b| !b.extra).count() < published
        {
            SlotState::Held
        } else {
            SlotState::Booked
        }
    }

    /// Outcomes speak for the whole slot only once nobody else can come into it.
    fn end_of_use(&self, now: DateTime<Utc>) -> bool {
        self.start <= now || self.taken_of(false, now) >= usize::from(self.capacity)
    }

    /// The hold with this id, live or not.
    pub fn hold(&self, id: &HoldId) -> Option<&Hold> {
        self.holds.iter().find(|h| h.id == *id)
    }

    /// The next instant at which a hold ends: when the sweeper should look.
    pub fn next_expiry(&self) -> Option<DateTime<Utc>> {
        self.holds.iter().map(|h| h.until).min()
    }
}
