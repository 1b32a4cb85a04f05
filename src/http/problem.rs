//! Every refusal and fault as `application/problem+json` (RFC 9457): one table for slugs, statuses and titles, one function
//! from what the rules and the store say to a row of it. No edge invents an error of its own. The texts here are read by
//! people: what is wrong, then what to do.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use super::fields::FieldFault;
use crate::booking::StoreError;
use crate::domain::refusal::Subject;
use crate::domain::{Level, Refusal, RequestState};
use crate::observability::Metrics;

/// Media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

macro_rules! slugs {
    ($($(#[$doc:meta])* $variant:ident = $slug:literal, $status:literal, $title:literal, $advice:literal;)+) => {
        /// A kind of problem. Its slug is the stable end of `type`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Slug { $($(#[$doc])* $variant),+ }

        impl Slug {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable end of `type`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $slug),+ }
            }
            const fn number(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }
            /// What it is called.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
            /// What to do about it.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice),+ }
            }
        }
    };
}

slugs! {
    /// Malformed: fields with their pointers.
    InvalidRequest = "invalid-request", 400, "Requête incorrecte",
        "Corrigez les champs nommés dans « errors », tous signalés à la fois, puis renvoyez l'appel.";
    /// Nobody we know.
    Unauthorized = "unauthorized", 401, "Appelant inconnu",
        "Donnez un jeton valide : « Authorization: Bearer … ». Un lien de suivi ne vaut que pour sa propre demande.";
    /// Known, not allowed.
    Forbidden = "forbidden", 403, "Action non autorisée",
        "Votre rôle ne permet pas cette action. Adressez-vous à une personne qui en a le droit.";
    /// Only a régulateur lowers.
    LoweringNeedsRegulator = "lowering-needs-regulator", 403, "Seul un médecin régulateur abaisse un niveau",
        "Toute personne de la régulation peut relever un niveau ; pour l'abaisser, passez la main au médecin régulateur.";
    /// The hold is somebody else's.
    HoldOfAnother = "hold-of-another", 403, "Place retenue par une autre personne",
        "Seul l'auteur de cette retenue, ou un médecin régulateur, peut s'en servir. Retenez une autre place.";
    /// None, or not the caller's to see.
    NotFound = "not-found", 404, "Introuvable",
        "Vérifiez l'identifiant et le territoire. Ce qui n'est pas visible pour vous est aussi déclaré introuvable.";
    /// Wrong method.
    MethodNotAllowed = "method-not-allowed", 405, "Méthode non prise en charge",
        "Cette adresse existe, mais pas pour cette méthode : voyez /api/openapi.json.";
    /// Somebody else has it.
    SlotTaken = "slot-taken", 409, "Créneau déjà pris",
        "Quelqu'un d'autre vient de prendre la dernière place. Choisissez parmi les propositions fraîches, dans « offers ».";
    /// Withdrawn or begun.
    SlotGone = "slot-gone", 409, "Créneau retiré ou commencé",
        "Ce créneau n'est plus proposé. Choisissez parmi les propositions fraîches, dans « offers ».";
    /// Booked, not withdrawn.
    SlotBooked = "slot-booked", 409, "Créneau réservé",
        "Des patients ont rendez-vous. Pour retirer le créneau et annuler leurs rendez-vous, ajoutez « cancel_bookings: true » : leurs demandes seront remises en attente.";
    /// The hold ended.
    HoldExpired = "hold-expired", 409, "Retenue expirée",
        "La place n'est plus retenue. Choisissez de nouveau parmi les propositions fraîches, dans « offers ».";
    /// Too large.
    BodyTooLarge = "body-too-large", 413, "Contenu trop volumineux",
        "Découpez l'appel en plusieurs : la limite est donnée dans « limit_bytes ».";
    /// Not JSON.
    UnsupportedMediaType = "unsupported-media-type", 415, "Format non pris en charge",
        "Envoyez du JSON, avec l'en-tête « Content-Type: application/json ».";
    /// Same key, other call.
    IdempotencyMismatch = "idempotency-mismatch", 422, "Clé d'idempotence déjà utilisée",
        "Cette clé a servi à un autre appel. Prenez une clé nouvelle pour chaque action nouvelle.";
    /// Red flag.
    Emergency = "emergency", 422, "Urgence : appeler le 15",
        "Aucun créneau n'est proposé pour une urgence. Passez l'appel au 15, puis enregistrez-le par « handover ».";
    /// No level.
    NotQualified = "not-qualified", 422, "Demande non qualifiée",
        "Répondez aux questions en attente, ou faites décider le niveau, avant de chercher un créneau.";
    /// A régulateur first.
    RegulationRequired = "regulation-required", 422, "Accord du médecin régulateur requis",
        "Un médecin régulateur doit d'abord donner son accord (« agreement »).";
    /// Said too long ago.
    EvaluationOver = "evaluation-over", 422, "Évaluation à confirmer",
        "Demandez s'il y a du nouveau, puis envoyez les réponses (« answers », vide si rien n'a changé) : la place peut alors être retenue.";
    /// A hard rule.
    UnsuitableSlot = "unsuitable-slot", 422, "Créneau inadapté à la demande",
        "La règle en cause est dans « rule ». Choisissez un créneau proposé, ou demandez l'accord du médecin régulateur si l'échéance seule l'empêche.";
    /// Not in this state.
    WrongState = "wrong-state", 422, "Impossible dans l'état actuel de la demande",
        "Relisez la demande : son état, dans « state », ne permet plus cette action.";
    /// Hold id elsewhere.
    HoldIdReused = "hold-id-reused", 422, "Identifiant de retenue déjà utilisé",
        "Cet identifiant désigne déjà une autre retenue. Prenez-en un nouveau pour chaque place.";
    /// Before it began.
    TooEarly = "too-early", 422, "Trop tôt",
        "La venue ou l'absence ne se note qu'une fois le rendez-vous commencé.";
    /// Nothing is left of its patient.
    Erased = "erased", 422, "Données effacées",
        "Les données de cette personne ont été effacées : il n'y a plus rien à faire pour cette demande. Créez-en une autre.";
    /// Another outcome stands.
    OutcomeRecorded = "outcome-recorded", 422, "Issue déjà enregistrée",
        "Ce rendez-vous a déjà une issue définitive : relisez-le.";
    /// No promise.
    PromiseImpossible = "promise-impossible", 422, "Promesse impossible à tenir",
        "Aucune place ne laisse ce délai de prévenance avant l'échéance. Proposez un créneau précis, ou réduisez « notice_minutes ».";
    /// No consent.
    ConsentRequired = "consent-required", 422, "Consentement nécessaire",
        "Rien n'est enregistré sans le consentement du foyer : recueillez-le, puis envoyez « consent: true ».";
    /// Somebody is registered already.
    AlreadyRegistered = "already-registered", 409, "Personne déjà inscrite",
        "Une personne de ce foyer est déjà inscrite : la demande en cours garde son rang. Reprenez-la par son lien, ou par la coordination.";
    /// A correction for others.
    OtherMembers = "other-members", 422, "Nombre de personnes différent",
        "Une correction porte sur les mêmes personnes. Qui rejoint le foyer s'inscrit ; qui le quitte est noté « withdrawn ».";
    /// Not from where it stands.
    RegistrationNotThere = "registration-not-there", 422, "Impossible à cette étape de l'inscription",
        "Relisez l'inscription : son étape, dans « state », ne permet pas cette action.";
    /// Renew first.
    ConsentOver = "consent-over", 422, "Consentement à renouveler",
        "Le consentement a plus de 12 mois : renouvelez-le avec la personne. Son rang est gardé.";
    /// All or nobody.
    KeptTogether = "kept-together", 422, "Foyer à garder ensemble",
        "Ce foyer a demandé un seul médecin pour tous : proposez tous ses membres au même médecin.";
    /// Not again.
    DeclinedBefore = "declined-before", 422, "Déjà refusé",
        "Ce médecin a déjà décliné, ou le foyer n'a pas voulu de lui : il n'est plus proposé. Choisissez-en un autre.";
    /// No place with this doctor.
    NoPlaceLeft = "no-place-left", 409, "Plus de place chez ce médecin",
        "Ce médecin n'a plus de place de cette sorte ce mois-ci, ou fait une pause. Relancez un appariement.";
    /// Nobody is asked.
    ProposalOver = "proposal-over", 409, "Proposition close",
        "Cette proposition n'attend plus de réponse. La personne a gardé son rang dans la liste.";
    /// Not a doctor.
    NoMedecin = "no-medecin", 422, "Médecin attendu",
        "Seul un médecin peut être déclaré médecin traitant.";
    /// Too many reserved.
    MoreReservedThanOpen = "more-reserved-than-open", 422, "Plus de places réservées que de places ouvertes",
        "Les places réservées sont prises parmi les places ouvertes : ouvrez-en davantage, ou réservez-en moins.";
    /// Past slot.
    SlotInPast = "slot-in-past", 422, "Créneau dans le passé",
        "Publiez un créneau qui commence plus tard que maintenant.";
    /// Ends before it starts.
    EndsBeforeStart = "ends-before-start", 422, "Créneau de durée nulle ou négative",
        "La fin doit venir après le début.";
    /// Overlap.
    SlotOverlap = "slot-overlap", 422, "Créneaux qui se chevauchent",
        "Ce professionnel a déjà un créneau à cette heure. Retirez-le d'abord, ou changez d'heure.";
    /// Not their place.
    UnknownLocation = "unknown-location", 422, "Lieu d'exercice inconnu",
        "Ce lieu n'est pas un lieu d'exercice de ce professionnel : voyez sa fiche dans « practitioners ».";
    /// Too many calls.
    TooManyRequests = "too-many-requests", 429, "Trop d'appels",
        "Attendez le temps donné par Retry-After, puis reprenez.";
    /// A bug.
    Internal = "internal", 500, "Erreur interne",
        "Le service a un défaut. Donnez l'identifiant « trace_id » à son exploitant.";
    /// May have happened.
    OutcomeUnknown = "outcome-unknown", 503, "Résultat inconnu",
        "L'action a peut-être été faite. Renvoyez exactement le même appel, avec la même clé d'idempotence : il ne sera pas fait deux fois.";
    /// Did not happen.
    StoreUnavailable = "store-unavailable", 503, "Service momentanément indisponible",
        "Cet appel n'a rien enregistré ; un appel précédent avec la même clé a pu l'être. Renvoyez-le, avec la même clé, après le temps donné par Retry-After.";
    /// Too many others.
    Busy = "busy", 503, "Trop d'actions simultanées",
        "Beaucoup de personnes modifient la même chose en même temps. Réessayez dans un instant.";
    /// Took too long.
    Timeout = "timeout", 503, "Réponse trop longue",
        "L'action a peut-être été faite. Renvoyez exactement le même appel, avec la même clé d'idempotence.";
}

