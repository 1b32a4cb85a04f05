//! The command line: what can be asked, and what is printed. Results go to stdout, the log to stderr.

use std::io::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, FixedOffset, Utc};
use clap::{Parser, Subcommand};

use crate::demo::{self, DemoOptions};
use crate::geography::import::{ImportOptions, import};
use crate::observability::logging;

/// Soins non programmés et médecin traitant pour une CPTS.
#[derive(Debug, Parser)]
#[command(name = "aiguilleur", version, about, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Démarre tout le service sur cette machine, avec un vrai territoire et des personnes fictives.
    Demo {
        /// Port local ; 0 en prend un libre.
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// Un territoire fourni, ou un fichier de territoire.
        #[arg(long, default_value = "weppes")]
        territory: String,
        /// Dossier des données ; sans lui, un dossier temporaire.
        #[arg(long)]
        data: Option<PathBuf>,
        /// Où vit l'état : embedded.
        #[arg(long, default_value = "embedded")]
        store: String,
        /// Instant auquel l'horloge du service démarre, avec décalage : 2026-11-24T09:00:00+01:00.
        #[arg(long, value_parser = instant)]
        at: Option<DateTime<Utc>>,
        /// Graine des personnes fictives.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Territoires.
    Territory {
        #[command(subcommand)]
        command: TerritoryCommand,
    },
}

#[derive(Debug, Subcommand)]
enum TerritoryCommand {
    /// Construit un fichier de territoire à partir de codes INSEE.
    Import {
        /// Codes INSEE séparés par des virgules, ou un fichier qui les contient.
        #[arg(long)]
        communes: String,
        /// Fichier CSV de communes, ou adresse d'une API des communes ; sans lui, l'API publique.
        #[arg(long)]
        data: Option<String>,
        /// Fichier à écrire.
        #[arg(long)]
        out: PathBuf,
        /// Identifiant du territoire ; sans lui, le nom du fichier.
        #[arg(long)]
        id: Option<String>,
        /// Nom du territoire.
        #[arg(long)]
        name: Option<String>,
        /// Remplace un fichier qui existe déjà.
        #[arg(long)]
        overwrite: bool,
    },
}

/// An instant with its offset; without one nobody knows which hour is meant.
fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::<FixedOffset>::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| "écrivez un instant avec son décalage, comme 2026-11-24T09:00:00+01:00".to_owned())
}

/// Reads the arguments and does what they ask.
///
/// # Errors
/// What went wrong, for the person at the terminal.
pub async fn run() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    logging::start();
    match arguments.command {
        Command::Demo { port, territory, data, store, at, seed } => {
            demo::check_store(&store)?;
            demo::run(DemoOptions { port, territory, data, at, seed }, &mut say).await
        }
        Command::Territory { command: TerritoryCommand::Import { communes, data, out, id, name, overwrite } } => {
            let report = import(ImportOptions { communes, data, out, id, name, overwrite }).await?;
            say(&report.to_string());
            Ok(())
        }
    }
}

/// Prints a line on stdout. Whoever closed the pipe has read enough.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
