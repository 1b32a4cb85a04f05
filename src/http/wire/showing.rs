//! From the domain to the wire: one instant, one territory, its zone and its directory. What the read model does not know (a
//! practitioner who left the directory) is shown as unknown, never left out.

use std::time::Duration;

use chrono::{DateTime, Days, FixedOffset, SubsecRound, Utc};

use super::appointment::{AppointmentShown, BookedBy};
use super::evaluation::{care_need, explain, minutes_of, pack};
use super::live::{AuditEntry, LiveEvent};
use super::request::{
    AgreementShown, HistoryEntry, HoldShown, OfferShown, OffersShown, PromiseShown, QueueShown, ReasonShown,
    RequestShown, ReviewShown, SearchShown, TriageShown,
};
use super::scarcity::{ScarceShown, ScarcityShown};
use super::slot::{LocationShown, PractitionerShown, SlotPractitioner, SlotShown};
use crate::booking::{Booking, Case, Offer, Offers, Queue, Reason, Scarce, Scarcity, Search};
use crate::domain::{
    Appointment, CareRequest, DecidedBy, Level, Location, PatientFacts, Phase, Practitioner, RecordedEvent, RequestId,
    Role, Slot, Triage,
};
use crate::geography::gazetteer::Gazetteer;
use crate::views;
use crate::views::{Histories, History};

/// Shows things of one territory as they are at one instant, to somebody of one role.
#[derive(Debug, Clone, Copy)]
pub struct Showing<'a> {
    pub(super) booking: &'a Booking,
    pub(super) now: DateTime<Utc>,
    role: Role,
}

impl<'a> Showing<'a> {
    /// To somebody of `role`, at `now`.
    pub fn new(booking: &'a Booking, now: DateTime<Utc>, role: Role) -> Self {
        Self { booking, now, role }
    }

    /// An instant as the wall clock of the territory shows it, to the second.
    pub fn instant(&self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        self.booking.territory.zone.local(instant.trunc_subsecs(0))
    }

    /// Where places are missing.
    pub fn scarcity(&self, scarcity: &Scarcity) -> ScarcityShown {
        ScarcityShown {
            items: scarcity.items.iter().map(|item| self.scarce(item)).collect(),
            optimal: scarcity.optimal,
            as_of: self.instant(scarcity.as_of),
        }
    }

    fn scarce(&self, item: &Scarce) -> ScarceShown {
        let (zone, place) = (self.booking.territory.zone, &item.places_of);
        let known = place.commune.and_then(|code| self.booking.territory.commune(code));
        let midnight = || zone.midnight(place.day.checked_add_days(Days::new(1)).unwrap_or(place.day));
        ScarceShown {
            profession: place.profession.to_string(),
            commune: place.commune.map(|code| code.to_string()),
            commune_name: known.map(|commune| commune.name.clone()),
            from: self.instant(zone.instant(place.day.and_time(place.part.begins()))),
            to: self.instant(place.part.ends().map_or_else(midnight, |end| zone.instant(place.day.and_time(end)))),
            free: Some(item.free).filter(|_| self.role != Role::Practitioner),
            gain_points: item.gain,
            served: item.served,
            reason: reason_shown(&item.reason),
        }
    }

