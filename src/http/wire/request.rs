//! Requests and offers, as the API shows them.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;

use super::slot::SlotShown;

/// A request for unscheduled care. Nothing that names or describes the patient but the commune; `complaint` for the
/// regulation alone.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Request)]
pub struct RequestShown {
    /// Identifier.
    pub id: String,
    /// `incomplete`, `open`, `promised`, `held`, `booked`, `fulfilled`, `noshow`, `cancelled`, `handed_to_15`,
    /// `redirected` or `unmet`.
    pub state: &'static str,
    /// When it was entered.
    pub created_at: DateTime<FixedOffset>,
    /// The patient must be seen before; null for `programmed` or before a level stands.
    pub deadline: Option<DateTime<FixedOffset>>,
    /// Urgency and care need.
    pub triage: TriageShown,
    /// Slots offered, best first; absent from lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offers: Option<Vec<OfferShown>>,
    /// How the offers were found; absent from lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchShown>,
    /// Why nothing can be offered, when nothing can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unserved: Option<ReasonShown>,
    /// What the caller could give up, one thing at a time, and how many slots each would open; absent from lists and where
    /// something suits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub concessions: Vec<ReasonShown>,
    /// Why a promise would serve everybody better than an hour now; absent from lists and where it would not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise_advice: Option<ReasonShown>,
    /// INSEE code of the commune the patient is in.
    pub commune: String,
    /// The name of that commune.
    pub commune_name: Option<String>,
    /// Whether it belongs to the territory.
    pub in_territory: bool,
    /// `operator`, `professional`, `widget`, `sas` or `lrm`.
    pub channel: &'static str,
    /// What was promised.
    pub promise: Option<PromiseShown>,
    /// The service has booked, and the patient must still be told: the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour_to_tell: Option<DateTime<FixedOffset>>,
    /// The place held now.
    pub hold: Option<HoldShown>,
    /// The appointment, once booked.
    pub appointment_id: Option<String>,
    /// The deadline is past and the request still waits.
    pub overdue: bool,
    /// A promise, and the plan no longer finds a place for it.
    pub at_risk: bool,
    /// A régulateur agreed to a booking the rules alone would refuse.
    pub agreement: Option<AgreementShown>,
    /// Reference of the regulation file.
    pub regulation_reference: Option<String>,
    /// The request of an earlier call of the same person, a day before at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// Why a médecin régulateur must look at it; for the regulation alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub for_regulator: Vec<ReasonShown>,
    /// What a régulateur found of its level afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewShown>,
    /// Main complaint, for the regulation and the patient; absent otherwise and when erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complaint: Option<String>,
    /// When everything personal about it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<DateTime<FixedOffset>>,
    /// What happened to it, oldest first; only when one request is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<Vec<HistoryEntry>>,
    /// The page where the patient follows it; only in the answer that creates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_link: Option<String>,
    /// A bearer good for this request and nothing else; only in the answer that creates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// Version of the record.
    pub version: u64,
}

/// What a régulateur found of a level.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Review)]
pub struct ReviewShown {
    /// When.
    pub at: DateTime<FixedOffset>,
    /// `agrees`, `too_low` or `too_high`.
    pub verdict: &'static str,
}

/// What waits for a médecin régulateur; `for_regulator` of each says why.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Queue)]
pub struct QueueShown {
    /// Patients who wait: emergencies first, then the soonest deadline.
    pub items: Vec<RequestShown>,
    /// Levels to look at afterwards, the newest first.
    pub reviews: Vec<RequestShown>,
    /// The instant it is of.
    pub as_of: DateTime<FixedOffset>,
}

/// A page of requests.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RequestList {
    /// Requests, soonest deadline first.
    pub items: Vec<RequestShown>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
    /// The instant the states are derived at.
    pub as_of: DateTime<FixedOffset>,
}

/// Fresh offers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OffersShown {
    /// Slots offered, best first.
    pub offers: Vec<OfferShown>,
    /// How they were found.
    pub search: SearchShown,
    /// Why nothing can be offered, when nothing can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unserved: Option<ReasonShown>,
    /// What the caller could give up, one thing at a time, and how many slots each would open; absent where something suits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub concessions: Vec<ReasonShown>,
    /// Why a promise would serve everybody better than an hour now, where it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise_advice: Option<ReasonShown>,
}

