//! `[service]`: where the service listens, what it serves, who stands in front of it.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Utc};

use super::reader::Section;
use crate::clock::{Clock, SystemClock};
use crate::domain::Territory;
use crate::geography::territory_file;

/// What `[service]` says.
#[derive(Debug, Clone)]
pub struct ServiceSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What it serves.
    pub territories: Vec<Arc<Territory>>,
    /// The data folder.
    pub data: PathBuf,
    /// Whether a proxy carries the TLS.
    pub tls_terminated_by_proxy: bool,
    /// Scheme, host and port as browsers write them.
    pub public_origin: Option<String>,
    /// Proxies that are believed about whom they call for.
    pub proxies: Vec<IpAddr>,
    /// The instant the service's clock starts at, in a rehearsal.
    pub clock_at: Option<DateTime<Utc>>,
    /// How long a stopping service waits for the calls it accepted.
    pub stop_within: Duration,
    /// How many days receipts are kept.
    pub receipts_days: u16,
}

impl ServiceSettings {
    /// The clock the service lives by; in a rehearsal, another than the system's.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock_at.map_or_else(SystemClock::real, SystemClock::starting_at))
    }

    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let listen: SocketAddr = section
            .parsed("listen", "une adresse et un port sont attendus, comme 127.0.0.1:8080 ou [::1]:8080")
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        let tls_terminated_by_proxy = section.flag("tls_terminated_by_proxy");
        if !listen.ip().is_loopback() && !tls_terminated_by_proxy {
            section.fault(
                "listen",
                format!(
                    "{listen} est joignable d'ailleurs, et ce service ne chiffre rien : des jetons et des données de santé \
                     passeraient en clair. Écoutez sur 127.0.0.1, ou placez un mandataire TLS devant le service et dites-le \
                     par tls_terminated_by_proxy = true"
                ),
            );
        }
        let clock_at: Option<DateTime<FixedOffset>> =
            section.parsed("clock_at", "un instant avec son décalage est attendu, comme 2026-11-24T09:00:00+01:00");
        if clock_at.is_some() && !listen.ip().is_loopback() {
            section.fault(
                "clock_at",
                "une répétition ne sert personne d'autre que cette machine : écoutez sur 127.0.0.1, ou ôtez ce réglage",
            );
        }
        Self {
            listen,
            territories: territories(section),
            data: data(section),
            tls_terminated_by_proxy,
            public_origin: public_origin(section),
            proxies: proxies(section),
            clock_at: clock_at.map(|at| at.with_timezone(&Utc)),
            receipts_days: u16::try_from(section.whole("receipts_days", 1..=400)).unwrap_or(u16::MAX),
            stop_within: Duration::from_secs(section.whole("stop_within_seconds", 1..=600).into()),
        }
    }
}

fn data(section: &mut Section<'_>) -> PathBuf {
    section.path("data").unwrap_or_else(|| {
        section.fault("data", "ce réglage manque : nommez le dossier des données");
        PathBuf::new()
    })
}

fn territories(section: &mut Section<'_>) -> Vec<Arc<Territory>> {
    let named = section.texts("territories");
    if named.is_empty() {
        section.fault(
            "territories",
            "aucun territoire n'est servi : nommez-en au moins un, comme [\"weppes\"] ou [\"/etc/aiguilleur/alaric.json\"]",
        );
    }
    let mut seen = BTreeSet::new();
    let mut territories = Vec::new();
    for name in named {
        // A territory of ours by its name; else a file, beside the configuration.
        let found = territory_file::find(&name).or_else(|error| match section.beside(&name) {
            path if path.exists() => territory_file::read(&path),
            _ => Err(error),
        });
        match found {
            Ok(territory) if seen.insert(territory.id.clone()) => territories.push(Arc::new(territory)),
            Ok(territory) => section.fault("territories", format!("{} y est deux fois", territory.id)),
            Err(error) => section.fault("territories", format!("« {name} » : {error}")),
        }
    }
    territories
}

/// `https://host[:port]`, as browsers send it in `Origin`.
fn public_origin(section: &mut Section<'_>) -> Option<String> {
    let url = section.text("public_url")?;
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let host = rest.trim_end_matches('/');
    let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte));
    match scheme {
        "https" | "http" if !is_host => section.fault(
            "public_url",
            format!(
                "« {url} » : une adresse sans chemin ni identifiants est attendue, comme https://regulation.exemple.fr"
            ),
        ),
        "https" => {}
        "http" if is_loopback(host) => {}
        "http" => section.fault("public_url", "des données de santé ne se montrent pas en clair : écrivez https://"),
        _ => section
            .fault("public_url", format!("« {url} » : une adresse est attendue, comme https://regulation.exemple.fr")),
    }
    Some(format!("{scheme}://{}", host.to_ascii_lowercase()))
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn proxies(section: &mut Section<'_>) -> Vec<IpAddr> {
    let mut proxies = Vec::new();
    for text in section.texts("proxies") {
        match text.parse() {
            Ok(address) => proxies.push(address),
            Err(_) => section.fault("proxies", format!("« {text} » : une adresse IP est attendue, comme 127.0.0.1")),
        }
    }
    proxies
}
