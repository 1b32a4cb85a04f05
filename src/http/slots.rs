//! Slots: listed, published, taken back. Practitioners act on their own; naming a colleague, they see what is open to
//! professionals.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::extract::{At, Body, PathId, Query};
use super::fields::{Fields, boolean, instant, parsed};
use super::paging::{Page, cursor};
use super::problem::{Problem, Slug};
use super::rights::{Practising, Publishing, SlotReading};
use super::wire::slot::{PublishedShown, RefusedItem, SlotDetail, SlotList};
use super::{Reply, created, shown};
use crate::domain::{
    Arrival, Audience, CommuneCode, GeoPoint, Role, Rpps, Slot, SlotDraft, SlotId, SlotSource, SlotState,
};
use crate::geography::gazetteer::Gazetteer;
use crate::views::{Around, SlotCursor, SlotQuery, Viewer};

/// Most places of one slot, and most of them "en sus": everybody in a slot that is taken back changes in one commit, which
/// has a limit (store.md §5).
const PLACES_MAX: i64 = 50;
const EXTRA_PLACES_MAX: i64 = 10;

/// Most slots of one call.
const SLOTS_MAX: usize = 500;

/// Longest slot.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// `POST T/slots`.
pub(super) async fn publish(at: At<Publishing>, body: Body) -> Reply {
    let drafts = body.read(|f| read_slots(f, at.caller.role()))?;
    if let Some(own) = at.caller.rpps()
        && let Some(index) = drafts.iter().position(|draft| draft.practitioner != own)
    {
        let problem = Problem::new(Slug::Forbidden, "Un praticien ne publie que ses propres créneaux.");
        return Err(problem.at_field(&format!("/slots/{index}/rpps"), "Ce numéro RPPS n'est pas le vôtre."));
    }
    let published = at.booking.publish(&body.call(&at.caller), drafts).await.map_err(|f| at.failed(f))?;
    let refused = published.refused.iter().map(|(index, refusal)| {
        let problem = Problem::of_refusal(refusal);
        RefusedItem { index: *index, kind: problem.slug().uri(), detail: problem.detail().to_owned() }
    });
    let created_ids = published.created.iter().map(SlotId::to_string).collect();
    created(&PublishedShown { created: created_ids, refused: refused.collect() })
}

pub(super) fn read_slots(fields: &mut Fields<'_, '_>, role: Role) -> Option<Vec<SlotDraft>> {
    let source = if role == Role::Practitioner { SlotSource::Practitioner } else { SlotSource::Editor };
    fields.required("slots", |item| item.list(1..=SLOTS_MAX, |item| item.object(|f| read_slot(f, source))))
}

fn read_slot(fields: &mut Fields<'_, '_>, source: SlotSource) -> Option<SlotDraft> {
    let practitioner = fields.required("rpps", parsed::<Rpps>);
    let location = fields.required("location_id", parsed);
    let start = fields.required("start", instant);
    let end = read_end(fields, start);
    let modality = fields.required("modality", parsed);
    let audience = fields.required("audience", |item| item.list(1..=8, parsed::<Audience>));
    let capacity = fields.required("capacity", |item| item.integer(1..=PLACES_MAX));
    let extra_capacity = fields.optional("extra_capacity", |item| item.integer(0..=EXTRA_PLACES_MAX));
    let arrival = fields.optional("arrival", parsed);
    Some(SlotDraft {
        id: SlotId::new(Uuid::now_v7()),
        practitioner: practitioner?,
        location: location?,
        start: start?,
        end: end?,
        modality: modality?,
        audience: BTreeSet::from_iter(audience?),
        arrival: arrival.unwrap_or(Arrival::Routine),
        capacity: capacity?,
        extra_capacity: extra_capacity.unwrap_or(0),
        source,
    })
}

/// The end, from `end` or `duration_minutes`, never both.
fn read_end(fields: &mut Fields<'_, '_>, start: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    let both = (fields.has("duration_minutes"), fields.has("end"));
    let minutes = fields.optional("duration_minutes", |item| item.integer::<i64>(1..=LONGEST.num_minutes()));
    let end = fields.optional("end", |item| {
        let end = item.instant()?;
        match start.map(|start| end - start) {
            Some(length) if length <= TimeDelta::zero() => item.fault("La fin doit venir après le début."),
            Some(length) if length > LONGEST => item.fault("Un créneau dure au plus 24 heures."),
            _ => Some(end),
        }
    });
    match both {
        (true, true) => {
            fields.fault("end", "Donnez « end » ou « duration_minutes », pas les deux.");
            None
        }
        (false, false) => {
            fields.fault("duration_minutes", "Donnez la durée en minutes, ou la fin dans « end ».");
            None
        }
        (true, false) => Some(start? + TimeDelta::minutes(minutes?)),
        (false, true) => end,
    }
}

