//! Who may still come: the forecast of matching over the requests this node knows.

use std::sync::{Arc, PoisonError};

use chrono::{DateTime, Utc};

use super::Booking;
use crate::domain::CareRequest;
use crate::geography::travel::Place;
use crate::matching::{Expected, Forecast, Observed, Seeker, forecast};

impl Booking {
    /// Whoever may still come in the hours ahead.
    pub(super) fn expected(&self, now: DateTime<Utc>) -> Vec<Expected> {
        let later = self.forecast(now).later(now, now + forecast::AHEAD);
        let expected = later.into_iter().map(|later| {
            let (arrives, probability, reach) = (later.at, later.probability, self.reach(later.place.commune));
            Expected { seeker: Seeker::expected(later, reach), arrives, probability }
        });
        expected.collect()
    }

    /// What the requests of the last weeks lead one to expect: made once a day, of the days that are over.
    fn forecast(&self, now: DateTime<Utc>) -> Arc<Forecast> {
        let zone = self.territory.zone;
        let today = zone.day(now);
        let mut known = self.forecast.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, forecast)) = known.as_ref().filter(|(day, _)| *day == today) {
            return Arc::clone(forecast);
        }
        let first = now - forecast::PAST;
        let past: Vec<Arc<CareRequest>> = self.view.read(|state| {
            let requests = state.board.all().map(|case| &case.request);
            requests.filter(|request| request.created_at >= first).cloned().collect()
        });
        let observed = past.iter().filter_map(|request| self.observed(request)).collect();
        let made = Arc::new(Forecast::of(observed, zone, self.territory.departement(), now));
        *known = Some((today, Arc::clone(&made)));
        made
    }

    fn observed(&self, request: &CareRequest) -> Option<Observed> {
        let level = request.level()?;
        let place = Place::in_commune_of(&self.territory, request.commune)?;
        Some(Observed { at: request.created_at, level, need: request.triage.care_need.clone(), place })
    }
}
