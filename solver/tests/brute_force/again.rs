//! An instance that came out of another, solved from what is known of that one: as good as solved anew.

use crate::instances::{
    TURN, WALL, any_instance, crossing, demands, few_places, optimum, plain, shuffled, with_households,
};
use proptest::prelude::*;
use proptest::sample::Index;
use solver::{Budget, Demand, Household, Instance, Resource, Seed, Solved, check, solve};

/// What may have happened since.
#[derive(Debug, Clone)]
struct Changes {
    newcomers: Vec<Demand>,
    /// Who leaves, of those who were there.
    leavers: Vec<Index>,
    capacities: Vec<(Index, usize)>,
    /// Points by which somebody's penalty rises.
    dearer: (Index, i64),
    /// Who of those in no household make one, and the points for being apart.
    household: Option<([Index; 4], usize, i64)>,
    /// Whether the highest classes are tiers of strict priority from now on.
    strict: bool,
}

fn changes() -> impl Strategy<Value = Changes> {
    let capacities = prop::collection::vec((any::<Index>(), 1_usize..=3), 0..3);
    let household = prop::option::of((any::<[Index; 4]>(), 2_usize..=3, 0_i64..30));
    let leavers = prop::collection::vec(any::<Index>(), 0..2);
    let newcomers = (demands(2, 5), 0_usize..=2).prop_map(|(mut newcomers, count)| {
        newcomers.truncate(count);
        newcomers
    });
    (newcomers, leavers, capacities, (any::<Index>(), 0_i64..40), household, prop::bool::weighted(0.2)).prop_map(
        |(newcomers, leavers, capacities, dearer, household, strict)| Changes {
            newcomers,
            leavers,
            capacities,
            dearer,
            household,
            strict,
        },
    )
}

fn changed(before: &Instance, changes: &Changes) -> Instance {
    let mut demands = before.demands().to_vec();
    for leaver in &changes.leavers {
        let leaver = leaver.index(demands.len());
        demands[leaver] = Demand::default();
    }
    let (who, points) = &changes.dearer;
    let who = who.index(demands.len());
    demands[who].penalty += points;
    for mut newcomer in changes.newcomers.clone() {
        newcomer.arcs.retain(|arc| arc.resource < before.resources().len());
        demands.push(newcomer);
    }
    let mut resources = before.resources().to_vec();
    for (resource, capacity) in &changes.capacities {
        let resource = resource.index(resources.len());
        resources[resource] = Resource { capacity: *capacity };
    }
    let mut households = before.households().to_vec();
    if let Some((picks, size, split_penalty)) = &changes.household {
        let single = |demand: &usize| households.iter().all(|household| !household.members.contains(demand));
        let mut members: Vec<usize> = (0..demands.len()).filter(single).collect();
        shuffled(&mut members, picks);
        members.truncate(*size);
        if members.len() == *size {
            households.push(Household { members, split_penalty: *split_penalty });
        }
    }
    let instance = Instance::new(demands, resources, before.groups().to_vec());
    let instance = instance.and_then(|instance| instance.with_households(households)).unwrap();
    if changes.strict { instance.with_strict_tiers(vec![0, 1]).unwrap() } else { instance }
}

fn instances() -> impl Strategy<Value = Instance> {
    prop_oneof![
        any_instance(),
        with_households(plain()),
        with_households(crossing()),
        with_households(few_places()),
        strict(),
    ]
}

fn strict() -> impl Strategy<Value = Instance> {
    let instances = prop_oneof![crossing(), with_households(crossing()), with_households(few_places())];
    (instances, 1_usize..=3)
        .prop_map(|(instance, tiers)| instance.with_strict_tiers([1, 0, 2][..tiers].to_vec()).unwrap())
}

/// Placed of each strict tier.
fn counts(plan: &solver::Plan) -> Vec<usize> {
    plan.tiers.iter().flatten().map(|tier| tier.placed).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_changed_is_solved_as_well_as_anew(before in instances(), changes in changes()) {
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let after = changed(&before, &changes);
        let solved = Solved::new(before, Budget::wall(WALL), Seed(1));
        let again = solved.again(after.clone(), Budget::wall(WALL), Seed(1));
        let anew = solve(&after, Budget::wall(WALL), Seed(1));
        let again = again.plan();
        prop_assert_eq!(check(&after, again), vec![]);
        prop_assert_eq!((again.optimal, counts(again)), (anew.optimal, counts(&anew)), "{:?}, {:?}", again, anew);
        if anew.optimal {
            prop_assert_eq!((again.objective, again.bound), (anew.objective, anew.bound));
        }
        if after.strict_tiers().is_empty() {
            prop_assert_eq!((Some(again.objective), again.optimal), (optimum(&after, None), true));
        }
    }

    #[test]
    fn whatever_either_search_may_spend_the_bound_is_true_and_the_answer_the_same(
        before in instances(),
        changes in changes(),
        work in (0_u64..200, 0_u64..60),
    ) {
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let after = changed(&before, &changes);
        let budget = |work| Budget { work: Some(work), ..Budget::wall(WALL) };
        let solved = Solved::new(before, budget(work.0), Seed(3));
        let plan = |solved: &Solved| solved.again(after.clone(), budget(work.1), Seed(3)).plan().clone();
        let again = plan(&solved);
        prop_assert_eq!(check(&after, &again), vec![]);
        let anew = solve(&after, Budget::wall(WALL), Seed(3));
        if after.strict_tiers().is_empty() {
            let best = optimum(&after, None).unwrap();
            prop_assert!(again.bound.is_none_or(|bound| bound <= best), "{:?}: {}", again, best);
            prop_assert!(!again.optimal || again.objective == best);
        } else if counts(&again) == counts(&anew) {
            prop_assert!(again.bound.is_none_or(|bound| bound <= anew.objective), "{:?}: {:?}", again, anew);
        }
        let twice = plan(&solved);
        prop_assert_eq!((again.assign, again.bound, again.work), (twice.assign, twice.bound, twice.work));
    }

    #[test]
    fn of_the_very_same_nothing_gets_worse(
        before in prop_oneof![instances(), strict()],
        work in (0_u64..400, 0_u64..200),
    ) {
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let budget = |work| Budget { work: Some(work), ..Budget::wall(WALL) };
        let solved = Solved::new(before.clone(), budget(work.0), Seed(3));
        let (was, again) = (solved.plan(), solved.again(before.clone(), budget(work.1), Seed(3)));
        let again = again.plan();
        prop_assert_eq!(check(&before, again), vec![]);
        prop_assert!(counts(again) >= counts(was));
        prop_assert!(counts(again) > counts(was) || again.objective <= was.objective, "{:?}, {:?}", was, again);
        if before.strict_tiers().is_empty() {
            prop_assert!(again.bound >= was.bound);
        }
        prop_assert!(again.optimal || !was.optimal);
    }
}
