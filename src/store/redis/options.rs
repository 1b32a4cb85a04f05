//! Where a Redis is and how it is entered.

use std::fmt;

use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};

use crate::store::OpenError;

/// Where the store is: `redis://[user[:password]@]host[:port][/database]`, or
/// `redis+unix:///path[?db=…&user=…&pass=…]`. What is secret in it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisOptions {
    /// The address.
    pub url: String,
    /// The password, when it is not to stand in the address.
    pub password: Option<String>,
}

impl RedisOptions {
    /// A Redis at an address.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), password: None }
    }

    /// Whether an address is meant for this store.
    pub fn is_address(text: &str) -> bool {
        ["redis:", "rediss:", "redis+unix:", "unix:", "valkey:", "valkeys:", "valkey+unix:"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
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

    pub(super) fn connection(&self) -> Result<ConnectionInfo, OpenError> {
        let refused = |why: String| OpenError::Address { address: self.server(), why };
        if self.url.starts_with("rediss:") || self.url.starts_with("valkeys:") {
            return Err(refused(
                "TLS is not part of this version; use redis:// inside a closed network, or a Unix socket".to_owned(),
            ));
        }
        // What the crate says is of the form of the address and quotes none of it but a protocol's number.
        let parsed = self.url.as_str().into_connection_info().map_err(|error| refused(error.to_string()))?;
        if !matches!(parsed.addr(), ConnectionAddr::Tcp(..) | ConnectionAddr::Unix(_)) {
            return Err(refused("neither a host nor a Unix socket".to_owned()));
        }
        // No name of a library: it takes a right of its own.
        let mut settings = parsed.redis_settings().clone().set_skip_set_lib_name();
        if let Some(password) = &self.password {
            settings = settings.set_password(password);
        }
        Ok(parsed.set_redis_settings(settings).set_tcp_settings(TcpSettings::default().set_nodelay(true)))
    }
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
        for (url, why) in
            [("rediss://host", "TLS"), ("http://host", "did not parse"), ("redis://host/x", "database number")]
        {
            let error = RedisOptions::at(url).connection().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert!(RedisOptions::at("redis://127.0.0.1/3").connection().is_ok());
        assert!(RedisOptions::at("redis+unix:///run/redis.sock?db=2").connection().is_ok());
    }

    #[test]
    fn an_address_of_a_redis_is_known_by_its_beginning() {
        assert!(RedisOptions::is_address("redis://h") && RedisOptions::is_address("redis+unix:///s"));
        assert!(!RedisOptions::is_address("embedded") && !RedisOptions::is_address("redisx"));
    }
}
