//! Requests: entered, listed, read, and what happens to them but for the place held (see [`super::places`]).

use std::collections::BTreeSet;
use std::time::Duration;

use super::extract::{At, Body, Query, RequestAt};
use super::fields::{Fields, instant, parsed};
use super::intake::{read_answers, read_flags, read_request};
use super::paging::{Page, cursor};
use super::places::read_identity;
use super::problem::{Problem, Slug};
use super::rights::{Intake, Regulation, RegulatorOnly, RequestParty, Rights};
use super::wire::request::RequestList;
use super::{Reply, created, shown};
use crate::booking::promises::NOTICE_MINUTES;
use crate::booking::{Call, Case, PromiseOrder, RequestOrder};
use crate::domain::{Channel, Level, RequestState};
use crate::views::{BoardCursor, BoardQuery};

/// Largest budget a caller may give the optimiser, milliseconds.
const BUDGET_MAX_MS: i64 = 2_000;

/// States of the board when the caller names none: whoever still waits for a place. With them come those who have one and do
/// not know the hour.
const WAITING: &[RequestState] =
    &[RequestState::Incomplete, RequestState::Open, RequestState::Promised, RequestState::Held];

/// `POST T/requests`.
pub(super) async fn create(at: At<Intake>, body: Body) -> Reply {
    let today = at.booking.territory.zone.day(at.now);
    let order = body.read(|f| read_request(f, &at.booking, today))?;
    if !at.caller.is_regulation() {
        only_what_a_patient_may_say(&at, &order)?;
    }
    let (case, offers) = at.booking.create_request(&body.call(&at.caller), order).await.map_err(|f| at.failed(f))?;
    let mut answer = at.showing().request(&case, Some(&offers));
    // From the widget, whoever else this browser may be signed in as: the patient follows it with a bearer of their own.
    if case.request.channel == Channel::Widget {
        let territory = &at.booking.territory.id;
        let bearer = at.state.identity.bearer_of_request(territory, case.request.id);
        answer.status_link = Some(format!("/widget/{territory}/suivi/{bearer}"));
        answer.access_token = Some(bearer);
    }
    created(&answer)
}

/// A patient enters a request from the widget, and decides no level.
fn only_what_a_patient_may_say(at: &At<Intake>, order: &RequestOrder) -> Result<(), Problem> {
    if order.channel != Channel::Widget {
        let detail = "Sans jeton, une demande ne vient que du canal « widget ».";
        let slug = if at.caller.is_anonymous() { Slug::Unauthorized } else { Slug::Forbidden };
        return Err(Problem::new(slug, detail).at_field("/channel", detail));
    }
    for (given, pointer) in
        [(order.level.is_some(), "/level"), (order.regulation_reference.is_some(), "/regulation_reference")]
    {
        if given {
            let detail = "Seule la régulation médicale renseigne ce champ : retirez-le.";
            return Err(Problem::new(Slug::Forbidden, detail).at_field(pointer, detail));
        }
    }
    Ok(())
}

/// `GET T/requests`: the board.
pub(super) async fn list(at: At<Regulation>, query: Query) -> Reply {
    let asked = query.read(|fields| {
        let page = Page::read(fields);
        let after = page.place(fields, |text| text.parse::<BoardCursor>().ok());
        let states = fields.optional("state", |item| item.list(1..=RequestState::ALL.len(), parsed));
        let untold = states.is_none();
        let states = states.map_or_else(|| WAITING.iter().copied().collect(), BTreeSet::from_iter);
        Some(BoardQuery { states, untold, limit: page.limit, after })
    })?;
    let page = at.booking.view.read(|state| state.board.list(&asked, at.now));
    let showing = at.showing();
    let items = page.items.iter().map(|case| showing.request_of(&case.request, case.facts.as_deref()));
    shown(&RequestList {
        items: items.collect(),
        next_cursor: page.next.map(|place| cursor(&place.to_string())),
        as_of: showing.instant(at.now),
    })
}

/// `GET T/requests/{id}`.
pub(super) async fn one(at: RequestAt<RequestParty>) -> Reply {
    let case = at.booking.case(at.id).await.map_err(|f| at.failed(f))?;
    if at.caller.is_regulation() {
        at.booking.note_read(&Call { actor: at.caller.actor().clone(), key: None, fingerprint: [0; 16] }, at.id).await;
    }
    let offers = at.booking.look_for_offers(at.id, None).await.map_err(|f| at.failed(f))?;
    let mut answer = at.showing().request(&case, Some(&offers));
    let mut history = at.showing().history(at.id);
    for entry in &mut history {
        // What somebody of the regulation wrote is for the regulation.
        entry.reason = match entry.reason.take() {
            Some(reason) if at.caller.is_regulation() => Some(at.booking.written_reason(at.id, reason).await),
            _ => None,
        };
    }
    at.showing().evaluated_then(&mut history, &at.booking.evaluations(&case.request).await);
    answer.history = Some(history);
    shown(&answer)
}

/// `POST T/requests/{id}/offers`.
pub(super) async fn offers(at: RequestAt<RequestParty>, body: Body) -> Reply {
    let budget = body.read(read_budget)?;
    let offers = at.booking.offers(&body.call(&at.caller), at.id, budget).await.map_err(|f| at.failed(f))?;
    shown(&at.showing().offers(&offers))
}

