//! `aiguilleur solve`: one instance file in, one solution on stdout.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use cpu_time::ProcessTime;
use sha2::{Digest as _, Sha256};
use solver::format::{self, Clocked, Solution};
use solver::{Budget, Seed, Solved};

/// A file as it was read.
struct Read {
    named: format::NamedInstance,
    /// SHA-256 of its bytes.
    hash: String,
}

/// What the program ends with when the file gives no problem to solve.
const UNUSABLE: u8 = 2;

#[derive(Debug, Args)]
pub(super) struct SolveOptions {
    /// Fichier au format aiguilleur-instance/1.
    #[arg(long)]
    instance: PathBuf,
    /// Temps accordé à la recherche, en millisecondes, lecture du fichier non comprise.
    #[arg(long, default_value_t = 50)]
    budget_ms: u64,
    /// Fils d'exécution de la recherche : un seul, pour que le même fichier donne la même réponse.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=1))]
    threads: u8,
    /// Ajoute les raisons : coûts, prix, autres choix de chacun, ce qui manque à qui n'a rien. Ce que chaque rang pouvait
    /// avoir au mieux est cherché à son tour, dans le même temps, une seconde au plus.
    #[arg(long)]
    explain: bool,
}

/// Solves and prints. The exit code is 0 with a feasible plan, 2 for a file that gives no problem.
///
/// # Errors
/// When the answer cannot be written.
pub(super) fn run(options: &SolveOptions, say: &mut dyn FnMut(&str)) -> anyhow::Result<ExitCode> {
    let SolveOptions { instance: path, budget_ms, threads: _, explain } = options;
    let began = Instant::now();
    let Read { named, hash } = match read(path) {
        Ok(read) => read,
        Err(fault) => {
            // For people: the log's own form is for machines. Nobody may be there to read it.
            let _ = writeln!(std::io::stderr(), "aiguilleur : {} : {fault:#}", path.display());
            return Ok(ExitCode::from(UNUSABLE));
        }
    };
    let parse = began.elapsed();
    let before = ProcessTime::try_now().ok();
    let budget = Duration::from_millis(*budget_ms);
    let solved = Solved::new(named.instance.clone(), Budget::wall(budget), Seed::default());
    let cpu = before.and_then(|before| before.try_elapsed().ok());
    let mut solution = Solution::of(&named, solved.plan(), Clocked { parse, cpu }).hashed(hash);
    if *explain {
        solution = solution.explained(&named, &solved, budget);
    }
    say(&serde_json::to_string(&solution).context("la réponse ne peut pas être écrite")?);
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<Read> {
    let text = std::fs::read(path).context("le fichier ne peut pas être lu")?;
    let named = format::read(&text).context("l'instance ne peut pas être résolue")?;
    Ok(Read { named, hash: Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect() })
}
