//! Requests as the board shows them: soonest deadline first. What is known of the patient is kept with a request only while
//! it is not closed, is never filed under anything, and is not in `Debug`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::cursor::BoardCursor;
use super::facts::FactsByRef;
use super::sorted_merge::merge;
use crate::domain::{CareRequest, PatientFacts, Phase, RegulationReference, RequestId, RequestState, ReviewCause};

/// A request with what matching needs of its patient.
#[derive(Debug, Clone)]
pub struct Case {
    /// The request.
    pub request: Arc<CareRequest>,
    /// How often it was written.
    pub version: u64,
    /// The patient's facts; none once the request is closed, or when they could not be read.
    pub facts: Option<Arc<PatientFacts>>,
}

/// Which requests, of which at most `limit` are answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoardQuery {
    /// In one of these states when asked; empty: in any.
    pub states: BTreeSet<RequestState>,
    /// And those whose patient must still be told the hour, whatever their state.
    pub untold: bool,
    /// At most so many.
    pub limit: usize,
    /// After this place of the board.
    pub after: Option<BoardCursor>,
}

/// A part of the board.
#[derive(Debug, Clone, Default)]
pub struct BoardPage {
    /// Requests: emergencies first, then by deadline, those without one last.
    pub items: Vec<Case>,
    /// Where the next part begins; none when this is the last.
    pub next: Option<BoardCursor>,
}

type Pile = BTreeMap<BoardCursor, Case>;

/// The requests of a territory.
#[derive(Debug, Default)]
pub struct Board {
    place_of: HashMap<RequestId, (Standing, BoardCursor)>,
    piles: [Pile; Standing::ALL.len()],
    without_facts: BTreeSet<RequestId>,
    of_file: HashMap<RegulationReference, BTreeSet<RequestId>>,
    to_review: BTreeSet<RequestId>,
}

/// The pile a request lies on; it does not depend on the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Waiting,
    Booked,
    Closed,
}

impl Standing {
    const ALL: [Self; 3] = [Self::Waiting, Self::Booked, Self::Closed];

    fn of(request: &CareRequest) -> Self {
        match request.phase {
            Phase::Incomplete | Phase::Open => Self::Waiting,
            Phase::Booked { .. } => Self::Booked,
            Phase::Fulfilled { .. }
            | Phase::NoShow { .. }
            | Phase::Cancelled
            | Phase::HandedTo15
            | Phase::Redirected { .. }
            | Phase::Unmet => Self::Closed,
        }
    }

    fn of_state(state: RequestState) -> Self {
        match state {
            RequestState::Incomplete | RequestState::Open | RequestState::Promised | RequestState::Held => {
                Self::Waiting
            }
            RequestState::Booked => Self::Booked,
            RequestState::Fulfilled
            | RequestState::NoShow
            | RequestState::Cancelled
            | RequestState::HandedTo15
            | RequestState::Redirected
            | RequestState::Unmet => Self::Closed,
        }
    }

    fn place(self) -> usize {
        match self {
            Self::Waiting => 0,
            Self::Booked => 1,
            Self::Closed => 2,
        }
    }
}

impl Board {
    /// Puts a request on the board, in place of what was there of it. Its facts are those there already, if they are under
    /// the name it gives, else those in `found`.
    pub fn put(&mut self, request: CareRequest, version: u64, found: &FactsByRef) {
        let before = self.take(request.id);
        let facts = request
            .needs_facts()
            .then(|| match before {
                Some(Case { request: known, facts: Some(facts), .. }) if known.facts_ref == request.facts_ref => {
                    Some(facts)
                }
                _ => found.get(&request.facts_ref).cloned(),
            })
            .flatten();
        if facts.is_none() && request.needs_facts() {
            self.without_facts.insert(request.id);
        }
        self.lay(Case { request: Arc::new(request), version, facts });
    }

    /// Adds facts that could not be read before.
    pub fn add_facts(&mut self, found: &FactsByRef) {
        for id in self.without_facts.clone() {
            let Some(mut case) = self.take(id) else { continue };
            case.facts = found.get(&case.request.facts_ref).cloned();
            if case.facts.is_none() {
                self.without_facts.insert(id);
            }
            self.lay(case);
        }
    }

    /// Whether the facts of a request, as it will be, are still to be read.
    pub fn lacks_facts(&self, request: &CareRequest) -> bool {
        let known = self
            .get(request.id)
            .is_some_and(|case| case.facts.is_some() && case.request.facts_ref == request.facts_ref);
        request.needs_facts() && !known
    }

