//! The problem: demands, resources, the arcs between them, and groups over several resources.
//!
//! Its job is to be right by construction: [`Instance::new`] checks everything once, so the search never checks again.
//! It must never hold anything but indices and integer points: what a demand *is* belongs to the caller.
//! It maps one to one to the `aiguilleur-instance/1` format; names and labels stay with the caller.

use thiserror::Error;

/// The greatest total of points an instance may reach: below 2^53 every sum is exact in `i64` and in `f64` alike.
pub const TOTAL_MAX: i64 = 1 << 53;

/// One admissible placement of a demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arc {
    /// Index of the resource.
    pub resource: usize,
    /// Points it costs to use it, 0 or more.
    pub cost: i64,
}

/// Something to be placed with at most one resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demand {
    /// Points it costs to leave it unplaced, 0 or more. An arc at or above it is never worth using.
    pub penalty: i64,
    /// The resource it holds provisionally; the cost of moving away is already in the arcs. Informative.
    pub current: Option<usize>,
    /// What it is, as numbers the caller gave meaning to; groups may count only some classes.
    pub classes: Vec<u32>,
    /// The only admissible placements, sorted by resource, each resource once.
    pub arcs: Vec<Arc>,
}

/// Something that can take demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// How many demands it can take, 1 or more.
    pub capacity: usize,
}

/// One price of a group's load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// How many units have this price; `None` for the last step only: all that follow.
    pub width: Option<usize>,
    /// Points for each of these units, 0 or more, never less than the step before.
    pub unit_cost: i64,
}

/// A row over several resources: its load is the number of demands placed there (of some classes, if it names any).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// Indices of its resources, each once, in any order.
    pub resources: Vec<usize>,
    /// Counts only demands that have one of these classes; `None` counts all.
    pub classes: Option<Vec<u32>>,
    /// The greatest load allowed.
    pub max: Option<usize>,
    /// Convex cost of the load, empty for none.
    pub steps: Vec<Step>,
}

/// Demands that would rather be placed with one and the same resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Household {
    /// Indices of its demands, two or more.
    pub members: Vec<usize>,
    /// Points for each member placed, 0 or more, unless all members are placed with one resource.
    pub split_penalty: i64,
}

