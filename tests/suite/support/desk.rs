//! A territory's booking without the network around it: the Weppes, one general practitioner, a store in memory and a clock
//! that stands still.

use std::collections::BTreeMap;
use std::sync::Arc;

use aiguilleur::booking::{Booking, Call, Parts, Policy, RequestOrder, SolverThread, Vault, solver_thread};
use aiguilleur::clock::{Clock as _, ManualClock};
use aiguilleur::domain::{
    Actor, Age, Arrival, Audience, Channel, Constraints, Level, Location, Modality, PatientFacts, PatientIdentity,
    Practitioner, RequestId, Role, Rpps, Sex, SlotDraft, SlotId, SlotSource,
};
use aiguilleur::geography::builtin;
use aiguilleur::geography::travel::RoadModel;
use aiguilleur::receipts::Journal;
use aiguilleur::seal::{Kek, Sealer};
use aiguilleur::store::{EmbeddedStore, Store};
use aiguilleur::triage::Pack;
use aiguilleur::views;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use super::flaky::FlakyStore;

pub(crate) const WICRES: &str = "59658";

pub(crate) struct Desk {
    pub(crate) booking: Arc<Booking>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<FlakyStore>,
    pub(crate) doctor: Rpps,
    pub(crate) solver: SolverThread,
    _stop: watch::Sender<bool>,
}

pub(crate) fn operator() -> Call {
    Call { actor: Actor { role: Role::Operator, id: "op-1".to_owned() }, key: None, fingerprint: [0; 16] }
}

/// The same call with an idempotency key.
pub(crate) fn keyed(key: &str, body: u8) -> Call {
    Call { key: Some(key.to_owned()), fingerprint: [body; 16], ..operator() }
}

impl Desk {
    /// Tuesday 24 November 2026, nine o'clock in the Weppes.
    pub(crate) async fn open() -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-24T08:00:00Z".parse().unwrap()));
        let embedded = EmbeddedStore::in_memory(clock.clone()).unwrap();
        Self::over(Arc::new(embedded), clock, Arc::new(Sealer::new(Kek::generate().unwrap())), None).await
    }

    /// The same desk over a store, which may have been worked in before.
    pub(crate) async fn over(
        store: Arc<dyn Store>,
        clock: Arc<ManualClock>,
        sealer: Arc<Sealer>,
        receipts: Option<Arc<Journal>>,
    ) -> Self {
        let store = Arc::new(FlakyStore::over(store));
        let shared: Arc<dyn Store> = store.clone();
        let territory = Arc::new(builtin::load("weppes").unwrap());
        let vault = Vault::new(shared.clone(), sealer, territory.id.clone());
        let (stop, stopped) = watch::channel(false);
        let (view, _feed) =
            views::feed::start(shared.clone(), Arc::new(vault.clone()), territory.id.clone(), stopped).await.unwrap();
        let doctor: Rpps = "19990000001".parse().unwrap();
        let wicres = territory.commune(WICRES.parse().unwrap()).unwrap();
        let listed = Practitioner {
            rpps: doctor,
            name: "[FICTIF] Dr Jeanne Belabruc".to_owned(),
            profession: "10".parse().unwrap(),
            speciality: Some("SM54".parse().unwrap()),
            languages: vec!["fr".parse().unwrap()],
            locations: vec![Location {
                id: "cabinet".parse().unwrap(),
                name: "Cabinet".to_owned(),
                commune: wicres.code,
                point: wicres.point,
                accessible: true,
            }],
            synthetic: true,
        };
        let solver = SolverThread::start(solver_thread::WAITING_MOST).expect("a thread");
        let booking = Booking::new(Parts {
            territory,
            pack: Arc::new(Pack::general().clone()),
            view,
            policy: Policy::default(),
            store: shared,
            vault,
            travel: Arc::new(RoadModel),
            solver: solver.clone(),
        });
        let booking = Arc::new(match receipts {
            Some(journal) => booking.with_receipts(journal),
            None => booking,
        });
        booking.list_practitioners(&Call::of_service(), vec![listed]).await.unwrap();
        Self { booking, clock, store, doctor, solver, _stop: stop }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A slot of the doctor that starts in `minutes`, as a draft.
    pub(crate) fn draft(&self, minutes: i64, capacity: u16) -> SlotDraft {
        let start = self.now() + TimeDelta::minutes(minutes);
        SlotDraft {
            id: SlotId::new(Uuid::now_v7()),
            practitioner: self.doctor,
            location: "cabinet".parse().unwrap(),
            start,
            end: start + TimeDelta::minutes(15),
            modality: Modality::Ambulatory,
            audience: [Audience::Public].into(),
            arrival: Arrival::Routine,
            capacity,
            extra_capacity: 0,
            source: SlotSource::Practitioner,
        }
    }

    pub(crate) async fn publish(&self, minutes: i64, capacity: u16) -> SlotId {
        let published = self.booking.publish(&Call::of_service(), vec![self.draft(minutes, capacity)]).await.unwrap();
        published.created[0]
    }

    pub(crate) fn order(&self, level: Level) -> RequestOrder {
        let wicres = self.booking.territory.commune(WICRES.parse().unwrap()).unwrap();
        RequestOrder {
            facts: PatientFacts {
                age: Age::Years(80),
                sex: Sex::Female,
                point: wicres.point,
                point_is_exact: false,
                complaint: "fievre_adulte".parse().unwrap(),
                other_complaints: Vec::new(),
                answers: BTreeMap::new(),
                flags: BTreeMap::new(),
                note: None,
                constraints: Constraints::default(),
            },
            commune: wicres.code,
            level: Some(level),
            regulation_reference: None,
            channel: Channel::Operator,
        }
    }

    pub(crate) async fn request(&self, level: Level) -> RequestId {
        let (case, _) = self.booking.create_request(&operator(), self.order(level)).await.unwrap();
        case.request.id
    }
}

pub(crate) fn patient() -> PatientIdentity {
    PatientIdentity {
        first_name: "Zélie".parse().unwrap(),
        last_name: "Quenouillard".parse().unwrap(),
        phone: "06 39 98 12 34".parse().unwrap(),
    }
}
