//! The exact rung: the linear relaxation, then branch and bound, by `good_lp` with microlp, for groups a flow cannot carry.
//!
//! microlp stops late (measured: tenfold over its own limit where places are scarce) and cannot be cancelled. So it works on
//! a thread of its own, at most one at a time in the process, on a model already cut to the arcs that matter and below a
//! measured size; who asked waits no longer than the budget and throws a late answer away.
//! Its answers are candidates: the objective is always recomputed in integers by the caller, and
//! it must never round a fraction up: a column counts as chosen above 1 − 1e-6 only.

use crate::budget::Budget;
use crate::counted::Ways;
use crate::instance::{Arc, Group, Instance};
use crate::rules::household;
use crate::strict::Strict;
use good_lp::{
    Expression, ProblemVariables, ResolutionError, Solution, SolutionStatus, SolverModel, Variable,
    WithInitialSolution, WithTimeLimit, microlp, variable,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// The most columns (arcs left after reduced cost fixing, and group steps) the exact rung is asked to solve within
/// [`Budget::default`](crate::Budget)'s wall time; it grows with the square root of the wall time, up to eightfold.
///
/// Measured: microlp's time grows about with the square of the columns. The relaxation of 600 columns took 0.4 to 0.8 of
/// that wall time (the more rows the longer) and some 50 times the flow on the same demands; 1 500 columns took 2 times that
/// wall time, 6 000 fifty times. Up to this size every measured instance was proved, nearly all by the relaxation alone.
pub const EXACT_COLUMNS_MAX: usize = 600;

/// The most columns within `wall`: by the square root, as the time grows with the square. By the budget and not by what is
/// left of it, so that two runs decide alike.
pub(crate) fn columns_max(wall: Duration) -> usize {
    let times = wall.as_micros() / Budget::default().wall.as_micros().max(1);
    let times = usize::try_from(times).unwrap_or(usize::MAX).min(LONGER_MAX);
    if times == 0 { EXACT_COLUMNS_MAX / 2 } else { EXACT_COLUMNS_MAX * times.isqrt() }
}

/// Beyond so many times the default wall time the limit grows no more.
const LONGER_MAX: usize = 64;

/// A value this near to 1 is 1: microlp's feasibility tolerance.
const WHOLE: f64 = 1.0 - 1e-6;

/// Set while a solver thread runs, also one nobody waits for any more.
static BUSY: AtomicBool = AtomicBool::new(false);

/// A linear row: at most `limit`.
struct Row {
    terms: Vec<(usize, f64)>,
    limit: f64,
}

/// A binary column: these demands, one or a whole household, are placed with this resource.
struct Column {
    demands: Vec<usize>,
    resource: usize,
}

/// What the solver thread needs, in plain numbers that may cross threads.
pub(crate) struct Model {
    /// Those who have one thing to do only, and where.
    fixed: Vec<Option<usize>>,
    binaries: Vec<Column>,
    /// Objective coefficient and upper bound of each column: first the binaries, then the group steps.
    costs: Vec<(f64, f64)>,
    rows: Vec<Row>,
    /// Objective with every column at 0.
    base: f64,
    /// The assignment in hand, as column values.
    incumbent: Vec<f64>,
}

/// What a solution that is still of interest may do.
pub(crate) trait Useful {
    /// Place a demand so, or leave it out with `None`, apart from its household if it has one.
    fn alone(&self, demand: usize, arc: Option<Arc>) -> bool;
    /// Place all members of a household there, which is possible.
    fn together(&self, household: usize, resource: usize) -> bool;
    /// How many of whom it may place, where that is known of some together.
    fn ways(&self) -> Ways {
        Ways::default()
    }
}

/// The columns of a demand on its own, with what they cost more than leaving it out: what is useful, and where it is.
fn alone(
    instance: &Instance,
    useful: &impl Useful,
    index: usize,
    in_hand: Option<usize>,
    left_out: i64,
) -> Vec<(Column, i64, bool)> {
    let demand = &instance.demands()[index];
    let apart = household::split_penalty(instance, index);
    let mut columns = Vec::new();
    for &arc in &demand.arcs {
        let held = in_hand == Some(arc.resource);
        let pays = arc.cost + apart < demand.penalty;
        if held || (pays && useful.alone(index, Some(arc))) {
            let column = Column { demands: vec![index], resource: arc.resource };
            columns.push((column, arc.cost + apart - left_out, held));
        }
    }
    columns
}

/// Which of the two problems of a model is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Fractions allowed: a lower bound, and often whole all the same.
    Relax,
    /// Branch and bound from the assignment in hand.
    Branch,
}

