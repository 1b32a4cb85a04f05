//! A decision being made: records as they will be, timers, and events in order.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Context;
use crate::domain::{
    Actor, Agenda, Appointment, CareRequest, Change, Concerns, Erasure, Event, EventKind, OpenPlaces, Practitioner,
    Proposal, Record, RecordKey, Records, Registration, Rpps, Slot, SlotId, Timer, TimerKind, UniqueOwner, Written,
    event::is_sealed_reason,
};

/// Collects what a command changes.
pub(super) struct Draft<'a> {
    pub(super) records: &'a Records,
    context: &'a Context,
    change: Change,
}

impl<'a> Draft<'a> {
    pub(super) fn new(records: &'a Records, context: &'a Context) -> Self {
        Self { records, context, change: Change::default() }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.context.now
    }

    pub(super) fn actor(&self) -> &'a Actor {
        &self.context.actor
    }

    pub(super) fn context(&self) -> &'a Context {
        self.context
    }

    /// The slot as this draft has it so far, else as it was loaded.
    pub(super) fn slot_so_far(&self, id: SlotId) -> Option<Slot> {
        match self.change.puts.get(&RecordKey::slot(id)) {
            Some(Record::Slot(slot)) => Some(slot.clone()),
            _ => self.records.slot(id).cloned(),
        }
    }

    /// The agenda as this draft has it so far, else as it was loaded, else empty.
    pub(super) fn agenda_so_far(&self, rpps: Rpps) -> Agenda {
        match self.change.puts.get(&RecordKey::agenda(rpps)) {
            Some(Record::Agenda(agenda)) => agenda.clone(),
            _ => self.records.agenda(rpps).cloned().unwrap_or_else(|| Agenda::new(rpps)),
        }
    }

    /// A doctor's open places as this draft has them so far, else as they were loaded.
    pub(super) fn open_places_so_far(&self, rpps: Rpps) -> Option<OpenPlaces> {
        match self.change.puts.get(&RecordKey::open_places(rpps)) {
            Some(Record::OpenPlaces(places)) => Some(places.clone()),
            _ => self.records.open_places(rpps).cloned(),
        }
    }

    pub(super) fn put_registration(&mut self, registration: Registration) {
        self.put(Record::Registration(registration));
    }

    pub(super) fn put_proposal(&mut self, proposal: Proposal) {
        self.put(Record::Proposal(proposal));
    }

    pub(super) fn put_open_places(&mut self, places: OpenPlaces) {
        self.put(Record::OpenPlaces(places));
    }

    pub(super) fn put_guard(&mut self, guard: UniqueOwner) {
        self.put(Record::Unique(guard));
    }

    pub(super) fn put_practitioner(&mut self, practitioner: Practitioner) {
        self.put(Record::Practitioner(practitioner));
    }

    pub(super) fn put_agenda(&mut self, agenda: Agenda) {
        self.put(Record::Agenda(agenda));
    }

    pub(super) fn put_appointment(&mut self, appointment: Appointment) {
        self.put(Record::Appointment(appointment));
    }

    pub(super) fn put_slot(&mut self, slot: Slot) {
        self.put(Record::Slot(slot));
    }

    pub(super) fn put_request(&mut self, request: CareRequest) {
        self.put(Record::Request(request));
    }

    fn put(&mut self, record: Record) {
        self.change.puts.insert(record.key(), record);
    }

    /// Appends an event by the acting actor.
    pub(super) fn event(&mut self, kind: EventKind, concerns: Concerns, reason: Option<&str>) {
        self.change.events.push(Event {
            kind,
            concerns,
            actor: self.actor().clone(),
            reason: reason.map(str::to_owned),
            after: Vec::new(),
            offered: Vec::new(),
        });
    }

    /// Appends an event that lists offered slots.
    pub(super) fn offered(&mut self, concerns: Concerns, offered: Vec<SlotId>) {
        self.event(EventKind::RequestOffered, concerns, None);
        if let Some(event) = self.change.events.last_mut() {
            event.offered = offered;
        }
    }

    /// Removes sealed data with this change.
    pub(super) fn erase(&mut self, erasure: Erasure) {
        self.change.erased = Some(erasure);
    }

    /// Sets or clears a timer of a record that this draft does not put.
    pub(super) fn set_timer(&mut self, timer: Timer, at: Option<DateTime<Utc>>) {
        self.change.timers.insert(timer, at);
    }

    /// The finished change: every record stands with the last event that is about it, so that whoever follows the stream
    /// has the same records as the store.
    pub(super) fn finish(mut self) -> Change {
        self.put_reasons_away();
        self.set_timers();
        let mut after: BTreeMap<usize, Vec<Written>> = BTreeMap::new();
        let last = self.change.events.len().saturating_sub(1);
        for (key, record) in &self.change.puts {
            let about = self
                .change
                .events
                .iter()
                .rposition(|event| event.kind.subject() == subject(record) && mentions(event, record));
            let written = Written { version: self.records.version(key) + 1, record: record.clone() };
            after.entry(about.unwrap_or(last)).or_default().push(written);
        }
        for (place, written) in after {
            if let Some(event) = self.change.events.get_mut(place) {
                event.after = written;
            }
        }
        self.change
    }
}

