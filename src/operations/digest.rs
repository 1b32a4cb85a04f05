//! Digests of files, as people compare them.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// What a digest says by now, in hexadecimal.
pub(super) fn hex(digest: &Sha256) -> String {
    digest.clone().finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
