//! All that is known of a territory at one point of its stream. Records go in one by one, in any order; replaying the events
//! gives the same as reading the records.

use super::appointments::Appointments;
use super::attachments::{Attachments, Versioned};
use super::board::Board;
use super::directory::Directory;
use super::facts::FactsByRef;
use super::history::Histories;
use super::proposals::Proposals;
use super::slot_index::SlotIndex;
use crate::domain::{
    Appointment, CareRequest, OpenPlaces, Proposal, Record, RecordKey, RecordKind, RecordedEvent, Registration, Slot,
};

/// The read model.
#[derive(Debug, Default)]
pub struct TerritoryState {
    /// Slots.
    pub slots: SlotIndex,
    /// Requests.
    pub board: Board,
    /// Practitioners.
    pub directory: Directory,
    /// Appointments.
    pub appointments: Appointments,
    /// Who looks for a médecin traitant, and who has places.
    pub attachments: Attachments,
    /// What happened to each request.
    pub histories: Histories,
    /// What callers are being told of.
    pub proposals: Proposals,
}

impl TerritoryState {
    /// Whether records of a kind stand here; guards and deliveries do not.
    pub fn shows(kind: RecordKind) -> bool {
        match kind {
            RecordKind::Slot
            | RecordKind::Request
            | RecordKind::Appointment
            | RecordKind::Practitioner
            | RecordKind::Registration
            | RecordKind::Proposal
            | RecordKind::OpenPlaces => true,
            RecordKind::Agenda | RecordKind::Unique | RecordKind::Delivery | RecordKind::Cursor => false,
        }
    }

    /// A record as it stands here, and how often it was written: 0 and none where there is none. None for what does not
    /// stand here whether there is one or not.
    pub fn record(&self, key: &RecordKey) -> Option<(u64, Option<Record>)> {
        let found = match key.kind {
            RecordKind::Slot => {
                let placed = self.slots.get(key.id.parse().ok()?);
                placed.map(|placed| (placed.version, Record::Slot(Slot::clone(&placed.slot))))
            }
            RecordKind::Request => {
                let case = self.board.get(key.id.parse().ok()?);
                case.map(|case| (case.version, Record::Request(CareRequest::clone(&case.request))))
            }
            RecordKind::Appointment => {
                let entry = self.appointments.get(key.id.parse().ok()?);
                entry.map(|entry| (entry.version, Record::Appointment(Appointment::clone(&entry.appointment))))
            }
            RecordKind::Registration => {
                let known = self.attachments.registration(key.id.parse().ok()?);
                known.map(|known| (known.version, Record::Registration(Registration::clone(&known.record))))
            }
            RecordKind::Proposal => {
                let known = self.attachments.proposal(key.id.parse().ok()?);
                known.map(|known| (known.version, Record::Proposal(Proposal::clone(&known.record))))
            }
            RecordKind::OpenPlaces => {
                let known: Option<&Versioned<OpenPlaces>> = self.attachments.places_of(key.id.parse().ok()?);
                known.map(|known| (known.version, Record::OpenPlaces(OpenPlaces::clone(&known.record))))
            }
            // The directory keeps no versions.
            RecordKind::Practitioner
            | RecordKind::Agenda
            | RecordKind::Unique
            | RecordKind::Delivery
            | RecordKind::Cursor => return None,
        };
        Some(found.map_or((0, None), |(version, record)| (version, Some(record))))
    }

    /// Takes a record in, in place of what was known of it. `found` has the facts of requests that need them.
    pub fn put(&mut self, record: Record, version: u64, found: &FactsByRef) {
        match record {
            Record::Slot(slot) => {
                let place = self.directory.place(slot.practitioner, &slot.location);
                self.slots.put(slot, version, place);
            }
            Record::Request(request) => self.board.put(request, version, found),
            Record::Appointment(appointment) => self.appointments.put(appointment, version),
            Record::Practitioner(practitioner) => {
                let rpps = practitioner.rpps;
                self.directory.put(practitioner);
                let directory = &self.directory;
                self.slots.place_again(rpps, |slot| directory.place(rpps, &slot.location));
            }
            Record::Registration(registration) => self.attachments.put_registration(registration, version),
            Record::Proposal(proposal) => self.attachments.put_proposal(proposal, version),
            Record::OpenPlaces(places) => self.attachments.put_places(places, version),
            Record::Agenda(_) | Record::Unique(_) | Record::Delivery(_) => {}
        }
    }

    /// Takes in what an event changed.
    pub fn apply(&mut self, recorded: &RecordedEvent, found: &FactsByRef) {
        for written in &recorded.event.after {
            match &written.record {
                Record::Agenda(_) | Record::Unique(_) | Record::Delivery(_) => {}
                shown => self.put(shown.clone(), written.version, found),
            }
        }
        self.histories.note(recorded);
        self.proposals.note(recorded);
        self.slots.forget_begun(recorded.at);
    }
}
