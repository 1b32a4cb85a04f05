//! The directory of a territory as its CPTS keeps it: a CSV table, one line per place of practice. Pure: a text in, the
//! practitioners out, or every fault with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use crate::domain::{GeoPoint, Language, Location, LocationId, Practitioner, Profession, Rpps, Speciality, Territory};
use crate::geography::{Gazetteer, territory_file};

const NEEDED: [&str; 6] = ["rpps", "nom", "profession", "lieu", "nom_du_lieu", "commune"];
const OTHERS: [&str; 5] = ["specialite", "langues", "lat", "lon", "accessible"];

/// More faults are not worth reading: the file is another one.
const FAULTS_MAX: usize = 50;

/// What is wrong with a table, line by line (French).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub(super) struct DirectoryFaults(pub(super) Vec<String>);

/// Reads a table.
///
/// # Errors
/// [`DirectoryFaults`]; then nothing of the table is used.
pub(super) fn parse(text: &str, territory: &Territory) -> Result<Vec<Practitioner>, DirectoryFaults> {
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    let delimiter = if header.contains(';') { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns = columns(reader.headers().ok())?;
    let mut table = Table { territory, faults: Vec::new(), listed: BTreeMap::new() };
    for record in reader.records() {
        match record {
            Ok(record) if record.iter().all(str::is_empty) => {}
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                let cells = columns.iter().filter_map(|(name, at)| Some((*name, record.get(*at)?)));
                table.add(&Line { number: line, cells: cells.collect() });
            }
            Err(error) => table.faults.push(format!("illisible comme du CSV : {error}")),
        }
    }
    let Table { faults, listed, .. } = table;
    if faults.is_empty() { Ok(listed.into_values().collect()) } else { Err(DirectoryFaults(shortened(faults))) }
}

/// The place of each column, by its name.
fn columns(header: Option<&csv::StringRecord>) -> Result<BTreeMap<&'static str, usize>, DirectoryFaults> {
    let mut faults = Vec::new();
    let mut columns = BTreeMap::new();
    for (at, name) in header.into_iter().flatten().enumerate() {
        match NEEDED.iter().chain(&OTHERS).find(|known| known.eq_ignore_ascii_case(name)) {
            Some(known) if columns.insert(*known, at).is_some() => {
                faults.push(format!("ligne 1 : la colonne {known} y est deux fois"));
            }
            Some(_) => {}
            None => faults.push(format!(
                "ligne 1 : colonne inconnue « {name} » ; connues : {}, {}",
                NEEDED.join(", "),
                OTHERS.join(", ")
            )),
        }
    }
    let missing: Vec<_> = NEEDED.iter().filter(|name| !columns.contains_key(*name)).copied().collect();
    if !missing.is_empty() {
        faults.push(format!("ligne 1 : il manque les colonnes {}", missing.join(", ")));
    }
    if faults.is_empty() { Ok(columns) } else { Err(DirectoryFaults(faults)) }
}

fn shortened(mut faults: Vec<String>) -> Vec<String> {
    let more = faults.len().saturating_sub(FAULTS_MAX);
    faults.truncate(FAULTS_MAX);
    if more > 0 {
        faults.push(format!("et {more} autres"));
    }
    faults
}

struct Line<'a> {
    number: u64,
    cells: BTreeMap<&'static str, &'a str>,
}

struct Table<'a> {
    territory: &'a Territory,
    faults: Vec<String>,
    listed: BTreeMap<Rpps, Practitioner>,
}