/// What is wrong with the parts of an instance; every variant says where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InstanceError {
    /// A penalty below 0.
    #[error("demands[{demand}].penalty is {penalty}; it must be 0 or more")]
    NegativePenalty {
        /// Index of the demand.
        demand: usize,
        /// The penalty given.
        penalty: i64,
    },
    /// An arc cost below 0.
    #[error("demands[{demand}].arcs[{position}] costs {cost}; it must be 0 or more")]
    NegativeCost {
        /// Index of the demand.
        demand: usize,
        /// Position of the arc.
        position: usize,
        /// The cost given.
        cost: i64,
    },
    /// An arc to a resource that is not there.
    #[error("demands[{demand}].arcs[{position}] names resource {resource}; there are {resources}")]
    UnknownArcResource {
        /// Index of the demand.
        demand: usize,
        /// Position of the arc.
        position: usize,
        /// The resource named.
        resource: usize,
        /// How many resources there are.
        resources: usize,
    },
    /// Arcs out of order, or two to the same resource.
    #[error("demands[{demand}].arcs[{position}] is not above the arc before it; sort by resource, each resource once")]
    UnsortedArcs {
        /// Index of the demand.
        demand: usize,
        /// Position of the second arc of the pair.
        position: usize,
    },
    /// A current resource that is not there.
    #[error("demands[{demand}].current is {resource}; there are {resources} resources")]
    UnknownCurrent {
        /// Index of the demand.
        demand: usize,
        /// The resource named.
        resource: usize,
        /// How many resources there are.
        resources: usize,
    },
    /// A resource that can take nothing.
    #[error("resources[{resource}].capacity is 0; it must be 1 or more")]
    ZeroCapacity {
        /// Index of the resource.
        resource: usize,
    },
    /// A group over a resource that is not there.
    #[error("groups[{group}].resources[{position}] is {resource}; there are {resources}")]
    UnknownGroupResource {
        /// Index of the group.
        group: usize,
        /// Position in its list.
        position: usize,
        /// The resource named.
        resource: usize,
        /// How many resources there are.
        resources: usize,
    },
    /// A group that names a resource twice.
    #[error("groups[{group}].resources names resource {resource} twice")]
    RepeatedGroupResource {
        /// Index of the group.
        group: usize,
        /// The resource named twice.
        resource: usize,
    },
    /// A step price below 0.
    #[error("groups[{group}].steps[{step}] costs {unit_cost}; it must be 0 or more")]
    NegativeStep {
        /// Index of the group.
        group: usize,
        /// Position of the step.
        step: usize,
        /// The price given.
        unit_cost: i64,
    },
    /// A step cheaper than the one before: the cost would not be convex.
    #[error("groups[{group}].steps[{step}] is cheaper than the step before it; prices never decrease")]
    DecreasingSteps {
        /// Index of the group.
        group: usize,
        /// Position of the cheaper step.
        step: usize,
    },
    /// An endless step that is not the last, so those after it could never be reached.
    #[error("groups[{group}].steps[{step}].width is null; only the last step is endless")]
    EndlessStep {
        /// Index of the group.
        group: usize,
        /// Position of the step.
        step: usize,
    },
    /// A last step with an end, so that a greater load would have no price.
    #[error("groups[{group}].steps: the width of the last step must be null")]
    BoundedLastStep {
        /// Index of the group.
        group: usize,
    },
    /// A household of nobody or of one.
    #[error("households[{household}].members has {members}; it must have 2 or more")]
    SmallHousehold {
        /// Index of the household.
        household: usize,
        /// How many members were given.
        members: usize,
    },
    /// A member that is not there.
    #[error("households[{household}].members[{position}] is {demand}; there are {demands} demands")]
    UnknownMember {
        /// Index of the household.
        household: usize,
        /// Position in its list.
        position: usize,
        /// The demand named.
        demand: usize,
        /// How many demands there are.
        demands: usize,
    },
    /// A demand in two households, or twice in one.
    #[error("households[{household}].members[{position}] names demand {demand}, which is in a household already")]
    RepeatedMember {
        /// Index of the household.
        household: usize,
        /// Position in its list.
        position: usize,
        /// The demand named again.
        demand: usize,
    },
    /// A split penalty below 0.
    #[error("households[{household}].split_penalty is {split_penalty}; it must be 0 or more")]
    NegativeSplitPenalty {
        /// Index of the household.
        household: usize,
        /// The penalty given.
        split_penalty: i64,
    },
    /// Strict tiers that name none.
    #[error("strict_tiers is empty; name one class or more, the highest tier first, or leave it out")]
    NoStrictTier,
    /// A class named as two strict tiers.
    #[error("strict_tiers[{position}] is class {class}, which is a tier already")]
    RepeatedStrictTier {
        /// Position of the second of the two.
        position: usize,
        /// The class named again.
        class: u32,
    },
    /// Strict tiers of so many demands at such costs that what keeps them apart would not be exact.
    #[error("strict_tiers: with so many demands the costs may add up to more than {TOTAL_MAX} points; scale them down")]
    StrictTiersTooLarge,
    /// Strict tiers where only some may move, so that they could not be kept.
    #[error("strict_tiers cannot be kept by a few moves; solve anew")]
    StrictTiersMoved,
    /// Costs so great that a sum of them may not be exact.
    #[error("the costs may add up to more than {TOTAL_MAX} points; scale them down")]
    TooLarge,
}

/// A checked problem. Demands stand in order of arrival; every index used elsewhere is an index into these lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    demands: Vec<Demand>,
    resources: Vec<Resource>,
    groups: Vec<Group>,
    groups_of: Vec<Vec<usize>>,
    counted: Vec<Option<Vec<bool>>>,
    households: Vec<Household>,
    household_of: Vec<Option<usize>>,
    strict_tiers: Vec<u32>,
    /// The dearest assignment imaginable, in points.
    dearest: i128,
}

impl Instance {
    /// Checks the parts and keeps them.
    ///
    /// # Errors
    /// The first fault found, with the field and the index; see [`InstanceError`].
    pub fn new(demands: Vec<Demand>, resources: Vec<Resource>, groups: Vec<Group>) -> Result<Self, InstanceError> {
        if let Some(resource) = resources.iter().position(|resource| resource.capacity == 0) {
            return Err(InstanceError::ZeroCapacity { resource });
        }
        for (index, demand) in demands.iter().enumerate() {
            check_demand(index, demand, resources.len())?;
        }
        let mut groups_of = vec![Vec::new(); resources.len()];
        for (index, group) in groups.iter().enumerate() {
            check_group(index, group, &mut groups_of)?;
        }
        let dearest = check_total(dearest_total(&demands, &groups, &[]))?;
        let counted = groups.iter().map(|group| counted(group, &demands)).collect();
        let household_of = vec![None; demands.len()];
        let (households, strict_tiers) = (Vec::new(), Vec::new());
        Ok(Self { demands, resources, groups, groups_of, counted, households, household_of, strict_tiers, dearest })
    }

