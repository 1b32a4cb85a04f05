//! A household is placed with one resource, or pays for each member placed.

use crate::instance::{Arc, Household, Instance};

/// Points a demand pays for being placed apart from its household, if it has one.
pub(crate) fn split_penalty(instance: &Instance, demand: usize) -> i64 {
    instance.household_of(demand).map_or(0, |household| instance.households()[household].split_penalty)
}

/// The resource all members are placed with, if there is one.
pub(crate) fn placed_together(household: &Household, place_of: impl Fn(usize) -> Option<usize>) -> Option<usize> {
    let mut places = household.members.iter().map(|&member| place_of(member));
    let first = places.next().flatten()?;
    places.all(|place| place == Some(first)).then_some(first)
}

/// Points of the members' arcs to a resource that all of them may use and that could take them.
pub(crate) fn cost_together(instance: &Instance, household: &Household, resource: usize) -> Option<i64> {
    let cost = |&member: &usize| Some(instance.arc(member, resource)?.cost);
    let cost = household.members.iter().map(cost).sum::<Option<i64>>()?;
    (household.members.len() <= instance.resources()[resource].capacity).then_some(cost)
}

/// Resources that could take the whole household, by index, with [`cost_together`].
pub(crate) fn resources_for_all<'i>(
    instance: &'i Instance,
    household: &'i Household,
) -> impl Iterator<Item = (usize, i64)> + 'i {
    let arcs = household.members.first().map_or(&[][..], |&first| &instance.demands()[first].arcs);
    arcs.iter().filter_map(|arc| Some((arc.resource, cost_together(instance, household, arc.resource)?)))
}

/// Points of a household whose members are placed so.
pub(crate) fn cost(instance: &Instance, household: usize, place_of: impl Fn(usize) -> Option<Arc>) -> i64 {
    let household = &instance.households()[household];
    if placed_together(household, |member| place_of(member).map(|arc| arc.resource)).is_some() {
        return 0;
    }
    let placed = household.members.iter().filter(|&&member| place_of(member).is_some());
    placed.map(|_| household.split_penalty).sum()
}

/// Points that placing an unplaced demand there adds to its household's; below 0 where it completes it.
pub(crate) fn rise(instance: &Instance, assign: &[Option<Arc>], demand: usize, arc: Arc) -> i64 {
    let Some(household) = instance.household_of(demand) else { return 0 };
    let before = cost(instance, household, |member| assign[member]);
    let after = cost(instance, household, |member| if member == demand { Some(arc) } else { assign[member] });
    after - before
}

/// Points of all households.
pub(crate) fn total(instance: &Instance, assign: &[Option<Arc>]) -> i64 {
    (0..instance.households().len()).map(|household| cost(instance, household, |member| assign[member])).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Demand, Household, Resource};

    #[test]
    fn only_a_household_placed_whole_and_together_pays_nothing() {
        let households = vec![Household { members: vec![0, 2, 3], split_penalty: 7 }];
        let instance = Instance::new(vec![Demand::default(); 4], vec![Resource { capacity: 4 }; 2], vec![]).unwrap();
        let instance = instance.with_households(households).unwrap();
        let at = |resource| Some(Arc { resource, cost: 0 });
        let total_of = |assign: &[Option<Arc>]| total(&instance, assign);
        assert_eq!(total_of(&[None; 4]), 0);
        assert_eq!(total_of(&[at(1), at(0), None, at(1)]), 14);
        assert_eq!(total_of(&[at(1), at(0), at(0), at(1)]), 21);
        assert_eq!(total_of(&[at(1), at(0), at(1), at(1)]), 0);
        let nearly = [at(1), None, at(1), None];
        assert_eq!(rise(&instance, &nearly, 3, Arc { resource: 1, cost: 0 }), -14);
        assert_eq!(rise(&instance, &nearly, 3, Arc { resource: 0, cost: 0 }), 7);
        assert_eq!(rise(&instance, &nearly, 1, Arc { resource: 0, cost: 0 }), 0);
    }
}
