//! What the benches share: a Weppes with as many people as asked for, where state lives, and a service that runs as the
//! program runs it.

pub(crate) mod callers;
pub(crate) mod cpu;
pub(crate) mod desk;
pub(crate) mod home;
#[path = "../../../tests/suite/support/redis.rs"]
#[expect(dead_code, reason = "the tests do more with a server than benches do")]
pub(crate) mod redis_server;
pub(crate) mod running;
pub(crate) mod times;

use aiguilleur::booking::RequestOrder;
use aiguilleur::domain::{
    Arrival, Audience, Level, Location, Modality, PatientFacts, Practitioner, SlotDraft, SlotId, SlotSource, Territory,
};
use aiguilleur::geography::builtin;
use aiguilleur::synthetic::{ComplaintProfile, Parameters, requests};
use aiguilleur::triage::Pack;
use chrono::{DateTime, TimeDelta, Utc};
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
            draft(practitioner, n, start)
        })
        .collect()
}

/// The `number`th slot: a quarter of an hour of a practitioner, one place, open to everybody.
pub(crate) fn draft(practitioner: &Practitioner, number: usize, start: DateTime<Utc>) -> SlotDraft {
    SlotDraft {
        id: SlotId::new(Uuid::from_u128(u128::try_from(number).expect("small") + 1)),
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
}

/// What synthetic people complain of.
pub(crate) fn complaints() -> Vec<ComplaintProfile> {
    let of_pack = Pack::general().complaints.iter();
    of_pack.map(|c| ComplaintProfile { id: c.id.clone(), hubsante_motif: c.hubsante_motif.clone() }).collect()
}

/// `count` requests of synthetic days, each with a level that may be booked.
pub(crate) fn orders(territory: &Territory, count: usize) -> Vec<RequestOrder> {
    let until = nine() + TimeDelta::days(120);
    requests::arrivals(territory, &complaints(), &Parameters::demo(), 7, nine(), until)
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