pub(super) fn read_budget(fields: &mut Fields<'_, '_>) -> Option<Option<Duration>> {
    let budget = fields.optional("budget_ms", |item| item.integer::<u64>(1..=BUDGET_MAX_MS));
    Some(budget.map(Duration::from_millis))
}

/// `POST T/requests/{id}/level`.
pub(super) async fn level(at: RequestAt<Regulation>, body: Body) -> Reply {
    let (level, reason) = body.read(read_level)?;
    let case = at.booking.set_level(&body.call(&at.caller), at.id, level, reason).await;
    as_it_is_now(&at, case.map_err(|f| at.failed(f))?).await
}

pub(super) fn read_level(fields: &mut Fields<'_, '_>) -> Option<(Level, String)> {
    let level = fields.required("level", parsed);
    let reason = fields.required("reason", |item| item.text(1..=500));
    Some((level?, reason?))
}

/// `POST T/requests/{id}/agreement`.
pub(super) async fn agreement(at: RequestAt<RegulatorOnly>, body: Body) -> Reply {
    let (reason, latest) = body.read(|fields| {
        let reason = fields.required("reason", |item| item.text(1..=500));
        let latest = fields.optional("latest", instant);
        Some((reason?, latest))
    })?;
    if latest.is_some_and(|latest| latest <= at.now) {
        return Err(Problem::of_field("/latest", "Ce délai est déjà passé : donnez un instant à venir."));
    }
    let case = at.booking.agree(&body.call(&at.caller), at.id, reason, latest).await;
    as_it_is_now(&at, case.map_err(|f| at.failed(f))?).await
}

/// `POST T/requests/{id}/review`.
pub(super) async fn review(at: RequestAt<RegulatorOnly>, body: Body) -> Reply {
    let (verdict, reason) = body.read(|fields| {
        let verdict = fields.required("verdict", parsed);
        let reason = fields.optional("reason", |item| item.text(1..=500));
        Some((verdict?, reason))
    })?;
    let case = at.booking.review(&body.call(&at.caller), at.id, verdict, reason).await;
    as_it_is_now(&at, case.map_err(|f| at.failed(f))?).await
}

/// `GET T/regulation/queue`: what waits for a médecin régulateur.
pub(super) async fn queue(at: At<Regulation>) -> Reply {
    shown(&at.showing().queue(&at.booking.regulation_queue()))
}

/// `POST T/requests/{id}/answers`.
pub(super) async fn answers(at: RequestAt<RequestParty>, body: Body) -> Reply {
    let (answers, flags) = body.read(|fields| {
        let answers = fields.required("answers", |item| read_answers(item, &|name| at.booking.pack.has_block_of(name)));
        let flags = fields.optional("flags", |item| read_flags(item, &|name| at.booking.knows_flag(name)));
        Some((answers?, flags.unwrap_or_default()))
    })?;
    let case = at.booking.add_answers(&body.call(&at.caller), at.id, answers, flags).await;
    as_it_is_now(&at, case.map_err(|f| at.failed(f))?).await
}

/// `POST T/requests/{id}/promise`.
pub(super) async fn promise(at: RequestAt<RequestParty>, body: Body) -> Reply {
    let order = body.read(|fields| {
        let notice = fields.optional("notice_minutes", |item| item.integer::<u16>(0..=2_880));
        let patient = fields.optional("patient", |item| item.object(read_identity));
        Some(PromiseOrder { notice_minutes: notice.unwrap_or(NOTICE_MINUTES), patient })
    })?;
    let case = at.booking.promise(&body.call(&at.caller), at.id, order).await;
    as_it_is_now(&at, case.map_err(|f| at.failed(f))?).await
}

/// `POST T/requests/{id}/told`: the patient was told the hour the service found.
pub(super) async fn told(at: RequestAt<Regulation>, body: Body) -> Reply {
    body.read(|_| Some(()))?;
    let case = at.booking.note_told(&body.call(&at.caller), at.id).await;
    as_it_is_now(&at, case.map_err(|f| at.failed(f))?).await
}

/// `POST T/requests/{id}/cancel`.
pub(super) async fn cancel(at: RequestAt<RequestParty>, body: Body) -> Reply {
    let reason = body.read(|f| f.required("reason", |item| item.text(1..=500)))?;
    let case = at.booking.cancel(&body.call(&at.caller), at.id, reason).await;
    as_it_is_now(&at, case.map_err(|f| at.failed(f))?).await
}

/// `POST T/requests/{id}/handover`.
pub(super) async fn handover(at: RequestAt<Regulation>, body: Body) -> Reply {
    body.read(|f| {
        f.required("to", |item| match item.str()? {
            "15" => Some(()),
            _ => item.fault("Seule valeur possible : « 15 »."),
        })
    })?;
    let case = at.booking.hand_over_to_15(&body.call(&at.caller), at.id).await;
    as_it_is_now(&at, case.map_err(|f| at.failed(f))?).await
}

/// The request after something happened to it, with what can be offered now.
async fn as_it_is_now<R: Rights>(at: &RequestAt<R>, case: Case) -> Reply {
    let offers = at.booking.look_for_offers(at.id, None).await.map_err(|f| at.failed(f))?;
    shown(&at.showing().request(&case, Some(&offers)))
}
