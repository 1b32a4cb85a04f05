//! Territory files: our own format, and the French one of `data/territories` (`territory_french.rs`).
//!
//! ```json
//! { "id": "weppes", "name": "CPTS des Weppes", "zone": "Europe/Paris", "finess": null, "sas_number": "15", "population": 48014,
//!   "search_radius": [{ "departement": "59", "first_km": 10, "widening_km": 5 }],
//!   "neighbours": ["flandre-lys"], "members": [{ "kind": "infirmier", "members": 20 }],
//!   "communes": [{ "code": "59653", "name": "Wavrin", "postcodes": ["59136"], "population": 7758,
//!                  "lat": 50.5724, "lon": 2.933, "surface_km2": 13.55, "density": 4 }],
//!   "bordering_communes": ["59051"], "sources": ["…"] }
//! ```
//! `id`, `name` and `communes` (with `code`, `lat`, `lon`) are needed, the rest may be left out. A file with a fault gives
//! no territory at all, and all its faults at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::domain::{
    Commune, CommuneCode, DensityClass, Finess, GeoPoint, Membership, SearchRadius, Territory, TerritoryId, time::Zone,
};

use super::territory_fields::{Faults, Fields};
use super::{Gazetteer, builtin, territory_french};

/// A larger file is no territory: the largest known one is under 40 kB.
const BYTES_MAX: u64 = 8 * 1024 * 1024;

/// What the file's points may differ from the gazetteer's, km: more is another commune, or latitude and longitude swapped.
const POINT_TOLERANCE_KM: f64 = 20.0;

pub(super) const CODE_EXPECTED: &str = "un code INSEE de 5 caractères est attendu (59653, 2A004, 97411)";
pub(super) const ID_EXPECTED: &str = "1 à 40 caractères parmi a-z, 0-9 et - sont attendus";

/// One thing wrong in a territory file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} : {detail}")]
pub struct TerritoryFault {
    /// Where: `communes[3].lat`.
    pub path: String,
    /// What, and what was expected (French).
    pub detail: String,
}

/// Why a file gives no territory. The texts are French: whoever keeps the file reads them.
#[derive(Debug, thiserror::Error)]
pub enum TerritoryFileError {
    /// It cannot be opened or read.
    #[error("le fichier {} ne peut pas être lu", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Neither the name of a territory compiled in nor an existing file.
    #[error("« {0} » n'est ni un territoire livré ({known}) ni un fichier", known = builtin::names().collect::<Vec<_>>().join(", "))]
    Unknown(String),
    /// Not JSON.
    #[error("ce n'est pas un document JSON (ligne {line}, colonne {column})")]
    NotJson {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// JSON, but something else than a territory.
    #[error("ce n'est pas un fichier de territoire : {0}")]
    NotATerritory(String),
    /// A territory with faults.
    #[error("le fichier de territoire a {} défaut(s) :\n{}", .0.len(), .0.iter().map(|f| format!("- {f}")).collect::<Vec<_>>().join("\n"))]
    Faulty(Vec<TerritoryFault>),
}

/// The territory with this name when it is compiled in, else the one in the file of this path.
///
/// # Errors
/// [`TerritoryFileError`], naming every fault.
pub fn find(name_or_path: &str) -> Result<Territory, TerritoryFileError> {
    if let Some(territory) = builtin::load(name_or_path) {
        return Ok(territory);
    }
    let path = Path::new(name_or_path);
    if path.exists() { read(path) } else { Err(TerritoryFileError::Unknown(name_or_path.to_owned())) }
}

/// Reads a territory file.
///
/// # Errors
/// [`TerritoryFileError`], naming every fault.
pub fn read(path: &Path) -> Result<Territory, TerritoryFileError> {
    use std::io::Read as _;
    let unreadable = |source| TerritoryFileError::Unreadable { path: path.to_owned(), source };
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(BYTES_MAX + 1).read_to_string(&mut text))
        .map_err(unreadable)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > BYTES_MAX {
        return Err(TerritoryFileError::NotATerritory("il dépasse 8 Mo".into()));
    }
    parse(&text)
}

