//! What happens to a proposal when the files moved on.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};

use super::*;
use crate::id::ActionId;

#[test]
fn untouched_files_take_the_proposal() {
    check(
        |_| {},
        expect![[r#"
            remove gone.ts
            remove old.ts
            write edited.ts "A\nb\nc\n"
            write fresh.ts "new\n"
            write moved.ts "M\n1\n2\n"
        "#]],
    );
}

#[test]
fn changes_elsewhere_in_a_file_are_merged() {
    check(
        |files| put(files, "edited.ts", "a\nb\nC\n"),
        expect![[r#"
            edited.ts: Merged
            remove gone.ts
            remove old.ts
            write edited.ts "A\nb\nC\n"
            write fresh.ts "new\n"
            write moved.ts "M\n1\n2\n"
        "#]],
    );
}

#[test]
fn one_conflict_prevents_everything() {
    check(
        |files| put(files, "edited.ts", "mine\nb\nc\n"),
        expect![[r#"
            edited.ts: Conflict
        "#]],
    );
    check(
        |files| put(files, "gone.ts", "I still work on this\n"),
        expect![[r#"
            gone.ts: Conflict
        "#]],
    );
    check(
        |files| put(files, "edited.ts", "bin\0ary"),
        expect![[r#"
            edited.ts: Conflict
        "#]],
    );
}

#[test]
fn a_path_that_was_taken_is_not_overwritten() {
    check(
        |files| put(files, "fresh.ts", "mine\n"),
        expect![[r#"
            fresh.ts: Taken
        "#]],
    );
    check(
        |files| put(files, "moved.ts", "mine\n"),
        expect![[r#"
            moved.ts: Taken
        "#]],
    );
}

#[test]
fn what_is_there_already_is_left_alone() {
    check(
        |files| {
            put(files, "fresh.ts", "new\n");
            put(files, "edited.ts", "A\nb\nc\n");
            files.remove(&path("gone.ts"));
        },
        expect![[r#"
            edited.ts: AlreadyThere
            fresh.ts: AlreadyThere
            gone.ts: AlreadyThere
            remove old.ts
            write moved.ts "M\n1\n2\n"
        "#]],
    );
}

#[test]
fn a_file_that_is_gone_is_a_conflict() {
    check(
        |files| drop(files.remove(&path("edited.ts"))),
        expect![[r#"
            edited.ts: Gone
        "#]],
    );
    check(
        |files| drop(files.remove(&path("old.ts"))),
        expect![[r#"
            moved.ts: Gone
        "#]],
    );
}

#[test]
fn a_moved_file_takes_the_persons_edits_along() {
    check(
        |files| put(files, "old.ts", "m\n1\n2\nmore\n"),
        expect![[r#"
            moved.ts: Merged
            remove gone.ts
            remove old.ts
            write edited.ts "A\nb\nc\n"
            write fresh.ts "new\n"
            write moved.ts "M\n1\n2\nmore\n"
        "#]],
    );
}

#[test]
fn only_accepted_changes_count() {
    let files = files();
    let mut proposal = proposal();
    for name in ["edited.ts", "fresh.ts", "moved.ts"] {
        assert!(proposal.set_accepted(&path(name), false));
    }
    assert!(!proposal.set_accepted(&path("other.ts"), false));
    let checked = super::check(&proposal, &files, &|_, _, _| None);
    assert_eq!(checked.edits, [FileEdit::Remove { path: path("gone.ts") }]);
}

#[test]
fn a_removed_path_can_be_written_again() {
    let files = files();
    let mut proposal = proposal();
    proposal.changes.retain(|it| it.path.as_str() == "moved.ts");
    let version = files.version(&path("edited.ts"));
    proposal.changes.push(Proposed {
        path: path("old.ts"),
        from: None,
        base_version: None,
        base: None,
        after: Some(b"again".to_vec()),
        accepted: true,
    });
    assert!(version.is_some());
    let checked = super::check(&proposal, &files, &|_, _, _| None);
    assert!(checked.outdated.is_empty());
    let last = checked.edits.last().unwrap();
    assert_eq!(*last, FileEdit::Write { path: path("old.ts"), content: b"again".to_vec() });
}

fn path(text: &str) -> FilePath {
    FilePath::parse(text).unwrap()
}

fn put(files: &mut BTreeMap<FilePath, Vec<u8>>, name: &str, text: &str) {
    files.insert(path(name), text.as_bytes().to_vec());
}

fn files() -> BTreeMap<FilePath, Vec<u8>> {
    let mut files = BTreeMap::new();
    put(&mut files, "edited.ts", "a\nb\nc\n");
    put(&mut files, "gone.ts", "g\n");
    put(&mut files, "old.ts", "m\n1\n2\n");
    files
}

fn proposal() -> Proposal {
    let files = files();
    let change = |name: &str, from: Option<&str>, after: Option<&str>| {
        let old = path(from.unwrap_or(name));
        Proposed {
            path: path(name),
            from: from.map(path),
            base_version: files.version(&old),
            base: files.read(&old),
            after: after.map(|text| text.as_bytes().to_vec()),
            accepted: true,
        }
    };
    Proposal {
        action: ActionId::new("act_1"),
        changes: vec![
            change("edited.ts", None, Some("A\nb\nc\n")),
            change("fresh.ts", None, Some("new\n")),
            change("gone.ts", None, None),
            change("moved.ts", Some("old.ts"), Some("M\n1\n2\n")),
        ],
    }
}

#[track_caller]
fn check(meanwhile: impl FnOnce(&mut BTreeMap<FilePath, Vec<u8>>), expected: Expect) {
    let mut files = files();
    meanwhile(&mut files);
    let checked = super::check(&proposal(), &files, &|base, ours, theirs| {
        let merge = similar::TextMerge::from_lines(base, ours, theirs);
        (!merge.is_conflicted()).then(|| {
            let mut merged = Vec::new();
            merge.to_writer(&mut merged).unwrap();
            String::from_utf8(merged).unwrap()
        })
    });
    let mut told = String::new();
    for Outdated { path, why } in &checked.outdated {
        told += &format!("{path}: {why:?}\n");
    }
    for edit in &checked.edits {
        told += &match edit {
            FileEdit::Remove { path } => format!("remove {path}\n"),
            FileEdit::Write { path, content } => {
                format!("write {path} {:?}\n", String::from_utf8_lossy(content))
            }
        };
    }
    expected.assert_eq(&told);
}
