//! Signing in to a page with an access key, and out again.

use std::time::Duration;

use reqwest::{Client, Response, redirect};

use crate::support::serve::Serve;

/// A browser without scripts, so to say: it follows nothing by itself.
fn browser() -> Client {
    Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap()
}

fn header(answer: &Response, name: &str) -> String {
    answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

async fn sign_in(serve: &Serve, console: &str, key: &str) -> Response {
    let form = format!("console={console}&key={key}");
    let request = browser().post(format!("{}/sign-in", serve.base)).header("Sec-Fetch-Site", "same-origin");
    request.header("Content-Type", "application/x-www-form-urlencoded").body(form).send().await.unwrap()
}

async fn console(serve: &Serve, cookie: &str) -> Response {
    browser().get(format!("{}/console/weppes", serve.base)).header("Cookie", cookie).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_asks_for_a_key_opens_with_it_and_closes_with_it() {
    let serve = Serve::start().await;
    let asked = console(&serve, "").await;
    assert_eq!((asked.status().as_u16(), header(&asked, "location")), (303, "/sign-in?console=weppes".to_owned()));
    let form = serve.client.get(format!("{}/sign-in?console=weppes", serve.base)).send().await.unwrap();
    assert_eq!(header(&form, "cache-control"), "no-store");
    let form = form.text().await.unwrap();
    assert!(form.contains("name=\"console\" value=\"weppes\"") && form.contains("Clé d'accès"), "{form}");

    let token = serve.place.key("pages-1", "regulator", &[]);
    let entered = loop {
        let entered = sign_in(&serve, "weppes", &token).await;
        if entered.status() != 403 {
            break entered;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    assert_eq!((entered.status().as_u16(), header(&entered, "location")), (303, "/console/weppes".to_owned()));
    let set = header(&entered, "set-cookie");
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && !set.contains(&token), "{set}");
    let cookie = set.split(';').next().unwrap().to_owned();
    let page = console(&serve, &cookie).await;
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains("pages-1") && page.contains("action=\"/sign-out\"") && !page.contains("Démonstration"));
    let board = serve.client.get(serve.url("/requests")).header("Cookie", &cookie).send().await.unwrap();
    assert_eq!(board.status(), 200);

    let out = browser().post(format!("{}/sign-out", serve.base)).header("Cookie", &cookie);
    assert_eq!(out.try_clone().unwrap().send().await.unwrap().status(), 403, "another site signs nobody out");
    let out = out.header("Sec-Fetch-Site", "same-origin").send().await.unwrap();
    assert_eq!((out.status().as_u16(), header(&out, "location")), (303, "/".to_owned()));
    let cleared: Vec<_> = out.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(cleared.iter().any(|one| one.starts_with("aiguilleur_regulator=;") && one.contains("Max-Age=0")));

    // The key goes, and its session with it, though the cookie is kept.
    assert!(serve.place.run(&["key", "revoke", "--name", "pages-1"]).status.success());
    while console(&serve, &cookie).await.status() == 200 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let board = serve.client.get(serve.url("/requests")).header("Cookie", &cookie).send().await.unwrap();
    assert_eq!(board.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_opens_nothing_is_told_why_and_nobody_is_sent_elsewhere() {
    let serve = Serve::start().await;
    let (operator, coordinator) = (serve.key("demo-operator").to_owned(), serve.key("demo-coordinator").to_owned());
    for (key, status, said) in [
        ("", 422, "Donnez votre clé"),
        ("aig_wrong", 403, "pas connue ici"),
        ("demo-operator", 403, "pas connue ici"),
        (coordinator.as_str(), 403, "pas encore de page"),
    ] {
        let answer = sign_in(&serve, "weppes", key).await;
        assert_eq!(answer.status().as_u16(), status, "{key}");
        assert!(header(&answer, "set-cookie").is_empty());
        let page = answer.text().await.unwrap();
        assert!(page.contains(said) && page.contains("role=\"alert\""), "{page}");
        assert!(key.is_empty() || !page.contains(key), "a key is never shown again");
    }
    for elsewhere in ["https://example.org", "//example.org", "../../x", "atlantide"] {
        let entered = sign_in(&serve, elsewhere, &operator).await;
        assert_eq!((entered.status().as_u16(), header(&entered, "location")), (303, "/console/weppes".to_owned()));
    }
    let foreign = browser().post(format!("{}/sign-in", serve.base)).header("Origin", "https://example.org");
    assert_eq!(foreign.body(format!("key={operator}")).send().await.unwrap().status(), 403);
    let nowhere = serve.client.get(format!("{}/console/atlantide", serve.base)).send().await.unwrap();
    assert_eq!(nowhere.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_tries_many_keys_waits() {
    let place = crate::support::serve::Place::new();
    place.add("stranger_calls_per_second = 1\nstranger_calls_at_once = 3\n");
    let serve = place.start(&[], std::collections::HashMap::new()).unwrap();
    let mut refused = None;
    for _ in 0..200 {
        let answer = sign_in(&serve, "weppes", "aig_guess").await;
        if answer.status() == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status(), 403);
    }
    let refused = refused.expect("too many tries are refused");
    assert!(header(&refused, "retry-after").parse::<u32>().unwrap() >= 1);
    assert!(refused.text().await.unwrap().contains("Trop d'essais"));
}
