//! The linear relaxation over all placements, without ever building it: a small one is solved by HiGHS through `good_lp`, its
//! prices tell which placements are missing, those are added, and it goes on from where it was (Dantzig–Wolfe; solver.md §4).
//!
//! Floats live here and nowhere near the answer: the bound is proved from the rounded prices alone ([`crate::duals`]), the
//! objective recomputed in integers by whoever takes the candidate. HiGHS is asked by one thread at a time in the process,
//! with one thread of its own, in pieces with a time limit each.

use crate::again::Earlier;
use crate::basis::{self, NewColumn, Stand};
use crate::budget::Meter;
use crate::duals::{Priced, Prices};
use crate::exact::Silence;
use crate::flow::Network;
use crate::instance::{Group, Instance};
use crate::rules::household;
use crate::supply::Supply;
use good_lp::{Expression, ProblemVariables, SolverModel as _, Variable, highs, variable};
use highs::{HighsModelStatus, HighsSolutionStatus, Model, SolvedModel};
use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

/// Columns of each demand or household at the start, besides those of the assignment in hand.
const COLUMNS_AT_FIRST: usize = 6;

/// Columns of each demand or household added in one round.
const COLUMNS_A_ROUND: usize = 4;

/// More rounds than any measured instance needed; with them the loop ends even if floats deceive it.
const ROUNDS_MAX: usize = 60;

/// Time for each row and column that building the model and what HiGHS does before it first looks at its limit take: with less
/// left they are not begun.
const BEGINNING: Duration = Duration::from_nanos(1_000);

/// How late HiGHS stops, which looks at its limit at every step but ends with all values computed anew.
const LATE: Duration = Duration::from_micros(500);

/// What pricing and reading a solution take for each placement.
const READING: Duration = Duration::from_nanos(20);

/// A value this near to 1 is 1: the feasibility tolerance of HiGHS.
const WHOLE: f64 = 1.0 - 1e-6;

/// HiGHS keeps a scheduler for the whole process: one solve at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Placing these demands, one or a whole household, with this resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Column {
    /// Index of the demand, or of the household.
    pub(crate) unit: Unit,
    /// Index of the resource.
    pub(crate) resource: usize,
}

/// Who is placed by a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Unit {
    /// One demand.
    Demand(usize),
    /// All members of a household.
    Household(usize),
}

/// What the relaxation came to.
#[derive(Debug)]
pub(crate) struct Relaxed {
    /// The demands placed wholly.
    pub(crate) assign: Vec<Option<usize>>,
    /// Whether no fraction is left.
    pub(crate) whole: bool,
    /// The prices with the best bound on the way.
    pub(crate) priced: Priced,
    /// Whether no placement is missing any more.
    pub(crate) complete: bool,
    /// Rounds of pricing.
    pub(crate) rounds: usize,
    /// Columns at the end.
    pub(crate) columns: usize,
}

/// Solves the relaxation as far as the meter goes, from the prices of the flow or of an earlier search, and the assignment
/// in hand.
pub(crate) fn relax(
    instance: &Instance,
    network: &Network,
    earlier: Option<&Earlier>,
    in_hand: &[Option<usize>],
    meter: &mut Meter,
) -> Result<Relaxed, Silence> {
    let _turn = TURN.try_lock().map_err(|_| Silence::Busy)?;
    let price = |resource| {
        let known = earlier.and_then(|earlier| earlier.price(instance, resource));
        known.unwrap_or_else(|| network.price(resource))
    };
    let columns = first_columns(instance, in_hand, price);
    let rows = Rows::of(instance);
    let arcs: usize = instance.demands().iter().map(|demand| demand.arcs.len()).sum();
    let late = LATE + times(READING, arcs);
    if meter.remaining() < late + times(BEGINNING, columns.len() + rows.count) {
        return Err(Silence::TimedOut);
    }
    let mut master = Master::new(instance, columns, rows, in_hand).ok_or(Silence::Failed)?;
    let supply = Supply::of(instance);
    let mut best: Option<Priced> = None;
    let mut last = None;
    let (mut rounds, mut complete) = (0, false);
    while rounds < ROUNDS_MAX && meter.open() {
        let left = meter.remaining().saturating_sub(late);
        if left.is_zero() {
            break;
        }
        let Some(found) = master.solve(left) else { break };
        rounds += 1;
        let own = |resource: usize| {
            let groups = instance.groups_of(resource).iter().filter(|&&group| supply.groups[group].is_none());
            groups.map(|&group| found.groups[group]).sum::<f64>()
        };
        let resource = |resource: usize| found.resources[resource] + own(resource);
        let prices = Prices::rounded(instance, &supply, resource, |group| found.groups[group]);
        meter.note(arcs);
        let missing = found.optimal.then(|| missing_columns(instance, &prices, &found.alphas, &master.known));
        let found_here = Priced::new(instance, &supply, prices);
        if best.as_ref().is_none_or(|best| found_here.paid.bound > best.paid.bound) {
            best = Some(found_here);
        }
        last = Some(found.values);
        let Some(missing) = missing else { break };
        if missing.is_empty() {
            complete = true;
            break;
        }
        if !master.add(instance, missing) {
            break;
        }
    }
    let (Some(priced), Some(last)) = (best, last) else {
        return Err(if meter.remaining() <= late { Silence::TimedOut } else { Silence::Failed });
    };
    let (assign, whole) = master.read(instance, &last);
    let columns = master.columns.len();
    Ok(Relaxed { assign, whole, priced, complete, rounds, columns })
}

