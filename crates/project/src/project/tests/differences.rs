//! What differs between commits and worktree, and that git sees the same.

use super::*;
use crate::diff::{FileDiff, Status};

fn summary(diffs: &[FileDiff]) -> String {
    let line = |diff: &FileDiff| {
        let from = diff.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
        let (status, path, added, removed) =
            (diff.status, &diff.path, diff.n_added, diff.n_removed);
        format!("{status:?} {path}{from} +{added} -{removed}\n")
    };
    diffs.iter().map(line).collect()
}

fn story() -> (Project, Oid) {
    let mut project = Project::new();
    let batch = vec![
        write("a", "1\n2\n3\n"),
        write("src/old name", "moved as it is\n"),
        write("gone", "x\n"),
        write("empty", ""),
        write("run", "#!/bin/sh\n"),
    ];
    project.apply(batch).unwrap();
    let first = project.commit(saying("first", 0)).unwrap().id;
    let batch = vec![
        write("a", "1\ntwo\n3\n"),
        mv("src/old name", "lib/new name"),
        remove("gone"),
        write("new", "y\nz\n"),
        write("also empty", ""),
        Edit::SetExecutable { path: path("run"), executable: true },
    ];
    project.apply(batch).unwrap();
    (project, first)
}

#[test]
fn each_kind_of_change_is_named() {
    let (mut project, first) = story();
    let expected = expect_test::expect![[r#"
        Modified a +1 -1
        Added also empty +0 -0
        Removed gone +0 -1
        Moved lib/new name from src/old name +0 -0
        Added new +2 -0
        Modified run +0 -0
    "#]];
    expected.assert_eq(&summary(&project.changes_of_worktree()));
    let second = project.commit(saying("second", 1)).unwrap();
    let between = project.changes_between(Some(first), Some(second.id)).unwrap();
    expected.assert_eq(&summary(&between));
    let paths = project.paths_between(Some(first), Some(second.id)).unwrap();
    let marks: Vec<String> = paths.iter().map(|(path, mark)| format!("{mark:?} {path}")).collect();
    let expected = [
        "Modified a",
        "Added also empty",
        "Removed gone",
        "Added lib/new name",
        "Added new",
        "Modified run",
        "Removed src/old name",
    ];
    assert_eq!(marks, expected);
    let by_tree = project.changes_between(Some(first), Some(second.tree)).unwrap();
    assert_eq!(by_tree, between);
    let from_nothing = project.changes_between(None, Some(first)).unwrap();
    assert!(from_nothing.iter().all(|diff| diff.status == Status::Added));
    assert_eq!(from_nothing.len(), 5);
    let blob = project.entry(&path("a")).unwrap().oid;
    assert!(project.changes_between(None, Some(blob)).is_err());
}

#[test]
fn git_counts_the_same_and_applies_all_of_it() {
    let (mut project, first) = story();
    let folder = super::real_git::Folder::new("differences");
    folder.put(&project.export_git().unwrap());
    folder.git(&["add", "-A"]);
    let numbers = folder.git(&[
        "-c",
        "core.quotePath=false",
        "diff",
        "--cached",
        "-M100%",
        "--numstat",
        "-z",
    ]);
    let second = project.commit(saying("second", 1)).unwrap();
    let diffs = project.changes_between(Some(first), Some(second.id)).unwrap();
    for diff in &diffs {
        let counts = format!("{}\t{}\t", diff.n_added, diff.n_removed);
        let line = match &diff.from {
            None => format!("{counts}{}\0", diff.path),
            Some(from) => format!("{counts}\0{from}\0{}\0", diff.path),
        };
        assert!(numbers.contains(&line), "{line:?} in {numbers:?}");
    }
    folder.git(&["reset", "-q", "--hard"]);
    let patch: String = diffs.iter().map(FileDiff::unified).collect();
    folder.write(".git/our.patch", patch.as_bytes());
    folder.git(&["apply", "--index", ".git/our.patch"]);
    assert_eq!(folder.git(&["write-tree"]).trim(), second.tree.to_string());
}
