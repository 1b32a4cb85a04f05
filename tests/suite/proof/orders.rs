//! The checker of histories, checked: what it must accept, and what it must not.

use std::collections::BTreeSet;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::support::history::one_slot::{Answer, OneSlot, Operation, Taken};
use crate::support::history::orders::{Call, Foretold, Object as _, Orders, fits_an_order};

use Answer::{Done, Full, NotHeld, Seen};
use Operation::{Close, Confirm, End, Hold, HoldElsewhere, Look};

type Heard = Call<Operation, Answer>;

/// Began, answered, what, with which answer.
fn call(began: u64, answered: u64, operation: Operation, answer: Answer) -> Heard {
    Call { operation, began, answered: Some((answered, answer)) }
}

fn unknown(began: u64, operation: Operation) -> Heard {
    Call { operation, began, answered: None }
}

fn seen(booked: &[usize], taken: usize) -> Answer {
    Seen(booked.iter().copied().collect::<BTreeSet<_>>(), taken)
}

fn fits(history: &[Heard]) -> bool {
    fits_an_order(&OneSlot { capacity: 1 }, Taken::default(), history).is_ok()
}

#[test]
fn a_story_told_in_order_fits() {
    assert!(fits(&[
        call(0, 1, Hold(1, 10), Done),
        call(2, 3, Hold(2, 20), Full),
        call(4, 5, Confirm(1, 10), Done),
        call(6, 7, Look, seen(&[1], 1)),
        call(8, 9, Close(1), Done),
        call(10, 11, Hold(2, 21), Done),
        call(12, 13, Look, seen(&[], 1)),
    ]));
}

#[test]
fn two_who_had_the_one_place_fit_no_order_however_their_calls_overlap() {
    assert!(!fits(&[call(0, 3, Hold(1, 10), Done), call(1, 4, Hold(2, 20), Done)]));
    assert!(!fits(&[
        call(0, 9, Hold(1, 10), Done),
        call(1, 8, Hold(2, 20), Done),
        call(10, 14, Confirm(1, 10), Done),
        call(11, 15, Confirm(2, 20), Done),
    ]));
    // In a slot of two places the same is in order, and a third is not.
    let two = OneSlot { capacity: 2 };
    let both = [call(0, 3, Hold(1, 10), Done), call(1, 4, Hold(2, 20), Done)];
    assert!(fits_an_order(&two, Taken::default(), &both).is_ok());
    let three = [both[0].clone(), both[1].clone(), call(2, 5, Hold(3, 30), Done)];
    assert!(fits_an_order(&two, Taken::default(), &three).is_err());
}

#[test]
fn a_place_passes_from_one_to_another_only_when_it_was_given_back() {
    let moved = call(2, 5, HoldElsewhere(1), Done);
    assert!(fits(&[call(0, 1, Hold(1, 10), Done), moved.clone(), call(3, 4, Hold(2, 20), Done)]));
    assert!(!fits(&[call(0, 1, Hold(1, 10), Done), call(2, 3, Hold(2, 20), Done), call(4, 5, HoldElsewhere(1), Done)]));
    // Booked is not held: nothing but the patient's own word gives it back.
    let booked = [call(0, 1, Hold(1, 10), Done), call(1, 2, Confirm(1, 10), Done), moved];
    assert!(!fits(&[&booked[..], &[call(6, 7, Hold(2, 20), Done)]].concat()));
}

#[test]
fn an_acknowledged_booking_that_is_gone_fits_no_order() {
    let booked = [call(0, 1, Hold(1, 10), Done), call(2, 3, Confirm(1, 10), Done)];
    assert!(!fits(&[&booked[..], &[call(4, 5, Look, seen(&[], 0))]].concat()));
    assert!(!fits(&[&booked[..], &[call(4, 5, Hold(2, 20), Done)]].concat()));
    assert!(!fits(&[&booked[..], &[call(4, 5, Confirm(1, 10), NotHeld)]].concat()));
    // Not even its end of time takes it away.
    assert!(!fits(&[&booked[..], &[unknown(4, End(1, 10)), call(5, 6, Look, seen(&[], 0))]].concat()));
    assert!(fits(&[&booked[..], &[call(4, 5, Look, seen(&[1], 1))]].concat()));
}

#[test]
fn a_reader_who_asks_after_the_answer_sees_what_was_answered() {
    let held = call(0, 1, Hold(1, 10), Done);
    let booked = call(2, 5, Confirm(1, 10), Done);
    // While the call runs, both are true; after its answer only one is.
    assert!(fits(&[held.clone(), booked.clone(), call(3, 4, Look, seen(&[], 1))]));
    assert!(fits(&[held.clone(), booked.clone(), call(3, 4, Look, seen(&[1], 1))]));
    assert!(!fits(&[held.clone(), booked.clone(), call(6, 7, Look, seen(&[], 1))]));
    // What one reader has seen the next may not unsee.
    let readers = [call(3, 4, Look, seen(&[1], 1)), call(5, 6, Look, seen(&[], 1))];
    let late = call(2, 9, Confirm(1, 10), Done);
    assert!(!fits(&[held, late, readers[0].clone(), readers[1].clone()]));
}

