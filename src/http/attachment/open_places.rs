//! The places a doctor opens.

use super::reading::read_places;
use crate::domain::Rpps;
use crate::http::extract::{At, Body, PathId};
use crate::http::problem::Problem;
use crate::http::rights::{Practising, ProposalReading};
use crate::http::{Reply, shown};

/// `PUT T/mt/places/{rpps}`.
pub(in crate::http) async fn put(at: At<Practising>, rpps: PathId<Rpps>, body: Body) -> Reply {
    let order = body.read(|f| read_places(f, rpps.0))?;
    let opened = at.booking.open_places(&body.call(&at.caller), order).await.map_err(|f| at.failed(f))?;
    shown(&at.showing().open_places(&opened))
}

/// `GET T/mt/places/{rpps}`: what a doctor opens, and what is left this month.
pub(in crate::http) async fn one(at: At<ProposalReading>, rpps: PathId<Rpps>) -> Reply {
    let theirs = at.caller.rpps().is_none_or(|own| own == rpps.0);
    let known = at.booking.view.read(|state| state.attachments.places_of(rpps.0).map(|known| known.record.clone()));
    let places = known.filter(|_| theirs).ok_or_else(|| Problem::not_found("Les places de ce médecin"))?;
    shown(&at.showing().open_places(&places))
}
