//! Orders of whoever runs the service: backups, receipts, a person's data, the audit. Only the service can read its own store
//! while it runs.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::{Client, Refused, Reply, Running, done};
use crate::operations::orders::{Order, Outcome};

pub(super) const PATH: &str = "/operations";

/// Reading back a backup or a long audit may take a while; whoever asked waits.
pub(super) async fn answer(running: web::Data<Running>, order: web::Json<Order>) -> Reply {
    match running.ground.carry_out(order.into_inner()).await {
        Ok(outcome) => Ok(done(&outcome)),
        Err(error) => Ok(HttpResponse::build(StatusCode::CONFLICT).json(Refused { error: error.to_string() })),
    }
}

/// Has the service carry an order out.
///
/// # Errors
/// When none answers, or it refuses, and why.
pub async fn ask(client: &Client, order: &Order) -> anyhow::Result<Outcome> {
    client.post(PATH, order).await
}
