//! Who may use whom: the table stands in the README and nowhere else, and this holds the source to it.

use std::collections::{BTreeMap, BTreeSet};

use super::assert_none;
use super::listing::{ProjectFile, project_files};
use super::rust_source::{NamedPath, RustSource};

/// What the README lets a module use.
#[derive(Debug, PartialEq)]
enum MayUse {
    Everything,
    Only(BTreeSet<String>),
}

type Table = BTreeMap<String, MayUse>;

/// The rules and the search for slots must give the same answer for the same arguments, so `now` and seeds are arguments,
/// and whoever calls them logs.
const PURE: [&str; 3] = ["domain", "triage", "matching"];
/// Crates that log, draw, wait or reach outside.
const IMPURE_CRATES: [&str; 8] = ["tracing", "log", "rand", "tokio", "actix_web", "reqwest", "redis", "redb"];
/// The optimiser is generic: no calendar, no runtime, nothing of the service.
const NEVER_IN_SOLVER: [&str; 3] = ["aiguilleur", "tokio", "chrono"];
const SOLVER: &str = "solver";

fn table(readme: &str) -> Result<Table, String> {
    let (_, after) =
        readme.split_once("<!-- who-may-use-whom -->").ok_or("the README lost its table's opening mark")?;
    let (rows, _) = after.split_once("<!-- /who-may-use-whom -->").ok_or("the README lost its table's closing mark")?;
    let mut table = Table::new();
    for row in rows.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [modules, used] = cells[..] else { return Err(format!("not a row of two cells: {row}")) };
        for module in quoted(modules) {
            let may_use = match used {
                "nothing" => MayUse::Only(BTreeSet::new()),
                _ if used.starts_with("everything") => MayUse::Everything,
                _ => MayUse::Only(quoted(used).map(str::to_owned).collect()),
            };
            if table.insert(module.to_owned(), may_use).is_some() {
                return Err(format!("`{module}` has two rows in the README's table"));
            }
        }
    }
    Ok(table)
}

fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Modules the table names on the right without a row of their own, and circles.
fn table_faults(table: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    let mut settled: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: BTreeMap<&str, &BTreeSet<String>> = BTreeMap::new();
    for (module, may_use) in table {
        if let MayUse::Only(used) = may_use {
            waiting.insert(module, used);
            for unknown in used.iter().filter(|name| !table.contains_key(*name)) {
                faults.push(format!("README: `{module}` may use `{unknown}`, which has no row"));
            }
        }
    }
    while let Some(module) = waiting
        .iter()
        .find(|(_, used)| {
            used.iter().all(|name| settled.contains(name.as_str()) || !waiting.contains_key(name.as_str()))
        })
        .map(|(module, _)| *module)
    {
        waiting.remove(module);
        settled.insert(module);
    }
    if !waiting.is_empty() {
        let names: Vec<&str> = waiting.into_keys().collect();
        faults.push(format!("README: dependencies run in a circle among {}", names.join(", ")));
    }
    faults
}

/// The module path of a file of `src`: `src/http/operator.rs` is `["http", "operator"]`, `src/lib.rs` is empty.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut segments: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if matches!(segments.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        segments.pop();
    }
    segments
}

/// The first name below the crate's root that `path` leads to, when it leads there.
fn top_level_name<'a>(path: &'a NamedPath, module: &[String]) -> Option<&'a str> {
    let supers = path.segments.iter().take_while(|segment| *segment == "super").count();
    match path.segments[0].as_str() {
        "crate" => path.segments.get(1).map(String::as_str),
        "super" if supers >= module.len() + path.inside.len() => path.segments.get(supers).map(String::as_str),
        SOLVER => Some(SOLVER),
        _ => None,
    }
}