impl Table<'_> {
    fn add(&mut self, line: &Line<'_>) {
        let before = self.faults.len();
        let rpps: Option<Rpps> = self.needed(line, "rpps", "un numéro RPPS a 11 chiffres");
        let name = self.words(line, "nom");
        let profession: Option<Profession> =
            self.needed(line, "profession", "un code TRE_G15 est attendu, comme 10 ou 60");
        let speciality: Option<Option<Speciality>> =
            self.optional(line, "specialite", "un code TRE_R38 est attendu, comme SM54, ou rien");
        let languages = self.languages(line);
        let location = self.location(line);
        let (Some(rpps), Some(name), Some(profession), Some(speciality), Some(languages), Some(location)) =
            (rpps, name, profession, speciality, languages, location)
        else {
            debug_assert!(self.faults.len() > before, "what cannot be read is said");
            return;
        };
        let practitioner =
            Practitioner { rpps, name, profession, speciality, languages, locations: Vec::new(), synthetic: false };
        let known = self.listed.entry(rpps).or_insert_with(|| practitioner.clone());
        let says_the_same = Practitioner { locations: Vec::new(), ..known.clone() } == practitioner;
        if !says_the_same {
            self.fault(line, "rpps", "une ligne plus haut donne à ce numéro un autre nom, une autre profession, une autre spécialité ou d'autres langues");
        } else if known.location(&location.id).is_some() {
            self.fault(line, "lieu", "ce praticien a déjà un lieu de cet identifiant");
        } else {
            known.locations.push(location);
        }
    }

    fn location(&mut self, line: &Line<'_>) -> Option<Location> {
        let id: Option<LocationId> =
            self.needed(line, "lieu", "de 1 à 64 lettres sans accent, chiffres, « - », « _ » ou « . » sont attendus");
        let name = self.words(line, "nom_du_lieu");
        let commune = self.needed(line, "commune", "un code INSEE de 5 caractères est attendu, comme 59653");
        let known = commune.and_then(|code| Gazetteer::national().by_code(code));
        if let Some(code) = commune.filter(|_| known.is_none()) {
            self.fault(line, "commune", &format!("aucune commune française n'a le code {code}"));
        }
        let lat: Option<Option<f64>> = self.optional(line, "lat", "une latitude en degrés est attendue, comme 50.5724");
        let lon: Option<Option<f64>> = self.optional(line, "lon", "une longitude en degrés est attendue, comme 2.9330");
        let accessible = match line.text("accessible").to_lowercase().as_str() {
            "oui" => Some(true),
            "non" | "" => Some(false),
            _ => {
                self.fault(line, "accessible", "oui ou non est attendu");
                None
            }
        };
        let (commune, known) = (commune?, known?);
        let own = self.territory.commune(commune).map(|commune| commune.point).or(known.point);
        let point = match (lat?, lon?, own) {
            (None, None, Some(point)) => point,
            (None, None, None) => {
                self.fault(line, "lat", "le point de cette commune n'est pas connu : donnez lat et lon");
                return None;
            }
            (Some(lat), Some(lon), _) => {
                let point = GeoPoint::new(lat, lon).filter(|p| territory_file::is_plausible(commune, *p, known.point));
                if point.is_none() {
                    self.fault(
                        line,
                        "lat",
                        &format!("{lat}, {lon} n'est pas à {} ; latitude d'abord, en degrés", known.name),
                    );
                }
                point?
            }
            _ => {
                self.fault(line, "lat", "donnez lat et lon tous deux, ou aucun");
                return None;
            }
        };
        Some(Location { id: id?, name: name?, commune, point, accessible: accessible? })
    }

    fn languages(&mut self, line: &Line<'_>) -> Option<Vec<Language>> {
        let text = match line.text("langues") {
            "" => "fr",
            given => given,
        };
        let read: Result<BTreeSet<Language>, _> = text.split_whitespace().map(str::parse).collect();
        match read {
            Ok(languages) => Some(languages.into_iter().collect()),
            Err(_) => {
                self.fault(
                    line,
                    "langues",
                    "des codes à deux lettres séparés par des espaces sont attendus, comme « fr ar »",
                );
                None
            }
        }
    }

    /// A name for people.
    fn words(&mut self, line: &Line<'_>, column: &str) -> Option<String> {
        let text = line.text(column);
        if (1..=120).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            return Some(text.to_owned());
        }
        self.fault(line, column, "un nom de 1 à 120 caractères est attendu");
        None
    }

    fn needed<T: FromStr>(&mut self, line: &Line<'_>, column: &str, expected: &str) -> Option<T> {
        let read = line.text(column).parse().ok();
        if read.is_none() {
            self.fault(line, column, expected);
        }
        read
    }

    /// Read, left out, or (none at all) faulty.
    fn optional<T: FromStr>(&mut self, line: &Line<'_>, column: &str, expected: &str) -> Option<Option<T>> {
        if line.text(column).is_empty() { Some(None) } else { self.needed(line, column, expected).map(Some) }
    }

    fn fault(&mut self, line: &Line<'_>, column: &str, detail: &str) {
        let given = line.text(column);
        let given = if given.is_empty() { "vide".to_owned() } else { format!("« {given} »") };
        self.faults.push(format!("ligne {}, {column} : {given} : {detail}", line.number));
    }
}

