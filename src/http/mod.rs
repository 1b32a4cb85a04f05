//! The HTTP edge: JSON API, live updates, health. It translates and checks who may call; no rule lives here and no store is
//! reached: handlers call [`crate::booking`] and read [`crate::views`].
//!
//! Start reading at [`routes`]; a handler's rights stand in its signature ([`extract::At`]), every error is a row of
//! [`problem`]'s table, every body is read by [`fields`]. Adding a route: a function in its file, a line in [`routes`], an
//! entry in [`openapi`].

mod appointments;
mod attachment;
mod audit;
mod call_id;
mod events;
pub mod extract;
pub mod fields;
pub mod front;
mod health;
mod intake;
pub mod openapi;
mod pages;
mod paging;
mod places;
mod practitioners;
pub mod problem;
mod problem_pages;
mod requests;
pub mod rights;
mod routes;
mod scarcity;
mod server;
mod sign_in;
mod slots;
pub mod state;
mod telemetry;
pub mod throttle;
mod triage;
pub mod wire;
pub mod wording;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;

pub use front::Front;
pub use problem::Problem;
pub use routes::configure;
pub use server::{app, serve};
pub use state::{AppState, Limits, Parts, Warning};

/// What a handler answers.
pub type Reply = Result<HttpResponse, Problem>;

/// 200 with a document.
fn shown(document: &impl Serialize) -> Reply {
    json(StatusCode::OK, document)
}

/// 201 with a document.
fn created(document: &impl Serialize) -> Reply {
    json(StatusCode::CREATED, document)
}

fn json(status: StatusCode, document: &impl Serialize) -> Reply {
    let text = serde_json::to_string(document).map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text))
}
