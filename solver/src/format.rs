//! The neutral files `aiguilleur-instance/1` and `aiguilleur-solution/1`: the same problem for any solver, and its answer for
//! any checker.
//!
//! A demand may have `parts`, an object of lists: what each of its arcs costs by name, one entry per arc, in whole points of 0
//! or more that add up to the arc's cost. They are told again with the reasons and change nothing else.
//!
//! Names and labels live here only; the search sees numbers. A file with a fault gives no instance, and the fault is told
//! with its field. Nothing here searches.

use crate::arc_parts::{ArcParts, PartsOfDemand};
use crate::explanation::{Explanation, TierTold};
use crate::instance::{Arc, Demand, Group, Household, Instance, InstanceError, Resource, Step};
use crate::plan::Plan;
use crate::solved::Solved;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;
use thiserror::Error;

/// The `format` of an instance.
pub const INSTANCE_FORMAT: &str = "aiguilleur-instance/1";
/// The `format` of a solution.
pub const SOLUTION_FORMAT: &str = "aiguilleur-solution/1";

/// What is wrong with a file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Not JSON, or a field that is missing or of the wrong kind.
    #[error("{path}: {detail}")]
    Shape {
        /// The field, `demands[3].penalty`; `.` for the whole document.
        path: String,
        /// What is wrong with it.
        detail: String,
    },
    /// Another format.
    #[error("format: \"{found}\" where \"{INSTANCE_FORMAT}\" is expected")]
    Format {
        /// What the file says.
        found: String,
    },
    /// A number of places no computer can count to.
    #[error("{field} is {value}; it must be 0 or more and countable")]
    Count {
        /// The field.
        field: String,
        /// The value.
        value: i64,
    },
    /// A class that is named as two strict tiers.
    #[error("{field}: \"{class}\" is a tier already")]
    RepeatedClass {
        /// The field.
        field: String,
        /// The class.
        class: String,
    },
    /// Parts of a demand's arc costs, not one for each arc.
    #[error("{field} has {entries} entries; there are {arcs} arcs")]
    PartsLength {
        /// The field.
        field: String,
        /// How many there are.
        entries: usize,
        /// How many arcs the demand has.
        arcs: usize,
    },
    /// A part of an arc's cost below 0.
    #[error("{field} is {points}; it must be 0 or more")]
    NegativePart {
        /// The field.
        field: String,
        /// The points given.
        points: i64,
    },
    /// Parts that are not those of the arc's cost.
    #[error("{field} add up to {sum} for arcs[{position}], which costs {cost}")]
    PartsSum {
        /// The field.
        field: String,
        /// Position of the arc.
        position: usize,
        /// The sum of the parts, in points.
        sum: i128,
        /// The cost of the arc, in points.
        cost: i64,
    },
    /// Fields that do not fit together.
    #[error(transparent)]
    Instance(#[from] InstanceError),
}

/// An instance with the names of its file.
#[derive(Debug, Clone)]
pub struct NamedInstance {
    /// The label of the instance.
    pub name: String,
    /// What kind of problem it says it is; it changes nothing but what is told of moves.
    pub kind: String,
    /// The problem.
    pub instance: Instance,
    /// What its arc costs are made of, as far as the file tells it.
    pub parts: ArcParts,
    /// Identifier of each demand.
    pub demands: Vec<String>,
    /// Identifier of each resource.
    pub resources: Vec<String>,
    /// Identifier of each group.
    pub groups: Vec<String>,
    /// The label each group is explained under, such as `fairness`; empty where it has none.
    pub group_kinds: Vec<String>,
    /// Name of each class, by the number the instance knows it by.
    pub classes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with format, resources and demands")]
struct InstanceFile {
    format: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: Option<String>,
    resources: Vec<ResourceFile>,
    demands: Vec<DemandFile>,
    #[serde(default)]
    groups: Vec<GroupFile>,
    #[serde(default)]
    households: Vec<HouseholdFile>,
    #[serde(default)]
    strict_tiers: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct ResourceFile {
    id: Label,
    capacity: i64,
}

#[derive(Deserialize)]
struct DemandFile {
    id: Label,
    #[serde(default)]
    classes: Vec<String>,
    penalty: i64,
    #[serde(default = "nowhere")]
    current: i64,
    arcs: Vec<(i64, i64)>,
    #[serde(default)]
    parts: Option<PartsOfDemand>,
}

#[derive(Deserialize)]
struct GroupFile {
    id: Label,
    #[serde(default)]
    kind: Option<String>,
    resources: Vec<i64>,
    #[serde(default)]
    classes: Option<Vec<String>>,
    #[serde(default)]
    max: Option<i64>,
    #[serde(default)]
    steps: Vec<(Option<i64>, i64)>,
}

#[derive(Deserialize)]
struct HouseholdFile {
    members: Vec<i64>,
    split_penalty: i64,
}

/// An identifier: a text, or a number for those who number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Label {
    Text(String),
    Number(i64),
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        match label {
            Label::Text(text) => text,
            Label::Number(number) => number.to_string(),
        }
    }
}

