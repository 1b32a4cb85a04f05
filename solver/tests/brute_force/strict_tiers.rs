//! Tiers of strict priority: the best counts, the highest tier first, and the least cost among all plans that have them.

use crate::instances::{TURN, WALL, any_instance, crossing, laminar, plain, reordered, solve_in_turn, with_households};
use proptest::prelude::*;
use proptest::sample::Index;
use solver::{
    Arc, Budget, Demand, Group, Instance, InstanceError, Moving, Plan, Resource, Seed, Solved, Standing, StandingError,
    check, check_assignment, reoptimise, solve,
};
use std::cmp::Reverse;
use std::time::Duration;

/// The same with some of its classes as strict tiers.
fn strict(instances: impl Strategy<Value = Instance>) -> impl Strategy<Value = Instance> {
    (instances, Just(vec![0_u32, 1, 2]).prop_shuffle(), 1_usize..=3).prop_map(|(instance, mut classes, count)| {
        let is_there = |class: &u32| instance.demands().iter().any(|demand| demand.classes.contains(class));
        classes.retain(is_there);
        classes.truncate(count);
        instance.with_strict_tiers(classes).unwrap()
    })
}

fn any_strict() -> impl Strategy<Value = Instance> {
    prop_oneof![
        strict(any_instance()),
        strict(with_households(laminar())),
        strict(scarce(crossing())),
        strict(scarce(with_households(crossing()))),
    ]
}

/// The same with limits that count only some, low enough to bind.
fn scarce(instances: impl Strategy<Value = Instance>) -> impl Strategy<Value = Instance> {
    (instances, prop::collection::vec((0_usize..2, prop::collection::vec(0_u32..3, 1..3)), 3)).prop_map(
        |(instance, limits)| {
            let mut groups = instance.groups().to_vec();
            for (group, (max, classes)) in groups.iter_mut().zip(limits) {
                (group.max, group.classes) = (Some(max), Some(classes));
            }
            let limited = Instance::new(instance.demands().to_vec(), instance.resources().to_vec(), groups).unwrap();
            limited.with_households(instance.households().to_vec()).unwrap()
        },
    )
}

/// How many of each tier are placed.
fn counts(instance: &Instance, assign: &[Option<usize>]) -> Vec<usize> {
    let mut counts = vec![0; instance.strict_tiers().len()];
    for (demand, _) in assign.iter().enumerate().filter(|(_, place)| place.is_some()) {
        if let Some(tier) = instance.strict_tier_of(demand) {
            counts[tier] += 1;
        }
    }
    counts
}

/// The best counts with the least cost, over all feasible assignments, with one demand's place forced if wished.
fn best(instance: &Instance, forced: Option<(usize, usize)>) -> Option<(Vec<usize>, i64)> {
    let mut best: Option<(Reverse<Vec<usize>>, i64)> = None;
    let mut open: Vec<Vec<Option<usize>>> = vec![Vec::new()];
    while let Some(assign) = open.pop() {
        let Some(demand) = instance.demands().get(assign.len()) else {
            let verdict = check_assignment(instance, &assign);
            if verdict.is_feasible() {
                let found = (Reverse(counts(instance, &assign)), verdict.split.unwrap().total());
                best = Some(best.map_or(found.clone(), |best| best.min(found)));
            }
            continue;
        };
        let places = demand.arcs.iter().map(|arc| Some(arc.resource)).chain([None]);
        let places = places.filter(|place| forced.is_none_or(|(who, to)| who != assign.len() || *place == Some(to)));
        open.extend(places.map(|place| [&assign[..], &[place]].concat()));
    }
    best.map(|(Reverse(counts), points)| (counts, points))
}

