//! Whether a change breaks a file's syntax.
//!
//! The grammar is a port: the app brings a real one. Only errors that a change brings in count, so a
//! file that was broken before can still be edited.

use project::path::FilePath;
use serde::{Deserialize, Serialize};

/// Finds syntax errors. A language that it does not know has none.
pub trait Syntax {
    fn errors(&self, path: &FilePath, text: &str) -> Vec<SyntaxError>;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyntaxError {
    /// Counted from 1.
    pub line: u32,
    pub message: String,
}

/// Returns the errors that were not there before. Lines move, so messages are compared, as often as
/// they occur.
pub fn new_errors(before: &[SyntaxError], after: &[SyntaxError]) -> Vec<SyntaxError> {
    let mut known: Vec<&str> = before.iter().map(|it| it.message.as_str()).collect();
    let mut fresh = Vec::new();
    for error in after {
        match known.iter().position(|it| *it == error.message) {
            Some(at) => drop(known.swap_remove(at)),
            None => fresh.push(error.clone()),
        }
    }
    fresh
}

/// Compares a text before and after a change.
pub fn broken_by(
    syntax: &dyn Syntax,
    path: &FilePath,
    before: Option<&str>,
    after: &str,
) -> Vec<SyntaxError> {
    let after = syntax.errors(path, after);
    if after.is_empty() {
        return after;
    }
    let before = before.map(|text| syntax.errors(path, text)).unwrap_or_default();
    new_errors(&before, &after)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Knows one rule: in `.ts` files braces are closed, and never before they are opened.
    #[derive(Debug)]
    pub(crate) struct Braces;

    impl Syntax for Braces {
        fn errors(&self, path: &FilePath, text: &str) -> Vec<SyntaxError> {
            if !path.as_str().ends_with(".ts") {
                return Vec::new();
            }
            let mut errors = Vec::new();
            let mut open: Vec<u32> = Vec::new();
            for (line, text) in (1..).zip(text.lines()) {
                for letter in text.chars() {
                    match letter {
                        '{' => open.push(line),
                        '}' if open.pop().is_none() => {
                            errors.push(SyntaxError { line, message: "unexpected `}`".to_owned() });
                        }
                        _ => {}
                    }
                }
            }
            errors.extend(
                open.into_iter()
                    .map(|line| SyntaxError { line, message: "`{` is never closed".to_owned() }),
            );
            errors
        }
    }

    #[test]
    fn only_new_errors_count() {
        let path = FilePath::parse("a.ts").unwrap();
        let check =
            |before: Option<&str>, after: &str| broken_by(&Braces, &path, before, after).len();
        assert_eq!(check(None, "f() {}"), 0);
        assert_eq!(check(None, "f() {"), 1);
        assert_eq!(check(Some("f() {"), "\n\nf() {"), 0, "it was broken before");
        assert_eq!(check(Some("f() {"), "f() {\ng() {"), 1);
        assert_eq!(check(Some("f() {}"), "f() }"), 1);
    }
}
