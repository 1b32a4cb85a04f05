//! Households, proposals and open places, as the API shows them; and the bodies it takes.

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

use super::order::PlaceOrder;
use super::request::HistoryEntry;

/// A household that looks for a médecin traitant.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Registration)]
pub struct RegistrationShown {
    /// Identifier.
    pub id: String,
    /// Where it stands: `registered`, `checking_usual_doctor`, `waiting`, `escalated`, `proposed_to_doctor`,
    /// `proposed_to_patient`, `accepted`, `first_appointment`, `missed`, `seen`, or how it ended.
    pub state: &'static str,
    /// 1 to 4: the strongest among the members; each counts in their own.
    pub tier: u8,
    /// When it registered: its seniority, kept whatever anybody declines.
    pub registered_at: DateTime<FixedOffset>,
    /// Until when its consent holds.
    pub consent_until: DateTime<FixedOffset>,
    /// Whether it goes to one doctor together or to none.
    pub keep_together: bool,
    /// Its members.
    pub household: Vec<MemberShown>,
    /// How to reach it; null once erased.
    pub contact: Option<ContactShown>,
    /// INSEE code of its commune; null once erased.
    pub commune: Option<String>,
    /// The name of that commune.
    pub commune_name: Option<String>,
    /// At most this far, minutes.
    pub max_travel_minutes: Option<u16>,
    /// One of these languages.
    pub languages: Vec<String>,
    /// The doctor they see already, asked first.
    pub usual_doctor: Option<String>,
    /// Its proposals, the first first.
    pub proposals: Vec<ProposalShown>,
    /// The caisse is to hear of it: long in the first tier, or declined often.
    pub to_escalate: bool,
    /// When it was handed to the caisse.
    pub escalated_at: Option<DateTime<FixedOffset>>,
    /// It is to hear how things stand.
    pub news_due: bool,
    /// The page behind this link is the household's own; only where it registers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_link: Option<String>,
    /// The bearer of the household; only where it registers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// What happened, oldest first; only where it is read alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<Vec<HistoryEntry>>,
}

/// One member.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberShown {
    /// Where they stand.
    pub state: &'static str,
    /// Their own tier; null once erased.
    pub tier: Option<u8>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// Sex.
    pub sex: Option<&'static str>,
    /// A long-term illness; null: not said.
    pub ald: Option<bool>,
    /// C2S or AME; null: not said.
    pub c2s: Option<bool>,
    /// They cannot come to a practice.
    pub home_visit_needed: Option<bool>,
}

impl std::fmt::Debug for MemberShown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemberShown(…)")
    }
}

/// How to reach a household.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = HouseholdContact)]
pub struct ContactShown {
    /// Number to call, E.164.
    pub phone: String,
    /// The same, as people read it.
    pub phone_shown: String,
    /// The adult who answers for children who register alone.
    pub guardian: Option<String>,
}

impl std::fmt::Debug for ContactShown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContactShown(…)")
    }
}

/// A page of the list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RegistrationList {
    /// Those who registered first before the others.
    pub items: Vec<RegistrationShown>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
    /// When this was so.
    pub as_of: DateTime<FixedOffset>,
}

/// A proposal. Before a doctor accepts it says what they may know: tiers, age bands, commune, home visits, travel.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MtProposal)]
pub struct ProposalShown {
    /// Identifier.
    pub id: String,
    /// The household.
    pub registration_id: String,
    /// The doctor.
    pub rpps: String,
    /// `sent`, `accepted`, `declined`, `expired`, `patient_yes` or `patient_no`.
    pub state: &'static str,
    /// When it was sent.
    pub sent_at: DateTime<FixedOffset>,
    /// Whoever is asked answers before.
    pub expires_at: DateTime<FixedOffset>,
    /// When whoever is asked was reminded.
    pub reminded_at: Option<DateTime<FixedOffset>>,
    /// Why the doctor declined.
    pub decline_reason: Option<&'static str>,
    /// The matching run it came from.
    pub run_id: Option<String>,
    /// From door to door, minutes.
    pub travel_minutes: u16,
    /// INSEE code of the household's commune.
    pub commune: Option<String>,
    /// The name of that commune.
    pub commune_name: Option<String>,
    /// The people proposed.
    pub persons: Vec<PersonShown>,
    /// Number to call: once the doctor has accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// Somebody proposed.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = ProposedPerson)]
pub struct PersonShown {
    /// Their place in the household.
    pub member: usize,
    /// Their tier.
    pub tier: Option<u8>,
    /// Their age, in tens of years: `70-79`.
    pub age_band: Option<String>,
    /// They cannot come to a practice.
    pub home_visit_needed: Option<bool>,
    /// The place they take: `general`, `ald`, `age70` or `c2s`.
    pub place: &'static str,
    /// First name: once the doctor has accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name: once the doctor has accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Date of birth: once the doctor has accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<NaiveDate>,
}

impl std::fmt::Debug for PersonShown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonShown(…)")
    }
}

/// A page of proposals.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MtProposalList)]
pub struct ProposalList {
    /// The newest first.
    pub items: Vec<ProposalShown>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
    /// When this was so.
    pub as_of: DateTime<FixedOffset>,
}

