//! What handlers take: [`At`] (a territory, and a caller with the right to be there), [`RequestAt`] and [`PathId`] (what the
//! path names), [`Body`] and [`Query`] (what was sent). Each answers with a [`Problem`] of its own; a handler that runs has
//! nothing left to check but what it reads from the body.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest, web};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value, json};

use super::fields::{self, Fields};
use super::problem::{Problem, Slug};
use super::rights::Rights;
use super::state::AppState;
use super::wire::Showing;
use super::wire::request::OffersShown;
use super::wording::Worded;
use crate::booking::{Booking, Call, Failure};
use crate::domain::{RequestId, Role, TerritoryId};
use crate::identity::Caller;

/// A territory, and a caller who has the rights `R` in it.
pub struct At<R> {
    /// Who calls.
    pub caller: Caller,
    /// The territory's use-cases and read model.
    pub booking: Arc<Booking>,
    /// The service.
    pub state: Arc<AppState>,
    /// The instant of the call.
    pub now: DateTime<Utc>,
    rights: PhantomData<R>,
}

impl<R: Rights> FromRequest for At<R> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(enter::<R>(request))
    }
}

impl<R> At<R> {
    /// Shows things as they are now to this caller.
    pub fn showing(&self) -> Showing<'_> {
        Showing::new(&self.booking, self.now, self.caller.role())
    }

    /// The problem of a failed use-case; a lost place comes with what else there is.
    pub fn failed(&self, failure: Failure) -> Problem {
        match failure {
            Failure::Refused { refusal, offers } => {
                let problem = Problem::of_refusal(&refusal);
                tracing::info!(territory = %self.booking.territory.id, problem = %problem, "refused: {problem}");
                match offers {
                    Some(found) => {
                        let OffersShown { offers, search, .. } = self.showing().offers(&found);
                        problem.with("offers", json!(offers)).with("search", json!(search))
                    }
                    None => problem,
                }
            }
            Failure::Store(error) => Problem::of_store(&error),
            Failure::Unreadable => Problem::new(
                Slug::StoreUnavailable,
                "Les données de cette demande sont illisibles pour l'instant : réessayez dans un instant.",
            ),
            Failure::Contention => Problem::new(Slug::Busy, Slug::Busy.advice()),
            fault @ (Failure::Sealed(_) | Failure::Words(_) | Failure::Solver) => Problem::internal(&fault),
        }
    }
}

/// The service behind a request.
pub fn state_of(request: &HttpRequest) -> Result<Arc<AppState>, Problem> {
    let state = request.app_data::<web::Data<AppState>>();
    state.map(|state| Arc::clone(state)).ok_or_else(|| Problem::new(Slug::Internal, Slug::Internal.advice()))
}

fn enter<R: Rights>(request: &HttpRequest) -> Result<At<R>, Problem> {
    let state = state_of(request)?;
    let unknown_place = || Problem::not_found("Ce territoire");
    let place = request.match_info().get("territory").and_then(|name| name.parse::<TerritoryId>().ok());
    let booking = place.and_then(|id| state.territories.get(&id)).cloned();
    let Some(booking) = booking else {
        // Whoever says nothing of themselves learns nothing of which territories there are.
        let silent = request.headers().get(header::AUTHORIZATION).is_none();
        return Err(if silent && !R::ANONYMOUS {
            unauthorized("Ce service demande un jeton.")
        } else {
            unknown_place()
        });
    };
    let now = booking.now();
    let peer = state.front.peer(request);
    let callers = match callers(request, &state, &booking, now) {
        Ok(callers) => callers,
        Err(problem) => {
            state.throttle.note_stranger(peer)?;
            return Err(problem);
        }
    };
    let inside: Vec<_> = callers.into_iter().filter(|caller| caller.may_enter(&booking.territory.id)).collect();
    let best = inside.iter().find(|caller| allowed::<R>(caller)).or(inside.first());
    let caller = best.ok_or_else(unknown_place)?.clone();
    state.throttle.admit(&caller, peer)?;
    if caller.is_anonymous() && !R::ANONYMOUS {
        return Err(unauthorized("Cette adresse demande un jeton, ou une page ouverte depuis peu."));
    }
    if !allowed::<R>(&caller) {
        return Err(Problem::new(Slug::Forbidden, Slug::Forbidden.advice()));
    }
    Ok(At { caller, booking, state, now, rights: PhantomData })
}

fn allowed<R: Rights>(caller: &Caller) -> bool {
    if caller.is_anonymous() { R::ANONYMOUS } else { R::ROLES.contains(&caller.role()) }
}

/// Everybody these headers name: one by a bearer, several by cookies (a browser may have several pages open), or nobody known.
fn callers(
    request: &HttpRequest,
    state: &AppState,
    booking: &Booking,
    now: DateTime<Utc>,
) -> Result<Vec<Caller>, Problem> {
    let headers = request.headers();
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let listed = |rpps| booking.view.read(|state| state.directory.get(rpps).is_some());
        let caller = value
            .to_str()
            .ok()
            .and_then(|value| state.identity.by_authorization(value, &booking.territory.id, now, listed).ok())
            .ok_or_else(|| unauthorized("Ce jeton n'est pas connu ici."))?;
        return Ok(vec![caller]);
    }
    if let Some(value) = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()) {
        // A session that is over names nobody: who needs none still gets in, the others are asked for a token.
        let callers = state.identity.by_cookie(value, now).unwrap_or_default();
        if !callers.is_empty() {
            let changes = !request.method().is_safe();
            if changes && !state.front.same_origin(headers) {
                let why = "Cet appel vient d'un autre site : une session de page ne suffit pas, donnez un jeton.";
                return Err(Problem::new(Slug::Forbidden, why));
            }
            return Ok(callers);
        }
    }
    Ok(vec![Caller::anonymous()])
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(Slug::Unauthorized, format!("{detail} {}", Slug::Unauthorized.advice()))
}