    /// Adds households, in place of any there were.
    ///
    /// # Errors
    /// The first fault found, with the field and the index; see [`InstanceError`].
    pub fn with_households(self, households: Vec<Household>) -> Result<Self, InstanceError> {
        let mut household_of = vec![None; self.demands.len()];
        for (index, household) in households.iter().enumerate() {
            check_household(index, household, &mut household_of)?;
        }
        let dearest = check_total(dearest_total(&self.demands, &self.groups, &households))?;
        Self { households, household_of, dearest, ..self }.with_tiers_apart()
    }

    /// Makes these classes tiers of strict priority, the highest first, in place of any there were. A demand is of the tier
    /// of its first class. A plan places as many of the first tier as can be, among such plans as many of the second, and so
    /// on; only then costs decide, and they alone decide about demands whose first class is no tier. A class nobody has today is an
    /// empty tier. A demand of a tier is
    /// placed wherever it may be, also at more than its penalty.
    ///
    /// # Errors
    /// The first fault found, with the field and the index; see [`InstanceError`].
    pub fn with_strict_tiers(self, classes: Vec<u32>) -> Result<Self, InstanceError> {
        if classes.is_empty() {
            return Err(InstanceError::NoStrictTier);
        }
        for (position, &class) in classes.iter().enumerate() {
            if classes[..position].contains(&class) {
                return Err(InstanceError::RepeatedStrictTier { position, class });
            }
        }
        Self { strict_tiers: classes, ..self }.with_tiers_apart()
    }

    /// Checks that what keeps strict tiers apart is exact as well.
    fn with_tiers_apart(self) -> Result<Self, InstanceError> {
        let tiers = self.strict_tiers.len() as i128;
        let most = (2 * self.dearest + 1) * tiers * self.demands.len() as i128 + self.dearest;
        if tiers > 0 && most > i128::from(TOTAL_MAX) { Err(InstanceError::StrictTiersTooLarge) } else { Ok(self) }
    }

    /// The same instance without strict tiers, with so many points more for leaving a demand out.
    pub(crate) fn surcharged(&self, by: impl Fn(usize) -> i64) -> Self {
        let mut surcharged = Self { strict_tiers: Vec::new(), ..self.clone() };
        for (index, demand) in surcharged.demands.iter_mut().enumerate() {
            surcharged.dearest -= dearest_of(demand, &surcharged.groups);
            demand.penalty += by(index);
            surcharged.dearest += dearest_of(demand, &surcharged.groups);
        }
        surcharged
    }

    /// Points no assignment costs more than.
    pub(crate) fn dearest(&self) -> i64 {
        // No more than [`TOTAL_MAX`]: checked when the instance was made.
        i64::try_from(self.dearest).unwrap_or(i64::MAX)
    }

    /// Adds a demand at the end, in no household.
    ///
    /// # Errors
    /// The first fault found; the instance is then as it was.
    pub(crate) fn push(&mut self, demand: Demand) -> Result<(), InstanceError> {
        check_demand(self.demands.len(), &demand, self.resources.len())?;
        self.dearest = check_total(self.dearest + dearest_of(&demand, &self.groups))?;
        for (counted, group) in self.counted.iter_mut().zip(&self.groups) {
            if let Some(counted) = counted {
                counted.push(is_counted(group, &demand));
            }
        }
        self.household_of.push(None);
        self.demands.push(demand);
        Ok(())
    }

    /// Makes every placement of a demand but one, and leaving it out, dearer by so many points.
    ///
    /// # Errors
    /// [`InstanceError::NegativeCost`], [`InstanceError::TooLarge`]; the instance is then as it was.
    pub(crate) fn raise_others(&mut self, demand: usize, kept: usize, points: i64) -> Result<(), InstanceError> {
        if points < 0 {
            return Err(InstanceError::NegativeCost { demand, position: 0, cost: points });
        }
        let mut dearer = self.demands[demand].clone();
        let arcs = dearer.arcs.iter_mut().filter(|arc| arc.resource != kept).map(|arc| &mut arc.cost);
        for cost in arcs.chain([&mut dearer.penalty]) {
            *cost = cost.checked_add(points).ok_or(InstanceError::TooLarge)?;
        }
        let without = self.dearest - dearest_of(&self.demands[demand], &self.groups);
        self.dearest = check_total(without + dearest_of(&dearer, &self.groups))?;
        self.demands[demand] = dearer;
        Ok(())
    }

