//! The public commune API (`https://geo.api.gouv.fr`, Découpage administratif): one call a département, bounded in time,
//! size and number of tries.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;

use crate::domain::{Commune, CommuneCode, DensityClass, GeoPoint};

use super::Gazetteer;
use super::import_table::{Table, silences};
use super::territory_file::is_plausible;

const FIELDS: &str = "nom,code,codesPostaux,population,centre,surface,codeEpci,codeDepartement";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// The largest département gives under 300 kB.
const BYTES_MAX: usize = 8 * 1024 * 1024;
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// Why the API gave no communes. The texts are French; the address is the one the caller gave.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No client can be made, or the address is no URL.
    #[error("« {0} » n'est pas l'adresse d'une API de communes")]
    Address(String),
    /// No answer, after every try.
    #[error("l'API de communes {base} ne répond pas ({tries} essais) ; réessayez, ou donnez un fichier avec --data")]
    Unreachable {
        /// Its address.
        base: String,
        /// How often it was asked.
        tries: u32,
        /// The last fault.
        #[source]
        source: reqwest::Error,
    },
    /// An answer that says no.
    #[error("l'API de communes {base} refuse la demande (statut {status})")]
    Refused {
        /// Its address.
        base: String,
        /// HTTP status.
        status: u16,
    },
    /// An answer that is too large.
    #[error("l'API de communes {0} envoie plus de 8 Mo pour un département : ce n'est pas la bonne adresse")]
    TooLarge(String),
    /// An answer that is not a list of communes.
    #[error("l'API de communes {base} n'envoie pas une liste de communes")]
    Unusable {
        /// Its address.
        base: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Communes without a usable point, all of them.
    #[error("l'API de communes n'a pas de point utilisable pour : {}", .0.join(", "))]
    Points(Vec<String>),
}

/// A commune as the API writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiCommune {
    code: String,
    nom: String,
    #[serde(default)]
    codes_postaux: Vec<String>,
    population: Option<u32>,
    /// In hectares.
    surface: Option<f64>,
    centre: Option<ApiPoint>,
}

/// A `GeoJSON` point: longitude first.
#[derive(Debug, Deserialize)]
struct ApiPoint {
    coordinates: [f64; 2],
}

/// A client of the API.
#[derive(Debug)]
pub(super) struct CommuneApi {
    client: reqwest::Client,
    base: String,
    pause: Duration,
}

