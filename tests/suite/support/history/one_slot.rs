//! What a slot is to those who call, one call after another: so many places, each held or sold for one request. Written from
//! what callers are promised, not from the rules' code.

use std::collections::{BTreeMap, BTreeSet};

use super::orders::Object;

/// A slot of so many places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OneSlot {
    pub(crate) capacity: usize,
}

/// Who has a place, and whose story is over.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Taken {
    pub(crate) places: BTreeMap<Request, Place>,
    pub(crate) closed: BTreeSet<Request>,
}

/// A request, by its number in the test.
pub(crate) type Request = usize;
/// A hold, by its number in the test.
pub(crate) type HoldNumber = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Held(HoldNumber),
    Sold(HoldNumber),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Hold(Request, HoldNumber),
    Confirm(Request, HoldNumber),
    Release(Request, HoldNumber),
    /// The request gives up.
    Close(Request),
    /// The request holds a place in another slot: what it held here is given back.
    HoldElsewhere(Request),
    /// The hold's time is over.
    End(Request, HoldNumber),
    Look,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    Done,
    /// No place is left.
    Full,
    /// There is no such hold (any more), whoever has the place now.
    NotHeld,
    /// The request is booked, or its story is over.
    Closed,
    /// Who is booked, and how many places are held or booked.
    Seen(BTreeSet<Request>, usize),
}

impl Object for OneSlot {
    type State = Taken;
    type Operation = Operation;
    type Answer = Answer;

    fn apply(&self, state: &Taken, operation: &Operation) -> (Taken, Answer) {
        let mut after = state.clone();
        let place = |request: &Request| state.places.get(request).copied();
        let answer = match operation {
            Operation::Hold(request, _)
            | Operation::Confirm(request, _)
            | Operation::Release(request, _)
            | Operation::Close(request)
                if state.closed.contains(request) =>
            {
                // Nothing is left to give back: that is no fault of the caller.
                if matches!(operation, Operation::Release(..)) { Answer::Done } else { Answer::Closed }
            }
            Operation::Hold(request, hold) => match place(request) {
                Some(Place::Sold(_)) => Answer::Closed,
                None if state.places.len() >= self.capacity => Answer::Full,
                _ => {
                    after.places.insert(*request, Place::Held(*hold));
                    Answer::Done
                }
            },
            Operation::Confirm(request, hold) => match place(request) {
                Some(Place::Held(held)) if held == *hold => {
                    after.places.insert(*request, Place::Sold(*hold));
                    Answer::Done
                }
                Some(Place::Sold(held)) if held == *hold => Answer::Done,
                Some(Place::Sold(_)) => Answer::Closed,
                _ => Answer::NotHeld,
            },
            Operation::Release(request, hold) => match place(request) {
                Some(Place::Sold(_)) => Answer::Closed,
                Some(Place::Held(held)) if held == *hold => {
                    after.places.remove(request);
                    Answer::Done
                }
                _ => Answer::Done,
            },
            Operation::Close(request) => {
                after.places.remove(request);
                after.closed.insert(*request);
                Answer::Done
            }
            Operation::HoldElsewhere(request) => {
                if let Some(Place::Held(_)) = place(request) {
                    after.places.remove(request);
                }
                Answer::Done
            }
            Operation::End(request, hold) => {
                if place(request) == Some(Place::Held(*hold)) {
                    after.places.remove(request);
                }
                Answer::Done
            }
            Operation::Look => Answer::Seen(state.sold(), state.places.len()),
        };
        (after, answer)
    }

    fn changes_nothing(&self, answer: &Answer) -> bool {
        *answer != Answer::Done
    }
}

impl Taken {
    pub(crate) fn sold(&self) -> BTreeSet<Request> {
        self.places.iter().filter(|(_, place)| matches!(place, Place::Sold(_))).map(|(request, _)| *request).collect()
    }
}
