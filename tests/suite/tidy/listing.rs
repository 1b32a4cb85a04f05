//! The files of the repository: what is committed, or would be by `git add --all`.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

/// One file of the project.
pub(crate) struct ProjectFile {
    /// Relative to the root, with `/` between folders.
    pub(crate) path: String,
    /// `None` when the file is not UTF-8.
    pub(crate) text: Option<String>,
}

impl ProjectFile {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: Some(text.to_owned()) }
    }

    pub(crate) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the file lies under one of these top-level folders.
    pub(crate) fn is_under(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
    }

    /// `line` as a person would quote it: `path:line`.
    pub(crate) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }
}

/// Every file of this repository, read once.
pub(crate) fn project_files() -> &'static [ProjectFile] {
    static FILES: LazyLock<Vec<ProjectFile>> = LazyLock::new(read_project);
    &FILES
}

fn read_project() -> Vec<ProjectFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = listed_by_git(root).unwrap_or_else(|| listed_by_walking(root));
    paths.sort();
    let files: Vec<ProjectFile> = paths
        .into_iter()
        .filter_map(|path| {
            // A file deleted but not yet committed as such is still listed by git.
            let bytes = std::fs::read(root.join(&path)).ok()?;
            Some(ProjectFile { path, text: String::from_utf8(bytes).ok() })
        })
        .collect();
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "the repository's files could not be listed");
    files
}

/// `None` where git is absent or this is not its working tree (an unpacked archive).
fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()?;
    let listing = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    let mut paths: Vec<String> = listing.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    // A file in conflict is listed once for each side.
    paths.dedup();
    Some(paths).filter(|paths| !paths.is_empty())
}

fn listed_by_walking(root: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the repository can be listed") {
            let path = entry.expect("an entry of the repository can be read").path();
            let relative =
                path.strip_prefix(root).expect("the walk stays below the root").to_string_lossy().into_owned();
            let is_ours = !matches!(relative.as_str(), ".git" | "target" | "node_modules");
            if is_ours && path.is_dir() {
                folders.push(path);
            } else if is_ours {
                paths.push(relative.replace('\\', "/"));
            }
        }
    }
    paths
}

#[test]
fn walking_the_folders_finds_what_git_lists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let walked = listed_by_walking(root);
    for file in project_files() {
        assert!(walked.contains(&file.path), "{} was not found by walking", file.path);
    }
}
