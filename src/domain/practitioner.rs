//! Practitioners and their places of practice, as the territory's directory has them.

use serde::{Deserialize, Serialize};

use super::{CommuneCode, GeoPoint, Language, LocationId, Profession, Rpps, Speciality};

/// Whoever will see the patient (effecteur). A public professional identity, not personal data of a patient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Practitioner {
    /// National number.
    pub rpps: Rpps,
    /// Name as patients read it: `Dr Jeanne Belabruc`.
    pub name: String,
    /// `TRE_G15` code.
    pub profession: Profession,
    /// `TRE_R38` code, where the profession has specialities.
    pub speciality: Option<Speciality>,
    /// Languages spoken.
    pub languages: Vec<Language>,
    /// Places of practice.
    pub locations: Vec<Location>,
    /// Made by the generator: no such person exists.
    pub synthetic: bool,
}

impl Practitioner {
    /// One of their places of practice.
    pub fn location(&self, id: &LocationId) -> Option<&Location> {
        self.locations.iter().find(|l| l.id == *id)
    }
}

/// A place of practice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Its identifier.
    pub id: LocationId,
    /// Its name: `Cabinet médical de Wavrin`.
    pub name: String,
    /// Where it is.
    pub commune: CommuneCode,
    /// Where exactly.
    pub point: GeoPoint,
    /// Whether somebody in a wheelchair gets in.
    pub accessible: bool,
}
