//! The rules once more, told as simply as they can be: a list of all that was ever held, a list of all that was ever sold,
//! and who waits. Written apart from [`super::decide`] and slower than it, to be compared with it ([`super::histories`]).

mod level;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Command, Outcome};

use crate::domain::appointment::{AppointmentStatus, CancelledBy};
use crate::domain::refusal::Subject;
use crate::domain::{
    Actor, AppointmentId, CareRequest, DecidedBy, HoldId, Level, ReadyToBook, Refusal, RequestId, RequestState, Role,
    Rpps, SlotDraft, SlotId,
};

/// A territory's day.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) now: DateTime<Utc>,
    pub(super) doctors: Vec<Rpps>,
    pub(super) patients: BTreeMap<RequestId, Patient>,
    pub(super) slots: BTreeMap<SlotId, Published>,
    /// Every hold there ever was.
    pub(super) holds: Vec<Kept>,
    /// Every appointment there ever was.
    pub(super) sales: Vec<Sale>,
}

#[derive(Debug, Clone)]
pub(super) struct Patient {
    pub(super) level: Option<Level>,
    pub(super) deadline: Option<DateTime<Utc>>,
    pub(super) waiting_since: DateTime<Utc>,
    pub(super) stands: Stands,
    promised: bool,
    /// The appointment to be of a promise that names its patient.
    named: Option<AppointmentId>,
    /// Whose level it is.
    decided_by: DecidedBy,
    regulated: bool,
    /// Questions were opened that nobody asked.
    reopened: bool,
    agreed: bool,
    late_until: Option<DateTime<Utc>>,
    /// Until when what was said may be booked by.
    fresh_until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    Waits,
    Sold(AppointmentId),
    Over(RequestState),
}

#[derive(Debug, Clone)]
pub(super) struct Published {
    pub(super) doctor: Rpps,
    pub(super) start: DateTime<Utc>,
    end: DateTime<Utc>,
    pub(super) places: usize,
    pub(super) extra_places: usize,
    pub(super) withdrawn: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) name: HoldId,
    pub(super) request: RequestId,
    pub(super) slot: SlotId,
    pub(super) by: Actor,
    since: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    pub(super) extra: bool,
    /// Given back, used or swept. One that has merely ended is not gone yet, and counts for nothing.
    pub(super) gone: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Sale {
    pub(super) appointment: AppointmentId,
    pub(super) request: RequestId,
    pub(super) slot: SlotId,
    pub(super) extra: bool,
    hold: HoldId,
    by: Actor,
    pub(super) fate: AppointmentStatus,
}

type Told = Result<(), Refusal>;

impl Model {
    pub(super) fn new(now: DateTime<Utc>, doctors: Vec<Rpps>) -> Self {
        let (patients, slots) = (BTreeMap::new(), BTreeMap::new());
        Self { now, doctors, patients, slots, holds: Vec::new(), sales: Vec::new() }
    }

    /// What becomes of a command. Drafts of slots are refused one by one, so that a call to publish never is.
    pub(super) fn tell(&mut self, actor: &Actor, command: &Command) -> Told {
        match command {
            Command::Publish(drafts) => drafts.iter().for_each(|draft| self.publish(actor, draft)),
            Command::Withdraw { slot, cancel_bookings, .. } => self.withdraw(actor, *slot, *cancel_bookings)?,
            Command::CreateRequest(new) => self.ask(new)?,
            Command::SetLevel { request, level, .. } => self.set_level(actor, *request, *level)?,
            Command::Reassess { request, triage, said, .. } => self.reassess(*request, triage, *said)?,
            Command::Agree { request, latest, .. } => self.agree(actor, *request, *latest)?,
            Command::Promise { request, ready, .. } => self.promise(*request, ready.as_ref())?,
            Command::KeepPromise { request, slot } => self.keep(actor, *request, *slot)?,
            Command::Hold { request, slot, hold, until, extra_consent } => {
                self.hold(actor, *request, *slot, hold, *until, *extra_consent)?;
            }
            Command::Extend { request, hold, until } => self.extend(actor, *request, hold, *until)?,
            Command::Confirm { request, hold, appointment, .. } => self.confirm(actor, *request, hold, *appointment)?,
            Command::Release { request, hold } => self.release(actor, *request, hold)?,
            Command::Cancel { request, .. } => self.close(*request, RequestState::Cancelled)?,
            Command::HandOverTo15 { request } => self.close(*request, RequestState::HandedTo15)?,
            Command::CloseUnmet { request, .. } => self.close(*request, RequestState::Unmet)?,
            Command::CloseOverdue { request } => self.close_overdue(*request)?,
            Command::RecordOutcome { appointment, outcome } => self.outcome(actor, *appointment, outcome)?,
            Command::ExpireHolds { slot } => self.sweep(*slot),
            // Histories end before anybody's time is over; what an erasure does is told in `erasures`.
            Command::Erase { .. } | Command::EndRetention { .. } => {}
            Command::ListPractitioner(_)
            | Command::Review { .. }
            | Command::NoteOffers { .. }
            | Command::NotePromise { .. }
            | Command::NoteTold { .. }
            // The way to a médecin traitant is told in stories of its own.
            | Command::Attach(_)
            | Command::NoteRead { .. }
            | Command::NoteIdentityRead { .. }
            | Command::NoteSearch { .. }
            | Command::NoteLoss { .. }
            | Command::NoteKeyRenewal { .. } => {}
        }
        Ok(())
    }

