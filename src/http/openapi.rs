//! The service's own description: `GET /api/openapi.json`, OpenAPI 3.1. One line per route: who may call is read from the
//! same [`super::rights`] the handler has in its signature, schemas are those of the structs that are sent, problems are rows
//! of the one table. Tests walk this document against [`super::routes`] and against the running service.

mod attachment;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::fields::FieldFault;
use super::health::{Alive, Ready};
use super::problem::{MEDIA_TYPE, Slug};
use super::rights::{
    Anyone, Appointments, Coordination, Directory, Intake, Live, OpeningPlaces, Practising, Publishing, Regulation,
    RegulatorOnly, RequestParty, Rights, SlotReading,
};
use super::routes::TERRITORY_BASE;
use super::wire::appointment::AppointmentShown;
use super::wire::live::AuditList;
use super::wire::order::{
    AgreementOrder, AnswersOrder, AssessOrder, ConfirmOrder, HandoverOrder, HoldOrder, HoldRef, LevelOrder,
    NewRequestOrder, OffersOrder, OutcomeOrder, PromiseOrder, PublishOrder, ReasonOrder, ReviewOrder, SuggestOrder,
    ToldOrder, WithdrawOrder,
};
use super::wire::request::{Hold, OffersShown, QueueShown, RequestList, RequestShown, TriageShown};
use super::wire::scarcity::ScarcityShown;
use super::wire::slot::{PractitionerList, PractitionerShown, PublishedShown, SlotDetail, SlotList, SlotShown};
use super::wire::triage::{Protocol, SuggestionShown};
use super::{Reply, shown};
use crate::domain::Role;

static DOCUMENT: LazyLock<Value> = LazyLock::new(assemble);

/// `GET /api/openapi.json`.
pub async fn document() -> Reply {
    shown(&*DOCUMENT)
}

/// The document itself.
pub fn description() -> &'static Value {
    &DOCUMENT
}

/// A parameter of a query string: name, JSON type, what it says.
type Parameter = (&'static str, &'static str, &'static str);

const PAGE: [Parameter; 2] = [
    ("limit", "integer", "Éléments par page : 50 par défaut, 1 000 au plus."),
    ("cursor", "string", "« next_cursor » de la page précédente, tel quel."),
];

const SLOT_QUERY: [Parameter; 8] = [
    ("from", "string", "Commence à cet instant ou après (RFC 3339, avec décalage)."),
    ("to", "string", "Commence avant cet instant."),
    ("state", "string", "État au moment de la lecture : free, held, booked, fulfilled, noshow, withdrawn, closed."),
    ("profession", "string", "Codes TRE_G15, séparés par des virgules."),
    ("modality", "string", "AMB, HH ou VR."),
    ("rpps", "string", "Numéros RPPS, séparés par des virgules. Un praticien qui n'en donne pas voit ses créneaux."),
    ("commune", "string", "Code INSEE du lieu d'exercice, ou du centre du cercle si radius_km est donné."),
    ("radius_km", "number", "Rayon autour de la commune, en kilomètres à vol d'oiseau."),
];

struct Operation {
    method: &'static str,
    path: String,
    summary: &'static str,
    who: Option<(&'static [Role], bool)>,
    query: Vec<Parameter>,
    body: Option<String>,
    answer: (u16, &'static str, Option<String>),
    problems: Vec<Slug>,
}

/// Operations and the schemas they name.
#[derive(Default)]
struct Description {
    operations: Vec<Operation>,
    schemas: BTreeMap<String, Value>,
}

impl Description {
    fn schema<T: ToSchema + PartialSchema>(&mut self) -> String {
        let mut found = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut found);
        for (name, schema) in found {
            self.schemas.entry(name).or_insert_with(|| json!(schema));
        }
        T::name().into_owned()
    }

    /// An operation inside a territory.
    fn inside<R: Rights>(&mut self, method: &'static str, path: &str, summary: &'static str) -> Adding<'_> {
        self.add(method, format!("{TERRITORY_BASE}{path}"), summary, Some((R::ROLES, R::ANONYMOUS)))
    }

    /// An operation of the whole service, open to everybody.
    fn outside(&mut self, method: &'static str, path: &str, summary: &'static str) -> Adding<'_> {
        self.add(method, path.to_owned(), summary, None)
    }

    fn add(
        &mut self,
        method: &'static str,
        path: String,
        summary: &'static str,
        who: Option<(&'static [Role], bool)>,
    ) -> Adding<'_> {
        let mut problems = vec![Slug::Internal, Slug::Timeout];
        if who.is_some() {
            problems.extend([Slug::Unauthorized, Slug::Forbidden, Slug::NotFound, Slug::TooManyRequests]);
            problems.extend([Slug::StoreUnavailable]);
        }
        let operation = Operation {
            method,
            path,
            summary,
            who,
            query: Vec::new(),
            body: None,
            answer: (200, "application/json", None),
            problems,
        };
        self.operations.push(operation);
        Adding(self)
    }
}

