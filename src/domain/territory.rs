//! A territory: the set of communes of one CPTS, never "a département" (domain.md §1.3).

use serde::{Deserialize, Serialize};

use super::{CommuneCode, Finess, TerritoryId, time::Zone};

/// A point on earth, WGS84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GeoPoint {
    /// Latitude, −90 to 90.
    pub lat: f64,
    /// Longitude, −180 to 180.
    pub lon: f64,
}

impl GeoPoint {
    /// A point, if both coordinates are in range.
    pub fn new(lat: f64, lon: f64) -> Option<Self> {
        ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)).then_some(Self { lat, lon })
    }

    /// Great-circle distance in kilometres on a sphere of 6 371 km (data.md §4).
    pub fn distance_km(self, other: Self) -> f64 {
        let (lat_a, lat_b) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = ((lat_b - lat_a) / 2.0).sin();
        let half_lon = ((other.lon - self.lon).to_radians() / 2.0).sin();
        let chord = half_lat * half_lat + lat_a.cos() * lat_b.cos() * half_lon * half_lon;
        2.0 * 6371.0 * chord.sqrt().min(1.0).asin()
    }
}

/// INSEE density class, seven levels: 1 large urban centre … 7 very dispersed rural.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct DensityClass(u8);

impl DensityClass {
    /// Rural town: the class taken where a file does not say (data/README.md).
    pub const UNKNOWN: Self = Self(5);

    /// A class from 1 to 7.
    pub fn new(class: u8) -> Option<Self> {
        (1..=7).contains(&class).then_some(Self(class))
    }
    /// 1 to 7.
    pub const fn level(self) -> u8 {
        self.0
    }
}
impl TryFrom<u8> for DensityClass {
    type Error = &'static str;
    fn try_from(class: u8) -> Result<Self, Self::Error> {
        Self::new(class).ok_or("a density class is a number from 1 to 7")
    }
}
impl From<DensityClass> for u8 {
    fn from(class: DensityClass) -> Self {
        class.0
    }
}

/// One commune or municipal arrondissement, with what travel times need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commune {
    /// INSEE code.
    pub code: CommuneCode,
    /// Its name.
    pub name: String,
    /// Postcodes.
    pub postcodes: Vec<String>,
    /// Inhabitants (population municipale).
    pub population: u32,
    /// Where it is: the village or the middle of the commune, as its source has it.
    pub point: GeoPoint,
    /// Surface in km²; none where the source has none.
    pub surface_km2: Option<f64>,
    /// Density class.
    pub density: DensityClass,
}

/// The official search radius of the SAS in a département (ANS 2025): as the crow flies, kilometres.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchRadius {
    /// The département.
    pub departement: String,
    /// First radius around the caller's commune.
    pub first_km: f64,
    /// What each widening adds.
    pub widening_km: f64,
}

/// How many professionals of a kind belong to the CPTS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Kind, a key of the generator's table: `medecin_generaliste`, `infirmier`…
    pub kind: String,
    /// Members.
    pub members: u32,
}

/// A CPTS territory.
#[derive(Debug, Clone, PartialEq)]
pub struct Territory {
    /// Its name in paths and keys.
    pub id: TerritoryId,
    /// Its name for people.
    pub name: String,
    /// Its FINESS number, once it has one (category 604).
    pub finess: Option<Finess>,
    /// Its time zone.
    pub zone: Zone,
    /// Its communes, by code.
    pub communes: Vec<Commune>,
    /// The communes that touch it.
    pub bordering_communes: Vec<CommuneCode>,
    /// Territories whose slots may be offered when ours cannot serve.
    pub neighbours: Vec<TerritoryId>,
    /// The number of the regulation in this territory, as dialled: `15`, or `116117` where in use.
    pub sas_number: String,
    /// Search radius by département.
    pub search_radius: Vec<SearchRadius>,
    /// Members by kind, for the generator; empty: estimated from the population.
    pub members: Vec<Membership>,
}

impl Territory {
    /// The commune with this code, if it belongs to the territory.
    pub fn commune(&self, code: CommuneCode) -> Option<&Commune> {
        self.communes.iter().find(|c| c.code == code)
    }

    /// The département of its first commune: whose public holidays count.
    pub fn departement(&self) -> &str {
        self.communes.first().map_or("", |commune| commune.code.departement())
    }

    /// Inhabitants.
    pub fn population(&self) -> u64 {
        self.communes.iter().map(|c| u64::from(c.population)).sum()
    }

    /// What each widening of a search adds around a commune of this département; half the first radius when the table is
    /// silent.
    pub fn widening_km(&self, departement: &str) -> f64 {
        let own = self.search_radius.iter().find(|r| r.departement == departement).map(|r| r.widening_km);
        own.filter(|km| *km > 0.0).unwrap_or_else(|| self.first_radius_km(departement) / 2.0)
    }

    /// The radius a search starts with around a commune of this département; the widest of the territory's when the
    /// département is not ours, 20 km when the table is silent (Guyane and Mayotte have no official value).
    pub fn first_radius_km(&self, departement: &str) -> f64 {
        let widest = self.search_radius.iter().map(|r| r.first_km).fold(0.0, f64::max);
        let own = self.search_radius.iter().find(|r| r.departement == departement).map(|r| r.first_km);
        match own.unwrap_or(widest) {
            radius if radius > 0.0 => radius,
            _ => 20.0,
        }
    }
}