/// What the solver thread found.
pub(crate) struct Finding {
    /// The demands placed wholly.
    pub(crate) assign: Vec<Option<usize>>,
    /// Whether no fraction is left.
    pub(crate) whole: bool,
    /// The model's optimum proved, rounded up to points: a lower bound for everything better than the assignment in hand.
    pub(crate) bound: Option<i64>,
    /// The model, for another task.
    pub(crate) model: Model,
}

/// Why there is no finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Another instance has the solver thread.
    Busy,
    /// The time is over, or too short to begin; what comes later is thrown away.
    TimedOut,
    /// An error of the solver, or nothing within its limit.
    Failed,
}

/// Solves on the solver thread and waits no longer than `wait`.
pub(crate) fn fly(model: Model, task: Task, wait: Duration) -> Result<Finding, Silence> {
    let ticket = Ticket::take().ok_or(Silence::Busy)?;
    let (sender, finding) = channel();
    let run = move || {
        let found = model.solve(task, wait).map(|answer| model.find(answer));
        // Before the answer goes out, so that whoever has it may fly again at once.
        drop(ticket);
        // An error means that nobody waits any more; then there is nobody to tell.
        let _ = sender.send(found);
    };
    std::thread::Builder::new().name("solver-exact".into()).spawn(run).map_err(|_| Silence::Failed)?;
    match finding.recv_timeout(wait) {
        Ok(found) => found.map_err(|_| Silence::Failed),
        Err(RecvTimeoutError::Timeout) => Err(Silence::TimedOut),
        Err(RecvTimeoutError::Disconnected) => Err(Silence::Failed),
    }
}

/// The right to run the solver thread; given back when dropped, also by a panic.
struct Ticket;

impl Ticket {
    fn take() -> Option<Self> {
        BUSY.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).ok().map(|_| Self)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        BUSY.store(false, Ordering::Release);
    }
}

impl Model {
    /// The model over what is useful and the assignment in hand. A household has columns of its own, for all its members
    /// together with one resource; placed by a column of their own, members pay for being apart (solver.md §2).
    ///
    /// Whoever has one thing to do only does it and is no part of the model; nor are rows that cannot bind: a resource no
    /// more columns want than it takes, a group whose greatest possible load is free.
    ///
    /// Strict tiers held by rows are rows here, equalities: surcharges would leave floats no digits for costs. They are not
    /// in the model's points.
    pub(crate) fn new(
        instance: &Instance,
        useful: &impl Useful,
        in_hand: &[Option<usize>],
        strict: Option<&Strict>,
    ) -> Self {
        let left_out =
            |demand: usize| instance.demands()[demand].penalty - strict.map_or(0, |rows| rows.held_by_row(demand));
        let mut model = Self {
            fixed: vec![None; instance.demands().len()],
            binaries: vec![],
            costs: vec![],
            rows: vec![],
            base: 0.0,
            incumbent: vec![],
        };
        for (index, &held) in in_hand.iter().enumerate() {
            model.base += left_out(index) as f64;
            if instance.household_of(index).is_none() {
                let columns = alone(instance, useful, index, held, left_out(index));
                model.add_unit(columns, held.is_none() || useful.alone(index, None));
            }
        }
        for (index, household) in instance.households().iter().enumerate() {
            let members = &household.members;
            let together = household::placed_together(household, |member| in_hand[member]);
            let saved: i64 = members.iter().map(|&member| left_out(member)).sum();
            let mut columns = Vec::new();
            for (resource, cost) in household::resources_for_all(instance, household) {
                let held = together == Some(resource);
                if held || useful.together(index, resource) {
                    columns.push((Column { demands: members.clone(), resource }, cost - saved, held));
                }
            }
            let mut out = together.is_none() && members.iter().any(|&member| in_hand[member].is_none());
            for &member in members {
                let held = in_hand[member].filter(|_| together.is_none());
                columns.extend(alone(instance, useful, member, held, left_out(member)));
                out |= useful.alone(member, None);
            }
            model.add_unit(columns, out);
        }
        model.add_rows(instance);
        strict.into_iter().for_each(|strict| model.hold_tiers(strict));
        model.add_ways(&useful.ways(), in_hand);
        model
    }

