//! Slots by the hundred thousand, as records and as the events that published them.

use aiguilleur::domain::{
    Actor, Change, Concerns, Event, EventKind, Practitioner, Record, Records, Slot, SlotDraft, Territory, TerritoryId,
    Written,
};
use aiguilleur::store::codec::{self, Effects};
use aiguilleur::store::{Kept, Millis, StoredEvent, Tail, Versioned, chain};

use crate::stage::{drafts, practitioners};

/// Slots of one practitioner: five days of thirty-two.
pub(crate) const SLOTS_EACH: usize = 160;

/// The practitioners of so many slots.
pub(crate) fn practitioners_of(territory: &Territory, slots: usize) -> Vec<Practitioner> {
    practitioners(territory, slots / SLOTS_EACH)
}

/// So many slots, none of them taken.
pub(crate) fn slots_of(
    territory: TerritoryId,
    practitioners: &[Practitioner],
    count: usize,
) -> impl Iterator<Item = Slot> + use<'_> {
    drafts(practitioners, count).into_iter().map(move |draft| {
        let SlotDraft { id, practitioner, location, start, end, modality, audience, arrival, capacity, .. } = draft;
        Slot {
            id,
            territory: territory.clone(),
            start,
            end,
            practitioner,
            profession: "10".parse().expect("a code"),
            speciality: Some("SM54".parse().expect("a code")),
            location,
            modality,
            audience,
            arrival,
            capacity,
            extra_capacity: 0,
            holds: Vec::new(),
            bookings: Vec::new(),
            withdrawn_at: None,
            source: draft.source,
        }
    })
}

/// What a store keeps of such records: each, and the event that made it, after those that `tail` ends. `tail` moves on.
pub(crate) fn kept(record: Record, at: Millis, tail: &mut Tail) -> [Kept; 2] {
    let (kind, concerns) = match &record {
        Record::Slot(slot) => (
            EventKind::SlotPublished,
            Concerns { slot: Some(slot.id), practitioner: Some(slot.practitioner), ..Concerns::default() },
        ),
        Record::Practitioner(who) => {
            (EventKind::PractitionerListed, Concerns { practitioner: Some(who.rpps), ..Concerns::default() })
        }
        _ => unreachable!("only slots and practitioners are made here"),
    };
    let (key, body) = (record.key(), codec::encode_record(&record).expect("encoded"));
    let after = vec![Written { version: 1, record }];
    let event = Event { kind, concerns, actor: Actor::service(), reason: None, after, offered: Vec::new() };
    let change = Change { events: vec![event], ..Change::default() };
    let event = Effects::of(&change, &Records::default()).expect("encoded").events.remove(0);
    tail.seq += 1;
    tail.at = at;
    tail.chain = chain::link(&tail.chain, tail.seq, at, event.kind, &event.body);
    let (seq, kind, chain) = (tail.seq, event.kind.to_owned(), tail.chain.clone());
    [
        Kept::Record(Versioned { key, version: 1, body }),
        Kept::Event(StoredEvent { seq, at, kind, body: event.body, chain }),
    ]
}
