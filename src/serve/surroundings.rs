//! What a service about to start finds around it: who it runs as, its data folder, its keys. What is unsafe is refused with
//! what to do about it, all at once; what an operator may live with is a warning that stays in sight.

use std::fs;
use std::path::Path;

use crate::config::{self, ConfigError, SettingFault, Settings};
use crate::durable_file;
use crate::http::Warning;
use crate::private_file;
use crate::service;

/// Looks around; makes the data folder where there is none.
///
/// # Errors
/// [`ConfigError::Faulty`], with everything that must be put right first.
pub(super) fn look_around(settings: &Settings) -> Result<Vec<Warning>, ConfigError> {
    let mut faults = Vec::new();
    let mut refuse = |setting: &str, detail: Option<String>| {
        faults.extend(detail.map(|detail| SettingFault { setting: setting.to_owned(), given: None, detail }));
    };
    refuse("service.data", data_folder(&settings.service.data).err());
    let inhabited = settings.store.choice.is_inhabited();
    let keys = &settings.security.key_files;
    refuse("security.patients_key_file", secret_key(&keys.patients, inhabited).err());
    refuse("security.digests_key_file", secret_key(&keys.digests, inhabited).err());
    refuse("directory.practitioners", settings.practitioners.as_deref().and_then(|folder| directory(folder).err()));
    if !faults.is_empty() {
        return Err(ConfigError::Faulty(faults));
    }
    Ok([as_root(private_file::effective_user(), config::in_container()), rehearsal(settings)]
        .into_iter()
        .flatten()
        .collect())
}

fn data_folder(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    durable_file::make_folder(folder).map_err(|error| format!("le dossier {shown} ne peut pas être créé : {error}"))?;
    let found = fs::metadata(folder).map_err(|error| format!("le dossier {shown} ne peut pas être lu : {error}"))?;
    if let Some(mode) = private_file::open_to_others(&found) {
        return Err(format!(
            "le dossier {shown} est ouvert à d'autres (mode {mode:o}), et l'état y vit : chmod 700 {shown}"
        ));
    }
    tempfile::tempfile_in(folder)
        .map_err(|error| format!("rien ne peut être écrit dans le dossier {shown} : {error}"))?;
    Ok(())
}

/// A key that is lost where people live already is never made anew: it would open nothing of theirs.
fn secret_key(path: &Path, inhabited: bool) -> Result<(), String> {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(file) => match private_file::open_to_others(&file) {
            Some(mode) => Err(format!(
                "le fichier {shown} est ouvert à d'autres (mode {mode:o}) : chmod 600 {shown}, et s'ils ont pu le lire, \
                 tenez la clé pour connue d'eux"
            )),
            None => Ok(()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && inhabited => Err(service::lost_key(path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(format!("le fichier {shown} ne peut pas être lu : {error}")),
    }
}

fn directory(folder: &Path) -> Result<(), String> {
    if folder.is_dir() {
        return Ok(());
    }
    let shown = folder.display();
    Err(format!("{shown} n'est pas un dossier : créez-le et mettez-y <territoire>.csv, ou ôtez ce réglage"))
}

fn as_root(user: Option<u32>, in_container: bool) -> Option<Warning> {
    (user == Some(0) && !in_container).then(|| Warning {
        code: "runs_as_root",
        detail: "le service tourne avec tous les droits de la machine : donnez-lui un utilisateur à lui".to_owned(),
    })
}

fn rehearsal(settings: &Settings) -> Option<Warning> {
    settings.service.clock_at.map(|at| Warning {
        code: "rehearsal",
        detail: format!("répétition : l'horloge du service a démarré à {}", at.to_rfc3339()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_told_so_but_not_in_a_container() {
        assert!(as_root(Some(0), false).is_some());
        assert!(
            as_root(Some(0), true).is_none() && as_root(Some(990), false).is_none() && as_root(None, false).is_none()
        );
    }
}
