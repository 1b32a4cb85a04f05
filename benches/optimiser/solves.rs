//! One instance solved over and over, or within small budgets: how long it took, how good it is, what is proved.

use std::time::Duration;

use serde_json::{Value, json};
use solver::format::NamedInstance;
use solver::{Budget, Plan, Seed, check, solve};

use crate::{in_ms, timed};

/// Budgets of somebody who waits for the answer, in milliseconds; the first two are there to see how late an answer can be.
const SMALL: [u64; 6] = [1, 5, 10, 25, 50, 100];

/// Solves `rounds` times, each within `budget`. A cold process solves once more before, which is told apart.
pub(crate) fn over_and_over(named: &NamedInstance, rounds: usize, budget: Duration, cold: bool) -> Value {
    let cold = cold.then(|| verified(named, budget).1);
    let (plans, times): (Vec<Plan>, Vec<f64>) = (0..rounds).map(|_| verified(named, budget)).unzip();
    let first = |plan: &Plan| in_ms(plan.trace.first().expect("a rung").elapsed);
    let worst = plans.iter().max_by_key(|plan| plan.objective).expect("a round");
    json!({
        "ms": times,
        "first_ms": plans.iter().map(first).collect::<Vec<_>>(),
        "built_ms": plans.iter().map(|plan| in_ms(plan.built)).collect::<Vec<_>>(),
        "cold_ms": cold,
        "proved": plans.iter().filter(|plan| plan.optimal).count(),
        "objective": worst.objective,
        // The best of any round holds for all of them.
        "bound": plans.iter().filter_map(|plan| plan.bound).max(),
        "gap": plans.iter().map(gap).collect::<Vec<_>>(),
        "avoidable": worst.objective - worst.unavoidable,
        "rung": worst.rung.as_str(),
        "stopped_by": worst.stopped_by.as_str(),
        "pricing_rounds": worst.rounds,
        "columns": worst.columns,
        "arcs": named.instance.demands().iter().map(|demand| demand.arcs.len()).sum::<usize>(),
        "peak_kib": peak_kib(),
    })
}

/// Solves once within each small budget.
pub(crate) fn within(named: &NamedInstance) -> Value {
    let of = |budget: u64| {
        let (plan, ms) = verified(named, Duration::from_millis(budget));
        json!({"budget_ms": budget, "ms": ms, "gap": gap(&plan), "objective": plan.objective, "bound": plan.bound})
    };
    SMALL.map(of).into()
}

/// A plan, verified, and the milliseconds it took.
pub(crate) fn verified(named: &NamedInstance, budget: Duration) -> (Plan, f64) {
    let (plan, ms) = timed(|| solve(&named.instance, Budget::wall(budget), Seed::default()));
    assert_eq!(check(&named.instance, &plan), vec![], "{}", named.name);
    (plan, ms)
}

/// How far from the optimum a plan may be, of what can be avoided at all.
pub(crate) fn gap(plan: &Plan) -> Option<f64> {
    plan.gap().map(|gap| gap.relative_avoidable)
}

/// The most memory this process ever had; `None` where the system does not tell.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
