//! Everybody who waits and whoever may still come, and every free place, as one problem: the pooled assignment. The plan is
//! advice; it reserves nothing, and what it keeps for those who may come anybody may take.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use solver::{Budget, Demand, Instance, InstanceError, Plan, Resource, Seed, Solved, Standing, Unplaced, solve};

use super::candidate::in_order;
use super::concession::concessions;
use super::instance::{Taken, all_suitable, demand, fair_shares, for_expected};
use super::moving::{Moving, told_at};
use super::suitable::{Suitable, suitable as suitable_to};
use super::{Candidate, Fit, Promised, Reason, Seeker, costs, rules};
use crate::domain::{Level, RequestId};
use crate::geography::travel::TravelTime;

/// The time left to the search whatever building the problem took: a plan is never asked for with nothing to spend.
const SEARCH_AT_LEAST: Duration = Duration::from_millis(5);

/// How long a plan may be added to before everything is looked at anew: waits grow, and who may still come changes.
const ADDED_TO_FOR: TimeDelta = TimeDelta::seconds(60);

/// How many may be added to one plan.
const ADDED_MOST: usize = 32;

/// What is to be solved.
#[derive(Debug, Default)]
pub struct Problem {
    /// Everybody who waits.
    pub seekers: Vec<Seeker>,
    /// Whoever may still come.
    pub expected: Vec<Expected>,
    /// Every free place.
    pub candidates: Vec<Candidate>,
    /// Unscheduled places already gone.
    pub taken: Taken,
}

/// Somebody who may still come.
#[derive(Debug, Clone)]
pub struct Expected {
    /// What they would look for.
    pub seeker: Seeker,
    /// When they would come.
    pub arrives: DateTime<Utc>,
    /// How likely that is.
    pub probability: f64,
}

/// What a promise would come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromiseWeighed {
    /// Whether the plan would have a place for it.
    pub can_be_kept: bool,
    /// What everybody together would gain, in points; none where that is not proved.
    pub gain: Option<i64>,
}

/// A solved pool.
#[derive(Debug)]
pub struct Pool {
    /// How many may still come: the first demands of the instance.
    pub(super) ahead: usize,
    /// Who they are.
    pub(super) expected: Arc<Vec<Expected>>,
    /// The demands after them, in the order they were known.
    pub(super) seekers: Vec<Seeker>,
    pub(super) candidates: Arc<Vec<Candidate>>,
    suitable: Vec<Arc<Suitable>>,
    by_request: HashMap<RequestId, usize>,
    pub(super) taken: Taken,
    pub(super) solved: Solved,
    /// By candidate: whether the plan keeps a place there for somebody who may still come.
    kept: Vec<bool>,
    /// What the plan was made to think of moving whoever is being told of a slot.
    moving: Moving,
    now: DateTime<Utc>,
    /// The instant waits are counted from in the costs: of the plan that was added to.
    pub(super) priced_at: DateTime<Utc>,
    added: usize,
    budget: Budget,
    elapsed: Duration,
}

/// A slot proposed to a request.
#[derive(Debug, Clone)]
pub struct Proposal<'a> {
    /// The slot.
    pub candidate: &'a Candidate,
    /// Door to door, whole minutes.
    pub travel_minutes: u16,
    /// From the plan's instant to the slot's start, whole minutes.
    pub wait_minutes: i64,
    /// Why it stands where it does.
    pub reasons: Vec<Reason>,
}

