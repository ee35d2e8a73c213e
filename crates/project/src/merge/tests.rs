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
    assert!(n_same * 100 >= n * 95 && n_same_conflicts * 100 >= n * 95);
}

/// A text of a few short lines, and variants of it.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn variant(&mut self, base: &[String]) -> Vec<String> {
        let mut lines = base.to_vec();
        for _ in 0..=self.roll(4) {
            let at = self.roll(lines.len() + 1);
            match self.roll(3) {
                0 if at < lines.len() => lines[at] = format!("changed {}", self.roll(3)),
                1 if at < lines.len() => {
                    lines.remove(at);
                }
                _ => lines.insert(at, format!("new {}", self.roll(3))),
            }
        }
        lines
    }
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn random_merges_come_out_as_git_makes_them() {
    let folder = std::env::temp_dir().join(format!("easel-merge-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (mut n_same, mut n_same_conflicts, n) = (0, 0, 80);
    for seed in 0..n as u64 {
        let mut dice = Dice(seed);
        let base: Vec<String> = (0..2 + dice.roll(12)).map(|n| format!("line {n}")).collect();
        let (ours, theirs) = (text(&dice.variant(&base)), text(&dice.variant(&base)));
        let base = text(&base);
        for (name, text) in [("base", &base), ("ours", &ours), ("theirs", &theirs)] {
            fs::write(folder.join(name), text).unwrap();
        }
        let output = std::process::Command::new("git")
            .args(["merge-file", "-p", "ours", "base", "theirs"])
            .current_dir(&folder)
            .output()
            .unwrap();
        let expected = String::from_utf8(output.stdout).unwrap();
        let merged = merge(&base, &ours, &theirs, Labels::default());
        n_same += usize::from(merged.text == expected);
        let n_conflicts = usize::try_from(output.status.code().unwrap()).unwrap();
        n_same_conflicts += usize::from(merged.n_conflicts == n_conflicts);
    }
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!((n_same, n_same_conflicts), (n, n));
}
