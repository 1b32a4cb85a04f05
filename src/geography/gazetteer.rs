//! Every French commune and municipal arrondissement, compiled in: does this code exist, what is it called, where is it.
//!
//! A commune may have no known point (the caller then asks for coordinates), and most have neither surface nor density
//! class here: the files that may be shipped do not have them (`fixtures/README.md`). A territory file knows more of its
//! own communes; ask it first.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::domain::{CommuneCode, DensityClass, GeoPoint};

const ADMIN: &str = include_str!("../../fixtures/communes/communes_admin.csv");
const POINTS: &str = include_str!("../../fixtures/communes/communes_points.csv");
const FACTS: &str = include_str!("../../fixtures/communes/communes_facts.csv");

static NATIONAL: LazyLock<Gazetteer> = LazyLock::new(Gazetteer::compiled_in);

/// A commune or municipal arrondissement, with what is known of it everywhere in France.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownCommune {
    /// INSEE code.
    pub code: CommuneCode,
    /// Its name.
    pub name: Box<str>,
    /// Postcodes.
    pub postcodes: Vec<Box<str>>,
    /// Inhabitants (population municipale 2023).
    pub population: u32,
    /// Whether it is an arrondissement of Paris, Lyon or Marseille, counted in its commune's population too.
    pub arrondissement: bool,
    /// Where it is; none where no shipped source says.
    pub point: Option<GeoPoint>,
    /// Surface in km², where known.
    pub surface_km2: Option<f64>,
    /// Density class; [`DensityClass::UNKNOWN`] where no shipped source says.
    pub density: DensityClass,
}

/// All of them.
#[derive(Debug)]
pub struct Gazetteer {
    communes: Vec<KnownCommune>,
    by_code: HashMap<CommuneCode, usize>,
    folded: Vec<Box<str>>,
}

impl Gazetteer {
    /// The list compiled into the program, parsed on first use.
    pub fn national() -> &'static Self {
        &NATIONAL
    }

    /// The commune with this code.
    pub fn by_code(&self, code: CommuneCode) -> Option<&KnownCommune> {
        self.by_code.get(&code).map(|index| &self.communes[*index])
    }

    /// Whether this code exists.
    pub fn knows(&self, code: CommuneCode) -> bool {
        self.by_code.contains_key(&code)
    }

    /// Every commune, by code.
    pub fn all(&self) -> &[KnownCommune] {
        &self.communes
    }

    /// Communes whose name or postcode begins with `text`, the most populous first. Case, accents, hyphens and
    /// apostrophes do not count.
    pub fn search(&self, text: &str, limit: usize) -> Vec<&KnownCommune> {
        let wanted = fold(text);
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<&KnownCommune> = self
            .communes
            .iter()
            .zip(&self.folded)
            .filter(|(commune, name)| {
                name.starts_with(&wanted) || commune.postcodes.iter().any(|postcode| postcode.starts_with(&wanted))
            })
            .map(|(commune, _)| commune)
            .collect();
        found.sort_by_key(|commune| (std::cmp::Reverse(commune.population), commune.code));
        found.truncate(limit);
        found
    }

    /// The commune whose known point is nearest: which commune a bare point most likely lies in. An estimate, since no
    /// contour is shipped; none farther than 30 km, which is abroad or at sea.
    pub fn nearest(&self, point: GeoPoint) -> Option<&KnownCommune> {
        self.communes
            .iter()
            .filter_map(|commune| commune.point.map(|at| (point.distance_km(at), commune)))
            .filter(|(distance, _)| *distance <= 30.0)
            .min_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, commune)| commune)
    }

    fn compiled_in() -> Self {
        let mut communes: Vec<KnownCommune> = lines(ADMIN).filter_map(|columns| administrative(&columns)).collect();
        communes.sort_by_key(|commune| commune.code);
        let by_code: HashMap<CommuneCode, usize> =
            communes.iter().enumerate().map(|(index, commune)| (commune.code, index)).collect();
        let index_of = |code: &str| by_code.get(&code.parse().ok()?).copied();
        for columns in lines(POINTS) {
            if let [code, _, _, _, _, _, lat, lon, _] = columns[..]
                && let Some(index) = index_of(code)
            {
                communes[index].point = point(lat, lon);
            }
        }
        for columns in lines(FACTS) {
            if let [code, lat, lon, surface, density] = columns[..]
                && let Some(index) = index_of(code)
            {
                let commune = &mut communes[index];
                commune.point = point(lat, lon);
                commune.surface_km2 = surface.parse().ok();
                commune.density = density.parse().ok().and_then(DensityClass::new).unwrap_or(DensityClass::UNKNOWN);
            }
        }
        let folded = communes.iter().map(|commune| fold(&commune.name).into()).collect();
        Self { communes, by_code, folded }
    }
}

