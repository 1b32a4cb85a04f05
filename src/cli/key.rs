//! `aiguilleur key`: access keys made, listed, revoked. They act on the file; a running service reads it again by itself.

use std::path::PathBuf;

use chrono::{DateTime, Days, FixedOffset, NaiveDate, SecondsFormat, Utc};
use clap::{Args, Subcommand};

use crate::clock::{Clock as _, SystemClock};
use crate::config;
use crate::domain::time::Zone;
use crate::domain::{Role, Rpps, TerritoryId};
use crate::identity::{KeyOrder, KeyRing, key_ring_file};

/// What to do with access keys.
#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Fait une clé et affiche son jeton, une seule fois.
    New {
        #[command(flatten)]
        keys: KeysFile,
        /// Pour qui : l'audit cite ce nom. Lettres minuscules, chiffres et « - ».
        #[arg(long)]
        name: String,
        /// Ce qu'elle permet : operator, regulator, coordinator, practitioner ou system.
        #[arg(long, value_parser = role)]
        role: Role,
        /// Où ; répétez-le pour plusieurs territoires.
        #[arg(long = "territory", required = true, value_parser = territory)]
        territories: Vec<TerritoryId>,
        /// Le numéro RPPS du praticien, pour le rôle practitioner.
        #[arg(long, value_parser = rpps)]
        rpps: Option<Rpps>,
        /// Dernier jour de validité (2027-06-30), ou instant avec son décalage ; sans cela, jusqu'à révocation.
        #[arg(long, value_parser = expiry)]
        expires: Option<DateTime<Utc>>,
    },
    /// Liste les clés ; jamais leurs jetons, que personne ne garde.
    List {
        #[command(flatten)]
        keys: KeysFile,
    },
    /// Retire une clé : elle et ses sessions ne valent plus rien en quelques secondes.
    Revoke {
        #[command(flatten)]
        keys: KeysFile,
        /// Laquelle.
        #[arg(long)]
        name: String,
    },
}

/// Which file.
#[derive(Debug, Args)]
pub(super) struct KeysFile {
    /// Fichier des clés ; sans lui, celui de la configuration.
    #[arg(long)]
    keys: Option<PathBuf>,
    /// Fichier de configuration, pour y lire où sont les clés.
    #[arg(long, conflicts_with = "keys")]
    config: Option<PathBuf>,
}

impl KeysFile {
    fn path(self) -> anyhow::Result<PathBuf> {
        Ok(match self.keys {
            Some(path) => path,
            None => config::load(self.config.as_deref())?.security.access_keys,
        })
    }
}

/// Does what is asked.
///
/// # Errors
/// Why the file is as it was.
pub(super) fn run(command: KeyCommand, say: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    let now = SystemClock::real().now();
    match command {
        KeyCommand::New { keys, name, role, territories, rpps, expires } => {
            let path = keys.path()?;
            let order = KeyOrder { name, role, territories, rpps, expires };
            let token = key_ring_file::change(&path, |ring| ring.issue(order, now))?;
            tracing::info!(file = %path.display(), "the token stands on stdout and is kept nowhere: hand it over now");
            say(token.reveal());
        }
        KeyCommand::List { keys } => list(&key_ring_file::read(&keys.path()?)?, now, say),
        KeyCommand::Revoke { keys, name } => {
            key_ring_file::change(&keys.path()?, |ring| ring.revoke(&name, now))?;
            say(&format!("{name} est révoquée."));
        }
    }
    Ok(())
}

fn list(ring: &KeyRing, now: DateTime<Utc>, say: &mut dyn FnMut(&str)) {
    let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    for key in ring.keys() {
        let territories: Vec<_> = key.territories.iter().map(TerritoryId::as_str).collect();
        let whose = key.rpps.map(|rpps| format!(", RPPS {rpps}")).unwrap_or_default();
        let state = match (key.revoked, key.expires) {
            (Some(revoked), _) => format!("révoquée le {}", instant(revoked)),
            (None, Some(expires)) if !key.is_valid(now) => format!("échue depuis le {}", instant(expires)),
            (None, Some(expires)) => format!("en vigueur jusqu'au {}", instant(expires)),
            (None, None) => "en vigueur".to_owned(),
        };
        say(&format!(
            "{} : {}{whose}, {}, faite le {}, {state}",
            key.name,
            key.role,
            territories.join(" "),
            instant(key.created)
        ));
    }
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_| "rôles possibles : operator, regulator, coordinator, practitioner, system".to_owned())
}

fn territory(text: &str) -> Result<TerritoryId, String> {
    text.parse().map_err(|_| "un territoire a de 1 à 40 caractères parmi a-z, 0-9 et -".to_owned())
}

fn rpps(text: &str) -> Result<Rpps, String> {
    text.parse().map_err(|_| "un numéro RPPS a 11 chiffres".to_owned())
}

/// A day counts to its end, as the clock in Paris shows it; an instant as it is.
fn expiry(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        let next = day.checked_add_days(Days::new(1)).ok_or("cette date est hors du calendrier")?;
        return Ok(Zone::PARIS.midnight(next));
    }
    DateTime::<FixedOffset>::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| "écrivez une date comme 2027-06-30, ou un instant avec son décalage".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_validity_counts_to_its_end() {
        let instant = |text: &str| expiry(text).map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        assert_eq!(instant("2027-06-30").as_deref(), Ok("2027-06-30T22:00:00Z"));
        assert_eq!(instant("2027-06-30T12:00:00+02:00").as_deref(), Ok("2027-06-30T10:00:00Z"));
        assert!(instant("30/06/2027").is_err() && instant("2027-06-30T12:00:00").is_err());
    }
}
