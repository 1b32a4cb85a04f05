//! `/sign-in` and `/sign-out`: a browser shows an access key once and gets a session for it, or gives its sessions back. Both
//! change something, so both are heard from our own pages only; whoever tries keys is counted as a stranger.

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{StatusCode, Uri};
use actix_web::{HttpRequest, HttpResponse, web as route};
use serde::Deserialize;

use super::Reply;
use super::extract::state_of;
use super::pages::{notices, shown};
use super::problem::{Problem, Slug};
use super::state::AppState;
use crate::domain::{Role, TerritoryId};
use crate::identity::Caller;
use crate::identity::key_ring::KEY_ROLES;
use crate::web::sign_in::{self, KeyRefused, SignIn};

/// What a browser sends.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    /// The console to open; a territory's name and never an address, so that nobody is sent elsewhere.
    console: Option<String>,
    /// The access key.
    #[serde(default)]
    key: String,
}

impl Asked {
    fn console(&self, state: &AppState) -> Option<TerritoryId> {
        let id = self.console.as_ref()?.parse().ok()?;
        state.territories.contains_key(&id).then_some(id)
    }
}

/// Where a page that needs a session sends those who have none.
pub(super) fn address(console: &TerritoryId) -> String {
    format!("/sign-in?console={console}")
}

/// `GET /sign-in`.
pub(super) async fn form(request: HttpRequest) -> Reply {
    let state = state_of(&request)?;
    let asked = route::Query::<Asked>::from_query(request.query_string()).map(route::Query::into_inner);
    let console = asked.unwrap_or_default().console(&state);
    let notices = notices(&state);
    Ok(shown(StatusCode::OK, sign_in::page(SignIn { console: console.as_ref(), refused: None, notices: &notices })))
}

/// `POST /sign-in`.
pub(super) async fn enter(request: HttpRequest, form: Result<route::Form<Asked>, actix_web::Error>) -> Reply {
    let state = state_of(&request)?;
    refuse_other_sites(&request, &state)?;
    let asked = form.map(route::Form::into_inner).unwrap_or_default();
    let console = asked.console(&state);
    let notices = notices(&state);
    let page = |status, refused| {
        let sign_in = SignIn { console: console.as_ref(), refused: Some(refused), notices: &notices };
        shown(status, sign_in::page(sign_in))
    };
    // Before the key is looked at: whoever guesses learns no faster than this.
    if let Err(problem) = state.throttle.note_stranger(state.front.peer(&request)) {
        let seconds = problem.seconds_to_wait().unwrap_or(1);
        let mut answer = page(StatusCode::TOO_MANY_REQUESTS, KeyRefused::TooMany(seconds));
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(answer);
    }
    let key = asked.key.trim();
    if key.is_empty() {
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, KeyRefused::Missing));
    }
    let Some(booking) = console.as_ref().and_then(|id| state.territories.get(id)).or(state.territories.values().next())
    else {
        return Ok(page(StatusCode::FORBIDDEN, KeyRefused::Elsewhere));
    };
    let now = booking.now();
    let Some(caller) = state.identity.by_token(key, now) else {
        tracing::info!("sign-in refused: no valid access key");
        return Ok(page(StatusCode::FORBIDDEN, KeyRefused::Unknown));
    };
    if console.as_ref().is_some_and(|asked| !caller.may_enter(asked)) {
        return Ok(page(StatusCode::FORBIDDEN, KeyRefused::Elsewhere));
    }
    if !caller.is_regulation() {
        return Ok(page(StatusCode::FORBIDDEN, KeyRefused::NoPage));
    }
    let cookie = state.identity.sign_in(&caller, &booking.territory.id, now, state.front.tls);
    tracing::info!(account = caller.account(), role = %caller.role(), "signed in");
    let to = console.as_ref().map_or_else(|| first_page(&caller, &state), |id| format!("/console/{id}"));
    // One person of the regulation at a desk: what the page does is done by whom it names.
    let other = if caller.role() == Role::Regulator { Role::Operator } else { Role::Regulator };
    see_other(&to, &[cookie, state.identity.sign_out(other)])
}

/// `POST /sign-out`: every role this browser is signed in as.
pub(super) async fn leave(request: HttpRequest) -> Reply {
    let state = state_of(&request)?;
    refuse_other_sites(&request, &state)?;
    let cookies: Vec<_> = KEY_ROLES.iter().map(|role| state.identity.sign_out(*role)).collect();
    see_other("/", &cookies)
}

/// The console of somebody who has one, else the list of them.
fn first_page(caller: &Caller, state: &AppState) -> String {
    let mut consoles = state.territories.keys().filter(|id| caller.may_enter(id));
    match (consoles.next(), consoles.next()) {
        (Some(only), None) => format!("/console/{only}"),
        _ => "/".to_owned(),
    }
}

fn refuse_other_sites(request: &HttpRequest, state: &AppState) -> Result<(), Problem> {
    if state.front.same_origin(request.headers()) {
        return Ok(());
    }
    Err(Problem::new(Slug::Forbidden, "Cet envoi ne vient pas d'une page de ce service : ouvrez-la, puis recommencez."))
}

/// Sends a browser to one of our own pages.
pub(super) fn see_other(to: &str, cookies: &[String]) -> Reply {
    debug_assert!(to.parse::<Uri>().is_ok_and(|uri| uri.authority().is_none()), "{to} is an address elsewhere");
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((header::LOCATION, to)).insert_header((header::CACHE_CONTROL, "no-store"));
    for cookie in cookies {
        answer.append_header((header::SET_COOKIE, cookie.as_str()));
    }
    Ok(answer.finish())
}
