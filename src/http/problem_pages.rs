//! `/problems/{slug}`: what a problem's `type` means, for whoever opens the link.

use actix_web::{HttpResponse, web};
use maud::{DOCTYPE, html};

use super::Reply;
use super::pages;
use super::problem::Slug;

/// `GET /problems/{slug}`.
pub(super) async fn one(slug: web::Path<String>) -> Reply {
    let Some(slug) = Slug::ALL.iter().find(|known| known.code() == slug.as_str()) else {
        return pages::nowhere_at_all();
    };
    let page = html! {
        (DOCTYPE)
        html lang="fr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (slug.title()) " — Aiguilleur" }
            }
            body {
                main {
                    h1 { (slug.title()) }
                    p { (slug.advice()) }
                    p { "Statut HTTP " (slug.status().as_u16()) " · type " code { (slug.uri()) } }
                    p { a href="/api/openapi.json" { "Description de l'API (OpenAPI)" } }
                }
            }
        }
    };
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page.into_string()))
}
