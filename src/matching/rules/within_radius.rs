//! The slot is inside the official search radius of the SAS around the patient, widened step by step as long as nothing
//! suits. A caller who says how long they can travel has answered the question better: then the radius is not asked.

use super::{Pair, Rule};
use crate::matching::Seeker;

/// How often a search may be widened: our assumption.
const WIDENINGS_MAX: u8 = 4;

pub(super) const RULE: Rule = Rule {
    code: "within_radius",
    requirement: "Le lieu doit se trouver dans le rayon de recherche autour du patient.",
    holds: |pair: &Pair<'_>| {
        pair.seeker.constraints.max_travel_minutes.is_some() || pair.distance_km <= furthest_km(pair.seeker)
    },
    needs_travel: true,
};

fn furthest_km(seeker: &Seeker) -> f64 {
    seeker.radius_km + f64::from(WIDENINGS_MAX) * seeker.widening_km
}

/// The radius a search ends with when its nearest suitable slot is `nearest_km` away: the first, or the first widened just
/// enough.
pub(in crate::matching) fn widened(seeker: &Seeker, nearest_km: f64) -> f64 {
    if seeker.constraints.max_travel_minutes.is_some() {
        return f64::INFINITY;
    }
    (0..=WIDENINGS_MAX)
        .map(|steps| seeker.radius_km + f64::from(steps) * seeker.widening_km)
        .find(|radius| nearest_km <= *radius)
        .unwrap_or_else(|| furthest_km(seeker))
}
