//! `docs/cases.md` names a test for each case, and for each fault that people have met; each of them is there.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

const CRATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const WALKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/api");
const CASES: &str = include_str!("../../../docs/cases.md");

/// Every source of tests below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "ts") {
            found.push(path);
        }
    }
}

/// Whether a text has a test of this name: one that is marked as such, one of both databases, which has the name of its world in
/// parentheses, or a walk.
fn has_test(text: &str, name: &str) -> bool {
    let is_marked = |place: usize| text[..place].lines().rev().take(4).any(|line| line.trim().ends_with("test]"));
    let function = format!("fn {name}(");
    let mut functions = text.match_indices(&function).map(|(place, _)| place);
    let forms = [format!("{name}(house) {{"), format!("{name}(world) {{"), format!("test(\"{name}\"")];
    functions.any(is_marked) || forms.iter().any(|form| text.contains(form))
}

#[test]
fn every_case_has_the_test_that_is_named() {
    let mut files = Vec::new();
    sources(Path::new(CRATES), &mut files);
    sources(Path::new(WALKS), &mut files);
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let rows: Vec<&str> = CASES.lines().filter(|line| line.starts_with("| ") && line.contains('`')).collect();
    let (cases, met) = rows.split_at(20);
    assert_eq!(met.len(), 20);
    for (place, row) in cases.iter().enumerate() {
        assert!(row.starts_with(&format!("| {} |", place + 1)), "{row}");
    }
    for row in rows {
        for name in row.split('`').skip(1).step_by(2) {
            assert!(texts.iter().any(|text| has_test(text, name)), "there is no test {name}: {row}");
        }
    }
}
