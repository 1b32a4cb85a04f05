//! One plan for everybody who waits. Solves of one territory are coalesced: whoever asks while a solve runs shares the next
//! one, so fifty losers of one slot cost one solve.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Booking, Failure};
use crate::domain::{CareRequest, CommuneCode, PatientFacts, Practitioner, Refusal, Role, Slot};
use crate::geography::travel::Place;
use crate::matching::pool::Taken;
use crate::matching::seeker::Reach;
use crate::matching::suitable::broken_rule;
use crate::matching::{Candidate, Pool, Problem, Seeker};
use crate::observability::Metrics;
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

    /// Everybody who waits and may come, and every free place.
    fn problem(&self, now: DateTime<Utc>) -> Problem {
        let (seekers, expected) = (self.seekers(now), self.expected(now));
        let (candidates, taken) = self.candidates(now);
        Problem { seekers, expected, candidates, taken }
    }

    async fn solve(&self, problem: Problem, now: DateTime<Utc>, budget: Duration) -> Result<Pool, Failure> {
        let (travel, last) = (self.travel.clone(), self.last_plan());
        let added_or_anew = move || match last.and_then(|last| last.added_to(&problem, travel.as_ref(), now, budget)) {
            Some(pool) => Ok(pool),
            None => Pool::solve(problem, travel.as_ref(), now, budget),
        };
        let solved = self.aside(added_or_anew).await?;
        if let Ok(pool) = &solved {
            let (plan, added) = (pool.plan(), pool.was_added_to());
            Metrics::planned(plan.rung.as_str(), plan.optimal, added, pool.elapsed().as_secs_f64());
        }
        solved.map_err(|unsound| {
            tracing::error!(territory = %self.territory.id, %unsound, "the pool made no sound instance");
            Failure::Solver
        })
    }

    /// Work of the optimiser, on a thread where nobody's call waits behind it.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        tokio::task::spawn_blocking(work).await.map_err(|panicked| {
            tracing::error!(territory = %self.territory.id, %panicked, "the optimiser stopped");
            Failure::Solver
        })
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

    fn candidate(&self, slot: Arc<Slot>, practitioner: Arc<Practitioner>) -> Option<Candidate> {
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