/// Every arrow of the source that the table does not hold, and every module without a row.
fn arrow_faults(files: &[ProjectFile], table: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    for (file, source) in sources(files, &["src"]) {
        let module = module_of(&file.path);
        let Some(own) = module.first() else { continue };
        let Some(may_use) = table.get(own) else {
            faults.push(format!("{}: `{own}` has no row in the README's table of who may use whom", file.path));
            continue;
        };
        let MayUse::Only(allowed) = may_use else { continue };
        for path in &source.paths {
            if let Some(used) = top_level_name(path, &module).filter(|used| used != own && !allowed.contains(*used)) {
                faults.push(format!(
                    "{}: `{own}` may not use `{used}` (`{}`); see \"Who may use whom\" in the README",
                    file.at(path.line),
                    path.segments.join("::")
                ));
            }
        }
    }
    faults
}

/// Logging, waiting and drawing where the answer must depend on the arguments alone; the store named by the web edge.
fn purity_faults(files: &[ProjectFile]) -> Vec<String> {
    let mut faults = Vec::new();
    for (file, source) in sources(files, &["src"]) {
        let module = module_of(&file.path);
        let own = module.first().map_or("", String::as_str);
        if PURE.contains(&own) {
            faults.extend(
                source.async_lines.iter().map(|line| format!("{}: `{own}` never waits (async)", file.at(*line))),
            );
            let impure = source.paths.iter().filter(|path| IMPURE_CRATES.contains(&path.segments[0].as_str()));
            faults.extend(
                impure.map(|path| format!("{}: `{own}` never uses `{}`", file.at(path.line), path.segments[0])),
            );
        }
        if own == "http" {
            let through = source.paths.iter().filter(|path| path.segments.iter().any(|segment| segment == "store"));
            faults.extend(
                through
                    .map(|path| format!("{}: `http` asks `booking` and `views`, never the store", file.at(path.line))),
            );
        }
    }
    for (file, source) in sources(files, &["solver"]) {
        let foreign = source.paths.iter().filter(|path| NEVER_IN_SOLVER.contains(&path.segments[0].as_str()));
        faults.extend(
            foreign.map(|path| format!("{}: the solver never uses `{}`", file.at(path.line), path.segments[0])),
        );
    }
    faults
}

/// The Rust files below `folders`, read, without those that only tests see.
fn sources<'a>(files: &'a [ProjectFile], folders: &[&str]) -> Vec<(&'a ProjectFile, RustSource)> {
    let read: Vec<(&ProjectFile, RustSource)> = files
        .iter()
        .filter(|file| file.is_rust() && file.is_under(folders))
        .map(|file| (file, RustSource::parse(file.text()).unwrap_or_else(|e| panic!("{}: {e}", file.path))))
        .collect();
    let for_tests: Vec<String> = read
        .iter()
        .flat_map(|(file, source)| {
            source.test_modules.iter().map(|name| format!("{}{name}", children_folder(&file.path)))
        })
        .collect();
    let is_for_tests = |path: &str| {
        let is_of =
            |module: &String| path.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with(['.', '/']));
        for_tests.iter().any(is_of)
    };
    read.into_iter().filter(|(file, _)| !is_for_tests(&file.path)).collect()
}

/// Where the modules that `path` declares have their files: `src/store/` for `src/store/mod.rs` and `src/store.rs`.
fn children_folder(path: &str) -> String {
    let stem = path.trim_end_matches(".rs");
    match stem.rsplit_once('/') {
        Some((folder, "mod" | "lib" | "main")) => format!("{folder}/"),
        _ => format!("{stem}/"),
    }
}

fn readme_table() -> Table {
    let readme = project_files().iter().find(|file| file.path == "README.md").expect("the README is there");
    table(readme.text()).unwrap_or_else(|fault| panic!("{fault}"))
}

#[test]
fn every_module_uses_only_what_the_readme_lets_it_use() {
    assert_none(&arrow_faults(project_files(), &readme_table()));
}

#[test]
fn the_readmes_table_is_complete_and_runs_in_no_circle() {
    assert_none(&table_faults(&readme_table()));
}

#[test]
fn rules_and_optimiser_neither_wait_nor_log_nor_draw() {
    assert_none(&purity_faults(project_files()));
}