/// Reads a territory from a document of either shape.
///
/// # Errors
/// [`TerritoryFileError`], naming every fault.
pub fn parse(text: &str) -> Result<Territory, TerritoryFileError> {
    let document: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| TerritoryFileError::NotJson { line: error.line(), column: error.column() })?;
    let Some(map) = document.as_object() else {
        return Err(TerritoryFileError::NotATerritory("un objet JSON est attendu".into()));
    };
    if !map.contains_key("communes") {
        return Err(TerritoryFileError::NotATerritory(
            if map.contains_key("territoires") || map.contains_key("poles") {
                "c'est un index de plusieurs territoires ; donnez le fichier de l'un d'eux".into()
            } else {
                "le champ « communes » manque".into()
            },
        ));
    }
    let fields = Fields::document(map);
    let mut faults = Faults::default();
    let draft = if map.contains_key("nom") {
        territory_french::draft(&fields, &mut faults)
    } else {
        draft(&fields, &mut faults)
    };
    finish(draft, faults)
}

/// A territory as far as its file could be read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) id: Option<TerritoryId>,
    pub(super) name: Option<String>,
    pub(super) finess: Option<Finess>,
    pub(super) zone: Option<Zone>,
    /// Each with its place in the file's list.
    pub(super) communes: Vec<(usize, Commune)>,
    pub(super) bordering_communes: Vec<CommuneCode>,
    pub(super) neighbours: Vec<TerritoryId>,
    pub(super) sas_number: Option<String>,
    pub(super) search_radius: Vec<SearchRadius>,
    pub(super) members: Vec<Membership>,
    /// The sum the file announces, and its field.
    pub(super) population: Option<(&'static str, u32)>,
}

const FIELDS: [&str; 12] = [
    "id",
    "name",
    "zone",
    "finess",
    "sas_number",
    "population",
    "search_radius",
    "neighbours",
    "members",
    "communes",
    "bordering_communes",
    "sources",
];
const COMMUNE_FIELDS: [&str; 8] = ["code", "name", "postcodes", "population", "lat", "lon", "surface_km2", "density"];

fn draft(fields: &Fields<'_>, faults: &mut Faults) -> Draft {
    fields.refuse_others(&FIELDS, faults);
    let mut communes = Vec::new();
    for (index, entry) in fields.objects("communes", faults).into_iter().enumerate() {
        entry.refuse_others(&COMMUNE_FIELDS, faults);
        let read = CommuneFields {
            name: "name",
            postcodes: "postcodes",
            population: "population",
            surface: "surface_km2",
            density: "density",
        };
        if let Some(commune) = read.commune(&entry, faults) {
            communes.push((index, commune));
        }
    }
    let mut search_radius = Vec::new();
    for entry in fields.objects("search_radius", faults) {
        let departement = entry.text("departement", faults);
        let first = entry.number("first_km", 0.1..=500.0, true, faults);
        let widening = entry.number("widening_km", 0.0..=500.0, true, faults);
        if let (Some(departement), Some(first_km), Some(widening_km)) = (departement, first, widening) {
            search_radius.push(SearchRadius { departement: departement.to_owned(), first_km, widening_km });
        }
    }
    let mut members = Vec::new();
    for entry in fields.objects("members", faults) {
        if let (Some(kind), Some(count)) = (entry.text("kind", faults), entry.whole("members", 100_000, true, faults)) {
            members.push(Membership { kind: kind.to_owned(), members: count });
        }
    }
    Draft {
        id: fields.parsed("id", ID_EXPECTED, faults),
        name: fields.text("name", faults).map(str::to_owned),
        finess: fields.parsed_if_given("finess", "un numéro FINESS de 9 caractères à clé juste est attendu", faults),
        zone: fields.parsed_if_given("zone", "un fuseau horaire est attendu, par exemple Europe/Paris", faults),
        communes,
        bordering_communes: fields.list("bordering_communes", CODE_EXPECTED, faults),
        neighbours: fields.list("neighbours", ID_EXPECTED, faults),
        sas_number: fields.get("sas_number").and_then(|_| dialled(fields, faults)),
        search_radius,
        members,
        population: fields.whole("population", u32::MAX, false, faults).map(|sum| ("population", sum)),
    }
}

