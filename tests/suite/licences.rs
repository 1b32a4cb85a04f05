//! Every dependency, on any platform and for whatever use, comes from the public registry under a licence that lets a
//! public service ship it, and none is on the list of those we do without.
//!
//! Advisories are not read here: their database is not in a package registry.

use std::collections::{BTreeMap, VecDeque};
use std::process::Command;

use serde::Deserialize;
use serde_json::json;
use spdx::{Expression, Licensee, ParseMode};

/// Permissive licences, the weak copyleft of MPL-2.0 (by file, so it asks nothing of our own), and ours.
const ALLOWED: [&str; 15] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "EUPL-1.2",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates we do without, and why.
const BANNED: [(&str, &str); 8] = [
    ("actix-governor", "GPL-3.0; our own middleware limits rates"),
    ("async-std", "discontinued; tokio is the runtime"),
    ("coin_cbc", "wants the CBC library of the system; the optimiser is pure Rust by default"),
    ("coin_cbc_sys", "wants the CBC library of the system; the optimiser is pure Rust by default"),
    ("native-tls", "TLS is rustls everywhere, so that one binary runs on a bare machine"),
    ("openssl", "TLS is rustls everywhere, so that one binary runs on a bare machine"),
    ("openssl-sys", "TLS is rustls everywhere, so that one binary runs on a bare machine"),
    ("serde_yaml", "archived by its author; settings and data are TOML, JSON or CSV"),
];

/// As cargo names the public registry in `Cargo.lock`, mirrored or not.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What is read of `cargo metadata --format-version 1`.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    workspace_members: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
    manifest_path: String,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

impl Metadata {
    fn of_this_workspace() -> Self {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version=1", "--locked", "--all-features", "--manifest-path", manifest])
            .output()
            .expect("the cargo that built this test is there");
        assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("cargo metadata keeps to version 1 of its format")
    }

    fn name_of<'a>(&'a self, id: &'a str) -> &'a str {
        self.packages.iter().find(|package| package.id == id).map_or(id, |package| &package.name)
    }
}

/// Why a licence expression is not acceptable; nothing when it is.
fn licence_fault(expression: Option<&str>) -> Option<String> {
    let Some(written) = expression else {
        return Some("states no licence expression".to_owned());
    };
    // Lax: older crates write `MIT/Apache-2.0`.
    let parsed = match Expression::parse_mode(written, ParseMode::LAX) {
        Ok(parsed) => parsed,
        Err(error) => return Some(format!("has a licence that cannot be read, `{written}`: {}", error.reason)),
    };
    let allowed: Vec<Licensee> =
        ALLOWED.iter().map(|name| Licensee::parse(name).expect("the list holds SPDX names")).collect();
    let accepted = parsed.evaluate(|required| allowed.iter().any(|licence| licence.satisfies(required)));
    (!accepted).then(|| format!("has the licence `{written}`, which is not allowed"))
}

fn source_fault(package: &Package) -> Option<String> {
    match package.source.as_deref() {
        Some(REGISTRY) => None,
        Some(source) => Some(format!("comes from `{source}`, not from the registry")),
        // Members of the workspace have no source; nor has a path that leads out of it.
        None if package.manifest_path.starts_with(env!("CARGO_MANIFEST_DIR")) => None,
        None => Some(format!("is described by `{}`, outside this repository", package.manifest_path)),
    }
}

fn ban_fault(name: &str) -> Option<String> {
    BANNED.iter().find(|(banned, _)| *banned == name).map(|(_, reason)| format!("is banned: {reason}"))
}

/// Every fault of every package, each with the chain that brings it in.
fn faults(metadata: &Metadata) -> Vec<String> {
    let chains = chains(metadata);
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let chain = chains.get(&*package.id).map_or("not reached", String::as_str);
        let found = [licence_fault(package.license.as_deref()), source_fault(package), ban_fault(&package.name)];
        faults.extend(
            found.into_iter().flatten().map(|fault| format!("{} {} {fault} ({chain})", package.name, package.version)),
        );
    }
    faults
}

/// For each package the shortest way to it from a member: `aiguilleur → reqwest → rustls`.
fn chains(metadata: &Metadata) -> BTreeMap<&str, String> {
    let nodes = metadata.resolve.nodes.iter();
    let dependencies: BTreeMap<&str, &[String]> = nodes.map(|node| (&*node.id, &*node.dependencies)).collect();
    let members = metadata.workspace_members.iter();
    let mut chains: BTreeMap<&str, String> = members.map(|id| (&**id, metadata.name_of(id).to_owned())).collect();
    let mut queue: VecDeque<&str> = chains.keys().copied().collect();
    while let Some(id) = queue.pop_front() {
        for dependency in dependencies.get(id).copied().unwrap_or_default() {
            if !chains.contains_key(dependency.as_str()) {
                chains.insert(dependency, format!("{} → {}", chains[id], metadata.name_of(dependency)));
                queue.push_back(dependency);
            }
        }
    }
    chains
}

#[test]
fn every_dependency_has_an_allowed_licence_and_comes_from_the_registry() {
    let metadata = Metadata::of_this_workspace();
    assert!(metadata.packages.len() > metadata.workspace_members.len(), "no dependency was listed");
    let faults = faults(&metadata);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn copyleft_unknown_and_missing_licences_are_refused() {
    let refused = [
        "GPL-3.0-only",
        "GPL-3.0",
        "AGPL-3.0-or-later",
        "LGPL-2.1-or-later",
        "MIT AND GPL-2.0-only",
        "SSPL-1.0",
        "Mine",
    ];
    for licence in refused {
        assert!(licence_fault(Some(licence)).is_some(), "{licence} was let through");
    }
    assert!(licence_fault(None).is_some());
}

#[test]
fn a_choice_is_accepted_when_one_side_is_allowed_and_old_spellings_are_understood() {
    let accepted = ["MIT OR Apache-2.0 OR LGPL-2.1-or-later", "MIT/Apache-2.0", "Apache-2.0 WITH LLVM-exception"];
    for licence in accepted {
        assert_eq!(licence_fault(Some(licence)), None);
    }
}

#[test]
fn a_banned_a_foreign_and_a_copyleft_crate_are_each_named_with_what_brings_them_in() {
    let package = |name: &str, source: &str, licence: &str| {
        json!({
            "name": name, "version": "1.0.0", "id": name, "license": licence, "source": source,
            "manifest_path": "Cargo.toml",
        })
    };
    let metadata = serde_json::from_value(json!({
        "packages": [
            package("ours", REGISTRY, "EUPL-1.2"),
            package("borrowed", "git+https://example.org/borrowed", "GPL-3.0-only"),
            package("openssl-sys", REGISTRY, "MIT"),
        ],
        "resolve": {"nodes": [
            {"id": "ours", "dependencies": ["borrowed"]},
            {"id": "borrowed", "dependencies": ["openssl-sys"]},
            {"id": "openssl-sys", "dependencies": []},
        ]},
        "workspace_members": ["ours"],
    }))
    .unwrap();
    assert_eq!(
        faults(&metadata),
        [
            "borrowed 1.0.0 has the licence `GPL-3.0-only`, which is not allowed (ours → borrowed)",
            "borrowed 1.0.0 comes from `git+https://example.org/borrowed`, not from the registry (ours → borrowed)",
            "openssl-sys 1.0.0 is banned: TLS is rustls everywhere, so that one binary runs on a bare machine \
             (ours → borrowed → openssl-sys)",
        ]
    );
}
