//! The optimiser beside its peers, on the same files in the same run. This program makes the files and times the optimiser;
//! `peers.py` times the others on them, and `run` does all of it and writes the tables into README.
//!
//! `benches/optimiser/run [--quick]`, or one part alone: `cargo bench --bench optimiser -- PART …`
//!
//! | part | what it does |
//! |---|---|
//! | `generate DIR [--quick]` | writes the instances |
//! | `solve ROUNDS BUDGET_MS FILE…` | solves each file over and over |
//! | `within FILE…` | solves each file within a few small budgets |
//! | `pair ROUNDS BUDGET_MS FILE…` | solves each file alone, then twice at once |
//! | `arrive FILE…` | adds the last tenth of the demands to a plan that stands |
//! | `again FILE…` | solves without the last tenth of the demands, then with it, from that and anew |
//!
//! Each file gives one JSON line, with every time as it was measured.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod again;
mod arrive;
mod instances;
mod pair;
mod panel;
mod solves;
mod urgent;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use solver::format::{self, NamedInstance};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Which of the two builds this is, by the name it has in the tables.
const BUILD: &str = if cfg!(feature = "highs") { "aiguilleur, highs" } else { "aiguilleur" };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["generate", folder, ref rest @ ..] => instances::generate(Path::new(folder), rest.contains(&"--quick")),
        ["solve", rounds, budget, ref files @ ..] => {
            let (rounds, budget) = (count(rounds), milliseconds(budget));
            // Only the first file finds the process cold.
            for (position, file) in files.iter().enumerate() {
                tell("solve", file, |named| solves::over_and_over(named, rounds, budget, position == 0));
            }
        }
        ["within", ref files @ ..] => files.iter().for_each(|file| tell("within", file, solves::within)),
        ["pair", rounds, budget, ref files @ ..] => {
            let (rounds, budget) = (count(rounds), milliseconds(budget));
            files.iter().for_each(|file| tell("pair", file, |named| pair::measure(named, rounds, budget)));
        }
        ["arrive", ref files @ ..] => files.iter().for_each(|file| tell("arrive", file, arrive::measure)),
        ["again", ref files @ ..] => files.iter().for_each(|file| tell("again", file, again::measure)),
        // As `cargo bench` calls it: nothing is asked.
        _ => println!("benches/optimiser/run does the whole; see the head of main.rs for its parts"),
    }
}

/// Reads a file, measures, and prints what came of it as one line.
fn tell(what: &str, file: &str, measure: impl FnOnce(&NamedInstance) -> Value) {
    let text = std::fs::read(file).expect("a file");
    let named = format::read(&text).unwrap_or_else(|fault| panic!("{file}: {fault}"));
    drop(text);
    let name = Path::new(file).file_name().and_then(|name| name.to_str());
    println!("{}", json!({"what": what, "file": name, "solver": BUILD, "found": measure(&named)}));
}

fn count(argument: &str) -> usize {
    argument.parse().expect("a number of rounds")
}

fn milliseconds(argument: &str) -> Duration {
    Duration::from_millis(argument.parse().expect("milliseconds"))
}

/// What a call gives, and how many milliseconds it took.
fn timed<T>(call: impl FnOnce() -> T) -> (T, f64) {
    let began = Instant::now();
    let found = call();
    (found, in_ms(began.elapsed()))
}

fn in_ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