    /// Empties a demand: it costs nothing to leave out and can be placed nowhere. Its index stays.
    pub(crate) fn empty(&mut self, demand: usize) {
        self.dearest -= dearest_of(&self.demands[demand], &self.groups);
        self.demands[demand] = Demand::default();
        self.dearest += dearest_of(&self.demands[demand], &self.groups);
        for counted in self.counted.iter_mut().flatten() {
            counted[demand] = false;
        }
    }

    /// Gives a resource another capacity; here 0 is allowed: it is closed.
    pub(crate) fn resize(&mut self, resource: usize, capacity: usize) {
        self.resources[resource].capacity = capacity;
    }

    /// Whether a group would count a demand placed with one of its resources.
    pub(crate) fn would_count(&self, group: usize, demand: &Demand) -> bool {
        is_counted(&self.groups[group], demand)
    }

    /// The demands, in order of arrival.
    #[must_use]
    pub fn demands(&self) -> &[Demand] {
        &self.demands
    }

    /// The resources.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The groups.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The households.
    #[must_use]
    pub fn households(&self) -> &[Household] {
        &self.households
    }

    /// The classes that are tiers of strict priority, the highest first; empty where costs decide alone.
    #[must_use]
    pub fn strict_tiers(&self) -> &[u32] {
        &self.strict_tiers
    }

    /// The strict tier of a demand, 0 the highest; `None` if costs alone decide about it. Panics on an unknown demand, as
    /// indexing does.
    #[must_use]
    pub fn strict_tier_of(&self, demand: usize) -> Option<usize> {
        let class = self.demands[demand].classes.first()?;
        self.strict_tiers.iter().position(|tier| tier == class)
    }

    /// The household of a demand. Panics on an unknown demand, as indexing does.
    #[must_use]
    pub fn household_of(&self, demand: usize) -> Option<usize> {
        self.household_of[demand]
    }

    /// The groups a resource belongs to, in rising order. Panics on an unknown resource, as indexing does.
    #[must_use]
    pub fn groups_of(&self, resource: usize) -> &[usize] {
        &self.groups_of[resource]
    }

    /// Whether the group counts this demand when it is placed with one of its resources.
    #[must_use]
    pub fn counts(&self, group: usize, demand: usize) -> bool {
        self.counted[group].as_ref().is_none_or(|counted| counted[demand])
    }

    /// The arc from a demand to a resource, if it is admissible.
    #[must_use]
    pub fn arc(&self, demand: usize, resource: usize) -> Option<Arc> {
        let arcs = &self.demands[demand].arcs;
        let position = arcs.binary_search_by_key(&resource, |arc| arc.resource).ok()?;
        Some(arcs[position])
    }

    /// Whether a placement can be part of anything better than leaving the demand out: it costs less than that, or it may
    /// bring a household together.
    #[must_use]
    pub fn is_worth(&self, demand: usize, arc: Arc) -> bool {
        arc.cost < self.demands[demand].penalty || self.household_of[demand].is_some()
    }

    /// Points no plan can avoid: the penalties of demands that have no placement worth using.
    #[must_use]
    pub fn unavoidable(&self) -> i64 {
        let hopeless = |(index, demand): &(usize, &Demand)| demand.arcs.iter().all(|arc| !self.is_worth(*index, *arc));
        self.demands.iter().enumerate().filter(hopeless).map(|(_, demand)| demand.penalty).sum()
    }
}

fn check_demand(index: usize, demand: &Demand, resources: usize) -> Result<(), InstanceError> {
    if demand.penalty < 0 {
        return Err(InstanceError::NegativePenalty { demand: index, penalty: demand.penalty });
    }
    if let Some(resource) = demand.current.filter(|current| *current >= resources) {
        return Err(InstanceError::UnknownCurrent { demand: index, resource, resources });
    }
    let mut previous = None;
    for (position, arc) in demand.arcs.iter().enumerate() {
        if arc.resource >= resources {
            let resource = arc.resource;
            return Err(InstanceError::UnknownArcResource { demand: index, position, resource, resources });
        }
        if previous.is_some_and(|previous| previous >= arc.resource) {
            return Err(InstanceError::UnsortedArcs { demand: index, position });
        }
        if arc.cost < 0 {
            return Err(InstanceError::NegativeCost { demand: index, position, cost: arc.cost });
        }
        previous = Some(arc.resource);
    }
    Ok(())
}

