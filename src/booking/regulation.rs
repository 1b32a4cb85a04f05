//! What waits for a médecin régulateur: calls triage may not decide alone, patients no place was found for in time, and levels
//! to be looked at afterwards.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Booking, Call, Case, Failure, Reason};
use crate::domain::decide::Command;
use crate::domain::{Answer, CareRequest, EventKind, PatientFacts, Phase, RequestId, ReviewCause, ReviewVerdict};
use crate::triage::evaluation::Contribution;
use crate::views::{self, TerritoryState};

/// Levels older than this are not looked at any more.
const REVIEWED_WITHIN: TimeDelta = TimeDelta::days(7);

/// Who reads a request again within so long has read it once.
const READ_AGAIN_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// So many levels to look at are shown at once.
const REVIEWS_AT_ONCE: usize = 50;

/// What waits for a régulateur.
#[derive(Debug, Default)]
pub struct Queue {
    /// Patients who wait, and those whose place is too late now, in the order of the board, each with why.
    pub items: Vec<(views::Case, Vec<Reason>)>,
    /// Levels to look at afterwards, the newest first, each with why.
    pub reviews: Vec<(views::Case, Vec<Reason>)>,
}

impl Booking {
    /// What waits for a régulateur now.
    pub fn regulation_queue(&self) -> Queue {
        let now = self.now();
        let mut waiting: Vec<views::Case> = self.view.read(|state| {
            let again =
                |request: &CareRequest| booked_too_late(state, request, now).is_some() || request.awaits_regulator();
            let booked = state.board.booked().filter(|case| again(&case.request));
            state.board.unserved().chain(booked).cloned().collect()
        });
        waiting.sort_by_key(|case| views::BoardCursor::of(&case.request));
        let items = waiting.into_iter().filter_map(|case| {
            let why = self.why_a_regulator(&case.request, case.facts.as_deref(), now);
            (!why.is_empty()).then_some((case, why))
        });
        let recent = |request: &CareRequest| now - request.created_at < REVIEWED_WITHIN;
        let reviews = self.view.read(|state| {
            let reviews = state.board.to_review().filter(|(case, _)| recent(&case.request));
            reviews.map(|(case, cause)| (case.clone(), vec![sentence(cause)])).take(REVIEWS_AT_ONCE).collect()
        });
        Queue { items: items.collect(), reviews }
    }

    /// Why a régulateur must look at a request that waits; nothing where none must.
    pub fn why_a_regulator(
        &self,
        request: &CareRequest,
        facts: Option<&PatientFacts>,
        now: DateTime<Utc>,
    ) -> Vec<Reason> {
        let mut why = Vec::new();
        if let Some(start) = self.view.read(|state| booked_too_late(state, request, now)) {
            let hour = self.territory.zone.local(start).format("%d/%m à %H:%M");
            let text = format!("Le rendez-vous du {hour} est après l'échéance : à avancer, ou à voir avec le patient.");
            why.push(Reason::new("booked_too_late", text));
        }
        if !matches!(request.phase, Phase::Incomplete | Phase::Open | Phase::Booked { .. }) {
            return why;
        }
        if request.is_emergency() {
            why.push(Reason::new("emergency", "Urgence : l'appel n'est pas encore transmis au 15."));
        }
        if request.awaits_regulator() {
            let texts = facts.map(|facts| self.what_a_regulator_sees(request, facts)).unwrap_or_default();
            if texts.is_empty() {
                why.push(Reason::new("regulation_required", "Le triage demande l'avis d'un médecin régulateur."));
            }
            why.extend(texts.into_iter().map(|text| Reason::new("regulation_required", text)));
        }
        if matches!(request.phase, Phase::Booked { .. }) {
            return why;
        }
        if request.is_overdue(now) && !request.is_emergency() {
            why.push(Reason::new("overdue", "L'échéance est dépassée et le patient attend toujours."));
        } else if let Some(unserved) = self.unserved(request, now).filter(|_| request.deadline.is_some()) {
            why.push(Reason::new("no_place_in_time", format!("Aucune place avant l'échéance. {}", unserved.text)));
        }
        if self.promise_is_at_risk(request, now) {
            why.push(Reason::new("promise_at_risk", "Une promesse a été faite et le plan ne trouve plus de place."));
        }
        why
    }

