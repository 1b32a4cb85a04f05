//! A question about slots. Every part that is left out sets nothing aside. The answer depends on the instant it is asked at,
//! since the state of a slot does: a hold past its end counts as none without any event.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::cursor::SlotCursor;
use super::slot_index::PlacedSlot;
use crate::domain::{Audience, CommuneCode, GeoPoint, Modality, Profession, Rpps, SlotState};

/// A circle on the map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Around {
    /// Its middle.
    pub point: GeoPoint,
    /// As the crow flies, kilometres; the edge belongs to it.
    pub radius_km: f64,
}

/// Who looks, as far as it decides which slots they may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Viewer {
    /// Slots open to any of these are seen.
    pub audiences: BTreeSet<Audience>,
    /// The slots of this practitioner are seen whoever they are open to: their own.
    pub own: Option<Rpps>,
}

/// Which slots, of which at most `limit` are answered, by start then identifier.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SlotQuery {
    /// Starting at or after.
    pub from: Option<DateTime<Utc>>,
    /// Starting before.
    pub to: Option<DateTime<Utc>>,
    /// In this state when asked.
    pub state: Option<SlotState>,
    /// Of one of these professions; empty: of any.
    pub professions: BTreeSet<Profession>,
    /// Of this modality.
    pub modality: Option<Modality>,
    /// Of one of these practitioners; empty: of any.
    pub practitioners: BTreeSet<Rpps>,
    /// At a place in this commune.
    pub commune: Option<CommuneCode>,
    /// At a place in this circle.
    pub around: Option<Around>,
    /// Seen by this viewer; none: by somebody who sees all.
    pub seen_by: Option<Viewer>,
    /// At most so many.
    pub limit: usize,
    /// After this place of the list.
    pub after: Option<SlotCursor>,
}

/// A part of the answer.
#[derive(Debug, Clone, Default)]
pub struct SlotPage {
    /// Slots by start, then identifier.
    pub items: Vec<Arc<PlacedSlot>>,
    /// Where the next part begins; none when this is the last.
    pub next: Option<SlotCursor>,
}

impl SlotQuery {
    /// Whether a slot is an answer at `now`, but for `limit` and `after`.
    pub fn matches(&self, placed: &PlacedSlot, now: DateTime<Utc>) -> bool {
        let wanted = self.practitioners.is_empty() || self.practitioners.contains(&placed.slot.practitioner);
        wanted && self.matches_whoever(placed, now)
    }

    /// As [`SlotQuery::matches`], whoever's slot it is.
    pub(super) fn matches_whoever(&self, placed: &PlacedSlot, now: DateTime<Utc>) -> bool {
        let slot = &placed.slot;
        self.from.is_none_or(|from| slot.start >= from)
            && self.to.is_none_or(|to| slot.start < to)
            && (self.professions.is_empty() || self.professions.contains(&slot.profession))
            && self.modality.is_none_or(|modality| slot.modality == modality)
            && self.commune.is_none_or(|commune| placed.place.is_some_and(|place| place.commune == commune))
            && self.around.is_none_or(|around| around.holds(placed))
            && self.seen_by.as_ref().is_none_or(|viewer| viewer.sees(placed))
            && self.state.is_none_or(|state| slot.state(now) == state)
    }

    /// The part of a list sorted by [`SlotCursor`] in which every answer is; none when there can be none.
    pub(super) fn span(&self) -> Option<(Bound<SlotCursor>, Bound<SlotCursor>)> {
        let low = match (self.from.map(SlotCursor::before), self.after) {
            (Some(from), Some(after)) if after >= from => Bound::Excluded(after),
            (Some(from), _) => Bound::Included(from),
            (None, Some(after)) => Bound::Excluded(after),
            (None, None) => Bound::Unbounded,
        };
        let high = self.to.map_or(Bound::Unbounded, |to| Bound::Excluded(SlotCursor::before(to)));
        match (low, high) {
            (Bound::Included(low) | Bound::Excluded(low), Bound::Excluded(high)) if low >= high => None,
            span => Some(span),
        }
    }
}

impl Around {
    fn holds(&self, placed: &PlacedSlot) -> bool {
        placed.place.is_some_and(|place| place.point.distance_km(self.point) <= self.radius_km)
    }
}

impl Viewer {
    fn sees(&self, placed: &PlacedSlot) -> bool {
        self.own == Some(placed.slot.practitioner) || !self.audiences.is_disjoint(&placed.slot.audience)
    }
}
