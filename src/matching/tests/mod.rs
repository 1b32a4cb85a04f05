//! Matching, told as stories on a small territory.

mod moving;
mod scarcity;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use solver::Budget;
use uuid::Uuid;

use super::candidate::in_order;
use super::pool::{Expected, Pool, Problem};
use super::suitable::{broken_rule, suitable};
use super::{Candidate, Later, PartOfDay, Promised, Seeker, Taken};
use crate::domain::time::Zone;
use crate::domain::{
    Arrival, Audience, CareNeed, Commune, Constraints, DensityClass, GeoPoint, Level, Location, Modality, Practitioner,
    RequestId, Role, Slot, SlotId, SlotSource,
};
use crate::geography::travel::{Place, RoadModel};

const BUDGET: Budget = Budget::wall(Duration::from_secs(5));

fn nine() -> DateTime<Utc> {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

/// A place some kilometres east of the origin.
fn place(km_east: f64) -> Place {
    Place::in_commune(&Commune {
        code: "59653".parse().unwrap(),
        name: "Wavrin".to_owned(),
        postcodes: Vec::new(),
        population: 7_000,
        point: point(km_east),
        surface_km2: Some(13.0),
        density: DensityClass::UNKNOWN,
    })
    .at(point(km_east))
}

fn point(km_east: f64) -> GeoPoint {
    GeoPoint { lat: 50.57, lon: 2.93 + km_east / 70.6 }
}

/// A free slot with a general practitioner, in `minutes`, some kilometres east.
fn candidate(n: u128, minutes: i64, km_east: f64) -> Candidate {
    with(n, minutes, km_east, |_| {})
}

fn with(n: u128, minutes: i64, km_east: f64, change: impl FnOnce(&mut (Slot, Practitioner))) -> Candidate {
    let start = nine() + TimeDelta::minutes(minutes);
    let rpps = format!("1999000{n:04}").parse().unwrap();
    let slot = Slot {
        id: SlotId::new(Uuid::from_u128(n)),
        territory: "weppes".parse().unwrap(),
        start,
        end: start + TimeDelta::minutes(15),
        practitioner: rpps,
        profession: "10".parse().unwrap(),
        speciality: Some("SM54".parse().unwrap()),
        location: "cabinet".parse().unwrap(),
        modality: Modality::Ambulatory,
        audience: [Audience::Public].into(),
        arrival: Arrival::Routine,
        capacity: 1,
        extra_capacity: 0,
        holds: Vec::new(),
        bookings: Vec::new(),
        withdrawn_at: None,
        source: SlotSource::Synthetic,
    };
    let practitioner = Practitioner {
        rpps,
        name: "[FICTIF] Dr Test".to_owned(),
        profession: slot.profession.clone(),
        speciality: slot.speciality.clone(),
        languages: vec!["fr".parse().unwrap()],
        locations: vec![Location {
            id: "cabinet".parse().unwrap(),
            name: "Cabinet".to_owned(),
            commune: "59653".parse().unwrap(),
            point: point(km_east),
            accessible: false,
        }],
        synthetic: true,
    };
    let mut both = (slot, practitioner);
    change(&mut both);
    Candidate::new(Arc::new(both.0), Arc::new(both.1), place(km_east), Zone::PARIS).unwrap()
}

fn seeker(n: u128, level: Level) -> Seeker {
    let deadline = level.delay().map(|delay| nine() + delay);
    Seeker {
        request: RequestId::new(Uuid::from_u128(n)),
        level,
        need: CareNeed {
            profession: "10".parse().unwrap(),
            speciality: Some("SM54".parse().unwrap()),
            modality: Some(Modality::Ambulatory),
        },
        constraints: Constraints::default(),
        place: place(0.0),
        earliest: nine(),
        latest: deadline,
        deadline,
        audience: super::candidate::audience_bits(Audience::ALL),
        promised: None,
        told: None,
        radius_km: 10.0,
        widening_km: 5.0,
    }
}

fn solve(seekers: Vec<Seeker>, candidates: Vec<Candidate>) -> Pool {
    let problem = Problem { seekers, candidates, ..Problem::default() };
    Pool::solve(problem, &RoadModel, nine(), BUDGET).unwrap()
}

#[test]
fn each_rule_sets_aside_what_it_names() {
    let plain = seeker(1, Level::SameDay);
    let asks = |change: fn(&mut Seeker)| {
        let mut seeker = plain.clone();
        change(&mut seeker);
        seeker
    };
    let cases: Vec<(&str, Seeker, Candidate)> = vec![
        ("place_left", plain.clone(), candidate(1, -10, 1.0)),
        ("within_deadline", plain.clone(), candidate(1, 360, 1.0)),
        ("within_deadline", asks(|s| s.earliest += TimeDelta::minutes(180)), candidate(1, 120, 1.0)),
        ("skills", plain.clone(), with(1, 60, 1.0, |(slot, _)| slot.profession = "60".parse().unwrap())),
        ("skills", plain.clone(), with(1, 60, 1.0, |(slot, _)| slot.speciality = Some("SM40".parse().unwrap()))),
        ("skills", plain.clone(), with(1, 60, 1.0, |(slot, _)| slot.speciality = None)),
        ("modality", plain.clone(), with(1, 60, 1.0, |(slot, _)| slot.modality = Modality::Virtual)),
        ("modality", asks(|s| s.need.modality = None), with(1, 60, 1.0, |(s, _)| s.modality = Modality::HomeVisit)),
        (
            "audience",
            plain.clone().seen_by(Role::Patient),
            with(1, 60, 1.0, |(s, _)| s.audience = [Audience::Snp].into()),
        ),
        ("language", asks(|s| s.constraints.languages = vec!["ar".parse().unwrap()]), candidate(1, 60, 1.0)),
        ("accessible", asks(|s| s.constraints.accessible = true), candidate(1, 60, 1.0)),
        ("within_travel_time", asks(|s| s.constraints.max_travel_minutes = Some(10)), candidate(1, 60, 8.0)),
        ("within_radius", plain.clone(), candidate(1, 60, 40.0)),
    ];
    for (rule, seeker, candidate) in cases {
        let broken = broken_rule(&seeker, &candidate, &RoadModel, nine()).map(|rule| rule.code);
        assert_eq!(broken, Some(rule));
    }
    assert!(broken_rule(&plain, &candidate(1, 60, 1.0), &RoadModel, nine()).is_none());
}

#[test]
fn a_general_practitioner_is_one_under_any_of_three_codes() {
    for code in ["SM26", "SM53", "SM54"] {
        let slot = with(1, 60, 1.0, |(slot, _)| slot.speciality = Some(code.parse().unwrap()));
        assert!(broken_rule(&seeker(1, Level::H24), &slot, &RoadModel, nine()).is_none(), "{code}");
    }
}

#[test]
fn a_search_is_widened_only_as_far_as_it_must() {
    let near_and_far = in_order(vec![candidate(1, 60, 12.0), candidate(2, 60, 14.0), candidate(3, 60, 24.0)]);
    let found = suitable(&seeker(1, Level::H24), &near_and_far, &RoadModel, nine());
    // Nothing within 10 km: widened once to 15, not to 25.
    assert_eq!(found.fits.iter().map(|fit| fit.candidate).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(found.set_aside.get("within_radius"), Some(&1));
}

#[test]
fn the_last_place_goes_to_the_more_urgent_whoever_came_first() {
    let pool = solve(vec![seeker(1, Level::H48), seeker(2, Level::SameDay)], vec![candidate(1, 60, 1.0)]);
    assert!(pool.planned(RequestId::new(Uuid::from_u128(1))).is_none());
    assert!(pool.planned(RequestId::new(Uuid::from_u128(2))).is_some());
    let why = pool.why_unserved(RequestId::new(Uuid::from_u128(1))).unwrap();
    assert_eq!(why.code, "taken_by_more_urgent");
}

#[test]
fn a_nearby_place_is_left_to_whoever_cannot_travel() {
    let mut cannot = seeker(1, Level::H24);
    cannot.constraints.max_travel_minutes = Some(8);
    let can = seeker(2, Level::H24);
    let pool = solve(vec![can.clone(), cannot.clone()], vec![candidate(1, 60, 1.0), candidate(2, 60, 9.0)]);
    assert_eq!(pool.planned(cannot.request).unwrap().slot.id, SlotId::new(Uuid::from_u128(1)));
    assert_eq!(pool.planned(can.request).unwrap().slot.id, SlotId::new(Uuid::from_u128(2)));
    // Who can travel is told what the nearer place would cost the others.
    let proposals = pool.proposals(can.request, 5);
    assert_eq!(proposals[0].candidate.slot.id, SlotId::new(Uuid::from_u128(2)));
    assert!(proposals[1].reasons.iter().any(|reason| reason.code == "displaces"), "{:?}", proposals[1].reasons);
}

#[test]
fn somebody_promised_leaves_the_early_place_to_the_others() {
    let mut promised = seeker(1, Level::H24);
    promised.promised = Some(Promised { notice: TimeDelta::hours(3), given: true });
    let pool = solve(vec![promised, seeker(2, Level::H24)], vec![candidate(1, 60, 1.0), candidate(2, 600, 1.0)]);
    assert_eq!(pool.planned(RequestId::new(Uuid::from_u128(1))).unwrap().slot.id, SlotId::new(Uuid::from_u128(2)));
}

#[test]
fn the_next_patient_goes_to_the_practitioner_who_saw_fewer_that_day() {
    let candidates = vec![candidate(1, 60, 1.0), candidate(2, 62, 1.0)];
    let busy = (candidates[0].slot.practitioner, candidates[0].day);
    let taken = Taken::from([(busy, 4)]);
    let problem = Problem { seekers: vec![seeker(1, Level::H24)], candidates, taken, ..Problem::default() };
    let pool = Pool::solve(problem, &RoadModel, nine(), BUDGET).unwrap();
    assert_eq!(pool.planned(RequestId::new(Uuid::from_u128(1))).unwrap().slot.id, SlotId::new(Uuid::from_u128(2)));
}

#[test]
fn reasons_are_french_sentences_with_the_facts() {
    let pool = solve(vec![seeker(1, Level::SameDay)], vec![candidate(1, 70, 3.0)]);
    let proposals = pool.proposals(RequestId::new(Uuid::from_u128(1)), 5);
    let texts: Vec<&str> = proposals[0].reasons.iter().map(|reason| reason.text.as_str()).collect();
    assert_eq!(texts[0], "Dans 1 h 10, soit 4 h 50 avant l'échéance.");
    assert!(texts[1].ends_with("min de trajet."), "{texts:?}");
    assert_eq!(texts[2], "Premier patient non programmé de ce praticien ce jour-là.");
    assert_eq!(texts[3], "Le meilleur choix pour l'ensemble des demandes en attente.");
}

#[test]
fn who_finds_nothing_is_told_what_stood_in_the_way() {
    let mut near = seeker(1, Level::H24);
    near.constraints.max_travel_minutes = Some(5);
    let pool = solve(vec![near.clone()], vec![candidate(1, 60, 8.0), candidate(2, 90, 9.0)]);
    let why = pool.why_unserved(near.request).unwrap();
    assert_eq!(why.code, "nothing_suits");
    assert!(why.text.contains("2 écartés") && why.text.contains("trajet"), "{}", why.text);
    let nobody = solve(vec![seeker(2, Level::H24)], Vec::new());
    assert_eq!(nobody.why_unserved(RequestId::new(Uuid::from_u128(2))).unwrap().code, "no_such_slot");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever waits and whatever is free: nothing is planned against a rule, nothing twice, and the order of arrival in the
    /// list changes nothing of the whole.
    #[test]
    fn no_plan_breaks_a_rule(
        wants in prop::collection::vec((0..4usize, 0.0..20.0f64, prop::option::of(5u16..40)), 1..12),
        places in prop::collection::vec((1i64..2_000, 0.0..20.0f64), 1..12),
    ) {
        let seekers: Vec<Seeker> = wants.iter().enumerate().map(|(n, (level, km, longest))| {
            let mut seeker = seeker(n as u128, Level::ALL[*level]);
            seeker.place = place(*km);
            seeker.constraints.max_travel_minutes = *longest;
            seeker
        }).collect();
        let candidates: Vec<Candidate> =
            places.iter().enumerate().map(|(n, (minutes, km))| candidate(n as u128, *minutes, *km)).collect();
        let pool = solve(seekers.clone(), candidates.clone());
        let mut used = BTreeSet::new();
        for seeker in &seekers {
            if let Some(planned) = pool.planned(seeker.request) {
                prop_assert!(used.insert(planned.slot.id), "planned twice");
                prop_assert!(broken_rule(seeker, planned, &RoadModel, nine()).is_none());
                let first = &pool.proposals(seeker.request, 3)[0];
                prop_assert!(first.reasons.iter().any(|reason| reason.code == "best_for_all"));
            } else {
                prop_assert!(pool.why_unserved(seeker.request).is_some());
            }
        }
        let mut reversed = seekers;
        reversed.reverse();
        let again = solve(reversed, candidates);
        prop_assert!(pool.plan().optimal && again.plan().optimal);
        prop_assert_eq!(pool.plan().objective, again.plan().objective);
    }

    /// Newcomers added to a plan, at once or one by one, are served as well as by a plan made anew, and offered the same.
    #[test]
    fn a_plan_that_was_added_to_is_as_good_as_one_made_anew(
        wants in prop::collection::vec((0..4usize, 0.0..15.0f64), 2..12),
        places in prop::collection::vec((1i64..1_500, 0.0..15.0f64), 1..10),
        likely in 0.0..1.0f64,
        known in 0..3usize,
    ) {
        let seekers: Vec<Seeker> = wants.iter().enumerate().map(|(n, (level, km))| {
            Seeker { place: place(*km), ..seeker(n as u128, Level::ALL[*level]) }
        }).collect();
        let candidates: Vec<Candidate> =
            places.iter().enumerate().map(|(n, (minutes, km))| candidate(n as u128, *minutes, *km)).collect();
        let problem = |seekers: &[Seeker]| Problem {
            seekers: seekers.to_vec(),
            expected: vec![may_come(90, likely)],
            candidates: candidates.clone(),
            ..Problem::default()
        };
        let anew = |seekers: &[Seeker]| Pool::solve(problem(seekers), &RoadModel, nine(), BUDGET).unwrap();
        let mut pool = anew(&seekers[..known.min(seekers.len() - 1)]);
        for count in [seekers.len() - 1, seekers.len()] {
            pool = pool.added_to(&problem(&seekers[..count]), &RoadModel, nine(), BUDGET).unwrap();
        }
        let whole = anew(&seekers);
        prop_assert!(pool.was_added_to() && pool.plan().optimal && whole.plan().optimal);
        prop_assert_eq!(pool.plan().objective, whole.plan().objective);
        let mut used = BTreeSet::new();
        for seeker in &seekers {
            prop_assert!(pool.planned(seeker.request).is_none_or(|place| used.insert(place.slot.id)));
            prop_assert_eq!(pool.planned(seeker.request).is_none(), pool.why_unserved(seeker.request).is_some());
            let first = |pool: &Pool| Some(pool.proposals(seeker.request, 1).first()?.candidate.slot.id);
            prop_assert_eq!(first(&pool).is_some(), first(&whole).is_some());
        }
    }
}

#[test]
fn more_than_newcomers_asks_for_a_plan_made_anew() {
    let (near, far) = (candidate(1, 60, 1.0), candidate(2, 120, 5.0));
    let problem = |seekers: Vec<Seeker>, candidates: &[&Candidate]| Problem {
        seekers,
        candidates: candidates.iter().map(|candidate| (*candidate).clone()).collect(),
        ..Problem::default()
    };
    let (first, second) = (seeker(1, Level::H24), seeker(2, Level::SameDay));
    let pool = Pool::solve(problem(vec![first.clone()], &[&near, &far]), &RoadModel, nine(), BUDGET).unwrap();
    let added = |seekers, candidates: &[&Candidate], after| {
        pool.added_to(&problem(seekers, candidates), &RoadModel, nine() + TimeDelta::seconds(after), BUDGET)
    };
    let both = || vec![first.clone(), second.clone()];
    assert!(added(both(), &[&near, &far], 59).is_some());
    assert!(added(both(), &[&near, &far], 60).is_none(), "waits have grown");
    assert!(added(both(), &[&near], 0).is_none(), "a place went");
    assert!(added(vec![second.clone()], &[&near, &far], 0).is_none(), "somebody left");
    let raised = Seeker { level: Level::SameDay, ..first.clone() };
    assert!(added(vec![raised, second.clone()], &[&near, &far], 0).is_none(), "somebody became urgent");
    let elsewhere = with(2, 120, 5.0, |(slot, _)| slot.capacity = 2);
    assert!(added(both(), &[&near, &elsewhere], 0).is_none(), "a place more");
}

/// Somebody who must be seen the same day may come in `minutes`.
fn may_come(minutes: i64, probability: f64) -> Expected {
    let Seeker { level, need, place, radius_km, widening_km, .. } = seeker(0, Level::SameDay);
    let later = Later { at: nine() + TimeDelta::minutes(minutes), level, need, place, probability };
    let (arrives, reach) = (later.at, super::seeker::Reach { radius_km, widening_km });
    Expected { seeker: Seeker::expected(later, reach), arrives, probability }
}

fn solve_all(seekers: Vec<Seeker>, expected: Vec<Expected>, candidates: Vec<Candidate>) -> Pool {
    let problem = Problem { seekers, expected, candidates, ..Problem::default() };
    Pool::solve(problem, &RoadModel, nine(), BUDGET).unwrap()
}

/// Somebody who can wait a day, and was promised an hour known so many minutes before.
fn promised(n: u128, notice: i64) -> Seeker {
    seeker(n, Level::H24).promised(Promised { notice: TimeDelta::minutes(notice), given: true }, nine())
}

fn starts(pool: &Pool, request: u128) -> Option<i64> {
    let place = pool.planned(RequestId::new(Uuid::from_u128(request)))?;
    Some((place.slot.start - nine()).num_minutes())
}

#[test]
fn a_place_is_kept_for_who_may_come_as_far_as_that_is_likely() {
    let places = || vec![candidate(1, 120, 1.0), candidate(2, 30 * 60, 1.0)];
    let waits = || vec![seeker(1, Level::H48)];
    assert_eq!(starts(&solve_all(waits(), vec![], places()), 1), Some(120));
    assert_eq!(starts(&solve_all(waits(), vec![may_come(60, 0.5)], places()), 1), Some(30 * 60));
    // Hardly likely, and after the place has gone: it is given away.
    assert_eq!(starts(&solve_all(waits(), vec![may_come(60, 0.0001)], places()), 1), Some(120));
    assert_eq!(starts(&solve_all(waits(), vec![may_come(110, 0.9)], places()), 1), Some(120));
}

#[test]
fn a_place_kept_says_so_and_may_be_taken() {
    let pool = solve_all(vec![seeker(1, Level::H24)], vec![may_come(60, 0.9)], vec![candidate(1, 120, 1.0)]);
    let request = RequestId::new(Uuid::from_u128(1));
    assert_eq!(starts(&pool, 1), None);
    assert_eq!(pool.why_unserved(request).unwrap().code, "kept_for_expected");
    let proposals = pool.proposals(request, 5);
    assert_eq!(proposals.len(), 1, "the person at the desk may choose it");
    assert!(proposals[0].reasons.iter().any(|reason| reason.code == "kept_for_expected"), "{proposals:?}");
    assert_eq!(pool.served().count(), 0);
}

#[test]
fn who_waits_the_same_day_goes_before_a_promise_and_a_promise_before_who_may_come() {
    let promised = || promised(1, 30);
    let place = || vec![candidate(1, 120, 1.0)];
    assert_eq!(starts(&solve_all(vec![promised()], vec![may_come(60, 0.99)], place()), 1), Some(120));
    let pool = solve_all(vec![promised(), seeker(2, Level::SameDay)], vec![], place());
    assert_eq!((starts(&pool, 1), starts(&pool, 2)), (None, Some(120)));
    let pool = solve_all(vec![promised(), seeker(2, Level::H24)], vec![], place());
    assert_eq!((starts(&pool, 1), starts(&pool, 2)), (Some(120), None));
}

#[test]
fn a_promise_is_fixed_when_its_hour_must_be_told_or_nobody_else_needs_the_place() {
    let margin = TimeDelta::minutes(5);
    let fixed = |pool: &Pool| pool.promises_to_fix(margin, BUDGET).len();
    // Nobody else: at once.
    assert_eq!(fixed(&solve_all(vec![promised(1, 60)], vec![], vec![candidate(1, 300, 1.0)])), 1);
    // Somebody may need it: not before its hour must be told.
    let rival = || vec![may_come(120, 0.5)];
    assert_eq!(fixed(&solve_all(vec![promised(1, 60)], rival(), vec![candidate(1, 300, 1.0)])), 0);
    assert_eq!(fixed(&solve_all(vec![promised(1, 298)], rival(), vec![candidate(1, 300, 1.0)])), 1);
    // Two promises and one place to spare: one of them waits.
    let both = || vec![promised(1, 60), promised(2, 60)];
    let places = || vec![candidate(1, 300, 1.0), candidate(2, 310, 1.0)];
    assert_eq!(fixed(&solve_all(both(), rival(), places())), 1);
    assert_eq!(fixed(&solve_all(both(), vec![], places())), 2);
}

#[test]
fn a_promise_pays_where_the_place_is_worth_more_to_others() {
    let weighed = |level, expected: Vec<Expected>, places: Vec<Candidate>| {
        let pool = solve_all(vec![seeker(1, level)], expected, places);
        let request = RequestId::new(Uuid::from_u128(1));
        let weighed = pool.weigh_promise(request, TimeDelta::hours(3), &RoadModel, BUDGET).unwrap();
        (pool.may_do_with_a_promise(request), weighed.can_be_kept, weighed.gain.unwrap())
    };
    let places = || vec![candidate(1, 120, 1.0), candidate(2, 20 * 60, 1.0)];
    assert!(!weighed(Level::H24, vec![], places()).0, "places enough");
    assert!(!weighed(Level::SameDay, vec![may_come(30, 0.9)], places()).0, "who must be seen today gets an hour");
    // The early place is kept; that the late one is waited for matters less with a promise.
    let (_, kept, gain) = weighed(Level::H24, vec![may_come(30, 0.9)], places());
    assert!(kept && gain > 600, "{gain}");
    let one = vec![candidate(1, 120, 1.0)];
    assert_eq!(
        weighed(Level::H24, vec![may_come(30, 0.9)], one),
        (true, false, 0),
        "what cannot be kept gains nothing"
    );
}

#[test]
fn whoever_finds_nothing_hears_what_a_single_concession_opens() {
    let codes = |change: &dyn Fn(&mut Seeker), where_is_a_wish| {
        let mut seeker = seeker(1, Level::H24);
        change(&mut seeker);
        let places = vec![
            candidate(1, 60, 9.0),
            candidate(2, 90, 9.5),
            candidate(3, 26 * 60, 1.0),
            with(4, 70, 1.0, |(slot, _)| slot.modality = Modality::Virtual),
            with(5, 80, 12.0, |(slot, _)| slot.modality = Modality::Virtual),
            candidate(6, 27 * 60, 9.0),
        ];
        let pool = solve(vec![seeker.clone()], places);
        let told = pool.concessions(&seeker, where_is_a_wish, &RoadModel);
        told.into_iter().map(|reason| (reason.code, reason.text)).collect::<Vec<_>>()
    };
    let near = |seeker: &mut Seeker| seeker.constraints.max_travel_minutes = Some(10);
    let told = codes(&near, true);
    assert_eq!(told.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["longer_trip", "by_video", "later_start"]);
    assert!(told[0].1.starts_with("2 créneaux si le trajet peut durer") && told[0].1.ends_with("au lieu de 10 min."));
    assert_eq!(told[1].1, "2 créneaux en téléconsultation.");
    assert_eq!(told[2].1, "1 créneau après l'échéance, le premier le 25/11 à 11 h 00, avec l'accord du régulateur.");
    // Where a medical reason says where, nobody talks anybody out of it.
    assert!(codes(&near, false).iter().all(|(code, _)| *code != "by_video"));
    let speaks = |seeker: &mut Seeker| seeker.constraints.languages = vec!["pl".parse().unwrap()];
    assert_eq!(codes(&speaks, false)[0].1, "2 créneaux sans la langue demandée.");
}
