//! One plan for everybody who waits. Solves of one territory are coalesced: whoever asks while a solve runs shares the next
//! one, so fifty losers of one slot cost one solve.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::time::timeout;

use super::{Booking, Failure, Reason};
use crate::domain::{
    CareRequest, CommuneCode, PatientFacts, Practitioner, PromiseStanding, Refusal, Role, Slot, SlotId,
};
use crate::geography::travel::Place;
use crate::matching::seeker::Reach;
use crate::matching::suitable::broken_rule;
use crate::matching::{Candidate, Effort, Pool, Problem, Seeker, Taken};
use crate::observability::Metrics;
use crate::views::Case;

/// Takes turns at solving.
#[derive(Debug, Default)]
pub(super) struct Planner {
    /// Plans of the solver's thread.
    whole: Lane,
    /// Plans of those whose turn there would come too late.
    beside: Lane,
}

/// Plans made one after the other, each for all who ask meanwhile.
#[derive(Debug, Default)]
struct Lane {
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

impl Lane {
    /// A plan made from what was known when this was called, or later; none where no turn comes within `patience`.
    async fn plan<F, E>(&self, patience: Duration, solve: F) -> Option<Result<Arc<Pool>, E>>
    where
        F: Future<Output = Result<Pool, E>>,
    {
        let ticket = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let _turn = timeout(patience, self.turn.lock()).await.ok()?;
        if let Some(latest) = self.latest().filter(|latest| latest.answers >= ticket) {
            return Some(Ok(latest.pool));
        }
        let answers = self.asked.load(Ordering::SeqCst);
        Some(solve.await.map(|pool| {
            let pool = Arc::new(pool);
            *self.lock() = Some(Latest { answers, pool: pool.clone() });
            pool
        }))
    }

    fn latest(&self) -> Option<Latest> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Latest>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Booking {
    /// A plan for everybody who waits now: half the budget to be begun, the other to be done. Whoever's turn does not come in
    /// time shares one that the native rungs make beside.
    pub(super) async fn plan(&self, budget: Duration) -> Result<Arc<Pool>, Failure> {
        let (asked, patience) = (Instant::now(), budget / 2);
        let whole = async {
            let patience = patience.saturating_sub(asked.elapsed());
            self.on_solver(patience, self.planning(asked + budget)).await
        };
        if let Some(planned) = self.planner.whole.plan(patience, whole).await {
            return planned;
        }
        Metrics::solver_passed_by("turn");
        let beside = async {
            let made = self.solver.run_beside(self.planning(Instant::now() + budget / 4)).await;
            made.unwrap_or_else(|stopped| Err(self.stopped(stopped)))
        };
        // Two of a quarter at most: the one that runs, and the next.
        self.planner.beside.plan(Duration::MAX, beside).await.unwrap_or(Err(Failure::Solver))
    }

    /// Everybody who waits and may come, and every free place.
    fn problem(&self, now: DateTime<Utc>) -> Problem {
        let (seekers, expected) = (self.seekers(now), self.expected(now));
        let (candidates, taken) = self.candidates(now);
        Problem { seekers, expected, candidates, taken }
    }

    /// The work of making one plan that is to be there at `deadline`, of what is known now.
    fn planning(&self, deadline: Instant) -> impl FnOnce(Effort) -> Result<Pool, Failure> + Send + 'static {
        let now = self.now();
        let (problem, travel, last) = (self.problem(now), self.travel.clone(), self.last_plan());
        let territory = self.territory.clone();
        move |effort| {
            let budget = effort.within(deadline.saturating_duration_since(Instant::now()));
            let pool = match last.and_then(|last| last.added_to(&problem, travel.as_ref(), now, budget)) {
                Some(pool) => pool,
                None => Pool::solve(problem, travel.as_ref(), now, budget).map_err(|unsound| {
                    tracing::error!(territory = %territory.id, %unsound, "the pool made no sound instance");
                    Failure::Solver
                })?,
            };
            let (plan, added) = (pool.plan(), pool.was_added_to());
            Metrics::planned(plan.rung.as_str(), plan.optimal, added, pool.elapsed().as_secs_f64());
            Ok(pool)
        }
    }

    /// Work of the optimiser, on its own thread if that begins it within `patience`, else beside.
    pub(super) async fn on_solver<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(Effort) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        self.solver.run(patience, work).await.unwrap_or_else(|stopped| Err(self.stopped(stopped)))
    }

