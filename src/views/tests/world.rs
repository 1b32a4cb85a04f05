//! Synthetic people, places and commands for the stories.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::fake_store::{FakeStore, NINE};
use crate::domain::decide::{Command, NewRequest};
use crate::domain::time::from_millis;
use crate::domain::{
    Actor, Age, AppointmentId, Arrival, Audience, CareNeed, CareRequest, Channel, Constraints, DecidedBy, GeoPoint,
    HoldId, Level, Location, Modality, PackRef, PatientFacts, Practitioner, RequestId, Role, Rpps, Sex, SlotDraft,
    SlotId, SlotSource, Triage, TriageStatus,
};
use crate::store::Seq;
use crate::views::facts::FactsSource;

pub(super) fn nine() -> DateTime<Utc> {
    from_millis(NINE)
}
pub(super) fn after(minutes: i64) -> DateTime<Utc> {
    nine() + TimeDelta::minutes(minutes)
}
pub(super) fn rpps(n: usize) -> Rpps {
    format!("1999000{n:04}").parse().unwrap()
}
pub(super) fn slot_id(n: usize) -> SlotId {
    SlotId::new(Uuid::from_u128(0x5000 + n as u128))
}
pub(super) fn request_id(n: usize) -> RequestId {
    RequestId::new(Uuid::from_u128(0xa000 + n as u128))
}
pub(super) fn appointment_id(n: usize) -> AppointmentId {
    AppointmentId::new(Uuid::from_u128(0xb000 + n as u128))
}
pub(super) fn hold_id(n: usize) -> HoldId {
    format!("hold-{n}").parse().unwrap()
}
pub(super) fn operator() -> Actor {
    Actor { role: Role::Operator, id: "op-1".to_owned() }
}

pub(super) const PROFESSIONS: [&str; 3] = ["10", "60", "70"];
pub(super) const COMMUNES: [&str; 3] = ["59653", "59350", "59051"];

/// A practitioner with one place of practice, some kilometres from the one before; `moves` puts it elsewhere.
pub(super) fn practitioner(n: usize, moves: usize) -> Practitioner {
    let shift = (n * 7 + moves * 3) as f64;
    Practitioner {
        rpps: rpps(n),
        name: format!("[FICTIF] Dr Numéro {n}"),
        profession: PROFESSIONS[n % 3].parse().unwrap(),
        speciality: None,
        languages: Vec::new(),
        locations: vec![Location {
            id: "cabinet".parse().unwrap(),
            name: "Cabinet".to_owned(),
            commune: COMMUNES[(n + moves) % 3].parse().unwrap(),
            point: GeoPoint { lat: 50.45 + shift * 0.013, lon: 2.75 + shift * 0.021 },
            accessible: n.is_multiple_of(2),
        }],
        synthetic: true,
    }
}

/// Slot `n`: its practitioner, hour, modality, audience and capacity all follow from the number.
pub(super) fn draft(n: usize) -> SlotDraft {
    let start = after(20 + 15 * (n as i64 / 6));
    let audiences = [Audience::Public, Audience::Snp, Audience::Pro];
    SlotDraft {
        id: slot_id(n),
        practitioner: rpps(n % 6),
        location: "cabinet".parse().unwrap(),
        start,
        end: start + TimeDelta::minutes(15),
        modality: Modality::ALL[n / 5 % 3],
        audience: BTreeSet::from([audiences[n / 2 % 3], audiences[n / 3 % 3]]),
        arrival: Arrival::Routine,
        capacity: if n.is_multiple_of(4) { 2 } else { 1 },
        extra_capacity: u16::from(n.is_multiple_of(3)),
        source: SlotSource::Synthetic,
    }
}

pub(super) fn triage(level: Option<Level>, now: DateTime<Utc>) -> Triage {
    Triage {
        status: if level.is_some() { TriageStatus::Decided } else { TriageStatus::Incomplete },
        recommended: None,
        decided: level,
        decided_by: level.map(|_| DecidedBy::Regulation),
        decided_at: level.map(|_| now),
        delay_minutes: None,
        care_need: CareNeed { profession: "10".parse().unwrap(), speciality: None, modality: None },
        regulation_required: false,
        reopened: false,
        valid_until: None,
        pack: PackRef { id: "p".to_owned(), version: "1".to_owned(), hash: "h".to_owned() },
    }
}

pub(super) fn create(n: usize, level: Option<Level>, now: DateTime<Utc>) -> Command {
    Command::CreateRequest(NewRequest {
        id: request_id(n),
        channel: Channel::Operator,
        commune: COMMUNES[0].parse().unwrap(),
        in_territory: true,
        facts_ref: format!("facts-{n}"),
        regulation_reference: None,
        follows: None,
        triage: triage(level, now),
    })
}

pub(super) fn hold(request: usize, slot: usize, hold: usize, until: DateTime<Utc>) -> Command {
    Command::Hold {
        request: request_id(request),
        slot: slot_id(slot),
        hold: hold_id(hold),
        until,
        extra_consent: slot.is_multiple_of(2),
    }
}

pub(super) fn confirm(request: usize, hold: usize, appointment: usize) -> Command {
    Command::Confirm {
        request: request_id(request),
        hold: hold_id(hold),
        appointment: appointment_id(appointment),
        identity_ref: "identity".to_owned(),
    }
}

impl FakeStore {
    /// As [`FakeStore::run`], for what the rules surely allow.
    pub(super) fn done(&self, actor: &Actor, command: &Command) -> Seq {
        self.run(actor, command).unwrap().1
    }

    /// A store with six practitioners and `slots` slots.
    pub(super) fn with_slots(slots: usize) -> Self {
        let store = Self::new();
        for n in 0..6 {
            store.done(&Actor::service(), &Command::ListPractitioner(practitioner(n, 0)));
        }
        for n in 0..slots {
            store.done(&Actor::service(), &Command::Publish(vec![draft(n)]));
        }
        store
    }
}

/// Gives every request facts with a note that must never show, and can be made to fail.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) lost: AtomicBool,
}

pub(super) const NOTE: &str = "appelle sa fille Huguette";

pub(super) fn facts() -> Arc<PatientFacts> {
    Arc::new(PatientFacts {
        age: Age::Years(81),
        sex: Sex::Female,
        point: GeoPoint { lat: 50.5, lon: 2.9 },
        point_is_exact: true,
        complaint: "chute".parse().unwrap(),
        other_complaints: Vec::new(),
        answers: Default::default(),
        flags: Default::default(),
        note: Some(NOTE.to_owned()),
        constraints: Constraints::default(),
    })
}

impl FactsSource for Facts {
    fn facts(&self, _: &CareRequest) -> BoxFuture<'_, Result<Arc<PatientFacts>, String>> {
        let found = if self.lost.load(Ordering::SeqCst) { Err("no such blob".to_owned()) } else { Ok(facts()) };
        async move { found }.boxed()
    }
}
