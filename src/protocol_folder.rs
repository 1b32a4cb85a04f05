//! A triage pack as a folder on disk: read whole before anything is made of it, never written to but for an approval, which is
//! added in one step or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::durable_file;
use crate::triage::golden::{self, GoldenCases};
use crate::triage::pack::form::ApprovalForm;
use crate::triage::pack::{Approval, Files};
use crate::triage::{Fault, Pack};

/// The file approvals stand in, at its end.
const PACK: &str = "pack.toml";

/// Cases that came out otherwise, told at most.
const MISSED_TOLD: usize = 10;

/// A larger file belongs to no pack: the largest of ours is under 100 kB.
const BYTES_MAX: u64 = 4 * 1024 * 1024;

/// More files belong to no pack: ours has some seventy.
const FILES_MAX: usize = 1_000;

/// The shortest beginning of a hash that names a content.
const HASH_PART: usize = 12;

/// Why a folder gives no pack, or takes no approval. In French: whoever keeps the folder reads it.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It, or a file in it, cannot be read or written.
    #[error("{} ne peut pas être lu ou écrit : {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// Too large, or too many files.
    #[error("{} n'est pas un protocole : {what}", path.display())]
    NoPack {
        /// Which.
        path: PathBuf,
        /// What is too much.
        what: &'static str,
    },
    /// A pack with faults is no pack.
    #[error(
        "le protocole {} est refusé, {} défaut(s) à corriger :\n{}",
        folder.display(), faults.len(), faults.iter().map(|fault| format!("- {fault}")).collect::<Vec<_>>().join("\n")
    )]
    Faulty {
        /// The folder.
        folder: PathBuf,
        /// Everything wrong in it.
        faults: Vec<Fault>,
    },
    /// Its golden cases are not there, or say otherwise than the pack: one of the two was changed by mistake.
    #[error("le protocole {} est refusé : {what}", folder.display())]
    Golden {
        /// The folder.
        folder: PathBuf,
        /// What is missing, or the cases that came out otherwise.
        what: String,
    },
    /// The approval itself is not right.
    #[error("{field} : {what}")]
    Approval {
        /// Which field of it.
        field: &'static str,
        /// What is wrong, and what to do.
        what: String,
    },
}

/// The files of a pack.
///
/// # Errors
/// [`FolderError::File`], [`FolderError::NoPack`].
pub fn files(folder: &Path) -> Result<Files, FolderError> {
    let mut files = Files::new();
    for (below, prefix) in [(folder.to_owned(), ""), (folder.join("complaints"), "complaints/")] {
        let failed = |error| FolderError::File { path: below.clone(), error };
        for entry in fs::read_dir(&below).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).map(|name| format!("{prefix}{name}"));
            let Some(name) = name.filter(|name| name.ends_with(".toml")) else { continue };
            files.insert(name, contents(&path)?);
            if files.len() > FILES_MAX {
                return Err(FolderError::NoPack { path: below, what: "trop de fichiers" });
            }
        }
    }
    Ok(files)
}

fn contents(path: &Path) -> Result<Vec<u8>, FolderError> {
    let failed = |error| FolderError::File { path: path.to_owned(), error };
    let found = fs::metadata(path).map_err(failed)?;
    if !found.is_file() || found.len() > BYTES_MAX {
        return Err(FolderError::NoPack {
            path: path.to_owned(),
            what: "ce n'est pas un fichier, ou il est trop grand",
        });
    }
    fs::read(path).map_err(failed)
}

/// The pack of a folder.
///
/// # Errors
/// [`FolderError`], with every fault of the pack.
pub fn read(folder: &Path) -> Result<Pack, FolderError> {
    pack_of(folder, &files(folder)?)
}

