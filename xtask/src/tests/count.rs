//! How many tests a runner says it ran, read from what it printed.
//!
//! Trusts the exit status more than the text: a runner that failed has at least one failure.

/// Passed and failed tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

impl Count {
    pub(super) fn failure() -> Self {
        Self { passed: 0, failed: 1 }
    }

    pub(super) fn success() -> Self {
        Self { passed: 1, failed: 0 }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }

    /// Reads what a runner printed. A runner that names no tests counts as one.
    pub(super) fn of(text: &str, succeeded: bool) -> Self {
        let mut count = plain(text).lines().map(of_line).fold(Self::default(), Self::and);
        if !succeeded && count.failed == 0 {
            count.failed = 1;
        }
        if succeeded && count == Self::default() {
            count.passed = 1;
        }
        count
    }
}

/// Knows the closing lines of cargo, nextest, wasm-bindgen's runner, Playwright and `node --test`.
fn of_line(line: &str) -> Count {
    let line = line.trim();
    let words: Vec<&str> = line.split([' ', ',', ';', '(']).filter(|it| !it.is_empty()).collect();
    let before = |name: &str| {
        let at = words.iter().position(|it| *it == name)?;
        words.get(at.checked_sub(1)?)?.parse().ok()
    };
    let closing = line.starts_with("test result:") || line.starts_with("Summary [");
    match *words.as_slice() {
        _ if closing => Count {
            passed: before("passed").unwrap_or(0),
            failed: before("failed").unwrap_or(0)
                + before("exec-failed").unwrap_or(0)
                + before("timed-out").unwrap_or(0),
        },
        ["ℹ" | "#", "pass", n] => Count { passed: n.parse().unwrap_or(0), failed: 0 },
        ["ℹ" | "#", "fail", n] => Count { passed: 0, failed: n.parse().unwrap_or(0) },
        // Playwright: `  5 passed (3.1s)`, and lines of their own for the others.
        [n, "passed", took] if took.ends_with(')') => {
            Count { passed: n.parse().unwrap_or(0), failed: 0 }
        }
        [n, "failed" | "interrupted"] => Count { passed: 0, failed: n.parse().unwrap_or(0) },
        [n, "did", "not", "run"] => Count { passed: 0, failed: n.parse().unwrap_or(0) },
        _ => Count::default(),
    }
}

/// Returns the text without a terminal's colours.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            // CSI sequences end with a letter.
            chars.by_ref().find(|it| it.is_ascii_alphabetic());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[track_caller]
    fn check(text: &str, succeeded: bool, passed: u64, failed: u64) {
        assert_eq!(Count::of(text, succeeded), Count { passed, failed });
    }

    #[test]
    fn cargo_prints_one_line_per_binary() {
        let text = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                    test result: FAILED. 3 passed; 2 failed; 0 ignored\n";
        check(text, false, 15, 2);
    }

    #[test]
    fn nextest_prints_a_summary_in_colours() {
        let text = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.391s] \u{1b}[1m4\u{1b}[0m tests run: \
                    \u{1b}[1m3\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, 1 failed, 2 skipped";
        check(text, false, 3, 1);
    }

    #[test]
    fn playwright_counts_what_did_not_run_as_failed() {
        check(
            "  1 failed\n    a.spec.mjs:3 › it\n  2 did not run\n  5 passed (3.1s)\n",
            false,
            5,
            3,
        );
    }

    #[test]
    fn node_has_a_line_per_figure() {
        check("ℹ tests 3\nℹ pass 2\nℹ fail 1\n", false, 2, 1);
    }

    #[test]
    fn a_runner_that_names_no_tests_is_one() {
        check("", true, 1, 0);
        check("error[E0308]: mismatched types", false, 0, 1);
        check("test result: ok. 2 passed; 0 failed", false, 2, 1);
    }
}