    /// What triage would not decide alone, one sentence each.
    fn what_a_regulator_sees(&self, request: &CareRequest, facts: &PatientFacts) -> Vec<String> {
        let Some(evaluation) = self.evaluated(facts, request.created_at) else { return Vec::new() };
        let of_entries = evaluation.entries.iter().filter(|entry| entry.for_regulator).filter_map(|entry| {
            let Contribution::Question { block, question, given: Some(given) } = entry.what else { return None };
            let asked = &self.pack.complaints[block].questions[question];
            Some(match given.answer {
                Answer::Unknown => format!("Signe d'alerte non écarté : {}.", asked.reason),
                _ => format!("{}.", asked.reason),
            })
        });
        let of_modifiers = evaluation.modifiers.iter().filter_map(|one| {
            let modifier = &self.pack.modifiers[one.modifier];
            match (one.doubtful, modifier.regulation_required) {
                (true, _) => Some(format!("{} : non connu.", modifier.label)),
                (false, true) => Some(format!("{}.", modifier.label)),
                (false, false) => None,
            }
        });
        let open = (!evaluation.must_ask.is_empty()).then(|| "Des questions restent à poser.".to_owned());
        of_entries.chain(of_modifiers).chain(open).collect()
    }

    /// Writes into the audit that somebody of the regulation read a request; once where they read it again within minutes. A
    /// case is shown even where that cannot be written: the patient comes before the trace, and the log has it.
    pub async fn note_read(&self, call: &Call, request: RequestId) {
        let since = self.now() - READ_AGAIN_WITHIN;
        let noted = self.view.read(|state| {
            let story = state.histories.of(request);
            story.is_some_and(|story| {
                let recent = story.entries.iter().rev().take_while(|entry| entry.at > since);
                recent.filter(|entry| entry.kind == EventKind::RequestRead).any(|entry| entry.actor == call.actor)
            })
        });
        if noted {
            return;
        }
        if let Err(failure) = self.run(call, Command::NoteRead { request }).await {
            let actor = &call.actor.id;
            tracing::warn!(request = %request, actor, %failure, "a request was read and the audit could not be told");
        }
    }

    /// A régulateur says what they find of a level that others decided.
    ///
    /// # Errors
    /// [`crate::domain::Refusal::Forbidden`] for anybody else, and for whoever decided it.
    pub async fn review(
        &self,
        call: &Call,
        request: RequestId,
        verdict: ReviewVerdict,
        reason: Option<String>,
    ) -> Result<Case, Failure> {
        match reason {
            Some(reason) => {
                let command = |reason| Command::Review { request, verdict, reason: Some(reason) };
                self.run_with_reason(call, request, &reason, command).await?;
            }
            None => {
                self.run(call, Command::Review { request, verdict, reason: None }).await?;
            }
        }
        self.case(request).await.map_err(super::driver::after_a_change)
    }
}

/// When a place begins that was taken in time and is after the latest start now: the level was raised since, or leave is over.
fn booked_too_late(state: &TerritoryState, request: &CareRequest, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let Phase::Booked { slot, .. } = request.phase else { return None };
    let start = state.slots.get(slot)?.slot.start;
    (start > now && start >= request.latest_start()?).then_some(start)
}

fn sentence(cause: ReviewCause) -> Reason {
    let text = match cause {
        ReviewCause::Lowered => "Niveau abaissé par un médecin régulateur, sous la proposition du triage.",
        ReviewCause::DeclaredLower => "Niveau déclaré plus bas que la proposition du triage.",
        ReviewCause::DeclaredSample => "Niveau déclaré, tiré au sort pour relecture.",
        ReviewCause::Sample => "Niveau tiré au sort pour relecture.",
    };
    Reason::new(cause.code(), text)
}
