//! A place held for a request, prolonged, booked, given back.

use super::extract::{Body, RequestAt};
use super::fields::{Fields, boolean, parsed};
use super::rights::RequestParty;
use super::wire::request::Hold;
use super::{Reply, created, shown};
use crate::booking::Held;
use crate::domain::{HoldId, PatientIdentity, SlotId};

/// `POST T/requests/{id}/hold`.
pub(super) async fn hold(at: RequestAt<RequestParty>, body: Body) -> Reply {
    let (slot, hold, consent) = body.read(read_hold)?;
    let held = at.booking.hold(&body.call(&at.caller), at.id, slot, hold, consent).await;
    held_answer(&at, &held.map_err(|f| at.failed(f))?)
}

fn read_hold(fields: &mut Fields<'_, '_>) -> Option<(SlotId, HoldId, bool)> {
    let slot = fields.required("slot_id", parsed);
    let hold = fields.required("hold_id", parsed);
    let consent = fields.optional("extra_consent", boolean);
    Some((slot?, hold?, consent.unwrap_or(false)))
}

fn read_hold_ref(fields: &mut Fields<'_, '_>) -> Option<HoldId> {
    fields.required("hold_id", parsed)
}

/// `POST T/requests/{id}/extend`.
pub(super) async fn extend(at: RequestAt<RequestParty>, body: Body) -> Reply {
    let hold = body.read(read_hold_ref)?;
    let held = at.booking.extend(&body.call(&at.caller), at.id, hold).await;
    held_answer(&at, &held.map_err(|f| at.failed(f))?)
}

fn held_answer(at: &RequestAt<RequestParty>, held: &Held) -> Reply {
    shown(&Hold { hold_id: held.hold.to_string(), expires_at: at.showing().instant(held.until) })
}

/// `POST T/requests/{id}/confirm`.
pub(super) async fn confirm(at: RequestAt<RequestParty>, body: Body) -> Reply {
    let (hold, identity) = body.read(|fields| {
        let hold = fields.required("hold_id", parsed);
        let identity = fields.required("patient", |item| item.object(read_identity));
        Some((hold?, identity?))
    })?;
    let appointment = at.booking.confirm(&body.call(&at.caller), at.id, hold, &identity).await;
    let appointment = appointment.map_err(|f| at.failed(f))?;
    let slot = at.booking.slot_of(&appointment).await.map_err(|f| at.failed(f))?;
    created(&at.showing().appointment(&appointment, &slot))
}

pub(super) fn read_identity(fields: &mut Fields<'_, '_>) -> Option<PatientIdentity> {
    let first_name = fields.required("first_name", parsed);
    let last_name = fields.required("last_name", parsed);
    let phone = fields.required("phone", parsed);
    Some(PatientIdentity { first_name: first_name?, last_name: last_name?, phone: phone? })
}

/// `POST T/requests/{id}/release`.
pub(super) async fn release(at: RequestAt<RequestParty>, body: Body) -> Reply {
    let hold = body.read(read_hold_ref)?;
    at.booking.release(&body.call(&at.caller), at.id, hold).await.map_err(|f| at.failed(f))?;
    let case = at.booking.case(at.id).await.map_err(|f| at.failed(f))?;
    let offers = at.booking.look_for_offers(at.id, None).await.map_err(|f| at.failed(f))?;
    shown(&at.showing().request(&case, Some(&offers)))
}
