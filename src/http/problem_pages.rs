//! `/problems/{slug}`: what a problem's `type` means, for whoever opens the link.

use actix_web::http::StatusCode;
use actix_web::web;

use super::Reply;
use super::pages;
use super::problem::Slug;
use crate::web::fault::{self, ProblemKind};

/// `GET /problems/{slug}`.
pub(super) async fn one(slug: web::Path<String>) -> Reply {
    let Some(slug) = Slug::ALL.iter().find(|known| known.code() == slug.as_str()) else {
        return pages::nowhere_at_all();
    };
    let (status, uri) = (slug.status().as_u16(), slug.uri());
    let kind = ProblemKind { title: slug.title(), advice: slug.advice(), status, uri: &uri };
    Ok(pages::shown(StatusCode::OK, fault::problem_kind(kind)))
}
