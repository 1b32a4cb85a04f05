//! The shape of the tree: what lies at the top, how long a file may be, what a file may be called, and how it opens.

use super::assert_none;
use super::listing::{ProjectFile, project_files};

/// What lies at the top, besides dotted files: the listing is the architecture.
const TOP_LEVEL: [&str; 8] = ["Cargo.toml", "Cargo.lock", "README.md", "src", "solver", "fixtures", "tests", "benches"];
/// A file named so is missing its noun.
const EMPTY_NAMES: [&str; 9] = ["util", "utils", "helper", "helpers", "common", "type", "types", "manager", "misc"];
/// A file longer than this holds two subjects.
const LINES_MAX: usize = 600;
/// What is written by hand and read in full; data and catalogues of texts are as long as their matter.
const CODE: [&str; 6] = [".rs", ".js", ".mjs", ".css", ".lua", ".html"];
const RUST: [&str; 4] = ["src", "solver", "tests", "benches"];

fn shape_faults(files: &[ProjectFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let top = file.path.split('/').next().unwrap_or_default();
        if !top.starts_with('.') && !TOP_LEVEL.contains(&top) {
            faults.push(format!("{}: only {} and dotted files lie at the top", file.path, TOP_LEVEL.join(", ")));
        }
        if !file.is_under(&RUST) {
            continue;
        }
        let lines = file.text().lines().count();
        if CODE.iter().any(|end| file.path.ends_with(end)) && lines > LINES_MAX {
            faults.push(format!("{}: {lines} lines, at most {LINES_MAX}: split it by subject", file.path));
        }
        if file.is_rust() {
            let mut names = file.path.trim_end_matches(".rs").split('/');
            if let Some(name) = names.find(|name| EMPTY_NAMES.contains(name)) {
                faults.push(format!("{}: `{name}` says nothing; name it for what it holds", file.path));
            }
            if !file.text().starts_with("//!") {
                faults.push(format!("{}: open with `//!`: its job, and what it must never do", file.path));
            }
        }
    }
    faults
}

#[test]
fn the_tree_has_the_shape_the_readme_promises() {
    assert_none(&shape_faults(project_files()));
}

#[test]
fn a_stray_file_a_long_one_a_nameless_one_and_a_silent_one_are_caught() {
    let long = format!("//! Long.\n{}", "//\n".repeat(LINES_MAX));
    let bad =
        [("notes.txt", "x"), ("src/a.rs", long.as_str()), ("src/store/utils.rs", "//! U."), ("src/b.rs", "fn f() {}")];
    for (path, text) in bad {
        assert_eq!(shape_faults(&[ProjectFile::new(path, text)]).len(), 1, "{path}");
    }
    assert_none(&shape_faults(&[ProjectFile::new(".ci/run", ""), ProjectFile::new("src/c.rs", "//! C.")]));
}
