//! Newcomers on a plan that stands: how long until one has a place, and until the choices they are offered are known.

use std::time::Duration;

use serde_json::{Value, json};
use solver::format::NamedInstance;
use solver::{Budget, Instance, Seed, Solved, Standing, solve};

use crate::timed;

/// Of so many demands the last arrives later.
const LATER: usize = 10;

/// Choices told of each newcomer.
const CHOICES: usize = 3;

/// Long enough for the proof everything here begins with.
const WALL: Duration = Duration::from_secs(10);

/// Solves for all but the last tenth, then takes these in one by one. The instance must be one a flow carries.
pub(crate) fn measure(named: &NamedInstance) -> Value {
    let whole = &named.instance;
    let (before, later) = whole.demands().split_at(whole.demands().len() - whole.demands().len() / LATER);
    let instance = Instance::new(before.to_vec(), whole.resources().to_vec(), whole.groups().to_vec());
    let mut solved = Solved::new(instance.expect("part of an instance"), Budget::wall(WALL), Seed::default());
    let (mut placed_ms, mut offered_ms) = (Vec::new(), Vec::new());
    for newcomer in later {
        let newcomer = newcomer.clone();
        let ((), offered) = timed(|| {
            let mut standing = Standing::of(&solved).expect("the optimum of a flow");
            let (arrival, placed) = timed(|| standing.arrive(newcomer).expect("a demand the groups count"));
            placed_ms.push(placed);
            solved = standing.into_solved();
            std::hint::black_box(solved.alternatives(arrival.demand, CHOICES));
        });
        offered_ms.push(offered);
    }
    let anew = solve(whole, Budget::wall(WALL), Seed::default());
    assert_eq!((solved.plan().objective, anew.optimal), (anew.objective, true), "{}", named.name);
    json!({"placed_ms": placed_ms, "offered_ms": offered_ms})
}