impl Line<'_> {
    fn text(&self, column: &str) -> &str {
        self.cells.get(column).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::builtin;

    fn read(text: &str) -> Result<Vec<Practitioner>, DirectoryFaults> {
        parse(text, &builtin::load("weppes").unwrap())
    }

    const HEADER: &str = "rpps;nom;profession;specialite;langues;lieu;nom_du_lieu;commune;lat;lon;accessible\n";

    #[test]
    fn a_practitioner_of_two_places_has_two_lines() {
        let text = format!(
            "\u{feff}{HEADER}19990000001;Dr Jeanne Belabruc;10;SM54;fr en;cabinet;Cabinet de Wicres;59658;;;oui\n\
             19990000001;Dr Jeanne Belabruc;10;SM54;en fr;annexe;Annexe;59653;50.5724;2.9330;non\n\
             ;;;;;;;;;;\n19990000002;Cabinet infirmier Vlieg;60;;;lieu-1;\"Rue de l'Église; bâtiment B\";59653;;;\n"
        );
        let [doctor, nurse] = &read(&text).unwrap()[..] else { panic!("{:?}", read(&text)) };
        assert_eq!((doctor.locations.len(), doctor.languages.len(), doctor.synthetic), (2, 2, false));
        assert!(doctor.locations[0].accessible && !doctor.locations[1].accessible);
        let wicres = builtin::load("weppes").unwrap().commune("59658".parse().unwrap()).unwrap().point;
        assert_eq!(doctor.locations[0].point, wicres);
        assert_eq!(doctor.locations[1].point, GeoPoint { lat: 50.5724, lon: 2.933 });
        assert_eq!((nurse.speciality.as_ref(), nurse.languages[0].as_str()), (None, "fr"));
        assert_eq!(nurse.locations[0].name, "Rue de l'Église; bâtiment B");
        let commas = "commune,lieu,nom_du_lieu,profession,nom,rpps\n59658,c,Cabinet,10,Dr B,19990000001\n";
        assert_eq!(read(commas).unwrap().len(), 1);
    }

    #[test]
    fn every_fault_is_named_at_once_with_its_line_and_column() {
        let text = format!(
            "{HEADER}1999;;?;?;français;ca binet;Cabinet;59000;50;;peut-être\n\
             19990000001;Dr B;10;;fr;cabinet;Cabinet;59658;2.93;50.57;\n\
             19990000002;Dr C;10;;fr;cabinet;Cabinet;59658;;;\n\
             19990000002;Dr D;10;;fr;annexe;Annexe;59658;;;\n\
             19990000002;Dr C;10;;fr;cabinet;Encore;59658;;;\n"
        );
        let DirectoryFaults(faults) = read(&text).unwrap_err();
        for expected in [
            "ligne 2, rpps : « 1999 »",
            "ligne 2, nom : vide",
            "ligne 2, profession : « ? »",
            "ligne 2, specialite : « ? »",
            "ligne 2, langues : « français »",
            "ligne 2, lieu : « ca binet »",
            "ligne 2, commune : « 59000 » : aucune commune",
            "ligne 2, accessible : « peut-être »",
            "ligne 3, lat : « 2.93 » : 2.93, 50.57 n'est pas à Wicres",
            "ligne 5, rpps : « 19990000002 » : une ligne plus haut",
            "ligne 6, lieu : « cabinet » : ce praticien a déjà",
        ] {
            assert!(faults.iter().any(|fault| fault.starts_with(expected)), "«{expected}» is missing: {faults:#?}");
        }
        assert_eq!(faults.len(), 11, "{faults:#?}");
    }

    #[test]
    fn a_table_of_something_else_is_told_by_its_header() {
        let DirectoryFaults(faults) = read("rpps;name\n1;2\n").unwrap_err();
        assert!(faults[0].contains("colonne inconnue « name »") && faults[1].contains("nom, profession"), "{faults:?}");
        assert!(read("").is_err());
        assert_eq!(read(HEADER), Ok(Vec::new()), "a directory may be empty");
    }
}
