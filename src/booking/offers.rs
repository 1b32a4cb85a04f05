//! Offers: ranked slots for one request, chosen with everybody who waits in mind, each with its reasons. Advice, never stock:
//! an offer reserves nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Booking, Call, Failure};
use crate::domain::decide::Command;
use crate::domain::{CareRequest, PatientFacts, Refusal, RequestId, RequestState, Slot, refusal::Subject};
use crate::matching::{Pool, Proposal, Reason};

/// One slot offered.
#[derive(Debug, Clone)]
pub struct Offer {
    /// 1 is best.
    pub rank: usize,
    /// The slot.
    pub slot: Arc<Slot>,
    /// Door to door, whole minutes; 0 for a slot by video.
    pub travel_minutes: u32,
    /// From now to its start, whole minutes.
    pub wait_minutes: i64,
    /// Why it stands where it does, in French.
    pub reasons: Vec<Reason>,
}

/// How the offers were found.
#[derive(Debug, Clone)]
pub struct Search {
    /// Which rung of the ladder produced the plan: `greedy`, `flow`, `lp`, `repair`, `mip`.
    pub rung: &'static str,
    /// Whether the plan is proved optimal.
    pub optimal: bool,
    /// Relative gap to the proved bound; none where nothing is proved.
    pub gap: Option<f64>,
    /// Time given.
    pub budget: Duration,
    /// Time taken, waiting for the optimiser included.
    pub elapsed: Duration,
    /// Whether the solver's thread was wanted by others, so that the native rungs made the plan beside it.
    pub solver_busy: bool,
    /// Slots looked at for this request.
    pub considered: usize,
    /// Slots set aside by each hard rule (its code), counted at the first rule that says no.
    pub set_aside: BTreeMap<&'static str, usize>,
}

/// What can be offered to a request now.
#[derive(Debug, Clone)]
pub struct Offers {
    /// Best first; empty when nothing suits, and `unserved` says why.
    pub items: Vec<Offer>,
    /// How they were found.
    pub search: Search,
    /// Why the plan finds no place for this request, when it finds none.
    pub unserved: Option<Reason>,
    /// What the caller could give up, and how many slots each would open: where nothing suits.
    pub concessions: Vec<Reason>,
    /// Why a promise would serve everybody better than an hour now, where it would.
    pub promise: Option<Reason>,
}

impl Booking {
    /// Fresh offers for a request, and a line in its history of what was offered. Empty for a request that may get no slot:
    /// an emergency, one without a level, one that is over.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is no such request; the store's when it fails.
    pub async fn offers(
        &self,
        call: &Call,
        request: RequestId,
        budget: Option<Duration>,
    ) -> Result<Arc<Offers>, Failure> {
        let offers = self.look_for_offers(request, budget).await?;
        self.note_offers(call, request, &offers).await?;
        Ok(offers)
    }

    /// What else there is for somebody who lost a place: fifty who lost the same one share a solve, and none asks for advice.
    ///
    /// # Errors
    /// As for [`Booking::offers`].
    pub(super) async fn offers_instead(&self, request: RequestId) -> Result<Arc<Offers>, Failure> {
        let offers = Arc::new(self.search(request, self.policy.budget).await?.0);
        self.note_offers(&Call::of_service(), request, &offers).await?;
        Ok(offers)
    }

    async fn note_offers(&self, call: &Call, request: RequestId, offers: &Offers) -> Result<(), Failure> {
        if !offers.items.is_empty() || call.key.is_some() {
            let offered = offers.items.iter().map(|offer| offer.slot.id).collect();
            self.run(call, Command::NoteOffers { request, offered }).await?;
        }
        Ok(())
    }

    /// As [`Booking::offers`], for somebody who only looks: nothing is written.
    ///
    /// # Errors
    /// As for [`Booking::offers`].
    pub async fn look_for_offers(&self, id: RequestId, budget: Option<Duration>) -> Result<Arc<Offers>, Failure> {
        let budget = budget.unwrap_or(self.policy.budget).min(self.policy.budget_max);
        let asked = Instant::now();
        let (mut offers, pool) = self.search(id, budget).await?;
        if let Some(pool) = pool {
            // Advice alone: where it cannot be had in time, the places are offered all the same.
            offers.promise = self.promise_pays(id, &pool, asked + budget).await.unwrap_or(false).then(promise_advice);
            offers.search.elapsed = asked.elapsed();
        }
        Ok(Arc::new(offers))
    }