    // What can be asked of it.

    pub(super) fn state(&self, request: RequestId) -> RequestState {
        let patient = &self.patients[&request];
        match patient.stands {
            Stands::Over(state) => state,
            Stands::Sold(_) => RequestState::Booked,
            Stands::Waits if patient.level.is_none() => RequestState::Incomplete,
            Stands::Waits if self.live().any(|hold| hold.request == request) => RequestState::Held,
            Stands::Waits if patient.promised => RequestState::Promised,
            Stands::Waits => RequestState::Open,
        }
    }

    /// Holds that count now.
    pub(super) fn live(&self) -> impl Iterator<Item = &Kept> {
        self.holds.iter().filter(|hold| !hold.gone && hold.until > self.now)
    }

    /// Appointments that take a place.
    pub(super) fn sold(&self) -> impl Iterator<Item = &Sale> {
        self.sales.iter().filter(|sale| sale.fate != AppointmentStatus::Cancelled)
    }

    /// When the service may close a request that waits.
    pub(super) fn closes_at(&self, request: RequestId) -> Option<DateTime<Utc>> {
        let patient = &self.patients[&request];
        if patient.stands != Stands::Waits || patient.level == Some(Level::Immediate) {
            return None;
        }
        Some(match patient.latest() {
            None => patient.waiting_since + CareRequest::UNDATED_STAY,
            Some(latest) => latest.max(patient.waiting_since) + CareRequest::OVERDUE_GRACE,
        })
    }

    fn places_left(&self, slot: SlotId, extra: bool) -> usize {
        let published = &self.slots[&slot];
        if published.withdrawn || published.start <= self.now {
            return 0;
        }
        let places = if extra { published.extra_places } else { published.places };
        let held = self.live().filter(|hold| hold.slot == slot && hold.extra == extra).count();
        let sold = self.sold().filter(|sale| sale.slot == slot && sale.extra == extra).count();
        places - held - sold
    }

    fn patient(&mut self, request: RequestId) -> Result<&mut Patient, Refusal> {
        self.patients.get_mut(&request).ok_or(Refusal::Unknown(Subject::Request))
    }

    /// The patient, unless their story is over.
    fn running(&mut self, request: RequestId) -> Result<&mut Patient, Refusal> {
        let patient = self.patient(request)?;
        match patient.stands {
            Stands::Over(state) => Err(Refusal::WrongState { state }),
            Stands::Waits | Stands::Sold(_) => Ok(patient),
        }
    }

    // What may happen.

    fn publish(&mut self, actor: &Actor, draft: &SlotDraft) {
        let of_theirs = self.doctors.contains(&draft.practitioner) && acts_for(actor, draft.practitioner);
        let overlaps = self.slots.values().any(|there| {
            !there.withdrawn && there.doctor == draft.practitioner && there.start < draft.end && draft.start < there.end
        });
        let known = self.slots.contains_key(&draft.id);
        if of_theirs && draft.start < draft.end && draft.start > self.now && !overlaps && !known {
            let published = Published {
                doctor: draft.practitioner,
                start: draft.start,
                end: draft.end,
                places: draft.capacity.into(),
                extra_places: draft.extra_capacity.into(),
                withdrawn: false,
            };
            self.slots.insert(draft.id, published);
        }
    }

