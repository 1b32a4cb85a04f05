//! A free slot as matching sees it: with its practitioner and the place one has to reach.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};

use crate::domain::time::Zone;
use crate::domain::{Practitioner, Slot};
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
}

impl Candidate {
    /// A slot, if its practitioner still has its place of practice; `place` is that place.
    pub fn new(slot: Arc<Slot>, practitioner: Arc<Practitioner>, place: Place, zone: Zone) -> Option<Self> {
        let accessible = practitioner.location(&slot.location)?.accessible;
        let local = zone.local(slot.start).naive_local();
        Some(Self { place, accessible, local_start: local.time(), day: local.date(), slot, practitioner })
    }
}
