//! What the log says of a call, and what it never says.

use serde_json::Value;

use crate::support::process::need;
use crate::support::serve::Serve;

fn lines(serve: &Serve) -> Vec<Value> {
    serve
        .program
        .log()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_has_a_name_in_the_log_and_in_its_answer() {
    let mut serve = Serve::start().await;
    let ask = async |name: Option<&str>| {
        let mut call =
            serve.client.get(serve.url("/slots?commune=59658&q=geheim")).bearer_auth(serve.key("demo-operator"));
        if let Some(name) = name {
            call = call.header("X-Request-Id", name);
        }
        call.send().await.unwrap().headers()["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(ask(Some("lrm-59:0042")).await, "lrm-59:0042", "a caller's own name is kept");
    let made = ask(None).await;
    assert!(made.len() >= 16 && made != ask(None).await, "{made}");
    let hostile = "\"},{\"level\":\"ERROR\"";
    assert_ne!(ask(Some(hostile)).await, hostile);
    // Ended first: then all it logs has been read.
    assert!(serve.stop());
    let lines = lines(&serve);
    for name in ["lrm-59:0042", &made] {
        let of_call = lines.iter().filter(|line| line["span"]["request_id"] == name).count();
        assert_eq!(of_call, 1, "one line names the call {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_no_question_and_nobody_is_in_the_log() {
    let mut serve = Serve::start().await;
    let mut body = need("h24");
    body["note"] = "genou gauche qui craque".into();
    serve.post("demo-operator", "/requests", &body).await.unwrap();
    serve.get("demo-operator", "/practitioners?q=Quenouillard").await;
    let wrong = "aig_AnUnknownKeyThatNobodyHasEverBeenGivenBefore";
    serve.get(wrong, "/requests").await;
    let form = serve.client.post(format!("{}/sign-in", serve.base)).header("Sec-Fetch-Site", "same-origin");
    form.header("Content-Type", "application/x-www-form-urlencoded").body(format!("key={wrong}")).send().await.unwrap();
    let keys = serve.keys();
    assert!(serve.stop());
    let log = serve.program.log();
    let mut secrets = vec!["genou gauche", "Quenouillard", wrong];
    secrets.extend(keys.values().map(String::as_str));
    for secret in secrets {
        assert!(!log.contains(secret), "the log holds «{secret}»");
    }
    lines(&serve);
}