    /// The rows of strict tiers: so many of each are placed.
    fn hold_tiers(&mut self, strict: &Strict) {
        for (tier, &placed) in strict.rows.iter().enumerate() {
            let is_in = |demand: &&usize| strict.row_of(**demand) == Some(tier);
            let of_tier = |column: &Column| column.demands.iter().filter(is_in).count();
            let terms = self.binaries.iter().map(of_tier).enumerate().filter(|(_, units)| *units > 0);
            let terms: Vec<(usize, usize)> = terms.collect();
            let fixed = self.fixed.iter().enumerate().filter(|(_, place)| place.is_some());
            let fixed = fixed.filter(|(demand, _)| strict.row_of(*demand) == Some(tier)).count();
            let wanted = placed.saturating_sub(fixed);
            self.at_most(&terms, wanted);
            if wanted > 0 {
                let terms = terms.iter().map(|&(column, units)| (column, -(units as f64))).collect();
                self.rows.push(Row { terms, limit: -(wanted as f64) });
            }
        }
    }

    /// Adds those who decide together, unless there is one thing only that they can do.
    fn add_unit(&mut self, columns: Vec<(Column, i64, bool)>, out: bool) {
        if let [(column, cost, _)] = &columns[..]
            && !out
        {
            self.base += *cost as f64;
            for &demand in &column.demands {
                self.fixed[demand] = Some(column.resource);
            }
            return;
        }
        for (column, cost, held) in columns {
            self.binaries.push(column);
            self.costs.push((cost as f64, 1.0));
            self.incumbent.push(if held { 1.0 } else { 0.0 });
        }
    }

    /// The rows of demands, resources and groups.
    fn add_rows(&mut self, instance: &Instance) {
        let mut of_demand = vec![Vec::new(); self.fixed.len()];
        let mut of_resource = vec![Vec::new(); instance.resources().len()];
        let mut of_group = vec![Vec::new(); instance.groups().len()];
        for (column, Column { demands, resource }) in self.binaries.iter().enumerate() {
            for &demand in demands {
                of_demand[demand].push((column, 1));
            }
            of_resource[*resource].push((column, demands.len()));
            for &group in instance.groups_of(*resource) {
                let counted = demands.iter().filter(|&&demand| instance.counts(group, demand)).count();
                if counted > 0 {
                    of_group[group].push((column, counted));
                }
            }
        }
        let (mut taken, mut loads) = (vec![0; instance.resources().len()], vec![0; instance.groups().len()]);
        for (demand, resource) in self.fixed.iter().enumerate() {
            let Some(resource) = *resource else { continue };
            taken[resource] += 1;
            for &group in instance.groups_of(resource) {
                loads[group] += usize::from(instance.counts(group, demand));
            }
        }
        for terms in of_demand {
            self.at_most(&terms, 1);
        }
        for ((terms, resource), taken) in of_resource.into_iter().zip(instance.resources()).zip(taken) {
            // More than fits cannot be fixed by a limit that anything feasible stays below; then nothing fits the model either.
            self.at_most(&terms, resource.capacity.saturating_sub(taken));
        }
        for ((terms, group), load) in of_group.into_iter().zip(instance.groups()).zip(loads) {
            self.price_group(group, &terms, load);
        }
    }

