//! The board: its order, its pages, and what it may know of patients.

use std::collections::BTreeSet;

use super::fake_store::FakeStore;
use super::slots::replayed;
use super::world::{NOTE, after, confirm, create, facts, hold, operator, request_id};
use crate::domain::decide::Command;
use crate::domain::{Level, RequestState};
use crate::store::codec;
use crate::views::board::{Board, BoardQuery, Case};
use crate::views::facts::FactsByRef;
use crate::views::territory_state::TerritoryState;

fn ids<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Vec<usize> {
    let number = |case: &Case| (0..50).find(|n| request_id(*n) == case.request.id).unwrap();
    cases.into_iter().map(number).collect()
}

fn of(states: &[RequestState]) -> BoardQuery {
    BoardQuery { states: states.iter().copied().collect(), limit: 50, ..BoardQuery::default() }
}

fn a_board() -> FakeStore {
    let store = FakeStore::with_slots(12);
    for (n, level) in [
        (1, Some(Level::Programmed)),
        (2, Some(Level::H48)),
        (3, Some(Level::H24)),
        (4, None),
        (5, Some(Level::SameDay)),
        (6, Some(Level::Immediate)),
        (7, Some(Level::H24)),
        (8, Some(Level::H24)),
        (9, Some(Level::H24)),
    ] {
        store.wait(1_000);
        store.done(&operator(), &create(n, level, after(0)));
    }
    store.done(&operator(), &hold(7, 1, 7, after(5)));
    store.done(&operator(), &hold(8, 2, 8, after(5)));
    store.done(&operator(), &confirm(8, 8, 8));
    store.done(&operator(), &Command::Cancel { request: request_id(9), reason: "r".to_owned() });
    store
}

#[test]
fn emergencies_come_first_then_the_soonest_deadline_then_those_without() {
    let state = replayed(&a_board());
    let board = |query: &BoardQuery| ids(&state.board.list(query, after(1)).items);
    assert_eq!(board(&BoardQuery { limit: 50, ..BoardQuery::default() }), [6, 5, 3, 7, 8, 9, 2, 1, 4]);
    assert_eq!(board(&of(&[RequestState::Open])), [6, 5, 3, 2, 1]);
    assert_eq!(board(&of(&[RequestState::Held, RequestState::Booked])), [7, 8]);
    assert_eq!(board(&of(&[RequestState::Cancelled, RequestState::Incomplete])), [9, 4]);
    assert_eq!(ids(state.board.waiting(after(1))), [5, 3, 2, 1]);
    // The hold of the seventh ends by itself.
    assert_eq!(ids(&state.board.list(&of(&[RequestState::Open]), after(5)).items), [6, 5, 3, 7, 2, 1]);
    assert_eq!(ids(state.board.waiting(after(5))), [5, 3, 7, 2, 1]);
    assert_eq!(state.board.counts(after(1))[&RequestState::Open], 5);
}

#[test]
fn pages_of_the_board_follow_each_other_even_when_their_last_request_has_gone() {
    let store = a_board();
    let mut state = replayed(&store);
    let mut query = BoardQuery { states: BTreeSet::from([RequestState::Open]), limit: 2, ..BoardQuery::default() };
    let first = state.board.list(&query, after(1));
    assert_eq!(ids(&first.items), [6, 5]);
    let seen = store.remember().events.len();
    store.done(&operator(), &Command::Cancel { request: request_id(5), reason: "r".to_owned() });
    for stored in &store.remember().events[seen..] {
        state.apply(&codec::decode_event(stored).unwrap(), &FactsByRef::new());
    }
    query.after = first.next;
    let second = state.board.list(&query, after(1));
    assert_eq!(ids(&second.items), [3, 2]);
    query.after = second.next;
    let last = state.board.list(&query, after(1));
    assert_eq!((ids(&last.items), last.next), (vec![1], None));
}

#[test]
fn facts_are_kept_while_a_request_lives_and_never_shown() {
    let store = FakeStore::with_slots(2);
    store.done(&operator(), &create(1, Some(Level::H24), after(0)));
    let found: FactsByRef = [("facts-1".to_owned(), facts())].into();
    let mut state = TerritoryState::default();
    let mut applied = 0;
    let mut follow = |state: &mut TerritoryState, found: &FactsByRef| {
        for stored in &store.remember().events[applied..] {
            state.apply(&codec::decode_event(stored).unwrap(), found);
            applied += 1;
        }
    };
    follow(&mut state, &found);
    let has_facts = |board: &Board| board.get(request_id(1)).unwrap().facts.is_some();
    assert!(has_facts(&state.board));
    let shown = format!("{state:?}");
    assert!(shown.contains("facts-1"));
    assert!(!shown.contains(NOTE) && !shown.contains("chute"));
    // Kept from one version of the request to the next, without reading them again.
    store.done(&operator(), &hold(1, 1, 1, after(5)));
    follow(&mut state, &FactsByRef::new());
    assert!(has_facts(&state.board));
    store.done(&operator(), &Command::Cancel { request: request_id(1), reason: "r".to_owned() });
    follow(&mut state, &found);
    assert!(!has_facts(&state.board) && state.board.without_facts().next().is_none());
}
