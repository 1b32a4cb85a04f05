//! The territory's directory. Practitioners read their own entry.

use super::extract::{At, PathId, Query};
use super::fields::parsed;
use super::paging::{Page, cursor};
use super::problem::Problem;
use super::rights::Directory;
use super::wire::showing::practitioner_shown;
use super::wire::slot::PractitionerList;
use super::{Reply, shown};
use crate::domain::Rpps;
use crate::views::DirectoryQuery;

/// `GET T/practitioners`.
pub(super) async fn list(at: At<Directory>, query: Query) -> Reply {
    let asked = query.read(|fields| {
        let page = Page::read(fields);
        let after = page.place(fields, |text| text.parse::<Rpps>().ok());
        let profession = fields.optional("profession", parsed);
        let commune = fields.optional("commune", parsed);
        let name = fields.optional("q", |item| item.text(0..=100));
        Some(DirectoryQuery { profession, commune, name, limit: page.limit, after })
    })?;
    let page = at.booking.view.read(|state| match at.caller.rpps() {
        // One entry, if it answers the question like any other.
        Some(own) => {
            let whole = DirectoryQuery { limit: usize::MAX, after: None, ..asked.clone() };
            let mut page = state.directory.query(&whole);
            page.items.retain(|practitioner| practitioner.rpps == own && asked.after.is_none());
            page
        }
        None => state.directory.query(&asked),
    });
    shown(&PractitionerList {
        items: page.items.iter().map(|practitioner| practitioner_shown(practitioner)).collect(),
        next_cursor: page.next.map(|rpps| cursor(rpps.as_str())),
    })
}

/// `GET T/practitioners/{rpps}`.
pub(super) async fn one(at: At<Directory>, rpps: PathId<Rpps>) -> Reply {
    let own = at.caller.rpps().is_none_or(|own| own == rpps.0);
    let found = at.booking.view.read(|state| state.directory.get(rpps.0).cloned()).filter(|_| own);
    let practitioner = found.ok_or_else(|| Problem::not_found("Ce professionnel"))?;
    shown(&practitioner_shown(&practitioner))
}
