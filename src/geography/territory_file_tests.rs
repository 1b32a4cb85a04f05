//! What a keeper of territory files relies on.

use std::path::Path;

use super::*;

const OURS: &str = r#"{ "id": "petit", "name": "Petit territoire",
  "communes": [
    { "code": "59653", "name": "Wavrin", "postcodes": ["59136"], "population": 7758, "lat": 50.5724, "lon": 2.933, "surface_km2": 13.55, "density": 4 },
    { "code": "59670", "lat": 50.5445, "lon": 2.9156 }
  ] }"#;

const FRENCH: &str = r#"{ "id": "reunion-nord", "nom": "CPTS d'essai", "nature": "fictive", "departements": ["974"],
  "rayon_recherche_sas_2025": { "974": { "ville_defaut_km": 20.0, "elargissement_km": 10.0, "departement_km": 60.0 } },
  "population_2023": 300, "n_communes": 2, "services_urgences": [],
  "professionnels_adherents": { "total": 5, "par_profession": { "medecin_generaliste": 3, "pharmacien_officine": 2 } },
  "voisins": { "communes": ["97415"], "epci": [] },
  "communes": [
    { "code": "97411", "nom": "Saint-Denis", "dep": "974", "codes_postaux": ["97400"], "pop": 200, "lat": -20.9, "lon": 55.45, "surf_km2": 142.79, "dens7": 1, "offre": {} },
    { "code": "97418", "nom": "Sainte-Marie", "dep": "974", "codes_postaux": ["97438"], "pop": 100, "lat": -20.92, "lon": 55.53, "surf_km2": null, "dens7": null, "offre": {} }
  ] }"#;

fn faults(text: &str) -> Vec<(String, String)> {
    match parse(text) {
        Err(TerritoryFileError::Faulty(faults)) => faults.into_iter().map(|f| (f.path, f.detail)).collect(),
        other => panic!("faults were expected, not {other:?}"),
    }
}

fn paths(text: &str) -> Vec<String> {
    faults(text).into_iter().map(|(path, _)| path).collect()
}

#[test]
fn what_a_file_leaves_out_comes_from_the_gazetteer_and_the_departement() {
    let territory = parse(OURS).unwrap();
    assert_eq!(territory.id.as_str(), "petit");
    assert_eq!((territory.zone, territory.sas_number.as_str()), (Zone::PARIS, "15"));
    let don = territory.commune("59670".parse().unwrap()).unwrap();
    assert_eq!((don.name.as_str(), don.population, don.surface_km2, don.density.level()), ("Don", 1387, None, 5));
    assert_eq!(territory.population(), 7758 + 1387);
}

#[test]
fn the_french_shape_reads_into_the_same_territory() {
    let territory = parse(FRENCH).unwrap();
    assert_eq!(territory.zone.to_string(), "Indian/Reunion");
    assert_eq!(territory.population(), 300);
    assert_eq!(territory.bordering_communes[0].as_str(), "97415");
    assert!((territory.first_radius_km("974") - 20.0).abs() < f64::EPSILON);
    let members: Vec<_> = territory.members.iter().map(|m| (m.kind.as_str(), m.members)).collect();
    assert_eq!(members, [("medecin_generaliste", 3), ("pharmacien", 2)]);
    let second = territory.commune("97418".parse().unwrap()).unwrap();
    assert_eq!((second.surface_km2, second.density), (None, DensityClass::UNKNOWN));
}

