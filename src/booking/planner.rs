//! One plan for everybody who waits. Solves of one territory are coalesced: whoever asks while a solve runs shares the next
//! one, so fifty losers of one slot cost one solve.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Booking, Failure};
use crate::domain::{CareRequest, CommuneCode, GeoPoint, PatientFacts, Practitioner, Refusal, RequestId, Role, Slot};
use crate::geography::Gazetteer;
use crate::geography::travel::Place;
use crate::matching::pool::Taken;
use crate::matching::seeker::Reach;
use crate::matching::suitable::broken_rule;
use crate::matching::{Candidate, Expected, Forecast, Observed, Pool, Problem, Seeker, forecast};
use crate::views::Case;

/// Takes turns at solving.
#[derive(Debug, Default)]
pub(super) struct Planner {
    /// How many asked so far.
    asked: AtomicU64,
    turn: tokio::sync::Mutex<()>,
    latest: Mutex<Option<Latest>>,
}

#[derive(Debug, Clone)]
struct Latest {
    /// How many had asked when this solve read its data: it answers all of them.
    answers: u64,
    pool: Arc<Pool>,
}

impl Planner {
    /// A plan made from what was known when this was called, or later.
    async fn plan<F, E>(&self, solve: F) -> Result<Arc<Pool>, E>
    where
        F: Future<Output = Result<Pool, E>>,
    {
        let ticket = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let _turn = self.turn.lock().await;
        if let Some(latest) = self.latest().filter(|latest| latest.answers >= ticket) {
            return Ok(latest.pool);
        }
        let answers = self.asked.load(Ordering::SeqCst);
        let pool = Arc::new(solve.await?);
        *self.lock() = Some(Latest { answers, pool: pool.clone() });
        Ok(pool)
    }

