//! Lists by pages: `limit` and an opaque `cursor`, answered as `{items, next_cursor}`.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::fields::{Fields, Item};

/// Items of a page when the caller does not say.
pub(super) const LIMIT_DEFAULT: usize = 50;

/// Most items of a page.
pub(super) const LIMIT_MAX: usize = 1_000;

/// The page a caller asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// Most items.
    pub limit: usize,
    /// Where the page before ended: the text inside the cursor.
    pub after: Option<String>,
}

impl Page {
    /// Reads `limit` and `cursor`.
    pub(super) fn read(fields: &mut Fields<'_, '_>) -> Self {
        let most = i64::try_from(LIMIT_MAX).unwrap_or(i64::MAX);
        let limit = fields.optional("limit", |item| item.integer(1..=most));
        let after = fields.optional("cursor", opened);
        Self { limit: limit.unwrap_or(LIMIT_DEFAULT), after }
    }

    /// The place the page before ended at, where its cursor is one of this list's.
    pub(super) fn place<T>(&self, fields: &mut Fields<'_, '_>, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let place = parse(self.after.as_deref()?);
        if place.is_none() {
            fields.fault("cursor", FOREIGN);
        }
        place
    }
}

const FOREIGN: &str = "Ce curseur n'est pas de cette liste : reprenez « next_cursor » tel qu'il a été donné.";

fn opened(item: &mut Item<'_, '_>) -> Option<String> {
    let text = item.str()?;
    let inside = BASE64_URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match inside {
        Some(inside) => Some(inside),
        None => item.fault(FOREIGN),
    }
}

/// The cursor that resumes after a place of a list.
pub(super) fn cursor(place: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(place)
}