    fn withdraw(&mut self, actor: &Actor, slot: SlotId, cancel_bookings: bool) -> Told {
        let there = self.slots.get(&slot).filter(|there| acts_for(actor, there.doctor));
        let there = there.ok_or(Refusal::Unknown(Subject::Slot))?;
        if there.withdrawn {
            return Ok(());
        }
        if there.start <= self.now {
            return Err(Refusal::SlotGone);
        }
        let sold: Vec<_> = self.sold().filter(|sale| sale.slot == slot).map(|sale| sale.request).collect();
        if !sold.is_empty() && !cancel_bookings {
            return Err(Refusal::SlotBooked);
        }
        for request in sold {
            self.wait_again(request);
        }
        self.holds.iter_mut().filter(|hold| hold.slot == slot).for_each(|hold| hold.gone = true);
        self.slots.get_mut(&slot).expect("seen above").withdrawn = true;
        Ok(())
    }

    fn promise(&mut self, request: RequestId, ready: Option<&ReadyToBook>) -> Told {
        let now = self.now;
        self.may_get_a_place(request)?;
        self.is_fresh(request)?;
        match self.state(request) {
            RequestState::Open | RequestState::Promised => {}
            state => return Err(Refusal::WrongState { state }),
        }
        let patient = self.patient(request)?;
        let latest = patient.latest().unwrap_or(patient.waiting_since + TimeDelta::days(7));
        if patient.level == Some(Level::SameDay) || latest <= now {
            return Err(Refusal::PromiseImpossible);
        }
        patient.promised = true;
        patient.named = ready.map(|ready| ready.appointment).or(patient.named);
        Ok(())
    }

    fn keep(&mut self, actor: &Actor, request: RequestId, slot: SlotId) -> Told {
        let state = self.patients.get(&request).map(|_| self.state(request));
        match state.ok_or(Refusal::Unknown(Subject::Request))? {
            RequestState::Promised => {}
            state => return Err(Refusal::WrongState { state }),
        }
        let appointment = self.patients[&request].named.ok_or(Refusal::PromiseImpossible)?;
        self.may_get_a_place(request)?;
        let there = self.slots.get(&slot).ok_or(Refusal::Unknown(Subject::Slot))?;
        if there.withdrawn || there.start <= self.now {
            return Err(Refusal::SlotGone);
        }
        if self.places_left(slot, false) == 0 {
            return Err(Refusal::SlotTaken);
        }
        if self.patients[&request].latest().is_some_and(|latest| there.start >= latest) {
            return Err(Refusal::Unsuitable { rule: "within_deadline".into() });
        }
        if self.sales.iter().any(|sale| sale.appointment == appointment) {
            return Err(Refusal::Forbidden);
        }
        self.leave(request);
        let hold = format!("promise-{appointment}").parse().expect("a name");
        let (extra, by, fate) = (false, actor.clone(), AppointmentStatus::Booked);
        self.sales.push(Sale { appointment, request, slot, extra, hold, by, fate });
        let patient = self.patient(request)?;
        (patient.stands, patient.promised, patient.named) = (Stands::Sold(appointment), false, None);
        Ok(())
    }

    fn may_get_a_place(&self, request: RequestId) -> Told {
        let patient = self.patients.get(&request).ok_or(Refusal::Unknown(Subject::Request))?;
        let state = self.state(request);
        match patient.stands {
            _ if patient.level == Some(Level::Immediate) => Err(Refusal::Emergency),
            Stands::Sold(_) | Stands::Over(_) => Err(Refusal::WrongState { state }),
            Stands::Waits if patient.level.is_none() => Err(Refusal::NotQualified),
            Stands::Waits if (patient.regulated || patient.reopened) && !patient.agreed => {
                Err(Refusal::RegulationRequired)
            }
            Stands::Waits => Ok(()),
        }
    }

    fn is_fresh(&self, request: RequestId) -> Told {
        let over = self.patients[&request].fresh_until.filter(|until| *until <= self.now);
        over.map_or(Ok(()), |until| Err(Refusal::EvaluationOver { until }))
    }

