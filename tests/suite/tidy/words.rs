//! Words that must not be committed: unfinished work, tests switched off, and paths of one machine.
//!
//! The words are put together from pieces, so that this file does not hold them itself.

use super::assert_none;
use super::listing::{ProjectFile, project_files};

/// Left by unfinished work, or hiding a test.
const UNFINISHED: [&str; 5] = [
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("FIX", "ME"),
    concat!("TO", "DO:"),
    concat!("#[", "ignore"),
];
/// First folders of absolute paths that only exist, or only mean something, on somebody's machine.
const MACHINE_FOLDERS: [&str; 4] = ["work", "root", "tmp", "home"];
/// A folder beside the repository, which a clone does not have.
const OUTSIDE: &str = concat!("../", "shared/");

fn word_faults(files: &[ProjectFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        for (line, number) in file.text().lines().zip(1..) {
            if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
                faults.push(format!("{}: `{word}`: finish it, or open an issue", file.at(number)));
            }
            if let Some(path) = machine_path(line) {
                faults.push(format!("{}: `{path}` is a path of one machine", file.at(number)));
            }
        }
    }
    faults
}

/// The start of an absolute path of one machine; a folder of that name further down a path or an address is none.
fn machine_path(line: &str) -> Option<String> {
    if line.contains(OUTSIDE) {
        return Some(OUTSIDE.to_owned());
    }
    let starts = MACHINE_FOLDERS.iter().map(|folder| format!("/{folder}/"));
    starts.into_iter().find(|start| {
        line.match_indices(start.as_str()).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}' | ')' | '*'))
        })
    })
}

#[test]
fn nothing_unfinished_and_no_path_of_one_machine_is_committed() {
    assert_none(&word_faults(project_files()));
}

#[test]
fn an_unfinished_line_and_a_machines_path_are_caught_and_an_address_is_not() {
    let bad = [
        format!("fn f() {{ {}) }}", UNFINISHED[0]),
        format!("let p = \"/{}/x\";", "tmp"),
        format!("see {OUTSIDE}api.md"),
    ];
    for line in &bad {
        assert_eq!(word_faults(&[ProjectFile::new("src/a.rs", line)]).len(), 1, "{line}");
    }
    let fine =
        [format!("https://example.org/{}/x", "work"), format!("src/{}/x", "root"), format!("{{base}}/{}/x", "home")];
    for line in &fine {
        assert_none(&word_faults(&[ProjectFile::new("src/a.rs", line)]));
    }
}
