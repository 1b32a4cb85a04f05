//! The agenda guard: one record per practitioner with the spans of their live slots. Two new slots that overlap share no
//! other record, so every publish and withdraw guards and bumps this one (store.md §3).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Rpps, SlotId};

/// The time one live slot takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The slot.
    pub slot: SlotId,
    /// First instant.
    pub start: DateTime<Utc>,
    /// First instant after.
    pub end: DateTime<Utc>,
}

/// All the live slots of a practitioner, by start. Spans never overlap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agenda {
    /// Whose.
    pub practitioner: Rpps,
    spans: Vec<Span>,
}

impl Agenda {
    /// An empty agenda.
    pub fn new(practitioner: Rpps) -> Self {
        Self { practitioner, spans: Vec::new() }
    }

    /// The slot that shares some time with `[start, end)`.
    pub fn overlap(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> Option<&Span> {
        // Spans are disjoint and sorted by start, hence by end too: the first that ends after `start` decides.
        let first = self.spans.partition_point(|span| span.end <= start);
        self.spans.get(first).filter(|span| span.start < end)
    }

    /// Adds a span that overlaps none; false, and nothing added, when it would.
    pub fn insert(&mut self, span: Span) -> bool {
        if self.overlap(span.start, span.end).is_some() {
            return false;
        }
        let place = self.spans.partition_point(|other| other.start < span.start);
        self.spans.insert(place, span);
        true
    }

    /// Takes a slot's span out.
    pub fn remove(&mut self, slot: SlotId) {
        self.spans.retain(|span| span.slot != slot);
    }

    /// Forgets spans that ended before `now`: nothing can be published there any more.
    pub fn forget_past(&mut self, now: DateTime<Utc>) {
        self.spans.retain(|span| span.end > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-11-24T09:{minute:02}:00Z").parse().unwrap()
    }

    fn span(number: u128, start: u32, end: u32) -> Span {
        Span { slot: SlotId::new(Uuid::from_u128(number)), start: at(start), end: at(end) }
    }

    #[test]
    fn half_open_spans_may_touch_but_not_overlap() {
        let mut agenda = Agenda::new("19990000000".parse().unwrap());
        assert!(agenda.insert(span(1, 15, 30)));
        assert!(agenda.insert(span(2, 30, 45)));
        assert!(agenda.insert(span(3, 0, 15)));
        for (start, end) in [(0, 1), (14, 16), (10, 50), (29, 31), (44, 59), (20, 25)] {
            assert!(!agenda.insert(span(9, start, end)), "{start}-{end}");
        }
        assert!(agenda.overlap(at(45), at(50)).is_none());
        agenda.remove(span(2, 0, 0).slot);
        assert!(agenda.insert(span(4, 30, 40)));
        agenda.forget_past(at(15));
        assert!(agenda.overlap(at(0), at(15)).is_none());
        assert!(agenda.overlap(at(15), at(16)).is_some());
    }
}
