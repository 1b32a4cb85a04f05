//! Somebody who calls again within a day (triage.md §4): the new request is triaged as a second contact, one level more urgent
//! where the pack says so, and says which request came before.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Booking, RequestOrder};
use crate::domain::{Age, Answer, CareRequest, Channel, Phase, RequestId};

/// A call within so long of the one before is a second contact.
const WITHIN: TimeDelta = TimeDelta::hours(24);

/// A request cancelled so soon after its entry was a form to be corrected, not a call.
const CORRECTED_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// What the pack calls it.
const FLAG: &str = "second_contact";

impl Booking {
    /// The newest request of the same person within a day: of the same file of the regulation, or of somebody born on the same
    /// day, of the same sex and in the same commune. Two people of whom all three are the same are taken for one: the higher
    /// urgency is the safer mistake. Of a request from the widget nobody is looked for: its answer would tell anybody who
    /// knows a birth date that somebody called.
    fn earlier_contact(&self, order: &RequestOrder, now: DateTime<Utc>) -> Option<RequestId> {
        let counts = |request: &CareRequest| {
            let corrected = matches!(request.phase, Phase::Cancelled)
                && request.settled_at.is_some_and(|at| at - request.created_at < CORRECTED_WITHIN);
            now - request.created_at < WITHIN && request.created_at <= now && !corrected
        };
        if order.channel == Channel::Widget {
            return None;
        }
        let is_alike = |case: &crate::views::Case| {
            let facts = &order.facts;
            let born_alike = |earlier: &Age| matches!(earlier, Age::BirthDate(_)) && *earlier == facts.age;
            case.request.commune == order.commune
                && case.facts.as_ref().is_some_and(|earlier| born_alike(&earlier.age) && earlier.sex == facts.sex)
        };
        self.view.read(|state| {
            let of_file = order.regulation_reference.iter().flat_map(|file| state.board.of_file(file));
            let alike = state.board.pending().filter(|case| is_alike(case));
            let counted = of_file.chain(alike).map(|case| &case.request).filter(|request| counts(request));
            counted.max_by_key(|request| request.created_at).map(|request| request.id)
        })
    }

    /// Notes a second contact in what triage is told, and answers which request came before.
    pub(super) fn note_second_contact(&self, order: &mut RequestOrder) -> Option<RequestId> {
        let earlier = self.earlier_contact(order, self.now());
        if earlier.is_some() && self.knows_flag(FLAG) {
            order.facts.flags.insert(FLAG.to_owned(), Answer::Yes);
        }
        earlier
    }
}
