//! Whether a Redis may hold what must not be lost: what is wrong with its settings, and what to do about it (store.md §7).

use std::fmt;

use super::RedisStore;
use super::settings::Settings;
use crate::store::StoreError;

/// The oldest version whose scripts are refused whole, and never halfway.
const VERSION_MIN: (u32, u32) = (7, 0);

/// Share of the memory allowed from which on room is running out, in percent.
const MEMORY_WARNED: u64 = 70;

/// What was found of a server's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// The worst first.
    pub findings: Vec<Finding>,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub code: FindingCode,
    /// What is the matter, in French, for whoever starts the service.
    pub cause: String,
    /// What to do.
    pub remedy: String,
}

/// Kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingCode {
    /// The server is older than the scripts need.
    OldVersion,
    /// The server repeats another: it takes no commit, or takes it back.
    Replica,
    /// Nothing is kept on disk.
    NoPersistence,
    /// Only snapshots are kept on disk.
    SnapshotsOnly,
    /// The log is not synced before an answer.
    LateSync,
    /// The log is not synced while it is rewritten.
    UnsyncedRewrite,
    /// A log that ends in the middle of a transaction is mended so that the next start replays it wrongly.
    TornLog,
    /// A full server drops what it likes.
    Eviction,
    /// Everything goes in clear text to another machine.
    ClearText,
    /// Memory is running out.
    MemoryLow,
    /// Something could not be learnt.
    NotCheckable,
}

impl FindingCode {
    /// Whether acknowledged bookings may be lost or the link listened to: a service that is meant to be relied on does not
    /// start.
    pub fn is_unsafe(self) -> bool {
        self != Self::MemoryLow
    }

    /// As a word for logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OldVersion => "old_version",
            Self::Replica => "replica",
            Self::NoPersistence => "no_persistence",
            Self::SnapshotsOnly => "snapshots_only",
            Self::LateSync => "late_sync",
            Self::UnsyncedRewrite => "unsynced_rewrite",
            Self::TornLog => "torn_log",
            Self::Eviction => "eviction",
            Self::ClearText => "clear_text",
            Self::MemoryLow => "memory_low",
            Self::NotCheckable => "not_checkable",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cause, self.remedy)
    }
}

impl Survey {
    /// What forbids to rely on this server.
    pub fn unsafe_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.code.is_unsafe())
    }
}

impl RedisStore {
    /// Looks at the server's settings.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn survey(&self) -> Result<Survey, StoreError> {
        let mut found = findings(&self.shared.settings().await?);
        found.extend(self.shared.options.in_clear_to().and_then(|host| clear_text(&host)));
        found.sort_by_key(|finding| finding.code);
        Ok(Survey { findings: found })
    }
}

/// What is wrong with the settings.
fn findings(settings: &Settings) -> Vec<Finding> {
    let checks = [version, role, persistence, rewrite, torn_log, eviction, memory, not_checkable];
    checks.iter().filter_map(|check| check(settings)).collect()
}

fn clear_text(host: &str) -> Option<Finding> {
    found(
        FindingCode::ClearText,
        format!(
            "Tout va en clair jusqu'à Redis ({host}) : qui écoute ce réseau lit le mot de passe et qui demande quoi."
        ),
        "Écrivez rediss:// (TLS), ou placez Redis sur cette machine.",
    )
}

fn found(code: FindingCode, cause: impl Into<String>, remedy: impl Into<String>) -> Option<Finding> {
    Some(Finding { code, cause: cause.into(), remedy: remedy.into() })
}

fn version(settings: &Settings) -> Option<Finding> {
    let version = settings.version.as_deref()?;
    let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
    if (numbers.next()?, numbers.next().unwrap_or(0)) >= VERSION_MIN {
        return None;
    }
    found(
        FindingCode::OldVersion,
        format!("Redis est en version {version}."),
        "Installez Redis 7.0 ou plus récent, ou Valkey 8.",
    )
}

fn role(settings: &Settings) -> Option<Finding> {
    if settings.role.as_deref()? == "master" {
        return None;
    }
    found(
        FindingCode::Replica,
        "Ce Redis est la copie d'un autre : il n'accepte aucune réservation.",
        "Donnez l'adresse du serveur principal, ou promouvez celui-ci (REPLICAOF NO ONE).",
    )
}

fn persistence(settings: &Settings) -> Option<Finding> {
    match (settings.log?, settings.sync.as_deref()) {
        (false, _) if settings.snapshots == Some(true) => found(
            FindingCode::SnapshotsOnly,
            "Redis n'écrit que des clichés (RDB) : un arrêt brutal perd toutes les réservations faites depuis le dernier.",
            "Réglez « appendonly yes » et « appendfsync always ».",
        ),
        (false, _) => found(
            FindingCode::NoPersistence,
            "Redis n'écrit rien sur disque : à son arrêt, tout est perdu.",
            "Réglez « appendonly yes » et « appendfsync always ».",
        ),
        (true, None | Some("always")) => None,
        (true, Some("everysec")) => found(
            FindingCode::LateSync,
            "Redis ne synchronise son journal qu'une fois par seconde (appendfsync everysec) : une coupure de courant perd \
             les réservations des dernières secondes, et un disque lent en perd davantage, même à un simple arrêt brutal.",
            "Réglez « appendfsync always ».",
        ),
        (true, Some(other)) => found(
            FindingCode::LateSync,
            format!(
                "Redis laisse le système choisir quand synchroniser son journal (appendfsync {other}) : une coupure de \
                 courant perd jusqu'à une demi-minute de réservations."
            ),
            "Réglez « appendfsync always ».",
        ),
    }
}

