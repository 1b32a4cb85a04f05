//! Where places are missing, on the wire.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;

use super::request::ReasonShown;

/// Where places are missing.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Scarcity)]
pub struct ScarcityShown {
    /// Where one place more helps most, the best first.
    pub items: Vec<ScarceShown>,
    /// Whether the plan behind it is proved optimal; if not, nothing is listed.
    pub optimal: bool,
    /// The instant of the plan.
    pub as_of: DateTime<FixedOffset>,
}

/// Places of a profession, somewhere, in a part of a day, all of them wanted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Scarce)]
pub struct ScarceShown {
    /// Profession (`TRE_G15`).
    pub profession: String,
    /// INSEE code of the commune one has to go to; null by video.
    pub commune: Option<String>,
    /// Name of the commune; null by video.
    pub commune_name: Option<String>,
    /// Begin of the part of the day: midnight, noon or 18:00.
    pub from: DateTime<FixedOffset>,
    /// Its end.
    pub to: DateTime<FixedOffset>,
    /// Free places there are; null for practitioners, whom colleagues' agendas do not concern.
    pub free: Option<usize>,
    /// Points all requests together gain by one more; one point is five seconds of travel.
    pub gain_points: i64,
    /// Waiting requests that would have a place with one more.
    pub served: usize,
    /// What one more would bring, in a sentence.
    pub reason: ReasonShown,
}