/// The operation added last.
struct Adding<'d>(&'d mut Description);

impl Adding<'_> {
    fn last(&mut self) -> &mut Operation {
        self.0.operations.last_mut().expect("made by `add`, which pushes one")
    }

    fn query(mut self, parameters: &[Parameter]) -> Self {
        let operation = self.last();
        operation.query.extend(parameters);
        operation.problems.push(Slug::InvalidRequest);
        self
    }

    fn takes<T: ToSchema + PartialSchema>(mut self) -> Self {
        let name = self.0.schema::<T>();
        let operation = self.last();
        operation.body = Some(name);
        operation.problems.extend([Slug::InvalidRequest, Slug::BodyTooLarge, Slug::UnsupportedMediaType]);
        operation.problems.extend([Slug::IdempotencyMismatch, Slug::OutcomeUnknown, Slug::Busy]);
        self
    }

    fn gives<T: ToSchema + PartialSchema>(mut self, status: u16) -> Self {
        let name = self.0.schema::<T>();
        self.last().answer = (status, "application/json", Some(name));
        self
    }

    fn gives_text(mut self, media_type: &'static str) -> Self {
        self.last().answer = (200, media_type, None);
        self
    }

    fn refuses(mut self, problems: &[Slug]) {
        self.last().problems.extend(problems);
    }
}

