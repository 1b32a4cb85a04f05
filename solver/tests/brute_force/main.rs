//! Every promise of the solver against the only judge that cannot be wrong: all assignments, one by one.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a failure here is a failed test")]

mod again;
mod alternatives;
mod instances;
mod strict_tiers;

use instances::{
    TURN, WALL, any_instance, crossing, demands, doubled, few_places, laminar, optimum, plain, reordered,
    solve_in_turn, with_households,
};
use proptest::prelude::*;
use proptest::sample::Index;
use solver::{
    Arc, Budget, Demand, Group, Household, Instance, Moving, Resource, Rung, Seed, Solved, Standing, Step, StoppedBy,
    Unplaced, check, check_assignment, reoptimise, solve,
};
use std::time::Duration;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_flow_alone_proves_the_optimum_of_plain_and_laminar_instances(instance in prop_oneof![plain(), laminar()]) {
        let plan = solve(&instance, Budget::wall(WALL), Seed(0));
        prop_assert_eq!(check(&instance, &plan), vec![]);
        prop_assert_eq!((plan.rung, plan.optimal, plan.stopped_by), (Rung::Flow, true, StoppedBy::Proof));
        prop_assert_eq!(Some(plan.objective), optimum(&instance, None));
    }

    #[test]
    fn crossing_groups_and_households_are_solved_to_proof(
        instance in prop_oneof![
            crossing(),
            with_households(laminar()),
            with_households(crossing()),
            with_households(few_places()),
        ],
    ) {
        let plan = solve_in_turn(&instance);
        prop_assert_eq!(check(&instance, &plan), vec![]);
        prop_assert_eq!((Some(plan.objective), plan.optimal), (optimum(&instance, None), true), "{:?}", plan);
    }

    #[test]
    fn every_budget_gives_a_feasible_plan_and_a_true_bound(instance in any_instance(), work in 0_u64..60) {
        let budget = Budget { work: Some(work), ..Budget::wall(WALL) };
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let plan = solve(&instance, budget, Seed(3));
        prop_assert_eq!(check(&instance, &plan), vec![]);
        let best = optimum(&instance, None).unwrap();
        prop_assert!(plan.bound.is_none_or(|bound| bound <= best));
        prop_assert!(!plan.optimal || plan.objective == best);
        let again = solve(&instance, budget, Seed(3));
        prop_assert_eq!((plan.assign, plan.bound, plan.work), (again.assign, again.bound, again.work));
    }

    #[test]
    fn no_time_at_all_gives_the_greedy_plan(instance in any_instance()) {
        let plan = solve(&instance, Budget::wall(Duration::ZERO), Seed(0));
        prop_assert_eq!(check(&instance, &plan), vec![]);
        prop_assert_eq!((plan.rung, plan.stopped_by, plan.gap()), (Rung::Greedy, StoppedBy::Wall, None));
    }

    #[test]
    fn the_order_of_the_input_does_not_change_an_optimum(
        instance in any_instance(),
        picks in prop::collection::vec(any::<Index>(), 5),
    ) {
        let other = reordered(&instance, &picks);
        prop_assert_eq!(solve_in_turn(&instance).objective, solve_in_turn(&other).objective);
    }

    #[test]
    fn one_resource_more_never_costs(instance in any_instance(), costs in prop::collection::vec(0_i64..40, 5)) {
        let added = instance.resources().len();
        let mut resources = instance.resources().to_vec();
        resources.push(Resource { capacity: 1 });
        let mut demands = instance.demands().to_vec();
        for (demand, cost) in demands.iter_mut().zip(costs) {
            demand.arcs.push(Arc { resource: added, cost });
        }
        let richer = Instance::new(demands, resources, instance.groups().to_vec()).unwrap();
        let richer = richer.with_households(instance.households().to_vec()).unwrap();
        prop_assert!(solve_in_turn(&richer).objective <= solve_in_turn(&instance).objective);
    }

    #[test]
    fn doubling_every_cost_doubles_the_optimum(instance in any_instance()) {
        prop_assert_eq!(solve_in_turn(&doubled(&instance)).objective, 2 * solve_in_turn(&instance).objective);
    }

    #[test]
    fn a_plan_kept_through_comings_and_goings_is_the_one_solved_anew(
        instance in prop_oneof![plain(), laminar()],
        newcomers in demands(6, 5),
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), 0_usize..3), 6),
    ) {
        let resources = instance.resources().len();
        let mut standing = Standing::new(instance).unwrap();
        for (mut newcomer, (leaver, changed, capacity)) in newcomers.into_iter().zip(changes) {
            let best = |standing: &Standing| {
                let verdict = check_assignment(standing.instance(), &standing.assignment());
                prop_assert_eq!(&verdict.violations, &vec![]);
                prop_assert_eq!(verdict.split.unwrap().total(), standing.objective());
                let anew = solve(standing.instance(), Budget::wall(WALL), Seed(0));
                prop_assert_eq!((standing.objective(), anew.optimal), (anew.objective, true));
                Ok(())
            };
            newcomer.arcs.retain(|arc| arc.resource < resources);
            let (before, places) = (standing.objective(), standing.assignment());
            let arrival = standing.arrive(newcomer).unwrap();
            prop_assert_eq!(standing.objective(), before + arrival.cost);
            for (demand, place) in places.into_iter().enumerate() {
                let moved = arrival.displaced.iter().find(|moved| moved.demand == demand);
                let told = moved.map_or((place, place), |moved| (moved.from, moved.to));
                prop_assert_eq!(told, (place, standing.place_of(demand)));
            }
            best(&standing)?;
            // Whoever keeps their place the more does not move for that, nor does anybody else.
            let (holder, kept) = (changed.index(standing.instance().demands().len()), standing.assignment());
            prop_assert_eq!(standing.hold(holder, 7).is_ok(), kept[holder].is_some());
            prop_assert_eq!(standing.assignment(), kept);
            best(&standing)?;
            standing.depart(leaver.index(standing.instance().demands().len()));
            best(&standing)?;
            standing.resize(changed.index(resources), capacity);
            best(&standing)?;
            // What is asked of it is what is asked of the same instance solved anew.
            let kept = standing.into_solved();
            let anew = Solved::new(kept.instance().clone(), Budget::wall(WALL), Seed(0));
            prop_assert_eq!((kept.plan().objective, kept.plan().optimal), (anew.plan().objective, true));
            for demand in 0..kept.instance().demands().len() {
                let costs = |solved: &Solved| {
                    let found = solved.alternatives(demand, 9).into_iter();
                    let mut costs: Vec<_> = found.map(|one| (one.resource, one.system_cost)).collect();
                    costs.sort_unstable();
                    costs
                };
                prop_assert_eq!(costs(&kept), costs(&anew));
            }
            standing = Standing::of(&kept).unwrap();
        }
    }

    #[test]
    fn few_are_moved_and_each_for_what_it_says(
        instance in any_instance(),
        picks in prop::collection::vec(any::<Index>(), 5),
        penalty in 0_i64..20,
        most in 0_usize..4,
    ) {
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Places held as somebody without a plan might hold them, as far as they are feasible.
        let mut held = vec![None; instance.demands().len()];
        for (index, (demand, pick)) in instance.demands().iter().zip(&picks).enumerate() {
            if !demand.arcs.is_empty() {
                held[index] = Some(demand.arcs[pick.index(demand.arcs.len())].resource);
                if !check_assignment(&instance, &held).is_feasible() {
                    held[index] = None;
                }
            }
        }
        let points = |assign: &[Option<usize>]| check_assignment(&instance, assign).split.unwrap().total();
        let found = reoptimise(&instance, &held, Moving { penalty, most }, Budget::wall(WALL), Seed(0)).unwrap();
        prop_assert_eq!(check_assignment(&instance, &found.assign).violations, vec![]);
        prop_assert_eq!(points(&found.assign), found.objective);
        let moved = held.iter().zip(&found.assign).filter(|(from, to)| from.is_some() && from != to).count();
        prop_assert!(moved <= most);
        let mut assign = held.clone();
        for exchange in &found.exchanges {
            let before = points(&assign);
            let mut counted = 0;
            for moved in &exchange.moves {
                prop_assert_eq!(assign[moved.demand], moved.from);
                assign[moved.demand] = moved.to;
                counted += i64::from(moved.from.is_some());
            }
            prop_assert_eq!(before - points(&assign), exchange.gain);
            prop_assert!(exchange.gain > 0 && exchange.gain >= penalty * counted);
        }
        prop_assert_eq!(&assign, &found.assign);
        if instance.groups().is_empty() && penalty == 0 && most >= moved && found.left == 0 {
            prop_assert_eq!(found.objective, optimum(&instance, None).unwrap());
        }
    }

    #[test]
    fn whoever_is_left_out_hears_why_and_nobody_else(instance in any_instance()) {
        let solved = {
            let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Solved::new(instance, Budget::wall(WALL), Seed(0))
        };
        for (index, place) in solved.plan().assign.iter().enumerate() {
            prop_assert_eq!(solved.explain_unplaced(index).is_some(), place.is_none());
            prop_assert_ne!(solved.explain_unplaced(index), Some(Unplaced::Unfinished));
            // Where a flow says the whole instance, what keeps somebody out is dearer than leaving them out. One group always
            // nests; with several, or with households, the proof may be another than the prices.
            if solved.instance().groups().len() > 1 || !solved.instance().households().is_empty() {
                continue;
            }
            if let (Some(Unplaced::Taken(taken)), Rung::Flow) = (solved.explain_unplaced(index), solved.plan().rung) {
                let penalty = solved.instance().demands()[index].penalty;
                prop_assert!(taken.least.is_none_or(|least| least >= penalty), "{:?}", taken);
            }
        }
    }
}