/// A pack nobody can use that answers otherwise than its golden cases say (triage.md §6: one miss blocks a release).
fn pack_of(folder: &Path, files: &Files) -> Result<Pack, FolderError> {
    let pack = Pack::read(files).map_err(|faults| FolderError::Faulty { folder: folder.to_owned(), faults })?;
    let refuse = |what| FolderError::Golden { folder: folder.to_owned(), what };
    let cases =
        files.get(golden::FILE).ok_or_else(|| refuse(format!("{} manque : `triage golden` l'écrit", golden::FILE)))?;
    let cases = std::str::from_utf8(cases).map_err(|error| refuse(format!("{} : {error}", golden::FILE)))?;
    let cases: GoldenCases = toml::from_str(cases).map_err(|error| refuse(format!("{} : {error}", golden::FILE)))?;
    let missed = cases.missed_by(&pack);
    if !missed.is_empty() {
        let told = missed.iter().map(|one| format!("- {} ({}) : {}", one.question, one.answer, one.found));
        let told: Vec<String> = told.take(MISSED_TOLD).collect();
        let what = format!("{} cas de référence disent autre chose que lui :\n{}", missed.len(), told.join("\n"));
        return Err(refuse(what));
    }
    Ok(pack)
}

/// Whoever approves, and what they read.
#[derive(Debug, Clone)]
pub struct Approver {
    /// Name.
    pub name: String,
    /// RPPS number.
    pub rpps: String,
    /// Role.
    pub role: String,
    /// Hash of the document they read, or how it begins; none: whatever the folder holds.
    pub read: Option<String>,
}

/// What [`approve`] adds to a pack.
#[derive(Serialize)]
struct Added {
    approved_by: [ApprovalForm; 1],
}

/// Adds an approval of the content a folder holds now, and gives the pack with it. The content keeps its hash; whoever else
/// approves at the same time waits; a reader sees the file of before or the new one.
///
/// # Errors
/// [`FolderError`]; the folder is then as it was.
pub fn approve(folder: &Path, approver: &Approver, now: DateTime<Utc>) -> Result<Pack, FolderError> {
    // A link is followed, so that it stays one.
    let path =
        fs::canonicalize(folder.join(PACK)).map_err(|error| FolderError::File { path: folder.join(PACK), error })?;
    let failed = |error| FolderError::File { path: path.clone(), error };
    let _alone = durable_file::lock_folder_of(&path).map_err(failed)?;
    let mut files = files(folder)?;
    let before = pack_of(folder, &files)?;
    let form = ApprovalForm {
        name: approver.name.clone(),
        rpps: approver.rpps.clone(),
        role: approver.role.clone(),
        at: now.to_rfc3339_opts(SecondsFormat::Secs, true),
        hash: before.hash.clone(),
    };
    may_be_added(&before, &form, approver.read.as_deref())?;
    let text = files.entry(PACK.to_owned()).or_default();
    if !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    let added = toml::to_string(&Added { approved_by: [form] }).map_err(io::Error::other).map_err(failed)?;
    text.extend(format!("\n{added}").into_bytes());
    let text = text.clone();
    // What will be written is read first: an approval that stands otherwise in the file (in brackets on one line) would break it.
    let after = pack_of(folder, &files)?;
    if after.hash != before.hash || after.approvals.len() != before.approvals.len() + 1 {
        let what = format!("la signature ne s'ajoute pas à la fin de {PACK} : ôtez ce qui suit les [[approved_by]]");
        return Err(FolderError::Approval { field: "approved_by", what });
    }
    let mut draft = durable_file::draft_of(&path).map_err(failed)?;
    draft.write_all(&text).map_err(failed)?;
    durable_file::keep_owner(&draft, &path).map_err(failed)?;
    // Whoever could read it still can.
    fs::metadata(&path).and_then(|was| draft.as_file().set_permissions(was.permissions())).map_err(failed)?;
    draft.as_file().sync_all().map_err(failed)?;
    durable_file::replace(draft, &path).map_err(failed)?;
    Ok(after)
}