impl Draft<'_> {
    /// A text somebody wrote about a request is noted with it, so that an erasure finds it.
    fn put_reasons_away(&mut self) {
        for event in &self.change.events {
            let Some(reason) = event.reason.as_ref().filter(|reason| is_sealed_reason(reason)) else { continue };
            let Some(id) = event.concerns.request else { continue };
            if let Some(Record::Request(request)) = self.change.puts.get_mut(&RecordKey::request(id))
                && request.erased_at.is_none()
                && !request.put_away.contains(reason)
            {
                request.put_away.push(reason.clone());
            }
        }
    }

    /// What will be due is read off the records, so that no transition can forget it: a slot wakes the service when its first
    /// hold ends, a request when it has waited too long, and when what is kept of its patient has had its time.
    fn set_timers(&mut self) {
        let end_of = |request: &CareRequest| self.context.retention.end_of(request);
        let mut timers = Vec::new();
        for record in self.change.puts.values() {
            match record {
                Record::Slot(slot) => {
                    let before = self.records.slot(slot.id).and_then(Slot::next_expiry);
                    timers.push((TimerKind::Hold, record, before, slot.next_expiry()));
                }
                Record::Request(request) => {
                    let before = self.records.request(request.id);
                    let closing = before.and_then(CareRequest::closes_at);
                    timers.push((TimerKind::Overdue, record, closing, request.closes_at()));
                    let call = before.and_then(CareRequest::promise_call);
                    timers.push((TimerKind::Promise, record, call, request.promise_call()));
                    timers.push((TimerKind::Retention, record, before.and_then(end_of), end_of(request)));
                }
                Record::Registration(registration) => {
                    let before = self.records.registration(registration.id).and_then(Registration::next_call);
                    timers.push((TimerKind::UsualDoctor, record, before, registration.next_call()));
                    let known = self.records.registration(registration.id);
                    let end = |one: &Registration| self.context.retention.end_of_household(one);
                    timers.push((TimerKind::HouseholdRetention, record, known.and_then(end), end(registration)));
                }
                Record::Proposal(proposal) => {
                    let before = self.records.proposal(proposal.id).and_then(Proposal::next_call);
                    timers.push((TimerKind::Proposal, record, before, proposal.next_call()));
                }
                _ => {}
            }
        }
        let changed = timers.into_iter().filter(|(_, _, before, after)| before != after);
        let changed: Vec<_> =
            changed.map(|(kind, record, _, after)| (Timer { kind, id: record.key().id }, after)).collect();
        self.change.timers.extend(changed);
    }
}

/// The subject of the events that are about a record.
fn subject(record: &Record) -> &'static str {
    match record {
        Record::Slot(_) | Record::Agenda(_) => "slot",
        Record::Request(_) => "request",
        Record::Appointment(_) => "appointment",
        Record::Practitioner(_) => "practitioner",
        Record::Registration(_) => "registration",
        Record::Proposal(_) => "proposal",
        Record::OpenPlaces(_) => "places",
        Record::Unique(_) | Record::Delivery(_) => "",
    }
}

fn mentions(event: &Event, record: &Record) -> bool {
    match record {
        Record::Slot(slot) => event.concerns.slot == Some(slot.id),
        Record::Agenda(agenda) => event.concerns.practitioner == Some(agenda.practitioner),
        Record::Request(request) => event.concerns.request == Some(request.id),
        Record::Appointment(appointment) => event.concerns.appointment == Some(appointment.id),
        Record::Practitioner(practitioner) => event.concerns.practitioner == Some(practitioner.rpps),
        Record::Registration(registration) => event.concerns.registration == Some(registration.id),
        Record::Proposal(proposal) => event.concerns.proposal == Some(proposal.id),
        Record::OpenPlaces(places) => event.concerns.practitioner == Some(places.practitioner),
        Record::Unique(_) | Record::Delivery(_) => false,
    }
}
