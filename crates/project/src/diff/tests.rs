//! Differences, looked at and given to `git apply`.

use std::fs;
use std::process::Command;

use expect_test::{Expect, expect};

use super::*;

fn diff(before: Option<&str>, after: Option<&str>) -> FileDiff {
    let path = FilePath::parse("dir/a file.txt").unwrap();
    FileDiff::between(&path, before.map(str::as_bytes), after.map(str::as_bytes))
}

#[track_caller]
fn check(before: Option<&str>, after: Option<&str>, expected: Expect) {
    expected.assert_eq(&diff(before, after).unified().replace('\t', "⇥").replace('\r', "␍"));
}

#[test]
fn a_change_shows_three_lines_around_it() {
    check(
        Some("1\n2\n3\n4\n5\n6\n7\n8\n9\n"),
        Some("1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
        expect![[r#"
            diff --git a/dir/a file.txt b/dir/a file.txt
            --- a/dir/a file.txt⇥
            +++ b/dir/a file.txt⇥
            @@ -2,7 +2,7 @@
             2
             3
             4
            -5
            +five
             6
             7
             8
        "#]],
    );
}

#[test]
fn a_missing_last_line_feed_is_said() {
    check(
        Some("a\nb"),
        Some("a\nb\n"),
        expect![[r#"
            diff --git a/dir/a file.txt b/dir/a file.txt
            --- a/dir/a file.txt⇥
            +++ b/dir/a file.txt⇥
            @@ -1,2 +1,2 @@
             a
            -b
            \ No newline at end of file
            +b
        "#]],
    );
}

#[test]
fn a_new_file_and_changed_line_ends() {
    check(
        None,
        Some("a\n"),
        expect![[r#"
            diff --git a/dir/a file.txt b/dir/a file.txt
            new file mode 100644
            --- /dev/null
            +++ b/dir/a file.txt⇥
            @@ -0,0 +1,1 @@
            +a
        "#]],
    );
    check(
        Some("a\r\n"),
        Some("a\n"),
        expect![[r#"
            diff --git a/dir/a file.txt b/dir/a file.txt
            --- a/dir/a file.txt⇥
            +++ b/dir/a file.txt⇥
            @@ -1,1 +1,1 @@
            -a␍
            +a
        "#]],
    );
}

#[test]
fn the_same_has_no_hunks() {
    let same = diff(Some("a\nb\n"), Some("a\nb\n"));
    assert_eq!((same.hunks.len(), same.n_added, same.n_removed), (0, 0, 0));
}

#[test]
fn what_is_not_text_or_too_large_is_not_compared() {
    let path = FilePath::parse("x").unwrap();
    for bytes in [&b"a\0b"[..], &[0xff, 0xfe]] {
        let diff = FileDiff::between(&path, Some(b"text\n"), Some(bytes));
        assert!(diff.binary && diff.hunks.is_empty());
        assert!(diff.unified().ends_with("Binary files a/x and b/x differ\n"));
    }
    let large = "line\n".repeat(LIMIT_BYTES / 5 + 1);
    let over = diff(None, Some(&large));
    assert!(over.too_large && over.hunks.is_empty() && !over.binary);
    let long = diff(None, Some(&"\n".repeat(LIMIT_LINES + 1)));
    assert!(long.too_large && long.hunks.is_empty());
    assert_eq!(long.n_added as usize, LIMIT_LINES + 1);
}

#[test]
fn nothing_in_common_in_a_large_file_is_settled_in_reasonable_time() {
    let side = |offset: usize| -> String {
        (0..LIMIT_LINES / 2).map(|n| format!("{}\n", (n * 7919 + offset) % 5000)).collect()
    };
    let diff = diff(Some(&side(0)), Some(&side(1)));
    assert!(diff.n_added > 0);
}

/// Small texts that share some lines, from a seed.
fn text(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut roll = |sides: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % sides
    };
    let mut text = String::new();
    for _ in 0..roll(60) {
        text.push_str(
            ["", "a", "b", "  indented", "ünï", "tab\there", "-- x", "+++ y", "cr\r"]
                [roll(9) as usize],
        );
        text.push('\n');
    }
    if roll(3) == 0 {
        text.push_str("no end");
    }
    text
}

#[test]
fn git_applies_our_patches() {
    let folder = std::env::temp_dir().join(format!("easel-diff-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).current_dir(&folder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {args:?}: {said}");
    };
    git(&["init", "-q"]);
    let names = ["dir/a file.txt", "quote\".txt", "grün.txt", "plain"];
    for seed in 0..60 {
        let path = FilePath::parse(names[seed as usize % names.len()]).unwrap();
        let at = folder.join(path.as_str());
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        let before = (seed % 5 > 0).then(|| text(seed));
        let after = (seed % 7 > 0 || before.is_none()).then(|| text(seed / 2 + 1000));
        if before == after {
            continue;
        }
        match &before {
            Some(text) => fs::write(&at, text).unwrap(),
            None if at.exists() => fs::remove_file(&at).unwrap(),
            None => {}
        }
        let diff = FileDiff::between(
            &path,
            before.as_deref().map(str::as_bytes),
            after.as_deref().map(str::as_bytes),
        );
        fs::write(folder.join("our.patch"), diff.unified()).unwrap();
        git(&["apply", "--whitespace=nowarn", "our.patch"]);
        assert_eq!(fs::read_to_string(&at).ok(), after, "seed {seed}");
    }
    let path = FilePath::parse("plain").unwrap();
    let to = FilePath::parse("moved here").unwrap();
    fs::write(folder.join("plain"), "x\n").unwrap();
    fs::write(folder.join("our.patch"), FileDiff::moved(path, to).unified()).unwrap();
    git(&["apply", "our.patch"]);
    assert_eq!(fs::read_to_string(folder.join("moved here")).unwrap(), "x\n");
    fs::remove_dir_all(&folder).unwrap();
}
