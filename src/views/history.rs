//! What happened to each request and to each household, as its page shows it: the events that concern it, without the records they carry.
//!
//! One entry takes some 200 bytes, one closed request five to ten entries: at most [`Histories::CLOSED_KEPT`] closed
//! requests are some 40 MB; the audit trail has the older ones. A history is complete as far as the stream was kept, and says
//! when it is not.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};

use crate::domain::{Actor, AppointmentId, EventKind, RecordedEvent, RegistrationId, RequestId, SlotId};
use crate::store::Seq;

/// Something that happened to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Number of the event in the stream.
    pub seq: Seq,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: EventKind,
    /// Who, and in which role.
    pub actor: Actor,
    /// Why.
    pub reason: Option<String>,
    /// In which slot.
    pub slot: Option<SlotId>,
    /// For which appointment.
    pub appointment: Option<AppointmentId>,
    /// Slots offered, best first.
    pub offered: Vec<SlotId>,
}

/// The story of one request so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History<'a> {
    /// What happened, oldest first.
    pub entries: &'a [HistoryEntry],
    /// Whether it goes back to the request's entry, without a hole.
    pub complete: bool,
}

/// Whose story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Hero {
    Request(RequestId),
    Household(RegistrationId),
}

/// The stories of a territory's requests and households.
#[derive(Debug, Default)]
pub struct Histories {
    of: HashMap<Hero, Vec<HistoryEntry>>,
    closed: VecDeque<RequestId>,
    has_holes: bool,
}

impl Histories {
    /// How many closed requests keep their history here.
    pub const CLOSED_KEPT: usize = 20_000;

    /// Notes an event, if it concerns a request or a household.
    pub fn note(&mut self, recorded: &RecordedEvent) {
        let event = &recorded.event;
        let concerns = &event.concerns;
        let household = concerns.registration.filter(|_| event.kind.subject() == "registration").map(Hero::Household);
        let Some(hero) = concerns.request.map(Hero::Request).or(household) else { return };
        let entries = self.of.entry(hero).or_default();
        let was_closed = entries.iter().any(|entry| closes(entry.kind));
        entries.push(HistoryEntry {
            seq: recorded.seq,
            at: recorded.at,
            kind: event.kind,
            actor: event.actor.clone(),
            reason: event.reason.clone(),
            slot: event.concerns.slot,
            appointment: event.concerns.appointment,
            offered: event.offered.clone(),
        });
        if closes(event.kind) && !was_closed {
            self.closed.extend(concerns.request);
            if self.closed.len() > Self::CLOSED_KEPT
                && let Some(oldest) = self.closed.pop_front()
            {
                self.of.remove(&Hero::Request(oldest));
            }
        }
    }

    /// Notes that an event could not be read: nobody knows which story it belongs to.
    pub fn note_hole(&mut self) {
        self.has_holes = true;
    }

    /// Whether an event of this kind may belong to a request's story: others need not be read at all.
    pub fn wants(kind: &str) -> bool {
        let never = [EventKind::PractitionerListed, EventKind::SlotPublished, EventKind::SlotWithdrawn];
        !never.iter().any(|none| none.code() == kind)
    }

    /// The story of a request; none when nothing is kept of it.
    pub fn of(&self, request: RequestId) -> Option<History<'_>> {
        self.story(Hero::Request(request), EventKind::RequestCreated)
    }

    /// The story of a household; none when nothing is kept of it.
    pub fn of_household(&self, registration: RegistrationId) -> Option<History<'_>> {
        self.story(Hero::Household(registration), EventKind::RegistrationCreated)
    }

    fn story(&self, hero: Hero, begins: EventKind) -> Option<History<'_>> {
        let entries = self.of.get(&hero)?;
        let from_the_start = entries.first().is_some_and(|first| first.kind == begins);
        Some(History { entries, complete: from_the_start && !self.has_holes })
    }
}

/// Whether a request's story is over with this event.
fn closes(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::RequestCancelled
            | EventKind::RequestHandedTo15
            | EventKind::RequestRedirected
            | EventKind::RequestUnmet
            | EventKind::RequestFulfilled
            | EventKind::RequestNoShow
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Concerns, Event};
    use uuid::Uuid;

    fn note(histories: &mut Histories, seq: Seq, request: u128, kind: EventKind) {
        let concerns = Concerns { request: Some(id(request)), ..Concerns::default() };
        let event =
            Event { kind, concerns, actor: Actor::service(), reason: None, after: Vec::new(), offered: Vec::new() };
        let at = "2026-11-24T09:00:00Z".parse().unwrap();
        histories.note(&RecordedEvent { seq, at, chain: String::new(), event });
    }

    fn id(request: u128) -> RequestId {
        RequestId::new(Uuid::from_u128(request))
    }

    #[test]
    fn the_oldest_closed_stories_go_first_and_open_ones_stay() {
        let mut histories = Histories::default();
        note(&mut histories, 1, 1, EventKind::RequestCreated);
        let mut seq = 1;
        for request in 2..=(Histories::CLOSED_KEPT as u128 + 3) {
            note(&mut histories, seq + 1, request, EventKind::RequestCreated);
            note(&mut histories, seq + 2, request, EventKind::RequestCancelled);
            seq += 2;
        }
        assert!(histories.of(id(1)).unwrap().complete);
        assert_eq!((histories.of(id(2)), histories.of(id(3))), (None, None));
        assert_eq!(histories.of(id(4)).unwrap().entries.len(), 2);
        // Something more about a story that was dropped is kept, and does not pass for the whole.
        note(&mut histories, seq + 1, 2, EventKind::RequestNoShow);
        assert!(!histories.of(id(2)).unwrap().complete);
    }

    #[test]
    fn a_story_with_a_hole_does_not_pass_for_complete() {
        let mut histories = Histories::default();
        note(&mut histories, 5, 1, EventKind::RequestHeld);
        note(&mut histories, 6, 2, EventKind::RequestCreated);
        assert!(!histories.of(id(1)).unwrap().complete);
        assert!(histories.of(id(2)).unwrap().complete);
        histories.note_hole();
        assert!(!histories.of(id(2)).unwrap().complete);
    }
}
