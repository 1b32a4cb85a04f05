//! Requests: entry, level, answers, agreement, and how they are closed by a person.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::driver::{Step, after_a_change};
use super::vault::VaultError;
use super::{Booking, Call, Failure, Offers};
use crate::domain::decide::{Answer as Outcome, Command, NewRequest, NewlySaid};
use crate::domain::refusal::Subject;
use crate::domain::{
    Answer, CareRequest, Channel, CommuneCode, DecidedBy, Level, PatientFacts, RecordKey, Refusal, RegulationReference,
    RequestId, TriageStatus,
};
use crate::triage::{Evaluation, Explanation};

/// A request as an edge hands it in: every field parsed, the commune known, its point found.
#[derive(Debug, Clone)]
pub struct RequestOrder {
    /// What triage and matching need of the patient.
    pub facts: PatientFacts,
    /// Where the patient is.
    pub commune: CommuneCode,
    /// The level the medical regulation of the call decided; only operators hand one in.
    pub level: Option<Level>,
    /// The regulation file.
    pub regulation_reference: Option<RegulationReference>,
    /// Where it came from.
    pub channel: Channel,
}

/// How many callers may answer questions of one request at once before one of them is asked to try again.
const ANSWERED_AT_ONCE: usize = 32;

/// A request with what a person at the desk needs to see of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The request.
    pub request: CareRequest,
    /// What triage and matching know of the patient; none when it was erased or cannot be opened.
    pub facts: Option<Arc<PatientFacts>>,
    /// Why triage came to what it came to when it was last asked; none when it was not, or cannot be opened.
    pub explanation: Option<Explanation>,
}

impl Booking {
    /// Enters a request and looks for slots at once.
    ///
    /// # Errors
    /// [`Failure`] as for every use-case.
    pub async fn create_request(&self, call: &Call, order: RequestOrder) -> Result<(Case, Arc<Offers>), Failure> {
        let request = self.enter_request(call, RequestId::new(Uuid::now_v7()), order).await?;
        // The request is entered: whatever becomes of the search, the caller hears so.
        let offers = match self.offers(&Call::of_service(), request, None).await {
            Ok(offers) => offers,
            Err(failure) => {
                tracing::error!(request = %request, %failure, "a request was entered, and the search for places failed");
                Arc::new(Offers::failed(self.policy.budget))
            }
        };
        Ok((self.case(request).await.map_err(after_a_change)?, offers))
    }

    /// Enters a request under an identifier made by the caller. A call answered before gives the request of then.
    ///
    /// # Errors
    /// [`Failure`] as for every use-case.
    pub async fn enter_request(
        &self,
        call: &Call,
        id: RequestId,
        mut order: RequestOrder,
    ) -> Result<RequestId, Failure> {
        let follows = self.note_second_contact(&mut order);
        let now = self.now();
        let evaluation = self.evaluated(&order.facts, now);
        let triage = self.triage_of(&order.facts, evaluation.as_ref(), order.level, now);
        let explanation = evaluation.map(|evaluation| self.explained(&order.facts, &evaluation, now));
        let facts = self.vault.seal_new_subject(id, &order.facts, explanation.as_ref())?;
        let new = NewRequest {
            id,
            channel: order.channel,
            commune: order.commune,
            in_territory: self.territory.commune(order.commune).is_some(),
            facts_ref: facts.reference,
            regulation_reference: order.regulation_reference,
            follows,
            triage,
        };
        match self.transact(call, Step::new(Command::CreateRequest(new)).with(facts.blobs), |_| Ok(())).await? {
            Outcome::Created { request } => Ok(request),
            _ => Err(Failure::Contention),
        }
    }

    /// One request, from the store, with its facts.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is none.
    pub async fn case(&self, id: RequestId) -> Result<Case, Failure> {
        let records = self.records(&[RecordKey::request(id)]).await?;
        let request = records.request(id).cloned().ok_or(Refusal::Unknown(Subject::Request))?;
        let facts = self.facts_of(&request).await;
        let explanation = self.explanation_under(&request, &request.facts_ref).await;
        Ok(Case { request, facts, explanation })
    }

    /// The facts of a request, from this node's memory while the request lives, else from the vault. None, and a line in the
    /// log, when they cannot be had: the request itself is still shown.
    async fn facts_of(&self, request: &CareRequest) -> Option<Arc<PatientFacts>> {
        let known = self.view.read(|state| state.board.get(request.id).cloned());
        let current = known.filter(|case| case.request.facts_ref == request.facts_ref);
        if let Some(facts) = current.and_then(|case| case.facts) {
            return Some(facts);
        }
        if request.erased_at.is_some() {
            return None;
        }
        match self.vault.open_facts(request).await {
            Ok(facts) => Some(facts),
            Err(error) => {
                tracing::warn!(request = %request.id, %error, "a request is shown without its facts");
                None
            }
        }
    }