    /// The ways to count: one of them is taken, the one in hand if nothing better, and each unit is placed so often at most.
    /// Without them a household could be placed by a fraction where no whole number of others fills what is left.
    fn add_ways(&mut self, ways: &Ways, in_hand: &[Option<usize>]) {
        if ways.counts.len() < 2 {
            return;
        }
        let first = self.costs.len();
        let held = |unit: &Vec<usize>| unit.iter().filter(|&&demand| in_hand[demand].is_some()).count();
        let held: Vec<usize> = ways.units.iter().map(held).collect();
        let counts: Vec<&Vec<usize>> = ways.counts.iter().filter(|counts| **counts != held).chain([&held]).collect();
        for way in 0..counts.len() {
            self.costs.push((0.0, 1.0));
            self.incumbent.push(if way + 1 == counts.len() { 1.0 } else { 0.0 });
        }
        self.rows.push(Row { terms: (0..counts.len()).map(|way| (first + way, 1.0)).collect(), limit: 1.0 });
        for (place, unit) in ways.units.iter().enumerate() {
            if unit.iter().any(|&demand| self.fixed[demand].is_some()) {
                continue;
            }
            let columns = self.binaries.iter().enumerate();
            let columns = columns.filter(|(_, column)| column.demands.iter().any(|demand| unit.contains(demand)));
            let placed = columns.map(|(column, of)| (column, of.demands.len() as f64));
            let allowed = counts.iter().enumerate().map(|(way, counts)| (first + way, -(counts[place] as f64)));
            self.rows.push(Row { terms: placed.chain(allowed).collect(), limit: 0.0 });
        }
    }

    /// Columns, the group steps among them.
    pub(crate) fn size(&self) -> usize {
        self.costs.len()
    }

    fn at_most(&mut self, terms: &[(usize, usize)], limit: usize) {
        if terms.iter().map(|(_, units)| units).sum::<usize>() > limit {
            self.rows.push(Row { terms: in_floats(terms), limit: limit as f64 });
        }
    }

    /// The rows of a group: its maximum, and its steps as columns that take up the load above what is there already.
    fn price_group(&mut self, group: &Group, columns: &[(usize, usize)], fixed: usize) {
        let mut terms = in_floats(columns);
        if let Some(max) = group.max {
            self.at_most(columns, max.saturating_sub(fixed));
        }
        // Each demand adds 1 at most, however many of its columns are here.
        let mut demands: Vec<usize> =
            columns.iter().flat_map(|&(column, _)| &self.binaries[column].demands).copied().collect();
        demands.sort_unstable();
        demands.dedup();
        let held = |&&(column, _): &&(usize, usize)| self.incumbent[column] > 0.5;
        let mut load: usize = columns.iter().filter(held).map(|(_, units)| units).sum();
        let mut free = 0;
        let (mut reached, mut below) = (0, fixed);
        for step in &group.steps {
            let paid = step.width.map_or(below, |width| width.min(below));
            below -= paid;
            self.base += step.unit_cost as f64 * paid as f64;
            let left = demands.len().saturating_sub(reached);
            let width = step.width.map_or(left, |width| (width - paid).min(left));
            reached += width;
            if step.unit_cost == 0 {
                free += width;
                load = load.saturating_sub(width);
            } else if width > 0 {
                terms.push((self.costs.len(), -1.0));
                self.costs.push((step.unit_cost as f64, width as f64));
                let taken = load.min(width);
                self.incumbent.push(taken as f64);
                load -= taken;
            }
        }
        if terms.len() > columns.len() {
            self.rows.push(Row { terms, limit: free as f64 });
        }
    }

