//! Where looks are decided: colours in `style/tokens.css` alone, and nothing that cannot be overridden.

use super::files::{files, read};

#[test]
fn colours_stand_in_the_tokens_only() {
    for path in sheets().into_iter().filter(|it| it != "style/tokens.css") {
        for (n, line) in without_comments(&read(&path)).lines().enumerate() {
            assert!(!has_colour(line), "{path}:{}: take a colour of tokens.css: {line}", n + 1);
        }
    }
}

#[test]
fn no_rule_is_important_and_none_is_about_an_id() {
    for path in sheets() {
        for (n, line) in without_comments(&read(&path)).lines().enumerate() {
            let n = n + 1;
            assert!(!line.contains("!important"), "{path}:{n}: use the layers: {line}");
            assert!(!selects_an_id(line), "{path}:{n}: use a class: {line}");
        }
    }
}

#[test]
fn what_is_a_colour_and_what_is_not() {
    assert!(has_colour("  color: #aabbcc;"));
    assert!(has_colour("  border: 1px solid rgb(1 2 3);"));
    assert!(has_colour("  outline-color: oklch(50% 0.1 200);"));
    assert!(!has_colour("  color: var(--ink);"));
    assert!(!has_colour("  background: color-mix(in oklab, var(--ink) 10%, transparent);"));
    assert!(selects_an_id("#main, .row {"));
    assert!(selects_an_id(".row > #main {"));
    assert!(!selects_an_id("  color: #abc;"));
    assert!(!selects_an_id("  background: url(\"icons.svg#x\") {"));
}

/// The sheets of the app; what the preview shows inside a person's page is not part of its theme.
fn sheets() -> Vec<String> {
    files(&["css"]).into_iter().filter(|it| it.starts_with("style/")).collect()
}

fn has_colour(line: &str) -> bool {
    let functions = ["rgb(", "rgba(", "hsl(", "hsla(", "hwb(", "lab(", "lch(", "oklab(", "oklch("];
    let named = line.split_once(':').is_some_and(|(_, value)| {
        functions.iter().any(|it| value.contains(it)) || value.split('#').skip(1).any(is_hex)
    });
    named && !line.trim_end().ends_with('{')
}

fn is_hex(after: &str) -> bool {
    let digits = after.chars().take_while(char::is_ascii_hexdigit).count();
    let ends = after[digits..].chars().next().is_none_or(|it| !it.is_alphanumeric() && it != '-');
    [3, 4, 6, 8].contains(&digits) && ends
}

fn selects_an_id(line: &str) -> bool {
    let selector = line.trim_end();
    let Some(selector) = selector.strip_suffix('{').or_else(|| selector.strip_suffix(',')) else {
        return false;
    };
    let quoted = selector.contains('"')
        || selector.contains('\'')
        || selector.contains(':') && selector.contains(';');
    !quoted && selector.contains('#')
}

/// Blanks comments out, so that line numbers stay.
fn without_comments(sheet: &str) -> String {
    let mut out = String::new();
    for (n, part) in sheet.split("/*").enumerate() {
        if n == 0 {
            out += part;
        } else {
            let (comment, rest) = part.split_once("*/").unwrap_or((part, ""));
            out.extend(comment.chars().filter(|it| *it == '\n'));
            out += rest;
        }
    }
    out
}
