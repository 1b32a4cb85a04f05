//! Pages for people. Here: the entrance and the page for an address that does not exist; the others are in [`crate::web`].

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use maud::{DOCTYPE, Markup, html};

use super::Reply;
use super::extract::state_of;
use super::routes;

/// Adds the pages' routes.
pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/").route(web::get().to(entrance)));
}

/// `GET /`.
async fn entrance(request: HttpRequest) -> Reply {
    let state = state_of(&request)?;
    Ok(page(
        StatusCode::OK,
        "Aiguilleur",
        &html! {
            h1 { "Aiguilleur" }
            @for booking in state.territories.values() {
                @let territory = &booking.territory;
                section {
                    h2 { (territory.name) }
                    ul {
                        li { a href={ "/console/" (territory.id) } { "Opérateur de soins non programmés" } }
                        li { a href={ "/widget/" (territory.id) } { "Patient" } }
                        li { a href={ "/practitioner/" (territory.id) } { "Professionnel de santé" } }
                        li { a href={ "/coordinator/" (territory.id) } { "Coordination de la CPTS" } }
                    }
                }
            }
        },
    ))
}

/// Whatever has no route: a problem for software, a page for people.
pub(super) async fn nowhere(request: HttpRequest) -> Reply {
    if request.path().starts_with("/api/") { routes::nowhere().await } else { nowhere_at_all() }
}

/// The page of an address that does not exist.
pub(super) fn nowhere_at_all() -> Reply {
    Ok(page(
        StatusCode::NOT_FOUND,
        "Page introuvable",
        &html! {
            h1 { "Page introuvable" }
            p { "Cette adresse n'existe pas ou n'est plus valable." }
            p { a href="/" { "Revenir à l'accueil" } }
            p { "En cas d'urgence vitale, appelez le 15 (ou le 114 par SMS)." }
        },
    ))
}

fn page(status: StatusCode, title: &str, content: &Markup) -> HttpResponse {
    let page = html! {
        (DOCTYPE)
        html lang="fr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
            }
            body { main { (content) } }
        }
    };
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(page.into_string())
}
