//! `aiguilleur status`: is it running, does it follow its store, what does it serve.

use std::fmt;

use actix_web::web;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::{Client, Reply, Running, done};
use crate::http::Warning;

pub(super) const PATH: &str = "/status";

/// How a service does.
#[derive(Debug, Serialize, Deserialize)]
pub struct Status {
    /// Its version.
    pub version: String,
    /// When it started, by its own clock.
    pub started: DateTime<Utc>,
    /// What time it is there.
    pub now: DateTime<Utc>,
    /// Kind of store.
    pub store: String,
    /// Durability in force.
    pub durability: String,
    /// What keeps the store from committing.
    pub store_fault: Option<String>,
    /// Risks taken knowingly: code and text.
    pub warnings: Vec<(String, String)>,
    /// What somebody must see to, though calls are served: code and text.
    #[serde(default)]
    pub to_be_seen_to: Vec<(String, String)>,
    /// Its territories.
    pub territories: Vec<TerritoryStatus>,
}

/// How one territory does.
#[derive(Debug, Serialize, Deserialize)]
pub struct TerritoryStatus {
    /// Which.
    pub id: String,
    /// The last event its read model shows.
    pub seq: u64,
    /// Events it has heard of and not shown yet.
    pub behind: u64,
    /// Since when it has not been known to be level with the store, milliseconds.
    pub lag_ms: u64,
    /// Whether what it shows may be served.
    pub ready: bool,
    /// What keeps it from following.
    pub fault: Option<String>,
    /// Practitioners listed.
    pub practitioners: usize,
    /// Requests that wait.
    pub waiting: usize,
}

pub(super) async fn answer(running: web::Data<Running>) -> Reply {
    let health = running.store.health().await;
    let now = running.state.territories.values().next().map_or(running.started, |booking| booking.now());
    let territories = running.state.territories.values().map(|booking| {
        let view = booking.view.health();
        let (practitioners, waiting) =
            booking.view.read(|state| (state.directory.all().count(), state.board.waiting(now).count()));
        TerritoryStatus {
            id: booking.territory.id.to_string(),
            seq: view.applied.seq,
            behind: view.last.saturating_sub(view.applied.seq),
            lag_ms: u64::try_from(view.lag.as_millis()).unwrap_or(u64::MAX),
            ready: view.is_ready(),
            fault: view.fault,
            practitioners,
            waiting,
        }
    });
    let told = |one: &Warning| (one.code.to_owned(), one.detail.clone());
    Ok(done(&Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: running.started,
        now,
        store: health.store.to_owned(),
        durability: health.durability.to_owned(),
        store_fault: health.fault,
        warnings: running.state.warnings.iter().map(told).collect(),
        to_be_seen_to: running.state.to_be_seen_to().iter().map(told).collect(),
        territories: territories.collect(),
    }))
}

impl Status {
    /// Whether it serves without reserve.
    pub fn is_in_order(&self) -> bool {
        self.store_fault.is_none()
            && self.to_be_seen_to.is_empty()
            && self.territories.iter().all(|territory| territory.ready)
    }

    /// Asks the service.
    ///
    /// # Errors
    /// When none answers.
    pub async fn of(client: &Client) -> anyhow::Result<Self> {
        client.get(PATH).await
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        writeln!(
            f,
            "Aiguilleur {}, démarré à {} ; il y est {}",
            self.version,
            instant(self.started),
            instant(self.now)
        )?;
        write!(f, "Magasin : {} ({})", self.store, self.durability)?;
        match &self.store_fault {
            Some(fault) => writeln!(f, " ; EN PANNE : {fault}")?,
            None => writeln!(f, " ; en ordre")?,
        }
        for (code, detail) in &self.warnings {
            writeln!(f, "Attention ({code}) : {detail}")?;
        }
        for (code, detail) in &self.to_be_seen_to {
            writeln!(f, "À TRAITER ({code}) : {detail}")?;
        }
        for territory in &self.territories {
            write!(
                f,
                "{} : {} praticiens, {} demandes en attente, événement {}",
                territory.id, territory.practitioners, territory.waiting, territory.seq
            )?;
            if territory.behind > 0 {
                write!(f, ", {} de retard", territory.behind)?;
            }
            match (&territory.fault, territory.ready) {
                (Some(fault), _) => writeln!(f, " ; NE SUIT PLUS depuis {} ms : {fault}", territory.lag_ms)?,
                (None, false) => writeln!(f, " ; EN RETARD de {} ms", territory.lag_ms)?,
                (None, true) => writeln!(f)?,
            }
        }
        Ok(())
    }
}
