//! An independent verifier: is an assignment allowed, what does it really cost, and is what a plan claims about it true?
//!
//! It reads the instance and nothing else; it must never share code with the search, or it would share its mistakes.
//! It also judges an assignment made by hand: an override is allowed, and told what it breaks.

use crate::instance::{Group, Instance};
use crate::plan::{Plan, Split};
use thiserror::Error;

/// Something an assignment breaks or a plan states wrongly.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Violation {
    /// Not one entry for each demand.
    #[error("{entries} entries for {demands} demands")]
    WrongLength {
        /// Entries given.
        entries: usize,
        /// Demands there are.
        demands: usize,
    },
    /// A resource that is not there.
    #[error("demand {demand} is placed with resource {resource}, which does not exist")]
    UnknownResource {
        /// Index of the demand.
        demand: usize,
        /// The resource named.
        resource: usize,
    },
    /// No arc from the demand to the resource.
    #[error("demand {demand} may not be placed with resource {resource}")]
    NotAdmissible {
        /// Index of the demand.
        demand: usize,
        /// Index of the resource.
        resource: usize,
    },
    /// More demands than a resource takes.
    #[error("resource {resource} has {load} demands for {capacity} places")]
    OverCapacity {
        /// Index of the resource.
        resource: usize,
        /// Demands placed there.
        load: usize,
        /// What it takes.
        capacity: usize,
    },
    /// More load than a group allows.
    #[error("group {group} has a load of {load}, at most {max} allowed")]
    OverMax {
        /// Index of the group.
        group: usize,
        /// Its load.
        load: usize,
        /// Its maximum.
        max: usize,
    },
    /// A plan states another objective than its assignment has.
    #[error("the plan states {stated} points, its assignment costs {recomputed}")]
    WrongObjective {
        /// What the plan says.
        stated: i64,
        /// What it is.
        recomputed: i64,
    },
    /// A plan splits its objective into other parts than its assignment has.
    #[error("the parts of the objective are not those of the assignment")]
    WrongSplit,
    /// A lower bound above the objective of a feasible assignment.
    #[error("the bound {bound} is above the objective {objective}")]
    BoundAboveObjective {
        /// The bound stated.
        bound: i64,
        /// The objective, recomputed.
        objective: i64,
    },
    /// A plan tells other strict tiers than the instance has.
    #[error("the tiers told are not the strict tiers of the instance")]
    OtherTiers,
    /// A plan tells another count of a strict tier than its assignment has.
    #[error("tier {tier}: {stated} placed are told, its assignment places {recounted}")]
    WrongTier {
        /// The tier, 0 the highest.
        tier: usize,
        /// What the plan says.
        stated: usize,
        /// How many there are.
        recounted: usize,
    },
    /// A strict tier with more placed than its most, or called proved where it, or one above, has fewer, or where somebody of
    /// it could simply be placed.
    #[error("tier {tier}: what is told to be the most is not")]
    WrongMost {
        /// The tier, 0 the highest.
        tier: usize,
    },
    /// A plan called optimal without a bound that meets its objective, or with a strict tier that is not proved.
    #[error("called optimal, and the bound does not meet the objective or a tier is not proved")]
    UnprovedOptimum,
}

/// What an assignment is worth and what it breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Everything it breaks; empty if it is feasible.
    pub violations: Vec<Violation>,
    /// What it costs, in points; `None` where it uses a placement that has no cost.
    pub split: Option<Split>,
}

impl Verdict {
    /// Whether nothing is broken.
    #[must_use]
    pub fn is_feasible(&self) -> bool {
        self.violations.is_empty()
    }
}

/// Judges an assignment: for each demand a resource or `None`.
#[must_use]
pub fn check_assignment(instance: &Instance, assign: &[Option<usize>]) -> Verdict {
    let mut violations = Vec::new();
    let demands = instance.demands();
    if assign.len() != demands.len() {
        violations.push(Violation::WrongLength { entries: assign.len(), demands: demands.len() });
        return Verdict { violations, split: None };
    }
    let (mut arcs, mut unplaced, mut priced) = (0, 0, true);
    let mut loads = vec![0_usize; instance.resources().len()];
    for (index, (demand, place)) in demands.iter().zip(assign).enumerate() {
        let Some(resource) = *place else {
            unplaced += demand.penalty;
            continue;
        };
        let Some(load) = loads.get_mut(resource) else {
            violations.push(Violation::UnknownResource { demand: index, resource });
            priced = false;
            continue;
        };
        *load += 1;
        match demand.arcs.iter().find(|arc| arc.resource == resource) {
            Some(arc) => arcs += arc.cost,
            None => {
                violations.push(Violation::NotAdmissible { demand: index, resource });
                priced = false;
            }
        }
    }
    for (resource, (&load, known)) in loads.iter().zip(instance.resources()).enumerate() {
        if load > known.capacity {
            violations.push(Violation::OverCapacity { resource, load, capacity: known.capacity });
        }
    }
    let mut groups = 0;
    for (index, group) in instance.groups().iter().enumerate() {
        let mut inside = vec![false; instance.resources().len()];
        for &resource in &group.resources {
            inside[resource] = true;
        }
        let counted = |(demand, place): &(usize, &Option<usize>)| {
            let of_class = |wanted: &Vec<u32>| demands[*demand].classes.iter().any(|class| wanted.contains(class));
            place.is_some_and(|resource| inside.get(resource) == Some(&true))
                && group.classes.as_ref().is_none_or(of_class)
        };
        let load = assign.iter().enumerate().filter(counted).count();
        if let Some(max) = group.max.filter(|max| load > *max) {
            violations.push(Violation::OverMax { group: index, load, max });
        }
        let mut rest = load;
        for step in &group.steps {
            let units = step.width.map_or(rest, |width| width.min(rest));
            rest -= units;
            // Fits: there are no more units than demands, and prices times demands were bounded when the instance was made.
            groups += i64::try_from(units).map_or(i64::MAX, |units| units.saturating_mul(step.unit_cost));
        }
    }
    let mut households = 0;
    for household in instance.households() {
        let mut places = Vec::new();
        for &member in &household.members {
            places.push(assign[member]);
        }
        let together = places[0].is_some() && places.windows(2).all(|pair| pair[0] == pair[1]);
        if !together {
            for _ in places.iter().flatten() {
                households += household.split_penalty;
            }
        }
    }
    Verdict { violations, split: priced.then_some(Split { arcs, unplaced, groups, households }) }
}

