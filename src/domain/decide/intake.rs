//! What happens to a request before a place is held: entry, level, answers, a régulateur's agreement, a promise.

use chrono::{DateTime, TimeDelta, Utc};

use super::draft::Draft;
use super::{Answer, closing};
use crate::domain::{
    Agreement, CareRequest, Channel, CommuneCode, Concerns, DecidedBy, EventKind, Level, Phase, Refusal,
    RegulationReference, RequestId, Review, ReviewVerdict, Role, SlotId, Triage, TriageStatus,
};

/// A request as it comes in. What describes the patient is already sealed under `facts_ref`.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Identifier, made by the caller.
    pub id: RequestId,
    /// Where it came from.
    pub channel: Channel,
    /// Where the patient is.
    pub commune: CommuneCode,
    /// Whether that commune belongs to the territory.
    pub in_territory: bool,
    /// Name of the sealed blob with the patient's facts.
    pub facts_ref: String,
    /// The regulation file.
    pub regulation_reference: Option<RegulationReference>,
    /// The request of an earlier call of the same person.
    pub follows: Option<RequestId>,
    /// The evaluation.
    pub triage: Triage,
}

pub(super) fn create(draft: &mut Draft<'_>, new: &NewRequest) -> Result<Answer, Refusal> {
    if draft.records.request(new.id).is_some() {
        return Err(Refusal::Forbidden);
    }
    let request = CareRequest {
        id: new.id,
        territory: draft.context().territory.clone(),
        channel: new.channel,
        created_by: draft.actor().clone(),
        created_at: draft.now(),
        waiting_since: draft.now(),
        commune: new.commune,
        in_territory: new.in_territory,
        deadline: deadline(&new.triage),
        phase: phase(&new.triage),
        triage: new.triage.clone(),
        facts_ref: new.facts_ref.clone(),
        regulation_reference: new.regulation_reference.clone(),
        held: None,
        promise: None,
        agreement: None,
        follows: new.follows,
        level_by: (new.triage.decided_by == Some(DecidedBy::Regulation)).then(|| draft.actor().clone()),
        review: None,
        appointments: Vec::new(),
        put_away: Vec::new(),
        hour_to_tell: None,
        settled_at: None,
        erased_at: None,
    };
    draft.put_request(request);
    draft.event(EventKind::RequestCreated, of_request(new.id), None);
    Ok(Answer::Created { request: new.id })
}

/// The last instant a level allows: decision plus delay.
fn deadline(triage: &Triage) -> Option<DateTime<Utc>> {
    let delay = triage.decided?.delay()?;
    let shorter = triage.delay_minutes.map_or(delay, |minutes| delay.min(TimeDelta::minutes(minutes.into())));
    Some(triage.decided_at? + shorter)
}

fn phase(triage: &Triage) -> Phase {
    if triage.decided.is_some() { Phase::Open } else { Phase::Incomplete }
}

