//! Promises: made when the plan can keep them, fixed when the hour must be told or when nobody else needs the place, and told
//! of early when they are at risk. A practitioner's slot is touched only when one is fixed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use uuid::Uuid;

use super::driver::{Step, after_a_change};
use super::{Booking, Call, Case, Failure};
use crate::domain::decide::Command;
use crate::domain::{
    AppointmentId, PatientIdentity, Promise, PromiseStanding, ReadyToBook, Records, Refusal, RequestId, RequestState,
    Role, SlotId,
};
use crate::matching::{Effort, Pool, PromiseWeighed};

/// Notice of a promise when the caller does not say, minutes (api.md).
pub const NOTICE_MINUTES: u16 = 180;

/// What a promise must bring everybody together to be advised, in points: fifty minutes of travel. Our assumption.
const WORTH_ASKING: i64 = 600;

/// How long before its last moment a promise is fixed: looks come more often than that.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// What is asked of a promise.
#[derive(Debug, Clone)]
pub struct PromiseOrder {
    /// The hour known at least this long ahead, minutes.
    pub notice_minutes: u16,
    /// Who the patient is, for the service to book by itself; none: a person calls back and books.
    pub patient: Option<PatientIdentity>,
}

impl Booking {
    /// Promises that the patient is seen in time, the hour known `notice_minutes` ahead.
    ///
    /// # Errors
    /// [`Refusal::PromiseImpossible`] when the plan has no place that leaves that notice.
    pub async fn promise(&self, call: &Call, request: RequestId, order: PromiseOrder) -> Result<Case, Failure> {
        // What was answered before is answered again, whatever became of places and patient since.
        match self.answered_before(call).await? {
            Some(answer) => answer.map(drop)?,
            None => self.promise_anew(call, request, order).await?,
        }
        self.case(request).await.map_err(after_a_change)
    }

    async fn promise_anew(&self, call: &Call, request: RequestId, order: PromiseOrder) -> Result<(), Failure> {
        let PromiseOrder { notice_minutes, patient } = order;
        let notice = TimeDelta::minutes(i64::from(notice_minutes));
        let pool = self.plan(self.policy.budget).await?;
        let kept =
            self.weigh(&pool, request, notice, self.policy.budget).await?.is_some_and(|weighed| weighed.can_be_kept);
        let (ready, sealed) = match patient {
            Some(identity) => {
                let appointment = AppointmentId::new(Uuid::now_v7());
                let sealed = match self.vault.seal_identity(request, appointment, &identity).await {
                    Ok(sealed) => sealed,
                    Err(error) => return Err(self.or_erased(request, error.into()).await),
                };
                (Some(ReadyToBook { appointment, identity_ref: sealed.reference }), sealed.blobs)
            }
            None => (None, Vec::new()),
        };
        // What gets no place for other reasons is refused for those.
        let impossible = |records: &Records| match records.request(request) {
            Some(known) if !kept && known.wants_a_place(self.now()) => Err(Refusal::PromiseImpossible),
            _ => Ok(()),
        };
        let step = Step::new(Command::Promise { request, notice_minutes, ready }).with(sealed);
        self.transact(call, step, impossible).await.map(drop)
    }

    /// Notes that the patient was told the hour the service found.
    ///
    /// # Errors
    /// [`Failure`] as for every use-case.
    pub async fn note_told(&self, call: &Call, request: RequestId) -> Result<Case, Failure> {
        self.run(call, Command::NoteTold { request }).await?;
        self.case(request).await.map_err(after_a_change)
    }

