//! Reads a household from its JSON: its members, how to reach it, where it lives, what it asks for.

use chrono::NaiveDate;

use crate::booking::Booking;
use crate::booking::attachment::RegistrationOrder;
use crate::domain::attachment::{HouseholdFacts, HouseholdIdentity, MemberFacts, Reserved};
use crate::domain::decide::{PlacesOrder, REGISTERED_PERSON};
use crate::domain::{PersonName, PhoneNumber, Rpps};
use crate::http::fields::{Fields, Item, boolean, instant, parsed};
use crate::http::intake::{read_birth, read_place};
use crate::seal::Fingerprinter;

/// Most people of one household.
const MEMBERS_MAX: usize = 12;

/// Most places a doctor opens in a month.
const PLACES_MAX: i64 = 500;

/// What a household says when it registers.
pub(in crate::http) struct Said {
    /// Whether it gives its consent; none: not said.
    pub consent: Option<bool>,
    /// The rest.
    pub order: RegistrationOrder,
}

type Name = (PersonName, PersonName);

/// Reads a registration, or a correction of one.
pub(in crate::http) fn read_household(
    fields: &mut Fields<'_, '_>,
    booking: &Booking,
    fingerprinter: &Fingerprinter,
    today: NaiveDate,
) -> Option<Said> {
    let consent = fields.optional("consent", boolean);
    let household =
        fields.required("household", |item| item.list(1..=MEMBERS_MAX, |item| item.object(|f| read_member(f, today))));
    let contact = fields.required("contact", |item| item.object(read_contact));
    let place = fields.required("place", |item| item.object(|f| read_place(f, booking)));
    let usual_doctor = fields.optional("usual_doctor", parsed::<Rpps>);
    let limits = fields.optional("limits", |item| item.object(read_limits));
    let keep_together = fields.optional("keep_together", boolean);
    let (members, names): (Vec<MemberFacts>, Vec<Name>) = household?.into_iter().unzip();
    let (phone, guardian) = contact?;
    let is_adult = |member: &MemberFacts| {
        today.years_since(member.birth_date).is_some_and(|years| years >= MemberFacts::ADULT_YEARS)
    };
    if guardian.is_none() && !members.iter().any(is_adult) {
        let detail = "Un mineur ne s'inscrit pas seul : inscrivez un parent avec lui, ou nommez dans « guardian » l'adulte \
                      qui répond de lui.";
        fields.fault("contact", detail);
        return None;
    }
    let place = place?;
    let (max_travel_minutes, languages) = limits.unwrap_or_default();
    let guard = |(name, facts): (&Name, &MemberFacts)| {
        let (first, last) = name;
        let value = format!("{}|{}|{}", last.bare(), first.bare(), facts.birth_date);
        fingerprinter.unique_hmac(&booking.territory.id, REGISTERED_PERSON, &value)
    };
    let guards = names.iter().zip(&members).map(guard).collect();
    let order = RegistrationOrder {
        guards,
        facts: HouseholdFacts { members, commune: place.commune, point: place.point, max_travel_minutes, languages },
        identity: HouseholdIdentity { names, phone, guardian },
        keep_together: keep_together.unwrap_or(false),
        usual_doctor,
    };
    Some(Said { consent, order })
}

fn read_member(fields: &mut Fields<'_, '_>, today: NaiveDate) -> Option<(MemberFacts, Name)> {
    let birth_date = fields.required("birth_date", |item| read_birth(item, today));
    let sex = fields.required("sex", parsed);
    let ald = fields.optional("ald", boolean);
    let c2s = fields.optional("c2s", boolean);
    let home_visit_needed = fields.optional("home_visit_needed", boolean);
    let name = read_name(fields);
    let facts = MemberFacts {
        birth_date: birth_date?,
        sex: sex?,
        ald,
        c2s,
        recognised: false,
        home_visit_needed: home_visit_needed.unwrap_or(false),
    };
    Some((facts, name?))
}

fn read_name(fields: &mut Fields<'_, '_>) -> Option<Name> {
    let first = fields.required("first_name", parsed::<PersonName>);
    let last = fields.required("last_name", parsed::<PersonName>);
    Some((first?, last?))
}

fn read_contact(fields: &mut Fields<'_, '_>) -> Option<(PhoneNumber, Option<Name>)> {
    let phone = fields.required("phone", parsed::<PhoneNumber>);
    let guardian = fields.optional("guardian", |item: &mut Item<'_, '_>| item.object(read_name));
    Some((phone?, guardian))
}

fn read_limits(fields: &mut Fields<'_, '_>) -> Option<(Option<u16>, Vec<crate::domain::Language>)> {
    let minutes = fields.optional("max_travel_minutes", |item| item.integer(1..=240));
    let languages = fields.optional("languages", |item| item.list(0..=10, parsed));
    Some((minutes, languages.unwrap_or_default()))
}

/// Reads what a doctor opens. There is no field to say whom they do not want, and an unknown field is refused.
pub(in crate::http) fn read_places(fields: &mut Fields<'_, '_>, practitioner: Rpps) -> Option<PlacesOrder> {
    let per_month = fields.required("open_places", |item| item.integer(0..=PLACES_MAX));
    let reserved = fields.optional("reserved", |item| item.object(read_reserved));
    let home_visits = fields.required("home_visits", boolean);
    let visits_in = fields.optional("visits_in", |item| item.list(0..=100, parsed));
    let paused_until = fields.optional("paused_until", instant);
    Some(PlacesOrder {
        practitioner,
        per_month: per_month?,
        reserved: reserved.unwrap_or_default(),
        home_visits: home_visits?,
        visits_in: visits_in.unwrap_or_default(),
        paused_until,
    })
}

fn read_reserved(fields: &mut Fields<'_, '_>) -> Option<Reserved> {
    let mut kind = |name| fields.optional(name, |item| item.integer(0..=PLACES_MAX)).unwrap_or(0);
    Some(Reserved { ald: kind("ald"), age70: kind("age70"), c2s: kind("c2s") })
}