    fn stopped(&self, why: impl std::fmt::Display) -> Failure {
        tracing::error!(territory = %self.territory.id, %why, "the optimiser stopped");
        Failure::Solver
    }

    /// The last plan made, whatever its age: what the board says of each request.
    pub fn last_plan(&self) -> Option<Arc<Pool>> {
        let made = [&self.planner.whole, &self.planner.beside].into_iter().filter_map(Lane::latest);
        made.map(|latest| latest.pool).max_by_key(|pool| pool.made_at())
    }

    /// Why the last plan found no place for a request that waits for one.
    pub fn unserved(&self, request: &CareRequest, now: DateTime<Utc>) -> Option<Reason> {
        if !request.wants_a_place(now) {
            return None;
        }
        self.last_plan()?.why_unserved(request.id)
    }

    /// Whether it has a promise the last plan found no place for, or that was known to be at risk before there was a plan here.
    pub fn promise_is_at_risk(&self, request: &CareRequest, now: DateTime<Utc>) -> bool {
        let Some(promise) = request.promise.as_ref().filter(|_| request.wants_a_place(now)) else { return false };
        match self.last_plan().filter(|plan| plan.has(request.id)) {
            Some(plan) => plan.planned(request.id).is_none(),
            None => promise.standing == PromiseStanding::AtRisk,
        }
    }

    /// Everybody who waits for a place.
    fn seekers(&self, now: DateTime<Utc>) -> Vec<Seeker> {
        let waiting: Vec<(Case, Option<SlotId>)> = self.view.read(|state| {
            let told = |case: &Case| state.proposals.standing(case.request.id, now);
            state.board.waiting(now).map(|case| (case.clone(), told(case))).collect()
        });
        let seeker = |(case, told): &(Case, Option<SlotId>)| {
            Some(self.seeker(&case.request, case.facts.as_ref()?, now)?.told_of(*told))
        };
        waiting.iter().filter_map(seeker).collect()
    }

    /// What one request looks for.
    pub(super) fn seeker(
        &self,
        request: &CareRequest,
        facts: &Arc<PatientFacts>,
        now: DateTime<Utc>,
    ) -> Option<Seeker> {
        let place = Place::located(&self.territory, request.commune, facts.point, facts.point_is_exact);
        Seeker::new(request, facts, place, self.reach(request.commune), now)
    }

    /// How far a search goes for somebody of this commune.
    pub(super) fn reach(&self, commune: CommuneCode) -> Reach {
        let departement = commune.departement();
        Reach {
            radius_km: self.territory.first_radius_km(departement),
            widening_km: self.territory.widening_km(departement),
        }
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

    /// A slot as matching sees it; none whose place of practice is unknown.
    pub(super) fn candidate(&self, slot: Arc<Slot>, practitioner: Arc<Practitioner>) -> Option<Candidate> {
        let location = practitioner.location(&slot.location)?;
        let place = Place::located(&self.territory, location.commune, location.point, true);
        Candidate::new(slot, practitioner, place, self.territory.zone)
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

    const LONG: Duration = Duration::from_secs(3_600);

    fn empty_pool() -> Pool {
        let now = "2026-11-24T08:00:00Z".parse().unwrap();
        Pool::solve(Problem::default(), &RoadModel, now, Effort::Whole.within(LONG)).unwrap()
    }

    #[tokio::test]
    async fn whoever_asks_while_a_solve_runs_shares_the_next_one() {
        let (lane, solves) = (Arc::new(Lane::default()), Arc::new(AtomicUsize::new(0)));
        let (started, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let first = tokio::spawn({
            let (lane, solves) = (lane.clone(), solves.clone());
            let (started, gate) = (started.clone(), gate.clone());
            async move {
                let solve = async {
                    solves.fetch_add(1, Ordering::SeqCst);
                    started.notify_one();
                    gate.notified().await;
                    Ok::<_, ()>(empty_pool())
                };
                lane.plan(LONG, solve).await.unwrap().unwrap()
            }
        });
        started.notified().await;
        let others: Vec<_> = (0..49)
            .map(|_| {
                let (lane, solves) = (lane.clone(), solves.clone());
                tokio::spawn(async move {
                    let solve = async {
                        solves.fetch_add(1, Ordering::SeqCst);
                        Ok::<_, ()>(empty_pool())
                    };
                    lane.plan(LONG, solve).await.unwrap().unwrap()
                })
            })
            .collect();
        // All of them have asked: each has drawn its ticket before the first solve ends.
        while lane.asked.load(Ordering::SeqCst) < 50 {
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
