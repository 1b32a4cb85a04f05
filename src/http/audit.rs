//! The audit trail: the whole event stream, oldest first, with who did what and why.

use super::extract::{At, Query};
use super::paging::{LIMIT_DEFAULT, LIMIT_MAX};
use super::problem::Problem;
use super::rights::Coordination;
use super::wire::live::AuditList;
use super::{Reply, shown};

/// `GET T/audit`. The cursor is the number of the last event, so that `after` and `cursor` say the same.
pub(super) async fn list(at: At<Coordination>, query: Query) -> Reply {
    let most = i64::try_from(LIMIT_MAX).unwrap_or(i64::MAX);
    let (after, limit) = query.read(|fields| {
        let after = fields.optional("after", |item| item.integer::<u64>(0..=i64::MAX));
        let cursor = fields.optional("cursor", |item| item.integer::<u64>(0..=i64::MAX));
        let limit = fields.optional("limit", |item| item.integer::<usize>(1..=most));
        if after.is_some() && cursor.is_some() {
            fields.fault("cursor", "Donnez « after » ou « cursor », pas les deux.");
        }
        Some((after.or(cursor).unwrap_or(0), limit.unwrap_or(LIMIT_DEFAULT)))
    })?;
    let page = at.booking.view.trail(after, limit).await.map_err(|error| Problem::of_store(&error))?;
    let next = page.events.last().map(|last| last.seq).filter(|seq| *seq < page.last);
    let showing = at.showing();
    shown(&AuditList {
        items: page.events.iter().map(|event| showing.audit(event)).collect(),
        next_cursor: next.map(|seq| seq.to_string()),
    })
}
