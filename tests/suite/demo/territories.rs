//! Any territory starts: ours, one imported by the command, and files in the shape of the national reconstruction.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::process::{Demo, NINE};

/// Starts a demo on a territory file and serves a request from its first commune.
async fn serves(path: &Path) {
    let name = path.display().to_string();
    let demo = Demo::with(&["--territory", &name, "--at", NINE, "--seed", "3"])
        .unwrap_or_else(|said| panic!("{name}: {said}"));
    let slots = demo.all("demo-operator", "/slots?state=free").await;
    assert!(!slots.is_empty(), "{name} has no slot");
    let body = json!({
        "patient": {"age_years": 40, "sex": "U"}, "place": {"commune": slots[0]["location"]["commune"]},
        "complaint": "fievre_adulte", "answers": {}, "level": "h48", "channel": "operator",
    });
    let (status, request) = demo.post("demo-operator", "/requests", &body).await.unwrap();
    assert_eq!(status, 201, "{name}: {request}");
    assert!(request["offers"].as_array().is_some_and(|offers| !offers.is_empty()), "{name}: {request}");
}

/// A file in the shape of the national reconstruction, with these communes.
fn made(id: &str, departement: &str, communes: &[(&str, &str, f64, f64)]) -> Value {
    json!({
        "id": id,
        "nom": format!("Territoire d'essai {id}"),
        "nature": "fictive-epci",
        "departements": [departement],
        "rayon_recherche_sas_2025": { departement: {"ville_defaut_km": 20.0, "elargissement_km": 10.0, "departement_km": 100.0} },
        "population_2023": 9_000 * communes.len(),
        "n_communes": communes.len(),
        "professionnels_adherents": {"total": 30, "par_profession": {"medecin_generaliste": 12, "infirmier": 12, "pharmacien_officine": 6}},
        "voisins": {"communes": [], "epci": []},
        "communes": communes.iter().map(|(code, nom, lat, lon)| json!({
            "code": code, "nom": nom, "dep": departement, "codes_postaux": [], "pop": 9_000,
            "lat": lat, "lon": lon, "surf_km2": 12.5, "dens7": 5, "offre": {},
        })).collect::<Vec<_>>(),
    })
}

#[tokio::test]
async fn files_in_the_shape_of_the_reconstruction_start_and_serve() {
    let folder = tempfile::tempdir().unwrap();
    for (id, territory) in [
        (
            "essai-langres",
            made(
                "essai-langres",
                "52",
                &[("52269", "Langres", 47.86, 5.33), ("52060", "Bourbonne-les-Bains", 47.95, 5.74)],
            ),
        ),
        ("essai-reunion", made("essai-reunion", "974", &[("97411", "Saint-Denis", -20.88, 55.45)])),
    ] {
        let path = folder.path().join(format!("{id}.json"));
        std::fs::write(&path, territory.to_string()).unwrap();
        serves(&path).await;
    }
}

#[tokio::test]
async fn every_territory_of_the_folder_named_by_the_environment_starts_and_serves() {
    #[expect(clippy::disallowed_methods, reason = "the folder is named by whoever runs the tests")]
    let Ok(folder) = std::env::var("AIGUILLEUR_TERRITORIES") else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        // The two indexes of territories are no territories.
        .filter(|path| std::fs::read_to_string(path).is_ok_and(|text| text.contains("\"communes\"")))
        .filter(|path| path.file_stem().is_some_and(|stem| stem != "occitanie" && stem != "cvl-45-loiret"))
        .collect();
    files.sort();
    for file in &files {
        serves(file).await;
    }
    assert!(files.len() >= 19, "{} territories", files.len());
}

#[tokio::test]
async fn an_imported_territory_starts_and_serves() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("communes.csv"), folder.path().join("auxois.json"));
    let csv = "code,nom,dep,codes_postaux,pop2023,epci,lat,lon,src\n\
        21663,Venarey-les-Laumes,21,21150,2800,,47.5443,4.4606,geonames\n\
        21603,Semur-en-Auxois,21,21140,4100,,47.4909,4.3331,geonames\n";
    std::fs::write(&data, csv).unwrap();
    let imported = Command::new(env!("CARGO_BIN_EXE_aiguilleur"))
        .args(["territory", "import", "--communes", "21663,21603", "--data"])
        .arg(&data)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&imported.stdout).into_owned();
    assert!(imported.status.success(), "{said}{}", String::from_utf8_lossy(&imported.stderr));
    assert!(said.contains("2 commune(s)"), "{said}");
    serves(&out).await;
}