/// Verifies a plan: its assignment, and everything it states about it. Empty if all is well.
///
/// ```
/// use solver::{Arc, Budget, Demand, Instance, Resource, Seed, check, solve};
///
/// let demand = Demand { penalty: 50, arcs: vec![Arc { resource: 0, cost: 3 }], ..Demand::default() };
/// let instance = Instance::new(vec![demand], vec![Resource { capacity: 1 }], vec![])?;
/// let mut plan = solve(&instance, Budget::default(), Seed::default());
/// assert!(check(&instance, &plan).is_empty());
///
/// plan.objective -= 1;
/// assert_eq!(check(&instance, &plan)[0].to_string(), "the plan states 2 points, its assignment costs 3");
/// # Ok::<(), solver::InstanceError>(())
/// ```
#[must_use]
pub fn check(instance: &Instance, plan: &Plan) -> Vec<Violation> {
    let Verdict { mut violations, split } = check_assignment(instance, &plan.assign);
    let Some(split) = split else { return violations };
    let objective = split.arcs + split.unplaced + split.groups + split.households;
    if plan.objective != objective {
        violations.push(Violation::WrongObjective { stated: plan.objective, recomputed: objective });
    }
    if plan.split != split {
        violations.push(Violation::WrongSplit);
    }
    if let Some(bound) = plan.bound.filter(|bound| *bound > objective) {
        violations.push(Violation::BoundAboveObjective { bound, objective });
    }
    let tiers_proved = plan.tiers.iter().flatten().all(|tier| tier.proved);
    if plan.optimal && (plan.bound != Some(objective) || !tiers_proved) {
        violations.push(Violation::UnprovedOptimum);
    }
    if violations.is_empty() {
        check_tiers(instance, plan, &mut violations);
    }
    violations
}

/// Counts the strict tiers anew; the assignment is feasible.
fn check_tiers(instance: &Instance, plan: &Plan, violations: &mut Vec<Violation>) {
    let told = plan.tiers.as_deref().unwrap_or_default();
    let classes = instance.strict_tiers();
    let same = told.len() == classes.len() && told.iter().zip(classes).all(|(tier, class)| tier.class == *class);
    if !same || plan.tiers.is_some() == classes.is_empty() {
        violations.push(Violation::OtherTiers);
        return;
    }
    let mut all_proved = true;
    for (tier, told) in told.iter().enumerate() {
        let (mut recounted, mut room) = (0, false);
        for (index, demand) in instance.demands().iter().enumerate() {
            if demand.classes.first() == Some(&told.class) {
                match plan.assign[index] {
                    Some(_) => recounted += 1,
                    None => room |= told.proved && has_room(instance, &plan.assign, index),
                }
            }
        }
        if recounted != told.placed {
            violations.push(Violation::WrongTier { tier, stated: told.placed, recounted });
        }
        all_proved &= told.proved;
        if told.placed > told.most || room || (told.proved && (told.placed != told.most || !all_proved)) {
            violations.push(Violation::WrongMost { tier });
        }
    }
}