    fn latest(&self) -> Option<Latest> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Latest>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Booking {
    /// A plan for everybody who waits now.
    pub(super) async fn plan(&self, budget: Duration) -> Result<Arc<Pool>, Failure> {
        self.planner
            .plan(async {
                let now = self.now();
                self.solve(self.problem(now), now, budget).await
            })
            .await
    }

    /// A plan in which this request has a promise, to see whether it could be kept. It is nobody else's.
    pub(super) async fn plan_with_promise(&self, request: RequestId, notice: TimeDelta) -> Result<Pool, Failure> {
        let now = self.now();
        let mut problem = self.problem(now);
        for seeker in problem.seekers.iter_mut().filter(|seeker| seeker.request == request) {
            *seeker = seeker.clone().promised(notice, now);
        }
        self.solve(problem, now, self.policy.budget).await
    }

    /// Everybody who waits and may come, and every free place.
    fn problem(&self, now: DateTime<Utc>) -> Problem {
        let (seekers, expected) = (self.seekers(now), self.expected(now));
        let (candidates, taken) = self.candidates(now);
        Problem { seekers, expected, candidates, taken }
    }

    async fn solve(&self, problem: Problem, now: DateTime<Utc>, budget: Duration) -> Result<Pool, Failure> {
        let travel = self.travel.clone();
        let solved = tokio::task::spawn_blocking(move || Pool::solve(problem, travel.as_ref(), now, budget));
        match solved.await {
            Ok(Ok(pool)) => Ok(pool),
            Ok(Err(unsound)) => {
                tracing::error!(territory = %self.territory.id, %unsound, "the pool made no sound instance");
                Err(Failure::Solver)
            }
            Err(panicked) => {
                tracing::error!(territory = %self.territory.id, %panicked, "the optimiser stopped");
                Err(Failure::Solver)
            }
        }
    }

    /// The last plan made, whatever its age: what the board says of each request.
    pub fn last_plan(&self) -> Option<Arc<Pool>> {
        self.planner.latest().map(|latest| latest.pool)
    }

    /// Everybody who waits for a place.
    fn seekers(&self, now: DateTime<Utc>) -> Vec<Seeker> {
        let waiting: Vec<Case> = self.view.read(|state| state.board.waiting(now).cloned().collect());
        waiting.iter().filter_map(|case| self.seeker(&case.request, case.facts.as_ref()?, now)).collect()
    }

    /// What one request looks for.
    pub(super) fn seeker(
        &self,
        request: &CareRequest,
        facts: &Arc<PatientFacts>,
        now: DateTime<Utc>,
    ) -> Option<Seeker> {
        let place = self.place(request.commune, Some(facts.point).filter(|_| facts.point_is_exact), facts.point);
        Seeker::new(request, facts, place, self.reach(request.commune), now)
    }

    fn reach(&self, commune: CommuneCode) -> Reach {
        let departement = commune.departement();
        Reach {
            radius_km: self.territory.first_radius_km(departement),
            widening_km: self.territory.widening_km(departement),
        }
    }

    /// Whoever may still come in the hours ahead.
    fn expected(&self, now: DateTime<Utc>) -> Vec<Expected> {
        let later = self.forecast(now).later(now, now + forecast::AHEAD);
        let expected = later.into_iter().map(|later| Expected {
            arrives: later.at,
            probability: later.probability,
            seeker: {
                let reach = self.reach(later.place.commune);
                Seeker::expected(later, reach)
            },
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
        let departement = self.territory.communes.first().map_or("", |commune| commune.code.departement());
        let made = Arc::new(Forecast::of(observed, zone, departement, now));
        *known = Some((today, Arc::clone(&made)));
        made
    }

    fn observed(&self, request: &CareRequest) -> Option<Observed> {
        let level = request.level()?;
        let place = self.known_place(request.commune)?;
        Some(Observed { at: request.created_at, level, need: request.triage.care_need.clone(), place })
    }

    /// Every free place ahead, and how many places are gone by practitioner and day.
    fn candidates(&self, now: DateTime<Utc>) -> (Vec<Candidate>, Taken) {
        let zone = self.territory.zone;
        let (today, horizon) = (zone.midnight(zone.day(now)), now + self.policy.horizon);
        let mut taken = Taken::new();
        let mut free = Vec::new();
        self.view.read(|state| {
            for placed in state.slots.starting_in(today, horizon) {
                let slot = &placed.slot;
                let gone = slot.taken(now);
                if gone > 0 {
                    *taken.entry((slot.practitioner, zone.day(slot.start))).or_default() += gone;
                }
                if slot.places_left(now) > 0 {
                    free.extend(state.directory.get(slot.practitioner).map(|who| (slot.clone(), who.clone())));
                }
            }
        });
        (free.into_iter().filter_map(|(slot, practitioner)| self.candidate(slot, practitioner)).collect(), taken)
    }

    fn candidate(&self, slot: Arc<Slot>, practitioner: Arc<Practitioner>) -> Option<Candidate> {
        let location = practitioner.location(&slot.location)?;
        let place = self.place(location.commune, Some(location.point), location.point);
        Candidate::new(slot, practitioner, place, self.territory.zone)
    }

    /// A place by its commune, as exactly as it is known; a commune nobody knows is taken for a rural town at that point.
    fn place(&self, commune: CommuneCode, exact: Option<GeoPoint>, somewhere: GeoPoint) -> Place {
        match (self.known_place(commune), exact) {
            (Some(place), Some(point)) => place.at(point),
            (Some(place), None) => place,
            (None, _) => Place::unknown(commune, somewhere),
        }
    }

    fn known_place(&self, commune: CommuneCode) -> Option<Place> {
        match self.territory.commune(commune) {
            Some(own) => Some(Place::in_commune(own)),
            None => Gazetteer::national().by_code(commune).and_then(Place::in_known_commune),
        }
    }

    /// Whether a slot suits a request, for somebody of this role.
    pub(super) fn suits(
        &self,
        request: &CareRequest,
        facts: &Arc<PatientFacts>,
        slot: &Slot,
        role: Role,
    ) -> Result<(), Refusal> {
        let now = self.now();
        // A place the request holds in this very slot is no obstacle to itself.
        let mut slot = slot.clone();
        slot.holds.retain(|hold| hold.request != request.id);
        let practitioner = self.view.read(|state| state.directory.get(slot.practitioner).cloned());
        let candidate = practitioner.and_then(|practitioner| self.candidate(Arc::new(slot), practitioner));
        // Without a level the rules of the request itself say no; without its practitioner a slot is none.
        let Some(seeker) = self.seeker(request, facts, now) else { return Ok(()) };
        let Some(candidate) = candidate else { return Err(Refusal::SlotGone) };
        match broken_rule(&seeker.ready_at(now).seen_by(role), &candidate, self.travel.as_ref(), now) {
            // Whether a place is left is decided with the records in hand.
            Some(rule) if rule.code != "place_left" => Err(Refusal::Unsuitable { rule: rule.code.into() }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;
    use crate::geography::travel::RoadModel;

    fn empty_pool() -> Pool {
        let now = "2026-11-24T08:00:00Z".parse().unwrap();
        Pool::solve(Problem::default(), &RoadModel, now, Duration::from_millis(50)).unwrap()
    }

    #[tokio::test]
    async fn whoever_asks_while_a_solve_runs_shares_the_next_one() {
        let (planner, solves) = (Arc::new(Planner::default()), Arc::new(AtomicUsize::new(0)));
        let (started, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let first = tokio::spawn({
            let (planner, solves) = (planner.clone(), solves.clone());
            let (started, gate) = (started.clone(), gate.clone());
            async move {
                let solve = async {
                    solves.fetch_add(1, Ordering::SeqCst);
                    started.notify_one();
                    gate.notified().await;
                    Ok::<_, ()>(empty_pool())
                };
                planner.plan(solve).await.unwrap()
            }
        });
        started.notified().await;
        let others: Vec<_> = (0..49)
            .map(|_| {
                let (planner, solves) = (planner.clone(), solves.clone());
                tokio::spawn(async move {
                    let solve = async {
                        solves.fetch_add(1, Ordering::SeqCst);
                        Ok::<_, ()>(empty_pool())
                    };
                    planner.plan(solve).await.unwrap()
                })
            })
            .collect();
        // All of them have asked: each has drawn its ticket before the first solve ends.
        while planner.asked.load(Ordering::SeqCst) < 50 {
            tokio::task::yield_now().await;
        }
        gate.notify_one();
        first.await.unwrap();
        let mut plans = Vec::new();
        for other in others {
            plans.push(other.await.unwrap());
        }
        assert!(plans.iter().all(|plan| Arc::ptr_eq(plan, &plans[0])));
        assert_eq!(solves.load(Ordering::SeqCst), 2, "one for the first, one for all who came meanwhile");
    }
}