impl Pool {
    /// Builds the instance and solves it within `budget`, building included.
    ///
    /// # Errors
    /// When the parts make no sound instance: a fault of this module.
    pub fn solve(
        problem: Problem,
        travel: &dyn TravelTime,
        now: DateTime<Utc>,
        budget: Budget,
    ) -> Result<Self, InstanceError> {
        let started = Instant::now();
        let Problem { seekers, expected, candidates, taken } = problem;
        let candidates = in_order(candidates);
        let suitable = all_suitable(&seekers, &candidates, travel, now);
        let all = seekers.len() + expected.len() + ADDED_MOST;
        let ahead = expected.len();
        let waiting: Vec<Demand> =
            seekers.iter().zip(&suitable).map(|(seeker, found)| demand(seeker, found, &candidates, all)).collect();
        let coming: Vec<Demand> = expected.iter().map(|one| for_expected(one, &candidates, travel, all)).collect();
        let resources: Vec<Resource> =
            candidates.iter().map(|c| Resource { capacity: c.slot.places_left(now).max(1) }).collect();
        let groups = fair_shares(&candidates, &taken);
        let told: Vec<Option<usize>> =
            seekers.iter().zip(&suitable).map(|(seeker, found)| told_at(seeker, found, &candidates)).collect();
        // A tenth is kept for what comes after the clock has been looked at for the last time: the answer is inside its budget.
        let until = budget.wall - budget.wall / 10;
        let (solved, moving) = Moving::few(&told, |moving| {
            let waiting = waiting.iter().zip(&told).map(|(demand, told)| moving.priced(demand.clone(), *told));
            let demands = coming.iter().cloned().chain(waiting).collect();
            let instance = Instance::new(demands, resources.clone(), groups.clone())?;
            let wall = until.saturating_sub(started.elapsed()).max(SEARCH_AT_LEAST);
            let solved = Solved::new(instance, Budget { wall, ..budget }, Seed::default());
            let places = solved.plan().assign.iter().skip(ahead).copied().collect();
            Ok((solved, places))
        })?;
        let by_request = seekers.iter().enumerate().map(|(index, seeker)| (seeker.request, index)).collect();
        let kept = kept_places(solved.plan(), ahead, candidates.len());
        Ok(Self {
            ahead,
            expected: Arc::new(expected),
            seekers,
            candidates: Arc::new(candidates),
            suitable: suitable.into_iter().map(Arc::new).collect(),
            by_request,
            taken,
            solved,
            kept,
            moving,
            now,
            priced_at: now,
            added: 0,
            budget,
            elapsed: started.elapsed(),
        })
    }

    /// The plan for the same people and places with those who came since, each along one shortest path on the prices that
    /// stand: a fraction of the time of a plan made anew, and as good. Whoever is being told of their place since then is not
    /// moved lightly from now on. None where more has changed than that (a place came or went, somebody left or changed or is
    /// being told of another place than the plan's, a minute has passed): then it is to be made anew.
    pub fn added_to(
        &self,
        problem: &Problem,
        travel: &dyn TravelTime,
        now: DateTime<Utc>,
        budget: Budget,
    ) -> Option<Self> {
        let started = Instant::now();
        let passed = now - self.priced_at;
        if passed < TimeDelta::zero() || passed >= ADDED_TO_FOR || problem.taken != self.taken {
            return None;
        }
        let (mut still, mut new) = (0, Vec::new());
        for seeker in &problem.seekers {
            match self.by_request.get(&seeker.request) {
                Some(&at) => still += usize::from(self.seekers[at].is_still(seeker)),
                None => new.push(seeker),
            }
        }
        let added = self.added + new.len();
        if still < self.seekers.len() || added > ADDED_MOST || !self.same_places(&problem.candidates, now) {
            return None;
        }
        let mut standing = Standing::of(&self.solved)?;
        let (mut seekers, mut suitable, mut by_request) =
            (self.seekers.clone(), self.suitable.clone(), self.by_request.clone());
        for seeker in problem.seekers.iter().filter(|seeker| seeker.told.is_some()) {
            let Some(&at) = by_request.get(&seeker.request) else { continue };
            if seekers[at].told != seeker.told {
                let place = self.place_of(at).filter(|_| seekers[at].told.is_none())?;
                if seeker.told != Some(self.candidates[place].slot.id) {
                    return None;
                }
                standing.hold(self.ahead + at, self.moving.points()).ok()?;
                seekers[at].told = seeker.told;
            }
        }
        for seeker in new {
            let found = suitable_to(seeker, &self.candidates, travel, self.priced_at);
            let all = self.solved.instance().demands().len() + ADDED_MOST;
            let priced = demand(seeker, &found, &self.candidates, all);
            let told = told_at(seeker, &found, &self.candidates);
            standing.arrive(self.moving.priced(priced, told)).ok()?;
            by_request.insert(seeker.request, seekers.len());
            seekers.push(seeker.clone());
            suitable.push(Arc::new(found));
        }
        let solved = standing.into_solved();
        let kept = kept_places(solved.plan(), self.ahead, self.candidates.len());
        Some(Self {
            ahead: self.ahead,
            expected: Arc::clone(&self.expected),
            seekers,
            candidates: Arc::clone(&self.candidates),
            suitable,
            by_request,
            taken: self.taken.clone(),
            solved,
            kept,
            moving: self.moving,
            now,
            priced_at: self.priced_at,
            added,
            budget,
            elapsed: started.elapsed(),
        })
    }

