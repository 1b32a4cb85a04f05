//! Pages for people, as [`crate::web`] renders them: the entrance, the operator's console, their assets, and the page of an
//! address that does not exist; [`sign_in`] has the pages in between. Here is only who may open which, and the headers.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web as route};
use chrono::{DateTime, Utc};
use maud::Markup;

use super::Reply;
use super::extract::state_of;
use super::problem::Problem;
use super::routes;
use super::sign_in;
use super::state::AppState;
use crate::booking::{Booking, Standing};
use crate::domain::{Role, TerritoryId};
use crate::identity::Caller;
use crate::web::console::{self, Complaint, Console};
use crate::web::fault::{self, Fault};
use crate::web::home::{self, Home};
use crate::web::{Notice, assets};

/// Opens the console of the demo as its médecin régulateur.
const AS_REGULATOR: &str = "role=regulator";

/// Adds the pages' routes.
pub(super) fn configure(config: &mut route::ServiceConfig) {
    config
        .service(route::resource("/").route(route::get().to(entrance)))
        .service(route::resource("/console/{territory}").route(route::get().to(operator_console)))
        .service(
            route::resource("/sign-in").route(route::get().to(sign_in::form)).route(route::post().to(sign_in::enter)),
        )
        .service(route::resource("/sign-out").route(route::post().to(sign_in::leave)))
        .service(route::resource("/assets/{name}").route(route::get().to(asset)));
}

/// `GET /`.
async fn entrance(request: HttpRequest) -> Reply {
    let state = state_of(&request)?;
    let first = state.territories.values().next();
    let practitioner = first.and_then(|booking| booking.view.read(|view| view.directory.all().next().map(|p| p.rpps)));
    let home = Home {
        territories: state.territories.values().map(|booking| booking.territory.as_ref()).collect(),
        demo: state.identity.is_demo(),
        practitioner,
        notices: &notices(&state),
    };
    Ok(shown(StatusCode::OK, home::page(&home)))
}

/// `GET /console/{territory}`. In the demo it opens signed in; elsewhere whoever has no session of the regulation is asked
/// for their access key first.
async fn operator_console(request: HttpRequest) -> Reply {
    let state = state_of(&request)?;
    let demo = state.identity.is_demo();
    let place = request.match_info().get("territory").and_then(|name| name.parse::<TerritoryId>().ok());
    let Some(booking) = place.and_then(|id| state.territories.get(&id)) else {
        return Ok(shown(StatusCode::NOT_FOUND, fault::page(Fault::NotFound, demo)));
    };
    let territory = &booking.territory;
    let now = booking.now();
    // In the demo whoever is asked for comes in; elsewhere the address changes nothing.
    let asked_for = if request.query_string() == AS_REGULATOR { Role::Regulator } else { Role::Operator };
    let invented = state.identity.demo_person(asked_for, None).filter(|_| request.query_string() == AS_REGULATOR);
    let known = invented.or_else(|| regulation_at(&request, &state, booking));
    let Some(caller) = known.or_else(|| state.identity.demo_person(Role::Operator, None)) else {
        return sign_in::see_other(&sign_in::address(&territory.id), &[]);
    };
    let complaints = booking.pack.complaints.iter();
    let complaints =
        complaints.map(|known| Complaint { id: known.id.as_str(), label: &known.label, synonyms: &known.synonyms });
    let console = Console {
        territory,
        complaints: complaints.collect(),
        person: (!demo).then(|| caller.account().unwrap_or(&caller.actor().id)),
        demo,
        now,
        triage: booking.triage_standing(now) == Standing::InUse,
        regulator: caller.actor().role == Role::Regulator,
        notices: &notices_of(booking, now),
        hold: booking.policy.hold,
    };
    let mut answer = shown(StatusCode::OK, console::page(&console));
    if demo {
        let cookie = state.identity.sign_in(&caller, &territory.id, now, state.front.tls);
        let cookie = HeaderValue::from_str(&cookie).map_err(|error| Problem::internal(&error))?;
        answer.headers_mut().append(header::SET_COOKIE, cookie);
        // One person at the desk: what the page does is done by whom it names.
        let other = if caller.role() == Role::Regulator { Role::Operator } else { Role::Regulator };
        let left = HeaderValue::from_str(&state.identity.sign_out(other)).map_err(|error| Problem::internal(&error))?;
        answer.headers_mut().append(header::SET_COOKIE, left);
    }
    Ok(answer)
}

/// What every page says of triage: one pack serves all territories.
pub(super) fn notices(state: &AppState) -> Vec<Notice> {
    state.territories.values().next().map(|booking| notices_of(booking, booking.now())).unwrap_or_default()
}

fn notices_of(booking: &Booking, now: DateTime<Utc>) -> Vec<Notice> {
    let standing = match booking.triage_standing(now) {
        Standing::Off => return Vec::new(),
        Standing::InUse => None,
        Standing::NotYet => Some(Notice::NotYet),
        Standing::Expired => Some(Notice::Expired),
    };
    let unsigned = (!booking.pack.is_signed()).then_some(Notice::Unsigned);
    let known = booking.policy.switched_off.iter().filter_map(|id| booking.pack.complaint(id));
    let off: Vec<String> = known.map(|complaint| complaint.label.clone()).collect();
    let off = (!off.is_empty()).then_some(Notice::SwitchedOff(off));
    [standing, unsigned, off].into_iter().flatten().collect()
}

/// The operator or régulateur this browser is signed in as, here.
fn regulation_at(request: &HttpRequest, state: &AppState, booking: &Booking) -> Option<Caller> {
    let cookie = request.headers().get(header::COOKIE)?.to_str().ok()?;
    let callers = state.identity.by_cookie(cookie, booking.now()).ok()?;
    callers.into_iter().find(|caller| caller.is_regulation() && caller.may_enter(&booking.territory.id))
}

/// `GET /assets/{name}`: asked for again each time, answered "unchanged" by its tag.
async fn asset(request: HttpRequest, name: route::Path<String>) -> Reply {
    let Some(asset) = assets::find(&name) else { return nowhere_at_all() };
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let unchanged =
        known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == asset.etag));
    let status = if unchanged { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header((header::ETAG, asset.etag))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_TYPE, asset.media_type));
    Ok(if unchanged { answer.finish() } else { answer.body(asset.bytes.into_owned()) })
}

/// Whatever has no route: a problem for software, a page for people.
pub(super) async fn nowhere(request: HttpRequest) -> Reply {
    if request.path().starts_with("/api/") { routes::nowhere().await } else { nowhere_at_all() }
}

/// The page of an address that does not exist.
pub(super) fn nowhere_at_all() -> Reply {
    Ok(shown(StatusCode::NOT_FOUND, fault::page(Fault::NotFound, false)))
}

/// A page, never kept by a browser: it says who is signed in and what time it is.
pub(super) fn shown(status: StatusCode, page: Markup) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(page.into_string())
}
