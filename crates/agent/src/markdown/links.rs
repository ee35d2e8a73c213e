//! What a link or an image of a reply may do.
//!
//! A reply is written by a model that may repeat what a hostile file told it. So only few kinds of
//! addresses are known, and everything else is text.

use project::path::FilePath;

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Out of the app, in a new tab.
    Web(String),
    /// A file of the project, perhaps at a line.
    File { path: FilePath, line: Option<u32> },
    /// Nowhere: shown as text.
    Nowhere,
}

pub fn target(address: &str) -> Target {
    let address = address.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if address.len() > 2_048 || address.chars().any(char::is_control) {
        return Target::Nowhere;
    }
    if let Some((scheme, rest)) = address.split_once(':') {
        let host = rest.strip_prefix("//").is_some_and(|it| !it.is_empty());
        let known = match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => host,
            "mailto" => rest.contains('@'),
            _ => false,
        };
        if known {
            return Target::Web(address.to_owned());
        }
    }
    file(address).map_or(Target::Nowhere, |(path, line)| Target::File { path, line })
}

/// Whether an image lies somewhere in the web.
pub fn remote(address: &str) -> bool {
    let scheme = address.trim().split_once("://").map(|it| it.0.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https")) && target(address) != Target::Nowhere
}

/// Understands `src/a.ts`, `./src/a.ts`, `src/a.ts:12`, `src/a.ts:12:3` and `src/a.ts#L12`.
pub fn file(address: &str) -> Option<(FilePath, Option<u32>)> {
    let address = address.strip_prefix("./").unwrap_or(address);
    let (address, fragment) = address.split_once('#').unwrap_or((address, ""));
    let mut parts = address.split(':');
    let path = parts.next()?;
    let numbers: Vec<&str> = parts.collect();
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if numbers.len() > 2 || !numbers.iter().all(is_number) || path.contains(['?', '%', '<', '>']) {
        return None;
    }
    let first = numbers.first().copied();
    let line = first.or_else(|| fragment.strip_prefix('L')?.split('-').next());
    let line = line.and_then(|it| it.parse().ok()).filter(|it| *it > 0); // No line is no failure.
    Some((FilePath::parse(path).ok()?, line))
}

/// A file with a line, as it stands in code: `src/a.ts:12`. Without a line it is only code.
pub fn file_in_code(text: &str) -> Option<(FilePath, u32)> {
    let (path, line) = file(text)?;
    let named = path.extension().is_some() && !text.contains([' ', '#']);
    named.then_some((path, line?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_web_and_files_of_the_project_are_reached() {
        let check = |address: &str, expected: &str| {
            let told = match target(address) {
                Target::Web(url) => format!("web {url}"),
                Target::File { path, line } => format!("file {path} {line:?}"),
                Target::Nowhere => "nowhere".to_owned(),
            };
            assert_eq!(told, expected, "{address:?}");
        };
        check("https://example.org/a?b#c", "web https://example.org/a?b#c");
        check("HTTP://example.org", "web HTTP://example.org");
        check("mailto:a@example.org", "web mailto:a@example.org");
        check("src/main.ts", "file src/main.ts None");
        check("./src/main.ts:12", "file src/main.ts Some(12)");
        check("src/main.ts:12:3", "file src/main.ts Some(12)");
        check("src/main.ts#L7-L9", "file src/main.ts Some(7)");
        check("a.ts:0", "file a.ts None");
        for hostile in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
            "java\tscript:alert(1)",
            "\u{1}javascript:alert(1)",
            "javascript&colon;alert(1):",
            "data:text/html,<script>",
            "vbscript:x",
            "blob:https://example.org/1",
            "filesystem:http://x",
            "file:///etc/passwd",
            "ftp://example.org",
            "//example.org/x",
            "/etc/passwd",
            "../../etc/passwd",
            "\\\\example.org\\x",
            "https:\u{0}//x",
            "https:",
            "mailto:",
            "",
            "#",
            "?a=b",
            ".git/config",
            "x:y",
        ] {
            check(hostile, "nowhere");
        }
    }

    #[test]
    fn images_of_the_web_are_told_from_others() {
        assert!(remote("https://example.org/a.png"));
        assert!(remote("HTTP://example.org/a.png"));
        assert!(!remote("data:image/png;base64,AAAA"));
        assert!(!remote("//example.org/a.png"));
        assert!(!remote("a.png"));
        assert!(!remote("javascript://x"));
    }
}
