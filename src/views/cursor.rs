//! Where a reader stands in a list or in the stream, and the text it carries there and back. The text is opaque to callers;
//! one that does not read back is their fault, not ours. A cursor names identifiers and instants, never a person.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::domain::{CareRequest, RequestId, Slot, SlotId};
use crate::store::Seq;

/// A cursor that this service did not give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list: send next_cursor back as it was given")]
pub struct CursorError;

/// A place in a list of slots: they come by start, then identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotCursor {
    /// Start of the slot.
    pub start: DateTime<Utc>,
    /// The slot.
    pub id: SlotId,
}

impl SlotCursor {
    /// The place of a slot.
    pub fn of(slot: &Slot) -> Self {
        Self { start: slot.start, id: slot.id }
    }

    /// Sorts as the cursor itself, by whole numbers: where many slots start at the same minute, comparing identifiers byte by
    /// byte is what merging them costs.
    pub(super) fn rank(&self) -> (i64, u32, u128) {
        (self.start.timestamp(), self.start.timestamp_subsec_nanos(), self.id.uuid().as_u128())
    }

    /// The place before every slot that starts at `start` or later.
    pub fn before(start: DateTime<Utc>) -> Self {
        Self { start, id: SlotId::new(uuid::Uuid::nil()) }
    }
}

impl fmt::Display for SlotCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", Instant(self.start), self.id)
    }
}
impl FromStr for SlotCursor {
    type Err = CursorError;
    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (start, id) = text.split_once('_').ok_or(CursorError)?;
        Ok(Self { start: Instant::read(start)?, id: id.parse().map_err(|_| CursorError)? })
    }
}

/// A place on the board: emergencies first, then by deadline, those without a deadline last; ties by entry, then identifier.
// The order of the fields is the order of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BoardCursor {
    can_wait: bool,
    undated: bool,
    deadline: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    id: RequestId,
}

impl BoardCursor {
    /// The place of a request.
    pub fn of(request: &CareRequest) -> Self {
        Self {
            can_wait: !request.is_emergency(),
            undated: request.deadline.is_none(),
            deadline: request.deadline,
            created_at: request.created_at,
            id: request.id,
        }
    }

    /// The request there.
    pub fn id(&self) -> RequestId {
        self.id
    }
}

impl fmt::Display for BoardCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_", if self.can_wait { 'w' } else { 'e' })?;
        match self.deadline {
            Some(deadline) => write!(f, "{}", Instant(deadline))?,
            None => f.write_str("u")?,
        }
        write!(f, "_{}_{}", Instant(self.created_at), self.id)
    }
}
impl FromStr for BoardCursor {
    type Err = CursorError;
    fn from_str(text: &str) -> Result<Self, CursorError> {
        let mut parts = text.splitn(4, '_');
        let mut part = || parts.next().ok_or(CursorError);
        let can_wait = match part()? {
            "w" => true,
            "e" => false,
            _ => return Err(CursorError),
        };
        let deadline = match part()? {
            "u" => None,
            instant => Some(Instant::read(instant)?),
        };
        let created_at = Instant::read(part()?)?;
        let id = part()?.parse().map_err(|_| CursorError)?;
        Ok(Self { can_wait, undated: deadline.is_none(), deadline, created_at, id })
    }
}

/// A place in the event stream: number and chain value of the last event read. `0.` is before the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveCursor {
    /// Number of the event.
    pub seq: Seq,
    /// Chain value at that event; empty at 0.
    pub chain: String,
}

impl fmt::Display for LiveCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seq, self.chain)
    }
}
impl FromStr for LiveCursor {
    type Err = CursorError;
    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (seq, chain) = text.split_once('.').ok_or(CursorError)?;
        if chain.len() > 64 || !chain.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(CursorError);
        }
        Ok(Self { seq: seq.parse().map_err(|_| CursorError)?, chain: chain.to_owned() })
    }
}

/// An instant to the nanosecond, in characters that need no escaping in a URL: `1764000000-5`.
struct Instant(DateTime<Utc>);

impl Instant {
    fn read(text: &str) -> Result<DateTime<Utc>, CursorError> {
        let (seconds, nanos) = text.rsplit_once('-').ok_or(CursorError)?;
        let seconds = seconds.parse().map_err(|_| CursorError)?;
        let nanos = nanos.parse().map_err(|_| CursorError)?;
        DateTime::from_timestamp(seconds, nanos).ok_or(CursorError)
    }
}
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0.timestamp(), self.0.timestamp_subsec_nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn every_cursor_reads_back_to_the_nanosecond() {
        let start = "2026-11-24T09:00:00.000000007Z".parse().unwrap();
        for start in [start, "1969-12-31T23:59:59.5Z".parse().unwrap()] {
            let slot = SlotCursor { start, id: SlotId::new(Uuid::from_u128(3)) };
            assert_eq!(slot.to_string().parse(), Ok(slot));
            for deadline in [None, Some(start)] {
                let id = RequestId::new(Uuid::from_u128(4));
                let board =
                    BoardCursor { can_wait: true, undated: deadline.is_none(), deadline, created_at: start, id };
                assert_eq!(board.to_string().parse(), Ok(board));
            }
        }
        let live = LiveCursor { seq: 42, chain: "605af4f7ea29335b".to_owned() };
        assert_eq!(live.to_string(), "42.605af4f7ea29335b");
        assert_eq!(live.to_string().parse(), Ok(live));
        assert_eq!("0.".parse(), Ok(LiveCursor::default()));
    }

    #[test]
    fn what_is_no_cursor_is_refused_and_never_panics() {
        for bad in
            ["", "_", "x", "1-2", "1-2_x", "9999999999999999-1_x", "-", "w_u_1-1_", "é_é_é_é", "w_u", "7", "-1.a"]
        {
            assert_eq!(bad.parse::<SlotCursor>(), Err(CursorError), "{bad}");
            assert_eq!(bad.parse::<BoardCursor>(), Err(CursorError), "{bad}");
            assert_eq!(bad.parse::<LiveCursor>(), Err(CursorError), "{bad}");
        }
    }
}
