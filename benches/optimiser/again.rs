//! A plan of households after the last of them came: solved from what was known before, beside solved anew.

use std::time::Duration;

use serde_json::{Value, json};
use solver::format::NamedInstance;
use solver::{Budget, Instance, Plan, Seed, Solved, check};

use crate::solves::{gap, verified};
use crate::timed;

/// Of so many demands the last comes later.
const LATER: usize = 10;

/// What the plan before may take.
const BEFORE: Duration = Duration::from_secs(1);

/// What the plan with all of them may take, in milliseconds.
const BUDGETS: [u64; 2] = [50, 250];

/// Solves for all but the last tenth, then for all, from that and anew within each budget.
pub(crate) fn measure(named: &NamedInstance) -> Value {
    let solved = Solved::new(without_the_last(&named.instance), Budget::wall(BEFORE), Seed::default());
    let of = |budget: u64| {
        let wall = Duration::from_millis(budget);
        let (again, ms) = timed(|| solved.again(named.instance.clone(), Budget::wall(wall), Seed::default()));
        assert_eq!(check(&named.instance, again.plan()), vec![], "{}", named.name);
        let (anew, anew_ms) = verified(named, wall);
        let told = |plan: &Plan, ms: f64| {
            let moved = solved.plan().assign.iter().zip(&plan.assign).filter(|(was, is)| was.is_some() && was != is);
            json!({
                "ms": ms,
                "gap": gap(plan),
                "objective": plan.objective,
                "bound": plan.bound,
                "proved": plan.optimal,
                "moved": moved.count(),
            })
        };
        json!({"budget_ms": budget, "again": told(again.plan(), ms), "anew": told(&anew, anew_ms)})
    };
    BUDGETS.map(of).into()
}

/// The instance before the last tenth came; whose household is not all there yet is alone.
fn without_the_last(whole: &Instance) -> Instance {
    let before = &whole.demands()[..whole.demands().len() - whole.demands().len() / LATER];
    let there = whole.households().iter().filter(|of| of.members.iter().all(|&member| member < before.len()));
    Instance::new(before.to_vec(), whole.resources().to_vec(), whole.groups().to_vec())
        .and_then(|instance| instance.with_households(there.cloned().collect()))
        .expect("part of an instance")
}
