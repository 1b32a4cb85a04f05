//! Who may be at the other end of a `rediss://` link, and who we say we are.

use std::fmt;

use redis::{ClientTlsConfig, TlsCertificates};

/// What TLS needs beyond the system: nothing, for a server whose certificate the system's own authorities vouch for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RedisTls {
    /// PEM certificates of the authority that vouches for the server; the system's where there is none.
    pub authority: Option<Vec<u8>>,
    /// For a server that asks its clients who they are.
    pub client: Option<ClientCertificate>,
}

/// Proves to a server who we are.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// PEM, the certificate and those between it and the authority.
    pub chain: Vec<u8>,
    /// PEM, secret.
    pub key: Vec<u8>,
}

impl RedisTls {
    /// Whether anything was asked for.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn certificates(&self) -> TlsCertificates {
        TlsCertificates {
            client_tls: self
                .client
                .as_ref()
                .map(|client| ClientTlsConfig { client_cert: client.chain.clone(), client_key: client.key.clone() }),
            root_cert: self.authority.clone(),
        }
    }
}

impl fmt::Debug for RedisTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTls")
            .field("own_authority", &self.authority.is_some())
            .field("client", &self.client.is_some())
            .finish()
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}
