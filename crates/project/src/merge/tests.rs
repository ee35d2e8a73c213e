//! Merges against what git makes of them.

use std::fs;
use std::path::PathBuf;

use super::*;

#[track_caller]
fn check(base: &str, ours: &str, theirs: &str, expected: &str, n_conflicts: usize) {
    let merged = merge(base, ours, theirs, Labels::default());
    assert_eq!((merged.text.as_str(), merged.n_conflicts), (expected, n_conflicts));
}

#[test]
fn changes_in_different_places_are_combined() {
    check("a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "A\nb\nc\nd\nE\n", 0);
}

#[test]
fn the_same_change_on_both_sides_is_taken_once() {
    check("a\nb\n", "a\nB\n", "a\nB\n", "a\nB\n", 0);
    check("", "new\n", "new\n", "new\n", 0);
}

#[test]
fn different_changes_of_one_place_are_marked() {
    check(
        "a\nb\nc\n",
        "a\nours\nc\n",
        "a\ntheirs\nc\n",
        "a\n<<<<<<< ours\nours\n=======\ntheirs\n>>>>>>> theirs\nc\n",
        1,
    );
}

#[test]
fn a_missing_last_line_feed_does_not_glue_markers_to_text() {
    check("a", "b", "c", "<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n", 1);
}

#[test]
fn line_ends_stay_as_they_are() {
    check(
        "a\r\nb\r\nc\r\nd\r\n",
        "A\r\nb\r\nc\r\nd\r\n",
        "a\r\nb\r\nc\r\nD\r\n",
        "A\r\nb\r\nc\r\nD\r\n",
        0,
    );
}

#[test]
fn real_merges_come_out_as_git_makes_them() {
    let Some(root) = std::env::var_os("EASEL_FIXTURES").map(PathBuf::from) else {
        println!("EASEL_FIXTURES is not set: no real merges were compared");
        return;
    };
    let (mut n_same, mut n_same_conflicts, mut different) = (0, 0, Vec::new());
    let mut cases: Vec<PathBuf> =
        fs::read_dir(root.join("merge3")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    for case in &cases {
        let read = |name| String::from_utf8(fs::read(case.join(name)).unwrap()).unwrap();
        let (base, ours, theirs) = (read("base"), read("ours"), read("theirs"));
        let expected = read("expected_merge_file");
        let merged = merge(&base, &ours, &theirs, Labels::default());
        let n_conflicts = expected.lines().filter(|line| *line == "<<<<<<< ours").count();
        n_same_conflicts += usize::from(merged.n_conflicts == n_conflicts);
        if merged.text == expected {
            n_same += 1;
        } else {
            different.push(case.file_name().unwrap().to_owned());
        }
    }
    let n = cases.len();
    println!(
        "{n_same} of {n} as git makes them, {n_same_conflicts} with as many conflicts; not {different:?}"
    );
    assert!(n_same * 100 >= n * 90 && n_same_conflicts * 100 >= n * 90);
}