impl Slug {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.number()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The `type` member.
    pub fn uri(self) -> String {
        format!("/problems/{}", self.code())
    }
}

/// A problem to be answered.
#[derive(Debug, Clone)]
pub struct Problem {
    slug: Slug,
    detail: String,
    errors: Vec<FieldFault>,
    /// Boxed, since every handler's answer may be a problem.
    extras: Box<Map<String, Value>>,
    retry_after: Option<u32>,
}

impl Problem {
    /// A problem with a detail of its own.
    pub fn new(slug: Slug, detail: impl Into<String>) -> Self {
        let retry_after = matches!(slug.number(), 429 | 503).then_some(1);
        Self { slug, detail: detail.into(), errors: Vec::new(), extras: Box::default(), retry_after }
    }

    /// Bad fields, all at once.
    pub fn of_fields(errors: Vec<FieldFault>) -> Self {
        let detail = match errors.as_slice() {
            [only] if only.pointer.is_empty() => only.detail.clone(),
            [only] => format!("{} : {}", only.pointer, only.detail),
            many => format!("{} champs sont à corriger : voyez « errors ».", many.len()),
        };
        Self { errors, ..Self::new(Slug::InvalidRequest, detail) }
    }

    /// One bad field.
    pub fn of_field(pointer: &str, detail: impl Into<String>) -> Self {
        Self::of_fields(vec![FieldFault { pointer: pointer.to_owned(), detail: detail.into() }])
    }

