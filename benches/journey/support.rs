//! What the benches share: a busy Weppes without the network around it, and percentiles.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aiguilleur::booking::{Booking, Call, Parts, Policy, RequestOrder, Vault};
use aiguilleur::clock::ManualClock;
use aiguilleur::domain::{
    Arrival, Audience, Level, Location, Modality, PatientFacts, Practitioner, RequestId, SlotDraft, SlotId, SlotSource,
    Territory,
};
use aiguilleur::geography::builtin;
use aiguilleur::geography::travel::RoadModel;
use aiguilleur::seal::{Kek, Sealer};
use aiguilleur::store::{EmbeddedStore, Store};
use aiguilleur::synthetic::{ComplaintProfile, Parameters, requests};
use aiguilleur::triage::Pack;
use aiguilleur::views;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use uuid::Uuid;

/// Tuesday 24 November 2026, nine o'clock in the Weppes.
pub(crate) fn nine() -> DateTime<Utc> {
    "2026-11-24T08:00:00Z".parse().expect("an instant")
}

/// The territory of the benches.
pub(crate) fn weppes() -> Territory {
    builtin::load("weppes").expect("compiled in")
}

/// `count` general practitioners, spread over the communes.
pub(crate) fn practitioners(territory: &Territory, count: usize) -> Vec<Practitioner> {
    let mut communes = territory.communes.iter().cycle();
    (0..count)
        .map(|n| {
            let commune = communes.next().expect("a territory has communes");
            Practitioner {
                rpps: format!("1999{n:07}").parse().expect("eleven digits"),
                name: format!("[FICTIF] Dr {n}"),
                profession: "10".parse().expect("a code"),
                speciality: Some("SM54".parse().expect("a code")),
                languages: vec!["fr".parse().expect("a code")],
                locations: vec![Location {
                    id: format!("lieu-{n}").parse().expect("a token"),
                    name: "Cabinet".to_owned(),
                    commune: commune.code,
                    point: commune.point,
                    accessible: n % 5 != 0,
                }],
                synthetic: true,
            }
        })
        .collect()
}

/// `count` slots of a quarter of an hour, one practitioner after the other, over the hours of the coming days.
pub(crate) fn drafts(practitioners: &[Practitioner], count: usize) -> Vec<SlotDraft> {
    (0..count)
        .map(|n| {
            let practitioner = &practitioners[n % practitioners.len()];
            let place = i64::try_from(n / practitioners.len()).expect("few");
            // Thirty-two quarters a day, from nine to five.
            let start = nine() + TimeDelta::days(place / 32) + TimeDelta::minutes(15 * (place % 32) + 15);
            SlotDraft {
                id: SlotId::new(Uuid::from_u128(u128::try_from(n).expect("small") + 1)),
                practitioner: practitioner.rpps,
                location: practitioner.locations[0].id.clone(),
                start,
                end: start + TimeDelta::minutes(15),
                modality: Modality::Ambulatory,
                audience: [Audience::Public].into(),
                arrival: Arrival::Routine,
                capacity: 1,
                extra_capacity: 0,
                source: SlotSource::Synthetic,
            }
        })
        .collect()
}

/// A territory's booking over a store in memory.
pub(crate) struct Desk {
    /// The booking.
    pub(crate) booking: Arc<Booking>,
    _stop: watch::Sender<bool>,
}

impl Desk {
    /// Opens an empty desk over `store`.
    pub(crate) async fn open(store: Arc<dyn Store>, policy: Policy) -> Self {
        let territory = Arc::new(weppes());
        let sealer = Arc::new(Sealer::new(Kek::generate().expect("randomness")));
        let vault = Vault::new(store.clone(), sealer, territory.id.clone());
        let (stop, stopped) = watch::channel(false);
        let (view, _) = views::feed::start(store.clone(), Arc::new(vault.clone()), territory.id.clone(), stopped)
            .await
            .expect("view");
        let booking = Arc::new(Booking::new(Parts {
            territory,
            pack: Arc::new(Pack::general().clone()),
            view,
            policy,
            store,
            vault,
            travel: Arc::new(RoadModel),
        }));
        Self { booking, _stop: stop }
    }

    /// Opens a desk in memory with so many slots and requests that wait.
    pub(crate) async fn busy(slots: usize, waiting: usize) -> (Self, Vec<RequestId>) {
        let clock = Arc::new(ManualClock::at(nine()));
        let store: Arc<dyn Store> = Arc::new(EmbeddedStore::in_memory(clock).expect("memory"));
        let desk = Self::open(store, Policy { budget_max: Duration::from_secs(10), ..Policy::default() }).await;
        let listed = practitioners(&desk.booking.territory, 63);
        let drafts = drafts(&listed, slots);
        let call = Call::of_service();
        desk.booking.list_practitioners(&call, listed).await.expect("listed");
        desk.booking.publish(&call, drafts).await.expect("published");
        let mut ids = Vec::new();
        for (n, order) in orders(&desk.booking.territory, waiting).into_iter().enumerate() {
            let id = RequestId::new(Uuid::from_u128(1_000_000 + u128::try_from(n).expect("small")));
            ids.push(desk.booking.enter_request(&call, id, order).await.expect("entered"));
        }
        (desk, ids)
    }
}

/// `count` requests of synthetic days, each with a level that may be booked.
pub(crate) fn orders(territory: &Territory, count: usize) -> Vec<RequestOrder> {
    let complaints: Vec<ComplaintProfile> = Pack::general()
        .complaints
        .iter()
        .map(|c| ComplaintProfile { id: c.id.clone(), hubsante_motif: c.hubsante_motif.clone() })
        .collect();
    let until = nine() + TimeDelta::days(120);
    requests::arrivals(territory, &complaints, &Parameters::demo(), 7, nine(), until)
        .into_iter()
        .filter(|request| request.level != Level::Immediate)
        .take(count)
        .map(|request| RequestOrder {
            facts: PatientFacts { complaint: "fievre_adulte".parse().expect("a block"), note: None, ..request.facts },
            commune: request.commune,
            level: Some(request.level),
            regulation_reference: None,
            channel: request.channel,
        })
        .collect()
}

/// Times of one thing done many times.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Does a thing `count` times.
    pub(crate) fn of(count: usize, mut thing: impl FnMut(usize)) -> Self {
        Self::collect((0..count).map(|n| {
            let started = Instant::now();
            thing(n);
            started.elapsed()
        }))
    }

    /// Times measured elsewhere.
    pub(crate) fn collect(times: impl Iterator<Item = Duration>) -> Self {
        let mut times: Vec<_> = times.collect();
        times.sort_unstable();
        Self(times)
    }

    /// The time that `percent` of them did not exceed, microseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent / 100).min(self.0.len() - 1);
        self.0[place].as_secs_f64() * 1e6
    }
}
