//! A CSV table of communes. Columns are found by their names, so that a table with more or in another order reads too:
//! `code`, `lat`, `lon` are needed; `nom`, `codes_postaux` (separated by `|`), `pop2023`, `surf_km2` and `dens7` are used
//! where they are.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use crate::domain::{Commune, CommuneCode, DensityClass, GeoPoint};

use super::Gazetteer;
use super::territory_file::is_plausible;

/// A larger table is something else: all of France is under 4 MB.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What a source of communes gave.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Table {
    pub(super) communes: BTreeMap<CommuneCode, Commune>,
    pub(super) notes: Vec<String>,
}

/// Why a table gives no communes.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Columns that are needed and not there.
    #[error(
        "la table de communes n'a pas les colonnes {} (elle a : {})",
        missing.join(", "),
        present.join(", ")
    )]
    Columns {
        /// Missing.
        missing: Vec<&'static str>,
        /// Those it has.
        present: Vec<String>,
    },
    /// Not a CSV table.
    #[error("la table de communes ne se lit pas comme du CSV")]
    Csv(#[from] csv::Error),
    /// It cannot be read, or is too large.
    #[error("la table de communes ne peut pas être lue")]
    Unreadable(#[from] std::io::Error),
    /// Rows of the communes asked for with unusable fields, all of them.
    #[error("la table de communes a des défauts :\n{}", .0.iter().map(|f| format!("- {f}")).collect::<Vec<_>>().join("\n"))]
    Rows(Vec<String>),
}

/// Reads the rows of these communes.
pub(super) fn read(source: impl Read, codes: &BTreeSet<CommuneCode>) -> Result<Table, TableError> {
    let mut text = String::new();
    source.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > BYTES_MAX {
        return Err(std::io::Error::other("larger than 64 MB").into());
    }
    let text = text.trim_start_matches('\u{feff}');
    let first_line = text.lines().next().unwrap_or_default();
    let delimiter = if first_line.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|header| header.trim() == name);
    let missing: Vec<&'static str> = ["code", "lat", "lon"].into_iter().filter(|name| column(name).is_none()).collect();
    if !missing.is_empty() {
        return Err(TableError::Columns { missing, present: headers.iter().map(str::to_owned).collect() });
    }
    let (mut table, mut faults) = (Table::default(), Vec::new());
    for row in reader.records() {
        let row = row?;
        let field = |name: &str| column(name).and_then(|index| row.get(index)).map(str::trim).filter(|f| !f.is_empty());
        let line = row.position().map_or(0, csv::Position::line);
        let Some(code) = field("code").and_then(|code| code.parse().ok()).filter(|code| codes.contains(code)) else {
            continue;
        };
        match commune(code, field) {
            Ok(commune) => match table.communes.entry(code) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(commune);
                }
                std::collections::btree_map::Entry::Occupied(_) => {
                    faults.push(format!("ligne {} : {code} y est deux fois", line));
                }
            },
            Err(why) => faults.push(format!("ligne {} ({code}) : {why}", line)),
        }
    }
    if !faults.is_empty() {
        return Err(TableError::Rows(faults));
    }
    table.notes = silences(table.communes.values(), column("dens7").is_some());
    Ok(table)
}

fn commune<'a>(code: CommuneCode, field: impl Fn(&str) -> Option<&'a str>) -> Result<Commune, String> {
    fn number<T: std::str::FromStr>(name: &str, text: Option<&str>) -> Result<Option<T>, String> {
        text.map(|text| text.parse().map_err(|_| format!("{name} : « {text} » n'est pas un nombre valable")))
            .transpose()
    }
    let known = Gazetteer::national().by_code(code);
    let point = number("lat", field("lat"))?
        .zip(number("lon", field("lon"))?)
        .ok_or_else(|| "lat, lon : pas de point".to_owned())?;
    let point = GeoPoint::new(point.0, point.1)
        .filter(|point| is_plausible(code, *point, known.and_then(|k| k.point)))
        .ok_or_else(|| format!("lat, lon : {}, {} n'est pas dans cette commune", point.0, point.1))?;
    let population = number("pop2023", field("pop2023"))?;
    let surface: Option<f64> = number("surf_km2", field("surf_km2"))?;
    if surface.is_some_and(|surface| !(surface > 0.0 && surface < 100_000.0)) {
        return Err("surf_km2 : une surface en km² est attendue".into());
    }
    let density = match number::<u8>("dens7", field("dens7"))? {
        None => DensityClass::UNKNOWN,
        Some(class) => DensityClass::new(class).ok_or_else(|| format!("dens7 : {class} n'est pas entre 1 et 7"))?,
    };
    let postcodes: Vec<String> = match field("codes_postaux") {
        Some(text) => text.split('|').map(str::to_owned).collect(),
        None => known.map(|k| k.postcodes.iter().map(ToString::to_string).collect()).unwrap_or_default(),
    };
    Ok(Commune {
        code,
        name: field("nom").map(str::to_owned).or(known.map(|k| k.name.to_string())).unwrap_or_else(|| code.to_string()),
        postcodes,
        population: population.or(known.map(|k| k.population)).unwrap_or(0),
        point,
        surface_km2: surface,
        density,
    })
}

/// What the source does not say, and what is taken instead.
pub(super) fn silences<'a>(communes: impl Iterator<Item = &'a Commune> + Clone, has_density: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let without_surface = communes.clone().filter(|c| c.surface_km2.is_none()).count();
    if without_surface > 0 {
        notes.push(format!(
            "surface absente pour {without_surface} commune(s) : dans une même commune, seule la distance entre points compte"
        ));
    }
    if !has_density {
        notes.push("classe de densité absente des données : classe 5 (bourg rural) prise partout".into());
    }
    notes
}
