//! Where a Redis is and how it is entered.

use std::fmt;
use std::net::IpAddr;

use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};

use super::tls::RedisTls;
use crate::store::OpenError;

/// Where the store is: `redis://[user[:password]@]host[:port][/database]`, `rediss://…` for the same over TLS, or
/// `redis+unix:///path[?db=…&user=…&pass=…]`. What is secret in it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisOptions {
    /// The address.
    pub url: String,
    /// The password, when it is not to stand in the address.
    pub password: Option<String>,
    /// For an address that asks for TLS.
    pub tls: RedisTls,
}

impl RedisOptions {
    /// A Redis at an address.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), password: None, tls: RedisTls::default() }
    }

    /// Whether an address is meant for this store.
    pub fn is_address(text: &str) -> bool {
        ["redis:", "rediss:", "redis+unix:", "unix:", "valkey:", "valkeys:", "valkey+unix:"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
    }

    /// Whether an address asks for TLS.
    pub fn is_encrypted(address: &str) -> bool {
        address.starts_with("rediss:") || address.starts_with("valkeys:")
    }

    /// The address without what is secret in it.
    pub fn server(&self) -> String {
        let Some((scheme, rest)) = self.url.split_once("://") else { return "(no address)".to_owned() };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (place, path) = rest.split_once('/').map_or((rest, ""), |(place, path)| (place, path));
        let place = place.rsplit('@').next().unwrap_or_default();
        match path {
            "" => format!("{scheme}://{place}"),
            path => format!("{scheme}://{place}/{path}"),
        }
    }

    /// The name of another machine to which everything would go in clear text: the password, and who asks for what.
    pub(super) fn in_clear_to(&self) -> Option<String> {
        match self.connection().ok()?.addr() {
            ConnectionAddr::Tcp(host, _) if !is_this_machine(host) => Some(host.clone()),
            _ => None,
        }
    }

    pub(super) fn client(&self) -> Result<Client, OpenError> {
        let connection = self.connection()?;
        // A fault of the certificates is told of them, and never with their content.
        let client = match connection.addr() {
            ConnectionAddr::TcpTls { .. } => Client::build_with_tls(connection, self.tls.certificates()),
            _ => Client::open(connection),
        };
        client.map_err(|error| OpenError::Address { address: self.server(), why: error.to_string() })
    }

    fn connection(&self) -> Result<ConnectionInfo, OpenError> {
        let refused = |why: String| OpenError::Address { address: self.server(), why };
        // What the crate says is of the form of the address and quotes none of it but a protocol's number.
        let parsed = self.url.as_str().into_connection_info().map_err(|error| refused(error.to_string()))?;
        match parsed.addr() {
            ConnectionAddr::Tcp(..) | ConnectionAddr::Unix(_) | ConnectionAddr::TcpTls { insecure: false, .. } => {}
            ConnectionAddr::TcpTls { .. } => {
                return Err(refused(
                    "a server that need not prove who it is may be anybody's: remove #insecure".to_owned(),
                ));
            }
            _ => return Err(refused("neither a host nor a Unix socket".to_owned())),
        }
        // No name of a library: it takes a right of its own.
        let mut settings = parsed.redis_settings().clone().set_skip_set_lib_name();
        if let Some(password) = &self.password {
            settings = settings.set_password(password);
        }
        Ok(parsed.set_redis_settings(settings).set_tcp_settings(TcpSettings::default().set_nodelay(true)))
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions").field("server", &self.server()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_in_an_address_is_never_shown() {
        for (url, shown) in [
            ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379"),
            ("redis://svc:geheim@db.example:6380/4?protocol=resp2", "redis://db.example:6380/4"),
            ("redis://:geheim@[::1]", "redis://[::1]"),
            ("redis+unix:///run/redis.sock?user=svc&pass=geheim", "redis+unix:///run/redis.sock"),
            ("redis://:gehe@im@host/1", "redis://host/1"),
            ("geheim", "(no address)"),
        ] {
            let options = RedisOptions { password: Some("geheim".to_owned()), ..RedisOptions::at(url) };
            assert_eq!(options.server(), shown);
            assert!(!format!("{options:?}").contains("geheim"));
            if let Err(error) = options.connection() {
                assert!(!error.to_string().contains("gehe"), "{error}");
            }
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_with_the_reason() {
        for (url, why) in [
            ("rediss://host/#insecure", "anybody"),
            ("http://host", "did not parse"),
            ("redis://host/x", "database number"),
        ] {
            let error = RedisOptions::at(url).connection().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert!(RedisOptions::at("redis://127.0.0.1/3").connection().is_ok());
        assert!(RedisOptions::at("redis+unix:///run/redis.sock?db=2").connection().is_ok());
    }

    #[test]
    fn a_link_in_clear_text_to_another_machine_is_known() {
        for here in
            ["redis://127.0.0.1/3", "redis://localhost", "redis://[::1]:1", "redis+unix:///s", "rediss://db.example"]
        {
            assert_eq!(RedisOptions::at(here).in_clear_to(), None, "{here}");
        }
        assert_eq!(RedisOptions::at("redis://svc:geheim@db.example:1/2").in_clear_to().as_deref(), Some("db.example"));
        assert_eq!(RedisOptions::at("redis://10.0.0.7").in_clear_to().as_deref(), Some("10.0.0.7"));
    }

    #[test]
    fn an_address_of_a_redis_is_known_by_its_beginning() {
        assert!(RedisOptions::is_address("redis://h") && RedisOptions::is_address("redis+unix:///s"));
        assert!(!RedisOptions::is_address("embedded") && !RedisOptions::is_address("redisx"));
    }
}
