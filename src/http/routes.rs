//! Every route of the service.

use actix_web::http::Method;
use actix_web::{HttpRequest, Resource, web};

use super::attachment::{households, open_places, proposals};
use super::problem::{Problem, Slug};
use super::{
    Reply, appointments, audit, events, health, openapi, pages, places, practitioners, problem_pages, requests,
    scarcity, slots, triage,
};

/// Base of everything that belongs to one territory.
pub(super) const TERRITORY_BASE: &str = "/api/v1/territories/{territory}";

/// Adds every route; the service's state is added by [`super::app`].
pub fn configure(config: &mut web::ServiceConfig) {
    // Routes are tried in this order: those that many may call at the same time come first.
    let territory = web::scope(TERRITORY_BASE)
        .service(at("/requests/{id}/hold").route(web::post().to(places::hold)))
        .service(at("/requests/{id}/confirm").route(web::post().to(places::confirm)))
        .service(at("/slots").route(web::get().to(slots::list)).route(web::post().to(slots::publish)))
        .service(at("/slots/{id}").route(web::get().to(slots::one)))
        .service(at("/slots/{id}/withdraw").route(web::post().to(slots::withdraw)))
        .service(at("/practitioners").route(web::get().to(practitioners::list)))
        .service(at("/practitioners/{id}").route(web::get().to(practitioners::one)))
        .service(at("/requests").route(web::get().to(requests::list)).route(web::post().to(requests::create)))
        .service(at("/requests/{id}").route(web::get().to(requests::one)))
        .service(at("/requests/{id}/offers").route(web::post().to(requests::offers)))
        .service(at("/requests/{id}/level").route(web::post().to(requests::level)))
        .service(at("/requests/{id}/promise").route(web::post().to(requests::promise)))
        .service(at("/requests/{id}/told").route(web::post().to(requests::told)))
        .service(at("/requests/{id}/agreement").route(web::post().to(requests::agreement)))
        .service(at("/requests/{id}/review").route(web::post().to(requests::review)))
        .service(at("/requests/{id}/answers").route(web::post().to(requests::answers)))
        .service(at("/requests/{id}/extend").route(web::post().to(places::extend)))
        .service(at("/requests/{id}/release").route(web::post().to(places::release)))
        .service(at("/requests/{id}/cancel").route(web::post().to(requests::cancel)))
        .service(at("/requests/{id}/handover").route(web::post().to(requests::handover)))
        .service(at("/appointments/{id}").route(web::get().to(appointments::one)))
        .service(at("/appointments/{id}/outcome").route(web::post().to(appointments::outcome)))
        .service(at("/regulation/queue").route(web::get().to(requests::queue)))
        .service(at("/scarcity").route(web::get().to(scarcity::list)))
        .service(at("/triage/protocol").route(web::get().to(triage::protocol)))
        .service(at("/triage/suggest").route(web::post().to(triage::suggest)))
        .service(at("/triage/assess").route(web::post().to(triage::assess)))
        .service(
            at("/mt/registrations").route(web::get().to(households::list)).route(web::post().to(households::create)),
        )
        .service(
            at("/mt/registrations/{id}")
                .route(web::get().to(households::one))
                .route(web::put().to(households::correct)),
        )
        .service(at("/mt/registrations/{id}/consent").route(web::post().to(households::consent)))
        .service(at("/mt/registrations/{id}/milestone").route(web::post().to(households::milestone)))
        .service(at("/mt/places/{id}").route(web::get().to(open_places::one)).route(web::put().to(open_places::put)))
        .service(at("/mt/proposals").route(web::get().to(proposals::list)))
        .service(at("/mt/proposals/{id}/accept").route(web::post().to(proposals::accept)))
        .service(at("/mt/proposals/{id}/decline").route(web::post().to(proposals::decline)))
        .service(at("/mt/proposals/{id}/patient-answer").route(web::post().to(proposals::patient_answer)))
        .service(at("/audit").route(web::get().to(audit::list)))
        .service(at("/events").route(web::get().to(events::follow)))
        .default_service(web::to(nowhere));
    config
        .service(territory)
        .service(at("/api/openapi.json").route(web::get().to(openapi::document)))
        .service(at("/problems/{slug}").route(web::get().to(problem_pages::one)))
        .service(at("/health/live").route(web::get().to(health::live)))
        .service(at("/health/ready").route(web::get().to(health::ready)))
        .service(at("/metrics").route(web::get().to(health::metrics)))
        .configure(pages::configure)
        .default_service(web::to(pages::nowhere));
}

/// A resource that answers a method it has not with a problem, and says which it has in the document of the API.
fn at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(other_method))
}

async fn other_method(request: HttpRequest) -> Reply {
    let detail = match *request.method() {
        Method::OPTIONS | Method::HEAD => "Seules les méthodes de /api/openapi.json sont servies ici.".to_owned(),
        _ => format!("{} n'est pas servi à cette adresse : voyez /api/openapi.json.", request.method()),
    };
    Err(Problem::new(Slug::MethodNotAllowed, detail))
}

pub(super) async fn nowhere() -> Reply {
    Err(Problem::new(Slug::NotFound, "Cette adresse n'existe pas : voyez /api/openapi.json."))
}