fn dialled(fields: &Fields<'_>, faults: &mut Faults) -> Option<String> {
    let text = fields.text("sas_number", faults)?;
    if text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit() || b == b'+') {
        Some(text.to_owned())
    } else {
        faults.add(fields.path_of("sas_number"), "un numéro à composer est attendu, en chiffres (15, 116117)");
        None
    }
}

/// The names a shape gives to the fields of a commune; `code`, `lat` and `lon` are the same in both.
pub(super) struct CommuneFields {
    pub(super) name: &'static str,
    pub(super) postcodes: &'static str,
    pub(super) population: &'static str,
    pub(super) surface: &'static str,
    pub(super) density: &'static str,
}

impl CommuneFields {
    pub(super) fn commune(&self, entry: &Fields<'_>, faults: &mut Faults) -> Option<Commune> {
        let code: Option<CommuneCode> = entry.parsed("code", CODE_EXPECTED, faults);
        let lat = entry.number("lat", -90.0..=90.0, true, faults);
        let lon = entry.number("lon", -180.0..=180.0, true, faults);
        let surface_km2 = entry.number(self.surface, 0.001..=100_000.0, false, faults);
        let density = match entry.whole(self.density, 7, false, faults).map(u8::try_from) {
            Some(Ok(class)) => DensityClass::new(class).or_else(|| {
                faults.add(entry.path_of(self.density), "une classe de densité de 1 à 7 est attendue");
                None
            }),
            _ => None,
        };
        let postcodes = entry.list(self.postcodes, "un code postal est attendu, en texte", faults);
        let population = entry.whole(self.population, 10_000_000, false, faults);
        let code = code?;
        let known = Gazetteer::national().by_code(code);
        if known.is_none() {
            faults.add(entry.path_of("code"), format!("aucune commune française n'a le code {code}"));
        }
        let known = known?;
        let point = GeoPoint::new(lat?, lon?)?;
        if !is_plausible(code, point, known.point) {
            faults.add(
                entry.path_of("lat"),
                format!(
                    "le point {}, {} n'est pas à {} ; latitude d'abord, en degrés",
                    point.lat, point.lon, known.name
                ),
            );
        }
        Some(Commune {
            code,
            name: entry.get(self.name).and_then(Value::as_str).unwrap_or(&known.name).to_owned(),
            postcodes,
            population: population.unwrap_or(known.population),
            point,
            surface_km2,
            density: density.unwrap_or(DensityClass::UNKNOWN),
        })
    }
}

/// Whether a commune may lie at this point: near where the gazetteer has it, else within its part of the world.
pub fn is_plausible(code: CommuneCode, point: GeoPoint, known: Option<GeoPoint>) -> bool {
    match known {
        Some(known) => known.distance_km(point) <= POINT_TOLERANCE_KM,
        None if code.departement().len() == 2 => {
            (41.0..=51.5).contains(&point.lat) && (-5.5..=10.0).contains(&point.lon)
        }
        None => true,
    }
}

/// The commune a municipal arrondissement is a part of.
fn divided(code: CommuneCode) -> Option<CommuneCode> {
    let is_part = Gazetteer::national().by_code(code).is_some_and(|known| known.arrondissement);
    let whole = match code.departement() {
        "75" if is_part => "75056",
        "13" if is_part => "13055",
        "69" if is_part => "69123",
        _ => return None,
    };
    whole.parse().ok()
}

