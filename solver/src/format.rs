//! The neutral files `aiguilleur-instance/1` and `aiguilleur-solution/1`: the same problem for any solver, and its answer for
//! any checker.
//!
//! Names and labels live here only; the search sees numbers. A file with a fault gives no instance, and the fault is told
//! with its field. Nothing here searches.

use crate::alternatives::Displaced;
use crate::budget::Budget;
use crate::instance::{Arc, Demand, Group, Household, Instance, InstanceError, Resource, Step};
use crate::plan::Plan;
use crate::solved::Solved;
use crate::tiers::tiers;
use crate::unplaced::Unplaced;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;
use thiserror::Error;

/// The `format` of an instance.
pub const INSTANCE_FORMAT: &str = "aiguilleur-instance/1";
/// The `format` of a solution.
pub const SOLUTION_FORMAT: &str = "aiguilleur-solution/1";

/// Alternatives told of each placed demand.
const ALTERNATIVES: usize = 3;

/// Time for saying what each tier could have: an explanation is not worth more.
const TIERS_WALL: Duration = Duration::from_secs(1);

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
    /// Fields that do not fit together.
    #[error(transparent)]
    Instance(#[from] InstanceError),
}

/// An instance with the names of its file.
#[derive(Debug, Clone)]
pub struct NamedInstance {
    /// The label of the instance.
    pub name: String,
    /// The problem.
    pub instance: Instance,
    /// Identifier of each demand.
    pub demands: Vec<String>,
    /// Identifier of each resource.
    pub resources: Vec<String>,
    /// Identifier of each group.
    pub groups: Vec<String>,
    /// Name of each class, by the number the instance knows it by.
    pub classes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with format, resources and demands")]
struct InstanceFile {
    format: String,
    #[serde(default)]
    name: String,
    resources: Vec<ResourceFile>,
    demands: Vec<DemandFile>,
    #[serde(default)]
    groups: Vec<GroupFile>,
    #[serde(default)]
    households: Vec<HouseholdFile>,
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
}

#[derive(Deserialize)]
struct GroupFile {
    id: Label,
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
    for (index, demand) in file.demands.into_iter().enumerate() {
        demand_names.push(demand.id.into());
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
    for (index, group) in file.groups.into_iter().enumerate() {
        group_names.push(group.id.into());
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
    let instance = Instance::new(demands, resources, groups)?.with_households(households)?;
    Ok(NamedInstance {
        name: file.name,
        instance,
        demands: demand_names,
        resources: resource_names,
        groups: group_names,
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

/// A solution as its file says it.
#[derive(Debug, Clone, Serialize)]
pub struct Solution {
    format: &'static str,
    instance: String,
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
            instance: named.name.clone(),
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
            explain: None,
        }
    }

    /// With its reasons.
    #[must_use]
    pub fn explained(self, named: &NamedInstance, solved: &Solved) -> Self {
        Self { explain: Some(Explanation::of(named, solved)), ..self }
    }
}

/// Why a plan is as it is, in numbers and names of the file.
#[derive(Debug, Clone, Serialize)]
struct Explanation {
    split: SplitTold,
    /// Points no plan can avoid.
    unavoidable: i64,
    gap_rel_avoidable: Option<f64>,
    /// By the first class of the demands, in order of name, which is that of the tiers: how many are placed, and the most that
    /// could be if no tier gave way to one below; none where groups do not let it be said.
    tiers: Option<Vec<TierTold>>,
    rungs: Vec<RungTold>,
    placed: Vec<Placed>,
    unplaced: Vec<LeftOut>,
    /// Points one more demand there would cost the others, by resource; those at 0 are left out.
    prices: Vec<Price>,
}

#[derive(Debug, Clone, Serialize)]
struct SplitTold {
    arcs: i64,
    groups: i64,
    households: i64,
    /// By the first class of the demands left out.
    unplaced: Vec<(String, usize, i64)>,
}

#[derive(Debug, Clone, Serialize)]
struct TierTold {
    class: String,
    placed: usize,
    most: usize,
}

#[derive(Debug, Clone, Serialize)]
struct RungTold {
    rung: &'static str,
    outcome: &'static str,
    objective: i64,
    bound: Option<i64>,
    ms: f64,
}

#[derive(Debug, Clone, Serialize)]
struct Placed {
    demand: String,
    resource: String,
    cost: i64,
    alternatives: Vec<AlternativeTold>,
}

#[derive(Debug, Clone, Serialize)]
struct AlternativeTold {
    resource: String,
    own_cost: i64,
    system_cost: i64,
    exact: bool,
    moves: Vec<Move>,
}

#[derive(Debug, Clone, Serialize)]
struct Move {
    /// The first class of whoever would move: never who.
    class: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct LeftOut {
    demand: String,
    #[serde(flatten)]
    reason: Reason,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
enum Reason {
    NoArcs,
    TooDear { cheapest: i64, penalty: i64 },
    Taken { full: usize, held_by_dearer: usize, held_by_equal: usize, held_by_cheaper: usize, limited_by: Vec<String> },
    Unfinished,
}

#[derive(Debug, Clone, Serialize)]
struct Price {
    resource: String,
    points: i64,
}

impl Explanation {
    fn of(named: &NamedInstance, solved: &Solved) -> Self {
        let plan = solved.plan();
        let told = |plan: &Plan| -> Vec<RungTold> {
            plan.trace
                .iter()
                .map(|trace| RungTold {
                    rung: trace.rung.as_str(),
                    outcome: trace.outcome.as_str(),
                    objective: trace.objective,
                    bound: trace.bound,
                    ms: milliseconds(trace.elapsed),
                })
                .collect()
        };
        let mut placed = Vec::new();
        let mut unplaced = Vec::new();
        for (demand, place) in plan.assign.iter().enumerate() {
            match place {
                Some(resource) => placed.push(named.placed(solved, demand, *resource)),
                None => unplaced.extend(named.left_out(solved, demand)),
            }
        }
        let price = |(resource, name): (usize, &String)| {
            let points = solved.price(resource).filter(|points| *points > 0)?;
            Some(Price { resource: name.clone(), points })
        };
        Self {
            split: SplitTold {
                arcs: plan.split.arcs,
                groups: plan.split.groups,
                households: plan.split.households,
                unplaced: named.unplaced_by_class(plan),
            },
            unavoidable: plan.unavoidable,
            gap_rel_avoidable: plan.gap().map(|gap| gap.relative_avoidable),
            tiers: named.tiers(plan),
            rungs: told(plan),
            placed,
            unplaced,
            prices: named.resources.iter().enumerate().filter_map(price).collect(),
        }
    }
}

impl NamedInstance {
    fn placed(&self, solved: &Solved, demand: usize, resource: usize) -> Placed {
        let alternatives = solved.alternatives(demand, ALTERNATIVES + 1);
        let other = alternatives.into_iter().filter(|alternative| alternative.resource != resource);
        let told = |alternative: crate::Alternative| AlternativeTold {
            resource: self.resources[alternative.resource].clone(),
            own_cost: alternative.own_cost,
            system_cost: alternative.system_cost,
            exact: alternative.exact,
            moves: alternative.displaced.iter().map(|displaced| self.moved(displaced)).collect(),
        };
        Placed {
            demand: self.demands[demand].clone(),
            resource: self.resources[resource].clone(),
            cost: self.instance.arc(demand, resource).map_or(0, |arc| arc.cost),
            alternatives: other.take(ALTERNATIVES).map(told).collect(),
        }
    }

    fn moved(&self, displaced: &Displaced) -> Move {
        let name = |resource: Option<usize>| resource.map(|resource| self.resources[resource].clone());
        Move { class: self.first_class(displaced.demand), from: name(displaced.from), to: name(displaced.to) }
    }

    fn left_out(&self, solved: &Solved, demand: usize) -> Option<LeftOut> {
        let reason = match solved.explain_unplaced(demand)? {
            Unplaced::NoArcs => Reason::NoArcs,
            Unplaced::TooDear { cheapest } => {
                Reason::TooDear { cheapest, penalty: self.instance.demands()[demand].penalty }
            }
            Unplaced::Taken(taken) => Reason::Taken {
                full: taken.full,
                held_by_dearer: taken.held_by_dearer,
                held_by_equal: taken.held_by_equal,
                held_by_cheaper: taken.held_by_cheaper,
                limited_by: taken.limited_by.iter().map(|&group| self.groups[group].clone()).collect(),
            },
            Unplaced::Unfinished => Reason::Unfinished,
        };
        Some(LeftOut { demand: self.demands[demand].clone(), reason })
    }

    fn first_class(&self, demand: usize) -> Option<String> {
        let class = *self.instance.demands()[demand].classes.first()?;
        self.classes.get(usize::try_from(class).ok()?).cloned()
    }

    fn tiers(&self, plan: &Plan) -> Option<Vec<TierTold>> {
        let classes: Vec<String> =
            (0..plan.assign.len()).map(|demand| self.first_class(demand).unwrap_or_default()).collect();
        let names: Vec<&String> = std::collections::BTreeSet::from_iter(&classes).into_iter().collect();
        let tier_of: Vec<usize> = classes.iter().filter_map(|class| names.binary_search(&class).ok()).collect();
        let told = tiers(&self.instance, &plan.assign, &tier_of, Budget::wall(TIERS_WALL))?;
        let told = names.iter().zip(told);
        Some(
            told.map(|(class, tier)| TierTold { class: (*class).clone(), placed: tier.placed, most: tier.most })
                .collect(),
        )
    }

    /// Demands left out and their penalties, by first class, in order of name.
    fn unplaced_by_class(&self, plan: &Plan) -> Vec<(String, usize, i64)> {
        let mut by_class: std::collections::BTreeMap<String, (usize, i64)> = std::collections::BTreeMap::new();
        for (demand, _) in plan.assign.iter().enumerate().filter(|(_, place)| place.is_none()) {
            let (count, points) = by_class.entry(self.first_class(demand).unwrap_or_default()).or_default();
            *count += 1;
            *points += self.instance.demands()[demand].penalty;
        }
        by_class.into_iter().map(|(class, (count, points))| (class, count, points)).collect()
    }
}

fn index(place: Option<usize>) -> i64 {
    place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