/// The columns of each line after the first. The shipped files quote nothing (a test holds that).
fn lines(file: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    file.lines().skip(1).map(|line| line.split(',').collect())
}

fn administrative(columns: &[&str]) -> Option<KnownCommune> {
    let [code, kind, name, _, postcodes, population, _] = *columns else { return None };
    Some(KnownCommune {
        code: code.parse().ok()?,
        name: name.into(),
        postcodes: postcodes.split('|').filter(|p| !p.is_empty()).map(Into::into).collect(),
        population: population.parse().unwrap_or(0),
        arrondissement: kind == "ARM",
        point: None,
        surface_km2: None,
        density: DensityClass::UNKNOWN,
    })
}

fn point(lat: &str, lon: &str) -> Option<GeoPoint> {
    GeoPoint::new(lat.parse().ok()?, lon.parse().ok()?)
}

/// A name as people type it: lower case, no accents, no punctuation.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.trim().chars().flat_map(char::to_lowercase) {
        match letter {
            'à' | 'â' | 'ä' | 'á' => folded.push('a'),
            'ç' => folded.push('c'),
            'é' | 'è' | 'ê' | 'ë' => folded.push('e'),
            'î' | 'ï' | 'í' => folded.push('i'),
            'ô' | 'ö' | 'ó' => folded.push('o'),
            'ù' | 'û' | 'ü' | 'ú' => folded.push('u'),
            'ÿ' => folded.push('y'),
            'ñ' => folded.push('n'),
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            '-' | '\'' | '’' | ' ' => {
                if !folded.is_empty() && !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
            other => folded.push(other),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_code(code: &str) -> Option<&'static KnownCommune> {
        Gazetteer::national().by_code(code.parse().unwrap())
    }

    #[test]
    fn every_commune_and_arrondissement_is_there_once() {
        let all = Gazetteer::national().all();
        assert_eq!(all.len(), 34_875 + 45);
        assert_eq!(all.iter().filter(|c| c.arrondissement).count(), 45);
        let population: u64 = all.iter().filter(|c| !c.arrondissement).map(|c| u64::from(c.population)).sum();
        assert_eq!(population, 68_350_798);
        assert!(all.iter().filter(|c| c.point.is_some()).count() > 13_000);
        for file in [ADMIN, POINTS, FACTS] {
            assert!(!file.contains('"'), "a quoted field would need a real CSV reader");
        }
    }

    #[test]
    fn a_commune_says_what_is_known_of_it() {
        let wavrin = by_code("59653").unwrap();
        assert_eq!((&*wavrin.name, wavrin.population, wavrin.density.level()), ("Wavrin", 7758, 4));
        assert_eq!(wavrin.surface_km2, Some(13.55));
        assert_eq!(wavrin.point, GeoPoint::new(50.5724, 2.933));
        // A part of Paris, Corsica, overseas: codes like any other.
        assert_eq!(&*by_code("75113").unwrap().name, "Paris 13e Arrondissement");
        assert!(by_code("2A004").is_some() && by_code("97411").is_some());
        let ordinary = by_code("01001").unwrap();
        assert_eq!((ordinary.point, ordinary.surface_km2, ordinary.density.level()), (None, None, 5));
        assert_eq!(by_code("59999"), None);
    }

    #[test]
    fn a_name_is_found_as_people_type_it() {
        let names =
            |text: &str| -> Vec<&str> { Gazetteer::national().search(text, 3).into_iter().map(|c| &*c.name).collect() };
        assert_eq!(names("ennetieres en"), ["Ennetières-en-Weppes"]);
        assert_eq!(names("  SAINGHIN-EN-W "), ["Sainghin-en-Weppes"]);
        assert_eq!(names("annoeullin"), ["Annœullin"]);
        assert!(names("59136").contains(&"Wavrin"));
        assert!(names(" ").is_empty());
    }

    #[test]
    fn a_bare_point_gets_the_commune_it_most_likely_lies_in() {
        let nearest = |lat, lon| Gazetteer::national().nearest(GeoPoint::new(lat, lon).unwrap());
        assert_eq!(nearest(50.5730, 2.9340).unwrap().code.as_str(), "59653");
        assert_eq!(nearest(47.0, -15.0), None);
    }
}