/// Urgency and care need: a recommendation and a decision, kept apart.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = Triage)]
pub struct TriageShown {
    /// `decided`, `incomplete` or `stopped`.
    pub status: &'static str,
    /// What the engine recommends: `immediate`, `same_day`, `h24`, `h48`, `programmed`; null when it says nothing.
    pub recommended: Option<&'static str>,
    /// The level that stands.
    #[serde(rename = "final")]
    pub decided: Option<&'static str>,
    /// `engine`, `regulation`, `operator` or `regulator`.
    pub decided_by: Option<&'static str>,
    /// The level's delay, minutes; null for `programmed`.
    pub delay_minutes: Option<i64>,
    /// Who should see the patient, and how.
    pub care_need: CareNeedShown,
    /// A médecin régulateur must agree before anything is booked.
    pub regulation_required: bool,
    /// When the evaluation must be made again.
    pub valid_until: Option<DateTime<FixedOffset>>,
    /// Complaints of the call that are switched off here: nothing is recommended, a médecin régulateur decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub switched_off: Vec<String>,
    /// The pack used.
    pub pack: PackShown,
    /// Questions still to be asked, the worst first.
    pub must_ask: Vec<QuestionShown>,
    /// Questions that could still raise the level (`flag.…`, answered in `flags`), or would open a lighter service if all are
    /// answered no.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may_ask: Vec<QuestionShown>,
    /// The rules that fired: these alone give the level.
    pub explanation: Vec<ExplanationShown>,
    /// Every question that was answered, as it was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<AnsweredShown>,
    /// Lighter services that were looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pathways: Vec<PathwayShown>,
    /// What to tell the caller now, in French.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
    /// When to call again, in French.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safety_net: Option<String>,
    /// What to say to the 15, in French; only of an emergency.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub handover: Vec<String>,
    /// Codes proposed to the regulation's software; only where triage is finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub_proposal: Option<HubProposalShown>,
}

/// Codes of the national exchange hub, proposed: priority and level of care are the médecin régulateur's, never decided here.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HubProposal)]
pub struct HubProposalShown {
    /// `motif`.
    pub motif: String,
    /// `filiere`: `AMU` or `SNP`.
    pub pathway: &'static str,
    /// `priorite`: `P0` to `P3`, `NR`.
    pub priority: &'static str,
    /// `niveauSoin`: `R1` to `R4`.
    pub care_level: &'static str,
}

/// Who should see the patient, and how.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = CareNeed)]
pub struct CareNeedShown {
    /// `TRE_G15` code.
    pub profession: String,
    /// `TRE_R38` code.
    pub speciality: Option<String>,
    /// `AMB`, `HH`, `VR`; null: no matter.
    pub modality: Option<&'static str>,
}

/// A triage pack.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = Pack)]
pub struct PackShown {
    /// Name.
    pub id: String,
    /// Version.
    pub version: String,
    /// SHA-256 of its content, hexadecimal.
    pub hash: String,
}