/// An identifier in the path, as its type parses it; another text is nothing that exists.
pub struct PathId<T>(pub T);

impl<T: Worded + 'static> FromRequest for PathId<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(path_id(request).map(Self))
    }
}

fn path_id<T: Worded>(request: &HttpRequest) -> Result<T, Problem> {
    let text = request.match_info().get("id").unwrap_or_default();
    text.parse().map_err(|_| Problem::not_found("Cet identifiant"))
}

/// A request named in the path, for a caller who may act on it: a patient only reaches their own.
pub struct RequestAt<R> {
    at: At<R>,
    /// The request.
    pub id: RequestId,
}

impl<R> Deref for RequestAt<R> {
    type Target = At<R>;
    fn deref(&self) -> &At<R> {
        &self.at
    }
}

impl<R: Rights> FromRequest for RequestAt<R> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(enter::<R>(request).and_then(|at| {
            let id = path_id(request)?;
            // A patient's link opens one request, a household's none.
            if at.caller.role() == Role::Patient && at.caller.request() != Some(id) {
                return Err(Problem::not_found("Cette demande"));
            }
            Ok(Self { at, id })
        }))
    }
}

/// The JSON that was sent, the key it was sent under and the call's fingerprint.
#[derive(Debug)]
pub struct Body {
    document: Value,
    key: Option<String>,
    fingerprint: [u8; 16],
}

/// How much more than the limit is read and thrown away, so that the caller reads the refusal rather than a broken line.
const DRAINED: usize = 16 * 1024 * 1024;

impl FromRequest for Body {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let state = state_of(&request)?;
            let limit = state.limits.body_bytes;
            let mut bytes = Vec::new();
            let mut length = 0;
            while let Some(part) = payload.next().await {
                let part = part.map_err(|_| Problem::of_field("", "Le contenu n'est pas arrivé entier."))?;
                length += part.len();
                if length <= limit {
                    bytes.extend_from_slice(&part);
                } else if length > DRAINED {
                    break;
                }
            }
            if length > limit {
                let detail = format!("Le contenu dépasse {limit} octets. {}", Slug::BodyTooLarge.advice());
                return Err(Problem::new(Slug::BodyTooLarge, detail).with("limit_bytes", limit.into()));
            }
            let key = idempotency_key(request.headers())?;
            let fingerprint =
                state.fingerprinter.fingerprint(request.method().as_str(), request.uri().path(), bytes.as_slice());
            Ok(Self { document: document(request.headers(), &bytes)?, key, fingerprint })
        })
    }
}

impl Body {
    /// Reads the body.
    ///
    /// # Errors
    /// `invalid-request` with every fault found.
    pub fn read<T>(&self, reader: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>) -> Result<T, Problem> {
        fields::read(&self.document, reader).map_err(Problem::of_fields)
    }

    /// The call of a use-case by this caller.
    pub fn call(&self, caller: &Caller) -> Call {
        Call { actor: caller.actor().clone(), key: self.key.clone(), fingerprint: self.fingerprint }
    }
}

fn document(headers: &HeaderMap, bytes: &[u8]) -> Result<Value, Problem> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind != "application/json" && !(kind.starts_with("application/") && kind.ends_with("+json")) {
            return Err(Problem::new(Slug::UnsupportedMediaType, Slug::UnsupportedMediaType.advice()));
        }
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("ligne {}, colonne {}", error.line(), error.column());
        let detail = match error.classify() {
            serde_json::error::Category::Eof => format!("Ce JSON s'arrête avant la fin ({place})."),
            _ => format!("Ce contenu n'est pas du JSON valide ({place}) : corrigez-le à cet endroit."),
        };
        Problem::of_field("", detail)
    })
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all("idempotency-key");
    let Some(first) = given.next() else { return Ok(None) };
    let key = first.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    match (key, given.next()) {
        (Some(key), None) if key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(key.to_owned())),
        _ => Err(Problem::new(
            Slug::InvalidRequest,
            "L'en-tête Idempotency-Key est donné une seule fois : de 1 à 255 caractères visibles, sans espace ni accent.",
        )),
    }
}

/// The query string.
pub struct Query(Vec<(String, String)>);

impl FromRequest for Query {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
        ready(match pairs {
            Ok(pairs) => Ok(Self(pairs.into_inner())),
            Err(_) => Err(Problem::of_field("", "Les paramètres de l'adresse ne sont pas lisibles.")),
        })
    }
}

impl Query {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `invalid-request` with every fault found, unknown parameters included.
    pub fn read<T>(self, reader: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>) -> Result<T, Problem> {
        fields::read_query(self.0, reader).map_err(Problem::of_fields)
    }
}
