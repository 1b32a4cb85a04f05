//! The command line: what can be asked, and what is printed. Results go to stdout, the log to stderr.
//!
//! A command that acts on a running service asks it through [`crate::control`].

mod key;
mod operating;
mod renewal;
mod solve;
mod triage;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, FixedOffset, Utc};
use clap::{Parser, Subcommand};

use crate::config;
use crate::control::{Client, status::Status};
use crate::demo::{self, DemoOptions};
use crate::geography::import::{ImportOptions, import};
use crate::observability::logging;
use crate::serve;

use key::KeyCommand;
use operating::OperatingCommand;
use solve::SolveOptions;
use triage::TriageCommand;

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
        /// Où vit l'état : embedded, ou l'adresse d'un Redis (redis://…).
        #[arg(long, default_value = "embedded")]
        store: String,
        /// Instant auquel l'horloge du service démarre, avec décalage : 2026-11-24T09:00:00+01:00.
        #[arg(long, value_parser = instant)]
        at: Option<DateTime<Utc>>,
        /// Graine des personnes fictives.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Sert une CPTS : réglages, clés d'accès et annuaire dans des fichiers.
    Serve {
        /// Fichier de configuration ; sans lui, /etc/aiguilleur/aiguilleur.toml s'il existe.
        #[arg(long)]
        config: Option<PathBuf>,
        /// Affiche le fichier par défaut, qui est aussi le mode d'emploi, et s'arrête.
        #[arg(long)]
        print_config: bool,
        /// Vérifie les réglages, le protocole de triage, les clés d'accès, l'annuaire et le Redis s'il y en a un, puis s'arrête.
        #[arg(long, conflicts_with = "print_config")]
        check: bool,
    },
    /// Dit comment va le service en marche sur cette machine ; échoue s'il n'est pas en ordre.
    Status {
        /// Fichier de configuration du service.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Clés d'accès.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    #[command(flatten)]
    Operating(OperatingCommand),
    /// Résout un problème d'affectation lu dans un fichier et affiche la réponse.
    Solve(SolveOptions),
    /// Protocoles de triage : vérifier, lire, comparer, signer.
    Triage {
        #[command(subcommand)]
        command: TriageCommand,
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

/// Reads the arguments and does what they ask; what the program is to end with.
///
/// # Errors
/// What went wrong, for the person at the terminal.
pub async fn run() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Demo { port, territory, data, store, at, seed } => {
            logging::start();
            let redis = demo::redis_of(&store)?;
            demo::run(DemoOptions { port, territory, data, at, redis, seed }, &mut say).await?;
        }
        Command::Serve { print_config: true, .. } => {
            say(config::MANUAL.trim_end());
        }
        Command::Serve { config, check, .. } => {
            let settings = config::load(config.as_deref())?;
            logging::start_with(&settings.log.filter, settings.log.form);
            if check {
                serve::check(&settings).await?;
                say("La configuration est bonne.");
                return Ok(ExitCode::SUCCESS);
            }
            serve::run(settings, &mut say).await?;
        }
        Command::Status { config } => {
            let settings = config::load(config.as_deref())?;
            let status = Status::of(&Client::of(&settings.service.data)?).await?;
            say(status.to_string().trim_end());
            anyhow::ensure!(status.is_in_order(), "le service n'est pas en ordre");
        }
        Command::Key { command } => {
            logging::start();
            key::run(command, &mut say)?;
        }
        Command::Operating(command) => {
            logging::start();
            operating::run(command, &mut say).await?;
        }
        Command::Solve(options) => {
            logging::start();
            return solve::run(&options, &mut say);
        }
        Command::Triage { command } => {
            logging::start();
            return triage::run(command, &mut say);
        }
        Command::Territory { command: TerritoryCommand::Import { communes, data, out, id, name, overwrite } } => {
            logging::start();
            let report = import(ImportOptions { communes, data, out, id, name, overwrite }).await?;
            say(&report.to_string());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a line on stdout. Whoever closed the pipe has read enough.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
