//! A week lived through the service's own code, by callers and operators who choose in one way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aiguilleur::booking::{Booking, Call, Offer, Policy, PromiseOrder};
use aiguilleur::clock::ManualClock;
use aiguilleur::domain::{
    Actor, EventKind, HoldId, Level, PatientIdentity, Phase, RequestId, RequestState, Role, SlotDraft, SlotId,
};
use aiguilleur::seal::{Kek, Sealer};
use aiguilleur::store::{EmbeddedStore, Store};
use aiguilleur::synthetic::SyntheticRequest;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::outcome::{Outcome, Patient, Seen};
use super::world::{World, order};
use crate::stage::desk::Desk;

/// How a place is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// The first that suits.
    First,
    /// The nearest that suits.
    Nearest,
    /// The best for all, at once.
    Best,
    /// The best for all; who can wait takes a promise where that pays.
    Promised,
}

impl Conduct {
    /// Every one, in the order of the table.
    pub(crate) const ALL: [Self; 4] = [Self::First, Self::Nearest, Self::Best, Self::Promised];

    /// As the table names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::First => "first available",
            Self::Nearest => "nearest",
            Self::Best => "best for all, at once",
            Self::Promised => "with promises",
        }
    }

    /// Which of the offers is taken.
    fn choice(self, offers: &[Offer]) -> Option<&Offer> {
        match self {
            Self::First => offers.iter().min_by_key(|offer| (offer.slot.start, offer.travel_minutes, offer.slot.id)),
            Self::Nearest => offers.iter().min_by_key(|offer| (offer.travel_minutes, offer.slot.start, offer.slot.id)),
            Self::Best | Self::Promised => offers.first(),
        }
    }
}

/// Something that happens.
enum Happening<'a> {
    Published(Vec<SlotDraft>),
    Called(usize, &'a SyntheticRequest),
    Looked,
}

/// Lives the week.
pub(crate) async fn live(world: &World, conduct: Conduct) -> Outcome {
    let clock = Arc::new(ManualClock::at(world.past.first().map_or(world.begins, |call| call.at.min(world.begins))));
    let store: Arc<dyn Store> = Arc::new(EmbeddedStore::in_memory(clock.clone()).expect("memory"));
    let sealer = Arc::new(Sealer::new(Kek::generate().expect("randomness")));
    let policy = Policy { offers_max: 1_000, budget: Duration::from_millis(500), ..Policy::default() };
    let desk = Desk::of(world.territory.clone(), store, sealer, policy).await;
    let booking = &desk.booking;
    booking.list_practitioners(&Call::of_service(), world.practitioners.clone()).await.expect("listed");
    // The weeks before: nothing is left of them but that they were.
    for (number, call) in world.past.iter().enumerate() {
        advance(&clock, booking, call.at);
        let id = id_of(1_000_000 + number);
        booking.enter_request(&operator(), id, order(call)).await.expect("entered");
        booking.cancel(&operator(), id, "vu".to_owned()).await.expect("closed");
    }
    let mut ids = Vec::new();
    for (at, happening) in happenings(world) {
        advance(&clock, booking, at);
        booking.run_due().await.expect("timers");
        match happening {
            Happening::Published(drafts) => {
                booking.publish(&Call::of_service(), drafts).await.expect("published");
                serve_those_who_wait(booking, conduct).await;
            }
            Happening::Called(number, call) => {
                let id = booking.enter_request(&operator(), id_of(number), order(call)).await.expect("entered");
                ids.push(id);
                serve(booking, conduct, id, true).await;
            }
            Happening::Looked if conduct == Conduct::Promised => serve_those_who_wait(booking, conduct).await,
            Happening::Looked => {}
        }
        booking.look_at_promises().await.expect("looked at");
    }
    outcome(world, booking, &ids)
}