/// `POST T/slots/{id}/withdraw`.
pub(super) async fn withdraw(at: At<Practising>, id: PathId<SlotId>, body: Body) -> Reply {
    let (reason, cancel_bookings) = body.read(read_withdrawal)?;
    let call = body.call(&at.caller);
    let slot = at.booking.withdraw(&call, id.0, reason, cancel_bookings).await.map_err(|f| at.failed(f))?;
    shown(&at.showing().slot(&slot))
}

pub(super) fn read_withdrawal(fields: &mut Fields<'_, '_>) -> Option<(String, bool)> {
    let reason = fields.required("reason", |item| item.text(1..=500));
    let cancel_bookings = fields.optional("cancel_bookings", boolean);
    Some((reason?, cancel_bookings.unwrap_or(false)))
}

/// `GET T/slots`.
pub(super) async fn list(at: At<SlotReading>, query: Query) -> Reply {
    let asked = query.read(|f| read_query(f, &at))?;
    let (page, as_of) = at.booking.view.read(|state| (state.slots.query(&asked, at.now), at.now));
    let showing = at.showing();
    shown(&SlotList {
        items: page.items.iter().map(|placed| showing.slot(&placed.slot)).collect(),
        next_cursor: page.next.map(|place| cursor(&place.to_string())),
        as_of: showing.instant(as_of),
    })
}

fn read_query(fields: &mut Fields<'_, '_>, at: &At<SlotReading>) -> Option<SlotQuery> {
    let page = Page::read(fields);
    let after = page.place(fields, |text| text.parse::<SlotCursor>().ok());
    let from = fields.optional("from", instant);
    let to = fields.optional("to", instant);
    let state = fields.optional("state", parsed::<SlotState>);
    let professions = fields.optional("profession", |item| item.list(1..=20, parsed));
    let modality = fields.optional("modality", parsed);
    let rpps = fields.optional("rpps", |item| item.list(1..=100, parsed::<Rpps>));
    let commune = fields.optional("commune", parsed::<CommuneCode>);
    let radius_km = fields.optional("radius_km", |item| item.number(0.0..=200.0));
    if radius_km.is_some() && !fields.has("commune") {
        fields.fault("radius_km", "Un rayon se donne autour d'une commune : ajoutez « commune ».");
    }
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        fields.fault("to", "La fin de la période doit venir après son début.");
    }
    let around = match (commune, radius_km) {
        (Some(commune), Some(radius_km)) => {
            let point = middle(at, commune);
            if point.is_none() {
                fields.fault("commune", "La position de cette commune n'est pas connue : cherchez sans rayon.");
            }
            Some(Around { point: point?, radius_km })
        }
        _ => None,
    };
    let mut practitioners = BTreeSet::from_iter(rpps.unwrap_or_default());
    let seen_by = at.caller.rpps().map(|own| {
        // Without a word of whose slots, a practitioner sees their own; a colleague's as far as they are open to professionals.
        if practitioners.is_empty() {
            practitioners.insert(own);
        }
        Viewer { audiences: BTreeSet::from([Audience::Pro]), own: Some(own) }
    });
    Some(SlotQuery {
        from,
        to,
        state,
        professions: BTreeSet::from_iter(professions.unwrap_or_default()),
        modality,
        practitioners,
        commune: commune.filter(|_| around.is_none()),
        around,
        seen_by,
        limit: page.limit,
        after,
    })
}

/// The point of a commune, the territory's own first.
fn middle(at: &At<SlotReading>, commune: CommuneCode) -> Option<GeoPoint> {
    let own = at.booking.territory.commune(commune).map(|commune| commune.point);
    own.or_else(|| Gazetteer::national().by_code(commune)?.point)
}

/// `GET T/slots/{id}`.
pub(super) async fn one(at: At<SlotReading>, id: PathId<SlotId>) -> Reply {
    let slot = at.booking.slot(id.0).await.map_err(|f| at.failed(f))?;
    if !visible(at.caller.rpps(), &slot) {
        return Err(Problem::not_found("Ce créneau"));
    }
    let appointments = slot.bookings.iter().map(|booking| booking.appointment.to_string()).collect();
    shown(&SlotDetail { slot: at.showing().slot(&slot), appointments })
}

/// Practitioners see their own slots and those open to professionals; the others of [`SlotReading`] see all.
fn visible(practitioner: Option<Rpps>, slot: &Slot) -> bool {
    practitioner.is_none_or(|own| slot.practitioner == own || slot.audience.contains(&Audience::Pro))
}
