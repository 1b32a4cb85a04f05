//! The form of a backup file: gzip of JSON lines. The first line says what the file is of, then comes one line for each
//! thing kept, and the last line counts and signs off: without it the file was cut short.
//!
//! Stored forms are kept to the byte: as text where they are text, else in base64.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Counts;
use crate::domain::TerritoryId;
use crate::store::{Millis, Seq};

/// Version of this form.
pub(super) const FORM: u32 = 1;

/// What the first line must say before anything else of it is read.
#[derive(Deserialize)]
pub(super) struct FormOf {
    pub(super) aiguilleur_backup: u32,
}

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// [`FORM`].
    pub(super) aiguilleur_backup: u32,
    /// Version of the stored form of records and events.
    pub(super) schema: u32,
    pub(super) territory: TerritoryId,
    /// The data set.
    pub(super) epoch: String,
    /// The last event's number, time and chain value.
    pub(super) seq: Seq,
    pub(super) at: Millis,
    pub(super) chain: String,
    /// The store's time when the backup was taken.
    pub(super) made_at: Millis,
}

/// Any other line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line<'a> {
    Record { key: Cow<'a, str>, version: u64, body: Exact<'a> },
    Event { seq: Seq, at: Millis, kind: Cow<'a, str>, chain: Cow<'a, str>, body: Exact<'a> },
    Timer { timer: Cow<'a, str>, at: Millis },
    Blob { name: Cow<'a, str>, bytes: Exact<'a> },
    End(End),
}

/// The last line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) counts: Counts,
    /// Names of the key-encryption keys that data keys in this file are wrapped under.
    pub(super) keys: BTreeSet<String>,
    /// Of every byte before this line.
    pub(super) sha256: String,
}

/// Bytes that come back as they were.
#[derive(Debug)]
pub(super) struct Exact<'a>(pub(super) Cow<'a, [u8]>);

impl<'a> Exact<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self(Cow::Borrowed(bytes))
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.0.into_owned().into()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written<'a> {
    Text(Cow<'a, str>),
    Coded { base64: Cow<'a, str> },
}

impl Serialize for Exact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Written::Text(text.into()),
            Err(_) => Written::Coded { base64: STANDARD.encode(&self.0).into() },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Exact<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = match Written::deserialize(deserializer)? {
            Written::Text(text) => text.into_owned().into_bytes(),
            Written::Coded { base64 } => STANDARD.decode(&*base64).map_err(|_| de::Error::custom("base64"))?,
        };
        Ok(Self(Cow::Owned(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back_whether_it_is_text_or_not() {
        let texts: [&[u8]; 6] =
            [b"", b"{\"a\": 1.0,\n\"b\":\"\\u00e9\"}", "é\u{0}\u{7f}".as_bytes(), b"\xff", b"{\xc3}", b"\""];
        for bytes in texts {
            let line = serde_json::to_string(&Line::Blob { name: "p/1".into(), bytes: Exact::of(bytes) }).unwrap();
            assert!(!line.contains('\n'), "{line}");
            let Line::Blob { bytes: back, .. } = serde_json::from_str(&line).unwrap() else { panic!("{line}") };
            assert_eq!(&back.into_bytes()[..], bytes, "{line}");
        }
    }
}
