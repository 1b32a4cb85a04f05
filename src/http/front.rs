//! What stands between a browser and this service: a proxy that carries the TLS, and the address people write. Here is what
//! of a call's headers is believed because of it.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;

/// The way in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Front {
    /// Whether pages are reached by TLS: cookies say `Secure`.
    pub tls: bool,
    /// Scheme, host and port as browsers send them in `Origin`; none: the `Host` of the call.
    pub public_origin: Option<String>,
    /// Proxies believed about whom they call for.
    pub proxies: Vec<IpAddr>,
}

impl Front {
    /// Where a call comes from: the address our own proxy says it called for, else the peer's.
    pub(super) fn peer(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip().to_canonical();
        if !self.proxies.contains(&peer) {
            return Some(peer);
        }
        // The last address is the one our proxy wrote; those before it are whatever it was sent.
        let said = request.headers().get_all("x-forwarded-for").last().and_then(|value| value.to_str().ok());
        Some(said.and_then(|list| address(list.rsplit(',').next()?.trim())).unwrap_or(peer))
    }

    /// Whether a browser says the call comes from one of our own pages.
    pub(super) fn same_origin(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match (text("sec-fetch-site"), text("origin"), text("host")) {
            (Some(site), _, _) => site == "same-origin",
            (None, Some(origin), host) => {
                let ours = self.public_origin.as_deref().is_some_and(|ours| ours.eq_ignore_ascii_case(origin));
                let from = origin.split_once("://").map(|(_, from)| from);
                ours || (from.is_some() && from == host)
            }
            _ => false,
        }
    }
}

/// An address as proxies write it: alone, with a port, in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.parse().ok();
    let with_port = || text.parse().ok().map(|socket: std::net::SocketAddr| socket.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.or_else(with_port).or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn front() -> Front {
        let proxies = vec!["127.0.0.1".parse().unwrap()];
        Front { tls: true, public_origin: Some("https://regulation.exemple.fr".to_owned()), proxies }
    }

    #[test]
    fn only_our_proxy_is_believed_about_whom_it_calls_for() {
        let from = |peer: &str, said: &[&str]| {
            let mut request = TestRequest::default().peer_addr(peer.parse().unwrap());
            for value in said {
                request = request.append_header(("X-Forwarded-For", *value));
            }
            front().peer(&request.to_http_request()).unwrap().to_string()
        };
        assert_eq!(from("127.0.0.1:9", &["10.1.1.1, 203.0.113.7"]), "203.0.113.7", "not what the caller made up");
        assert_eq!(from("127.0.0.1:9", &["10.1.1.1", "203.0.113.7:4711"]), "203.0.113.7");
        assert_eq!(from("127.0.0.1:9", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(from("[::ffff:127.0.0.1]:9", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(from("127.0.0.1:9", &["nonsense"]), "127.0.0.1");
        assert_eq!(from("127.0.0.1:9", &[]), "127.0.0.1");
        assert_eq!(from("198.51.100.2:9", &["203.0.113.7"]), "198.51.100.2", "anybody may send the header");
    }

    #[test]
    fn our_own_pages_are_known_by_either_of_their_names() {
        let same = |headers: &[(&'static str, &'static str)]| {
            let mut request = TestRequest::default();
            for (name, value) in headers {
                request = request.insert_header((*name, *value));
            }
            front().same_origin(request.to_http_request().headers())
        };
        assert!(same(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(same(&[("origin", "https://regulation.exemple.fr"), ("host", "127.0.0.1:8080")]));
        assert!(same(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        assert!(!same(&[("sec-fetch-site", "same-site"), ("origin", "https://regulation.exemple.fr")]));
        assert!(!same(&[("origin", "https://exemple.fr"), ("host", "127.0.0.1:8080")]));
        assert!(!same(&[("origin", "null"), ("host", "127.0.0.1:8080")]));
        assert!(!same(&[("host", "127.0.0.1:8080")]));
    }
}
