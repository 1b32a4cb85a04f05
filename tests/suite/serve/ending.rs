//! Starting and ending as a supervisor sees it.

use std::collections::HashMap;
use std::os::unix::net::UnixDatagram;

use crate::support::process::need;
use crate::support::program::{Program, aiguilleur};
use crate::support::serve::{Place, Serve};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_finished_when_the_service_is_told_to_stop() {
    let mut serve = Serve::start().await;
    let calls: Vec<_> = (0..60)
        .map(|_| {
            let api = Serve::api(&serve);
            tokio::spawn(async move { api.post("demo-operator", "/requests", &need("h24")).await })
        })
        .collect();
    // Some have been answered, others are on their way.
    serve.request("h24").await;
    serve.program.signal("TERM");
    let mut entered = Vec::new();
    for call in calls {
        match call.await.unwrap() {
            Some((201, request)) => entered.push(request["id"].as_str().unwrap().to_owned()),
            Some((status, body)) => assert_eq!(status, 503, "{body}"),
            // Not accepted any more.
            None => {}
        }
    }
    assert!(serve.program.ended_well(), "{}", serve.program.log());
    let log = serve.program.log();
    assert!(log.contains("\"stopped\"") && log.contains("\"ended_well\":true"), "{log}");
    let again = serve.again();
    for id in entered {
        assert_eq!(again.get("demo-operator", &format!("/requests/{id}")).await.0, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_it_well_too() {
    let mut serve = Serve::start().await;
    serve.program.signal("INT");
    assert!(serve.program.ended_well(), "{}", serve.program.log());
}

#[test]
fn systemd_hears_when_it_is_ready_and_when_it_stops() {
    let place = Place::new();
    let path = place.path("notify.sock");
    let heard = UnixDatagram::bind(&path).unwrap();
    let variables = [("NOTIFY_SOCKET", path.to_str().unwrap())];
    let mut serve = place.start(&variables, HashMap::new()).unwrap();
    let next = || {
        let mut bytes = [0; 512];
        let length = heard.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let ready = next();
    assert!(ready.starts_with("READY=1\nSTATUS=1 territories on 127.0.0.1:"), "{ready}");
    assert!(serve.stop());
    assert!(next().starts_with("STOPPING=1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_service_starts_again_where_it_was() {
    let serve = Serve::start().await;
    let id = serve.request("h24").await;
    let again = serve.again();
    assert_eq!(again.get("demo-operator", &format!("/requests/{id}")).await.0, 200);
    assert!(again.program.logged("\"version\""), "the first line says what started");
}

#[test]
fn a_service_of_many_territories_starts() {
    let place = Place::new();
    place.replace("[\"weppes\"]", "[\"weppes\", \"flandre-lys\"]");
    let config = place.config();
    let program = Program::start(&mut aiguilleur(&["serve", "--config", &config])).unwrap();
    assert!(program.logged("\"territories\":\"flandre-lys,weppes\""), "{}", program.log());
}