    fn hold(
        &mut self,
        actor: &Actor,
        request: RequestId,
        slot: SlotId,
        name: &HoldId,
        until: DateTime<Utc>,
        extra_consent: bool,
    ) -> Told {
        self.may_get_a_place(request)?;
        let there = self.slots.get(&slot).ok_or(Refusal::Unknown(Subject::Slot))?;
        if !self.live().any(|hold| hold.request == request && hold.name == *name && hold.slot == slot) {
            self.is_fresh(request)?;
        }
        if extra_consent && actor.role == Role::Patient {
            return Err(Refusal::Forbidden);
        }
        let own = self.live().find(|hold| hold.request == request);
        if let Some(own) = own.filter(|own| own.name == *name) {
            return if own.slot == slot { Ok(()) } else { Err(Refusal::HoldIdReused) };
        }
        if self.holds.iter().any(|h| !h.gone && h.slot == slot && h.name == *name && h.request != request) {
            return Err(Refusal::HoldIdReused);
        }
        if there.withdrawn || there.start <= self.now {
            return Err(Refusal::SlotGone);
        }
        let own_here = |extra| usize::from(own.is_some_and(|own| own.slot == slot && own.extra == extra));
        let extra =
            match (self.places_left(slot, false) + own_here(false), self.places_left(slot, true) + own_here(true)) {
                (1.., _) => false,
                (0, 1..) if extra_consent => true,
                _ => return Err(Refusal::SlotTaken),
            };
        self.leave(request);
        let (name, by, since) = (name.clone(), actor.clone(), self.now);
        self.holds.push(Kept { name, request, slot, by, since, until, extra, gone: false });
        Ok(())
    }

    /// Where in the list the hold is, if it counts and the actor may use it.
    fn usable(&self, actor: &Actor, request: RequestId, name: &HoldId) -> Result<usize, Refusal> {
        let state = self.patients.get(&request).map(|_| self.state(request));
        let state = state.ok_or(Refusal::Unknown(Subject::Request))?;
        let over = [RequestState::Booked, RequestState::Fulfilled, RequestState::NoShow, RequestState::Cancelled];
        if over.contains(&state) {
            return Err(Refusal::WrongState { state });
        }
        let place = self.holds.iter().position(|h| !h.gone && h.request == request && h.name == *name);
        let place = place.ok_or(Refusal::HoldExpired)?;
        let hold = &self.holds[place];
        match () {
            () if hold.until <= self.now && self.places_left(hold.slot, false) == 0 => Err(Refusal::SlotTaken),
            () if hold.until <= self.now => Err(Refusal::HoldExpired),
            () if hold.by != *actor && actor.role != Role::Regulator => Err(Refusal::HoldOfAnother),
            () => Ok(place),
        }
    }

    fn in_time(&self, hold: &Kept) -> Told {
        match self.patients[&hold.request].latest() {
            Some(latest) if self.slots[&hold.slot].start >= latest => {
                Err(Refusal::Unsuitable { rule: "within_deadline".into() })
            }
            _ => Ok(()),
        }
    }

    fn extend(&mut self, actor: &Actor, request: RequestId, name: &HoldId, until: DateTime<Utc>) -> Told {
        let place = self.usable(actor, request, name)?;
        self.in_time(&self.holds[place])?;
        let hold = &mut self.holds[place];
        // Half an hour at most, and never less than was told.
        hold.until = until.min(hold.since + TimeDelta::minutes(30)).max(hold.until);
        Ok(())
    }

    fn confirm(&mut self, actor: &Actor, request: RequestId, name: &HoldId, appointment: AppointmentId) -> Told {
        let mine = |sale: &Sale| sale.request == request && sale.hold == *name && sale.by == *actor;
        if self.sales.iter().any(|sale| mine(sale) && sale.fate == AppointmentStatus::Booked) {
            return Ok(());
        }
        self.may_get_a_place(request)?;
        let place = self.usable(actor, request, name)?;
        let hold = &self.holds[place];
        if self.slots[&hold.slot].start <= self.now {
            return Err(Refusal::SlotGone);
        }
        self.in_time(hold)?;
        if self.sales.iter().any(|sale| sale.appointment == appointment) {
            return Err(Refusal::Forbidden);
        }
        let (slot, extra, hold, by) = (hold.slot, hold.extra, name.clone(), actor.clone());
        self.holds[place].gone = true;
        self.sales.push(Sale { appointment, request, slot, extra, hold, by, fate: AppointmentStatus::Booked });
        let patient = self.patient(request)?;
        (patient.stands, patient.promised, patient.named) = (Stands::Sold(appointment), false, None);
        Ok(())
    }

