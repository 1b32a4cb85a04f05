//! The last line of a stretch, and whether a stretch is as it was made.

use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::digest::hex;
use super::AuditError;
use crate::domain::TerritoryId;
use crate::seal::Signer;
use crate::store::Seq;

/// The last line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Closing {
    audit_of: TerritoryId,
    first: Seq,
    last: Seq,
    /// The store's chain value at the last event.
    chain: String,
    /// Of every line before this one.
    sha256: String,
    /// That of the stretch this one follows.
    previous: Option<String>,
    /// Of all of the above.
    signature: String,
}

impl Closing {
    pub(super) fn new(
        territory: &TerritoryId,
        (first, last): (Seq, Seq),
        chain: String,
        sha256: String,
        previous: Option<String>,
        signer: &Signer,
    ) -> Self {
        let mut closing =
            Self { audit_of: territory.clone(), first, last, chain, sha256, previous, signature: String::new() };
        closing.signature = signer.sign(closing.signed_text().as_bytes());
        closing
    }

    fn signed_text(&self) -> String {
        let Self { audit_of, first, last, chain, sha256, previous, .. } = self;
        // None of these can hold a bar.
        format!("audit|{audit_of}|{first}|{last}|{chain}|{sha256}|{}", previous.as_deref().unwrap_or("-"))
    }
}

/// What a stretch of the audit is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Of which territory.
    pub territory: TerritoryId,
    /// Its first event.
    pub first: Seq,
    /// Its last.
    pub last: Seq,
    /// The store's chain value there.
    pub chain: String,
    /// Digest of its lines, hexadecimal.
    pub sha256: String,
    /// Digest of the stretch it follows.
    pub previous: Option<String>,
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} : événements {} à {}, SHA-256 {}", self.territory, self.first, self.last, self.sha256)?;
        match &self.previous {
            Some(previous) => write!(f, ", à la suite de {previous}"),
            None => Ok(()),
        }
    }
}

impl From<Closing> for Segment {
    fn from(closing: Closing) -> Self {
        let Closing { audit_of: territory, first, last, chain, sha256, previous, .. } = closing;
        Self { territory, first, last, chain, sha256, previous }
    }
}

/// One line, as far as it is checked.
#[derive(Deserialize)]
struct Checked {
    seq: Seq,
    chain: String,
}

/// Reads a stretch from its first line to its last: numbers without a gap, the digest, and with a key the signature. `each` is
/// told number and chain value of every event.
///
/// # Errors
/// [`AuditError::Refused`] with the line.
pub fn verify(path: &Path, signer: Option<&Signer>, mut each: impl FnMut(Seq, &str)) -> Result<Segment, AuditError> {
    let unread = AuditError::file(path);
    let mut text = BufReader::new(File::open(path).map_err(&unread)?);
    let (mut line, mut number) = (Vec::new(), 0);
    let mut digest = Sha256::new();
    let mut ends: Option<(Seq, Seq, String)> = None;
    let refused = |line, fault: &str| AuditError::Refused { path: path.to_owned(), line, fault: fault.to_owned() };
    let closing = loop {
        line.clear();
        number += 1;
        if text.read_until(b'\n', &mut line).map_err(&unread)? == 0 || !line.ends_with(b"\n") {
            return Err(refused(number, "l'export s'arrête ici, sans sa dernière ligne : il est tronqué"));
        }
        if let Ok(Checked { seq, chain }) = serde_json::from_slice(&line) {
            let first = match &ends {
                Some((first, last, _)) if last + 1 == seq => *first,
                Some(_) => return Err(refused(number, "des événements manquent avant celui-ci")),
                None => seq,
            };
            digest.update(&line);
            each(seq, &chain);
            ends = Some((first, seq, chain));
        } else if let Ok(closing) = serde_json::from_slice::<Closing>(&line) {
            break closing;
        } else {
            return Err(refused(number, "illisible : ce n'est pas un export de l'audit, ou il est abîmé"));
        }
    };
    if (hex(&digest), ends) != (closing.sha256.clone(), Some((closing.first, closing.last, closing.chain.clone()))) {
        return Err(refused(number, "la dernière ligne ne correspond pas à celles d'avant : l'export a été altéré"));
    }
    if signer.is_some_and(|signer| signer.sign(closing.signed_text().as_bytes()) != closing.signature) {
        return Err(refused(
            number,
            "la signature n'est pas celle de cette clé : l'export a été altéré, ou fait ailleurs",
        ));
    }
    line.clear();
    if text.read_until(b'\n', &mut line).map_err(&unread)? > 0 {
        return Err(refused(number + 1, "il y a quelque chose après la dernière ligne"));
    }
    Ok(closing.into())
}

/// Verifies stretches that follow one another, in this order.
///
/// # Errors
/// The first that is not as it was made, or does not follow the one before it.
pub fn verify_all(paths: &[PathBuf], signer: Option<&Signer>) -> Result<Vec<Segment>, AuditError> {
    let mut verified: Vec<Segment> = Vec::new();
    for path in paths {
        let segment = verify(path, signer, |_, _| {})?;
        if let Some(before) = verified.last()
            && (segment.previous.as_ref() != Some(&before.sha256)
                || segment.first != before.last + 1
                || segment.territory != before.territory)
        {
            let fault =
                "ne fait pas suite au fichier d'avant : il en manque un, ou l'ordre n'est pas le bon".to_owned();
            return Err(AuditError::Refused { path: path.clone(), line: 1, fault });
        }
        verified.push(segment);
    }
    Ok(verified)
}
