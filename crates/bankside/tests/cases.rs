//! `docs/cases.md` names a test for each case; each of them is there.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

const CRATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const CASES: &str = include_str!("../../../docs/cases.md");

/// Every Rust file below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_case_has_the_test_that_is_named() {
    let mut files = Vec::new();
    sources(Path::new(CRATES), &mut files);
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let rows: Vec<&str> = CASES.lines().filter(|line| line.starts_with("| ") && line.contains('`')).collect();
    assert_eq!(rows.len(), 20);
    for (place, row) in rows.iter().enumerate() {
        assert!(row.starts_with(&format!("| {} |", place + 1)), "{row}");
        for name in row.split('`').skip(1).step_by(2) {
            // Tests of both databases have the name of their world in parentheses.
            let forms = [format!("fn {name}("), format!("{name}(house)"), format!("{name}(world)")];
            let is_there = texts.iter().any(|text| forms.iter().any(|form| text.contains(form)));
            assert!(is_there, "there is no test {name}: {row}");
        }
    }
}
