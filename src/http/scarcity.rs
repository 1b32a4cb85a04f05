//! Where places are missing: for whoever opens some, or asks for them.

use super::extract::At;
use super::rights::OpeningPlaces;
use super::{Reply, shown};

/// `GET T/scarcity`.
pub(super) async fn list(at: At<OpeningPlaces>) -> Reply {
    let scarcity = at.booking.scarcity().await.map_err(|f| at.failed(f))?;
    shown(&at.showing().scarcity(&scarcity))
}