    fn release(&mut self, actor: &Actor, request: RequestId, name: &HoldId) -> Told {
        let stands = self.patient(request)?.stands;
        match self.holds.iter_mut().find(|h| !h.gone && h.request == request && h.name == *name) {
            None if matches!(stands, Stands::Sold(_)) => Err(Refusal::WrongState { state: RequestState::Booked }),
            None => Ok(()),
            Some(hold) if hold.by != *actor && actor.role != Role::Regulator => Err(Refusal::HoldOfAnother),
            Some(hold) => {
                hold.gone = true;
                Ok(())
            }
        }
    }

    fn close(&mut self, request: RequestId, state: RequestState) -> Told {
        let patient = self.running(request)?;
        let to_the_15 = state == RequestState::HandedTo15;
        if patient.level == Some(Level::Immediate) && !to_the_15 {
            return Err(Refusal::Emergency);
        }
        if state == RequestState::Unmet && matches!(patient.stands, Stands::Sold(_)) {
            return Err(Refusal::WrongState { state: RequestState::Booked });
        }
        (patient.stands, patient.promised, patient.named) = (Stands::Over(state), false, None);
        self.leave(request);
        Ok(())
    }

    fn close_overdue(&mut self, request: RequestId) -> Told {
        self.patient(request)?;
        let due = self.closes_at(request).is_some_and(|at| at <= self.now);
        if due && self.live().all(|hold| hold.request != request) {
            self.close(request, RequestState::Unmet)?;
        }
        Ok(())
    }

    fn outcome(&mut self, actor: &Actor, appointment: AppointmentId, outcome: &Outcome) -> Told {
        let now = self.now;
        let seen = |sale: &Sale| actor.role != Role::Practitioner || acts_for(actor, self.slots[&sale.slot].doctor);
        let place = self.sales.iter().position(|sale| sale.appointment == appointment && seen(sale));
        let place = place.ok_or(Refusal::Unknown(Subject::Appointment))?;
        let Sale { request, slot, fate, .. } = self.sales[place];
        let start = self.slots[&slot].start;
        let (new, state) = match outcome {
            Outcome::Cancelled { .. } if fate == AppointmentStatus::Cancelled => return Ok(()),
            Outcome::Cancelled { .. } if fate != AppointmentStatus::Booked => return Err(Refusal::OutcomeRecorded),
            Outcome::Cancelled { by: CancelledBy::Patient, .. } => return self.close(request, RequestState::Cancelled),
            Outcome::Cancelled { by: CancelledBy::Practitioner, .. } => {
                self.wait_again(request);
                return Ok(());
            }
            _ if fate == AppointmentStatus::Cancelled => return Err(Refusal::OutcomeRecorded),
            _ if start > now => return Err(Refusal::TooEarly { start }),
            Outcome::Fulfilled => (AppointmentStatus::Fulfilled, RequestState::Fulfilled),
            Outcome::NoShow => (AppointmentStatus::NoShow, RequestState::NoShow),
        };
        self.sales[place].fate = new;
        self.patient(request)?.stands = Stands::Over(state);
        Ok(())
    }

    fn sweep(&mut self, slot: SlotId) {
        let now = self.now;
        self.holds.iter_mut().filter(|hold| hold.slot == slot && hold.until <= now).for_each(|hold| hold.gone = true);
    }

    fn wait_again(&mut self, request: RequestId) {
        self.leave(request);
        let now = self.now;
        let patient = self.patients.get_mut(&request).expect("sold to");
        (patient.stands, patient.waiting_since) = (Stands::Waits, now);
    }

    /// Gives back whatever the request holds or has.
    fn leave(&mut self, request: RequestId) {
        self.holds.iter_mut().filter(|hold| hold.request == request).for_each(|hold| hold.gone = true);
        let booked = |sale: &&mut Sale| sale.request == request && sale.fate == AppointmentStatus::Booked;
        self.sales.iter_mut().filter(booked).for_each(|sale| sale.fate = AppointmentStatus::Cancelled);
    }
}

impl Patient {
    pub(super) fn latest(&self) -> Option<DateTime<Utc>> {
        self.deadline.map(|deadline| self.late_until.map_or(deadline, |late| late.max(deadline)))
    }
}

fn acts_for(actor: &Actor, doctor: Rpps) -> bool {
    match actor.role {
        Role::Practitioner => actor.id == doctor.as_str(),
        role => matches!(role, Role::System | Role::Service),
    }
}

fn earlier(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
