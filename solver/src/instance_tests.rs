//! What an instance refuses, and what it says of itself.

use super::*;

fn demand(arcs: &[(usize, i64)]) -> Demand {
    let arcs = arcs.iter().map(|&(resource, cost)| Arc { resource, cost }).collect();
    Demand { penalty: 100, arcs, ..Demand::default() }
}

fn group(steps: &[(Option<usize>, i64)]) -> Group {
    let steps = steps.iter().map(|&(width, unit_cost)| Step { width, unit_cost }).collect();
    Group { resources: vec![0], steps, ..Group::default() }
}

#[test]
fn each_fault_is_named_with_its_place() {
    let check = |demands: Vec<Demand>, groups: Vec<Group>, expected: InstanceError| {
        let resources = vec![Resource { capacity: 1 }; 2];
        assert_eq!(Instance::new(demands, resources, groups), Err(expected));
    };
    let unknown = InstanceError::UnknownArcResource { demand: 1, position: 0, resource: 2, resources: 2 };
    check(vec![demand(&[]), demand(&[(2, 1)])], vec![], unknown);
    check(vec![demand(&[(1, 1), (0, 1)])], vec![], InstanceError::UnsortedArcs { demand: 0, position: 1 });
    check(vec![demand(&[(1, 1), (1, 1)])], vec![], InstanceError::UnsortedArcs { demand: 0, position: 1 });
    check(vec![demand(&[(0, -1)])], vec![], InstanceError::NegativeCost { demand: 0, position: 0, cost: -1 });
    let poor = Demand { penalty: -5, ..Demand::default() };
    check(vec![poor], vec![], InstanceError::NegativePenalty { demand: 0, penalty: -5 });
    let lost = Demand { current: Some(7), ..Demand::default() };
    check(vec![lost], vec![], InstanceError::UnknownCurrent { demand: 0, resource: 7, resources: 2 });
    let mut twice = group(&[]);
    twice.resources = vec![1, 1];
    check(vec![], vec![twice], InstanceError::RepeatedGroupResource { group: 0, resource: 1 });
    let mut far = group(&[]);
    far.resources = vec![0, 9];
    let unknown = InstanceError::UnknownGroupResource { group: 0, position: 1, resource: 9, resources: 2 };
    check(vec![], vec![far], unknown);
    let concave = group(&[(Some(1), 5), (None, 4)]);
    check(vec![], vec![concave], InstanceError::DecreasingSteps { group: 0, step: 1 });
    let negative = group(&[(None, -4)]);
    check(vec![], vec![negative], InstanceError::NegativeStep { group: 0, step: 0, unit_cost: -4 });
    check(vec![], vec![group(&[(None, 1), (None, 2)])], InstanceError::EndlessStep { group: 0, step: 0 });
    check(vec![], vec![group(&[(Some(1), 1)])], InstanceError::BoundedLastStep { group: 0 });
    let huge = Demand { penalty: TOTAL_MAX, ..Demand::default() };
    check(vec![huge.clone(), huge], vec![], InstanceError::TooLarge);
}

#[test]
fn a_household_is_of_two_or_more_who_are_in_no_other() {
    let with = |households: &[(&[usize], i64)]| {
        let demands = vec![demand(&[]), demand(&[]), demand(&[])];
        let household = |(members, split_penalty): &(&[usize], i64)| Household {
            members: members.to_vec(),
            split_penalty: *split_penalty,
        };
        let instance = Instance::new(demands, vec![], vec![]).unwrap();
        instance.with_households(households.iter().map(household).collect()).err()
    };
    assert_eq!(with(&[(&[0, 2], 5)]), None);
    assert_eq!(with(&[(&[1], 5)]), Some(InstanceError::SmallHousehold { household: 0, members: 1 }));
    let unknown = InstanceError::UnknownMember { household: 0, position: 1, demand: 3, demands: 3 };
    assert_eq!(with(&[(&[0, 3], 5)]), Some(unknown));
    let twice = InstanceError::RepeatedMember { household: 0, position: 1, demand: 1 };
    assert_eq!(with(&[(&[1, 1], 5)]), Some(twice));
    let again = InstanceError::RepeatedMember { household: 1, position: 0, demand: 1 };
    assert_eq!(with(&[(&[0, 1], 5), (&[1, 2], 5)]), Some(again));
    let negative = InstanceError::NegativeSplitPenalty { household: 0, split_penalty: -1 };
    assert_eq!(with(&[(&[0, 1], -1)]), Some(negative));
    assert_eq!(with(&[(&[0, 1], TOTAL_MAX)]), Some(InstanceError::TooLarge));
}