/// Sets a level. Anybody of the regulation raises; only a médecin régulateur lowers (triage.md §1.3). A level raised never
/// leaves more time than there was. A place held is given back when the level becomes `immediate`: an emergency gets none.
pub(super) fn set_level(draft: &mut Draft<'_>, id: RequestId, level: Level, reason: &str) -> Result<Answer, Refusal> {
    let mut request = super::request(draft.records, id)?.clone();
    if request.is_closed() {
        return Err(Refusal::WrongState { state: request.state(draft.now()) });
    }
    let regulator = draft.actor().role == Role::Regulator;
    let before = request.triage.decided;
    if before.is_none_or(|from| level <= from) && !regulator && draft.actor().role != Role::Operator {
        // Anybody raises; a first level is the regulation's, and so is saying again what stands.
        return Err(before.map_or(Refusal::Forbidden, |from| Refusal::LoweringNeedsRegulator { from }));
    }
    if let Some(from) = before.filter(|from| level < *from)
        && !regulator
    {
        return Err(Refusal::LoweringNeedsRegulator { from });
    }
    if before == Some(level) && !regulator {
        // Whoever says again what stands takes it from nobody.
        draft.event(EventKind::RequestLevelled, of_request(id), Some(reason));
        draft.put_request(request);
        return Ok(Answer::Done);
    }
    let now = draft.now();
    let new_deadline = level.delay().map(|delay| now + delay);
    request.deadline = match before {
        Some(from) if level == from => request.deadline,
        Some(from) if level > from => [request.deadline, new_deadline].into_iter().flatten().min(),
        _ => new_deadline,
    };
    request.triage.decided = Some(level);
    request.triage.delay_minutes = None;
    // A régulateur's decision has no end of its own; an evaluation that somebody raised ends sooner, never later.
    let held = request.triage.valid_until.filter(|_| !regulator);
    request.triage.valid_until = held.map(|until| until.min(now + level.holds_for()));
    request.triage.decided_at = Some(now);
    request.level_by = Some(draft.actor().clone());
    request.review = None;
    request.triage.decided_by = Some(match (regulator, before) {
        (true, _) => DecidedBy::Regulator,
        // The first level an operator enters transcribes the decision of the call's medical regulation.
        (false, None) => DecidedBy::Regulation,
        (false, Some(_)) => DecidedBy::Operator,
    });
    if request.triage.decided_by != Some(DecidedBy::Operator) {
        // A physician decided it: nobody else need see it for what was known then.
        (request.triage.regulation_required, request.triage.reopened) = (false, false);
    }
    request.triage.status = if level == Level::Immediate { TriageStatus::Stopped } else { TriageStatus::Decided };
    if request.phase == Phase::Incomplete {
        request.phase = Phase::Open;
    }
    if before.is_some_and(|from| level > from) {
        request = after_a_raise(draft, request)?;
    }
    draft.put_request(request);
    draft.event(EventKind::RequestLevelled, of_request(id), Some(reason));
    Ok(Answer::Done)
}

/// What a raised level does to what was decided for a lower one: a régulateur's leave to be late is over, a promise is kept
/// before the new deadline. An emergency has no place, held or booked: it waits for the 15, first on every board.
fn after_a_raise(draft: &mut Draft<'_>, mut request: CareRequest) -> Result<CareRequest, Refusal> {
    request.agreement = request.agreement.map(|agreement| Agreement { latest: None, ..agreement });
    if let Some(deadline) = request.deadline {
        request.promise = request.promise.map(|promise| promise.no_later_than(deadline));
    }
    if request.is_emergency() {
        request.promise = None;
        request = closing::leave_places(draft, request, "emergency")?;
        request.phase = Phase::Open;
        request.settled_at = None;
    }
    Ok(request)
}

/// What new answers say that was not said before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NewlySaid {
    /// Something that asks for more than the level that stands: then it is raised, whoever decided it.
    pub more: bool,
    /// Something a régulateur must see: an agreement given without knowing it is over.
    pub doubt: bool,
    /// Something that opens questions: they are to be asked before an answer stands by itself.
    pub open: bool,
}