fn describe(d: &mut Description) {
    use Slug::{
        Emergency, Erased, EvaluationOver, HoldExpired, HoldIdReused, HoldOfAnother, LoweringNeedsRegulator,
        NotQualified, OutcomeRecorded, PromiseImpossible, RegulationRequired, SlotBooked, SlotGone, SlotTaken,
        TooEarly, UnsuitableSlot, WrongState,
    };
    let slots = [PAGE.as_slice(), &SLOT_QUERY].concat();
    d.inside::<SlotReading>("get", "/slots", "Créneaux, par heure de début").query(&slots).gives::<SlotList>(200);
    d.inside::<Publishing>("post", "/slots", "Publie des créneaux (500 au plus)")
        .takes::<PublishOrder>()
        .gives::<PublishedShown>(201);
    d.inside::<SlotReading>("get", "/slots/{id}", "Un créneau et ses rendez-vous").gives::<SlotDetail>(200);
    d.inside::<Practising>("post", "/slots/{id}/withdraw", "Retire un créneau")
        .takes::<WithdrawOrder>()
        .gives::<SlotShown>(200)
        .refuses(&[SlotBooked, SlotGone]);
    let directory = [
        PAGE.as_slice(),
        &[
            ("profession", "string", "Code TRE_G15."),
            ("commune", "string", "Code INSEE d'un lieu d'exercice."),
            ("q", "string", "Mots du nom, sans égard aux accents ni à la casse."),
        ],
    ]
    .concat();
    d.inside::<Directory>("get", "/practitioners", "Annuaire du territoire")
        .query(&directory)
        .gives::<PractitionerList>(200);
    d.inside::<Directory>("get", "/practitioners/{id}", "Un professionnel, par numéro RPPS")
        .gives::<PractitionerShown>(200);
    d.inside::<Intake>("post", "/requests", "Entre une demande ; répond avec des propositions")
        .takes::<NewRequestOrder>()
        .gives::<RequestShown>(201);
    let board = [
        PAGE.as_slice(),
        &[("state", "string", "États séparés par des virgules ; par défaut, les demandes en attente et celles dont le patient ignore encore l'heure.")],
    ]
    .concat();
    d.inside::<Regulation>("get", "/requests", "Le tableau, échéance la plus proche d'abord")
        .query(&board)
        .gives::<RequestList>(200);
    d.inside::<RequestParty>("get", "/requests/{id}", "Une demande et son histoire").gives::<RequestShown>(200);
    d.inside::<RequestParty>("post", "/requests/{id}/offers", "Propositions fraîches")
        .takes::<OffersOrder>()
        .gives::<OffersShown>(200);
    d.inside::<Regulation>("post", "/requests/{id}/level", "Décide un niveau")
        .takes::<LevelOrder>()
        .gives::<RequestShown>(200)
        .refuses(&[LoweringNeedsRegulator, WrongState, Erased]);
    d.inside::<RequestParty>("post", "/requests/{id}/promise", "Promet une consultation avant l'échéance")
        .takes::<PromiseOrder>()
        .gives::<RequestShown>(200)
        .refuses(&[PromiseImpossible, Emergency, NotQualified, RegulationRequired, EvaluationOver, WrongState, Erased]);
    d.inside::<Regulation>("post", "/requests/{id}/told", "Le patient connaît l'heure que le service a fixée")
        .takes::<ToldOrder>()
        .gives::<RequestShown>(200)
        .refuses(&[Erased]);
    d.inside::<RegulatorOnly>("post", "/requests/{id}/agreement", "Accord du médecin régulateur")
        .takes::<AgreementOrder>()
        .gives::<RequestShown>(200)
        .refuses(&[WrongState, Erased]);
    d.inside::<RegulatorOnly>("post", "/requests/{id}/review", "Relecture d'un niveau par un médecin régulateur")
        .takes::<ReviewOrder>()
        .gives::<RequestShown>(200)
        .refuses(&[NotQualified, Erased]);
    d.inside::<Regulation>("get", "/regulation/queue", "File du médecin régulateur : qui attend son avis, et pourquoi")
        .gives::<QueueShown>(200);
    d.inside::<RequestParty>("post", "/requests/{id}/answers", "Ajoute des réponses ; triage refait")
        .takes::<AnswersOrder>()
        .gives::<RequestShown>(200)
        .refuses(&[WrongState, Erased]);
    let places = [SlotTaken, SlotGone, Emergency, NotQualified, RegulationRequired, WrongState, Erased];
    d.inside::<RequestParty>("post", "/requests/{id}/hold", "Retient une place")
        .takes::<HoldOrder>()
        .gives::<Hold>(200)
        .refuses(&[places.as_slice(), &[EvaluationOver, UnsuitableSlot, HoldIdReused, HoldOfAnother]].concat());
    d.inside::<RequestParty>("post", "/requests/{id}/extend", "Prolonge une retenue")
        .takes::<HoldRef>()
        .gives::<Hold>(200)
        .refuses(&[places.as_slice(), &[HoldExpired, HoldOfAnother]].concat());
    d.inside::<RequestParty>("post", "/requests/{id}/confirm", "Réserve la place retenue")
        .takes::<ConfirmOrder>()
        .gives::<AppointmentShown>(201)
        .refuses(&[places.as_slice(), &[HoldExpired, HoldOfAnother]].concat());
    d.inside::<RequestParty>("post", "/requests/{id}/release", "Rend la place retenue")
        .takes::<HoldRef>()
        .gives::<RequestShown>(200)
        .refuses(&[HoldOfAnother, WrongState, Erased]);
    d.inside::<RequestParty>("post", "/requests/{id}/cancel", "Annule la demande")
        .takes::<ReasonOrder>()
        .gives::<RequestShown>(200)
        .refuses(&[Emergency, WrongState, Erased]);
    d.inside::<Regulation>("post", "/requests/{id}/handover", "Transmet au 15")
        .takes::<HandoverOrder>()
        .gives::<RequestShown>(200)
        .refuses(&[WrongState, Erased]);
    d.inside::<OpeningPlaces>("get", "/scarcity", "Où une place de plus servirait le plus, et à quoi")
        .gives::<ScarcityShown>(200);
    d.inside::<Appointments>("get", "/appointments/{id}", "Un rendez-vous et son patient (lecture tracée)")
        .gives::<AppointmentShown>(200);
    d.inside::<Appointments>("post", "/appointments/{id}/outcome", "Ce qu'il est advenu d'un rendez-vous")
        .takes::<OutcomeOrder>()
        .gives::<AppointmentShown>(200)
        .refuses(&[TooEarly, OutcomeRecorded, WrongState, Erased]);
    d.inside::<Anyone>("get", "/triage/protocol", "Le protocole de triage en usage").gives::<Protocol>(200);
    d.inside::<Intake>("post", "/triage/suggest", "Ce que les mots d'un appelant suggèrent ; rien n'est gardé")
        .takes::<SuggestOrder>()
        .gives::<SuggestionShown>(200);
    d.inside::<Intake>("post", "/triage/assess", "Évalue un appel ; rien n'est gardé")
        .takes::<AssessOrder>()
        .gives::<TriageShown>(200);
    attachment::describe(d);
    let audit = [
        ("after", "integer", "Numéro du dernier événement déjà lu."),
        ("cursor", "string", "« next_cursor » de la page précédente."),
        ("limit", "integer", "Événements par page : 50 par défaut, 1 000 au plus."),
    ];
    d.inside::<Coordination>("get", "/audit", "Journal, du plus ancien au plus récent")
        .query(&audit)
        .gives::<AuditList>(200);
    d.inside::<Live>("get", "/events", "Suivi en direct (server-sent events) ; reprend après Last-Event-ID")
        .query(&[("last_event_id", "string", "Comme l'en-tête Last-Event-ID.")])
        .gives_text("text/event-stream");
    d.outside("get", "/api/openapi.json", "Ce document");
    d.outside("get", "/problems/{slug}", "Ce que veut dire un « type » de problème").gives_text("text/html");
    d.outside("get", "/health/live", "Le processus vit").gives::<Alive>(200);
    d.outside("get", "/health/ready", "Le service peut servir ; 503 sinon, avec les causes").gives::<Ready>(200);
    d.outside("get", "/metrics", "Mesures, au format texte de Prometheus").gives_text("text/plain");
}

