//! The synthetic people of a demo: made only where the store holds none. They act through the same use-cases as everybody
//! else, each at their own hour: practitioners publish first, requests come in after, in the order of their arrival.

use chrono::{DateTime, Utc};

use uuid::Uuid;

use crate::booking::{Booking, Call, Failure, RequestOrder};
use crate::clock::StagedClock;
use crate::domain::{Actor, RequestId, Role};
use crate::synthetic::{ComplaintProfile, Parameters, SyntheticRequest, practitioners, requests, slots};

/// Days of slots.
const DAYS: u16 = 7;

/// What was found or made.
#[derive(Debug, Clone, Copy)]
pub(super) struct People {
    /// Practitioners in the directory.
    pub(super) practitioners: usize,
    /// Slots ahead.
    pub(super) slots: usize,
    /// Requests that wait.
    pub(super) waiting: usize,
    /// Whether they were made now.
    pub(super) made: bool,
}

pub(super) async fn ensure(
    booking: &Booking,
    clock: &StagedClock,
    opening: DateTime<Utc>,
    seed: u64,
) -> Result<People, Failure> {
    let made = booking.view.read(|state| state.directory.all().next().is_none());
    if made {
        populate(booking, clock, opening, seed).await?;
        clock.set(opening.max(booking.now()));
    }
    let now = booking.now();
    Ok(booking.view.read(|state| People {
        practitioners: state.directory.all().count(),
        slots: state.slots.starting_in(now, now + booking.policy.horizon).count(),
        waiting: state.board.waiting(now).count(),
        made,
    }))
}

async fn populate(booking: &Booking, clock: &StagedClock, opening: DateTime<Utc>, seed: u64) -> Result<(), Failure> {
    let (territory, parameters) = (&booking.territory, Parameters::demo());
    let call = Call::of_service();
    let listed = practitioners::practitioners(territory, &parameters, seed);
    let published = slots::slots(territory, &listed, &parameters, seed, opening, DAYS);
    booking.list_practitioners(&call, listed).await?;
    let known = published.into_iter().filter(|slot| slot.published_at <= opening).map(|slot| slot.draft).collect();
    booking.publish(&call, known).await?;
    let profiles: Vec<ComplaintProfile> = booking
        .pack
        .complaints
        .iter()
        .map(|complaint| ComplaintProfile {
            id: complaint.id.clone(),
            hubsante_motif: complaint.hubsante_motif.clone(),
        })
        .collect();
    for (number, request) in (0u32..).zip(requests::pending(territory, &profiles, &parameters, seed, opening)) {
        clock.set(request.at.max(booking.now()));
        let name = format!("{seed}/{}/{number}", territory.id);
        let id = RequestId::new(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()));
        booking.enter_request(&operator(), id, order(request)).await?;
    }
    Ok(())
}

/// Requests that wait at opening were taken by a colleague.
fn operator() -> Call {
    Call { actor: Actor { role: Role::Operator, id: "collegue".to_owned() }, key: None, fingerprint: [0; 16] }
}

fn order(request: SyntheticRequest) -> RequestOrder {
    RequestOrder {
        facts: request.facts,
        commune: request.commune,
        level: Some(request.level),
        regulation_reference: None,
        channel: request.channel,
    }
}
