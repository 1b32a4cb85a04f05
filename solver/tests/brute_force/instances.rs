//! Small instances of every kind, and their optimum by looking at all assignments.

use proptest::prelude::*;
use proptest::sample::Index;
use solver::{Arc, Budget, Demand, Group, Household, Instance, Plan, Resource, Seed, Step, check_assignment, solve};
use std::sync::Mutex;
use std::time::Duration;

/// Wide enough that only work or proof ever ends a solve here.
pub(crate) const WALL: Duration = Duration::from_secs(600);

/// The exact rung flies once per process, so tests that count on it take turns.
pub(crate) static TURN: Mutex<()> = Mutex::new(());

pub(crate) fn solve_in_turn(instance: &Instance) -> Plan {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    solve(instance, Budget::wall(WALL), Seed(1))
}

/// Least objective over all feasible assignments, with one demand's place forced if wished.
pub(crate) fn optimum(instance: &Instance, forced: Option<(usize, usize)>) -> Option<i64> {
    fn search(
        instance: &Instance,
        forced: Option<(usize, usize)>,
        assign: &mut Vec<Option<usize>>,
        best: &mut Option<i64>,
    ) {
        let demand = assign.len();
        if demand == instance.demands().len() {
            let verdict = check_assignment(instance, assign);
            if verdict.is_feasible() {
                let objective = verdict.split.unwrap().total();
                *best = Some(best.map_or(objective, |best| best.min(objective)));
            }
            return;
        }
        let arcs = instance.demands()[demand].arcs.iter().map(|arc| Some(arc.resource));
        for place in arcs.chain([None]) {
            if forced.is_some_and(|(who, to)| who == demand && place != Some(to)) {
                continue;
            }
            assign.push(place);
            search(instance, forced, assign, best);
            assign.pop();
        }
    }
    let mut best = None;
    search(instance, forced, &mut Vec::new(), &mut best);
    best
}

pub(crate) fn resources(count: usize) -> impl Strategy<Value = Vec<Resource>> {
    prop::collection::vec((1_usize..=2).prop_map(|capacity| Resource { capacity }), count)
}

pub(crate) fn demands(count: usize, resources: usize) -> impl Strategy<Value = Vec<Demand>> {
    let arcs = prop::collection::vec(prop::option::weighted(0.6, 0_i64..40), resources);
    let demand = (1_i64..60, arcs, 0_u32..3).prop_map(|(penalty, costs, class)| {
        let arc = |(resource, cost): (usize, Option<i64>)| cost.map(|cost| Arc { resource, cost });
        let arcs = costs.into_iter().enumerate().filter_map(arc).collect();
        Demand { penalty, arcs, classes: vec![class], current: None }
    });
    prop::collection::vec(demand, count)
}

/// A group over the resources from `first` on, `length` of them, as far as there are any.
pub(crate) fn group(
    resources: std::ops::Range<usize>,
    filter: impl Strategy<Value = Option<Vec<u32>>>,
) -> impl Strategy<Value = Group> {
    let steps = (0_usize..3, 0_i64..10, 0_i64..10, any::<bool>()).prop_map(|(width, first, more, priced)| {
        let steps = vec![Step { width: Some(width), unit_cost: first }, Step { width: None, unit_cost: first + more }];
        if priced { steps } else { vec![] }
    });
    (steps, prop::option::of(0_usize..4), filter).prop_map(move |(steps, max, classes)| Group {
        resources: resources.clone().collect(),
        classes,
        max,
        steps,
    })
}

pub(crate) fn plain() -> impl Strategy<Value = Instance> {
    (1_usize..=5, 1_usize..=5).prop_flat_map(|(d, r)| {
        (demands(d, r), resources(r))
            .prop_map(|(demands, resources)| Instance::new(demands, resources, vec![]).unwrap())
    })
}

/// Nested and disjoint groups: one over all, one over the first half, one inside it, one over the last resource.
pub(crate) fn laminar() -> impl Strategy<Value = Instance> {
    (1_usize..=5, 2_usize..=5).prop_flat_map(|(d, r)| {
        let half = r / 2;
        let groups = (
            group(0..half, Just(None)),
            group(0..r, Just(None)),
            group(0..half.min(1), Just(None)),
            group(r - 1..r, Just(None)),
        );
        (demands(d, r), resources(r), groups)
            .prop_map(|(demands, resources, (a, b, c, d))| Instance::new(demands, resources, vec![a, b, c, d]).unwrap())
    })
}

