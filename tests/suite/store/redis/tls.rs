//! A Redis reached over TLS: both sides prove who they are, and whoever cannot is not spoken to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aiguilleur::clock::SystemClock;
use aiguilleur::store::{ClientCertificate, OpenError, RedisOptions, RedisStore, RedisTls, Store as _};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::support::redis::RedisServer;
use crate::support::serve::{Place, said};

/// An authority of the tests' own, and what it vouches for.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    fn vouches_for(&self, name: &str) -> ClientCertificate {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        ClientCertificate { chain: certificate.pem().into_bytes(), key: key.serialize_pem().into_bytes() }
    }
}

/// A server that proves who it is and asks the same of its clients.
fn server(folder: &Path, authority: &Authority) -> RedisServer {
    let file = |name: &str, content: &[u8]| -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let own = authority.vouches_for("127.0.0.1");
    let files = [
        ("tls-cert-file", file("server.pem", &own.chain)),
        ("tls-key-file", file("server.key", &own.key)),
        ("tls-ca-cert-file", file("ca.pem", &authority.pem())),
    ];
    let settings = files.each_ref().map(|(name, path)| (*name, path.to_str().unwrap()));
    RedisServer::with(&settings)
}

async fn open(options: RedisOptions) -> Result<RedisStore, OpenError> {
    RedisStore::connect(options, Arc::new(SystemClock::real())).await
}

#[tokio::test]
async fn both_ends_prove_who_they_are() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let server = server(folder.path(), &authority);
    let with = |tls| RedisOptions { tls, ..RedisOptions::at(server.url(0)) };
    let known = Some(authority.vouches_for("service"));
    let store = open(with(RedisTls { authority: Some(authority.pem()), client: known.clone() })).await.unwrap();
    assert!(store.health().await.fault.is_none());
    assert_eq!(store.survey().await.unwrap().findings, []);

    let other = Authority::new();
    for (who, tls) in [
        ("a server nobody vouches for", RedisTls { authority: Some(other.pem()), client: known.clone() }),
        ("an authority the system does not know", RedisTls { authority: None, client: known }),
        ("a client without a certificate", RedisTls { authority: Some(authority.pem()), client: None }),
        (
            "a client of another authority",
            RedisTls { authority: Some(authority.pem()), client: Some(other.vouches_for("service")) },
        ),
    ] {
        let refused = open(with(tls)).await.expect_err(who);
        assert!(matches!(refused, OpenError::NoServer { .. }), "{who}: {refused}");
    }
    let no_certificate = RedisTls { authority: Some(b"no certificate".to_vec()), client: None };
    assert!(open(with(no_certificate)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_takes_its_certificates_from_files_and_keeps_its_key_to_itself() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let server = server(folder.path(), &authority);
    let place = Place::new();
    let own = authority.vouches_for("service");
    for (name, content) in [("ca.pem", authority.pem()), ("own.pem", own.chain), ("own.key", own.key)] {
        fs::write(place.path(name), content).unwrap();
    }
    let url = server.url(0);
    place.add(&format!(
        "[store]\nkind = \"redis\"\nurl = \"{url}\"\ntls_authority_file = \"ca.pem\"\n\
         tls_certificate_file = \"own.pem\"\ntls_key_file = \"own.key\"\n"
    ));
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |mode| fs::set_permissions(place.path("own.key"), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    let said = said(&place.run(&["serve", "--check"]));
    assert!(said.contains("store.tls_key_file") && said.contains("chmod 600"), "{said}");
    mode(0o600);
    let serve = place.start(&[], std::collections::HashMap::new()).unwrap();
    let ready = serve.client.get(format!("{}/health/ready", serve.base)).send().await.unwrap();
    assert_eq!(ready.status(), 200);
}