#[cfg(test)]
mod on_bad_trees {
    use super::*;

    const README: &str = "<!-- who-may-use-whom -->\n| module | may use |\n|---|---|\n| `domain` | nothing |\n\
        | `store` | `domain` |\n| `matching` | `domain`, `solver` |\n| `solver` (crate) | nothing |\n| `http` | `domain` |\n\
        | `lib`, `main` | everything: wiring |\n<!-- /who-may-use-whom -->";

    fn arrows(path: &str, text: &str) -> usize {
        arrow_faults(&[ProjectFile::new(path, text)], &table(README).unwrap()).len()
    }

    #[test]
    fn an_arrow_outside_the_table_is_caught_however_it_is_written() {
        let forbidden = [
            ("src/domain/slot.rs", "use crate::store::Store;"),
            ("src/domain/mod.rs", "use super::store::Store;"),
            ("src/domain/slot.rs", "mod inner { use super::super::super::store::Store; }"),
            ("src/domain/slot.rs", "use crate::{domain::Slot, store::Store};"),
            ("src/http/mod.rs", "fn f() { format!(\"{}\", crate::store::now()) }"),
            ("src/http/mod.rs", "use solver::Plan;"),
            ("src/domain/slot.rs", "use crate::*;"),
            ("src/unheard_of.rs", "struct Nothing;"),
        ];
        for (path, text) in forbidden {
            assert_eq!(arrows(path, text), 1, "{path}: {text}");
        }
    }

    #[test]
    fn an_arrow_of_the_table_and_a_modules_own_names_pass() {
        let allowed = [
            ("src/store/mod.rs", "use crate::domain::{Slot, slot::Place}; use crate::store::redis::Redis;"),
            ("src/store/redis/mod.rs", "use super::super::store::Store; use super::Commit;"),
            ("src/matching/plan.rs", "use solver::{Instance, Plan};"),
            ("src/main.rs", "use aiguilleur::store::Store; use crate::cli::run;"),
            (
                "src/domain/slot.rs",
                "/// See [`crate::store::Store`].\nstruct Slot; #[cfg(test)] mod tests { use crate::store::A; }",
            ),
        ];
        for (path, text) in allowed {
            assert_eq!(arrows(path, text), 0, "{path}: {text}");
        }
    }

    #[test]
    fn a_file_that_only_tests_see_may_use_anything() {
        let files = [
            ProjectFile::new("src/domain/mod.rs", "#[cfg(test)]\nmod samples;"),
            ProjectFile::new("src/domain/samples.rs", "use crate::store::Store;"),
        ];
        assert_none(&arrow_faults(&files, &table(README).unwrap()));
    }

    #[test]
    fn a_rule_that_waits_logs_or_draws_is_caught() {
        let bad = [
            ("src/domain/slot.rs", "async fn hold() {}"),
            ("src/triage/mod.rs", "fn f() { tracing::info!(\"x\") }"),
            ("src/matching/rank.rs", "use rand::Rng;"),
            ("src/http/slots.rs", "fn f(s: booking::store::Commit) {}"),
            ("solver/src/lib.rs", "use chrono::DateTime;"),
        ];
        for (path, text) in bad {
            assert_eq!(purity_faults(&[ProjectFile::new(path, text)]).len(), 1, "{path}: {text}");
        }
        assert_none(&purity_faults(&[ProjectFile::new(
            "src/booking/mod.rs",
            "async fn f() { tracing::info!(\"x\") }",
        )]));
    }

    #[test]
    fn a_circle_or_a_name_without_a_row_in_the_table_is_caught() {
        let circle = README.replace("| `domain` | nothing |", "| `domain` | `store` |");
        assert_eq!(table_faults(&table(&circle).unwrap()).len(), 1);
        let unknown = README.replace("| `http` | `domain` |", "| `http` | `domian` |");
        assert_eq!(table_faults(&table(&unknown).unwrap()).len(), 1);
    }
}