    fn solve(&self, task: Task, limit: Duration) -> Result<Answer, ResolutionError> {
        let mut variables = ProblemVariables::new();
        let columns: Vec<Variable> = self
            .costs
            .iter()
            .enumerate()
            .map(|(column, &(_, upper))| {
                let definition = variable().min(0.0).max(upper);
                let binary = task == Task::Branch && column < self.binaries.len();
                variables.add(if binary { definition.integer() } else { definition })
            })
            .collect();
        let mut objective = Expression::with_capacity(columns.len());
        for (&column, &(cost, _)) in columns.iter().zip(&self.costs) {
            objective.add_mul(cost, column);
        }
        let mut problem = variables.minimise(objective).using(microlp).with_time_limit(limit.as_secs_f64());
        for row in &self.rows {
            let mut left = Expression::with_capacity(row.terms.len());
            for &(column, factor) in &row.terms {
                left.add_mul(factor, columns[column]);
            }
            problem.add_constraint(left.leq(row.limit));
        }
        if task == Task::Branch {
            problem = problem.with_initial_solution(columns.iter().copied().zip(self.incumbent.iter().copied()));
        }
        let solution = problem.solve()?;
        let values: Vec<f64> = columns.iter().map(|&column| solution.value(column)).collect();
        Ok(Answer { values, optimal: matches!(solution.status(), SolutionStatus::Optimal) })
    }

    /// The assignment the values say, and whether none of them is a fraction.
    fn read(&self, values: &[f64]) -> (Vec<Option<usize>>, bool) {
        let mut assign = self.fixed.clone();
        let mut whole = true;
        for (Column { demands, resource }, &value) in self.binaries.iter().zip(values) {
            if value > WHOLE {
                for &demand in demands {
                    assign[demand] = Some(*resource);
                }
            } else if value > 1.0 - WHOLE {
                whole = false;
            }
        }
        (assign, whole)
    }

    fn find(self, answer: Answer) -> Finding {
        let (assign, whole) = self.read(&answer.values);
        let bound = answer.optimal.then(|| round_up(self.objective(&answer.values)));
        Finding { assign, whole, bound, model: self }
    }

    fn objective(&self, values: &[f64]) -> f64 {
        self.base + self.costs.iter().zip(values).map(|(&(cost, _), value)| cost * value).sum::<f64>()
    }
}

fn in_floats(terms: &[(usize, usize)]) -> Vec<(usize, f64)> {
    terms.iter().map(|&(column, units)| (column, units as f64)).collect()
}

struct Answer {
    values: Vec<f64>,
    optimal: bool,
}