    /// Whether these are the places of the pool, each as it was.
    fn same_places(&self, candidates: &[Candidate], now: DateTime<Utc>) -> bool {
        let resources = self.solved.instance().resources();
        let mut fresh: Vec<&Candidate> = candidates.iter().collect();
        fresh.sort_by_key(|candidate| (candidate.slot.start, candidate.slot.id));
        let same = |(index, fresh): (usize, &&Candidate)| {
            let known = &self.candidates[index];
            known.slot == fresh.slot
                && known.practitioner == fresh.practitioner
                && known.slot.places_left(now) == resources[index].capacity
        };
        fresh.len() == self.candidates.len() && fresh.iter().enumerate().all(same)
    }

    /// Whether it was made by adding to another.
    pub fn was_added_to(&self) -> bool {
        self.added > 0
    }

    /// Whether only the native rungs were asked, the solver's thread being wanted by others.
    pub fn is_native_only(&self) -> bool {
        self.budget.native
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        self.solved.plan()
    }

    /// The instant it was made for.
    pub fn made_at(&self) -> DateTime<Utc> {
        self.now
    }

    /// Time taken, building included.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Whether this request was in the pool.
    pub fn has(&self, request: RequestId) -> bool {
        self.by_request.contains_key(&request)
    }

    /// The requests of the pool.
    pub fn requests(&self) -> impl Iterator<Item = RequestId> {
        self.seekers.iter().map(|seeker| seeker.request)
    }

    /// Slots looked at.
    pub fn considered(&self) -> usize {
        self.candidates.len()
    }

    /// What was found for a request of the pool, and how many slots each rule set aside.
    pub fn found(&self, request: RequestId) -> Option<&Suitable> {
        self.by_request.get(&request).map(|index| &*self.suitable[*index])
    }

    /// The slot the plan gives a request.
    pub fn planned(&self, request: RequestId) -> Option<&Candidate> {
        let index = self.by_request.get(&request)?;
        self.place_of(*index).map(|place| &self.candidates[place])
    }

    fn place_of(&self, seeker: usize) -> Option<usize> {
        self.plan().assign[self.ahead + seeker]
    }

    /// Requests of the pool the plan has a place for.
    pub fn served(&self) -> impl Iterator<Item = (RequestId, &Candidate)> {
        let places = self.seekers.iter().zip(self.plan().assign.iter().skip(self.ahead));
        places.filter_map(|(seeker, place)| place.map(|place| (seeker.request, &self.candidates[place])))
    }