    /// The offers, and the plan they come from where there is one.
    async fn search(&self, id: RequestId, budget: Duration) -> Result<(Offers, Option<Arc<Pool>>), Failure> {
        let case = self.view.read(|state| state.board.get(id).cloned()).ok_or(Refusal::Unknown(Subject::Request))?;
        let now = self.now();
        let may_be_offered =
            matches!(case.request.state(now), RequestState::Open | RequestState::Promised | RequestState::Held)
                && !case.request.is_emergency();
        let (Some(facts), true) = (&case.facts, may_be_offered) else {
            return Ok((Offers::none(budget, why_not(&case.request, case.facts.is_some())), None));
        };
        let pool = self.plan(budget).await?;
        let Some(seeker) = self.seeker(&case.request, facts, now) else {
            return Ok((Offers::none(budget, None), Some(pool)));
        };
        let mut offers = if pool.has(id) {
            let set_aside = pool.found(id).map(|found| found.set_aside.clone()).unwrap_or_default();
            let proposals = pool.proposals(id, self.policy.offers_max);
            Offers::of(&pool, proposals, set_aside, budget, pool.why_unserved(id))
        } else {
            let (found, proposals) = pool.proposals_for(&seeker, self.travel.as_ref(), self.policy.offers_max);
            Offers::of(&pool, proposals, found.set_aside, budget, None)
        };
        if offers.items.is_empty() {
            let asked = |facts: &PatientFacts| facts.constraints.modality.is_some();
            let where_is_a_wish = asked(facts) && self.pack.care_need_of(&facts.complaint).modality.is_none();
            offers.concessions = pool.concessions(&seeker, where_is_a_wish, self.travel.as_ref());
        }
        Ok((offers, Some(pool)))
    }
}

impl Offers {
    /// No offers, because the search failed.
    pub(super) fn failed(budget: Duration) -> Self {
        let reason = Reason::new("search_failed", "La recherche n'a pas abouti : relancez-la dans un instant.");
        Self::none(budget, Some(reason))
    }

    fn none(budget: Duration, unserved: Option<Reason>) -> Self {
        let search = Search {
            rung: "greedy",
            optimal: true,
            gap: Some(0.0),
            budget,
            elapsed: Duration::ZERO,
            solver_busy: false,
            considered: 0,
            set_aside: BTreeMap::new(),
        };
        Self { items: Vec::new(), search, unserved, concessions: Vec::new(), promise: None }
    }

    fn of(
        pool: &Pool,
        proposals: Vec<Proposal<'_>>,
        set_aside: BTreeMap<&'static str, usize>,
        budget: Duration,
        unserved: Option<Reason>,
    ) -> Self {
        let items = proposals
            .into_iter()
            .enumerate()
            .map(|(place, proposal)| Offer {
                rank: place + 1,
                wait_minutes: proposal.wait_minutes,
                slot: proposal.candidate.slot.clone(),
                travel_minutes: u32::from(proposal.travel_minutes),
                reasons: proposal.reasons,
            })
            .collect();
        let plan = pool.plan();
        let search = Search {
            rung: plan.rung.as_str(),
            optimal: plan.optimal,
            gap: plan.gap().map(|gap| gap.relative_avoidable),
            budget,
            elapsed: pool.elapsed(),
            solver_busy: pool.is_native_only(),
            considered: pool.considered(),
            set_aside,
        };
        Self { items, search, unserved, concessions: Vec::new(), promise: None }
    }
}

fn promise_advice() -> Reason {
    Reason::new(
        "promise_pays",
        "Les places proches sont rares : si le patient peut attendre, promettez-lui d'être vu avant l'échéance, l'heure lui \
         étant donnée quelques heures avant.",
    )
}

/// Why a request may be offered nothing, whatever is free.
fn why_not(request: &CareRequest, readable: bool) -> Option<Reason> {
    if request.is_emergency() {
        Some(Reason::new("emergency", "Urgence : appelez le 15. Aucun créneau n'est proposé."))
    } else if request.level().is_none() {
        Some(Reason::new("not_qualified", "Aucun niveau d'urgence n'a encore été décidé pour cette demande."))
    } else if !readable {
        Some(Reason::new(
            "unreadable",
            "Les données de cette demande sont illisibles pour l'instant : la recherche est impossible.",
        ))
    } else {
        None
    }
}
