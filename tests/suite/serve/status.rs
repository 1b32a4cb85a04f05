//! The command of a running service, over its socket.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::program::aiguilleur;
use crate::support::serve::{Place, Serve, said};

#[tokio::test(flavor = "multi_thread")]
async fn status_says_how_the_running_service_does_and_that_none_runs() {
    let mut serve = Serve::start().await;
    serve.request("h24").await;
    let status = serve.place.run(&["status"]);
    let text = said(&status);
    assert!(status.status.success(), "{text}");
    for expected in
        ["Aiguilleur ", "embedded", "en ordre", "(rehearsal)", "weppes : 13 praticiens, 1 demandes en attente"]
    {
        assert!(text.contains(expected), "«{expected}» is missing:\n{text}");
    }
    // Nor does it need what a bare machine has not: certificates of authorities.
    let bare = [("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")];
    let status = aiguilleur(&["status", "--config", &serve.place.config()]).envs(bare).output().unwrap();
    assert!(status.status.success(), "{}", said(&status));
    let socket = serve.place.path("data/control.sock");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(serve.stop());
    assert!(!socket.exists(), "it is taken away at the end");
    let status = serve.place.run(&["status"]);
    assert!(!status.status.success() && said(&status).contains("aucun service ne répond"), "{}", said(&status));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_left_by_a_crash_is_taken_over() {
    let mut serve = Serve::start().await;
    serve.program.kill();
    assert!(serve.place.path("data/control.sock").exists());
    let again = serve.again();
    assert!(again.place.run(&["status"]).status.success());
}

#[test]
fn a_data_folder_too_deep_for_a_socket_is_told() {
    let place = Place::new();
    place.replace("data = \"data\"", &format!("data = \"{}\"", "d".repeat(120)));
    let said = place.refused(&[]);
    assert!(said.contains("service.data") && said.contains("trop long"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_fails_while_the_store_lacks_what_somebody_was_told() {
    let serve = Serve::start().await;
    let keys = serve.api().keys();
    let place = serve.leave();
    let earlier = fs::read(place.path("data/state.redb")).unwrap();
    let serve = place.start(&[], keys.clone()).unwrap();
    serve.request("h24").await;
    let place = serve.leave();
    fs::write(place.path("data/state.redb"), earlier).unwrap();
    let serve = place.start(&[], keys).unwrap();
    let status = serve.place.run(&["status"]);
    assert!(!status.status.success(), "{}", said(&status));
    for expected in ["À TRAITER (receipts_missing)", "aiguilleur receipts check", "n'est pas en ordre"] {
        assert!(said(&status).contains(expected), "«{expected}» is missing:\n{}", said(&status));
    }
    let seen_to = serve.place.run(&["receipts", "acknowledge"]);
    assert!(seen_to.status.success(), "{}", said(&seen_to));
    let status = serve.place.run(&["status"]);
    assert!(status.status.success() && !said(&status).contains("À TRAITER"), "{}", said(&status));
}

#[tokio::test(flavor = "multi_thread")]
async fn status_fails_while_receipts_cannot_be_written() {
    let serve = Serve::start().await;
    let keys = serve.api().keys();
    let place = serve.leave();
    // Nothing can be written to a folder, by root either.
    let today = place.path("data/receipts/2026-11-24.jsonl");
    fs::remove_file(&today).unwrap();
    fs::create_dir(&today).unwrap();
    let serve = place.start(&[], keys).unwrap();
    serve.request("h24").await;
    let status = serve.place.run(&["status"]);
    assert!(!status.status.success() && said(&status).contains("À TRAITER (receipts_not_kept)"), "{}", said(&status));
}