fn rewrite(settings: &Settings) -> Option<Finding> {
    if !(settings.log? && settings.unsynced_rewrites?) {
        return None;
    }
    found(
        FindingCode::UnsyncedRewrite,
        "Redis ne synchronise pas son journal pendant qu'il le réécrit (no-appendfsync-on-rewrite yes) : une coupure de \
         courant à ce moment perd des réservations.",
        "Réglez « no-appendfsync-on-rewrite no ».",
    )
}

/// Redis 7.0.15, tried: a kill tears a write inside `MULTI … EXEC`; the next start cuts the log after the last whole command,
/// leaves the `MULTI` open, and appends to it; the start after that runs the half transaction, which nobody was told of, in
/// place of the one behind it, which somebody was.
fn torn_log(settings: &Settings) -> Option<Finding> {
    if !(settings.log? && settings.mends_torn_log?) {
        return None;
    }
    found(
        FindingCode::TornLog,
        "Après une coupure au milieu d'une écriture, Redis raccourcit son journal sans fermer la transaction entamée \
         (aof-load-truncated yes) : au démarrage d'après, une réservation confirmée peut disparaître.",
        "Réglez « aof-load-truncated no ». Si Redis refuse alors de démarrer, « redis-check-aof --fix » sur \
         appendonly.aof.manifest retire l'écriture inachevée, que personne n'a entendu confirmer.",
    )
}

fn eviction(settings: &Settings) -> Option<Finding> {
    let policy = settings.eviction.as_deref()?;
    if policy == "noeviction" {
        return None;
    }
    found(
        FindingCode::Eviction,
        format!(
            "Quand sa mémoire est pleine, Redis efface des données (maxmemory-policy {policy}) : des réservations disparaîtraient sans bruit."
        ),
        "Réglez « maxmemory-policy noeviction ».",
    )
}

fn memory(settings: &Settings) -> Option<Finding> {
    let (max, used) = (settings.memory_max.filter(|max| *max > 0)?, settings.memory_used?);
    let share = used.saturating_mul(100) / max;
    if share < MEMORY_WARNED {
        return None;
    }
    found(
        FindingCode::MemoryLow,
        format!("La mémoire de Redis est occupée à {share} % : pleine, elle n'accepte plus de réservation."),
        "Augmentez « maxmemory ».",
    )
}

fn not_checkable(settings: &Settings) -> Option<Finding> {
    let known = [
        ("redis_version", settings.version.is_some()),
        ("role", settings.role.is_some()),
        ("appendonly", settings.log.is_some()),
        ("appendfsync", settings.sync.is_some() || settings.log == Some(false)),
        ("aof-load-truncated", settings.mends_torn_log.is_some() || settings.log == Some(false)),
        ("maxmemory-policy", settings.eviction.is_some()),
    ];
    let unknown: Vec<&str> = known.iter().filter(|(_, known)| !known).map(|(name, _)| *name).collect();
    if unknown.is_empty() {
        return None;
    }
    found(
        FindingCode::NotCheckable,
        format!("Redis ne laisse pas vérifier : {}.", unknown.join(", ")),
        "Accordez « +config|get +info » à l'utilisateur du service, ou vérifiez vous-même ces réglages.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Settings {
        Settings {
            version: Some("7.0.15".to_owned()),
            role: Some("master".to_owned()),
            log: Some(true),
            sync: Some("always".to_owned()),
            mends_torn_log: Some(false),
            unsynced_rewrites: Some(false),
            snapshots: Some(false),
            eviction: Some("noeviction".to_owned()),
            memory_max: Some(1_000),
            memory_used: Some(699),
        }
    }

    fn codes(settings: &Settings) -> Vec<FindingCode> {
        findings(settings).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn sound_settings_pass() {
        assert_eq!(codes(&sound()), []);
        assert_eq!(codes(&Settings { memory_max: Some(0), ..sound() }), [], "no limit");
        assert_eq!(codes(&Settings { version: Some("8.1.0".to_owned()), ..sound() }), []);
    }

    #[test]
    fn each_unsound_setting_is_found() {
        use FindingCode::*;
        let text = |text: &str| Some(text.to_owned());
        for (settings, code) in [
            (Settings { version: text("6.2.14"), ..sound() }, OldVersion),
            (Settings { role: text("slave"), ..sound() }, Replica),
            (Settings { log: Some(false), ..sound() }, NoPersistence),
            (Settings { log: Some(false), snapshots: Some(true), ..sound() }, SnapshotsOnly),
            (Settings { sync: text("everysec"), ..sound() }, LateSync),
            (Settings { sync: text("no"), ..sound() }, LateSync),
            (Settings { unsynced_rewrites: Some(true), ..sound() }, UnsyncedRewrite),
            (Settings { mends_torn_log: Some(true), ..sound() }, TornLog),
            (Settings { mends_torn_log: None, ..sound() }, NotCheckable),
            (Settings { eviction: text("allkeys-lru"), ..sound() }, Eviction),
            (Settings { memory_used: Some(700), ..sound() }, MemoryLow),
            (Settings { sync: None, ..sound() }, NotCheckable),
            (Settings::default(), NotCheckable),
        ] {
            assert_eq!(codes(&settings), [code], "{settings:?}");
        }
    }

    #[test]
    fn what_may_lose_bookings_is_unsafe_and_comes_first() {
        let bad = Settings { sync: Some("everysec".to_owned()), memory_used: Some(990), ..sound() };
        let survey = Survey { findings: findings(&bad) };
        assert_eq!(survey.findings.len(), 2);
        let worst: Vec<_> = survey.unsafe_findings().collect();
        assert_eq!(worst, [&survey.findings[0]]);
        assert!(worst[0].to_string().contains("appendfsync everysec") && worst[0].to_string().contains("secondes"));
    }
}