    /// The slots for a request of the pool, ranked by what each costs the whole; among those that cost it the same, the one
    /// that suits this caller best comes first, whether the plan meant it for them or for somebody who can wait as well. Whoever
    /// asks again is free to change their mind: what they are being told of is no better for that.
    pub fn proposals(&self, request: RequestId, count: usize) -> Vec<Proposal<'_>> {
        let Some(&index) = self.by_request.get(&request) else { return Vec::new() };
        let told = told_at(&self.seekers[index], &self.suitable[index], &self.candidates);
        let among = if told.is_some() { count.saturating_mul(2) } else { count };
        let mut choices = self.solved.alternatives(self.ahead + index, among);
        for choice in choices.iter_mut().filter(|choice| told.is_some_and(|told| told != choice.resource)) {
            choice.system_cost -= self.moving.points();
            choice.own_cost -= self.moving.points();
        }
        choices.sort_by_key(|choice| (choice.system_cost, choice.own_cost, choice.resource));
        choices.truncate(count);
        let fits = &self.suitable[index].fits;
        choices
            .iter()
            .filter_map(|choice| {
                let fit = fits.iter().find(|fit| fit.candidate == choice.resource)?;
                let waiting = choice.displaced.iter().filter(|moved| moved.demand >= self.ahead).count();
                let effect = effect(choice.system_cost, waiting, choice.displaced.len() - waiting);
                Some(self.proposal(&self.seekers[index], *fit, effect))
            })
            .collect()
    }

    /// The slots for somebody outside the pool (who already holds a place, say), ranked by their own cost and the price the
    /// others would pay.
    pub fn proposals_for(
        &self,
        seeker: &Seeker,
        travel: &dyn TravelTime,
        count: usize,
    ) -> (Suitable, Vec<Proposal<'_>>) {
        let found = suitable_to(seeker, &self.candidates, travel, self.priced_at);
        let mut priced: Vec<_> =
            found.fits.iter().map(|fit| (fit.cost + self.solved.price(fit.candidate).unwrap_or(0), *fit)).collect();
        priced.sort_by_key(|(price, fit)| (*price, fit.candidate));
        let proposals = priced.iter().take(count).map(|(_, fit)| self.proposal(seeker, *fit, None)).collect();
        (found, proposals)
    }

    /// Why the plan has no place for a request of the pool; none when it has one.
    pub fn why_unserved(&self, request: RequestId) -> Option<Reason> {
        let index = *self.by_request.get(&request)?;
        Some(match self.solved.explain_unplaced(self.ahead + index)? {
            Unplaced::NoArcs => nothing_suits(&self.suitable[index]),
            Unplaced::Taken(_) if self.all_are_kept_from(index) => Reason::new(
                "kept_for_expected",
                "Les créneaux qui conviennent sont gardés pour des demandes attendues dans les prochains jours ; chacun peut \
                 être choisi quand même.",
            ),
            Unplaced::Taken(taken) if taken.held_by_dearer > 0 => Reason::new(
                "taken_by_more_urgent",
                "Tous les créneaux qui conviennent vont à des demandes plus urgentes ou qui n'ont pas d'autre choix.",
            ),
            // The pool has no households.
            Unplaced::Taken(_) | Unplaced::Household(_) => Reason::new(
                "taken",
                "Tous les créneaux qui conviennent sont nécessaires à d'autres demandes en attente.",
            ),
            Unplaced::TooDear { .. } => {
                Reason::new("too_far", "Les seuls créneaux qui conviennent sont trop lointains pour cette demande.")
            }
            Unplaced::Unfinished => Reason::new(
                "unfinished",
                "Le calcul s'est arrêté avant la fin du temps imparti : relancez la recherche.",
            ),
        })
    }

    /// What somebody looking could give up, and the slots of the pool that would open; see [`super::concession`].
    pub fn concessions(&self, seeker: &Seeker, where_is_a_wish: bool, travel: &dyn TravelTime) -> Vec<Reason> {
        concessions(seeker, where_is_a_wish, &self.candidates, travel, self.now)
    }

    /// Whether every place that suits a demand is kept for somebody who may still come.
    fn all_are_kept_from(&self, demand: usize) -> bool {
        self.suitable[demand].fits.iter().all(|fit| self.kept[fit.candidate])
    }

    /// Whether a place that suits a demand is kept for somebody who may still come.
    fn is_kept_from(&self, demand: usize) -> bool {
        self.suitable[demand].fits.iter().any(|fit| self.kept[fit.candidate])
    }

    /// Whether a promise to somebody of the pool may serve the others: they can wait, and the place the plan has for them is
    /// worth something to somebody else, or it has none for them that is not kept.
    pub fn may_do_with_a_promise(&self, request: RequestId) -> bool {
        let Some(&index) = self.by_request.get(&request) else { return false };
        let seeker = &self.seekers[index];
        if seeker.promised.is_some() || matches!(seeker.level, Level::Immediate | Level::SameDay) {
            return false;
        }
        match self.place_of(index) {
            Some(place) => self.solved.price(place).is_none_or(|price| price > 0),
            None => self.is_kept_from(index),
        }
    }

    /// What a promise to somebody of the pool would come to: the same people and places solved again. None for somebody who is not of the pool.
    pub fn weigh_promise(
        &self,
        request: RequestId,
        notice: TimeDelta,
        travel: &dyn TravelTime,
        budget: Budget,
    ) -> Option<PromiseWeighed> {
        let index = *self.by_request.get(&request)?;
        let given = self.seekers[index].promised.is_some_and(|promised| promised.given);
        let seeker = self.seekers[index].clone().promised(Promised { notice, given }, self.now);
        let found = suitable_to(&seeker, &self.candidates, travel, self.priced_at);
        let mut demands = self.solved.instance().demands().to_vec();
        let at = self.ahead + index;
        demands[at] = demand(&seeker, &found, &self.candidates, demands.len());
        let plan = self.solve_again(demands, self.solved.instance().resources().to_vec(), budget);
        Some(PromiseWeighed {
            can_be_kept: plan.as_ref().is_some_and(|plan| plan.assign[at].is_some()),
            gain: plan
                .filter(|plan| plan.optimal && self.plan().optimal)
                .map(|plan| self.plan().objective - plan.objective),
        })
    }

    /// The promises whose hour is to be fixed now, each with the place the plan has for it: those whose notice would be too
    /// short at the next look, `margin` from now, and those whose place nobody else is to have, waiting or expected.
    pub fn promises_to_fix(&self, margin: TimeDelta, budget: Budget) -> Vec<(RequestId, &Candidate)> {
        let promised = || {
            let planned = self.seekers.iter().zip(self.plan().assign.iter().skip(self.ahead));
            planned.filter_map(|(seeker, place)| Some((seeker, seeker.promised?.notice, (*place)?)))
        };
        if promised().next().is_none() {
            return Vec::new();
        }
        let mut spare = self.spare_without_promises(budget);
        promised()
            .filter(|(_, notice, place)| {
                let last_call = self.candidates[*place].slot.start - *notice;
                let fixed = last_call <= self.now + margin || spare[*place] > 0;
                if fixed {
                    spare[*place] = spare[*place].saturating_sub(1);
                }
                fixed
            })
            .map(|(seeker, _, place)| (seeker.request, &self.candidates[place]))
            .collect()
    }

    /// How many places of each slot the others leave free when nobody promised takes part; none where that could not be found
    /// out.
    fn spare_without_promises(&self, budget: Budget) -> Vec<usize> {
        let instance = self.solved.instance();
        let seeker_of = |demand: usize| self.seekers.get(demand.checked_sub(self.ahead)?);
        let is_promised = |demand: usize| seeker_of(demand).is_some_and(|seeker| seeker.promised.is_some());
        let others = instance.demands().iter().enumerate().filter(|(index, _)| !is_promised(*index));
        let others = others.map(|(_, demand)| demand.clone()).collect();
        let plan = self.solve_again(others, instance.resources().to_vec(), budget);
        let Some(plan) = plan.filter(|plan| plan.optimal) else { return vec![0; self.candidates.len()] };
        let mut spare: Vec<usize> = instance.resources().iter().map(|resource| resource.capacity).collect();
        for place in plan.assign.into_iter().flatten() {
            spare[place] = spare[place].saturating_sub(1);
        }
        spare
    }

    /// A plan of other demands or places under the same fairness; none where they make no sound instance.
    pub(super) fn solve_again(&self, demands: Vec<Demand>, places: Vec<Resource>, budget: Budget) -> Option<Plan> {
        let again = Instance::new(demands, places, self.solved.instance().groups().to_vec()).ok()?;
        Some(solve(&again, budget, Seed::default()))
    }

    fn proposal(&self, seeker: &Seeker, fit: Fit, effect: Option<Reason>) -> Proposal<'_> {
        let candidate = &self.candidates[fit.candidate];
        let mut reasons = costs::reasons(seeker, candidate, fit.travel_minutes, self.now);
        let already = self.taken.get(&(candidate.slot.practitioner, candidate.day)).copied().unwrap_or(0);
        reasons.push(costs::fair_share_sentence(already));
        reasons.extend(effect);
        let wait_minutes = (candidate.slot.start - self.now).num_minutes();
        Proposal { candidate, travel_minutes: fit.travel_minutes, wait_minutes, reasons }
    }
}