impl CommuneApi {
    pub(super) fn new(base: &str) -> Result<Self, ApiError> {
        let address = || ApiError::Address(base.to_owned());
        reqwest::Url::parse(base).map_err(|_| address())?;
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .redirect(reqwest::redirect::Policy::limited(3))
            .user_agent(concat!("aiguilleur/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| address())?;
        Ok(Self { client, base: base.trim_end_matches('/').to_owned(), pause: PAUSE })
    }

    /// The same client, without waiting between tries.
    #[cfg(test)]
    fn impatient(self) -> Self {
        Self { pause: Duration::ZERO, ..self }
    }

    /// What the API says of these communes. A code it does not know is left out.
    pub(super) async fn communes(&self, codes: &BTreeSet<CommuneCode>) -> Result<Table, ApiError> {
        // Arrondissements of Paris, Lyon and Marseille are another type of the same list.
        let mut calls: BTreeSet<(&str, bool)> = BTreeSet::new();
        for code in codes {
            let arrondissement = Gazetteer::national().by_code(*code).is_some_and(|known| known.arrondissement);
            calls.insert((code.departement(), arrondissement));
        }
        let (mut communes, mut without_point) = (BTreeMap::new(), Vec::new());
        for (departement, arrondissements) in calls {
            for listed in self.departement(departement, arrondissements).await? {
                let Some(code) = listed.code.parse().ok().filter(|code| codes.contains(code)) else { continue };
                match read(code, &listed) {
                    Some(commune) => {
                        communes.insert(code, commune);
                    }
                    None => without_point.push(format!("{} ({code})", listed.nom)),
                }
            }
        }
        if !without_point.is_empty() {
            return Err(ApiError::Points(without_point));
        }
        let notes = silences(communes.values(), false);
        Ok(Table { communes, notes })
    }

    async fn departement(&self, departement: &str, arrondissements: bool) -> Result<Vec<ApiCommune>, ApiError> {
        let mut query = vec![("codeDepartement", departement), ("fields", FIELDS), ("format", "json")];
        if arrondissements {
            query.push(("type", "arrondissement-municipal"));
        }
        let mut tries = 1;
        loop {
            match self.call(&query).await {
                Err(fault) if tries < TRIES && fault.may_pass() => {
                    tokio::time::sleep(self.pause * tries).await;
                    tries += 1;
                }
                Err(ApiError::Unreachable { base, source, .. }) => {
                    return Err(ApiError::Unreachable { base, tries, source });
                }
                outcome => return outcome,
            }
        }
    }

    async fn call(&self, query: &[(&str, &str)]) -> Result<Vec<ApiCommune>, ApiError> {
        let base = || self.base.clone();
        let unreachable = |source| ApiError::Unreachable { base: base(), tries: 1, source };
        let request = self.client.get(format!("{}/communes", self.base)).query(query);
        let mut answer = request.send().await.map_err(unreachable)?;
        if !answer.status().is_success() {
            return Err(ApiError::Refused { base: base(), status: answer.status().as_u16() });
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(unreachable)? {
            if body.len() + part.len() > BYTES_MAX {
                return Err(ApiError::TooLarge(base()));
            }
            body.extend_from_slice(&part);
        }
        serde_json::from_slice(&body).map_err(|source| ApiError::Unusable { base: base(), source })
    }
}

impl ApiError {
    /// Whether asking again may help.
    fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            Self::Address(_) | Self::TooLarge(_) | Self::Unusable { .. } | Self::Points(_) => false,
        }
    }
}

fn read(code: CommuneCode, listed: &ApiCommune) -> Option<Commune> {
    let known = Gazetteer::national().by_code(code);
    let [lon, lat] = listed.centre.as_ref()?.coordinates;
    let point = GeoPoint::new(lat, lon).filter(|point| is_plausible(code, *point, known.and_then(|k| k.point)))?;
    Some(Commune {
        code,
        name: listed.nom.clone(),
        postcodes: listed.codes_postaux.clone(),
        population: listed.population.or(known.map(|k| k.population)).unwrap_or(0),
        point,
        // Hectares; to the hundredth of a km² as everywhere else.
        surface_km2: listed.surface.filter(|hectares| *hectares > 0.0).map(|hectares| hectares.round() / 100.0),
        density: DensityClass::UNKNOWN,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wiremock::matchers::{method, path, query_param, query_param_is_missing};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    const NORD: &str = r#"[
      {"nom":"Wavrin","code":"59653","codesPostaux":["59136"],"population":7758,"surface":1355.3,"codeEpci":"200093201",
       "codeDepartement":"59","centre":{"type":"Point","coordinates":[2.9329,50.5724]}},
      {"nom":"Lille","code":"59350","codesPostaux":["59000"],"population":238246,"surface":3476,
       "codeDepartement":"59","centre":{"type":"Point","coordinates":[3.0471,50.6318]}}]"#;

    fn codes(list: &[&str]) -> BTreeSet<CommuneCode> {
        list.iter().map(|code| code.parse().unwrap()).collect()
    }

    fn api(server: &MockServer) -> CommuneApi {
        CommuneApi::new(&format!("{}/", server.uri())).unwrap().impatient()
    }

    async fn answering(answer: ResponseTemplate) -> MockServer {
        let server = MockServer::start().await;
        Mock::given(method("GET")).and(path("/communes")).respond_with(answer).mount(&server).await;
        server
    }

    #[tokio::test]
    async fn one_call_a_departement_gives_the_communes_asked_for_in_our_units() {
        let server = MockServer::start().await;
        Mock::given(path("/communes"))
            .and(query_param("codeDepartement", "59"))
            .and(query_param("fields", FIELDS))
            .and(query_param_is_missing("type"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(NORD, "application/json"))
            .expect(1)
            .mount(&server)
            .await;
        let paris = r#"[{"nom":"Paris 13e Arrondissement","code":"75113","surface":715,"centre":{"coordinates":[2.3656,48.8303]}}]"#;
        Mock::given(path("/communes"))
            .and(query_param("codeDepartement", "75"))
            .and(query_param("type", "arrondissement-municipal"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(paris, "application/json"))
            .expect(1)
            .mount(&server)
            .await;
        let table = api(&server).communes(&codes(&["59653", "75113"])).await.unwrap();
        assert_eq!(table.communes.len(), 2);
        let wavrin = &table.communes[&"59653".parse().unwrap()];
        assert_eq!((wavrin.surface_km2, wavrin.point.lat, wavrin.population), (Some(13.55), 50.5724, 7758));
        assert_eq!(table.communes[&"75113".parse().unwrap()].population, 181_271);
        assert!(table.notes.iter().any(|note| note.contains("classe 5")));
    }

    #[tokio::test]
    async fn a_server_that_stumbles_is_asked_again_and_one_that_refuses_is_not() {
        let server = MockServer::start().await;
        Mock::given(method("GET")).respond_with(ResponseTemplate::new(503)).up_to_n_times(2).mount(&server).await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(NORD, "application/json"))
            .mount(&server)
            .await;
        assert_eq!(api(&server).communes(&codes(&["59653"])).await.unwrap().communes.len(), 1);

        for (status, calls) in [(503, 3), (429, 3), (404, 1)] {
            let server = answering(ResponseTemplate::new(status)).await;
            let error = api(&server).communes(&codes(&["59653"])).await.unwrap_err();
            assert!(matches!(error, ApiError::Refused { status: got, .. } if got == status), "{error}");
            assert_eq!(server.received_requests().await.unwrap().len(), calls);
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_or_no_list_is_refused() {
        let server = answering(ResponseTemplate::new(200).set_body_bytes(vec![b' '; BYTES_MAX + 1])).await;
        assert!(matches!(api(&server).communes(&codes(&["59653"])).await, Err(ApiError::TooLarge(_))));
        let server = answering(ResponseTemplate::new(200).set_body_string("<html>")).await;
        assert!(matches!(api(&server).communes(&codes(&["59653"])).await, Err(ApiError::Unusable { .. })));
        let pointless = NORD.replace("[2.9329,50.5724]", "[50.5724,2.9329]");
        let server = answering(ResponseTemplate::new(200).set_body_raw(pointless, "application/json")).await;
        let error = api(&server).communes(&codes(&["59653"])).await.unwrap_err();
        assert!(error.to_string().contains("Wavrin (59653)"), "{error}");
    }

    #[tokio::test]
    async fn nobody_listening_is_said_after_every_try() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = CommuneApi::new(&format!("http://{free}"))
            .unwrap()
            .impatient()
            .communes(&codes(&["59653"]))
            .await
            .unwrap_err();
        assert!(matches!(error, ApiError::Unreachable { tries: 3, .. }), "{error}");
        assert!(matches!(CommuneApi::new("geo.api"), Err(ApiError::Address(_))));
    }
}