/// Work is counted on every way, so that a rung that would not look at its meter goes far beyond what it may.
#[test]
fn no_rung_goes_far_beyond_the_work_it_may_do() {
    let cost = |demand: usize, resource: usize| i64::try_from((demand * 37 + resource * 91) % 113).unwrap();
    let arcs = |demand: usize, count: usize| (0..count).map(move |resource| (resource, cost(demand, resource)));
    // The last has too many prices for those to come first.
    for (resource_count, capacity, every) in [(8, 12, 3), (60, 1, 3), (300, 1, 30)] {
        let demand = |index| {
            let arcs = arcs(index, resource_count).filter(|(resource, _)| (resource + index) % every < 2);
            let arcs = arcs.map(|(resource, cost)| Arc { resource, cost }).collect();
            Demand { penalty: 150 + cost(index, 7), classes: vec![u32::from(index % 2 == 0)], arcs, current: None }
        };
        let demands: Vec<Demand> = (0..120).map(demand).collect();
        let steps = vec![Step { width: Some(20), unit_cost: 0 }, Step { width: None, unit_cost: 30 }];
        let group =
            |from, to, classes| Group { resources: (from..to).collect(), classes, max: None, steps: steps.clone() };
        let crossing = vec![
            group(0, resource_count / 2 + 2, None),
            group(resource_count / 2, resource_count, None),
            group(0, resource_count, Some(vec![1])),
        ];
        let households = (0..20).map(|at| Household { members: vec![3 * at, 3 * at + 1], split_penalty: 20 });
        let looks: usize = demands.iter().map(|demand| demand.arcs.len()).sum();
        let instance = Instance::new(demands, vec![Resource { capacity }; resource_count], crossing).unwrap();
        let instance = instance.with_households(households.collect()).unwrap();
        let looks = u64::try_from(looks).unwrap();
        for limit in [0, looks / 2, looks * 2, looks * 8, looks * 40, looks * 200] {
            let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let plan = solve(&instance, Budget { work: Some(limit), ..Budget::wall(WALL) }, Seed(0));
            assert_eq!(check(&instance, &plan), vec![]);
            assert!(
                plan.work <= limit + 4 * looks,
                "{resource_count}: {} of {limit}, {looks}: {:?}",
                plan.work,
                plan.trace
            );
        }
    }
}