/// By candidate: whether the plan has a place there for one of the first `ahead` demands.
fn kept_places(plan: &Plan, ahead: usize, candidates: usize) -> Vec<bool> {
    let mut kept = vec![false; candidates];
    for place in plan.assign.iter().take(ahead).flatten() {
        kept[*place] = true;
    }
    kept
}

/// What choosing a slot does to the others.
fn effect(system_cost: i64, displaced: usize, kept: usize) -> Option<Reason> {
    // Twelve points are a minute.
    let minutes = (system_cost + 11) / 12;
    match (system_cost, displaced) {
        (..=0, _) => Some(Reason::new("best_for_all", "Le meilleur choix pour l'ensemble des demandes en attente.")),
        (_, 0) if kept > 0 => Some(Reason::new(
            "kept_for_expected",
            format!("Gardé pour une demande attendue ({minutes} min de plus pour l'ensemble)."),
        )),
        (_, 0) => None,
        (_, 1) => Some(Reason::new(
            "displaces",
            format!("Ferait changer de créneau une autre demande ({minutes} min de plus pour l'ensemble)."),
        )),
        (_, n) => Some(Reason::new(
            "displaces",
            format!("Ferait changer de créneau {n} autres demandes ({minutes} min de plus pour l'ensemble)."),
        )),
    }
}

/// No slot at all. Rules are asked in an order, so what the last of them set aside had passed all the others: that rule is
/// the one to talk about.
fn nothing_suits(found: &Suitable) -> Reason {
    let telling = rules::ALL.iter().rev().filter(|rule| !matches!(rule.code, "skills" | "place_left"));
    let last = telling.filter_map(|rule| Some((found.set_aside.get(rule.code)?, rule.requirement))).next();
    match last {
        Some((count, requirement)) => Reason::new(
            "nothing_suits",
            format!("Aucun créneau ne convient ; {count} écartés en dernier : {requirement}"),
        ),
        None => Reason::new("no_such_slot", "Aucun créneau libre de cette profession n'est publié pour l'instant."),
    }
}
