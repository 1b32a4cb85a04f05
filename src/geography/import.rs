//! Builds a territory file from a list of INSEE codes and a table of communes, or the public commune API.
//!
//! The territory is made in memory, checked by reading it back, and only then written, whole, to its place. An import that
//! fails leaves nothing behind, and names all that is wrong at once.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::domain::{Commune, CommuneCode, SearchRadius, Territory, TerritoryId, time::Zone};

use super::commune_api::{self, ApiError};
use super::import_table::{self, Table, TableError};
use super::{Gazetteer, search_radius, territory_file};

/// The public commune API (Etalab, Licence Ouverte).
pub const PUBLIC_API: &str = "https://geo.api.gouv.fr";

/// Points farther apart than this, and than twice the radii of both communes, are taken as not connected.
const LINK_KM: f64 = 10.0;

/// What `territory import` is asked to do.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// INSEE codes separated by commas, or the path of a file that holds them (separated by commas, spaces or lines; `#`
    /// begins a comment).
    pub communes: String,
    /// A CSV file of communes, or the base URL of a commune API; none: [`PUBLIC_API`].
    pub data: Option<String>,
    /// The file to write.
    pub out: PathBuf,
    /// The territory's identifier; none: the name of `out` without its extension.
    pub id: Option<String>,
    /// The territory's name for people; none: its identifier.
    pub name: Option<String>,
    /// Whether an existing `out` may be replaced.
    pub overwrite: bool,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportReport {
    /// The territory, as the file holds it.
    pub territory: Territory,
    /// The file written.
    pub out: PathBuf,
    /// What a person should know: what was missing and what was taken instead (French).
    pub notes: Vec<String>,
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Territoire « {} » : {} commune(s), {} habitants, écrit dans {}",
            self.territory.id,
            self.territory.communes.len(),
            self.territory.population(),
            self.out.display()
        )?;
        self.notes.iter().try_for_each(|note| write!(f, "\n- {note}"))
    }
}