/// What no single field shows: an empty list, a commune twice, a sum that is not the sum.
fn finish(draft: Draft, mut faults: Faults) -> Result<Territory, TerritoryFileError> {
    let mut seen = BTreeSet::new();
    for (index, commune) in &draft.communes {
        if !seen.insert(commune.code) {
            faults.add(
                format!("communes[{index}].code"),
                format!("{} ({}) est déjà dans la liste", commune.name, commune.code),
            );
        }
    }
    for (index, commune) in &draft.communes {
        if let Some(whole) = divided(commune.code).filter(|whole| seen.contains(whole)) {
            faults.add(
                format!("communes[{index}].code"),
                format!(
                    "{} fait partie de {whole}, déjà dans la liste : ses habitants compteraient deux fois",
                    commune.name
                ),
            );
        }
    }
    for code in draft.bordering_communes.iter().filter(|code| !Gazetteer::national().knows(**code)) {
        faults.add("bordering_communes", format!("aucune commune française n'a le code {code}"));
    }
    for code in draft.bordering_communes.iter().filter(|code| seen.contains(code)) {
        faults.add("bordering_communes", format!("{code} appartient au territoire : elle ne peut pas le border"));
    }
    if draft.communes.is_empty() && faults.0.is_empty() {
        faults.add("communes", "la liste est vide : un territoire a au moins une commune");
    }
    let mut communes: Vec<Commune> = draft.communes.into_iter().map(|(_, commune)| commune).collect();
    communes.sort_by_key(|commune| commune.code);
    let sum: u64 = communes.iter().map(|c| u64::from(c.population)).sum();
    if let Some((field, announced)) = draft.population
        && faults.0.is_empty()
        && u64::from(announced) != sum
    {
        faults.add(field, format!("{announced} annoncés, mais la somme des communes est {sum}"));
    }
    let zone = draft.zone.or_else(|| communes.first().map(|c| Zone::of_departement(c.code.departement())));
    match (draft.id, draft.name, zone) {
        (Some(id), Some(name), Some(zone)) if faults.0.is_empty() => Ok(Territory {
            id,
            name,
            finess: draft.finess,
            zone,
            communes,
            bordering_communes: draft.bordering_communes,
            neighbours: draft.neighbours,
            sas_number: draft.sas_number.unwrap_or_else(|| "15".into()),
            search_radius: draft.search_radius,
            members: draft.members,
        }),
        _ => Err(TerritoryFileError::Faulty(faults.0)),
    }
}

/// The territory in our format, one commune a line, ready to be written to a file; `sources` says where it comes from.
pub fn to_text(territory: &Territory, sources: &[String]) -> String {
    let lines = |items: Vec<Value>| {
        if items.is_empty() {
            return "[]".to_owned();
        }
        format!("[\n    {}\n  ]", items.iter().map(Value::to_string).collect::<Vec<_>>().join(",\n    "))
    };
    let communes = territory.communes.iter().map(|c| {
        json!({
            "code": c.code.as_str(), "name": c.name, "postcodes": c.postcodes, "population": c.population,
            "lat": c.point.lat, "lon": c.point.lon, "surface_km2": c.surface_km2, "density": c.density.level(),
        })
    });
    let radii = territory
        .search_radius
        .iter()
        .map(|r| json!({ "departement": r.departement, "first_km": r.first_km, "widening_km": r.widening_km }));
    let members = territory.members.iter().map(|m| json!({ "kind": m.kind, "members": m.members }));
    let codes: Vec<&str> = territory.bordering_communes.iter().map(CommuneCode::as_str).collect();
    let neighbours: Vec<&str> = territory.neighbours.iter().map(TerritoryId::as_str).collect();
    let fields = [
        ("id", json!(territory.id.as_str()).to_string()),
        ("name", json!(territory.name).to_string()),
        ("zone", json!(territory.zone.to_string()).to_string()),
        ("finess", json!(territory.finess.as_ref().map(ToString::to_string)).to_string()),
        ("sas_number", json!(territory.sas_number).to_string()),
        ("population", territory.population().to_string()),
        ("search_radius", lines(radii.collect())),
        ("neighbours", json!(neighbours).to_string()),
        ("members", lines(members.collect())),
        ("communes", lines(communes.collect())),
        ("bordering_communes", json!(codes).to_string()),
        ("sources", lines(sources.iter().map(|s| json!(s)).collect())),
    ];
    let body = fields.map(|(name, value)| format!("  \"{name}\": {value}")).join(",\n");
    format!("{{\n{body}\n}}\n")
}

#[cfg(test)]
#[path = "territory_file_tests.rs"]
mod tests;