    /// Runs a command that says why: the text is sealed, its reference stands in the command and in events.
    pub(super) async fn run_with_reason(
        &self,
        call: &Call,
        request: RequestId,
        reason: &str,
        command: impl FnOnce(String) -> Command,
    ) -> Result<Outcome, Failure> {
        match self.records(&[RecordKey::request(request)]).await?.request(request) {
            None => return Err(Refusal::Unknown(Subject::Request).into()),
            Some(CareRequest { erased_at: Some(_), .. }) => return Err(Refusal::Erased.into()),
            Some(_) => {}
        }
        let reason = self.vault.seal_reason(request, reason).await?;
        self.transact(call, Step::new(command(reason.reference)).with(reason.blobs), |_| Ok(())).await
    }

    /// What was written under a reference that stands in a history; the text itself where it is none.
    pub async fn written_reason(&self, request: RequestId, reason: String) -> String {
        match self.vault.open_reason(request, &reason).await {
            Ok(Some(text)) => text,
            Ok(None) => reason,
            Err(VaultError::Missing(_)) => "(texte effacé)".to_owned(),
            Err(error) => {
                tracing::warn!(request = %request, %error, "a reason is shown as its reference");
                reason
            }
        }
    }

    /// Sets a level.
    ///
    /// # Errors
    /// [`Refusal::LoweringNeedsRegulator`] for anybody else who lowers.
    pub async fn set_level(
        &self,
        call: &Call,
        request: RequestId,
        level: Level,
        reason: String,
    ) -> Result<Case, Failure> {
        self.run_with_reason(call, request, &reason, |reason| Command::SetLevel { request, level, reason }).await?;
        self.case(request).await.map_err(after_a_change)
    }

    /// Adds answers: the request is triaged again. A level that stands is raised by them, never lowered.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] when the request is closed.
    pub async fn add_answers(
        &self,
        call: &Call,
        id: RequestId,
        answers: BTreeMap<String, Answer>,
        flags: BTreeMap<String, Answer>,
    ) -> Result<Case, Failure> {
        if self.answered_before(call).await?.transpose()?.is_some() {
            return self.case(id).await.map_err(after_a_change);
        }
        for _ in 0..ANSWERED_AT_ONCE {
            let before = self.case(id).await?;
            let Some(known) = before.facts else { return Err(self.or_erased(id, Failure::Unreadable).await) };
            let mut facts = PatientFacts::clone(&known);
            facts.answers.extend(answers.clone());
            facts.flags.extend(flags.clone());
            // What the regulation of the call decided stands, unless a red flag is yes.
            let stands = before.request.triage.decided_by == Some(DecidedBy::Regulation);
            let declared = before.request.triage.decided.filter(|_| stands);
            let now = self.now();
            let (evaluated_before, evaluation) = (self.evaluated(&known, now), self.evaluated(&facts, now));
            let triage = self.triage_of(&facts, evaluation.as_ref(), declared, now);
            let said = newly_said(evaluation.as_ref(), evaluated_before.as_ref(), before.request.level());
            let explanation = evaluation.map(|evaluation| self.explained(&facts, &evaluation, now));
            let facts = self.vault.seal_facts_again(id, &facts, explanation.as_ref()).await?;
            let command = Command::Reassess { request: id, facts_ref: facts.reference, triage, said };
            // Answers given at the same time add up: whoever comes second reads the first one's facts again.
            let same_facts = |records: &crate::domain::Records| match records.request(id) {
                Some(now) if now.facts_ref != before.request.facts_ref => Err(Refusal::Outdated),
                _ => Ok(()),
            };
            match self.transact(call, Step::new(command).with(facts.blobs), same_facts).await {
                Err(Failure::Refused { refusal: Refusal::Outdated, .. }) => {}
                done => {
                    done?;
                    return self.case(id).await.map_err(after_a_change);
                }
            }
        }
        Err(Failure::Contention)
    }

    /// A régulateur agrees to a booking the rules alone would refuse.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for anybody else.
    pub async fn agree(
        &self,
        call: &Call,
        request: RequestId,
        reason: String,
        latest: Option<DateTime<Utc>>,
    ) -> Result<Case, Failure> {
        self.run_with_reason(call, request, &reason, |reason| Command::Agree { request, reason, latest }).await?;
        self.case(request).await.map_err(after_a_change)
    }

    /// The patient gives up.
    ///
    /// # Errors
    /// [`Refusal::Emergency`]: an emergency is only handed over.
    pub async fn cancel(&self, call: &Call, request: RequestId, reason: String) -> Result<Case, Failure> {
        self.run_with_reason(call, request, &reason, |reason| Command::Cancel { request, reason }).await?;
        self.case(request).await.map_err(after_a_change)
    }

    /// Hands the patient to the emergency number.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] when the request is closed.
    pub async fn hand_over_to_15(&self, call: &Call, request: RequestId) -> Result<Case, Failure> {
        self.run(call, Command::HandOverTo15 { request }).await?;
        self.case(request).await.map_err(after_a_change)
    }
}

/// What answers say that was not said before, of a request whose level stands. An evaluation that was none before is all new.
fn newly_said(now: Option<&Evaluation>, before: Option<&Evaluation>, level: Option<Level>) -> NewlySaid {
    let Some(now) = now else { return NewlySaid::default() };
    NewlySaid {
        more: before.is_none_or(|before| now.says_more(before, level)),
        doubt: match before {
            Some(before) => now.doubts_more(before),
            None => now.regulation_required,
        },
        open: now.status == TriageStatus::Incomplete,
    }
}