/// Why an import wrote nothing. The texts are French.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Codes that cannot be used, all of them.
    #[error("{}", describe(malformed, unknown, missing))]
    Codes {
        /// Not in the form of an INSEE code.
        malformed: Vec<String>,
        /// No French commune has them.
        unknown: Vec<CommuneCode>,
        /// They exist, but the data says nothing of them.
        missing: Vec<CommuneCode>,
    },
    /// No code at all.
    #[error("--communes ne contient aucun code INSEE")]
    NoCode,
    /// `--communes` is neither codes nor a file.
    #[error("--communes : « {0} » n'est ni une liste de codes INSEE séparés par des virgules ni un fichier existant")]
    NeitherCodesNorFile(String),
    /// A file given cannot be read.
    #[error("{} ne peut pas être lu", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The table of communes is not one, or has faults in the rows asked for.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The commune API gave no answer, or an unusable one.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The communes do not share a time zone.
    #[error("ces communes n'ont pas toutes le même fuseau horaire ({0}) : faites un territoire par fuseau")]
    SeveralZones(String),
    /// No identifier can be made of the file's name.
    #[error("« {0} » ne peut pas être un identifiant de territoire : 1 à 40 caractères parmi a-z, 0-9 et -")]
    Id(String),
    /// The file is there already.
    #[error("{} existe déjà : rien n'est écrit (demandez explicitement de le remplacer)", .0.display())]
    Exists(PathBuf),
    /// What would be written does not read back: the data holds something no territory may have.
    #[error("les données ne donnent pas un territoire valable")]
    Invalid(#[source] territory_file::TerritoryFileError),
    /// The file cannot be written.
    #[error("{} ne peut pas être écrit", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

fn describe(malformed: &[String], unknown: &[CommuneCode], missing: &[CommuneCode]) -> String {
    let codes = |codes: &[CommuneCode]| codes.iter().map(CommuneCode::as_str).collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    if !malformed.is_empty() {
        parts.push(format!("ne sont pas des codes INSEE de 5 caractères : {}", malformed.join(", ")));
    }
    if !unknown.is_empty() {
        parts.push(format!("aucune commune française n'a ces codes : {}", codes(unknown)));
    }
    if !missing.is_empty() {
        parts.push(format!("les données ne disent rien de ces communes : {}", codes(missing)));
    }
    parts.join(" ; ")
}

/// Builds the territory and writes its file.
///
/// # Errors
/// [`ImportError`]; nothing is written then.
pub async fn import(options: ImportOptions) -> Result<ImportReport, ImportError> {
    let id = identifier(&options)?;
    if !options.overwrite && options.out.exists() {
        return Err(ImportError::Exists(options.out));
    }
    let mut notes = Vec::new();
    let codes = codes(&options.communes, &mut notes)?;
    let (table, source) = gather(&options, &codes).await?;
    let missing: Vec<CommuneCode> = codes.iter().copied().filter(|code| !table.communes.contains_key(code)).collect();
    if !missing.is_empty() {
        return Err(ImportError::Codes { malformed: Vec::new(), unknown: Vec::new(), missing });
    }
    notes.extend(table.notes);
    let communes: Vec<Commune> = table.communes.into_values().collect();
    let territory = Territory {
        name: options.name.clone().unwrap_or_else(|| id.to_string()),
        zone: zone(&communes)?,
        search_radius: radii(&communes, &mut notes),
        id,
        finess: None,
        communes,
        bordering_communes: Vec::new(),
        neighbours: Vec::new(),
        sas_number: "15".into(),
        members: Vec::new(),
    };
    notes.extend(islands(&territory.communes));
    notes.push("membres par profession inconnus : estimés d'après la population".into());
    let text = territory_file::to_text(&territory, &[source]);
    let territory = territory_file::parse(&text).map_err(ImportError::Invalid)?;
    write_whole(&options.out, &text, options.overwrite)?;
    Ok(ImportReport { territory, out: options.out, notes })
}

fn identifier(options: &ImportOptions) -> Result<TerritoryId, ImportError> {
    let stem = || options.out.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let id = options.id.clone().unwrap_or_else(stem);
    id.parse().map_err(|_| ImportError::Id(id))
}

/// The codes asked for, once each, in order.
fn codes(codes_or_file: &str, notes: &mut Vec<String>) -> Result<BTreeSet<CommuneCode>, ImportError> {
    let path = Path::new(codes_or_file);
    let text = if path.is_file() {
        std::fs::read_to_string(path).map_err(|source| ImportError::Unreadable { path: path.to_owned(), source })?
    } else {
        // One word that is no code is most likely a path with a fault in it.
        let word = codes_or_file.trim();
        if !word.contains([',', ' ', ';']) && word.parse::<CommuneCode>().is_err() && !word.is_empty() {
            return Err(ImportError::NeitherCodesNorFile(codes_or_file.to_owned()));
        }
        codes_or_file.to_owned()
    };
    let (mut codes, mut twice, mut malformed) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let without_comments = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    for word in without_comments.flat_map(|line| line.split([',', ';', ' ', '\t', '"', '\u{feff}'])) {
        match word.trim().parse::<CommuneCode>() {
            _ if word.trim().is_empty() => {}
            Ok(code) if codes.insert(code) => {}
            Ok(code) => {
                twice.insert(code);
            }
            Err(_) => malformed.push(word.trim().to_owned()),
        }
    }
    let unknown: Vec<CommuneCode> = codes.iter().copied().filter(|code| !Gazetteer::national().knows(*code)).collect();
    if !malformed.is_empty() || !unknown.is_empty() {
        return Err(ImportError::Codes { malformed, unknown, missing: Vec::new() });
    }
    if codes.is_empty() {
        return Err(ImportError::NoCode);
    }
    if !twice.is_empty() {
        let list: Vec<&str> = twice.iter().map(CommuneCode::as_str).collect();
        notes.push(format!("données plusieurs fois, comptées une fois : {}", list.join(", ")));
    }
    Ok(codes)
}

/// What the data says of these communes, and the data's name.
async fn gather(options: &ImportOptions, codes: &BTreeSet<CommuneCode>) -> Result<(Table, String), ImportError> {
    let base = match options.data.as_deref() {
        None => PUBLIC_API,
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => url,
        Some(file) => {
            let path = Path::new(file);
            let opened = std::fs::File::open(path)
                .map_err(|source| ImportError::Unreadable { path: path.to_owned(), source })?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            return Ok((import_table::read(opened, codes)?, format!("Communes: {name}")));
        }
    };
    let api = commune_api::CommuneApi::new(base)?;
    Ok((api.communes(codes).await?, format!("Communes: {base} (API Découpage administratif, Licence Ouverte)")))
}

fn zone(communes: &[Commune]) -> Result<Zone, ImportError> {
    let zones: BTreeSet<String> =
        communes.iter().map(|c| Zone::of_departement(c.code.departement()).to_string()).collect();
    match communes.first() {
        Some(first) if zones.len() == 1 => Ok(Zone::of_departement(first.code.departement())),
        Some(_) => Err(ImportError::SeveralZones(zones.into_iter().collect::<Vec<_>>().join(", "))),
        None => Err(ImportError::NoCode),
    }
}

fn radii(communes: &[Commune], notes: &mut Vec<String>) -> Vec<SearchRadius> {
    let departements: BTreeSet<&str> = communes.iter().map(|c| c.code.departement()).collect();
    let mut radii = Vec::new();
    for departement in departements {
        match search_radius::of_departement(departement) {
            Some(radius) => radii.push(radius),
            None => notes.push(format!("pas de rayon de recherche officiel pour le département {departement} : 20 km")),
        }
    }
    radii
}

/// Communes far from all the others: most often a mistyped code, sometimes an island.
fn islands(communes: &[Commune]) -> Vec<String> {
    let linked = |a: &Commune, b: &Commune| {
        let radius = |c: &Commune| c.surface_km2.map_or(0.0, |surface| (surface / std::f64::consts::PI).sqrt());
        a.point.distance_km(b.point) <= LINK_KM.max(2.0 * (radius(a) + radius(b)))
    };
    let mut left: Vec<&Commune> = communes.iter().collect();
    let mut parts: Vec<Vec<&Commune>> = Vec::new();
    while let Some(first) = left.pop() {
        let mut part = vec![first];
        let mut next = 0;
        while next < part.len() {
            let (near, far): (Vec<&Commune>, Vec<&Commune>) = left.iter().partition(|c| linked(part[next], c));
            part.extend(near);
            left = far;
            next += 1;
        }
        parts.push(part);
    }
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    let apart = parts.iter().skip(1).map(|part| {
        let mut names: Vec<String> = part.iter().map(|c| format!("{} ({})", c.name, c.code)).collect();
        names.sort();
        format!("loin du reste du territoire, à vérifier : {}", names.join(", "))
    });
    apart.collect()
}

/// Writes beside the file and moves it into place, so that nobody ever reads half of it.
fn write_whole(out: &Path, text: &str, overwrite: bool) -> Result<(), ImportError> {
    let unwritable = |source| ImportError::Unwritable { path: out.to_owned(), source };
    let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // A temporary file is its owner's alone; a territory is for the service to read, whoever runs it.
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o644));
    }
    let mut file = builder.tempfile_in(folder).map_err(unwritable)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(unwritable)?;
    let moved = if overwrite { file.persist(out) } else { file.persist_noclobber(out) };
    moved.map(|_| ()).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => ImportError::Exists(out.to_owned()),
        _ => unwritable(error.error),
    })
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