fn check_group(index: usize, group: &Group, groups_of: &mut [Vec<usize>]) -> Result<(), InstanceError> {
    let resources = groups_of.len();
    for (position, &resource) in group.resources.iter().enumerate() {
        let Some(known) = groups_of.get_mut(resource) else {
            return Err(InstanceError::UnknownGroupResource { group: index, position, resource, resources });
        };
        if known.last() == Some(&index) {
            return Err(InstanceError::RepeatedGroupResource { group: index, resource });
        }
        known.push(index);
    }
    let last = group.steps.len().saturating_sub(1);
    let mut previous = 0;
    for (step, &Step { width, unit_cost }) in group.steps.iter().enumerate() {
        if unit_cost < 0 {
            return Err(InstanceError::NegativeStep { group: index, step, unit_cost });
        }
        if unit_cost < previous {
            return Err(InstanceError::DecreasingSteps { group: index, step });
        }
        match width {
            None if step < last => return Err(InstanceError::EndlessStep { group: index, step }),
            Some(_) if step == last => return Err(InstanceError::BoundedLastStep { group: index }),
            _ => previous = unit_cost,
        }
    }
    Ok(())
}

fn check_household(
    index: usize,
    household: &Household,
    household_of: &mut [Option<usize>],
) -> Result<(), InstanceError> {
    let Household { members, split_penalty } = household;
    if members.len() < 2 {
        return Err(InstanceError::SmallHousehold { household: index, members: members.len() });
    }
    if *split_penalty < 0 {
        return Err(InstanceError::NegativeSplitPenalty { household: index, split_penalty: *split_penalty });
    }
    let demands = household_of.len();
    for (position, &demand) in members.iter().enumerate() {
        let Some(known) = household_of.get_mut(demand) else {
            return Err(InstanceError::UnknownMember { household: index, position, demand, demands });
        };
        if known.replace(index).is_some() {
            return Err(InstanceError::RepeatedMember { household: index, position, demand });
        }
    }
    Ok(())
}

/// The dearest assignment imaginable, every demand at its dearest, every group at its last price and every household apart.
fn dearest_total(demands: &[Demand], groups: &[Group], households: &[Household]) -> i128 {
    let apart =
        |household: &Household| household.members.iter().map(|_| i128::from(household.split_penalty)).sum::<i128>();
    let of_households: i128 = households.iter().map(apart).sum();
    demands.iter().map(|demand| dearest_of(demand, groups)).sum::<i128>() + of_households
}

/// What one demand adds to it.
fn dearest_of(demand: &Demand, groups: &[Group]) -> i128 {
    let last_prices = groups.iter().filter_map(|group| group.steps.last()).map(|step| i128::from(step.unit_cost));
    let dearest = demand.arcs.iter().map(|arc| arc.cost).fold(demand.penalty, i64::max);
    i128::from(dearest) + last_prices.sum::<i128>()
}

/// It must stay exact.
fn check_total(total: i128) -> Result<i128, InstanceError> {
    if total > i128::from(TOTAL_MAX) { Err(InstanceError::TooLarge) } else { Ok(total) }
}

fn is_counted(group: &Group, demand: &Demand) -> bool {
    let of_class = |wanted: &Vec<u32>| demand.classes.iter().any(|class| wanted.contains(class));
    group.classes.as_ref().is_none_or(of_class)
}

fn counted(group: &Group, demands: &[Demand]) -> Option<Vec<bool>> {
    group.classes.as_ref()?;
    Some(demands.iter().map(|demand| is_counted(group, demand)).collect())
}

/// Instances that several files test with.
#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    /// Two who would have the first resource, where the second of them is dear: the optimum is 5.
    pub(crate) fn one_cheap_place_for_two() -> Instance {
        let arc = |resource, cost| Arc { resource, cost };
        let demand = |penalty| Demand { penalty, arcs: vec![arc(0, 1), arc(1, 4)], ..Demand::default() };
        let steps = vec![Step { width: Some(1), unit_cost: 0 }, Step { width: None, unit_cost: 10 }];
        let group = Group { resources: vec![0], steps, ..Group::default() };
        Instance::new(vec![demand(50), demand(60)], vec![Resource { capacity: 2 }; 2], vec![group]).unwrap()
    }
}

#[cfg(test)]
#[path = "instance_tests.rs"]
mod tests;
