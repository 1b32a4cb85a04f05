//! Whether a concurrent history fits some order: for each call an instant between its beginning and its answer at which it
//! took effect at once, so that one after another they give the answers that were given (linearizability; Wing and Gong's
//! search with memory, in Lowe's form: calls are put in order only when an answer needs it).
//! [`Orders`] keeps all ways at once, for histories that are still being made; [`fits_an_order`] looks for one.
//!
//! A call that was never answered may have taken effect at any time since it began, or never.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// What calls act on, told one call after another.
pub(crate) trait Object {
    type State: Clone + Ord + Debug;
    type Operation: Clone + Ord + Debug;
    type Answer: Clone + Ord + Debug;

    /// What a call does and answers.
    fn apply(&self, state: &Self::State, operation: &Self::Operation) -> (Self::State, Self::Answer);

    /// Whether a call with this answer leaves every state as it was.
    fn changes_nothing(&self, answer: &Self::Answer) -> bool;
}

/// One call as its caller saw it. Instants are numbers drawn from one counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call<P, A> {
    pub(crate) operation: P,
    pub(crate) began: u64,
    /// When it was answered, and what; none: the caller never knew.
    pub(crate) answered: Option<(u64, A)>,
}

/// What is known beforehand of the end of an open call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Foretold<A> {
    /// It will be answered so.
    Answer(A),
    /// It is never answered.
    Never,
    /// Nothing.
    Open,
}

/// A way the open calls may have gone so far: the state, and what those that took effect will answer.
type Way<O> = (<O as Object>::State, BTreeMap<usize, <O as Object>::Answer>);

/// An open call, and what is known of its end.
type Opened<O> = (<O as Object>::Operation, Foretold<<O as Object>::Answer>);

/// All the ways that give the answers heard so far.
pub(crate) struct Orders<O: Object> {
    open: BTreeMap<usize, Opened<O>>,
    ways: BTreeSet<Way<O>>,
}

impl<O: Object> Debug for Orders<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Orders").field("open", &self.open).field("ways", &self.ways).finish()
    }
}

impl<O: Object> Clone for Orders<O> {
    fn clone(&self) -> Self {
        Self { open: self.open.clone(), ways: self.ways.clone() }
    }
}

impl<O: Object> Orders<O> {
    pub(crate) fn starting_from(state: O::State) -> Self {
        Self { open: BTreeMap::new(), ways: [(state, BTreeMap::new())].into() }
    }

    /// How many ways there are; none: no order fits.
    pub(crate) fn count(&self) -> usize {
        self.ways.len()
    }

    pub(crate) fn ways(&self) -> &BTreeSet<Way<O>> {
        &self.ways
    }

    /// A call begins.
    pub(crate) fn began(&mut self, object: &O, call: usize, operation: O::Operation, foretold: Foretold<O::Answer>) {
        self.open.insert(call, (operation, foretold));
        let ways = std::mem::take(&mut self.ways);
        self.ways = ways.into_iter().map(|way| self.with_all_that_only_look(object, way)).collect();
    }

    /// A call is answered: what remains are the ways in which it took effect before, with this answer.
    pub(crate) fn answered(&mut self, object: &O, call: usize, answer: &O::Answer) {
        let mut reached = BTreeSet::new();
        let mut todo: Vec<Way<O>> = std::mem::take(&mut self.ways).into_iter().collect();
        let mut seen: BTreeSet<Way<O>> = todo.iter().cloned().collect();
        while let Some((state, done)) = todo.pop() {
            if let Some(given) = done.get(&call) {
                if given == answer {
                    let mut done = done;
                    done.remove(&call);
                    reached.insert((state, done));
                }
                continue;
            }
            for (_, way) in self.one_more(object, &(state, done)) {
                if seen.insert(way.clone()) {
                    todo.push(way);
                }
            }
        }
        self.open.remove(&call);
        self.ways = reached;
    }