    /// Not to be found by this caller.
    pub fn not_found(what: &str) -> Self {
        Self::new(Slug::NotFound, format!("{what} : introuvable dans ce territoire, ou pas visible pour vous."))
    }

    /// Names a field the problem is about.
    #[must_use]
    pub fn at_field(mut self, pointer: &str, detail: impl Into<String>) -> Self {
        self.errors.push(FieldFault { pointer: pointer.to_owned(), detail: detail.into() });
        self
    }

    /// Adds a member of its own.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.extras.insert(name.to_owned(), value);
        self
    }

    /// Sets `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The sentence for whoever called.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The kind.
    pub fn slug(&self) -> Slug {
        self.slug
    }

    /// What `Retry-After` says.
    pub fn seconds_to_wait(&self) -> Option<u32> {
        self.retry_after
    }

    /// The document.
    pub fn document(&self) -> Value {
        let mut document = Map::new();
        document.insert("type".to_owned(), self.slug.uri().into());
        document.insert("title".to_owned(), self.slug.title().into());
        document.insert("status".to_owned(), self.slug.number().into());
        document.insert("detail".to_owned(), self.detail.clone().into());
        if !self.errors.is_empty() {
            document.insert("errors".to_owned(), json!(self.errors));
        }
        if let Some(seconds) = self.retry_after {
            document.insert("retry_after".to_owned(), seconds.into());
        }
        document.extend(Map::clone(&self.extras));
        Value::Object(document)
    }

    /// The row of the table for a refusal of the rules, and the sentence with its facts.
    pub fn of_refusal(refusal: &Refusal) -> Self {
        let slug = slug_of(refusal);
        let problem = Self::new(slug, sentence_of(refusal));
        match refusal {
            Refusal::Overlap { with } => problem.with("with", json!(with.to_string())),
            Refusal::Unsuitable { rule } => problem.with("rule", json!(rule)),
            Refusal::WrongState { state } => problem.with("state", json!(state.code())),
            Refusal::TooEarly { start } => problem.with("start", json!(start.to_rfc3339())),
            _ => problem,
        }
    }

    /// The row of the table for a failing store. A fault is logged here, once, with its cause.
    pub fn of_store(error: &StoreError) -> Self {
        let slug = match error {
            StoreError::Unknown(_) | StoreError::NotDurable(_) => Slug::OutcomeUnknown,
            StoreError::Unavailable(_) | StoreError::Full => Slug::StoreUnavailable,
            StoreError::IdemMismatch => Slug::IdempotencyMismatch,
            StoreError::Corrupt(_) | StoreError::Malformed(_) | StoreError::NotEmpty => return Self::internal(error),
        };
        if slug != Slug::IdempotencyMismatch {
            tracing::warn!(error = %error, "the store could not answer");
        }
        Self::new(slug, slug.advice())
    }

    /// A bug: nothing of it is told but a trace id; the log has the rest.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        let trace = uuid::Uuid::new_v4().to_string();
        let mut causes = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            source = cause.source();
        }
        tracing::error!(trace_id = %trace, causes = %causes, "internal error");
        Self::new(Slug::Internal, Slug::Internal.advice()).with("trace_id", trace.into())
    }
}

