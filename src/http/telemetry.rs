//! One line and one measure per call: method, route, status, time, request id. Never the path (a patient's link is one), never
//! a query string, a body, a name or a token.

use std::rc::Rc;
use std::time::Instant;

use actix_web::Error;
use actix_web::HttpMessage as _;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use tracing_actix_web::RootSpanBuilder;

use super::call_id::{self, CallId};
use super::extract::state_of;

/// The span of a call.
#[derive(Debug)]
pub(super) struct Span;

impl RootSpanBuilder for Span {
    fn on_request_start(request: &ServiceRequest) -> tracing::Span {
        let CallId(id) = CallId::of(request);
        tracing::info_span!(
            "call",
            request_id = %id,
            method = method(request.method()),
            route = &*route(request),
        )
    }

    fn on_request_end<B: MessageBody>(_: tracing::Span, _: &Result<ServiceResponse<B>, Error>) {
        // What came of the call stands in its line, written by [`measure`].
    }
}

/// Measures a call, writes its line and names it to the caller.
pub(super) async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let metrics = state_of(request.request())?.metrics.clone();
    let (method, route) = (method(request.method()), route(&request));
    let CallId(id) = CallId::of(&request);
    let outcome = next.call(request).await;
    let status = match &outcome {
        Ok(answer) => answer.status().as_u16(),
        Err(error) => error.as_response_error().status_code().as_u16(),
    };
    let seconds = began.elapsed().as_secs_f64();
    metrics.answered(method, &route, status, seconds);
    tracing::info!(status, milliseconds = seconds * 1_000.0, "answered");
    let mut answer = outcome?;
    if let Ok(id) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(call_id::HEADER, id);
    }
    Ok(answer)
}

/// The pattern of a call's route.
#[derive(Clone)]
struct Route(Rc<str>);

/// The pattern of the route: as many values as there are routes. Finding it is matching the path once more, hence once a call.
fn route(request: &ServiceRequest) -> Rc<str> {
    if let Some(Route(known)) = request.extensions().get() {
        return Rc::clone(known);
    }
    let found = request.request().match_pattern();
    let route: Rc<str> = found.as_deref().unwrap_or("none").into();
    request.extensions_mut().insert(Route(Rc::clone(&route)));
    route
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
