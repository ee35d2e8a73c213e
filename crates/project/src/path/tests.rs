//! What is a path inside the project, and what is refused.

use super::*;

#[test]
fn ordinary_and_foreign_names_are_kept_as_they_are() {
    for text in [
        "a",
        "src/main.rs",
        ".gitignore",
        ".github/ci.yml",
        "grüße/日本語.txt",
        "a b/c",
        "git",
        "x.git",
        "con",
        "a:b",
        "e\u{301}",
        "..a/b..",
        ".easel/x",
        "git~2",
    ] {
        assert_eq!(FilePath::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn what_could_leave_the_project_or_reach_git_is_refused() {
    use Fault::*;
    let deep = vec!["a"; 65].join("/");
    let long_name = "n".repeat(256);
    let long = "abc/".repeat(300);
    let cases: &[(&str, Fault)] = &[
        ("", Empty),
        ("/etc/passwd", Absolute),
        ("\\\\host\\share", Absolute),
        ("C:/x", Absolute),
        ("c:\\x", Absolute),
        ("../x", Outside),
        ("a/../../x", Outside),
        ("a/..", Outside),
        ("./a", Crooked),
        ("a/./b", Crooked),
        ("a//b", Crooked),
        ("a/", Crooked),
        ("a\\..\\b", Character),
        ("a\0b", Character),
        ("a\nb", Character),
        ("a\u{7f}", Character),
        (".git", Reserved),
        (".git/config", Reserved),
        ("a/.GiT/hooks/x", Reserved),
        (".git /x", Reserved),
        (".git./x", Reserved),
        (".git. . /x", Reserved),
        ("GIT~1/x", Reserved),
        (".git::$INDEX_ALLOCATION/x", Reserved),
        (".g\u{200c}it/config", Reserved),
        ("\u{feff}.git", Reserved),
        (&deep, TooLong),
        (&long_name, TooLong),
        (&long, TooLong),
    ];
    for (text, fault) in cases {
        assert_eq!(FilePath::parse(text).map_err(|bad| bad.fault), Err(*fault), "{text:?}");
    }
}

#[test]
fn a_refusal_says_what_would_be_accepted() {
    assert_eq!(
        FilePath::parse("../x").unwrap_err().to_string(),
        "`../x` leads out of the project; write the path without `..`"
    );
}

#[test]
fn parts_of_a_path() {
    let path = FilePath::parse("src/ui/button.test.rs").unwrap();
    assert_eq!(path.parent().unwrap().as_str(), "src/ui");
    assert_eq!(path.name(), "button.test.rs");
    assert_eq!(path.extension(), Some("rs"));
    assert_eq!(path.ancestors().collect::<Vec<_>>(), ["src", "src/ui"]);
    assert!(path.starts_with(&FilePath::parse("src").unwrap()));
    assert!(!path.starts_with(&FilePath::parse("sr").unwrap()));
    assert_eq!(FilePath::parse(".env").unwrap().extension(), None);
    assert_eq!(FilePath::parse("a").unwrap().parent(), None);
}

#[test]
fn a_stored_path_is_checked_when_it_is_read() {
    assert!(serde_json::from_str::<FilePath>("\"a/b\"").is_ok());
    assert!(serde_json::from_str::<FilePath>("\"../b\"").is_err());
}