/// Replaces the evaluation after new answers. A level that a person decided is kept unless the new one is higher: a new
/// answer may raise, never lower.
pub(super) fn reassess(
    draft: &mut Draft<'_>,
    id: RequestId,
    facts_ref: &str,
    triage: &Triage,
    said: NewlySaid,
) -> Result<Answer, Refusal> {
    let mut request = super::request(draft.records, id)?.clone();
    if request.is_closed() {
        return Err(Refusal::WrongState { state: request.state(draft.now()) });
    }
    let earlier = std::mem::replace(&mut request.facts_ref, facts_ref.to_owned());
    if earlier != facts_ref {
        request.put_away.push(earlier);
    }
    // What a régulateur lowered stays so until something new is said.
    let regulator = request.triage.decided_by == Some(DecidedBy::Regulator);
    let new = !regulator || said.more || triage.decided > request.triage.recommended;
    let raised = triage.decided > request.triage.decided && new;
    // Whoever agreed, or decided, knew what was known then.
    let was_seen = regulator || request.triage.regulation_required;
    let stands = request.triage.decided.is_some();
    let unseen = stands && said.doubt || triage.regulation_required && (raised || !was_seen);
    if unseen {
        request.agreement = None;
    }
    if raised {
        let new = deadline(triage);
        request.deadline = [request.deadline, new].into_iter().flatten().min();
        request.triage = triage.clone();
        request.level_by = None;
        if request.phase == Phase::Incomplete {
            request.phase = Phase::Open;
        }
        request = after_a_raise(draft, request)?;
    } else {
        if triage.decided.is_some() || request.triage.decided.is_none() {
            // What is provisional is recommended only while nothing else is.
            request.triage.recommended = request.triage.recommended.max(triage.recommended);
        }
        if triage.decided == request.triage.decided {
            request.deadline = [request.deadline, deadline(triage)].into_iter().flatten().min();
        }
        if triage.decided >= request.triage.decided {
            // Who sees a level that answers alone would not come to is not made less by them.
            request.triage.care_need = triage.care_need.clone();
        }
        request.triage.pack = triage.pack.clone();
        // An evaluation that came to no end does not make the one before it last for ever.
        request.triage.valid_until = triage.valid_until.or(request.triage.valid_until);
        // What was said opens questions nobody asked: the engine's own level no longer stands by itself.
        let of_no_physician = matches!(request.triage.decided_by, Some(DecidedBy::Engine | DecidedBy::Operator));
        let open = said.open && of_no_physician;
        if open && !request.triage.reopened {
            // Leave given before was for what was known then.
            request.agreement = None;
        }
        request.triage.regulation_required |= unseen;
        // Only a whole evaluation closes them again: none at all (triage off) does not.
        request.triage.reopened = open || request.triage.reopened && triage.status == TriageStatus::Incomplete;
    }
    draft.put_request(request);
    draft.event(EventKind::RequestAnswered, of_request(id), None);
    Ok(Answer::Done)
}

pub(super) fn agree(
    draft: &mut Draft<'_>,
    id: RequestId,
    reason: &str,
    latest: Option<DateTime<Utc>>,
) -> Result<Answer, Refusal> {
    if draft.actor().role != Role::Regulator {
        return Err(Refusal::Forbidden);
    }
    let mut request = super::request(draft.records, id)?.clone();
    // Of a place that was taken too, where what was said since needs them or made it late.
    if !matches!(request.phase, Phase::Open | Phase::Booked { .. }) {
        return Err(Refusal::WrongState { state: request.state(draft.now()) });
    }
    request.agreement = Some(Agreement { actor: draft.actor().clone(), at: draft.now(), latest });
    // Whoever agrees has looked at it now.
    if let (Some(_), Some(level)) = (request.triage.valid_until, request.level()) {
        request.triage.valid_until = Some(draft.now() + level.holds_for());
    }
    draft.put_request(request);
    draft.event(EventKind::RequestAgreed, of_request(id), Some(reason));
    Ok(Answer::Done)
}

/// A régulateur says what they find of a level, whatever became of the request. Nobody reviews a level of their own.
pub(super) fn review(
    draft: &mut Draft<'_>,
    id: RequestId,
    verdict: ReviewVerdict,
    reason: Option<&str>,
) -> Result<Answer, Refusal> {
    let mut request = super::request(draft.records, id)?.clone();
    if draft.actor().role != Role::Regulator || request.level_by.as_ref() == Some(draft.actor()) {
        return Err(Refusal::Forbidden);
    }
    if request.erased_at.is_some() {
        return Err(Refusal::Erased);
    }
    if request.level().is_none() {
        return Err(Refusal::NotQualified);
    }
    request.review = Some(Review { actor: draft.actor().clone(), at: draft.now(), verdict });
    draft.put_request(request);
    draft.event(EventKind::RequestReviewed, of_request(id), reason);
    Ok(Answer::Done)
}

/// Somebody of the regulation read a request.
pub(super) fn note_read(draft: &mut Draft<'_>, id: RequestId) -> Result<Answer, Refusal> {
    super::request(draft.records, id)?;
    draft.event(EventKind::RequestRead, of_request(id), None);
    Ok(Answer::Done)
}

pub(super) fn note_offers(draft: &mut Draft<'_>, id: RequestId, offered: &[SlotId]) -> Result<Answer, Refusal> {
    super::request(draft.records, id)?;
    draft.offered(of_request(id), offered.to_vec());
    Ok(Answer::Done)
}

pub(super) fn of_request(id: RequestId) -> Concerns {
    Concerns { request: Some(id), ..Concerns::default() }
}
