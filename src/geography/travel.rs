//! How long the road takes, without a routing engine: distances and speeds by density class.
//!
//! Good enough to rank and to bound, not to send a vehicle out: no rivers, bridges or passes, and radial trips into a dense
//! centre come out too long (Langres to Dijon 72 minutes, in truth about 55). Fitted on three published shares of
//! population (DREES, *Déserts médicaux*, May 2017): 2.2 % over 10 minutes from a GP (published 2 %), 2.4 % from a pharmacy
//! (2.5 %), 6.1 % over 30 minutes from an emergency department (6 %). A real engine comes behind [`TravelTime`].

use std::fmt;

use chrono::{NaiveTime, Timelike};

use crate::domain::{Commune, CommuneCode, DensityClass, GeoPoint, Territory};

use super::{Gazetteer, KnownCommune};

/// One end of a trip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// The commune it lies in.
    pub commune: CommuneCode,
    /// Where it is.
    pub point: GeoPoint,
    /// Whether `point` is the place itself (an address, a practice) and not just its commune's point.
    pub point_is_exact: bool,
    /// Its commune's density class.
    pub density: DensityClass,
    /// Its commune's surface, where known.
    pub surface_km2: Option<f64>,
}

impl Place {
    /// Somewhere in a commune of a territory.
    pub fn in_commune(commune: &Commune) -> Self {
        Self {
            commune: commune.code,
            point: commune.point,
            point_is_exact: false,
            density: commune.density,
            surface_km2: commune.surface_km2,
        }
    }

    /// Somewhere in any French commune; none where its point is not known.
    pub fn in_known_commune(commune: &KnownCommune) -> Option<Self> {
        Some(Self {
            commune: commune.code,
            point: commune.point?,
            point_is_exact: false,
            density: commune.density,
            surface_km2: commune.surface_km2,
        })
    }

    /// Somewhere in a commune, as the territory knows it or else the country; none where nobody does.
    pub fn in_commune_of(territory: &Territory, commune: CommuneCode) -> Option<Self> {
        match territory.commune(commune) {
            Some(own) => Some(Self::in_commune(own)),
            None => Gazetteer::national().by_code(commune).and_then(Self::in_known_commune),
        }
    }

    /// A place by its commune and, where `exact`, by this very point; in a commune nobody knows the point is all there is.
    pub fn located(territory: &Territory, commune: CommuneCode, point: GeoPoint, exact: bool) -> Self {
        match Self::in_commune_of(territory, commune) {
            Some(place) if exact => place.at(point),
            Some(place) => place,
            None => Self::unknown(commune, point),
        }
    }

    /// A point in a commune nobody knows: taken for a rural town (data/README of the sources: class 5 where none is given).
    pub fn unknown(commune: CommuneCode, point: GeoPoint) -> Self {
        Self { commune, point, point_is_exact: true, density: DensityClass::UNKNOWN, surface_km2: None }
    }

    /// The same commune, at this very point.
    pub fn at(self, point: GeoPoint) -> Self {
        Self { point, point_is_exact: true, ..self }
    }
}

/// Whatever tells how long a trip takes by car.
pub trait TravelTime: Send + Sync + fmt::Debug {
    /// Minutes on an empty road, without parking.
    fn free_minutes(&self, from: &Place, to: &Place) -> f64;

    /// Whether this is a rush hour: between two places, all trips at a rush hour take the same time, and all others too.
    fn rush_hour(&self, local: NaiveTime) -> bool;

    /// Minutes from door to door, as shown to people, leaving at this hour of the territory's clock.
    fn door_to_door_minutes(&self, from: &Place, to: &Place, local: NaiveTime) -> f64;
}

/// Minutes as a screen shows them: whole, and never 0 for somebody who has to move.
pub fn displayed(minutes: f64) -> u16 {
    let whole = minutes.clamp(1.0, 9_999.0).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1..=9999 just above")]
    let shown = whole as u16;
    shown
}

/// The road model (data.md §4).
#[derive(Debug, Clone, Copy, Default)]
pub struct RoadModel;

