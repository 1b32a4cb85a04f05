//! What is being proposed: the slot each request was last offered first, for as long as a call lasts. Advice and no record: a
//! node that starts knows of none, and nothing is lost by that.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{EventKind, RecordedEvent, RequestId, SlotId};

/// How long somebody is taken to be talking of an offer: our assumption, a long call.
const A_CALL: TimeDelta = TimeDelta::minutes(10);

/// The proposals of a territory that were not answered yet.
#[derive(Debug, Default)]
pub struct Proposals {
    first: HashMap<RequestId, (SlotId, DateTime<Utc>)>,
}

impl Proposals {
    /// Takes in what was offered.
    pub(super) fn note(&mut self, recorded: &RecordedEvent) {
        let Some(request) = recorded.event.concerns.request else { return };
        if recorded.event.kind != EventKind::RequestOffered {
            return;
        }
        self.first.retain(|_, (_, at)| recorded.at < *at + A_CALL);
        match recorded.event.offered.first() {
            Some(slot) => self.first.insert(request, (*slot, recorded.at)),
            None => self.first.remove(&request),
        };
    }

    /// The slot somebody is being told of for this request at `now`.
    pub fn standing(&self, request: RequestId, now: DateTime<Utc>) -> Option<SlotId> {
        self.first.get(&request).filter(|(_, at)| now < *at + A_CALL).map(|(slot, _)| *slot)
    }
}