fn told(plan: &Plan) -> Vec<(usize, usize, bool)> {
    plan.tiers.iter().flatten().map(|tier| (tier.placed, tier.most, tier.proved)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_has_the_best_counts_and_the_least_cost_among_those(instance in any_strict()) {
        let plan = solve_in_turn(&instance);
        prop_assert_eq!(check(&instance, &plan), vec![]);
        let (counts, points) = best(&instance, None).unwrap();
        let proved: Vec<_> = counts.into_iter().map(|count| (count, count, true)).collect();
        prop_assert_eq!((told(&plan), plan.objective, plan.optimal), (proved, points, true), "{:?}", plan);
    }

    #[test]
    fn every_budget_gives_a_feasible_plan_and_tells_no_tier_wrongly(instance in any_strict(), work in 0_u64..200) {
        let budget = Budget { work: Some(work), ..Budget::wall(WALL) };
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let plan = solve(&instance, budget, Seed(3));
        prop_assert_eq!(check(&instance, &plan), vec![]);
        let (most, points) = best(&instance, None).unwrap();
        for (tier, (most, told)) in most.iter().zip(told(&plan)).enumerate() {
            prop_assert!(told.1 >= *most, "tier {}: {:?} of {}", tier, told, most);
            prop_assert!(!told.2 || told.0 == *most, "tier {}: {:?} of {}", tier, told, most);
        }
        let kept = counts(&instance, &plan.assign) == most;
        prop_assert!(plan.bound.is_none_or(|bound| bound <= points));
        prop_assert!(!plan.optimal || (kept && plan.objective == points));
        let again = solve(&instance, budget, Seed(3));
        prop_assert_eq!((plan.assign, plan.bound, plan.tiers), (again.assign, again.bound, again.tiers));
    }

    #[test]
    fn no_time_at_all_gives_a_feasible_plan(instance in any_strict()) {
        // A millisecond is asked for elsewhere: what it leaves flying would keep others here waiting.
        let plan = solve(&instance, Budget::wall(Duration::ZERO), Seed(0));
        prop_assert_eq!(check(&instance, &plan), vec![]);
    }

    #[test]
    fn the_order_of_the_input_changes_neither_counts_nor_cost(
        instance in any_strict(),
        picks in prop::collection::vec(any::<Index>(), 5),
    ) {
        let other = reordered(&instance, &picks).with_strict_tiers(instance.strict_tiers().to_vec()).unwrap();
        let (plan, other) = (solve_in_turn(&instance), solve_in_turn(&other));
        prop_assert_eq!((plan.objective, told(&plan)), (other.objective, told(&other)));
    }

    #[test]
    fn doubling_every_cost_doubles_the_cost_and_changes_no_count(instance in any_strict()) {
        let doubled = solve_in_turn(&crate::instances::doubled(&instance));
        let plan = solve_in_turn(&instance);
        prop_assert_eq!((2 * plan.objective, told(&plan)), (doubled.objective, told(&doubled)));
    }

    #[test]
    fn an_alternative_leaves_nobody_of_a_tier_out_and_costs_what_forcing_it_costs(
        instance in strict(prop_oneof![plain(), laminar()]),
    ) {
        let solved = Solved::new(instance.clone(), Budget::wall(WALL), Seed(0));
        let (most, points) = best(&instance, None).unwrap();
        for (index, demand) in instance.demands().iter().enumerate() {
            let forced = |arc: &Arc| {
                let (counts, forced) = best(&instance, Some((index, arc.resource)))?;
                (counts == most).then_some((forced - points, arc.cost, arc.resource))
            };
            let mut expected: Vec<_> = demand.arcs.iter().filter_map(forced).collect();
            expected.sort_unstable();
            for count in [1, 2, 9] {
                let found = solved.alternatives(index, count);
                prop_assert!(found.iter().all(|found| found.exact));
                let found: Vec<_> = found.iter().map(|a| (a.system_cost, a.own_cost, a.resource)).collect();
                prop_assert_eq!(&found[..], &expected[..expected.len().min(count)], "demand {}", index);
            }
        }
    }

    #[test]
    fn an_alternative_by_trial_keeps_the_tiers_too(instance in any_strict()) {
        let solved = {
            let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Solved::new(instance.clone(), Budget::wall(WALL), Seed(0))
        };
        let (most, points) = best(&instance, None).unwrap();
        for index in 0..instance.demands().len() {
            for alternative in solved.alternatives(index, 9) {
                let (counts, forced) = best(&instance, Some((index, alternative.resource))).unwrap();
                prop_assert_eq!(&counts, &most);
                prop_assert!(alternative.system_cost >= forced - points);
                prop_assert!(alternative.at_least.is_none_or(|least| least <= forced - points), "{:?}", alternative);
            }
            let place = solved.plan().assign[index];
            prop_assert_eq!(solved.explain_unplaced(index).is_some(), place.is_none());
        }
    }

    #[test]
    fn what_cannot_keep_the_tiers_says_so(instance in any_strict()) {
        let held = vec![None; instance.demands().len()];
        let moving = Moving { penalty: 0, most: 9 };
        let moved = reoptimise(&instance, &held, moving, Budget::wall(WALL), Seed(0));
        prop_assert_eq!(moved.err(), Some(InstanceError::StrictTiersMoved));
        prop_assert_eq!(Standing::new(instance.clone()).err(), Some(StandingError::StrictTiers));
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        prop_assert!(Standing::of(&Solved::new(instance, Budget::wall(WALL), Seed(0))).is_none());
    }
}

/// One of the first tier at any price, before two of the second who cost nothing.
#[test]
fn one_of_the_first_tier_is_not_given_up_for_two_of_the_second() {
    let demand = |class, penalty, cost| {
        let arcs = vec![Arc { resource: 0, cost }];
        Demand { penalty, classes: vec![class], arcs, current: None }
    };
    // The first tier takes up both places of a limit that counts it and the others alike, and one that counts only it.
    let demands = vec![demand(1, 5, 900_000), demand(2, 80, 0), demand(2, 80, 0), demand(3, 70, 0)];
    let limit = Group { resources: vec![0], classes: Some(vec![1, 2]), max: Some(1), ..Group::default() };
    let instance = Instance::new(demands, vec![Resource { capacity: 3 }], vec![limit]).unwrap();
    let placed = |plan: &Plan| plan.assign.iter().map(Option::is_some).collect::<Vec<_>>();
    let plan = solve_in_turn(&instance);
    assert_eq!((placed(&plan), plan.tiers.as_ref()), (vec![false, true, false, true], None));
    let strict = instance.with_strict_tiers(vec![1, 2]).unwrap();
    let plan = solve_in_turn(&strict);
    assert_eq!((placed(&plan), plan.objective), (vec![true, false, false, true], 900_160));
    assert_eq!((told(&plan), plan.bound, plan.optimal), (vec![(1, 1, true), (0, 0, true)], Some(900_160), true));
    assert_eq!(check(&strict, &plan), vec![]);
}

/// One place the first takes though the second has no other: the bound is of the best counts, which cost less, and not of
/// those in hand when the work ended.
#[test]
fn a_bound_found_early_is_one_for_better_counts_as_well() {
    let arc = |resource, cost| Arc { resource, cost };
    let demand = |penalty, arcs: &[Arc]| Demand { penalty, arcs: arcs.to_vec(), classes: vec![0], ..Demand::default() };
    let demands = vec![demand(1_000, &[arc(0, 1), arc(1, 2)]), demand(900, &[arc(0, 1)])];
    let cap = |resources: &[usize]| Group {
        resources: resources.to_vec(),
        max: Some(1),
        classes: Some(vec![0]),
        ..Group::default()
    };
    let groups = [vec![], vec![cap(&[0]), cap(&[1])], vec![cap(&[0, 2]), cap(&[1, 2])]];
    for groups in groups {
        let instance = Instance::new(demands.clone(), vec![Resource { capacity: 1 }; 3], groups).unwrap();
        let instance = instance.with_strict_tiers(vec![0]).unwrap();
        for work in 0..200 {
            let plan = solve(&instance, Budget { work: Some(work), ..Budget::wall(WALL) }, Seed(0));
            assert!(plan.bound.is_none_or(|bound| bound <= 3), "after {work} steps: {plan:?}");
        }
    }
}