fn nowhere() -> i64 {
    -1
}

/// Numbers for names, in order of appearance.
#[derive(Default)]
struct Classes {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Classes {
    fn number(&mut self, name: String) -> u32 {
        *self.numbers.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// The numbers of strict tiers, each class once; one that nobody has is an empty tier.
    fn tiers(&mut self, names: Vec<String>) -> Result<Vec<u32>, FormatError> {
        let mut tiers = Vec::with_capacity(names.len());
        for (position, class) in names.into_iter().enumerate() {
            let field = || format!("strict_tiers[{position}]");
            let number = self.number(class.clone());
            if tiers.contains(&number) {
                return Err(FormatError::RepeatedClass { field: field(), class });
            }
            tiers.push(number);
        }
        Ok(tiers)
    }
}

/// An index or a count of a file; one that is negative is named with its field.
fn count(value: i64, field: impl Fn() -> String) -> Result<usize, FormatError> {
    usize::try_from(value).map_err(|_| FormatError::Count { field: field(), value })
}

/// Reads an instance.
///
/// # Errors
/// The first fault, with its field; see [`FormatError`].
pub fn read(text: &[u8]) -> Result<NamedInstance, FormatError> {
    // A file is read twice only where it has a fault to point at.
    let file: InstanceFile = match serde_json::from_slice(text) {
        Ok(file) => file,
        Err(error) => return Err(shape(text, &error)),
    };
    if file.format != INSTANCE_FORMAT {
        return Err(FormatError::Format { found: file.format });
    }
    let mut classes = Classes::default();
    let mut resources = Vec::with_capacity(file.resources.len());
    let mut resource_names = Vec::with_capacity(file.resources.len());
    for (index, resource) in file.resources.into_iter().enumerate() {
        let capacity = count(resource.capacity, || format!("resources[{index}].capacity"))?;
        resources.push(Resource { capacity });
        resource_names.push(resource.id.into());
    }
    let mut demands = Vec::with_capacity(file.demands.len());
    let mut demand_names = Vec::with_capacity(file.demands.len());
    let mut parts = Vec::with_capacity(file.demands.len());
    for (index, demand) in file.demands.into_iter().enumerate() {
        demand_names.push(demand.id.into());
        parts.push(demand.parts);
        let mut arcs = Vec::with_capacity(demand.arcs.len());
        for (position, (resource, cost)) in demand.arcs.into_iter().enumerate() {
            let resource = count(resource, || format!("demands[{index}].arcs[{position}][0]"))?;
            arcs.push(Arc { resource, cost });
        }
        let current = match demand.current {
            -1 => None,
            current => Some(count(current, || format!("demands[{index}].current"))?),
        };
        let of_demand = demand.classes.into_iter().map(|class| classes.number(class)).collect();
        demands.push(Demand { penalty: demand.penalty, current, classes: of_demand, arcs });
    }
    let mut groups = Vec::with_capacity(file.groups.len());
    let mut group_names = Vec::with_capacity(file.groups.len());
    let mut group_kinds = Vec::with_capacity(file.groups.len());
    for (index, group) in file.groups.into_iter().enumerate() {
        group_names.push(group.id.into());
        group_kinds.push(group.kind.unwrap_or_default());
        let at = |position: usize| move || format!("groups[{index}].resources[{position}]");
        let indices = group.resources.into_iter().enumerate();
        let resources = indices.map(|(position, resource)| count(resource, at(position))).collect::<Result<_, _>>()?;
        let max = group.max.map(|max| count(max, || format!("groups[{index}].max"))).transpose()?;
        let mut steps = Vec::with_capacity(group.steps.len());
        for (position, (width, unit_cost)) in group.steps.into_iter().enumerate() {
            let width = width.map(|width| count(width, || format!("groups[{index}].steps[{position}][0]")));
            steps.push(Step { width: width.transpose()?, unit_cost });
        }
        let filter = group.classes.map(|names| names.into_iter().map(|class| classes.number(class)).collect());
        groups.push(Group { resources, classes: filter, max, steps });
    }
    let mut households = Vec::with_capacity(file.households.len());
    for (index, household) in file.households.into_iter().enumerate() {
        let at = |position: usize| move || format!("households[{index}].members[{position}]");
        let members = household.members.into_iter().enumerate();
        let members = members.map(|(position, member)| count(member, at(position))).collect::<Result<_, _>>()?;
        households.push(Household { members, split_penalty: household.split_penalty });
    }
    let mut instance = Instance::new(demands, resources, groups)?.with_households(households)?;
    if let Some(names) = file.strict_tiers {
        instance = instance.with_strict_tiers(classes.tiers(names)?)?;
    }
    let parts = ArcParts::new(parts, instance.demands())?;
    Ok(NamedInstance {
        name: file.name,
        kind: file.kind.unwrap_or_default(),
        instance,
        parts,
        demands: demand_names,
        resources: resource_names,
        groups: group_names,
        group_kinds,
        classes: classes.names,
    })
}

/// The fault of a document, with its field where it has one.
fn shape(text: &[u8], error: &serde_json::Error) -> FormatError {
    if error.is_syntax() || error.is_eof() {
        let path = format!("line {}, column {}", error.line(), error.column());
        return FormatError::Shape { path, detail: "not JSON".to_owned() };
    }
    let mut document = serde_json::Deserializer::from_slice(text);
    match serde_path_to_error::deserialize::<_, InstanceFile>(&mut document) {
        Err(fault) => FormatError::Shape { path: fault.path().to_string(), detail: fault.inner().to_string() },
        // What is read well from the start has something after its end.
        Ok(_) => FormatError::Shape { path: ".".to_owned(), detail: error.to_string() },
    }
}

/// Times of a solve that the solver itself does not know.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clocked {
    /// From the first byte to the instance.
    pub parse: Duration,
    /// Processor time of the solve; `None` where the system does not tell.
    pub cpu: Option<Duration>,
}

/// A solution as its file says it: costs and bounds in points, times in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub struct Solution {
    format: &'static str,
    /// Of this crate.
    version: &'static str,
    instance: String,
    /// SHA-256 of the bytes of the instance's file, in lower hexadecimal; absent where nobody told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_hash: Option<String>,
    assign: Vec<i64>,
    objective: i64,
    bound: Option<i64>,
    gap_abs: Option<i64>,
    gap_rel: Option<f64>,
    status: &'static str,
    stage: &'static str,
    stopped_by: &'static str,
    parse_ms: f64,
    build_ms: f64,
    solve_ms: f64,
    cpu_ms: Option<f64>,
    work: u64,
    rounds: usize,
    columns: usize,
    /// The strict tiers, the highest first; absent where the instance has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    tiers: Option<Vec<TierTold>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<Explanation>,
}

