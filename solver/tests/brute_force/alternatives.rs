//! What another placement costs the whole: exact where a flow says it, between two proved figures everywhere else.

use crate::instances::{TURN, WALL, any_instance, crossing, laminar, optimum, plain, with_households};
use proptest::prelude::*;
use solver::{Budget, Demand, Group, Household, Instance, Seed, Solved, check_assignment};

/// The first few demands of an instance, and the households they still make.
fn first(instance: &Instance, count: usize) -> Instance {
    let demands = instance.demands().iter().take(count).cloned().collect();
    let kept = |household: &&Household| household.members.iter().all(|member| *member < count);
    let households = instance.households().iter().filter(kept).cloned().collect();
    let first = Instance::new(demands, instance.resources().to_vec(), instance.groups().to_vec()).unwrap();
    first.with_households(households).unwrap()
}

/// Two instances side by side, so that they come apart into two parts or more; some of the first may go to the other's
/// resources, where it is not worth it.
fn side_by_side(one: &Instance, other: &Instance, dear: &[bool]) -> Instance {
    let (demands, resources) = (one.demands().len(), one.resources().len());
    let shifted = |places: &[usize]| places.iter().map(|resource| resource + resources).collect();
    let mut of_both = one.demands().to_vec();
    for (demand, _) in of_both.iter_mut().zip(dear).filter(|(_, dear)| **dear) {
        demand.arcs.push(solver::Arc { resource: resources, cost: demand.penalty + 3 });
    }
    of_both.extend(other.demands().iter().map(|demand| {
        let arcs = demand.arcs.iter().map(|arc| solver::Arc { resource: arc.resource + resources, ..*arc });
        Demand { arcs: arcs.collect(), ..demand.clone() }
    }));
    let groups = other.groups().iter().map(|group| Group { resources: shifted(&group.resources), ..group.clone() });
    let groups = one.groups().iter().cloned().chain(groups).collect();
    let places = one.resources().iter().chain(other.resources()).copied().collect();
    let moved = |household: &Household| {
        let members = household.members.iter().map(|member| member + demands).collect();
        Household { members, ..*household }
    };
    let households = one.households().iter().cloned().chain(other.households().iter().map(moved)).collect();
    Instance::new(of_both, places, groups).unwrap().with_households(households).unwrap()
}

fn two_parts() -> impl Strategy<Value = Instance> {
    let piece = || prop_oneof![plain(), laminar(), crossing(), with_households(plain())];
    (with_households(crossing()), piece(), prop::collection::vec(any::<bool>(), 3))
        .prop_map(|(one, other, dear)| side_by_side(&first(&one, 3), &first(&other, 3), &dear))
}

fn solved(instance: &Instance) -> Solved {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Solved::new(instance.clone(), Budget::wall(WALL), Seed(0))
}

