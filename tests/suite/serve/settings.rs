//! What `serve` refuses to start with, and what it says to do.

use std::collections::HashMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::program::aiguilleur;
use crate::support::serve::{Place, Serve, said};

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn assert_says(said: &str, all: &[&str]) {
    for expected in all {
        assert!(said.contains(expected), "«{expected}» is missing:\n{said}");
    }
}

#[test]
fn the_printed_configuration_starts_once_its_territories_are_named() {
    let printed = aiguilleur(&["serve", "--print-config"]).output().unwrap();
    assert!(printed.status.success() && printed.stderr.is_empty());
    let place = Place::new();
    let manual = String::from_utf8(printed.stdout).unwrap();
    place.configure(&manual.replace("data = \"/var/lib/aiguilleur\"", "data = \"data\""));
    let checked = place.run(&["serve", "--check"]);
    assert!(!checked.status.success());
    assert_says(&said(&checked), &["1 défaut(s)", "service.territories", "[\"weppes\"]"]);
    place.configure(
        &manual
            .replace("data = \"/var/lib", "data = \"data/lib")
            .replace("#territories = [\"weppes\", \"/etc/aiguilleur/alaric.json\"]", "territories = [\"weppes\"]"),
    );
    let checked = place.run(&["serve", "--check"]);
    assert!(checked.status.success(), "{}", said(&checked));
}

#[test]
fn a_check_reads_the_directory_and_asks_the_redis_as_a_start_would() {
    let place = Place::new();
    let checked = place.run(&["serve", "--check"]);
    assert!(checked.status.success(), "{}", said(&checked));
    let file = place.path("praticiens/weppes.csv");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, "rpps;nom;profession;lieu;nom_du_lieu;commune\n1;;10;c;C;59653\n").unwrap();
    let checked = place.run(&["serve", "--check"]);
    assert!(!checked.status.success());
    assert_says(&said(&checked), &["weppes.csv", "ligne 2, rpps : « 1 »", "ligne 2, nom : vide"]);
    fs::write(&file, whole).unwrap();

    // A port that nobody listens on.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    place.add(&format!("[store]\nkind = \"redis\"\nurl = \"redis://{nobody}/0\"\n"));
    let checked = place.run(&["serve", "--check"]);
    assert!(!checked.status.success());
    assert_says(&said(&checked), &["no Redis answers at", &nobody.to_string()]);
}

#[test]
fn every_fault_of_the_file_and_of_the_environment_is_told_at_once() {
    let place = Place::new();
    place.add("[servce]\nlisten = \"x\"\n[store]\nkindd = \"embedded\"\n");
    let said = place.refused(&[("AIGUILLEUR_SERVICE_LISTEN", "0.0.0.0:0"), ("AIGUILLEUR_LIMITS_BODY_BYTE", "5")]);
    assert_says(
        &said,
        &[
            "5 défaut(s)",
            "service.clock_at",
            "servce.listen",
            "store.kindd",
            "vouliez-vous écrire store.kind ?",
            "variable AIGUILLEUR_SERVICE_LISTEN",
            "tls_terminated_by_proxy = true",
            "variable AIGUILLEUR_LIMITS_BODY_BYTE",
            "limits.body_bytes",
        ],
    );
}

#[tokio::test]
async fn a_variable_overrides_the_file() {
    let place = Place::new();
    let variables = [("AIGUILLEUR_SERVICE_TERRITORIES", "flandre-lys"), ("AIGUILLEUR_DIRECTORY_PRACTITIONERS", "")];
    let serve = place.start(&variables, HashMap::new()).unwrap();
    let page = serve.client.get(&serve.base).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("/console/flandre-lys") && !page.contains("/console/weppes"), "{page}");
}

#[test]
fn a_data_folder_or_a_secret_open_to_others_is_refused() {
    let place = Place::new();
    fs::create_dir(place.path("data")).unwrap();
    mode(&place.path("data"), 0o750);
    assert_says(&said(&place.run(&["serve", "--check"])), &["service.data", "mode 750", "chmod 700"]);
    mode(&place.path("data"), 0o700);
    fs::write(place.path("data/patients.key"), "x").unwrap();
    fs::write(place.path("data/digests.key"), "x").unwrap();
    mode(&place.path("data/patients.key"), 0o644);
    mode(&place.path("data/digests.key"), 0o640);
    let both = said(&place.run(&["serve", "--check"]));
    assert_says(&both, &["2 défaut(s)", "security.patients_key_file", "security.digests_key_file", "chmod 600"]);
    mode(&place.path("data/patients.key"), 0o600);
    mode(&place.path("data/digests.key"), 0o600);
    assert_says(&place.refused(&[]), &["patients.key does not hold a kek key"]);
}

#[test]
fn access_keys_open_to_others_or_damaged_are_refused() {
    let place = Place::new();
    fs::create_dir(place.path("data")).unwrap();
    mode(&place.path("data"), 0o700);
    place.key("op-1", "operator", &[]);
    mode(&place.path("data/keys.toml"), 0o644);
    assert_says(&said(&place.run(&["serve", "--check"])), &["keys.toml", "chmod 600"]);
    mode(&place.path("data/keys.toml"), 0o600);
    fs::write(place.path("data/keys.toml"), "[[key]]\nname = \"op-1\"\n").unwrap();
    assert_says(&place.refused(&[]), &["keys.toml", "ce n'est pas une liste de clés"]);
}

#[tokio::test]
async fn a_key_lost_where_people_live_is_never_made_anew() {
    let mut serve = Serve::start().await;
    assert!(serve.stop());
    let place = serve.leave();
    for name in ["patients.key", "digests.key"] {
        let path = place.path("data").join(name);
        let kept = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let setting = format!("security.{}", name.replace(".key", "_key_file"));
        assert_says(&said(&place.run(&["serve", "--check"])), &[&setting, "Remettez la sauvegarde"]);
        assert!(!path.exists(), "a new key was made");
        fs::write(&path, kept).unwrap();
        mode(&path, 0o600);
    }
    assert!(place.start(&[], HashMap::new()).is_ok());
}

#[test]
fn a_port_or_a_folder_that_is_taken_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = Place::new();
    place.replace("127.0.0.1:0", &taken.local_addr().unwrap().to_string());
    assert_says(&place.refused(&[]), &["service.listen", "ne peut pas être pris"]);

    let serve = Place::new().start(&[], HashMap::new()).unwrap();
    let second = serve.place.run(&["serve"]);
    assert!(!second.status.success());
    assert_says(&said(&second), &["un service tient déjà le dossier", "aiguilleur status"]);
}

#[test]
fn a_missing_file_and_a_missing_directory_are_told() {
    let missing = aiguilleur(&["serve", "--config", "nowhere.toml"]).output().unwrap();
    assert_says(&said(&missing), &["nowhere.toml", "ne peut pas être lu"]);
    let place = Place::new();
    fs::remove_dir_all(place.path("praticiens")).unwrap();
    assert_says(&place.refused(&[]), &["directory.practitioners", "n'est pas un dossier"]);
}

#[tokio::test]
async fn a_risk_taken_knowingly_stays_in_sight() {
    let serve = Place::new().start(&[], HashMap::new()).unwrap();
    let ready = serve.client.get(format!("{}/health/ready", serve.base)).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let ready: serde_json::Value = ready.json().await.unwrap();
    let codes: Vec<_> = ready["warnings"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert!(codes.contains(&"rehearsal".into()), "{ready}");
    assert!(serve.program.logged("\"rehearsal\""), "{}", serve.program.log());
    assert!(serve.program.logged("no access key yet"), "{}", serve.program.log());
}
