//! Text that says "the rest stays" instead of being the rest.
//!
//! Only comments are looked at, and only phrases that speak about code; a comment that merely
//! contains "other" or "rest" is somebody's real comment.

/// Whether a line stands for lines that are not there: `...`, or a comment around it.
pub(super) fn stands_for_lines(line: &str) -> bool {
    let line = line.trim();
    if matches!(line, "..." | "…") {
        return true;
    }
    comment(line).is_some_and(|words| {
        let words = words.trim();
        let dotted = words.starts_with("...") || words.starts_with('…');
        dotted && (words.trim_matches(['.', '…']).trim().is_empty() || speaks_of_the_rest(words))
    })
}

/// Returns the first line of `after` that leaves code out, unless `before` has it as well.
pub fn placeholder(before: &str, after: &str) -> Option<String> {
    after
        .lines()
        .filter(|line| leaves_out(line))
        .find(|line| !before.contains(line.trim()))
        .map(|line| line.trim().chars().take(200).collect())
}

/// Whether a line says that code was left out.
fn leaves_out(line: &str) -> bool {
    comment(line.trim()).is_some_and(speaks_of_the_rest)
}

/// Returns the words of a line that is nothing but a comment.
fn comment(line: &str) -> Option<&str> {
    const OPENERS: [&str; 10] = ["{/*", "/**", "/*", "<!--", "//", "#", "--", ";;", "%", "*"];
    let words = OPENERS.iter().find_map(|it| line.strip_prefix(it))?;
    let words = ["*/}", "*/", "-->"].iter().find_map(|it| words.strip_suffix(it)).unwrap_or(words);
    Some(words.trim())
}

fn speaks_of_the_rest(words: &str) -> bool {
    let dotted = words.contains("...") || words.contains('…');
    let text: String = words
        .chars()
        .map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' })
        .collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() > 14 {
        return false;
    }
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let things = [
        "code",
        "file",
        "function",
        "functions",
        "method",
        "methods",
        "component",
        "components",
        "class",
        "classes",
        "content",
        "contents",
        "implementation",
        "imports",
        "import",
        "logic",
        "styles",
        "css",
        "html",
        "markup",
        "script",
        "section",
        "sections",
        "lines",
        "tests",
        "fields",
        "props",
        "properties",
        "handlers",
        "rules",
        "routes",
        "config",
        "jsx",
        "body",
    ];
    let stays = ["unchanged", "same", "remains", "remain", "stays", "stay", "before", "omitted"];
    let rest = ["rest", "remaining", "remainder", "existing", "previous", "other"];
    let keeps = ["unchanged", "omitted", "same", "remains", "remain", "stays", "stay"];
    if dotted {
        return (has(&rest) && has(&things)) || has(&stays) && (has(&things) || words.len() <= 5);
    }
    let rest_of = words.starts_with(&["rest", "of"])
        || words.starts_with(&["the", "rest", "of"])
        || words.starts_with(&["remaining"])
        || words.starts_with(&["existing"])
        || words.starts_with(&["previous"])
        || words.starts_with(&["other"]);
    rest_of && has(&things) && (has(&keeps) || is_bare_rest(&words, &things))
        || (words.starts_with(&["keep"]) && has(&rest) && has(&things))
        || (words.len() <= 5 && has(&things) && (has(&["omitted"]) || ends_unchanged(&words)))
}

/// "rest of the code", "rest of your component": nothing else is said.
fn is_bare_rest(words: &[&str], things: &[&str]) -> bool {
    let at = words.iter().position(|word| *word == "rest");
    at.is_some_and(|at| at <= 1)
        && words.len() <= 7
        && words.last().is_some_and(|word| things.contains(word) || *word == "here")
}

fn ends_unchanged(words: &[&str]) -> bool {
    words.last() == Some(&"unchanged")
        || words.ends_with(&["the", "same"])
        || words.ends_with(&["as", "before"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_that_leave_code_out_are_told_from_real_ones() {
        for line in [
            "// ... rest of the code unchanged",
            "    // rest of code unchanged",
            "// rest of the file remains the same",
            "# ... existing code ...",
            "<!-- rest of the HTML -->",
            "/* ... existing styles ... */",
            "{/* ... other components ... */}",
            "// ... (previous code remains the same)",
            "// existing imports remain unchanged",
            "# (rest of the function omitted)",
            "// The rest of your component stays here",
            "// … same as before",
            "// keep the existing code",
            "// other methods unchanged",
        ] {
            assert!(leaves_out(line), "{line}");
        }
        for line in [
            "// other threads may hold the lock",
            "// the rest of the pixels is transparent",
            "# remaining seconds until the next try",
            "// existing files are never overwritten",
            "let rest = code.split_off(3); // rest of code",
            "// the code below must stay the same on all platforms because it is measured",
            "# Rest",
            "-- previous",
            "* other",
            "// wait ...",
            "// import the same file twice",
            "// previous code review found a bug here",
            "## Remaining functions",
        ] {
            assert!(!leaves_out(line), "{line}");
        }
    }

    #[test]
    fn dots_stand_for_lines_alone_or_in_a_comment() {
        for line in ["...", "  …", "// ...", "# ...", "<!-- ... -->", "# ... existing code ..."] {
            assert!(stands_for_lines(line), "{line}");
        }
        for line in ["....", "...args", "// ... and so on", "[...list]", ""] {
            assert!(!stands_for_lines(line), "{line}");
        }
    }
}