/// Groups that cross, some counting only some classes.
pub(crate) fn crossing() -> impl Strategy<Value = Instance> {
    let filter = || prop::option::of(prop::collection::vec(0_u32..3, 1..3));
    (2_usize..=5, 3_usize..=5).prop_flat_map(move |(d, r)| {
        let groups = (group(0..r - 1, filter()), group(1..r, filter()), group(0..2, filter()));
        (demands(d, r), resources(r), groups)
            .prop_map(|(demands, resources, (a, b, c))| Instance::new(demands, resources, vec![a, b, c]).unwrap())
    })
}

/// Few resources, each dearer the more it takes, and not enough of them: how many are placed in all is what matters.
pub(crate) fn few_places() -> impl Strategy<Value = Instance> {
    (4_usize..=5, 2_usize..=3).prop_flat_map(|(d, r)| {
        let places = prop::collection::vec((1_usize..=3).prop_map(|capacity| Resource { capacity }), r);
        let groups = (0..r).map(|resource| group(resource..resource + 1, Just(None))).collect::<Vec<_>>();
        let demand = (40_i64..60, prop::collection::vec(0_i64..12, r), 0_u32..3).prop_map(|(penalty, costs, class)| {
            let arcs = costs.into_iter().enumerate().map(|(resource, cost)| Arc { resource, cost }).collect();
            Demand { penalty, arcs, classes: vec![class], current: None }
        });
        (prop::collection::vec(demand, d), places, groups)
            .prop_map(|(demands, resources, groups)| Instance::new(demands, resources, groups).unwrap())
    })
}

/// Households of two or three, over any of the others.
pub(crate) fn with_households(instances: impl Strategy<Value = Instance>) -> impl Strategy<Value = Instance> {
    let sizes = prop::collection::vec((2_usize..=3, 0_i64..30), 0..3);
    (instances, sizes, prop::collection::vec(any::<Index>(), 5)).prop_map(|(instance, sizes, picks)| {
        let mut free: Vec<usize> = (0..instance.demands().len()).collect();
        shuffled(&mut free, &picks);
        let mut households = Vec::new();
        for (size, split_penalty) in sizes {
            if free.len() >= size {
                households.push(Household { members: free.split_off(free.len() - size), split_penalty });
            }
        }
        instance.with_households(households).unwrap()
    })
}

pub(crate) fn any_instance() -> impl Strategy<Value = Instance> {
    prop_oneof![
        plain(),
        laminar(),
        crossing(),
        with_households(plain()),
        with_households(crossing()),
        with_households(few_places()),
    ]
}

/// The same with its demands in another order.
pub(crate) fn reordered(instance: &Instance, picks: &[Index]) -> Instance {
    let mut order: Vec<usize> = (0..instance.demands().len()).collect();
    shuffled(&mut order, picks);
    let demands = order.iter().map(|&demand| instance.demands()[demand].clone()).collect();
    let place = |demand: usize| order.iter().position(|&old| old == demand).unwrap();
    let mut households = instance.households().to_vec();
    households.iter_mut().flat_map(|household| &mut household.members).for_each(|member| *member = place(*member));
    Instance::new(demands, instance.resources().to_vec(), instance.groups().to_vec())
        .and_then(|instance| instance.with_households(households))
        .unwrap()
}

pub(crate) fn shuffled<T>(items: &mut [T], picks: &[Index]) {
    for (last, pick) in (1..items.len()).rev().zip(picks) {
        items.swap(last, pick.index(last + 1));
    }
}

/// The same with every cost doubled, strict tiers kept.
pub(crate) fn doubled(instance: &Instance) -> Instance {
    let mut demands = instance.demands().to_vec();
    for demand in &mut demands {
        demand.penalty *= 2;
        demand.arcs.iter_mut().for_each(|arc| arc.cost *= 2);
    }
    let mut groups = instance.groups().to_vec();
    groups.iter_mut().flat_map(|group| &mut group.steps).for_each(|step| step.unit_cost *= 2);
    let mut households = instance.households().to_vec();
    households.iter_mut().for_each(|household| household.split_penalty *= 2);
    let doubled = Instance::new(demands, instance.resources().to_vec(), groups).unwrap();
    let doubled = doubled.with_households(households).unwrap();
    match instance.strict_tiers() {
        [] => doubled,
        tiers => doubled.with_strict_tiers(tiers.to_vec()).unwrap(),
    }
}