    /// A slot.
    pub fn slot(&self, slot: &Slot) -> SlotShown {
        let (practitioner, known) = self.booking.view.read(|state| {
            (state.directory.get(slot.practitioner).cloned(), state.slots.get(slot.id).map(|known| known.version))
        });
        let location = practitioner.as_deref().and_then(|who| who.location(&slot.location));
        SlotShown {
            id: slot.id.to_string(),
            territory: slot.territory.to_string(),
            start: self.instant(slot.start),
            end: self.instant(slot.end),
            practitioner: SlotPractitioner {
                rpps: slot.practitioner.to_string(),
                name: practitioner.as_ref().map_or_else(|| slot.practitioner.to_string(), |who| who.name.clone()),
                profession: slot.profession.to_string(),
                speciality: slot.speciality.as_ref().map(ToString::to_string),
            },
            location: location.map_or_else(
                || LocationShown {
                    id: slot.location.to_string(),
                    name: slot.location.to_string(),
                    commune: None,
                    lat: None,
                    lon: None,
                    accessible: None,
                },
                location_shown,
            ),
            modality: slot.modality.code(),
            audience: slot.audience.iter().map(|audience| audience.code()).collect(),
            arrival: slot.arrival.code(),
            capacity: slot.capacity,
            extra_capacity: slot.extra_capacity,
            taken: slot.taken(self.now),
            state: slot.state(self.now).code(),
            source: slot.source.code(),
            version: known.unwrap_or(1),
        }
    }

    /// A request, with offers where they were looked for.
    pub fn request(&self, case: &Case, offers: Option<&Offers>) -> RequestShown {
        let mut shown = self.request_of(&case.request, case.facts.as_deref());
        // What is still to be asked is asked by the pack in use; why the level is what it is, the pack of then said.
        if let Some(facts) = case.facts.as_deref() {
            let evaluation = self.booking.evaluated(facts, self.now);
            if let Some(evaluation) = &evaluation {
                self.ask(&mut shown.triage, evaluation, case.request.triage.reopened);
            }
            if case.request.is_emergency() {
                shown.triage.handover = self.handover(facts, evaluation.as_ref());
            }
        }
        if let Some(explanation) = &case.explanation {
            explain(&mut shown.triage, explanation);
        }
        if let Some(offers) = offers {
            let OffersShown { offers, search, unserved, concessions, promise_advice } = self.offers(offers);
            shown.offers = Some(offers);
            shown.search = Some(search);
            shown.unserved = unserved;
            shown.concessions = concessions;
            shown.promise_advice = promise_advice;
        }
        shown
    }

    /// A request as the board shows it.
    pub fn request_of(&self, request: &CareRequest, facts: Option<&PatientFacts>) -> RequestShown {
        let own = self.booking.territory.commune(request.commune).map(|commune| commune.name.clone());
        let elsewhere = || Gazetteer::national().by_code(request.commune).map(|commune| commune.name.to_string());
        let version = self.booking.view.read(|state| state.board.get(request.id).map(|known| known.version));
        let to_regulation = matches!(self.role, Role::Operator | Role::Regulator);
        let tells_complaint = matches!(self.role, Role::Operator | Role::Regulator | Role::Patient);
        RequestShown {
            id: request.id.to_string(),
            state: request.state(self.now).code(),
            created_at: self.instant(request.created_at),
            deadline: request.deadline.map(|deadline| self.instant(deadline)),
            triage: self.triage(&request.triage),
            offers: None,
            search: None,
            unserved: self.booking.unserved(request, self.now).as_ref().map(reason_shown),
            concessions: Vec::new(),
            promise_advice: None,
            commune: request.commune.to_string(),
            commune_name: own.or_else(elsewhere),
            in_territory: request.in_territory,
            channel: request.channel.code(),
            promise: request.promise.as_ref().map(|promise| PromiseShown {
                by: self.instant(promise.by),
                notice_minutes: promise.notice_minutes,
                booked_by_service: promise.ready.is_some(),
                standing: promise.standing.code(),
            }),
            hour_to_tell: request.hour_to_tell.map(|hour| self.instant(hour)),
            hold: request.live_hold(self.now).map(|held| HoldShown {
                hold_id: held.hold.to_string(),
                slot_id: held.slot.to_string(),
                expires_at: self.instant(held.until),
            }),
            appointment_id: match &request.phase {
                Phase::Booked { appointment, .. }
                | Phase::Fulfilled { appointment }
                | Phase::NoShow { appointment } => Some(appointment.to_string()),
                Phase::Incomplete
                | Phase::Open
                | Phase::Cancelled
                | Phase::HandedTo15
                | Phase::Redirected { .. }
                | Phase::Unmet => None,
            },
            overdue: request.is_overdue(self.now),
            at_risk: self.booking.promise_is_at_risk(request, self.now),
            agreement: request.agreement.as_ref().map(|agreement| AgreementShown {
                at: self.instant(agreement.at),
                latest: agreement.latest.map(|latest| self.instant(latest)),
            }),
            regulation_reference: request.regulation_reference.as_ref().map(ToString::to_string),
            follows: request.follows.filter(|_| to_regulation).map(|earlier| earlier.to_string()),
            for_regulator: if to_regulation {
                self.booking.why_a_regulator(request, facts, self.now).iter().map(reason_shown).collect()
            } else {
                Vec::new()
            },
            review: request
                .review
                .as_ref()
                .map(|review| ReviewShown { at: self.instant(review.at), verdict: review.verdict.code() }),
            complaint: facts.filter(|_| tells_complaint).map(|facts| facts.complaint.to_string()),
            erased_at: request.erased_at.map(|at| self.instant(at)),
            history: None,
            status_link: None,
            access_token: None,
            version: version.unwrap_or(1),
        }
    }