fn slug_of(refusal: &Refusal) -> Slug {
    match refusal {
        Refusal::Unknown(_) => Slug::NotFound,
        Refusal::Forbidden => Slug::Forbidden,
        Refusal::Past => Slug::SlotInPast,
        Refusal::EndsBeforeStart => Slug::EndsBeforeStart,
        Refusal::Overlap { .. } => Slug::SlotOverlap,
        Refusal::UnknownLocation => Slug::UnknownLocation,
        Refusal::SlotTaken => Slug::SlotTaken,
        Refusal::SlotGone => Slug::SlotGone,
        Refusal::SlotBooked => Slug::SlotBooked,
        Refusal::HoldExpired => Slug::HoldExpired,
        Refusal::HoldOfAnother => Slug::HoldOfAnother,
        Refusal::HoldIdReused => Slug::HoldIdReused,
        Refusal::Emergency => Slug::Emergency,
        Refusal::NotQualified => Slug::NotQualified,
        Refusal::RegulationRequired => Slug::RegulationRequired,
        Refusal::EvaluationOver { .. } => Slug::EvaluationOver,
        Refusal::Unsuitable { .. } => Slug::UnsuitableSlot,
        Refusal::WrongState { .. } => Slug::WrongState,
        Refusal::LoweringNeedsRegulator { .. } => Slug::LoweringNeedsRegulator,
        Refusal::TooEarly { .. } => Slug::TooEarly,
        Refusal::OutcomeRecorded => Slug::OutcomeRecorded,
        Refusal::Erased => Slug::Erased,
        Refusal::PromiseImpossible => Slug::PromiseImpossible,
        Refusal::AlreadyRegistered { .. } => Slug::AlreadyRegistered,
        Refusal::OtherMembers { .. } => Slug::OtherMembers,
        Refusal::RegistrationNotThere { .. } => Slug::RegistrationNotThere,
        Refusal::ConsentOver => Slug::ConsentOver,
        Refusal::KeptTogether => Slug::KeptTogether,
        Refusal::DeclinedBefore => Slug::DeclinedBefore,
        Refusal::NoPlaceLeft => Slug::NoPlaceLeft,
        Refusal::ProposalOver { .. } => Slug::ProposalOver,
        Refusal::NoMedecin => Slug::NoMedecin,
        Refusal::MoreReservedThanOpen => Slug::MoreReservedThanOpen,
        Refusal::Outdated => Slug::Busy,
    }
}