    /// Whether a promise to this request would serve everybody better than the hour `pool` has for it, by enough to be worth
    /// the asking. No, where that is not known before `deadline`.
    ///
    /// # Errors
    /// The optimiser's.
    pub(super) async fn promise_pays(
        &self,
        request: RequestId,
        pool: &Arc<Pool>,
        deadline: Instant,
    ) -> Result<bool, Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || !pool.may_do_with_a_promise(request) {
            return Ok(false);
        }
        let notice = TimeDelta::minutes(i64::from(NOTICE_MINUTES));
        let weighed = self.weigh(pool, request, notice, left).await?;
        Ok(weighed.is_some_and(|promise| promise.can_be_kept && promise.gain.is_some_and(|gain| gain >= WORTH_ASKING)))
    }

    async fn weigh(
        &self,
        pool: &Arc<Pool>,
        request: RequestId,
        notice: TimeDelta,
        within: Duration,
    ) -> Result<Option<PromiseWeighed>, Failure> {
        let (pool, travel) = (Arc::clone(pool), Arc::clone(&self.travel));
        let deadline = Instant::now() + within;
        let weigh = move |effort: Effort| {
            let budget = effort.within(deadline.saturating_duration_since(Instant::now()));
            Ok(pool.weigh_promise(request, notice, travel.as_ref(), budget))
        };
        self.on_solver(within / 2, weigh).await
    }

    /// Plans anew and sees to every promise: what the passing of time asks for, whatever else happens.
    ///
    /// # Errors
    /// The store's when it fails, and the optimiser's.
    pub async fn look_at_promises(&self) -> Result<(), Failure> {
        if self.promised().is_empty() {
            return Ok(());
        }
        let pool = self.plan(self.policy.budget).await?;
        self.see_to_promises(&pool).await
    }

    /// As [`Booking::look_at_promises`], because the timers of these are due. One that could not be judged (a place is held for
    /// it, or a régulateur must agree first) is looked at again later like the others.
    ///
    /// # Errors
    /// As for [`Booking::look_at_promises`].
    pub(super) async fn look_at_called(&self, called: &[RequestId]) -> Result<(), Failure> {
        self.look_at_promises().await?;
        let now = self.now();
        for request in called {
            let promise = self.view.read(|state| state.board.get(*request)?.request.promise.clone());
            if let Some(promise) = promise.filter(|promise| promise.is_called(now)) {
                self.note_promise(*request, promise.standing).await?;
            }
        }
        Ok(())
    }

    /// Fixes the promises whose time has come by this plan, and notes how the others stand.
    ///
    /// # Errors
    /// The store's when it fails.
    pub(super) async fn see_to_promises(&self, pool: &Arc<Pool>) -> Result<(), Failure> {
        let now = self.now();
        let to_fix: BTreeMap<RequestId, SlotId> = {
            let (pool, budget) = (Arc::clone(pool), self.policy.budget);
            let to_fix = move |effort: Effort| {
                let fixed = pool.promises_to_fix(MARGIN, effort.within(budget));
                Ok(fixed.into_iter().map(|(id, place)| (id, place.slot.id)).collect())
            };
            self.on_solver(budget, to_fix).await?
        };
        for (request, promise) in self.promised() {
            // A request that came after the plan was made is not judged by it.
            if !pool.has(request) {
                continue;
            }
            let standing = match (to_fix.get(&request), &promise.ready) {
                (Some(slot), Some(_)) if self.keep_promise(request, *slot).await? => continue,
                (Some(_), None) => PromiseStanding::Due,
                _ if pool.planned(request).is_none() => PromiseStanding::AtRisk,
                _ => PromiseStanding::Safe,
            };
            if standing != promise.standing || promise.is_called(now) {
                self.note_promise(request, standing).await?;
            }
        }
        Ok(())
    }

    async fn note_promise(&self, request: RequestId, standing: PromiseStanding) -> Result<(), Failure> {
        self.run(&Call::of_service(), Command::NotePromise { request, standing }).await.map(drop)
    }

    /// Books the place of a promise; false when it is not to be had any more, which the next plan takes into account.
    async fn keep_promise(&self, request: RequestId, slot: SlotId) -> Result<bool, Failure> {
        let case = self.view.read(|state| state.board.get(request).cloned());
        let Some((known, facts)) = case.and_then(|case| Some((case.request, case.facts?))) else { return Ok(false) };
        // The hard rules are asked once more, of what is committed: the plan may be a moment old.
        let suits = |records: &Records| match (records.request(request), records.slot(slot)) {
            (Some(request), _) if request.facts_ref != known.facts_ref => Err(Refusal::Outdated),
            (Some(request), Some(slot)) => self.suits(request, &facts, slot, Role::Service),
            _ => Ok(()),
        };
        let step = Step::new(Command::KeepPromise { request, slot });
        match self.transact(&Call::of_service(), step, suits).await {
            Ok(_) => Ok(true),
            Err(Failure::Refused { refusal, .. }) => {
                tracing::info!(request = %request, slot = %slot, %refusal, "a promise was not fixed in its planned place");
                Ok(false)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Who has a promise and no hour yet.
    fn promised(&self) -> Vec<(RequestId, Promise)> {
        let now = self.now();
        self.view.read(|state| {
            let waiting = state.board.waiting(now).filter(|case| case.request.state(now) == RequestState::Promised);
            waiting.filter_map(|case| Some((case.request.id, case.request.promise.clone()?))).collect()
        })
    }
}