    /// What waits for a médecin régulateur.
    pub fn queue(&self, queue: &Queue) -> QueueShown {
        let queued = |(case, why): &(views::Case, Vec<Reason>)| RequestShown {
            for_regulator: why.iter().map(reason_shown).collect(),
            ..self.request_of(&case.request, case.facts.as_deref())
        };
        QueueShown {
            items: queue.items.iter().map(queued).collect(),
            reviews: queue.reviews.iter().map(queued).collect(),
            as_of: self.instant(self.now),
        }
    }

    fn triage(&self, triage: &Triage) -> TriageShown {
        TriageShown {
            status: triage.status.code(),
            recommended: triage.recommended.map(Level::code),
            decided: triage.decided.map(Level::code),
            decided_by: triage.decided_by.map(DecidedBy::code),
            delay_minutes: triage.delay_minutes.map(i64::from).or_else(|| minutes_of(triage.decided)),
            care_need: care_need(&triage.care_need),
            regulation_required: triage.waits_for_a_regulator(),
            valid_until: triage.valid_until.map(|until| self.instant(until)),
            pack: pack(&triage.pack),
            ..TriageShown::default()
        }
    }

    /// Offers, and how they were found.
    pub fn offers(&self, offers: &Offers) -> OffersShown {
        OffersShown {
            offers: offers.items.iter().map(|offer| self.offer(offer)).collect(),
            search: search_shown(&offers.search),
            unserved: offers.unserved.as_ref().map(reason_shown),
            concessions: offers.concessions.iter().map(reason_shown).collect(),
            promise_advice: offers.promise.as_ref().map(reason_shown),
        }
    }

    fn offer(&self, offer: &Offer) -> OfferShown {
        OfferShown {
            rank: offer.rank,
            slot: self.slot(&offer.slot),
            travel_minutes: offer.travel_minutes,
            wait_minutes: offer.wait_minutes,
            reasons: offer.reasons.iter().map(reason_shown).collect(),
        }
    }

    /// What happened to a request, as far as this node has it.
    pub fn history(&self, request: RequestId) -> Vec<HistoryEntry> {
        let tells_actor = matches!(self.role, Role::Operator | Role::Regulator);
        self.story(|histories| histories.of(request), tells_actor)
    }