fn sentence_of(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Unknown(subject) => {
            let what = match subject {
                Subject::Slot => "Ce créneau",
                Subject::Request => "Cette demande",
                Subject::Appointment => "Ce rendez-vous",
                Subject::Practitioner => "Ce professionnel",
                Subject::Registration => "Cette inscription",
                Subject::Proposal => "Cette proposition",
            };
            format!("{what} : introuvable dans ce territoire, ou pas visible pour vous.")
        }
        Refusal::Overlap { with } => {
            format!("Ce professionnel a déjà le créneau {with} à cette heure. Retirez-le d'abord, ou changez d'heure.")
        }
        Refusal::Unsuitable { rule } => {
            format!("Ce créneau ne convient pas à la demande (règle « {rule} »). Choisissez un créneau proposé.")
        }
        Refusal::WrongState { state } => {
            format!("Cette action n'est plus possible : la demande est {}.", state_in_french(*state))
        }
        Refusal::LoweringNeedsRegulator { from } => {
            format!("Le niveau est « {} » : seul un médecin régulateur peut l'abaisser.", level_in_french(*from))
        }
        other => slug_of(other).advice().to_owned(),
    }
}

/// A state as a sentence says it: "la demande est …".
pub fn state_in_french(state: RequestState) -> &'static str {
    match state {
        RequestState::Incomplete => "incomplète",
        RequestState::Open => "en attente d'un créneau",
        RequestState::Promised => "promise avant une échéance",
        RequestState::Held => "en cours de réservation",
        RequestState::Booked => "réservée",
        RequestState::Fulfilled => "honorée",
        RequestState::NoShow => "close : le patient n'est pas venu",
        RequestState::Cancelled => "annulée",
        RequestState::HandedTo15 => "transmise au 15",
        RequestState::Redirected => "réorientée",
        RequestState::Unmet => "close sans solution",
    }
}

