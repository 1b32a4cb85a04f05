//! Chance, from a seed. Each purpose has a stream of its own, so that drawing more for one changes nothing in another.

use chrono::{DateTime, Utc};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::{Commune, GeoPoint, TerritoryId, time};

use super::parameters::Mix;

/// A stream of chance.
#[derive(Debug, Clone)]
pub(super) struct Draws(ChaCha12Rng);

impl Draws {
    /// The stream of a purpose in a territory; of an instant too where the outcome depends on it.
    pub(super) fn new(seed: u64, territory: &TerritoryId, purpose: &str, at: Option<DateTime<Utc>>) -> Self {
        let mut digest = Sha256::new();
        digest.update(seed.to_be_bytes());
        digest.update(at.map_or(0, time::millis).to_be_bytes());
        digest.update(format!("{territory}/{purpose}"));
        Self(ChaCha12Rng::from_seed(digest.finalize().into()))
    }

    /// From 0 to less than 1.
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// Whether something of this probability happens.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        self.0.random_range(0..end)
    }

    /// One of these; none of none.
    pub(super) fn one_of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let count = u32::try_from(items.len()).ok().filter(|count| *count > 0)?;
        items.get(usize::try_from(self.below(count)).ok()?)
    }

    /// One of these, in proportion to its weight; none when no weight is above 0.
    pub(super) fn weighted<'a, T>(&mut self, items: &'a [T], weight: impl Fn(&T) -> f64) -> Option<&'a T> {
        let total: f64 = items.iter().map(&weight).sum();
        let mut left = self.unit() * total;
        let drawn = items.iter().find(|item| {
            left -= weight(item);
            left < 0.0
        });
        drawn.or_else(|| items.iter().rfind(|item| weight(item) > 0.0))
    }

    /// One value of a mix.
    pub(super) fn of(&mut self, mix: &Mix) -> &'static str {
        self.weighted(mix.shares, |(_, share)| *share).map_or("", |(value, _)| value)
    }

    /// In another order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let end = u32::try_from(last + 1).unwrap_or(u32::MAX);
            items.swap(last, usize::try_from(self.below(end)).unwrap_or(last));
        }
    }

    /// Exponential, of mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// Lognormal, by its median and its 95th percentile.
    pub(super) fn lognormal(&mut self, median: f64, p95: f64) -> f64 {
        // 1.6449: the standard normal's 95th percentile.
        let sigma = (p95 / median).ln() / 1.644_9;
        let normal = (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
        median * (sigma * normal).exp()
    }

    /// Gamma of mean 1, by its coefficient of variation (Erlang: the nearest whole shape).
    pub(super) fn gamma(&mut self, variation: f64) -> f64 {
        if variation <= 0.0 {
            return 1.0;
        }
        let shape = super::parameters::rounded(1.0 / (variation * variation)).max(1);
        (0..shape).map(|_| self.exponential()).sum::<f64>() / f64::from(shape)
    }

    /// A point of the commune: its own, and uniform noise in a disc of 0.3 × √surface, 1.5 km at most in towns (data.md §5);
    /// 1 km where the surface is not known.
    pub(super) fn point_in(&mut self, commune: &Commune) -> GeoPoint {
        let radius = commune.surface_km2.map_or(1.0, |surface| 0.3 * surface.sqrt());
        let radius = if commune.density.level() <= 4 { radius.min(1.5) } else { radius };
        let distance = radius * self.unit().sqrt();
        let bearing = std::f64::consts::TAU * self.unit();
        // Kilometres in a degree of latitude on the sphere of `GeoPoint::distance_km`.
        let degree = 6371.0_f64.to_radians();
        let lat = commune.point.lat + distance * bearing.cos() / degree;
        let lon = commune.point.lon + distance * bearing.sin() / (degree * commune.point.lat.to_radians().cos());
        let cut = |degrees: f64| (degrees * 1e5).round() / 1e5;
        GeoPoint::new(cut(lat), cut(lon)).unwrap_or(commune.point)
    }

    /// An identifier in the form of a UUID version 7 of this instant.
    pub(super) fn uuid(&mut self, at: DateTime<Utc>) -> Uuid {
        let mut bytes = [0; 10];
        self.0.fill_bytes(&mut bytes);
        let millis = u64::try_from(time::millis(at)).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(seed: u64) -> Draws {
        Draws::new(seed, &"weppes".parse().unwrap(), "test", None)
    }

    #[test]
    fn a_seed_gives_the_same_draws_and_another_seed_others() {
        let first = |seed| draws(seed).unit();
        assert_eq!(first(1).to_bits(), first(1).to_bits());
        assert_ne!(first(1).to_bits(), first(2).to_bits());
        let at = Some("2026-11-24T08:00:00Z".parse().unwrap());
        let dated = Draws::new(1, &"weppes".parse().unwrap(), "test", at).unit();
        assert_ne!(first(1).to_bits(), dated.to_bits());
    }

    #[test]
    fn distributions_have_the_means_they_promise() {
        let mut draws = draws(7);
        let mean = |draw: &mut dyn FnMut() -> f64| (0..20_000).map(|_| draw()).sum::<f64>() / 20_000.0;
        assert!((mean(&mut || draws.gamma(0.25)) - 1.0).abs() < 0.01);
        assert!((mean(&mut || draws.exponential()) - 1.0).abs() < 0.03);
        let below_median = mean(&mut || f64::from(u8::from(draws.lognormal(20.0, 45.0) < 20.0)));
        assert!((below_median - 0.5).abs() < 0.02, "{below_median}");
        let beyond = mean(&mut || f64::from(u8::from(draws.lognormal(20.0, 45.0) > 45.0)));
        assert!((beyond - 0.05).abs() < 0.01, "{beyond}");
        let second = mean(&mut || f64::from(u8::from(draws.weighted(&[1.0, 3.0, 0.0], |w| *w) == Some(&3.0))));
        assert!((second - 0.75).abs() < 0.02, "{second}");
    }
}
