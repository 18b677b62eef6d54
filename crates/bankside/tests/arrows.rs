//! The arrows between the rooms go one way (ARCHITECTURE.md). `cargo metadata` tells which there are.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Which room may know which. A room that is not here may not be.
const ARROWS: [(&str, &[&str]); 13] = [
    ("domain", &[]),
    ("statements", &["domain"]),
    ("connect", &["domain"]),
    ("vault", &["domain"]),
    ("store", &["domain", "vault"]),
    ("engine", &["domain", "statements", "connect", "vault", "store"]),
    ("web-assets", &[]),
    ("server", &["domain", "engine", "web-assets"]),
    ("sandbox", &["domain"]),
    ("testkit", &["domain"]),
    ("conformance", &["domain", "connect", "sandbox", "testkit"]),
    ("simulate", &["domain", "connect", "vault", "store", "engine", "testkit"]),
    ("bankside", &["domain", "connect", "vault", "store", "engine", "server", "sandbox"]),
];

/// What the tests of any room may lean on besides.
const FOR_TESTS: [&str; 3] = ["testkit", "sandbox", "connect"];

/// What a room must not name among its own dependencies.
const NEVER: [(&str, &[&str]); 4] = [
    ("domain", &["tokio", "sqlx", "reqwest", "axum", "getrandom"]),
    ("statements", &["tokio", "sqlx", "reqwest", "axum", "getrandom"]),
    ("connect", &["sqlx", "axum"]),
    ("server", &["sqlx", "reqwest"]),
];

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).no_deps().exec().unwrap()
}

fn room(package: &str) -> &str {
    package.strip_prefix("bankside-").unwrap_or(package)
}

#[test]
fn no_arrow_runs_the_other_way() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let rooms: BTreeSet<&str> = metadata.workspace_packages().iter().map(|package| room(&package.name)).collect();
    assert_eq!(rooms, allowed.keys().copied().collect(), "every crate is a room that is drawn");

    for package in metadata.workspace_packages() {
        let from = room(&package.name);
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let to = room(&dependency.name);
            let for_tests = dependency.kind == DependencyKind::Development && FOR_TESTS.contains(&to);
            assert!(for_tests || allowed[from].contains(&to), "{from} → {to} is no arrow of this house");
        }
    }
}

#[test]
fn the_inner_rooms_stay_innocent() {
    let metadata = metadata();
    for (from, never) in NEVER {
        let package = metadata.workspace_packages().into_iter().find(|package| room(&package.name) == from).unwrap();
        for dependency in package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal) {
            assert!(!never.contains(&dependency.name.as_str()), "{from} must not know {}", dependency.name);
        }
    }
}
