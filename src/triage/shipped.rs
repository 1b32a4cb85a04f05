//! The pack that is shipped, compiled in: seed content, signed by nobody. A territory that has a signed one names its folder.

use std::sync::LazyLock;

use rust_embed::RustEmbed;

use super::Pack;
use super::pack::Files;

#[derive(RustEmbed)]
#[folder = "fixtures/protocols/fr-snp-general"]
struct Shipped;

static GENERAL: LazyLock<Pack> = LazyLock::new(|| Pack::read(&files()).expect("a test reads the compiled-in pack"));

/// Its files.
pub fn files() -> Files {
    let named = |path: std::borrow::Cow<'static, str>| Some((path.to_string(), Shipped::get(&path)?.data.into_owned()));
    Shipped::iter().filter_map(named).collect()
}

impl Pack {
    /// The general pack compiled in: `fr-snp-general`.
    pub fn general() -> &'static Self {
        &GENERAL
    }
}
