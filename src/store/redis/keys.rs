//! Names of keys (store.md §3). Every key of a territory carries its hash tag, so that one script may touch them all.

use crate::domain::{RecordKey, TerritoryId};
use crate::store::{IdemKey, StoreError};

/// Channels of every territory's hints.
pub(super) const HINTS: &str = "{cpts:*}:n";

/// The keys of one territory.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    tag: String,
}

impl Keys {
    pub(super) fn of(territory: &TerritoryId) -> Self {
        Self { tag: format!("{{cpts:{territory}}}") }
    }

    /// Keys that are nobody's: no territory has such a name.
    pub(super) fn of_nobody() -> Self {
        Self { tag: "{cpts:.}".to_owned() }
    }

    /// Hash: last event (`seq`, `chain`, `t`), data set (`epoch`, `schema`), number of the last commit (`n`), how far `gone`
    /// was cut (`forgot`), and, while a territory is brought in, by whom (`importing`).
    pub(super) fn meta(&self) -> String {
        self.named("meta")
    }

    /// Stream of events, `<seq>-0`.
    pub(super) fn events(&self) -> String {
        self.named("ev")
    }

    /// Sorted set of timers by instant.
    pub(super) fn due(&self) -> String {
        self.named("x:due")
    }

    /// Sorted set of the names of all that is kept, by the number of the commit that last wrote it.
    pub(super) fn written(&self) -> String {
        self.named("x:w")
    }

    /// Sorted set of the names of what was deleted lately, by the number of the commit.
    pub(super) fn gone(&self) -> String {
        self.named("x:gone")
    }

    /// Lease of whoever brings a whole territory in.
    pub(super) fn import_lease(&self) -> String {
        self.named("l:import")
    }

    /// Channel of hints.
    pub(super) fn hints(&self) -> String {
        self.named("n")
    }

    /// Hash of a record: `v`, `d`.
    pub(super) fn record(&self, key: &RecordKey) -> String {
        format!("{}:{key}", self.tag)
    }

    /// Hash of a remembered answer: `fp`, `res`, `end`, `n`.
    pub(super) fn answer(&self, idem: &IdemKey) -> String {
        // No sign between the two stands in the first: two pairs of words never make one key.
        let actor = idem.actor.replace('%', "%25").replace(':', "%3A");
        format!("{}:i:{actor}:{}", self.tag, idem.key)
    }

    /// A sealed blob; none for a name that is no blob's.
    pub(super) fn blob(&self, name: &str) -> Option<String> {
        match name.split_once('/') {
            Some((kind @ ("k" | "p"), id)) => Some(format!("{}:{kind}:{id}", self.tag)),
            _ => None,
        }
    }

    /// The name of the blob under a key, the territory left out: [`Keys::blob`] the other way.
    pub(super) fn name_of_blob(key: &str) -> Option<String> {
        match key.split_once(':') {
            Some((kind @ ("k" | "p"), id)) => Some(format!("{kind}/{id}")),
            _ => None,
        }
    }

    /// A key of the territory by what comes after the tag.
    pub(super) fn named(&self, name: &str) -> String {
        format!("{}:{name}", self.tag)
    }
}

/// The territory a hint's channel is of.
pub(super) fn territory_of_hints(channel: &str) -> Option<TerritoryId> {
    channel.strip_prefix("{cpts:")?.strip_suffix("}:n")?.parse().ok()
}

/// Keys of [`Keys::meta`], whatever the territory.
pub(super) const METAS: &str = "{cpts:*}:meta";

/// The territory a key of [`Keys::meta`] is of; none for what is nobody's.
pub(super) fn territory_of_meta(key: &str) -> Option<TerritoryId> {
    key.strip_prefix("{cpts:")?.strip_suffix("}:meta")?.parse().ok()
}

/// A blob that has no key.
pub(super) fn no_blob(name: &str) -> StoreError {
    StoreError::Malformed(format!("{name} is no name of a blob: k/… or p/…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pairs_of_words_never_make_one_key() {
        let keys = Keys::of(&"weppes".parse().unwrap());
        let key = |actor: &str, key: &str| keys.answer(&IdemKey { actor: actor.to_owned(), key: key.to_owned() });
        assert_eq!(key("operator:7", "a:b"), "{cpts:weppes}:i:operator%3A7:a:b");
        let pairs = [("a", "b:c"), ("a:b", "c"), ("a%3Ab", "c"), ("a%253Ab", "c"), ("a:b:c", ""), ("", "a:b:c")];
        let made: std::collections::BTreeSet<_> = pairs.iter().map(|(actor, word)| key(actor, word)).collect();
        assert_eq!(made.len(), pairs.len());
    }

    #[test]
    fn only_blobs_have_blobs_keys() {
        let keys = Keys::of(&"weppes".parse().unwrap());
        assert_eq!(keys.blob("k/1").as_deref(), Some("{cpts:weppes}:k:1"));
        assert_eq!(keys.blob("p/a/b").as_deref(), Some("{cpts:weppes}:p:a/b"));
        assert_eq!(Keys::name_of_blob("p:a/b").as_deref(), Some("p/a/b"));
        for other in ["s/1", "meta", "x/due", ""] {
            assert_eq!(keys.blob(other), None, "{other}");
        }
    }

    #[test]
    fn a_hint_says_whose_it_is() {
        let weppes: TerritoryId = "weppes".parse().unwrap();
        assert_eq!(territory_of_hints(&Keys::of(&weppes).hints()), Some(weppes));
        assert_eq!(territory_of_hints("{cpts:}:n"), None);
        assert_eq!(territory_of_hints("other"), None);
    }
}
