//! `[store]`: where state lives, and which risks of it are taken knowingly.

use std::fs;
use std::path::{Path, PathBuf};

use super::reader::Section;
use crate::private_file;
use crate::service::StoreChoice;
use crate::store::{ClientCertificate, FindingCode, RedisOptions, RedisTls};

/// Risks an operator may take; with the others the store does not work, or loses bookings without a sign.
const ACCEPTABLE: [FindingCode; 7] = [
    FindingCode::LateSync,
    FindingCode::UnsyncedRewrite,
    FindingCode::SnapshotsOnly,
    FindingCode::NoPersistence,
    FindingCode::TornLog,
    FindingCode::ClearText,
    FindingCode::NotCheckable,
];

/// What `[store]` says.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// Which store.
    pub choice: StoreChoice,
    /// Risks of a Redis taken knowingly.
    pub accepted_risks: Vec<FindingCode>,
}

impl StoreSettings {
    pub(super) fn read(section: &mut Section<'_>, data: &Path) -> Self {
        let kind = section.text("kind").unwrap_or_default();
        let url = section.text("url");
        let password_file = section.path("password_file");
        let tls_files = TlsFiles::named(section);
        let accepted_risks = accepted_risks(section);
        let embedded = StoreChoice::Embedded { folder: data.to_owned() };
        let choice = match (kind.as_str(), url) {
            ("embedded", _) => embedded,
            ("redis", Some(url)) => {
                let password = password_file.and_then(|path| password(section, &path));
                let tls = tls_files.read(section, &url);
                redis(section, RedisOptions { url, password, tls }).unwrap_or(embedded)
            }
            ("redis", None) => {
                section.fault("url", "ce réglage manque : écrivez l'adresse du Redis, comme redis://127.0.0.1:6379/0");
                embedded
            }
            _ => {
                section.fault("kind", format!("« {kind} » : écrivez embedded ou redis"));
                embedded
            }
        };
        Self { choice, accepted_risks }
    }

    /// Whether a risk may be accepted at all.
    pub fn is_acceptable(code: FindingCode) -> bool {
        ACCEPTABLE.contains(&code)
    }
}

/// The address is never quoted: somebody may have written a password into it.
fn redis(section: &mut Section<'_>, options: RedisOptions) -> Option<StoreChoice> {
    if !RedisOptions::is_address(&options.url) {
        section
            .fault("url", "une adresse est attendue, comme redis://127.0.0.1:6379/0 ou redis+unix:///run/redis.sock");
        return None;
    }
    if holds_password(&options.url) {
        section.fault(
            "url",
            "un mot de passe ne s'écrit pas dans la configuration : mettez-le seul dans un fichier de mode 0600 et nommez \
             ce fichier par store.password_file",
        );
        return None;
    }
    Some(StoreChoice::Redis { options })
}

fn holds_password(url: &str) -> bool {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let place = place.split_once("://").map_or(place, |(_, rest)| rest);
    let in_name = place.rsplit_once('@').is_some_and(|(who, _)| who.contains(':'));
    in_name || query.split('&').any(|part| part.starts_with("pass="))
}

fn password(section: &mut Section<'_>, path: &Path) -> Option<String> {
    content(section, "password_file", path, Secret::Yes).map(|text| text.trim().to_owned())
}

/// The files that TLS is to be done with.
struct TlsFiles {
    authority: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl TlsFiles {
    fn named(section: &mut Section<'_>) -> Self {
        Self {
            authority: section.path("tls_authority_file"),
            certificate: section.path("tls_certificate_file"),
            key: section.path("tls_key_file"),
        }
    }

    fn read(&self, section: &mut Section<'_>, url: &str) -> RedisTls {
        if self.certificate.is_some() != self.key.is_some() {
            section.fault("tls_key_file", "un certificat et sa clé vont ensemble : nommez les deux fichiers, ou aucun");
        }
        let mut read = |name, path: &Option<PathBuf>, secret| {
            content(section, name, path.as_deref()?, secret).map(String::into_bytes)
        };
        let authority = read("tls_authority_file", &self.authority, Secret::No);
        let chain = read("tls_certificate_file", &self.certificate, Secret::No);
        let key = read("tls_key_file", &self.key, Secret::Yes);
        let tls = RedisTls { authority, client: chain.zip(key).map(|(chain, key)| ClientCertificate { chain, key }) };
        if !tls.is_default() && !RedisOptions::is_encrypted(url) {
            section.fault("url", "des fichiers de TLS sont nommés, et l'adresse n'en demande pas : écrivez rediss://");
        }
        tls
    }
}

/// Whether others may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Secret {
    Yes,
    No,
}

/// The text of a file that a setting names.
fn content(section: &mut Section<'_>, name: &str, path: &Path, secret: Secret) -> Option<String> {
    let shown = path.display();
    let read = fs::metadata(path).and_then(|file| Ok((private_file::open_to_others(&file), fs::read_to_string(path)?)));
    match read {
        Ok((Some(mode), _)) if secret == Secret::Yes => {
            section.fault(name, format!("{shown} est ouvert à d'autres (mode {mode:o}) : chmod 600 {shown}"));
            None
        }
        Ok((_, text)) if text.trim().is_empty() => {
            section.fault(name, format!("{shown} est vide"));
            None
        }
        Ok((_, text)) => Some(text),
        Err(error) => {
            section.fault(name, format!("{shown} ne peut pas être lu : {error}"));
            None
        }
    }
}

fn accepted_risks(section: &mut Section<'_>) -> Vec<FindingCode> {
    let mut accepted = Vec::new();
    for text in section.texts("accept_risks") {
        match ACCEPTABLE.iter().find(|code| code.as_str() == text) {
            Some(code) => accepted.push(*code),
            None => {
                let known: Vec<_> = ACCEPTABLE.iter().map(|code| code.as_str()).collect();
                section.fault(
                    "accept_risks",
                    format!("« {text} » n'est pas un risque qui s'accepte ; le sont : {}", known.join(", ")),
                );
            }
        }
    }
    accepted
}