/// Factors by road class, from the centre of a large town (0) to very dispersed countryside (5).
const DETOUR: [f64; 6] = [1.25, 1.28, 1.30, 1.32, 1.35, 1.38];
/// km/h over the first 5 km of road.
const LOCAL_SPEED: [f64; 6] = [21.0, 28.0, 34.0, 41.0, 46.0, 50.0];
/// km/h from 5 to 25 km.
const MIDDLE_SPEED: [f64; 6] = [41.0, 53.0, 61.0, 68.0, 73.0, 73.0];
/// km/h beyond 25 km.
const FAST_SPEED: f64 = 91.0;
const LOCAL_KM: f64 = 5.0;
const MIDDLE_KM: f64 = 20.0;
/// Mean distance to the centre of a disc, for a surface of 1 (same commune, points unknown).
const WITHIN_COMMUNE: f64 = 0.376;

/// From door to door: everyday slowness, and at rush hour in a town. An engineering choice, not calibrated (data.md §4, 6).
const EVERYDAY: f64 = 1.15;
const RUSH_HOUR: f64 = 1.3;
const PARKING_MINUTES: f64 = 3.0;
const PARKING_MINUTES_IN_LARGE_TOWN: f64 = 5.0;

impl RoadModel {
    /// Kilometres by road.
    pub fn road_km(&self, from: &Place, to: &Place) -> f64 {
        crow_km(from, to) * mean(from, to, relief) * mean(from, to, |place| DETOUR[road_class(place.density)])
    }
}

impl TravelTime for RoadModel {
    fn free_minutes(&self, from: &Place, to: &Place) -> f64 {
        let road = self.road_km(from, to);
        let local_speed = mean(from, to, |place| LOCAL_SPEED[road_class(place.density)]);
        let middle_speed = mean(from, to, |place| MIDDLE_SPEED[road_class(place.density)]);
        60.0 * (road.min(LOCAL_KM) / local_speed
            + (road - LOCAL_KM).clamp(0.0, MIDDLE_KM) / middle_speed
            + (road - LOCAL_KM - MIDDLE_KM).max(0.0) / FAST_SPEED)
    }

    fn rush_hour(&self, local: NaiveTime) -> bool {
        is_rush_hour(local)
    }

    /// Rush hour counts where either end lies in a town (class 1 or 2), parking at the end one drives to.
    fn door_to_door_minutes(&self, from: &Place, to: &Place, local: NaiveTime) -> f64 {
        let in_town = from.density.min(to.density).level() <= 2;
        let slowness = if in_town && is_rush_hour(local) { RUSH_HOUR } else { EVERYDAY };
        let parking = if to.density.level() == 1 { PARKING_MINUTES_IN_LARGE_TOWN } else { PARKING_MINUTES };
        slowness * self.free_minutes(from, to) + parking
    }
}

/// Kilometres as the crow flies. Inside one commune, where an end is only "somewhere in it", the mean distance to its
/// centre.
fn crow_km(from: &Place, to: &Place) -> f64 {
    let both_exact = from.point_is_exact && to.point_is_exact;
    match from.surface_km2.or(to.surface_km2) {
        Some(surface) if from.commune == to.commune && !both_exact => WITHIN_COMMUNE * surface.sqrt(),
        _ => from.point.distance_km(to.point),
    }
}

/// 7:00–9:00 and 16:30–19:00.
fn is_rush_hour(local: NaiveTime) -> bool {
    let minute = local.num_seconds_from_midnight() / 60;
    (7 * 60..9 * 60).contains(&minute) || (16 * 60 + 30..19 * 60).contains(&minute)
}

fn mean(from: &Place, to: &Place, factor: impl Fn(&Place) -> f64) -> f64 {
    f64::midpoint(factor(from), factor(to))
}

fn road_class(density: DensityClass) -> usize {
    match density.level() {
        1 => 0,
        2 => 1,
        3 | 4 => 2,
        5 => 3,
        6 => 4,
        _ => 5,
    }
}

