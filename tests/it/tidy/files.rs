//! The repository's own files: everything that is not built, downloaded or git's.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders of tools, not of people.
const SKIPPED: &[&str] =
    &[".git", "target", "node_modules", "dist", "test-results", "playwright-report"];

pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the files that end so, as sorted paths in the repository.
pub(super) fn files(endings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    walk(&root(), "", endings, &mut found);
    found.sort();
    assert!(!found.is_empty(), "no file ends with any of {endings:?}");
    found
}

fn walk(dir: &Path, prefix: &str, endings: &[&str], found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type().unwrap().is_dir() {
            // Test data is what it is.
            if !SKIPPED.contains(&&*name) && name != "fixtures" {
                walk(&entry.path(), &format!("{path}/"), endings, found);
            }
        } else if endings.iter().any(|it| *it == name || name.ends_with(&format!(".{it}"))) {
            found.push(path);
        }
    }
}

pub(super) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|err| panic!("{path}: {err}"))
}
