//! The trail: the whole event stream, page by page, read from the store since it is longer than any memory. For audits.

use super::territory_view::TerritoryView;
use crate::domain::RecordedEvent;
use crate::store::{Seq, StoreError, codec};

/// A part of the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct TrailPage {
    /// Events, oldest first, contiguous.
    pub events: Vec<RecordedEvent>,
    /// The number of the last event of the stream.
    pub last: Seq,
}

impl TerritoryView {
    /// What happened after event `after`.
    ///
    /// # Errors
    /// When the store fails, or holds what cannot be read.
    pub async fn trail(&self, after: Seq, limit: usize) -> Result<TrailPage, StoreError> {
        let page = self.store.events(self.territory(), after, limit).await?;
        let events = page.events.iter().map(codec::decode_event).collect::<Result<_, _>>()?;
        Ok(TrailPage { events, last: page.last })
    }
}