fn assemble() -> Value {
    let mut d = Description::default();
    let fault = d.schema::<FieldFault>();
    describe(&mut d);
    d.schemas.insert("Problem".to_owned(), problem_schema(&fault));
    let mut paths: Map<String, Value> = Map::new();
    for operation in &d.operations {
        let item = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
        item[operation.method] = operation.document();
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Aiguilleur",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Soins non programmés et médecin traitant d'une CPTS. Instants : RFC 3339 avec décalage. \
                Erreurs : application/problem+json (RFC 9457). Tout POST accepte Idempotency-Key.",
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "paths": paths,
        "components": {
            "schemas": d.schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "aiguilleur_operator"},
            },
        },
    })
}

fn problem_schema(fault: &str) -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457. Des membres s'ajoutent selon le type : offers, search, rule, state, start, limit_bytes, trace_id.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "enum": Slug::ALL.iter().map(|slug| slug.uri()).collect::<Vec<_>>()},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": format!("#/components/schemas/{fault}")}},
            "retry_after": {"type": "integer"},
            "offers": {"type": "array", "items": {"$ref": "#/components/schemas/Offer"}},
            "search": {"$ref": "#/components/schemas/Search"},
        },
    })
}

impl Operation {
    fn document(&self) -> Value {
        let mut document = json!({
            "operationId": self.id(),
            "summary": self.summary,
            "parameters": self.parameters(),
            "responses": self.responses(),
        });
        if let Some((roles, anonymous)) = self.who {
            document["x-roles"] = roles.iter().map(|role| role.code()).collect();
            let mut ways = vec![json!({"bearer": []}), json!({"session": []})];
            if anonymous {
                ways.push(json!({}));
            }
            document["security"] = ways.into();
        } else {
            document["security"] = json!([]);
        }
        if let Some(body) = &self.body {
            let schema = json!({"$ref": format!("#/components/schemas/{body}")});
            document["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
        }
        document
    }

    fn id(&self) -> String {
        let path = self.path.strip_prefix(TERRITORY_BASE).unwrap_or(&self.path);
        let words = path.split(['/', '.']).filter(|part| !part.is_empty()).map(|part| part.trim_matches(['{', '}']));
        std::iter::once(self.method).chain(words).collect::<Vec<_>>().join("_")
    }

    fn parameters(&self) -> Vec<Value> {
        let in_path = self
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
        let in_query = self.query.iter().map(|(name, kind, says)| {
            json!({"name": name, "in": "query", "required": false, "description": says, "schema": {"type": kind}})
        });
        let in_header = self.body.iter().map(|_| {
            json!({
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "La même clé avec le même contenu donne le même résultat ; avec un autre, 422.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            })
        });
        in_path.chain(in_query).chain(in_header).collect()
    }

    fn responses(&self) -> Value {
        let (status, media_type, schema) = &self.answer;
        let content = match schema {
            Some(name) => json!({*media_type: {"schema": {"$ref": format!("#/components/schemas/{name}")}}}),
            None => json!({*media_type: {}}),
        };
        let mut responses = Map::new();
        responses.insert(status.to_string(), json!({"description": self.summary, "content": content}));
        let mut by_status: BTreeMap<u16, Vec<Slug>> = BTreeMap::new();
        for slug in &self.problems {
            let slugs = by_status.entry(slug.status().as_u16()).or_default();
            if !slugs.contains(slug) {
                slugs.push(*slug);
            }
        }
        for (status, slugs) in by_status {
            let titles: Vec<_> = slugs.iter().map(|slug| slug.title()).collect();
            let response = json!({
                "description": titles.join(" ; "),
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                "x-problems": slugs.iter().map(|slug| slug.uri()).collect::<Vec<_>>(),
            });
            responses.insert(status.to_string(), response);
        }
        responses.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every `$ref` in a document.
    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(map) => {
                for (name, inside) in map {
                    match inside.as_str() {
                        Some(target) if name == "$ref" => found.push(target),
                        _ => references(inside, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        // However its lines are broken.
        let source: String = include_str!("routes.rs").split_whitespace().collect();
        let (territory, service) = source.split_once(".service(at(\"/api/openapi.json\")").unwrap();
        let mut routes = BTreeSet::new();
        let mut read = |source: &str, base: &str| {
            for line in source.split(".service(at(\"").skip(1) {
                let (path, rest) = line.split_once('"').unwrap();
                let rest = rest.split_once(';').map_or(rest, |(rest, _)| rest);
                for method in ["get", "post", "put"] {
                    if rest.contains(&format!("web::{method}()")) {
                        routes.insert((format!("{base}{path}"), method.to_owned()));
                    }
                }
            }
        };
        read(territory, TERRITORY_BASE);
        read(&format!(".service(at(\"/api/openapi.json\"){service}"), "");
        let mut described = BTreeSet::new();
        for (path, item) in description()["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                described.insert((path.clone(), method.clone()));
            }
        }
        assert_eq!(described, routes);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let mut found = Vec::new();
        references(description(), &mut found);
        assert!(found.len() > 50);
        for target in found {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(description().pointer(pointer).is_some(), "{target}");
        }
    }

    #[test]
    fn every_operation_says_who_may_call_and_how_it_fails() {
        for (path, item) in description()["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["security"].is_array(), "{method} {path}");
                let inside = path.starts_with(TERRITORY_BASE);
                assert_eq!(operation["x-roles"].is_array(), inside, "{method} {path}");
                assert_eq!(operation["responses"]["401"].is_object(), inside, "{method} {path}");
                if method == "post" {
                    for status in ["400", "413", "415", "422", "429", "503"] {
                        assert!(operation["responses"][status].is_object(), "{method} {path} {status}");
                    }
                }
            }
        }
        assert_eq!(description()["openapi"], "3.1.0");
    }
}