/// Checks every figure told of every placement; how many there were, and how many of them exact.
fn figures(instance: &Instance, solved: &Solved) -> Result<(usize, usize), TestCaseError> {
    let (best, mut told, mut exact) = (solved.plan().objective, 0, 0);
    for (index, demand) in instance.demands().iter().enumerate() {
        for alternative in solved.alternatives(index, 9) {
            let truth = optimum(instance, Some((index, alternative.resource))).unwrap() - best;
            let at_least = alternative.at_least.unwrap_or(i64::MIN);
            let planned = solved.plan().assign[index] == Some(alternative.resource);
            prop_assert!(
                at_least <= truth && truth <= alternative.system_cost,
                "{} {:?} {:?}",
                truth,
                alternative,
                solved.plan()
            );
            prop_assert_eq!(alternative.exact, alternative.at_least == Some(alternative.system_cost));
            prop_assert!(!planned || (alternative.exact && truth == 0), "{:?} of {:?}", alternative, demand);
            prop_assert!(alternative.at_least.is_some_and(|points| points >= 0), "{:?}", alternative);
            let mut assign = solved.plan().assign.clone();
            assign[index] = Some(alternative.resource);
            for moved in &alternative.displaced {
                prop_assert_eq!(solved.plan().assign[moved.demand], moved.from);
                assign[moved.demand] = moved.to;
            }
            let verdict = check_assignment(instance, &assign);
            prop_assert_eq!(&verdict.violations, &vec![]);
            prop_assert_eq!(verdict.split.unwrap().total() - best, alternative.system_cost, "{:?}", alternative);
            told += 1;
            exact += usize::from(alternative.exact);
        }
    }
    Ok((told, exact))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_alternative_costs_the_whole_what_forcing_it_costs(instance in prop_oneof![plain(), laminar()]) {
        let solved = Solved::new(instance.clone(), Budget::wall(WALL), Seed(0));
        let best = solved.plan().objective;
        for (index, demand) in instance.demands().iter().enumerate() {
            let mut expected: Vec<(i64, i64, usize)> = demand
                .arcs
                .iter()
                .filter_map(|arc| Some((optimum(&instance, Some((index, arc.resource)))? - best, arc.cost, arc.resource)))
                .collect();
            expected.sort_unstable();
            for count in [1, 2, 9] {
                let found = solved.alternatives(index, count);
                let priced: Vec<_> = found.iter().map(|a| (a.system_cost, a.own_cost, a.resource)).collect();
                prop_assert_eq!(&priced[..], &expected[..expected.len().min(count)], "demand {}", index);
                for alternative in &found {
                    prop_assert!(alternative.exact);
                    let mut assign = solved.plan().assign.clone();
                    assign[index] = Some(alternative.resource);
                    for moved in &alternative.displaced {
                        prop_assert_eq!(solved.plan().assign[moved.demand], moved.from);
                        assign[moved.demand] = moved.to;
                    }
                    let verdict = check_assignment(&instance, &assign);
                    prop_assert_eq!(&verdict.violations, &vec![]);
                    prop_assert_eq!(verdict.split.unwrap().total() - best, alternative.system_cost);
                }
            }
        }
    }

    #[test]
    fn the_true_price_is_between_the_two_that_are_told(instance in any_instance()) {
        figures(&instance, &solved(&instance))?;
    }

    #[test]
    fn parts_are_priced_each_by_what_proves_it(instance in two_parts()) {
        figures(&instance, &solved(&instance))?;
    }

    #[test]
    fn a_part_that_is_a_flow_is_exact_beside_one_that_is_not(
        one in with_households(crossing()),
        other in prop_oneof![plain(), laminar()],
    ) {
        let (one, other) = (first(&one, 3), first(&other, 3));
        // Nothing to do in one of them would leave one part.
        let is_worth = |(index, demand): (usize, &Demand)| demand.arcs.iter().any(|arc| one.is_worth(index, *arc));
        prop_assume!(one.demands().iter().enumerate().any(is_worth));
        let both = side_by_side(&one, &other, &[]);
        let solved = solved(&both);
        figures(&both, &solved)?;
        // Alone it is solved by the flow: it must be told the same.
        let alone = self::solved(&other);
        for index in 0..other.demands().len() {
            let told = |solved: &Solved, index: usize, less: usize| {
                let found = solved.alternatives(index, 9).into_iter().filter(|found| found.exact);
                found.map(|found| (found.resource - less, found.system_cost)).collect::<Vec<_>>()
            };
            let worth = |resource: usize| other.arc(index, resource).unwrap().cost < other.demands()[index].penalty;
            let mut expected = told(&alone, index, 0);
            let mut found = told(&solved, one.demands().len() + index, one.resources().len());
            expected.retain(|(resource, _)| worth(*resource));
            found.retain(|(resource, _)| worth(*resource));
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_is_told_of_a_plan_cut_short_is_true_of_it(instance in any_instance(), work in 0_u64..60) {
        let solved = {
            let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Solved::new(instance.clone(), Budget { work: Some(work), ..Budget::wall(WALL) }, Seed(0))
        };
        let (best, objective) = (optimum(&instance, None).unwrap(), solved.plan().objective);
        for index in 0..instance.demands().len() {
            for alternative in solved.alternatives(index, 9) {
                let forced = optimum(&instance, Some((index, alternative.resource))).unwrap();
                // Other parts stay as they are in the plan, wherever the gap to the optimum is.
                prop_assert!(alternative.at_least.is_none_or(|points| points <= forced - best), "{:?}", alternative);
                prop_assert!(forced - objective <= alternative.system_cost, "{:?}", alternative);
            }
        }
    }
}
