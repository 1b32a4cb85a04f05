//! Where places are missing.

use super::*;

#[test]
fn one_place_more_is_told_with_what_it_brings_where_places_are_missing() {
    let told = |seekers: Vec<Seeker>, expected: Vec<Expected>, places: Vec<Candidate>| {
        let told = solve_all(seekers, expected, places).scarce(vec![], 5, &RoadModel, BUDGET).unwrap();
        told.iter().map(|s| (s.places_of.part, s.free, s.served, s.reason.code)).collect::<Vec<_>>()
    };
    let three = || vec![seeker(1, Level::H24), seeker(2, Level::H24), seeker(3, Level::H24)];
    let (noon, evening) = (|n| candidate(n, 4 * 60, 1.0), |n| candidate(n, 10 * 60, 1.0));
    assert_eq!(told(three(), vec![], vec![noon(1), noon(2), evening(3), evening(4)]).len(), 1, "only noon is wanted");
    let told_of = |code| move |told: &[(PartOfDay, usize, usize, &str)]| told.iter().all(|one| one.3 == code);
    let missing = told(three(), vec![], vec![noon(1), evening(2)]);
    assert_eq!(missing, [(PartOfDay::Afternoon, 1, 1, "would_serve"), (PartOfDay::Evening, 1, 1, "would_serve")]);
    assert!(told_of("would_keep")(&told(vec![seeker(1, Level::SameDay)], vec![may_come(60, 0.9)], vec![noon(1)])));
    assert!(told_of("would_save")(&told(
        vec![seeker(1, Level::H24), seeker(2, Level::H24)],
        vec![],
        vec![noon(1), evening(2)]
    )));
    assert!(told(vec![], vec![], vec![noon(1)]).is_empty() && told(three(), vec![], vec![]).is_empty());
}

#[test]
fn a_kind_of_which_every_place_is_taken_is_told_as_well() {
    let gone = |n, minutes| candidate(n, minutes, 1.0);
    let told = |seekers: Vec<Seeker>, places: Vec<Candidate>, gone: Vec<Candidate>| {
        let told = solve_all(seekers, vec![], places).scarce(gone, 5, &RoadModel, BUDGET).unwrap();
        told.iter().map(|s| (s.places_of.part, s.free, s.gain, s.served)).collect::<Vec<_>>()
    };
    let one = || vec![seeker(1, Level::H24)];
    let [(part, free, gain, served)] = told(one(), vec![], vec![gone(1, 4 * 60), gone(2, 26 * 60)])[..] else {
        panic!()
    };
    assert_eq!((part, free, served), (PartOfDay::Afternoon, 0, 1), "one that comes too late serves nobody");
    // As exact as for a place that is there: what leaving them out costs, less what the place does.
    let (without, with_it) = (solve_all(one(), vec![], vec![]), solve_all(one(), vec![], vec![gone(1, 4 * 60)]));
    assert_eq!(gain, without.plan().objective - with_it.plan().objective);
    assert!(told(one(), vec![gone(3, 60)], vec![gone(1, 4 * 60)]).is_empty(), "a better one is free");
}