fn happenings(world: &World) -> Vec<(DateTime<Utc>, Happening<'_>)> {
    let mut all: Vec<(DateTime<Utc>, Happening<'_>)> = Vec::new();
    let mut published: BTreeMap<DateTime<Utc>, Vec<SlotDraft>> = BTreeMap::new();
    for slot in &world.slots {
        published.entry(slot.published_at.max(world.begins)).or_default().push(slot.draft.clone());
    }
    all.extend(published.into_iter().map(|(at, drafts)| (at, Happening::Published(drafts))));
    all.extend(world.calls.iter().enumerate().map(|(number, call)| (call.at, Happening::Called(number, call))));
    let mut tick = world.begins;
    while tick < world.ends {
        all.push((tick, Happening::Looked));
        tick += TimeDelta::minutes(10);
    }
    all.sort_by_key(|(at, _)| *at);
    all
}

/// One caller, or one who was called back. `on_the_phone`: a promise may be offered.
async fn serve(booking: &Arc<Booking>, conduct: Conduct, id: RequestId, on_the_phone: bool) {
    let offers = booking.look_for_offers(id, None).await.expect("offers");
    if conduct == Conduct::Promised && on_the_phone && offers.promise.is_some() {
        let order = PromiseOrder { notice_minutes: 180, patient: Some(identity()) };
        if booking.promise(&operator(), id, order).await.is_ok() {
            return;
        }
    }
    if conduct == Conduct::Promised && offers.unserved.is_some() {
        // What is free is kept for others: the request stays on the board until the plan has a place for it.
        return;
    }
    let Some(offer) = conduct.choice(&offers.items) else { return };
    let hold: HoldId = format!("h-{}", Uuid::now_v7()).parse().expect("a name");
    booking.hold(&operator(), id, offer.slot.id, hold.clone(), false).await.expect("nobody else is there");
    booking.confirm(&operator(), id, hold, &identity()).await.expect("booked");
}

/// New places: those who found nothing are called back, in the order they called; the more urgent first where the plan has it.
async fn serve_those_who_wait(booking: &Arc<Booking>, conduct: Conduct) {
    let now = booking.now();
    let mut waiting: Vec<(DateTime<Utc>, Level, RequestId)> = booking.view.read(|state| {
        let open = state.board.waiting(now).filter(|case| case.request.state(now) == RequestState::Open);
        open.filter_map(|case| Some((case.request.created_at, case.request.level()?, case.request.id))).collect()
    });
    match conduct {
        Conduct::First | Conduct::Nearest => waiting.sort_by_key(|(at, _, _)| *at),
        Conduct::Best | Conduct::Promised => waiting.sort_by_key(|(at, level, _)| (std::cmp::Reverse(*level), *at)),
    }
    for (_, _, id) in waiting {
        serve(booking, conduct, id, false).await;
    }
}

fn outcome(world: &World, booking: &Booking, ids: &[RequestId]) -> Outcome {
    let mut outcome = Outcome::default();
    for slot in &world.slots {
        *outcome.offered.entry((0, slot.draft.practitioner)).or_default() += u32::from(slot.draft.capacity);
    }
    let (mut broken, mut used) = (Vec::new(), BTreeMap::<SlotId, u16>::new());
    booking.view.read(|state| {
        for (id, call) in ids.iter().zip(&world.calls) {
            let request = &state.board.get(*id).expect("nobody disappears").request;
            let booked = match request.phase {
                Phase::Booked { slot, .. } => Some(slot),
                _ => None,
            };
            let seen = booked.map(|slot| {
                let slot = &world.slots.iter().find(|one| one.draft.id == slot).expect("published").draft;
                let travel = super::clairvoyant::travel(world, call, slot);
                Seen { wait: (slot.start - call.at).num_minutes(), travel, by: slot.practitioner }
            });
            let story = state.histories.of(*id).map(|story| story.entries.to_vec()).unwrap_or_default();
            let told = |kind| story.iter().any(|entry| entry.kind == kind);
            if told(EventKind::RequestPromised) {
                outcome.promises_made += 1;
                outcome.promises_kept += usize::from(seen.is_some());
                outcome.promises_at_risk += usize::from(told(EventKind::RequestPromiseAtRisk));
                if seen.is_none() {
                    broken.push(call);
                }
            }
            if let Some(slot) = booked {
                *used.entry(slot).or_default() += 1;
            }
            outcome.patients.push(Patient { level: call.level, seen });
        }
    });
    // A place in their time that suited them and that nobody had in the end.
    let left = |slot: &aiguilleur::domain::Slot| used.get(&slot.id).copied().unwrap_or(0) < slot.capacity;
    let could = |call: &&&SyntheticRequest| super::clairvoyant::suiting(world, call).iter().any(|slot| left(slot));
    outcome.promises_broken = broken.iter().filter(could).count();
    outcome.count_seen();
    outcome
}

fn advance(clock: &ManualClock, booking: &Booking, at: DateTime<Utc>) {
    let now = booking.now();
    if at > now {
        clock.advance(at - now);
    }
}

fn id_of(number: usize) -> RequestId {
    RequestId::new(Uuid::from_u128(u128::try_from(number).expect("few") + 1))
}

fn operator() -> Call {
    Call { actor: Actor { role: Role::Operator, id: "op".to_owned() }, key: None, fingerprint: [0; 16] }
}

fn identity() -> PatientIdentity {
    PatientIdentity {
        first_name: "Fictive".parse().expect("a name"),
        last_name: "Personne".parse().expect("a name"),
        phone: "+33639980000".parse().expect("a number"),
    }
}
