//! Whoever is being told of a slot.

use super::*;

#[test]
fn whoever_is_being_told_of_a_slot_keeps_it_unless_the_whole_gains_more() {
    let told_of = |n: u128, slot: u128| seeker(n, Level::H24).told_of(Some(SlotId::new(Uuid::from_u128(slot))));
    let planned = |pool: &Pool, n: u128| pool.planned(RequestId::new(Uuid::from_u128(n))).map(|c| c.slot.id);
    let id = |n: u128| Some(SlotId::new(Uuid::from_u128(n)));
    // Two minutes nearer is no reason to call back; an hour is.
    let near = || vec![candidate(1, 60, 1.0), candidate(2, 60, 3.0)];
    assert_eq!(planned(&solve(vec![told_of(1, 2)], near()), 1), id(2));
    assert_eq!(planned(&solve(vec![seeker(1, Level::H24)], near()), 1), id(1));
    let soon = vec![candidate(1, 60, 1.0), candidate(2, 20 * 60, 1.0)];
    assert_eq!(planned(&solve(vec![told_of(1, 2)], soon), 1), id(1));
    // Nobody goes without a place for it.
    let only = Seeker { latest: Some(nine() + TimeDelta::minutes(90)), ..seeker(2, Level::H24) };
    let both = solve(vec![told_of(1, 1), only], vec![candidate(1, 60, 1.0), candidate(2, 120, 1.0)]);
    assert_eq!((planned(&both, 1), planned(&both, 2)), (id(2), id(1)));
    // Whoever asks again hears the best there is, not what they were told.
    let again = solve(vec![told_of(1, 2)], near());
    let first = &again.proposals(RequestId::new(Uuid::from_u128(1)), 1)[0];
    assert_eq!(Some(first.candidate.slot.id), id(1));
}

#[test]
fn no_more_than_a_few_are_moved_at_once() {
    let late = |n: u128| candidate(100 + n, 20 * 60 + i64::try_from(n).unwrap(), 1.0);
    let soon = |n: u128| candidate(n, 60, 1.0);
    let told_of = |n: u128| seeker(n, Level::H24).told_of(Some(SlotId::new(Uuid::from_u128(100 + n))));
    let moved = |count: u128| {
        let pool = solve((1..=count).map(told_of).collect(), (1..=count).flat_map(|n| [soon(n), late(n)]).collect());
        let kept = |n: &u128| {
            let planned = pool.planned(RequestId::new(Uuid::from_u128(*n))).unwrap();
            planned.slot.id == SlotId::new(Uuid::from_u128(100 + n))
        };
        (1..=count).filter(|n| !kept(n)).count()
    };
    assert_eq!(moved(3), 3);
    assert!(moved(8) <= 3);
}

#[test]
fn a_plan_that_is_added_to_holds_those_who_were_told_meanwhile() {
    let places = || vec![candidate(1, 60, 1.0), candidate(2, 60, 6.0)];
    let problem = |seekers: Vec<Seeker>| Problem { seekers, candidates: places(), ..Problem::default() };
    let first = || seeker(1, Level::H24);
    // Lives far out: the near place saves them more than the first would lose, but not by what a move costs.
    let second = Seeker { place: place(-3.0), ..seeker(2, Level::H24) };
    let pool = Pool::solve(problem(vec![first()]), &RoadModel, nine(), BUDGET).unwrap();
    let added = |first: Seeker| pool.added_to(&problem(vec![first, second.clone()]), &RoadModel, nine(), BUDGET);
    let planned =
        |pool: &Pool, n: u128| pool.planned(RequestId::new(Uuid::from_u128(n))).unwrap().slot.id.uuid().as_u128();
    let told = first().told_of(Some(SlotId::new(Uuid::from_u128(1))));
    let held = added(told.clone()).unwrap();
    assert!(held.plan().optimal);
    assert_eq!((planned(&held, 1), planned(&held, 2)), (1, 2));
    assert_eq!(held.plan().objective, solve(vec![told, second.clone()], places()).plan().objective);
    let other = first().told_of(Some(SlotId::new(Uuid::from_u128(2))));
    assert!(added(other).is_none(), "told of another place than the plan's");
}
