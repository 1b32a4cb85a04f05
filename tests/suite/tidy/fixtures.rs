//! No fixture without a use: a data file that nothing reads misleads whoever edits it.

use std::collections::BTreeSet;

use super::assert_none;
use super::listing::{ProjectFile, project_files};
use super::rust_source::RustSource;

/// Where a fixture may be named.
const READERS: [&str; 4] = ["src", "solver", "tests", "benches"];

/// Fixtures that no reader names, neither by file name nor by one of the folders they lie in.
fn dead_fixtures(files: &[ProjectFile]) -> Vec<String> {
    let named: BTreeSet<String> = files.iter().filter(|file| file.is_under(&READERS)).flat_map(names_in).collect();
    let mut dead = Vec::new();
    for fixture in files.iter().filter(|file| file.is_under(&["fixtures"])) {
        // Notes on where data comes from are read by people.
        let is_note = fixture.path.ends_with(".md");
        let is_named = fixture.path.split('/').skip(1).any(|segment| named.contains(segment));
        if !is_note && !is_named {
            dead.push(format!("{}: nothing in {} names it or its folder", fixture.path, READERS.join(", ")));
        }
    }
    dead
}

/// The segments of every path-like word: of string literals in Rust, of the whole text elsewhere.
fn names_in(file: &ProjectFile) -> Vec<String> {
    let texts = if file.is_rust() {
        RustSource::parse(file.text()).unwrap_or_else(|e| panic!("{}: {e}", file.path)).strings
    } else {
        vec![file.text().to_owned()]
    };
    let is_of_a_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let names = texts.iter().flat_map(|text| text.split(|c: char| !is_of_a_name(c)));
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_fixture_is_used() {
    assert_none(&dead_fixtures(project_files()));
}

#[test]
fn a_fixture_counts_as_used_by_its_name_or_by_its_folder_only_outside_comments() {
    let files = |reader: &str| {
        vec![ProjectFile::new("fixtures/shelf/nested/apple.json", "{}"), ProjectFile::new("src/reader.rs", reader)]
    };
    for used in ["const F: &str = \"nested/apple.json\";", "#[folder = \"fixtures/shelf\"] struct Shelf;"] {
        assert_none(&dead_fixtures(&files(used)));
    }
    for unused in
        ["// apple.json, of the shelf", "/// apple.json\nfn shelf() {}", "const F: &str = \"fixtures/pear.json\";"]
    {
        assert_eq!(dead_fixtures(&files(unused)).len(), 1, "{unused}");
    }
}