fn level_in_french(level: Level) -> &'static str {
    match level {
        Level::Immediate => "immédiat (15)",
        Level::SameDay => "dans la journée",
        Level::H24 => "sous 24 heures",
        Level::H48 => "sous 48 heures",
        Level::Programmed => "programmé",
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Details may quote what a person typed: they go to the caller and to no log.
        f.write_str(self.slug.code())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.slug.status()
    }

    fn error_response(&self) -> HttpResponse {
        Metrics::problem(self.slug.code());
        let mut response = HttpResponse::build(self.slug.status());
        response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if self.slug == Slug::Unauthorized {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.body(self.document().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SlotId;
    use crate::domain::attachment::{ProposalState, RegistrationState};
    use std::collections::HashSet;

    /// Every variant once; the match in `slug_of` has no wildcard, so a new variant asks for its row and its line here.
    fn every_refusal() -> Vec<Refusal> {
        vec![
            Refusal::Unknown(Subject::Slot),
            Refusal::Forbidden,
            Refusal::Past,
            Refusal::EndsBeforeStart,
            Refusal::Overlap { with: SlotId::new(uuid::Uuid::nil()) },
            Refusal::UnknownLocation,
            Refusal::SlotTaken,
            Refusal::SlotGone,
            Refusal::SlotBooked,
            Refusal::HoldExpired,
            Refusal::HoldOfAnother,
            Refusal::HoldIdReused,
            Refusal::Emergency,
            Refusal::NotQualified,
            Refusal::RegulationRequired,
            Refusal::EvaluationOver { until: "2026-11-24T09:00:00Z".parse().unwrap() },
            Refusal::Unsuitable { rule: "deadline".into() },
            Refusal::WrongState { state: RequestState::Cancelled },
            Refusal::LoweringNeedsRegulator { from: Level::H24 },
            Refusal::TooEarly { start: "2026-11-24T09:00:00Z".parse().unwrap() },
            Refusal::OutcomeRecorded,
            Refusal::Erased,
            Refusal::PromiseImpossible,
            Refusal::AlreadyRegistered { member: 0 },
            Refusal::OtherMembers { members: 2 },
            Refusal::RegistrationNotThere { state: RegistrationState::Declared },
            Refusal::ConsentOver,
            Refusal::KeptTogether,
            Refusal::DeclinedBefore,
            Refusal::NoPlaceLeft,
            Refusal::ProposalOver { state: ProposalState::Expired },
            Refusal::NoMedecin,
            Refusal::MoreReservedThanOpen,
        ]
    }

    #[test]
    fn each_refusal_has_a_problem_of_its_own_with_a_sentence() {
        let mut slugs = HashSet::new();
        for refusal in every_refusal() {
            let document = Problem::of_refusal(&refusal).document();
            let status = document["status"].as_u64().unwrap();
            assert!([403, 404, 409, 422].contains(&status), "{refusal:?}: {status}");
            assert!(slugs.insert(document["type"].to_string()), "{refusal:?} shares its type");
            assert!(document["detail"].as_str().unwrap().len() > 20, "{refusal:?}");
        }
    }

    #[test]
    fn the_statuses_other_software_relies_on_stand() {
        for (slug, status) in [
            ("slot-taken", 409),
            ("hold-expired", 409),
            ("slot-booked", 409),
            ("idempotency-mismatch", 422),
            ("emergency", 422),
            ("too-early", 422),
        ] {
            let found = Slug::ALL.iter().find(|known| known.code() == slug).unwrap();
            assert_eq!(found.number(), status, "{slug}");
        }
        let codes: HashSet<_> = Slug::ALL.iter().map(|slug| slug.code()).collect();
        assert_eq!(codes.len(), Slug::ALL.len());
    }

    #[test]
    fn whoever_must_come_back_is_told_when() {
        for error in [StoreError::Unknown("x".into()), StoreError::Unavailable("x".into()), StoreError::Full] {
            let response = Problem::of_store(&error).error_response();
            assert_eq!(response.status(), 503);
            assert!(response.headers().contains_key(header::RETRY_AFTER));
        }
        assert_eq!(Problem::of_store(&StoreError::IdemMismatch).slug(), Slug::IdempotencyMismatch);
    }

    #[test]
    fn an_internal_error_tells_nothing_but_a_trace_id() {
        let document = Problem::of_store(&StoreError::Corrupt("record r:42 of Zoé".into())).document();
        assert!(!document.to_string().contains("42") || document["trace_id"].is_string());
        assert!(!document.to_string().contains("Zoé"));
        assert_eq!(document["status"], 500);
    }
}