/// Whether somebody left out of a feasible assignment could be placed with nobody else moved.
fn has_room(instance: &Instance, assign: &[Option<usize>], demand: usize) -> bool {
    let of = &instance.demands()[demand];
    of.arcs.iter().any(|arc| {
        let load = assign.iter().filter(|place| **place == Some(arc.resource)).count();
        let full = |group: &Group| {
            let counted = |classes: &[u32]| {
                group.classes.as_ref().is_none_or(|wanted| classes.iter().any(|class| wanted.contains(class)))
            };
            let inside = |place: &Option<usize>| place.is_some_and(|resource| group.resources.contains(&resource));
            let here = assign.iter().zip(instance.demands());
            let load = || here.filter(|(place, other)| inside(place) && counted(&other.classes)).count();
            group.resources.contains(&arc.resource)
                && counted(&of.classes)
                && group.max.is_some_and(|max| load() >= max)
        };
        load < instance.resources()[arc.resource].capacity && !instance.groups().iter().any(full)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Arc, Demand, Household, Resource, Step};

    fn instance() -> Instance {
        let arc = |resource, cost| Arc { resource, cost };
        let demand = |class| Demand {
            penalty: 100,
            classes: vec![class],
            arcs: vec![arc(0, 1), arc(1, 2)],
            ..Demand::default()
        };
        let steps = vec![Step { width: Some(1), unit_cost: 0 }, Step { width: None, unit_cost: 7 }];
        let group = Group { resources: vec![0, 1], classes: Some(vec![1]), max: Some(2), steps };
        let resources = vec![Resource { capacity: 1 }, Resource { capacity: 5 }, Resource { capacity: 1 }];
        Instance::new(vec![demand(1), demand(1), demand(1), demand(2)], resources, vec![group]).unwrap()
    }

    #[test]
    fn a_choice_by_hand_is_told_what_it_breaks() {
        let check = |assign: &[Option<usize>], expected: &[Violation]| {
            assert_eq!(check_assignment(&instance(), assign).violations, expected);
        };
        check(&[Some(0), Some(1), None, Some(1)], &[]);
        check(&[None; 3], &[Violation::WrongLength { entries: 3, demands: 4 }]);
        check(&[Some(9), None, None, None], &[Violation::UnknownResource { demand: 0, resource: 9 }]);
        check(&[Some(2), None, None, None], &[Violation::NotAdmissible { demand: 0, resource: 2 }]);
        let over = Violation::OverCapacity { resource: 0, load: 2, capacity: 1 };
        check(&[Some(0), Some(0), None, None], &[over]);
        check(&[Some(1), Some(1), Some(1), Some(1)], &[Violation::OverMax { group: 0, load: 3, max: 2 }]);
    }

    #[test]
    fn the_cost_is_split_into_its_parts() {
        let verdict = check_assignment(&instance(), &[Some(0), Some(1), None, Some(1)]);
        assert_eq!(verdict.split, Some(Split { arcs: 5, unplaced: 100, groups: 7, households: 0 }));
        let together = vec![Household { members: vec![0, 1], split_penalty: 30 }];
        let instance = instance().with_households(together).unwrap();
        let households = |assign: &[Option<usize>]| check_assignment(&instance, assign).split.unwrap().households;
        assert_eq!(households(&[Some(0), Some(1), None, None]), 60);
        assert_eq!(households(&[Some(1), None, None, None]), 30);
        assert_eq!(households(&[Some(1), Some(1), None, None]), 0);
    }

    #[test]
    fn what_is_told_of_tiers_is_counted_anew() {
        let strict = instance().with_strict_tiers(vec![2, 1]).unwrap();
        let budget = crate::Budget::wall(std::time::Duration::from_secs(3_600));
        let plan = crate::solve(&strict, budget, crate::Seed(0));
        let tiers = plan.tiers.clone().unwrap();
        assert_eq!((check(&strict, &plan), tiers[0].placed, tiers[1].placed), (vec![], 1, 2));
        let told = |change: &dyn Fn(&mut Plan)| {
            let mut plan = plan.clone();
            change(&mut plan);
            check(&strict, &plan)
        };
        assert_eq!(told(&|plan| plan.tiers = None), [Violation::OtherTiers]);
        assert_eq!(
            told(&|plan| plan.tiers.iter_mut().flatten().for_each(|tier| tier.class = 7)),
            [Violation::OtherTiers]
        );
        let wrong = [Violation::WrongTier { tier: 1, stated: 3, recounted: 2 }, Violation::WrongMost { tier: 1 }];
        assert_eq!(told(&|plan| plan.tiers.as_mut().unwrap()[1].placed = 3), wrong);
        assert_eq!(told(&|plan| plan.tiers.as_mut().unwrap()[0].most = 2), [Violation::WrongMost { tier: 0 }]);
        let unproved = [Violation::UnprovedOptimum];
        assert_eq!(told(&|plan| plan.tiers.as_mut().unwrap()[1].proved = false), unproved);
        // Nobody placed, and called the most all the same.
        let mut nobody = plan.clone();
        nobody.assign = vec![None; 4];
        nobody.split = Split { unplaced: 400, ..Split::default() };
        (nobody.objective, nobody.bound, nobody.optimal) = (400, None, false);
        nobody.tiers.iter_mut().flatten().for_each(|tier| (tier.placed, tier.most) = (0, 0));
        assert_eq!(check(&strict, &nobody), [Violation::WrongMost { tier: 0 }, Violation::WrongMost { tier: 1 }]);
        // And tiers told of an instance that has none.
        assert_eq!(check(&instance(), &nobody), [Violation::OtherTiers]);
    }
}
