//! The files pages load: style sheet, scripts, mark. From disk in debug builds, compiled in for release; each with a tag
//! of its content, so that a browser asks again and is told "unchanged". Nothing third-party is here.

use std::borrow::Cow;
use std::fmt::Write as _;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "src/web/assets"]
struct Files;

/// One file.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
    /// Its media type, with the character set.
    pub media_type: &'static str,
    /// Its entity tag, in quotes, as `ETag` and `If-None-Match` carry it.
    pub etag: String,
}

/// The asset with this name (`theme.css`), if there is one.
pub fn find(name: &str) -> Option<Asset> {
    let media_type = match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    };
    let file = Files::get(name)?;
    let mut etag = String::from("\"");
    for byte in &file.metadata.sha256_hash()[..12] {
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    Some(Asset { bytes: file.data, media_type, etag })
}

/// The names of all assets.
pub fn names() -> impl Iterator<Item = Cow<'static, str>> {
    Files::iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_has_a_type_and_a_tag_of_its_own() {
        let tags: std::collections::HashSet<_> = names().map(|name| find(&name).expect(&name).etag).collect();
        assert_eq!(tags.len(), names().count());
        assert!(find("theme.css").is_some() && find("console.js").is_some());
        assert!(find("../mod.rs").is_none() && find("nothing.css").is_none() && find("theme").is_none());
    }

    #[test]
    fn scripts_are_short_typed_and_build_no_markup_from_text() {
        for name in names().filter(|name| name.ends_with(".js")) {
            let text = String::from_utf8(find(&name).unwrap().bytes.into_owned()).unwrap();
            assert!(text.starts_with("// @ts-check"), "{name}");
            assert!(text.lines().count() < 200, "{name} is {} lines long", text.lines().count());
            for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "sessionStorage"] {
                assert!(!text.contains(sink), "{name} uses {sink}");
            }
            assert!(!text.contains("http://") && !text.contains("https://"), "{name} names another site");
        }
    }
}