impl Solution {
    /// The solution of a plan.
    #[must_use]
    pub fn of(named: &NamedInstance, plan: &Plan, clocked: Clocked) -> Self {
        let gap = plan.gap();
        Self {
            format: SOLUTION_FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            instance: named.name.clone(),
            instance_hash: None,
            assign: plan.assign.iter().map(|place| index(*place)).collect(),
            objective: plan.objective,
            bound: plan.bound,
            gap_abs: gap.map(|gap| gap.points),
            gap_rel: gap.map(|gap| gap.relative),
            status: if plan.optimal { "optimal" } else { "feasible" },
            stage: plan.rung.as_str(),
            stopped_by: plan.stopped_by.as_str(),
            parse_ms: milliseconds(clocked.parse),
            build_ms: milliseconds(plan.built),
            solve_ms: milliseconds(plan.elapsed),
            cpu_ms: clocked.cpu.map(milliseconds),
            work: plan.work,
            rounds: plan.rounds,
            columns: plan.columns,
            tiers: named.strict_tiers(plan),
            explain: None,
        }
    }

    /// With the hash of the file the instance was read from, as whoever read it says: SHA-256 in lower hexadecimal.
    #[must_use]
    pub fn hashed(self, instance_hash: String) -> Self {
        Self { instance_hash: Some(instance_hash), ..self }
    }

    /// With its reasons. What has to be searched for them takes no longer than `within`, and never longer than a second.
    #[must_use]
    pub fn explained(self, named: &NamedInstance, solved: &Solved, within: Duration) -> Self {
        Self { explain: Some(Explanation::of(named, solved, within)), ..self }
    }
}

fn index(place: Option<usize>) -> i64 {
    place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1)
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
