//! The name of one call, in the log and in the answer (`X-Request-Id`): the caller's own where it sends one that is fit for a
//! log, else one of ours.

use actix_web::HttpMessage as _;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderName};
use tracing_actix_web::RequestId;

/// The header that carries it, both ways.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// A longer one is not a name.
const LENGTH_MAX: usize = 64;

/// The name of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallId(pub(super) String);

impl CallId {
    /// The name of this call, given to it on its way in.
    pub(super) fn of(request: &ServiceRequest) -> Self {
        if let Some(known) = request.extensions().get::<Self>() {
            return known.clone();
        }
        let id = sent(request.headers())
            .or_else(|| request.extensions().get::<RequestId>().map(RequestId::to_string))
            .unwrap_or_default();
        request.extensions_mut().insert(Self(id.clone()));
        Self(id)
    }
}

/// The caller's own name for it, if it is one short word: a log line is no place for whatever somebody sends.
fn sent(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(HEADER);
    let (first, None) = (all.next()?, all.next()) else { return None };
    let is_fit = |id: &&str| {
        (1..=LENGTH_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
    };
    first.to_str().ok().filter(is_fit).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_callers_name_is_taken_where_it_is_a_short_word() {
        let named = |value: &'static str| {
            sent(TestRequest::default().insert_header((HEADER, value)).to_http_request().headers())
        };
        assert_eq!(named("6f1e-lrm:7_a.2").as_deref(), Some("6f1e-lrm:7_a.2"));
        for bad in ["", "a b", "é", "\"x\"", "{}", "a,b", &"x".repeat(65)] {
            let request = TestRequest::default().insert_header((HEADER, bad)).to_http_request();
            assert_eq!(sent(request.headers()), None, "{bad}");
        }
        let twice = TestRequest::default().append_header((HEADER, "a")).append_header((HEADER, "b"));
        assert_eq!(sent(twice.to_http_request().headers()), None);
    }
}