/// A question to be asked.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Question)]
pub struct QuestionShown {
    /// `<block>.<question>`.
    pub id: String,
    /// As it is asked, in French.
    pub text: String,
    /// Kind of answer: `tri` (yes, no, unknown), `group` (the same, for several questions at once), `flag` (the same, under its
    /// name in `flags`), `number`, `choice`.
    pub kind: &'static str,
    /// Whether a yes leads to the 15.
    pub red_flag: bool,
    /// Whether not knowing leads to the 15 as well.
    pub vital: bool,
    /// How to ask it, in French.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Of a number: its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Of a choice: what can be chosen, by its number from 0.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Of a group: the questions it stands for. A no is a no to each; else each is asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

/// A rule that fired.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub struct ExplanationShown {
    /// Code.
    pub code: String,
    /// Sentence, in French.
    pub text: String,
    /// Where the rule comes from.
    pub source: String,
    /// Level it asks for by itself, or leads to.
    pub level: &'static str,
    /// Whether the level stands on it.
    pub decides: bool,
    /// Question as it was asked, in French.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// A question that was answered.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Answered)]
pub struct AnsweredShown {
    /// `<block>.<question>`.
    pub id: String,
    /// As it was asked, in French; its name where the pack of then had none of it.
    pub question: String,
    /// As it was answered, in French.
    pub answer: String,
}

/// What triage made of a request at one time, in the words of its pack of then.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Evaluation)]
pub struct EvaluationShown {
    /// When.
    pub at: DateTime<FixedOffset>,
    /// Version of the engine.
    pub engine: String,
    /// `decided`, `incomplete` or `stopped`.
    pub status: &'static str,
    /// The level it recommended; null where it recommended none.
    pub recommended: Option<&'static str>,
    /// The minutes within which.
    pub delay_minutes: Option<u32>,
    /// The pack used.
    pub pack: PackShown,
    /// Every question that was answered, as it was asked.
    pub answered: Vec<AnsweredShown>,
    /// Why.
    pub explanation: Vec<ExplanationShown>,
}

/// A lighter service that was looked at.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Pathway)]
pub struct PathwayShown {
    /// Its name in the pack.
    pub id: String,
    /// Whether it is open.
    pub open: bool,
    /// What allows it, in French.
    pub legal_basis: String,
    /// What the place must be able to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
    /// Why it is not open, in French.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
}

/// A slot offered.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Offer)]
pub struct OfferShown {
    /// 1 is best.
    pub rank: usize,
    /// The slot.
    pub slot: SlotShown,
    /// Door to door, whole minutes; 0 for `VR`.
    pub travel_minutes: u32,
    /// From now to its start, whole minutes.
    pub wait_minutes: i64,
    /// Why it stands where it does.
    pub reasons: Vec<ReasonShown>,
}

/// A reason.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Reason)]
pub struct ReasonShown {
    /// Code.
    pub code: String,
    /// Sentence, in French.
    pub text: String,
}

/// How offers were found.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Search)]
pub struct SearchShown {
    /// Rung of the ladder that produced the plan: `greedy`, `flow`, `lp`, `repair` or `mip`.
    pub rung: &'static str,
    /// Whether the plan is proved optimal.
    pub optimal: bool,
    /// Relative gap to the proved bound; null when unknown.
    pub gap: Option<f64>,
    /// Time given, milliseconds.
    pub budget_ms: u64,
    /// Time taken, milliseconds.
    pub elapsed_ms: f64,
    /// Whether the optimiser's thread was wanted by others, so that its native rungs alone made the plan beside it.
    pub solver_busy: bool,
    /// Slots looked at.
    pub considered: usize,
    /// Slots set aside, by rule.
    pub set_aside: BTreeMap<String, usize>,
}

/// A promise: seen before `by`, the hour known at least `notice_minutes` ahead.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Promise)]
pub struct PromiseShown {
    /// Seen before.
    pub by: DateTime<FixedOffset>,
    /// Minutes.
    pub notice_minutes: u16,
    /// Whether the service books by itself when the hour must be told; else an operator calls back.
    pub booked_by_service: bool,
    /// `safe`; `due`: its hour must be told now, by a person; `at_risk`: the plan finds no place for it.
    pub standing: &'static str,
}

/// A place held for a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RequestHold)]
pub struct HoldShown {
    /// The hold.
    pub hold_id: String,
    /// Its slot.
    pub slot_id: String,
    /// First instant at which it is no more.
    pub expires_at: DateTime<FixedOffset>,
}

/// A régulateur's agreement.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Agreement)]
pub struct AgreementShown {
    /// When.
    pub at: DateTime<FixedOffset>,
    /// The latest start agreed to; null: the deadline stands.
    pub latest: Option<DateTime<FixedOffset>>,
}

/// Something that happened to a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HistoryEntry {
    /// Number in the territory's stream.
    pub seq: u64,
    /// When.
    pub at: DateTime<FixedOffset>,
    /// `<subject>.<verb>`.
    pub kind: &'static str,
    /// Role of whoever did it.
    pub role: &'static str,
    /// Who did it; only for the regulation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The slot concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// The appointment concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointment: Option<String>,
    /// Slots offered, best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offered: Vec<String>,
    /// What triage made of it then: where it was entered, and where questions were answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<EvaluationShown>,
}

/// A place held: the answer to `hold` and `extend`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Hold {
    /// The hold.
    pub hold_id: String,
    /// First instant at which it is no more.
    pub expires_at: DateTime<FixedOffset>,
}
