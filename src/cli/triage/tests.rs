//! What a physician sees of two versions of a pack.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use super::{OfPack, REFUSED, TriageCommand, run};
use crate::triage::pack::Files;
use crate::triage::shipped;

fn write(files: &Files, to: &Path) {
    fs::create_dir_all(to.join("complaints")).unwrap();
    for (path, bytes) in files {
        fs::write(to.join(path), bytes).unwrap();
    }
}

/// The shipped pack under another version, with one text of one file in place of another.
fn changed(version: &str, file: &str, from: &str, to: &str) -> Files {
    let mut files = shipped::files();
    for (file, from, to) in
        [("pack.toml", "version = \"", format!("version = \"{version}\"\n# \"")), (file, from, to.to_owned())]
    {
        let text = String::from_utf8(files[file].clone()).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        files.insert(file.to_owned(), text.replacen(from, &to, 1).into_bytes());
    }
    files
}

fn compared(after: &Files) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (before, now) = (folder.path().join("before"), folder.path().join("after"));
    write(&shipped::files(), &before);
    write(after, &now);
    let mut said = String::new();
    let code = run(TriageCommand::Compare { before, after: OfPack { pack: Some(now) } }, &mut |line| {
        said.push_str(line);
        said.push('\n');
    });
    (format!("{:?}", code.unwrap()), said)
}

#[test]
fn p14_what_falls_is_printed_cell_by_cell_and_asks_for_a_major_version() {
    let (file, from, to) = ("complaints/mal_de_gorge.toml", "level_if_yes = \"same_day\"", "level_if_yes = \"h24\"");
    let (success, refused) = (format!("{:?}", ExitCode::SUCCESS), format!("{:?}", ExitCode::from(REFUSED)));
    for (version, expected) in [("1.0.1", &refused), ("1.9.0", &refused), ("99.0.0", &success)] {
        let (code, said) = compared(&changed(version, file, from, to));
        assert_eq!(code, *expected, "{version}: {said}");
        assert!(
            said.contains("- mal_de_gorge.") && said.contains("(oui) : same_day") && said.contains("→ h24"),
            "{said}"
        );
    }
    let (code, said) = compared(&changed("1.0.1", file, "label_fr = \"Mal de gorge", "label_fr = \"Gorge"));
    assert_eq!(code, success, "{said}");
    assert!(said.contains(": 0 case(s)"), "{said}");
}