/// Whether an approval is right, of what was read, and new.
fn may_be_added(pack: &Pack, form: &ApprovalForm, read: Option<&str>) -> Result<(), FolderError> {
    let refuse = |field, what| Err(FolderError::Approval { field, what });
    let approval = match Approval::read(form) {
        Ok(approval) => approval,
        Err((field, what)) => return refuse(field, what),
    };
    if let Some(known) = pack.approvals.iter().find(|known| known.rpps == approval.rpps) {
        return refuse("rpps", format!("{} a déjà signé ce contenu : un autre médecin doit le faire", known.name));
    }
    match read.map(|read| read.trim().to_ascii_lowercase()) {
        Some(read) if read.len() < HASH_PART => {
            refuse("hash", format!("« {read} » : donnez au moins {HASH_PART} caractères de l'empreinte"))
        }
        Some(read) if !pack.hash.starts_with(&read) => refuse(
            "hash",
            format!(
                "le dossier contient {}, et non {read} : il a changé depuis ce que vous avez lu ; relisez-le",
                pack.hash
            ),
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::shipped;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("complaints")).unwrap();
        for (name, bytes) in shipped::files() {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn approver(name: &str, rpps: &str, role: &str) -> Approver {
        Approver { name: name.to_owned(), rpps: rpps.to_owned(), role: role.to_owned(), read: None }
    }

    fn now() -> DateTime<Utc> {
        "2026-11-02T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn two_approvals_sign_a_folder_and_leave_its_content_as_it_was() {
        let folder = folder();
        let before = read(folder.path()).unwrap();
        assert_eq!(before.hash, Pack::general().hash);
        let one = approve(folder.path(), &approver("Dr \"Un\"", "10000000009", "medecin_regulateur"), now()).unwrap();
        assert!(!one.is_signed());
        let read_it = Approver {
            read: Some(before.hash[..HASH_PART].to_owned()),
            ..approver("Dr Deux", "10000000017", "medecin")
        };
        approve(folder.path(), &read_it, now()).unwrap();
        let after = read(folder.path()).unwrap();
        assert!(after.is_signed() && after.hash == before.hash);
        let names: Vec<_> = after.approvals.iter().map(|one| (one.name.as_str(), one.at)).collect();
        assert_eq!(names, [("Dr \"Un\"", now()), ("Dr Deux", now())]);
        // Edited, nobody signed it.
        let path = folder.path().join("complaints/toux_rhume.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen("label_fr = \"", "label_fr = \"Autre ", 1)).unwrap();
        let edited = read(folder.path()).unwrap();
        assert!(!edited.is_signed() && edited.lapsed == ["Dr \"Un\"", "Dr Deux"]);
        assert!(edited.unsigned().unwrap().to_string().contains("modifié depuis la signature de"));
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let folder = folder();
        approve(folder.path(), &approver("Dr Un", "10000000009", "medecin"), now()).unwrap();
        let path = folder.path().join(PACK);
        let before = fs::read(&path).unwrap();
        let other =
            Approver { read: Some("0123456789abcdef".to_owned()), ..approver("Dr Deux", "10000000017", "medecin") };
        for (refused, field) in [
            (approver("Dr Un", "10000000009", "medecin_regulateur"), "rpps"),
            (approver("Dr Deux", "10000000018", "medecin"), "approved_by.rpps"),
            (approver("Dr Deux", "10000000017", "ami"), "approved_by.role"),
            (approver("", "10000000017", "medecin"), "approved_by.name"),
            (other, "hash"),
        ] {
            match approve(folder.path(), &refused, now()) {
                Err(FolderError::Approval { field: found, .. }) => assert_eq!(found, field),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(fs::read(&path).unwrap(), before);
        fs::write(folder.path().join("lexicon.toml"), "colour = 1\n").unwrap();
        let faulty = approve(folder.path(), &approver("Dr Deux", "10000000017", "medecin"), now());
        assert!(matches!(faulty, Err(FolderError::Faulty { .. })), "{faulty:?}");
        assert_eq!(fs::read(&path).unwrap(), before);
        assert!(fs::read_dir(folder.path()).unwrap().all(|file| !file.unwrap().path().ends_with(".new")));
    }

    #[test]
    fn physicians_who_approve_at_once_all_stand_in_the_file() {
        let folder = folder();
        let people = ["10000000009", "10000000017", "10000000025", "10000000033"];
        std::thread::scope(|scope| {
            for rpps in people {
                let path = folder.path();
                scope.spawn(move || approve(path, &approver("Dr", rpps, "medecin_regulateur"), now()).unwrap());
            }
        });
        assert_eq!(read(folder.path()).unwrap().approvals.len(), people.len());
    }

    #[cfg(unix)]
    #[test]
    fn whoever_could_read_the_pack_still_can() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder();
        let path = folder.path().join(PACK);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        approve(folder.path(), &approver("Dr Un", "10000000009", "medecin"), now()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    }
}
