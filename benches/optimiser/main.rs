//! The optimiser beside its peers, on the same files in the same run. This program makes the files and times the optimiser;
//! `peers.py` times the others on them, and `run` does all of it and writes the table into README.
//!
//! `benches/optimiser/run [--quick]`, or one part alone:
//! `cargo bench --bench optimiser -- generate DIR [--quick]` · `… -- measure ROUNDS FILE…`

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod instances;
mod panel;
mod urgent;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use solver::{Budget, Plan, Seed, check, format, solve};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["generate", folder, ref rest @ ..] => instances::generate(Path::new(folder), rest.contains(&"--quick")),
        ["measure", rounds, budget_ms, ref files @ ..] => {
            let rounds = rounds.parse().expect("a number of rounds");
            let budget = Duration::from_millis(budget_ms.parse().expect("milliseconds"));
            for file in files {
                println!("{}", measure(Path::new(file), rounds, budget));
            }
        }
        // As `cargo bench` calls it: nothing is asked.
        _ => println!("benches/optimiser/run does the whole; see the head of main.rs for its parts"),
    }
}

/// Solves a file `rounds` times, each within `budget`, and says how long that took and what came of it.
fn measure(file: &Path, rounds: usize, budget: Duration) -> serde_json::Value {
    let text = std::fs::read(file).expect("a file");
    let began = Instant::now();
    let named = format::read(&text).expect("an instance");
    let parse = began.elapsed();
    let mut plans: Vec<Plan> = Vec::new();
    let mut times = Vec::new();
    let mut first = Vec::new();
    for _ in 0..rounds {
        let began = Instant::now();
        let plan = solve(&named.instance, Budget::wall(budget), Seed::default());
        times.push(began.elapsed().as_secs_f64() * 1e3);
        let feasible = plan.trace.first().map_or(Duration::ZERO, |trace| trace.elapsed);
        first.push(feasible.as_secs_f64() * 1e3);
        plans.push(plan);
    }
    let worst = plans.iter().max_by_key(|plan| plan.objective).expect("a round");
    assert_eq!(check(&named.instance, worst), vec![], "{}", file.display());
    json!({
        "file": file.file_name().and_then(|name| name.to_str()),
        "solver": "aiguilleur",
        "ms": percentiles(times),
        "first_ms": percentiles(first),
        "parse_ms": parse.as_secs_f64() * 1e3,
        "proved": plans.iter().filter(|plan| plan.optimal).count(),
        "rounds": rounds,
        "objective": worst.objective,
        "bound": worst.bound,
        "avoidable": worst.objective - worst.unavoidable,
        "stage": worst.rung.as_str(),
        "stopped_by": worst.stopped_by.as_str(),
        "placed": worst.placed(),
        "rungs": worst.trace.iter().map(|t| json!([t.rung.as_str(), t.elapsed.as_secs_f64() * 1e3, t.objective, t.bound])).collect::<Vec<_>>(),
        "pricing_rounds": worst.rounds,
        "columns": worst.columns,
    })
}

fn percentiles(mut times: Vec<f64>) -> serde_json::Value {
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    json!({"p50": at(50), "p95": at(95), "p99": at(99)})
}