#[test]
fn a_resource_without_room_is_refused() {
    let resources = vec![Resource { capacity: 1 }, Resource { capacity: 0 }];
    assert_eq!(Instance::new(vec![], resources, vec![]), Err(InstanceError::ZeroCapacity { resource: 1 }));
}

#[test]
fn a_group_counts_only_its_classes() {
    let of = |classes: &[u32]| Demand { classes: classes.to_vec(), ..Demand::default() };
    let filtered = Group { resources: vec![0], classes: Some(vec![3, 4]), ..Group::default() };
    let demands = vec![of(&[1, 4]), of(&[2]), of(&[])];
    let instance = Instance::new(demands, vec![Resource { capacity: 1 }], vec![filtered, group(&[])]).unwrap();
    assert_eq!([0, 1, 2].map(|demand| instance.counts(0, demand)), [true, false, false]);
    assert_eq!([0, 1, 2].map(|demand| instance.counts(1, demand)), [true, true, true]);
    assert_eq!(instance.groups_of(0), [0, 1]);
}

#[test]
fn only_penalties_nobody_can_save_are_unavoidable() {
    let demands = vec![demand(&[]), demand(&[(0, 100)]), demand(&[(0, 99)])];
    let instance = Instance::new(demands, vec![Resource { capacity: 1 }], vec![]).unwrap();
    assert_eq!(instance.unavoidable(), 200);
}

#[test]
fn strict_tiers_are_classes_each_once_whether_anybody_has_them_today_or_not() {
    let of = |classes: &[u32]| Demand { classes: classes.to_vec(), ..demand(&[(0, 1)]) };
    let filtered = Group { resources: vec![0], classes: Some(vec![8]), ..Group::default() };
    let demands = vec![of(&[1, 4]), of(&[2]), of(&[])];
    let instance = Instance::new(demands, vec![Resource { capacity: 1 }], vec![filtered]).unwrap();
    let with = |classes: &[u32]| instance.clone().with_strict_tiers(classes.to_vec());
    assert_eq!(with(&[]), Err(InstanceError::NoStrictTier));
    assert!(with(&[1, 3]).is_ok(), "nobody of a class today");
    assert_eq!(with(&[1, 2, 1]), Err(InstanceError::RepeatedStrictTier { position: 2, class: 1 }));
    let strict = with(&[8, 2, 4, 1]).unwrap();
    // The first class alone says the tier.
    assert_eq!([0, 1, 2].map(|demand| strict.strict_tier_of(demand)), [Some(3), Some(1), None]);
    assert_eq!(strict.strict_tiers(), [8, 2, 4, 1]);
    let dear = vec![Demand { penalty: TOTAL_MAX / 4, ..of(&[1]) }; 2];
    let dear = Instance::new(dear, vec![Resource { capacity: 1 }], vec![]).unwrap();
    assert_eq!(dear.with_strict_tiers(vec![1]), Err(InstanceError::StrictTiersTooLarge));
    let split = vec![Household { members: vec![0, 1], split_penalty: TOTAL_MAX / 5 }];
    assert_eq!(strict.with_households(split), Err(InstanceError::StrictTiersTooLarge));
}
