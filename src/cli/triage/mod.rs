//! `aiguilleur triage`: for the physicians who read, sign and compare packs.

mod document;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use crate::clock::{Clock as _, SystemClock};
use crate::protocol_folder::{self, Approver};
use crate::triage::comparison::{fallen, is_major};
use crate::triage::golden::{self, GoldenCases, mutants};
use crate::triage::pack::approval::ROLES;
use crate::triage::pack::{Files, Pack};
use crate::triage::shipped;

/// What the program ends with when a pack does not hold.
const REFUSED: u8 = 1;

#[derive(Debug, Subcommand)]
pub(super) enum TriageCommand {
    /// Vérifie un protocole : règles, cas de référence, et ce qu'ils laisseraient passer.
    Check(OfPack),
    /// Affiche un protocole à lire et à signer, en HTML fait pour le papier.
    Print(OfPack),
    /// Affiche les cas de référence d'un protocole tel qu'il est, à relire avec lui.
    Golden(OfPack),
    /// Compare deux versions : chaque case dont le niveau a baissé.
    Compare {
        /// Dossier de la version d'avant.
        #[arg(long)]
        before: PathBuf,
        #[command(flatten)]
        after: OfPack,
    },
    /// Ajoute la signature d'un médecin au contenu d'un dossier, tel qu'il est : rien d'autre n'y change.
    Approve(OfApprover),
}

#[derive(Debug, Args)]
pub(super) struct OfApprover {
    /// Dossier du protocole.
    folder: PathBuf,
    /// Nom du médecin.
    #[arg(long)]
    name: String,
    /// Son numéro RPPS.
    #[arg(long)]
    rpps: String,
    /// Son rôle ; l'un des signataires au moins est médecin régulateur.
    #[arg(long, value_parser = ROLES)]
    role: String,
    /// Empreinte du document lu (« triage print »), ou son début : refuse la signature si le dossier a changé depuis.
    #[arg(long)]
    hash: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct OfPack {
    /// Dossier du protocole ; sans lui, celui qui est livré.
    #[arg(long)]
    pack: Option<PathBuf>,
}

/// Does what was asked; the exit code is 1 where a pack does not hold.
///
/// # Errors
/// When a folder cannot be read.
pub(super) fn run(command: TriageCommand, say: &mut dyn FnMut(&str)) -> anyhow::Result<ExitCode> {
    match command {
        TriageCommand::Check(OfPack { pack }) => {
            let files = files_of(pack.as_deref())?;
            let Some(pack) = read(&files, say) else { return Ok(ExitCode::from(REFUSED)) };
            return check(&files, &pack, say);
        }
        TriageCommand::Print(OfPack { pack }) => {
            let Some(pack) = read(&files_of(pack.as_deref())?, say) else { return Ok(ExitCode::from(REFUSED)) };
            say(&document::page(&pack).into_string());
        }
        TriageCommand::Golden(OfPack { pack }) => {
            let Some(pack) = read(&files_of(pack.as_deref())?, say) else { return Ok(ExitCode::from(REFUSED)) };
            say(toml::to_string(&GoldenCases::of(&pack)).context("les cas ne s'écrivent pas")?.trim_end());
        }
        TriageCommand::Compare { before, after: OfPack { pack } } => {
            let before = read(&files_of(Some(&before))?, say);
            let after = read(&files_of(pack.as_deref())?, say);
            let (Some(before), Some(after)) = (before, after) else { return Ok(ExitCode::from(REFUSED)) };
            return Ok(compare(&before, &after, say));
        }
        TriageCommand::Approve(of) => approve(of, say)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn files_of(folder: Option<&Path>) -> anyhow::Result<Files> {
    Ok(folder.map_or_else(|| Ok(shipped::files()), protocol_folder::files)?)
}

/// The pack, or every fault told.
fn read(files: &Files, say: &mut dyn FnMut(&str)) -> Option<Pack> {
    match Pack::read(files) {
        Ok(pack) => Some(pack),
        Err(faults) => {
            say(&format!("Le protocole est refusé : {} défaut(s).", faults.len()));
            faults.iter().for_each(|fault| say(&format!("- {fault}")));
            None
        }
    }
}

/// What its signatures are worth.
fn standing(pack: &Pack) -> String {
    let names: Vec<&str> = pack.approvals.iter().map(|one| one.name.as_str()).collect();
    match pack.unsigned() {
        None => format!("Signé par {}.", names.join(", ")),
        Some(why) => format!("Non signé : {why}."),
    }
}

fn approve(of: OfApprover, say: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    let OfApprover { folder, name, rpps, role, hash } = of;
    let approver = Approver { name, rpps, role, read: hash };
    let pack = protocol_folder::approve(&folder, &approver, SystemClock::real().now())
        .context("la signature n'est pas ajoutée")?;
    say(&format!("{} {} ({})", pack.id, pack.version, pack.hash));
    say(&standing(&pack));
    Ok(())
}

fn check(files: &Files, pack: &Pack, say: &mut dyn FnMut(&str)) -> anyhow::Result<ExitCode> {
    let questions: usize = pack.complaints.iter().map(|complaint| complaint.questions.len()).sum();
    say(&format!("{} {} ({})", pack.id, pack.version, pack.hash));
    say(&format!("{} motifs, {questions} questions, {} modificateurs.", pack.complaints.len(), pack.modifiers.len()));
    say(&standing(pack));
    let Some(cases) = files.get(golden::FILE) else {
        say(&format!("Aucun cas de référence : {} manque.", golden::FILE));
        return Ok(ExitCode::from(REFUSED));
    };
    let cases: GoldenCases = toml::from_str(std::str::from_utf8(cases)?).context(golden::FILE)?;
    let missed = cases.missed_by(pack);
    say(&format!("{} cas de référence, {} manqué(s).", cases.cases.len(), missed.len()));
    missed.iter().for_each(|one| say(&format!("- {} ({}) : {}", one.question, one.answer, one.found)));
    let made = mutants(pack).count();
    let survivors = cases.survivors(pack);
    say(&format!("{made} mutants (question ôtée ou abaissée), {} pris.", made - survivors.len()));
    survivors.iter().for_each(|name| say(&format!("- laissé passer : {name}")));
    let holds = missed.is_empty() && survivors.is_empty();
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

fn compare(before: &Pack, after: &Pack, say: &mut dyn FnMut(&str)) -> ExitCode {
    let fallen = fallen(before, after);
    say(&format!("De {} à {} : {} case(s) qui baissent.", before.version, after.version, fallen.len()));
    for one in &fallen {
        say(&format!("- {} ({}) : {} → {}", one.cell, one.what, one.before, one.after));
    }
    if fallen.is_empty() || is_major(before, after) {
        ExitCode::SUCCESS
    } else {
        say("Ce qui baisse demande une version majeure.");
        ExitCode::from(REFUSED)
    }
}
