//! Which instances are made, and what all of them are made from: a real territory, and chance from a seed.

use std::path::Path;

use aiguilleur::domain::{Commune, GeoPoint, Territory};
use aiguilleur::geography::builtin;
use aiguilleur::geography::travel::{Place, RoadModel, TravelTime as _};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use serde_json::Value;

use crate::panel::Panel;
use crate::urgent::{Groups, Urgent};
use crate::{panel, urgent};

/// Writes every instance of the table into a folder: several seeds of each size.
pub(crate) fn generate(folder: &Path, quick: bool) {
    std::fs::create_dir_all(folder).expect("a folder");
    let weppes = builtin::load("weppes").expect("compiled in");
    let seeds = if quick { 2 } else { 20 };
    let write = |name: String, document: Value| {
        std::fs::write(folder.join(format!("{name}.json")), document.to_string()).expect("written");
    };
    for (requests, slots) in [(120, 800), (300, 2_000), (500, 3_000), (500, 500)] {
        for groups in Groups::ALL {
            for seed in 0..seeds {
                let of = Urgent { requests, slots, groups, seed };
                write(format!("u-{requests}x{slots}-{groups}-{seed}"), urgent::instance(&weppes, of));
            }
        }
    }
    let panels = [(630, 12, seeds), (2_000, 60, seeds), (10_000, 200, if quick { 1 } else { 5 }), (20_000, 300, 1)];
    for (patients, doctors, seeds) in panels {
        for seed in 0..seeds {
            write(
                format!("m-{patients}x{doctors}-{seed}"),
                panel::instance(&weppes, Panel { patients, doctors, seed }),
            );
        }
    }
}

/// Chance, and the places of a territory to draw from.
pub(crate) struct Draw<'a> {
    chance: ChaCha12Rng,
    territory: &'a Territory,
}

impl<'a> Draw<'a> {
    pub(crate) fn new(territory: &'a Territory, seed: u64) -> Self {
        Self { chance: ChaCha12Rng::seed_from_u64(seed), territory }
    }

    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.chance.random::<f64>() < probability
    }

    pub(crate) fn below(&mut self, end: i64) -> i64 {
        self.chance.random_range(0..end)
    }

    /// The first of these shares that chance falls into.
    pub(crate) fn share(&mut self, shares: &[f64]) -> usize {
        let mut left = self.chance.random::<f64>() * shares.iter().sum::<f64>();
        for (place, share) in shares.iter().enumerate() {
            left -= share;
            if left < 0.0 {
                return place;
            }
        }
        shares.len() - 1
    }

    /// Somewhere in the territory, as people are spread over it.
    pub(crate) fn place(&mut self) -> Place {
        let people: Vec<f64> = self.territory.communes.iter().map(|commune| f64::from(commune.population)).collect();
        let commune: &Commune = &self.territory.communes[self.share(&people)];
        // Within two kilometres of the middle of the commune.
        let mut near = |degrees: f64| (self.chance.random::<f64>() - 0.5) * degrees;
        let point = GeoPoint::new(commune.point.lat + near(0.036), commune.point.lon + near(0.056));
        let place = Place::in_commune(commune);
        point.map_or(place, |point| place.at(point))
    }
}

/// Whole minutes by road.
pub(crate) fn minutes(from: &Place, to: &Place) -> i64 {
    let minutes = RoadModel.free_minutes(from, to).round();
    #[expect(clippy::cast_possible_truncation, reason = "minutes within a territory are few")]
    let whole = minutes as i64;
    whole
}