/// How much mountains lengthen the road, by département. 1.45 and 1.15 were set by hand on published shares of people over
/// 30 minutes from an emergency department; 1.10 is checked against nothing.
fn relief(place: &Place) -> f64 {
    match place.commune.departement() {
        "2A" | "2B" => 1.45,
        "15" | "43" | "48" => 1.15,
        "04" | "05" | "06" | "07" | "09" | "12" | "26" | "38" | "63" | "65" | "66" | "73" | "74" | "88" => 1.10,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::Gazetteer;

    fn place(code: &str) -> Place {
        Place::in_known_commune(Gazetteer::national().by_code(code.parse().unwrap()).unwrap()).unwrap()
    }

    fn at(time: &str) -> NaiveTime {
        time.parse().unwrap()
    }

    /// The control vectors of data.md §4: crow-fly km, road km, free minutes.
    #[test]
    fn the_road_model_gives_its_control_vectors() {
        for (from, to, crow, road, minutes) in [
            ("59653", "59560", 7.76, 10.00, 14.95),
            ("21317", "21231", 23.09, 29.43, 37.36),
            ("52269", "21231", 63.76, 81.30, 71.56),
            ("21038", "21231", 32.12, 40.95, 44.96),
            ("75113", "75105", 1.97, 2.47, 7.05),
            ("48061", "48095", 25.54, 38.47, 35.49),
        ] {
            let (from, to) = (place(from), place(to));
            for (a, b) in [(&from, &to), (&to, &from)] {
                assert!((crow_km(a, b) - crow).abs() < 0.01, "{crow}: {}", crow_km(a, b));
                assert!((RoadModel.road_km(a, b) - road).abs() < 0.01, "{road}: {}", RoadModel.road_km(a, b));
                assert!((RoadModel.free_minutes(a, b) - minutes).abs() < 0.01, "{minutes}");
            }
        }
    }

    #[test]
    fn within_a_commune_the_size_of_the_commune_counts_unless_both_points_are_known() {
        let wavrin = place("59653");
        assert!((crow_km(&wavrin, &wavrin) - 0.376 * 13.55_f64.sqrt()).abs() < 1e-9);
        let here = wavrin.at(GeoPoint::new(50.5724, 2.9330).unwrap());
        let there = wavrin.at(GeoPoint::new(50.5724, 2.9472).unwrap());
        assert!((crow_km(&here, &there) - 1.003).abs() < 0.01);
        assert!((crow_km(&here, &wavrin) - 0.376 * 13.55_f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn rush_hour_slows_only_towns_and_parking_is_slower_in_a_large_one() {
        let (wavrin, seclin, dijon) = (place("59653"), place("59560"), place("21231"));
        let free = RoadModel.free_minutes(&wavrin, &seclin);
        let shown = |from, to, time| RoadModel.door_to_door_minutes(from, to, at(time));
        for (time, factor) in [
            ("06:59:59", 1.15),
            ("07:00:00", 1.3),
            ("08:59:59", 1.3),
            ("09:00:00", 1.15),
            ("16:29:59", 1.15),
            ("16:30:00", 1.3),
            ("18:59:59", 1.3),
            ("19:00:00", 1.15),
        ] {
            assert!((shown(&wavrin, &seclin, time) - (factor * free + 3.0)).abs() < 1e-9, "{time}");
        }
        let don = place("59670");
        let country = RoadModel.free_minutes(&wavrin, &don);
        assert!((shown(&wavrin, &don, "08:00:00") - (1.15 * country + 3.0)).abs() < 1e-9);
        let to_town = RoadModel.free_minutes(&wavrin, &dijon);
        assert!((shown(&wavrin, &dijon, "12:00:00") - (1.15 * to_town + 5.0)).abs() < 1e-9);
    }

    #[test]
    fn minutes_are_shown_whole() {
        assert_eq!([displayed(0.2), displayed(14.5), displayed(1e9)], [1, 15, 9_999]);
    }
}
