//! Where things are: the communes of France, the territories made of them, and how long the road is.
//!
//! Pure, but for two thin edges: [`territory_file::read`] reads a file, [`mod@import`] reads and writes files and asks the
//! public commune API. Nothing here reads a clock or knows of slots and patients.
//!
//! Start reading at [`gazetteer`], then [`travel`].

pub mod gazetteer;
pub mod travel;
pub mod territory_file;
mod territory_french;
mod territory_fields;
pub mod builtin;
pub mod overlap;
pub mod search_radius;
pub mod public_holidays;
pub mod import;
mod import_table;
mod commune_api;

pub use commune_api::ApiError;
pub use gazetteer::{Gazetteer, KnownCommune};
pub use import::{ImportError, ImportOptions, ImportReport, import};
pub use import_table::TableError;
pub use overlap::{Overlap, overlaps};
pub use territory_file::{TerritoryFault, TerritoryFileError};
pub use travel::{Place, RoadModel, TravelTime};
