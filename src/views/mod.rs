//! The read model of one territory, in the memory of this process: slots, board of requests, directory, appointments and
//! histories, fed by the event stream. Searches, the optimiser and live updates read it without a network round trip.
//! No rule and no write lives here: what a stale read makes a caller ask for is refused by the commit.
//!
//! Start reading at [`feed::start`], which gives a [`TerritoryView`]; [`TerritoryView::read`] lends the [`TerritoryState`].

pub mod appointments;
pub mod attachments;
pub mod board;
pub mod cursor;
pub mod directory;
pub mod facts;
pub mod feed;
pub mod history;
pub mod live;
mod load;
mod own_writes;
pub mod proposals;
pub mod slot_index;
pub mod slot_query;
mod sorted_merge;
pub mod territory_state;
pub mod territory_view;
pub mod trail;

#[cfg(test)]
mod tests;

pub use appointments::{AppointmentEntry, Appointments};
pub use board::{Board, BoardPage, BoardQuery, Case};
pub use cursor::{BoardCursor, CursorError, LiveCursor, SlotCursor};
pub use directory::{Directory, DirectoryPage, DirectoryQuery};
pub use facts::{FactsByRef, FactsSource};
pub use history::{Histories, History, HistoryEntry};
pub use live::{Live, LiveStream};
pub use own_writes::OwnWrite;
pub use proposals::Proposals;
pub use slot_index::{Place, PlacedSlot, SlotIndex};
pub use slot_query::{Around, SlotPage, SlotQuery, Viewer};
pub use territory_state::TerritoryState;
pub use territory_view::{TerritoryView, ViewHealth};
pub use trail::TrailPage;