    /// A story, as far as this node has it.
    pub(super) fn story(
        &self,
        of: impl for<'h> FnOnce(&'h Histories) -> Option<History<'h>>,
        tells_actor: bool,
    ) -> Vec<HistoryEntry> {
        let entries = self.booking.view.read(|state| of(&state.histories).map(|story| story.entries.to_vec()));
        let shown = entries.unwrap_or_default().into_iter().map(|entry| HistoryEntry {
            seq: entry.seq,
            at: self.instant(entry.at),
            kind: entry.kind.code(),
            role: entry.actor.role.code(),
            actor: Some(entry.actor.id).filter(|_| tells_actor),
            reason: entry.reason,
            slot: entry.slot.map(|id| id.to_string()),
            appointment: entry.appointment.map(|id| id.to_string()),
            offered: entry.offered.iter().map(ToString::to_string).collect(),
            evaluation: None,
        });
        shown.collect()
    }

    /// To whom.
    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// An appointment in its slot, without its patient.
    pub fn appointment(&self, appointment: &Appointment, slot: &Slot) -> AppointmentShown {
        let version = self.booking.view.read(|state| state.appointments.get(appointment.id).map(|known| known.version));
        AppointmentShown {
            id: appointment.id.to_string(),
            request_id: appointment.request.to_string(),
            slot: self.slot(slot),
            status: appointment.status.code(),
            created_at: self.instant(appointment.created_at),
            booked_by: BookedBy { role: appointment.booked_by.role.code(), id: appointment.booked_by.id.clone() },
            origin: appointment.origin.code(),
            regulation_reference: appointment.regulation_reference.as_ref().map(ToString::to_string),
            extra: appointment.extra,
            patient: None,
            erased_at: appointment.erased_at.map(|at| self.instant(at)),
            version: version.unwrap_or(1),
        }
    }

    /// An event, without who did it.
    pub fn event(&self, recorded: &RecordedEvent) -> LiveEvent {
        let concerns = &recorded.event.concerns;
        LiveEvent {
            seq: recorded.seq,
            at: self.instant(recorded.at),
            kind: recorded.event.kind.code(),
            slot: concerns.slot.map(|id| id.to_string()),
            request: concerns.request.map(|id| id.to_string()),
            appointment: concerns.appointment.map(|id| id.to_string()),
            practitioner: concerns.practitioner.map(|rpps| rpps.to_string()),
            registration: concerns.registration.map(|id| id.to_string()),
            proposal: concerns.proposal.map(|id| id.to_string()),
        }
    }

    /// An event, with who did it and why.
    pub fn audit(&self, recorded: &RecordedEvent) -> AuditEntry {
        AuditEntry {
            event: self.event(recorded),
            actor: recorded.event.actor.id.clone(),
            role: recorded.event.actor.role.code(),
            reason: recorded.event.reason.clone(),
            chain: recorded.chain.clone(),
        }
    }
}

/// A practitioner of the directory.
pub fn practitioner_shown(practitioner: &Practitioner) -> PractitionerShown {
    PractitionerShown {
        rpps: practitioner.rpps.to_string(),
        name: practitioner.name.clone(),
        profession: practitioner.profession.to_string(),
        speciality: practitioner.speciality.as_ref().map(ToString::to_string),
        locations: practitioner.locations.iter().map(location_shown).collect(),
        languages: practitioner.languages.iter().map(ToString::to_string).collect(),
        synthetic: practitioner.synthetic,
    }
}

fn location_shown(location: &Location) -> LocationShown {
    LocationShown {
        id: location.id.to_string(),
        name: location.name.clone(),
        commune: Some(location.commune.to_string()),
        lat: Some(location.point.lat),
        lon: Some(location.point.lon),
        accessible: Some(location.accessible),
    }
}

fn reason_shown(reason: &Reason) -> ReasonShown {
    ReasonShown { code: reason.code.to_owned(), text: reason.text.clone() }
}

fn search_shown(search: &Search) -> SearchShown {
    SearchShown {
        rung: search.rung,
        optimal: search.optimal,
        gap: search.gap.filter(|gap| gap.is_finite()),
        budget_ms: whole_milliseconds(search.budget),
        elapsed_ms: search.elapsed.as_secs_f64() * 1_000.0,
        solver_busy: search.solver_busy,
        considered: search.considered,
        set_aside: search.set_aside.iter().map(|(rule, count)| ((*rule).to_owned(), *count)).collect(),
    }
}

fn whole_milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