    /// Requests that should have facts and have none.
    pub fn without_facts(&self) -> impl Iterator<Item = &Case> {
        self.without_facts.iter().filter_map(|id| self.get(*id))
    }

    /// A request by its identifier.
    pub fn get(&self, id: RequestId) -> Option<&Case> {
        let (standing, cursor) = self.place_of.get(&id)?;
        self.piles[standing.place()].get(cursor)
    }

    /// Every request, in no order.
    pub fn all(&self) -> impl Iterator<Item = &Case> {
        self.piles.iter().flat_map(Pile::values)
    }

    /// How many requests are known.
    pub fn len(&self) -> usize {
        self.place_of.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.place_of.is_empty()
    }

    /// Requests in the states asked for, as they are at `now`.
    pub fn list(&self, query: &BoardQuery, now: DateTime<Utc>) -> BoardPage {
        let wanted = |state| query.states.is_empty() || query.states.contains(&state);
        let piles = Standing::ALL.into_iter().filter(|standing| {
            query.states.is_empty()
                || (query.untold && *standing == Standing::Booked)
                || query.states.iter().any(|state| Standing::of_state(*state) == *standing)
        });
        let span = (query.after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let mut found = merge(piles.map(|standing| self.piles[standing.place()].range(span)))
            .filter(|case| wanted(case.request.state(now)) || (query.untold && case.request.hour_to_tell.is_some()));
        let items: Vec<_> = found.by_ref().take(query.limit).cloned().collect();
        let next = found.next().and_then(|_| items.last()).map(|last| BoardCursor::of(&last.request));
        BoardPage { items, next }
    }

    /// Requests the optimiser may look for a place for at `now`, in the order of the board.
    pub fn waiting(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Case> {
        self.piles[Standing::Waiting.place()].values().filter(move |case| case.request.wants_a_place(now))
    }

    /// Requests nobody was seen for yet: those that wait and those that are booked, in no order.
    pub fn pending(&self) -> impl Iterator<Item = &Case> {
        [Standing::Waiting, Standing::Booked].into_iter().flat_map(|standing| self.piles[standing.place()].values())
    }

    /// Requests of a file of the regulation.
    pub fn of_file(&self, file: &RegulationReference) -> impl Iterator<Item = &Case> {
        self.of_file.get(file).into_iter().flatten().filter_map(|id| self.get(*id))
    }

    /// Requests whose level a régulateur is to look at, the newest first.
    pub fn to_review(&self) -> impl Iterator<Item = (&Case, ReviewCause)> {
        let cases = self.to_review.iter().rev().filter_map(|id| self.get(*id));
        cases.filter_map(|case| Some((case, ReviewCause::of(&case.request)?)))
    }

    /// Everybody who waits, whether the optimiser may look for a place or not, in the order of the board.
    pub fn unserved(&self) -> impl Iterator<Item = &Case> {
        self.piles[Standing::Waiting.place()].values()
    }

    /// Everybody who has a place, in the order of the board.
    pub fn booked(&self) -> impl Iterator<Item = &Case> {
        self.piles[Standing::Booked.place()].values()
    }

    /// How many requests are in each state at `now`, closed ones left out.
    pub fn counts(&self, now: DateTime<Utc>) -> BTreeMap<RequestState, usize> {
        let mut counts = BTreeMap::new();
        for standing in [Standing::Waiting, Standing::Booked] {
            for case in self.piles[standing.place()].values() {
                *counts.entry(case.request.state(now)).or_default() += 1;
            }
        }
        counts
    }

    fn take(&mut self, id: RequestId) -> Option<Case> {
        self.without_facts.remove(&id);
        self.to_review.remove(&id);
        let (standing, cursor) = self.place_of.remove(&id)?;
        let case = self.piles[standing.place()].remove(&cursor)?;
        if let Some(file) = &case.request.regulation_reference
            && let Some(requests) = self.of_file.get_mut(file)
        {
            requests.remove(&id);
            if requests.is_empty() {
                self.of_file.remove(file);
            }
        }
        Some(case)
    }

    fn lay(&mut self, case: Case) {
        let (standing, cursor) = (Standing::of(&case.request), BoardCursor::of(&case.request));
        self.place_of.insert(case.request.id, (standing, cursor));
        if let Some(file) = &case.request.regulation_reference {
            self.of_file.entry(file.clone()).or_default().insert(case.request.id);
        }
        if ReviewCause::of(&case.request).is_some() {
            self.to_review.insert(case.request.id);
        }
        self.piles[standing.place()].insert(cursor, case);
    }
}