#[test]
fn every_fault_of_a_file_is_named_at_once() {
    let text = r#"{ "id": "Mon Territoire", "name": " ", "zone": "Paris", "neigbours": [], "sas_number": "quinze",
      "search_radius": [{ "departement": "59", "first_km": -1 }],
      "bordering_communes": ["5965"],
      "communes": [
        { "code": "5965", "lat": 50.5, "lon": 2.9 },
        { "code": "59999", "lat": 50.5, "lon": 2.9 },
        { "code": "59653", "lat": 2.933, "lon": 50.5724 },
        { "code": "59670", "lat": "nord", "density": 9, "population": -4 }
      ] }"#;
    let mut found = paths(text);
    found.sort();
    assert_eq!(
        found,
        [
            "bordering_communes[0]",
            "communes[0].code",
            "communes[1].code",
            "communes[2].lat",
            "communes[3].density",
            "communes[3].lat",
            "communes[3].lon",
            "communes[3].population",
            "id",
            "name",
            "neigbours",
            "sas_number",
            "search_radius[0].first_km",
            "search_radius[0].widening_km",
            "zone",
        ]
    );
}

#[test]
fn a_commune_twice_an_empty_list_and_a_wrong_sum_are_faults() {
    let twice = OURS.replace("59670", "59653").replace("50.5445", "50.57");
    assert_eq!(faults(&twice), [("communes[1].code".into(), "Wavrin (59653) est déjà dans la liste".into())]);
    assert_eq!(paths(r#"{ "id": "a", "name": "A", "communes": [] }"#), ["communes"]);
    let sum = FRENCH.replace("\"population_2023\": 300", "\"population_2023\": 301");
    assert_eq!(paths(&sum), ["population_2023"]);
    let own_border = FRENCH.replace("[\"97415\"]", "[\"97411\"]");
    assert_eq!(paths(&own_border), ["bordering_communes"]);
}

#[test]
fn a_city_and_one_of_its_arrondissements_would_count_people_twice() {
    let paris = r#"{ "id": "paris", "name": "Paris", "communes": [
      { "code": "75056", "lat": 48.8589, "lon": 2.347 }, { "code": "75113", "lat": 48.8303, "lon": 2.3656 }] }"#;
    assert_eq!(paths(paris), ["communes[1].code"]);
    assert_eq!(parse(&paris.replace("75056", "75105")).unwrap().communes.len(), 2);
}

#[test]
fn something_else_than_a_territory_is_refused_with_what_it_is() {
    let said = |text: &str| parse(text).unwrap_err().to_string();
    assert!(said(r#"{ "id": "occitanie", "nom": "Occitanie", "territoires": [] }"#).contains("index"));
    assert!(said(r#"{ "id": "cvl", "nom": "Loiret", "poles": [] }"#).contains("index"));
    assert!(said("[]").contains("objet JSON"));
    assert!(said("{").contains("ligne 1"));
    assert!(find("nulle-part").unwrap_err().to_string().contains("weppes, flandre-lys"));
    assert!(matches!(read(Path::new("/")), Err(TerritoryFileError::Unreadable { .. })));
}

#[test]
fn what_we_write_reads_back_the_same() {
    for name in builtin::names() {
        let territory = builtin::load(name).unwrap();
        let written = to_text(&territory, &["INSEE".into()]);
        assert_eq!(parse(&written).unwrap(), territory);
    }
}

/// Runs over a folder of territory files named by `AIGUILLEUR_TERRITORIES`; without it, over files made here.
#[test]
fn a_whole_folder_of_territories_reads() {
    #[expect(clippy::disallowed_methods, reason = "a test's own input, not a setting of the service")]
    let named = std::env::var("AIGUILLEUR_TERRITORIES").ok();
    let made = tempfile::tempdir().unwrap();
    for (name, text) in [("a.json", OURS), ("b.json", FRENCH), ("index.json", r#"{ "id": "x", "territoires": [] }"#)] {
        std::fs::write(made.path().join(name), text).unwrap();
    }
    let folder = named.as_deref().map_or(made.path(), Path::new);
    let mut read_files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        match read(&path) {
            Ok(territory) => {
                read_files += 1;
                assert_eq!(parse(&to_text(&territory, &[])).unwrap(), territory, "{}", path.display());
            }
            Err(TerritoryFileError::NotATerritory(why)) => assert!(why.contains("index"), "{why}"),
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
    assert!(read_files >= 2, "{read_files}");
    if named.is_some() {
        println!("{read_files} territories read");
    }
}
