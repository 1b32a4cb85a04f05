//! The chain value of the event stream: each event carries a digest of itself and of the value before it, so that two
//! histories that differ somewhere differ ever after. It finds accidents (a tail rewritten by a failover, a restored backup),
//! not tampering: whoever can write the stream can compute it too. It must not be used as a signature.

use sha1::{Digest, Sha1};

use super::{Millis, Seq};

/// The chain value before the first event of a territory.
pub const START: &str = "";

/// The chain value of an event, given the one of the event before it ([`START`] for the first): hexadecimal SHA-1 of
/// `previous|seq|at|kind|body`, cut to 16 characters (64 bits, enough against accidents). SHA-1 because Redis can compute the same inside a script
/// (`redis.sha1hex`).
pub fn link(previous: &str, seq: Seq, at: Millis, kind: &str, body: &[u8]) -> String {
    let mut digest = Sha1::new();
    digest.update(format!("{previous}|{seq}|{at}|{kind}|"));
    digest.update(body);
    let [a, b, c, d, e, f, g, h, ..] = digest.finalize().0;
    format!("{:016x}", u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_what_any_sha1_tool_computes() {
        // printf '|1|1764000000000|slot.held|{}' | sha1sum | cut -c1-16
        assert_eq!(link(START, 1, 1_764_000_000_000, "slot.held", b"{}"), "605af4f7ea29335b");
        // printf 'abc|2|5|slot.booked|' | sha1sum | cut -c1-16
        assert_eq!(link("abc", 2, 5, "slot.booked", b""), "8afb4c94a953052c");
    }

    #[test]
    fn any_difference_shows_in_every_later_value() {
        let first = link(START, 1, 10, "slot.held", b"a");
        for other in [
            link(START, 2, 10, "slot.held", b"a"),
            link(START, 1, 11, "slot.held", b"a"),
            link(START, 1, 10, "slot.booked", b"a"),
            link(START, 1, 10, "slot.held", b"b"),
        ] {
            assert_ne!(first, other);
            assert_ne!(link(&first, 2, 20, "k", b"same"), link(&other, 2, 20, "k", b"same"));
        }
    }
}
