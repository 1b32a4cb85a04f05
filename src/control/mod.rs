//! The command of a running service, for those who run it: HTTP over a socket file in the data folder, which only the
//! service's own user (and root) can open. What must not wait for a restart and has no place on the public API goes here.
//!
//! Adding a command: a file beside [`status`] with the types that go over the socket, the function that does it on the
//! running service, and the one that asks for it; a line in [`routes`]; a subcommand in `cli`. Look at [`status`].

mod client;
pub mod operations;
mod socket;
pub mod status;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::http::AppState;
use crate::operations::orders::Ground;
use crate::store::Store;

pub use client::Client;
pub use socket::{ControlSocket, Listening};

/// What commands act on.
#[derive(Debug)]
pub struct Running {
    /// The service as its HTTP edge has it: territories, identity, limits.
    pub state: Arc<AppState>,
    /// Where state lives.
    pub store: Arc<dyn Store>,
    /// When it started, by its own clock.
    pub started: DateTime<Utc>,
    /// What orders are carried out on.
    pub ground: Ground,
}

/// Every command.
fn routes(config: &mut web::ServiceConfig) {
    config.route(status::PATH, web::get().to(status::answer));
    config.route(operations::PATH, web::post().to(operations::answer));
}

/// What a command answers: its outcome, or why there is none.
type Reply = Result<HttpResponse, actix_web::Error>;

/// Why a command was not done, for the person at the terminal (French).
#[derive(Debug, Serialize, Deserialize)]
struct Refused {
    error: String,
}

/// The outcome of a command.
fn done(outcome: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(outcome)
}

async fn unknown() -> HttpResponse {
    let error = "cette version du service ne connaît pas cette commande : redémarrez-le avec celle du programme";
    HttpResponse::build(StatusCode::NOT_FOUND).json(Refused { error: error.to_owned() })
}