/// What a doctor opens.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = OpenPlaces)]
pub struct OpenPlacesShown {
    /// The doctor.
    pub rpps: String,
    /// Places in a month, reserved ones among them.
    pub open_places: u16,
    /// Of these, reserved.
    pub reserved: ReservedShown,
    /// Whether they visit people at home.
    pub home_visits: bool,
    /// Where; empty: wherever in the territory.
    pub visits_in: Vec<String>,
    /// No proposals before.
    pub paused_until: Option<DateTime<FixedOffset>>,
    /// The month the places left are of.
    pub month: String,
    /// Places of any kind left in it.
    pub left: u32,
}

/// Places reserved for a group: offers to it, never the exclusion of another.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReservedPlaces)]
pub struct ReservedShown {
    /// For people with a long-term illness.
    pub ald: u16,
    /// For people of 70 or more.
    pub age70: u16,
    /// For people with C2S or AME.
    pub c2s: u16,
}

/// A household to register, or what is known of it now: then the same people, in the same order.
#[derive(Debug, ToSchema)]
pub struct RegistrationOrder {
    /// Given by the household: nobody is registered unless it is true, and nothing is corrected where it is false.
    pub consent: Option<bool>,
    /// From 1 to 12 people.
    #[schema(min_items = 1, max_items = 12)]
    pub household: Vec<MemberOrder>,
    /// How to reach it.
    pub contact: ContactOrder,
    /// Where it lives.
    pub place: PlaceOrder,
    /// RPPS number of the doctor seen twice or more in a year: asked first.
    pub usual_doctor: Option<String>,
    /// What it asks for.
    pub limits: Option<LimitsOrder>,
    /// Whether it goes to one doctor together or to none.
    pub keep_together: Option<bool>,
}

/// Somebody who registers. What is not said never makes them wait longer.
#[derive(Debug, ToSchema)]
pub struct MemberOrder {
    /// Date of birth.
    pub birth_date: NaiveDate,
    /// `F`, `M` or `U`.
    pub sex: String,
    /// A long-term illness (ALD), never which.
    pub ald: Option<bool>,
    /// C2S or AME.
    pub c2s: Option<bool>,
    /// They cannot come to a practice.
    pub home_visit_needed: Option<bool>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
}

/// How to reach a household.
#[derive(Debug, ToSchema)]
pub struct ContactOrder {
    /// Telephone number.
    pub phone: String,
    /// The adult who answers for children who register alone.
    pub guardian: Option<GuardianOrder>,
}

/// An adult who answers for children.
#[derive(Debug, ToSchema)]
pub struct GuardianOrder {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
}

/// What a household asks for.
#[derive(Debug, ToSchema)]
pub struct LimitsOrder {
    /// At most this far, minutes from door to door.
    #[schema(minimum = 1, maximum = 240)]
    pub max_travel_minutes: Option<u16>,
    /// One of these languages (ISO 639-1).
    #[schema(max_items = 10)]
    pub languages: Option<Vec<String>>,
}

/// What a doctor opens. Whom they do not want cannot be said (L1110-3 CSP).
#[derive(Debug, ToSchema)]
pub struct PlacesOrder {
    /// Places in a month, reserved ones among them.
    #[schema(minimum = 0, maximum = 500)]
    pub open_places: u16,
    /// Of these, reserved for a group.
    pub reserved: Option<ReservedOrder>,
    /// Whether they visit people at home.
    pub home_visits: bool,
    /// INSEE codes of the communes they visit in; empty or absent: wherever in the territory.
    #[schema(max_items = 100)]
    pub visits_in: Option<Vec<String>>,
    /// No proposals before.
    pub paused_until: Option<DateTime<FixedOffset>>,
}

/// Places reserved for a group.
#[derive(Debug, ToSchema)]
pub struct ReservedOrder {
    /// For people with a long-term illness.
    pub ald: Option<u16>,
    /// For people of 70 or more.
    pub age70: Option<u16>,
    /// For people with C2S or AME.
    pub c2s: Option<u16>,
}

/// Why a doctor declines.
#[derive(Debug, ToSchema)]
pub struct DeclineOrder {
    /// `FULL`, `ABSENT`, `KNOWN_CONFLICT` or `OTHER_PROFESSIONAL`.
    pub reason: String,
}

/// A patient's answer.
#[derive(Debug, ToSchema)]
pub struct PatientAnswerOrder {
    /// `yes` or `no`.
    pub answer: String,
}

/// A step on the way.
#[derive(Debug, ToSchema)]
pub struct MilestoneOrder {
    /// `seen`, `missed`, `declared`, `followed_without_declaration`, `regularised`, `not_regularised`, `found_elsewhere`,
    /// `moved`, `withdrawn`, `deceased` or `escalated`.
    pub milestone: String,
    /// Which members, by their place in the household; absent: all who can.
    #[schema(min_items = 1, max_items = 12)]
    pub members: Option<Vec<u8>>,
}

/// An empty body.
#[derive(Debug, ToSchema)]
pub struct NothingOrder {}
