//! The service assembled: routes, telemetry, limits of time, headers, and an end that finishes what was accepted.

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpServer, web};
use tracing_actix_web::TracingLogger;

use super::extract::state_of;
use super::problem::{Problem, Slug};
use super::routes::configure;
use super::state::AppState;
use super::telemetry::{Span, measure};
use crate::web::CONTENT_SECURITY_POLICY;

/// The service as tests and [`serve`] start it.
pub fn app(
    state: Arc<AppState>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(web::Data::from(state))
        .configure(configure)
        .wrap(from_fn(within_time))
        .wrap(from_fn(with_headers))
        .wrap(from_fn(measure))
        .wrap(TracingLogger::<Span>::new())
}

/// Serves until `shutdown` ends, then finishes the calls it accepted and closes the live-update streams.
///
/// # Errors
/// When the listener cannot be used.
pub async fn serve(
    listener: TcpListener,
    state: Arc<AppState>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    crate::web::check_texts();
    let served = Arc::clone(&state);
    let stop_within = state.limits.stop_within.as_secs();
    let server = HttpServer::new(move || app(Arc::clone(&served)))
        .listen(listener)?
        .disable_signals()
        .shutdown_timeout(stop_within)
        .run();
    let handle = server.handle();
    tokio::spawn(async move {
        shutdown.await;
        tracing::info!("stopping: calls accepted are finished, live updates closed");
        state.stop_streams();
        handle.stop(true).await;
    });
    server.await
}

/// No call is handled longer than the limit; what became of it is then unknown to the caller.
async fn within_time(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let limit = state_of(request.request())?.limits.call;
    match tokio::time::timeout(limit, next.call(request)).await {
        Ok(answer) => answer,
        Err(_) => Err(Problem::new(Slug::Timeout, Slug::Timeout.advice()).retry_after(2).into()),
    }
}

/// Headers every answer has; pages get their content policy unless they brought one.
async fn with_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut answer = match next.call(request).await {
        Ok(answer) => answer.map_into_left_body(),
        Err(error) => return Err(error),
    };
    let headers = answer.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "same-origin");
    default(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    Ok(answer.map_body(|_, body: actix_web::body::EitherBody<_>| body))
}
