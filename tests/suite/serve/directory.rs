//! The practitioners' file of a territory: read at the start, read again when it changes, never half.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use crate::support::serve::{Place, Serve, rpps};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_the_file_is_in_the_directory_and_changes_come_by_themselves() {
    let serve = Serve::start().await;
    let file = serve.place.path("praticiens/weppes.csv");
    let (_, first) = serve.get("demo-operator", &format!("/practitioners/{}", rpps(1))).await;
    assert_eq!(first["name"], "[FICTIF] Dr Numéro 1", "{first}");
    let text = fs::read_to_string(&file).unwrap();
    let longer = format!("{}19990000077;[FICTIF] Dr Nouvelle;10;SM54;fr en;cabinet;Cabinet;59653;;;non\n", text);
    fs::write(&file, longer.replace("[FICTIF] Dr Numéro 1;", "[FICTIF] Dr Renommée;")).unwrap();
    loop {
        let (_, renamed) = serve.get("demo-operator", &format!("/practitioners/{}", rpps(1))).await;
        let (status, _) = serve.get("demo-operator", "/practitioners/19990000077").await;
        if status == 200 && renamed["name"] == "[FICTIF] Dr Renommée" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // A faulty file changes nothing, and says each line.
    fs::write(&file, format!("{text}1;;10;SM54;fr;cabinet;Cabinet;59653;;;non\n")).unwrap();
    while !serve.program.log().contains("practitioners not read again") {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let log = serve.program.log();
    assert!(log.contains("ligne 15, rpps : « 1 »") && log.contains("ligne 15, nom : vide"), "{log}");
    let (_, still) = serve.get("demo-operator", &format!("/practitioners/{}", rpps(1))).await;
    assert_eq!(still["name"], "[FICTIF] Dr Renommée");
}

#[test]
fn a_faulty_file_stops_the_start_with_every_line() {
    let place = Place::new();
    fs::write(place.path("praticiens/weppes.csv"), "rpps;nom;profession;lieu;nom_du_lieu;commune\n1;;10;c;C;59653\n")
        .unwrap();
    let said = place.refused(&[]);
    for expected in ["weppes.csv", "ligne 2, rpps : « 1 »", "ligne 2, nom : vide"] {
        assert!(said.contains(expected), "«{expected}» is missing:\n{said}");
    }
}

#[tokio::test]
async fn a_territory_without_a_file_starts_and_says_so() {
    let place = Place::new();
    fs::remove_file(place.path("praticiens/weppes.csv")).unwrap();
    let serve = place.start(&[], HashMap::new()).unwrap();
    assert!(serve.program.logged("no file of practitioners"), "{}", serve.program.log());
}