fn times(each: Duration, count: usize) -> Duration {
    each.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The restricted problem, as HiGHS has it.
struct Master {
    /// Taken out while it is solved.
    model: Option<Model>,
    rows: Rows,
    columns: Vec<Column>,
    known: HashSet<Column>,
    /// Columns of HiGHS that are group steps and not placements: those right after the first columns.
    steps: std::ops::Range<usize>,
}

/// Where the rows of the problem are.
struct Rows {
    demands: usize,
    resources: usize,
    /// Of each group the row of its steps and the row of its limit.
    steps: Vec<Option<usize>>,
    limits: Vec<Option<usize>>,
    count: usize,
}

/// What one solve found.
struct Found {
    /// Whether it is the optimum of what is there, and not where the time ended the search.
    optimal: bool,
    values: Vec<f64>,
    /// Prices in points, 0 or more: of demands, resources and groups.
    alphas: Vec<f64>,
    resources: Vec<f64>,
    groups: Vec<f64>,
}

impl Rows {
    fn of(instance: &Instance) -> Self {
        let (demands, resources) = (instance.demands().len(), instance.resources().len());
        let mut count = demands + resources;
        let mut row = |wanted: bool| {
            wanted.then(|| {
                count += 1;
                count - 1
            })
        };
        let steps = instance.groups().iter().map(|group| row(is_priced(group))).collect();
        let limits = instance.groups().iter().map(|group| row(group.max.is_some())).collect();
        Self { demands, resources, steps, limits, count }
    }

    fn of_resource(&self, resource: usize) -> usize {
        self.demands + resource
    }

    /// Rows and coefficients of a column.
    fn terms(&self, instance: &Instance, column: &Column) -> Vec<(usize, f64)> {
        let one;
        let members: &[usize] = match column.unit {
            Unit::Demand(demand) => {
                one = [demand];
                &one
            }
            Unit::Household(household) => &instance.households()[household].members,
        };
        let mut terms: Vec<(usize, f64)> = members.iter().map(|&member| (member, 1.0)).collect();
        terms.push((self.of_resource(column.resource), members.len() as f64));
        for &group in instance.groups_of(column.resource) {
            let counted = members.iter().filter(|&&member| instance.counts(group, member)).count();
            if counted > 0 {
                let rows = self.steps[group].iter().chain(&self.limits[group]);
                terms.extend(rows.map(|&row| (row, counted as f64)));
            }
        }
        terms
    }
}

fn is_priced(group: &Group) -> bool {
    group.steps.last().is_some_and(|step| step.unit_cost > 0)
}

/// Points of a column, less the penalties it saves.
fn gain(instance: &Instance, column: &Column) -> i64 {
    let of = |demand: usize| {
        instance.arc(demand, column.resource).map_or(0, |arc| arc.cost) - instance.demands()[demand].penalty
    };
    match column.unit {
        Unit::Demand(demand) => of(demand) + household::split_penalty(instance, demand),
        Unit::Household(household) => instance.households()[household].members.iter().map(|&member| of(member)).sum(),
    }
}

/// The cheapest columns of everybody at these prices, and those of the assignment in hand.
fn first_columns(instance: &Instance, in_hand: &[Option<usize>], price: impl Fn(usize) -> i64) -> Vec<Column> {
    let mut columns = Vec::new();
    for (index, demand) in instance.demands().iter().enumerate() {
        let arcs = demand.arcs.iter().filter(|arc| instance.is_worth(index, **arc));
        let priced = arcs.map(|arc| (arc.cost + price(arc.resource), arc.resource));
        let held = in_hand[index];
        cheapest(priced.collect(), COLUMNS_AT_FIRST, held, |resource| {
            columns.push(Column { unit: Unit::Demand(index), resource });
        });
    }
    for (index, household) in instance.households().iter().enumerate() {
        let members = i64::try_from(household.members.len()).unwrap_or(i64::MAX);
        let priced = household::resources_for_all(instance, household)
            .map(|(resource, cost)| (cost + members * price(resource), resource));
        let held = held_together(instance, index, in_hand);
        cheapest(priced.collect(), COLUMNS_AT_FIRST, held, |resource| {
            columns.push(Column { unit: Unit::Household(index), resource });
        });
    }
    columns
}

/// The resource all members of a household are placed with, if there is one.
fn held_together(instance: &Instance, household: usize, in_hand: &[Option<usize>]) -> Option<usize> {
    household::placed_together(&instance.households()[household], |member| in_hand[member])
}

/// Hands on the `count` cheapest, and the one held wherever it stands.
fn cheapest(mut priced: Vec<(i64, usize)>, count: usize, held: Option<usize>, mut take: impl FnMut(usize)) {
    if priced.len() > count {
        priced.select_nth_unstable(count - 1);
        if let Some(place) = priced[count..].iter().position(|(_, resource)| Some(*resource) == held) {
            priced.swap(count, count + place);
            priced.truncate(count + 1);
        } else {
            priced.truncate(count);
        }
    }
    priced.sort_unstable_by_key(|(_, resource)| *resource);
    priced.iter().for_each(|(_, resource)| take(*resource));
}

/// The columns of negative reduced cost that are not there yet, the best few of each demand and household.
fn missing_columns(instance: &Instance, prices: &Prices, alphas: &[f64], known: &HashSet<Column>) -> Vec<Column> {
    let parts = prices.parts();
    // A thousandth of a point: below what a basis of whole costs can have.
    let least = -(parts / 1_000).max(1);
    #[expect(clippy::cast_possible_truncation, reason = "prices are far below 2^53 points; more saturates")]
    let alpha = |demand: usize| (alphas[demand] * parts as f64).round() as i64;
    let mut columns = Vec::new();
    let mut take = |mut found: Vec<(i64, Column)>| {
        found.sort_unstable_by_key(|(reduced, column)| (*reduced, column.resource));
        columns.extend(found.into_iter().take(COLUMNS_A_ROUND).map(|(_, column)| column));
    };
    for (index, demand) in instance.demands().iter().enumerate() {
        let apart = household::split_penalty(instance, index);
        let base = (apart - demand.penalty) * parts + alpha(index);
        let mut found = Vec::new();
        for arc in &demand.arcs {
            let bare = base + arc.cost * parts;
            // Prices only add.
            if bare >= least {
                continue;
            }
            let reduced = bare + prices.of_placing(instance, index, arc.resource);
            let column = Column { unit: Unit::Demand(index), resource: arc.resource };
            if reduced < least && !known.contains(&column) {
                found.push((reduced, column));
            }
        }
        take(found);
    }
    for (index, household) in instance.households().iter().enumerate() {
        let saved: i64 =
            household.members.iter().map(|&member| alpha(member) - instance.demands()[member].penalty * parts).sum();
        let mut found = Vec::new();
        for (resource, cost) in household::resources_for_all(instance, household) {
            let reduced = saved + cost * parts + prices.of_all(instance, household, resource);
            let column = Column { unit: Unit::Household(index), resource };
            if reduced < least && !known.contains(&column) {
                found.push((reduced, column));
            }
        }
        take(found);
    }
    columns
}

impl Master {
    /// Builds the problem over these columns, and starts it from the assignment in hand.
    fn new(instance: &Instance, columns: Vec<Column>, rows: Rows, in_hand: &[Option<usize>]) -> Option<Self> {
        let mut variables = ProblemVariables::new();
        let placements: Vec<Variable> = columns.iter().map(|_| variables.add(variable().min(0.0))).collect();
        let mut objective = Expression::with_capacity(columns.len());
        let mut left: Vec<Expression> = (0..rows.count).map(|_| Expression::with_capacity(8)).collect();
        for (column, &placement) in columns.iter().zip(&placements) {
            objective.add_mul(gain(instance, column) as f64, placement);
            for (row, units) in rows.terms(instance, column) {
                left[row].add_mul(units, placement);
            }
        }
        let first_step = columns.len();
        let mut start = Start::new(instance, &columns, &rows, in_hand);
        for (index, group) in instance.groups().iter().enumerate() {
            let Some(row) = rows.steps[index] else { continue };
            let mut load = start.loads[index];
            for step in &group.steps {
                let definition = variable().min(0.0);
                let width = step.width.map(|width| width as f64);
                let taken = step.width.map_or(load, |width| width.min(load));
                let step_variable = variables.add(match width {
                    Some(width) => definition.max(width),
                    None => definition,
                });
                objective.add_mul(step.unit_cost as f64, step_variable);
                left[row].add_mul(-1.0, step_variable);
                start.step(row, taken, step.width, load);
                load -= taken;
            }
        }
        let steps = first_step..first_step + start.steps;
        let mut problem = variables.minimise(objective).using(highs);
        for (row, expression) in left.into_iter().enumerate() {
            problem.add_constraint(expression.leq(limit(instance, &rows, row)));
        }
        let mut model = problem.try_into_inner().ok()?;
        for (option, setting) in [("presolve", "off"), ("solver", "simplex"), ("parallel", "off")] {
            model.try_set_option(option, setting).ok()?;
        }
        // Primal simplex: the start is primal feasible, and every round adds columns to one that is.
        for (option, setting) in [("simplex_strategy", 4), ("threads", 1), ("random_seed", 0)] {
            model.try_set_option(option, setting).ok()?;
        }
        basis::start_from(&mut model, &start.columns, &start.rows).ok()?;
        let known = columns.iter().cloned().collect();
        Some(Self { model: Some(model), rows, columns, known, steps })
    }

    /// Solves what is there from where it stands, as far as the time left goes: primal simplex has a solution at every step,
    /// and any prices prove something.
    fn solve(&mut self, left: Duration) -> Option<Found> {
        let mut model = self.model.take()?;
        // HiGHS counts its own time from the first solve on: what it has used is added.
        model.try_set_option("time_limit", basis::run_time(&model) + left.as_secs_f64()).ok()?;
        let solved = model.try_solve().ok()?;
        let found = match solved.status() {
            HighsModelStatus::Optimal => Some(self.found(&solved, true)),
            HighsModelStatus::ReachedTimeLimit | HighsModelStatus::ReachedIterationLimit
                if solved.primal_solution_status() != HighsSolutionStatus::None =>
            {
                Some(self.found(&solved, false))
            }
            _ => None,
        };
        self.model = Some(Model::from(solved));
        found
    }

    fn found(&self, solved: &SolvedModel, optimal: bool) -> Found {
        let solution = solved.get_solution();
        let duals = solution.dual_rows();
        // Of a row that may not rise above its limit: what a unit more of it would save.
        let price = |row: usize| (-duals[row]).max(0.0);
        let group = |index: usize| {
            let rows = self.rows.steps[index].iter().chain(&self.rows.limits[index]);
            rows.map(|&row| price(row)).sum()
        };
        Found {
            optimal,
            values: solution.columns().to_vec(),
            alphas: (0..self.rows.demands).map(price).collect(),
            resources: (0..self.rows.resources).map(|resource| price(self.rows.of_resource(resource))).collect(),
            groups: (0..self.rows.steps.len()).map(group).collect(),
        }
    }

    fn add(&mut self, instance: &Instance, columns: Vec<Column>) -> bool {
        let new: Vec<NewColumn> = columns
            .iter()
            .map(|column| NewColumn { cost: gain(instance, column) as f64, terms: self.rows.terms(instance, column) })
            .collect();
        self.known.extend(columns.iter().cloned());
        self.columns.extend(columns);
        self.model.as_mut().is_some_and(|model| basis::add(model, &new).is_ok())
    }

    /// The assignment the values say, and whether none of them is a fraction.
    fn read(&self, instance: &Instance, values: &[f64]) -> (Vec<Option<usize>>, bool) {
        let mut assign = vec![None; self.rows.demands];
        let mut whole = true;
        let placements = values[..self.steps.start].iter().chain(&values[self.steps.end..]);
        for (column, &value) in self.columns.iter().zip(placements) {
            if value > WHOLE {
                match column.unit {
                    Unit::Demand(demand) => assign[demand] = Some(column.resource),
                    Unit::Household(household) => {
                        for &member in &instance.households()[household].members {
                            assign[member] = Some(column.resource);
                        }
                    }
                }
            } else if value > 1.0 - WHOLE {
                whole = false;
            }
        }
        (assign, whole)
    }
}

/// The right side of a row.
fn limit(instance: &Instance, rows: &Rows, row: usize) -> f64 {
    if row < rows.demands {
        return 1.0;
    }
    if row < rows.demands + rows.resources {
        return instance.resources()[row - rows.demands].capacity as f64;
    }
    let group = rows.limits.iter().position(|limit| *limit == Some(row));
    group.and_then(|group| instance.groups()[group].max).map_or(0.0, |max| max as f64)
}

/// The basis of an assignment (solver.md §5): what is placed is basic in its demand's row, the last step reached in its
/// group's row, the slack everywhere else.
struct Start {
    columns: Vec<Stand>,
    rows: Vec<Stand>,
    /// Load of each group.
    loads: Vec<usize>,
    steps: usize,
}

impl Start {
    fn new(instance: &Instance, columns: &[Column], rows: &Rows, in_hand: &[Option<usize>]) -> Self {
        let mut start = Self {
            columns: vec![Stand::Lower; columns.len()],
            rows: vec![Stand::Basic; rows.count],
            loads: vec![0; instance.groups().len()],
            steps: 0,
        };
        for (place, column) in columns.iter().enumerate() {
            let chosen = match column.unit {
                Unit::Demand(demand) => {
                    let of = instance.household_of(demand);
                    let together = of.is_some_and(|household| held_together(instance, household, in_hand).is_some());
                    (in_hand[demand] == Some(column.resource) && !together).then_some(demand)
                }
                Unit::Household(household) => (held_together(instance, household, in_hand) == Some(column.resource))
                    .then(|| instance.households()[household].members[0]),
            };
            if let Some(demand) = chosen {
                start.columns[place] = Stand::Basic;
                start.rows[demand] = Stand::Upper;
            }
        }
        for (demand, place) in in_hand.iter().enumerate() {
            let Some(resource) = *place else { continue };
            for &group in instance.groups_of(resource) {
                start.loads[group] += usize::from(instance.counts(group, demand));
            }
        }
        start
    }

    /// A step of a group's row, of which `taken` units are used while `left` units of load are still to be covered.
    fn step(&mut self, row: usize, taken: usize, width: Option<usize>, left: usize) {
        self.steps += 1;
        let is_last = taken == left;
        self.columns.push(if left == 0 {
            Stand::Lower
        } else if is_last {
            self.rows[row] = Stand::Upper;
            Stand::Basic
        } else if width == Some(0) {
            Stand::Lower
        } else {
            Stand::Upper
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::{Arc, Demand, Resource, Step};
    use crate::rules::State;

    /// Eight who want one place each of eight, those of the first four dear together.
    fn instance() -> Instance {
        let demand = |index: usize| {
            let cost = |resource: usize| i64::try_from((index * 5 + resource * 3) % 7 + resource).unwrap();
            let arcs = (0..8).map(|resource| Arc { resource, cost: cost(resource) }).collect();
            Demand { penalty: 90, arcs, ..Demand::default() }
        };
        let group = |resources: std::ops::Range<usize>| {
            let steps = vec![Step { width: Some(1), unit_cost: 0 }, Step { width: None, unit_cost: 4 }];
            Group { resources: resources.collect(), steps, ..Group::default() }
        };
        let groups = vec![group(0..5), group(3..8)];
        Instance::new((0..8).map(demand).collect(), vec![Resource { capacity: 1 }; 8], groups).unwrap()
    }

    #[test]
    fn a_search_cut_short_at_any_step_has_an_assignment_and_prices_that_prove_no_more_than_is_true() {
        let instance = instance();
        let supply = Supply::of(&instance);
        // The worst there is: everybody in the place of their own number from behind.
        let in_hand: Vec<Option<usize>> = (0..8).rev().map(Some).collect();
        let after = |steps: i32| {
            let columns = first_columns(&instance, &in_hand, |_| 0);
            let mut master = Master::new(&instance, columns, Rows::of(&instance), &in_hand).unwrap();
            master.model.as_mut().unwrap().try_set_option("simplex_iteration_limit", steps).unwrap();
            let found = master.solve(Duration::from_secs(3_600)).unwrap();
            let prices = Prices::rounded(&instance, &supply, |of| found.resources[of], |of| found.groups[of]);
            let (assign, _) = master.read(&instance, &found.values);
            let objective = State::of(&instance, &assign, &[]).objective();
            (found.optimal, objective, Priced::new(&instance, &supply, prices).paid.bound)
        };
        let (optimal, objective, bound) = after(i32::MAX);
        assert!(optimal && bound <= objective);
        let start = State::of(&instance, &in_hand, &[]).objective();
        let cut: Vec<_> = (0..100).map(after).take_while(|(optimal, ..)| !optimal).collect();
        assert_eq!(cut.first().map(|(_, objective, _)| *objective), Some(start), "no step, nothing moved");
        assert!(cut.len() > 3 && cut.iter().all(|(_, _, cut_short)| *cut_short <= objective), "{cut:?}");
    }
}