    /// The ways that come of this one when one more of the open calls takes effect, each with that call.
    fn one_more(&self, object: &O, (state, done): &Way<O>) -> Vec<(usize, Way<O>)> {
        let mut reached = Vec::new();
        for (&call, (operation, foretold)) in self.open.iter().filter(|(call, _)| !done.contains_key(call)) {
            let (after, gives) = object.apply(state, operation);
            let possible = match foretold {
                Foretold::Answer(foretold) => gives == *foretold,
                // Without effect it is as if it had not been.
                Foretold::Never => after != *state,
                Foretold::Open => true,
            };
            if possible {
                let mut done = done.clone();
                done.insert(call, gives);
                reached.push((call, self.with_all_that_only_look(object, (after, done))));
            }
        }
        reached
    }

    /// A call that will be answered with what changes nothing is best put where that answer first holds: it stands in
    /// nobody's way.
    fn with_all_that_only_look(&self, object: &O, (state, mut done): Way<O>) -> Way<O> {
        for (call, (operation, foretold)) in &self.open {
            if let Foretold::Answer(answer) = foretold
                && object.changes_nothing(answer)
                && !done.contains_key(call)
                && object.apply(&state, operation).1 == *answer
            {
                done.insert(*call, answer.clone());
            }
        }
        (state, done)
    }
}

/// Checks a whole history; where no order fits, the number of the call (from 0) up to whose answer one could be found.
///
/// The ways are tried one after another, those first that go farthest and suppose the least of calls never answered: where an
/// order fits, it is soon found; only where none does, all are tried.
pub(crate) fn fits_an_order<O: Object>(
    object: &O,
    start: O::State,
    history: &[Call<O::Operation, O::Answer>],
) -> Result<(), usize> {
    let mut instants: Vec<(u64, usize, bool)> = Vec::new();
    for (call, made) in history.iter().enumerate() {
        instants.push((made.began, call, false));
        instants.extend(made.answered.as_ref().map(|(at, _)| (*at, call, true)));
    }
    instants.sort_unstable();
    // What is open at each instant, the call that begins or is answered there included.
    let mut open = Orders::<O>::starting_from(start.clone());
    let mut open_at = Vec::new();
    for (_, call, is_answer) in &instants {
        let Call { operation, answered, .. } = &history[*call];
        let foretold = answered.as_ref().map_or(Foretold::Never, |(_, answer)| Foretold::Answer(answer.clone()));
        open.open.insert(*call, (operation.clone(), foretold));
        open_at.push(Orders::<O> { open: open.open.clone(), ways: BTreeSet::new() });
        if *is_answer {
            open.open.remove(call);
        }
    }
    // Best last: by how far, and by how few of the calls never answered took effect.
    let mut todo: BTreeSet<(usize, Reverse<usize>, Way<O>)> = [(0, Reverse(0), (start, BTreeMap::new()))].into();
    let mut seen: BTreeSet<(usize, Way<O>)> = BTreeSet::new();
    let mut farthest = 0;
    while let Some((at, supposed, way)) = todo.pop_last() {
        farthest = farthest.max(at);
        let Some((_, call, is_answer)) = instants.get(at) else { return Ok(()) };
        let orders = &open_at[at];
        let mut reached = Vec::new();
        match (is_answer, way.1.contains_key(call)) {
            (false, _) => reached.push((at + 1, supposed, orders.with_all_that_only_look(object, way))),
            (true, true) => {
                let (state, mut done) = way;
                done.remove(call);
                reached.push((at + 1, supposed, (state, done)));
            }
            (true, false) => {
                for (other, next) in orders.one_more(object, &way) {
                    let is_supposed = history[other].answered.is_none();
                    reached.push((at, Reverse(supposed.0 + usize::from(is_supposed)), next));
                }
            }
        }
        todo.extend(reached.into_iter().filter(|(at, _, way)| seen.insert((*at, way.clone()))));
    }
    Err(instants[farthest].1)
}