#[test]
fn a_hold_that_was_never_acknowledged_may_be_there_or_not_and_not_both() {
    let lost = unknown(0, Hold(1, 10));
    assert!(fits(&[lost.clone(), call(2, 3, Hold(2, 20), Done)]));
    assert!(fits(&[lost.clone(), call(2, 3, Hold(2, 20), Full)]));
    // Much later it may still take effect, once.
    let free = call(2, 3, Look, seen(&[], 0));
    let there = call(4, 5, Look, seen(&[], 1));
    assert!(fits(&[lost.clone(), free.clone(), there.clone()]));
    assert!(!fits(&[
        lost.clone(),
        free,
        there.clone(),
        call(6, 7, HoldElsewhere(1), Done),
        call(8, 9, Look, seen(&[], 1))
    ]));
    // Before it was asked for it cannot.
    assert!(!fits(&[call(0, 1, Look, seen(&[], 1)), unknown(2, Hold(1, 10))]));
    assert!(!fits(&[call(0, 1, Hold(2, 20), Full), unknown(2, Hold(1, 10))]));
}

#[test]
fn a_hold_ends_by_itself_only_once_its_time_is_over() {
    let held = call(0, 1, Hold(1, 10), Done);
    let other = call(2, 3, Hold(2, 20), Done);
    assert!(fits(&[held.clone(), unknown(1, End(1, 10)), other.clone()]));
    assert!(!fits(&[held.clone(), unknown(4, End(1, 10)), other.clone()]));
    assert!(!fits(&[held, other]));
}

/// The same question asked of all ways at once.
fn some_way_is_left(slot: &OneSlot, history: &[Heard]) -> bool {
    let mut instants: Vec<(u64, usize, Option<Answer>)> = Vec::new();
    for (number, call) in history.iter().enumerate() {
        instants.push((call.began, number, None));
        instants.extend(call.answered.clone().map(|(at, answer)| (at, number, Some(answer))));
    }
    instants.sort();
    let mut orders = Orders::starting_from(Taken::default());
    for (_, number, answer) in instants {
        let call = &history[number];
        match (answer, &call.answered) {
            (Some(answer), _) => orders.answered(slot, number, &answer),
            (None, Some((_, to_come))) => {
                orders.began(slot, number, call.operation, Foretold::Answer(to_come.clone()));
            }
            (None, None) => orders.began(slot, number, call.operation, Foretold::Never),
        }
    }
    orders.count() > 0
}

/// Plays random calls on a real sequential slot at random instants inside their spans: whatever comes out fits, by
/// construction; and with one answer changed for its contrary it seldom does.
#[test]
fn made_up_histories_that_fit_are_accepted_and_those_with_a_wrong_answer_are_not() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut refused = 0;
    for _ in 0..300 {
        let slot = OneSlot { capacity: rng.random_range(1..3) };
        let mut calls: Vec<(u64, u64, u64, Operation)> = (0..40)
            .map(|_| {
                let effect: u64 = rng.random_range(0..10_000);
                let (before, after) = (rng.random_range(0..1_200), rng.random_range(1..1_200));
                let request = rng.random_range(0..5);
                let hold = 10 * request + rng.random_range(0..3);
                let operation = match rng.random_range(0..12) {
                    0..4 => Hold(request, hold),
                    4..8 => Confirm(request, hold),
                    8 => Operation::Release(request, hold),
                    9 => Close(request),
                    10 => HoldElsewhere(request),
                    _ => Look,
                };
                (effect, effect.saturating_sub(before), effect + after, operation)
            })
            .collect();
        calls.sort_unstable();
        let mut state = Taken::default();
        let mut history = Vec::new();
        for (_, began, answered, operation) in calls {
            let (after, answer) = slot.apply(&state, &operation);
            state = after;
            let lost = rng.random_bool(0.1);
            history.push(Call { operation, began, answered: (!lost).then_some((answered, answer)) });
        }
        assert_eq!(fits_an_order(&slot, Taken::default(), &history), Ok(()));
        let place = rng.random_range(0..history.len());
        if let Call { operation: Hold(..) | Confirm(..), answered: Some((_, answer)), .. } = &mut history[place] {
            *answer = if *answer == Done { Full } else { Done };
            let fits = fits_an_order(&slot, Taken::default(), &history).is_ok();
            assert_eq!(
                fits,
                some_way_is_left(&slot, &history),
                "one search finds what the other does not: {history:#?}"
            );
            refused += usize::from(!fits);
        }
    }
    assert!(refused > 60, "only {refused} histories with a wrong answer were refused");
}
