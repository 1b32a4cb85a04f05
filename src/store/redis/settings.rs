//! What a server says of its own settings, as far as it lets us ask.

use std::collections::HashMap;

use redis::{Value, from_redis_value};

use super::Shared;
use crate::store::StoreError;

/// The settings that decide what survives. None: not to be learnt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) version: Option<String>,
    pub(super) role: Option<String>,
    /// Whether there is a log of every write.
    pub(super) log: Option<bool>,
    /// When the log is synced: `always`, `everysec`, `no`.
    pub(super) sync: Option<String>,
    /// Whether a log that ends in the middle of a write is cut there at the start.
    pub(super) mends_torn_log: Option<bool>,
    /// Whether the log goes unsynced while it is rewritten.
    pub(super) unsynced_rewrites: Option<bool>,
    /// Whether snapshots are made from time to time.
    pub(super) snapshots: Option<bool>,
    pub(super) eviction: Option<String>,
    /// Most memory for data, in bytes; 0: no limit.
    pub(super) memory_max: Option<u64>,
    pub(super) memory_used: Option<u64>,
}

impl Shared {
    /// Asks the server; what it denies stays unknown.
    pub(super) async fn settings(&self) -> Result<Settings, StoreError> {
        let mut turn = self.reads.turn().await?;
        let mut config = redis::cmd("CONFIG");
        config.arg("GET").arg("appendonly").arg("appendfsync").arg("no-appendfsync-on-rewrite").arg("save");
        config.arg("maxmemory").arg("maxmemory-policy").arg("aof-load-truncated");
        let mut info = redis::cmd("INFO");
        info.arg("server").arg("replication").arg("persistence").arg("memory");
        let config = turn.command(&config).await.ok();
        let info = turn.command(&info).await.ok();
        Ok(Settings::read(
            config.and_then(|answer| from_redis_value(answer).ok()).unwrap_or_default(),
            &info.and_then(|answer: Value| from_redis_value::<String>(answer).ok()).unwrap_or_default(),
        ))
    }
}

impl Settings {
    /// From the answers to CONFIG GET and INFO; empty where denied.
    pub(super) fn read(config: HashMap<String, String>, info: &str) -> Self {
        let info: HashMap<&str, &str> = info.lines().filter_map(|line| line.trim_end().split_once(':')).collect();
        let set = |name: &str| config.get(name).cloned();
        let told = |name: &str| info.get(name).map(|value| (*value).to_owned());
        let yes = |value: String| value == "yes" || value == "1";
        Self {
            version: told("redis_version"),
            role: told("role"),
            log: set("appendonly").or_else(|| told("aof_enabled")).map(yes),
            sync: set("appendfsync"),
            mends_torn_log: set("aof-load-truncated").map(yes),
            unsynced_rewrites: set("no-appendfsync-on-rewrite").map(yes),
            snapshots: set("save").map(|times| !times.is_empty()),
            eviction: set("maxmemory-policy").or_else(|| told("maxmemory_policy")),
            memory_max: set("maxmemory").or_else(|| told("maxmemory")).and_then(|bytes| bytes.parse().ok()),
            memory_used: told("used_memory").and_then(|bytes| bytes.parse().ok()),
        }
    }

    /// Durability in force, in plain words.
    pub(super) fn durability(&self) -> &'static str {
        match (self.log, self.sync.as_deref(), self.unsynced_rewrites) {
            (Some(true), Some("always"), Some(true)) => {
                "log synced before every answer, but not while it is rewritten: a power cut then loses bookings"
            }
            (Some(true), Some("always"), _) => "on disk (log, fsync) before every answer",
            (Some(true), Some("everysec"), _) => "log synced once a second: a power cut loses the last seconds",
            (Some(true), Some(_), _) => "log synced when the system likes: a power cut loses up to half a minute",
            (Some(true), None, _) => "log; when it is synced may not be asked",
            (Some(false), ..) if self.snapshots == Some(true) => {
                "snapshots only: a crash loses everything since the last one"
            }
            (Some(false), ..) => "none: in memory only",
            (None, ..) => "unknown: the server does not say",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_the_configuration_says_counts_and_else_what_the_server_tells_of_itself() {
        let info = "# Memory\r\nused_memory:700\r\nmaxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:1\r\nrole:master\r\nredis_version:7.0.15\r\n";
        let told = Settings::read(HashMap::new(), info);
        assert_eq!(
            (told.log, told.eviction.as_deref(), told.memory_max),
            (Some(true), Some("allkeys-lru"), Some(1_000))
        );
        assert_eq!((told.sync, told.memory_used), (None, Some(700)));
        let set = Settings::read(config(&[("appendonly", "no"), ("save", "3600 1"), ("maxmemory", "0")]), info);
        assert_eq!((set.log, set.snapshots, set.memory_max), (Some(false), Some(true), Some(0)));
        assert_eq!(Settings::read(HashMap::new(), ""), Settings::default());
    }

    #[test]
    fn durability_is_told_as_it_is() {
        let with = |pairs: &[(&str, &str)]| Settings::read(config(pairs), "").durability();
        let always = [("appendonly", "yes"), ("appendfsync", "always")];
        assert!(with(&always).starts_with("on disk"));
        assert!(with(&[always[0], always[1], ("no-appendfsync-on-rewrite", "yes")]).contains("rewritten"));
        assert!(with(&[always[0], ("appendfsync", "everysec")]).contains("once a second"));
        assert!(with(&[("appendonly", "no"), ("save", "60 1")]).starts_with("snapshots only"));
        assert!(with(&[("appendonly", "no"), ("save", "")]).starts_with("none"));
        assert!(with(&[]).starts_with("unknown"));
        assert!(Settings::read(HashMap::new(), "aof_enabled:1").durability().contains("may not be asked"));
    }
}