/// The least whole number of points an optimum may have when the relaxation has this value, leaving room for float error:
/// a hundredth of a point and one part in 10^9, far above microlp's tolerance on rows of ones.
fn round_up(value: f64) -> i64 {
    let safe = (value - 0.01 - value.abs() * 1e-9).ceil();
    if safe.is_finite() && safe.abs() < crate::instance::TOTAL_MAX as f64 {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53, checked just above")]
        let points = safe as i64;
        points
    } else {
        i64::MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::samples::one_cheap_place_for_two as instance;
    use crate::instance::{Demand, Household, Resource};

    /// Everything is useful, but for one demand left out.
    struct AllBut(Option<usize>);

    impl Useful for AllBut {
        fn alone(&self, demand: usize, arc: Option<Arc>) -> bool {
            arc.map_or(self.0 != Some(demand), |arc| self.0 != Some(demand) || arc.resource == 0)
        }

        fn together(&self, _: usize, _: usize) -> bool {
            true
        }
    }

    fn model(instance: &Instance) -> Model {
        Model::new(instance, &AllBut(None), &[Some(0), Some(0)], None)
    }

    #[test]
    fn whoever_has_one_thing_to_do_is_no_part_of_the_model_and_counts_all_the_same() {
        let instance = instance();
        let model = Model::new(&instance, &AllBut(Some(0)), &[Some(0), Some(0)], None);
        // Two columns of the other, and the dear step that the first leaves them.
        assert_eq!(model.size(), 3);
        assert!((model.objective(&model.incumbent) - 12.0).abs() < 1e-9);
        let answer = model.solve(Task::Branch, Duration::from_secs(3_600)).unwrap();
        let finding = model.find(answer);
        assert_eq!((finding.assign, finding.bound), (vec![Some(0), Some(1)], Some(5)));
    }

    #[test]
    fn relaxation_and_branching_agree_with_the_optimum() {
        let model = model(&instance());
        assert_eq!(model.size(), 5);
        assert!((model.objective(&model.incumbent) - 12.0).abs() < 1e-9);
        for task in [Task::Relax, Task::Branch] {
            let answer = model.solve(task, Duration::from_secs(3_600)).unwrap();
            assert!(answer.optimal);
            assert_eq!(round_up(model.objective(&answer.values)), 5);
        }
    }

    /// Two pairs of whom one must be placed whole, if any.
    struct OnePair;

    impl Useful for OnePair {
        fn alone(&self, _: usize, _: Option<Arc>) -> bool {
            true
        }

        fn together(&self, _: usize, _: usize) -> bool {
            true
        }

        fn ways(&self) -> Ways {
            Ways { units: vec![vec![0, 1], vec![2, 3]], counts: vec![vec![2, 0], vec![0, 2]] }
        }
    }

    #[test]
    fn where_the_ways_to_count_are_known_no_household_is_placed_by_half() {
        let demand = Demand { penalty: 10, arcs: vec![Arc { resource: 0, cost: 0 }], ..Demand::default() };
        let pair = |first| Household { members: vec![first, first + 1], split_penalty: 100 };
        let instance = Instance::new(vec![demand; 4], vec![Resource { capacity: 3 }], vec![]).unwrap();
        let instance = instance.with_households(vec![pair(0), pair(2)]).unwrap();
        let relaxed = |model: Model| {
            let answer = model.solve(Task::Relax, Duration::from_secs(3_600)).unwrap();
            (model.objective(&model.incumbent), model.objective(&answer.values))
        };
        // Without them one is placed whole and the other by half. In hand is what no way says: nobody placed.
        let (_, known_of_none) = relaxed(Model::new(&instance, &AllBut(None), &[None; 4], None));
        let (in_hand, known) = relaxed(Model::new(&instance, &OnePair, &[None; 4], None));
        assert!((known_of_none - 10.0).abs() < 1e-6, "{known_of_none}");
        assert!((in_hand - 40.0).abs() < 1e-6 && (known - 20.0).abs() < 1e-6, "{in_hand}, {known}");
    }

    #[test]
    fn more_time_allows_more_columns_by_the_square_root() {
        let limits = [10, 50, 200, 1_000_000].map(|milliseconds| columns_max(Duration::from_millis(milliseconds)));
        assert_eq!(limits, [300, 600, 1_200, 4_800]);
    }

    #[test]
    fn one_flies_at_a_time() {
        let instance = instance();
        let held = Ticket::take().unwrap();
        let silence = fly(model(&instance), Task::Relax, Duration::from_secs(600)).err();
        assert_eq!(silence, Some(Silence::Busy));
        drop(held);
        let finding = fly(model(&instance), Task::Branch, Duration::from_secs(600)).ok().unwrap();
        assert_eq!((finding.bound, finding.whole), (Some(5), true));
    }

    #[test]
    fn a_fraction_is_never_rounded_up() {
        let model = model(&instance());
        assert_eq!(model.read(&[0.6, 0.4, 0.0, 1.0, 0.0]), (vec![None, Some(1)], false));
        assert_eq!(model.read(&[1.0, 0.0, 0.0, 1.0, 0.0]), (vec![Some(0), Some(1)], true));
    }

    #[test]
    fn bounds_are_rounded_up_only_past_float_error() {
        assert_eq!([4.0, 4.000_001, 4.5, 4.02].map(round_up), [4, 4, 5, 5]);
        assert_eq!(round_up(f64::NAN), i64::MIN);
    }
}
