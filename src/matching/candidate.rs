//! A free slot as matching sees it: with its practitioner and the place one has to reach.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};

use crate::domain::time::Zone;
use crate::domain::{Audience, CommuneCode, Practitioner, Slot};
use crate::geography::travel::Place;

/// A slot with what the rules need to know around it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The slot.
    pub slot: Arc<Slot>,
    /// Whose it is.
    pub practitioner: Arc<Practitioner>,
    /// Where it is.
    pub place: Place,
    /// Whether somebody in a wheelchair gets in.
    pub accessible: bool,
    /// Wall-clock time of its start.
    pub local_start: NaiveTime,
    /// Calendar day of its start.
    pub day: NaiveDate,
    /// Who may book, one bit each.
    pub(super) audience: u8,
    /// Number of its place among the places of a pool; alone, 0.
    pub(super) spot: usize,
}

/// A set of audiences, one bit each: asked for every pair of a request and a slot.
pub(super) fn audience_bits<'a>(audiences: impl IntoIterator<Item = &'a Audience>) -> u8 {
    audiences.into_iter().fold(0, |bits, audience| {
        bits | match audience {
            Audience::Public => 1,
            Audience::Pro => 2,
            Audience::Snp => 4,
            Audience::Cpts => 8,
        }
    })
}

/// Puts candidates in the order of their start and numbers their places.
pub fn in_order(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by_key(|candidate| (candidate.slot.start, candidate.slot.id));
    let mut spots: HashMap<(u64, u64, CommuneCode), usize> = HashMap::new();
    for candidate in &mut candidates {
        let point = candidate.place.point;
        let next = spots.len();
        let key = (point.lat.to_bits(), point.lon.to_bits(), candidate.place.commune);
        candidate.spot = *spots.entry(key).or_insert(next);
    }
    candidates
}

impl Candidate {
    /// A slot, if its practitioner still has its place of practice; `place` is that place.
    pub fn new(slot: Arc<Slot>, practitioner: Arc<Practitioner>, place: Place, zone: Zone) -> Option<Self> {
        let accessible = practitioner.location(&slot.location)?.accessible;
        let local = zone.local(slot.start).naive_local();
        let audience = audience_bits(&slot.audience);
        Some(Self {
            place,
            accessible,
            local_start: local.time(),
            day: local.date(),
            audience,
            spot: 0,
            slot,
            practitioner,
        })
    }
}
