//! Style sheets that are not where they were: addresses in them, and names of their own.
//!
//! It reads just enough of CSS for that (comments, strings, blocks, `url(…)`, `@import`) and leaves
//! everything else as it is.

use std::collections::BTreeMap;

/// Replaces each address in a sheet; `None` leaves it.
pub(crate) fn with_addresses(css: &str, mut replace: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    let mut importing = false;
    while let Some(first) = rest.chars().next() {
        let len = token(rest);
        let (token, after) = rest.split_at(len);
        rest = after;
        match first {
            '"' | '\'' if importing => {
                out.push_str(&quoted(unquote(token), &mut replace).unwrap_or(token.to_owned()));
                importing = false;
            }
            ';' | '{' => {
                importing = false;
                out.push_str(token);
            }
            _ if token.eq_ignore_ascii_case("@import") => {
                importing = true;
                out.push_str(token);
            }
            _ if token.eq_ignore_ascii_case("url") && rest.starts_with('(') => {
                importing = false;
                let (inside, after) = argument(rest);
                let quoted = quoted(unquote(inside.trim()), &mut replace);
                out.push_str("url(");
                out.push_str(quoted.as_deref().unwrap_or(inside));
                out.push(')');
                rest = after;
            }
            _ => out.push_str(token),
        }
    }
    out
}

/// Makes a sheet's class names its own, and says what each has become.
pub(crate) fn scoped(css: &str, suffix: &str) -> (String, BTreeMap<String, String>) {
    let mut out = String::with_capacity(css.len());
    let mut names = BTreeMap::new();
    let mut rest = css;
    // Within a rule's block a dot is part of a number; within `@media` it is a class again.
    let mut rules: Vec<bool> = Vec::new();
    let mut at_rule = false;
    while let Some(first) = rest.chars().next() {
        let len = token(rest);
        let (token, after) = rest.split_at(len);
        rest = after;
        match first {
            '{' => {
                rules.push(!at_rule);
                at_rule = false;
            }
            '}' => {
                rules.pop();
            }
            ';' => at_rule = false,
            '@' => at_rule = true,
            _ => {}
        }
        out.push_str(token);
        let selector = !rules.last().copied().unwrap_or(false) && !at_rule;
        let nested = rules.last() == Some(&true) && out.trim_end().ends_with("&.");
        if first == '.' && (selector || nested) && rest.starts_with(starts_name) {
            let len = self::token(rest);
            let (name, after) = rest.split_at(len);
            rest = after;
            let own = format!("{name}_{suffix}");
            out.push_str(&own);
            names.insert(name.to_owned(), own);
        }
    }
    (out, names)
}

/// Returns the length of what stands next: a comment, a string, a word or one character.
fn token(css: &str) -> usize {
    let Some(first) = css.chars().next() else { return 0 };
    if css.starts_with("/*") {
        return css.find("*/").map_or(css.len(), |end| end + 2);
    }
    if matches!(first, '"' | '\'') {
        return string(css, first);
    }
    let word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\\');
    if first == '@' || word(first) {
        let end = css.char_indices().skip(1).find(|(_, c)| !word(*c));
        return end.map_or(css.len(), |(at, _)| at);
    }
    first.len_utf8()
}

fn string(css: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in css.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote || c == '\n' => return at + 1,
            _ => {}
        }
    }
    css.len()
}

/// Splits `(…)` and what follows; a bracket that is never closed reaches to the end.
fn argument(css: &str) -> (&str, &str) {
    let inside = &css[1..];
    let start = inside.len() - inside.trim_start().len();
    let quote = inside[start..].chars().next().filter(|c| matches!(c, '"' | '\''));
    let from = quote.map_or(0, |quote| start + string(&inside[start..], quote));
    match inside[from..].find(')') {
        Some(end) => (&inside[..from + end], &inside[from + end + 1..]),
        None => (inside, ""),
    }
}

fn unquote(token: &str) -> &str {
    let quote = token.chars().next().filter(|c| matches!(c, '"' | '\''));
    quote.and_then(|quote| token.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(token)
}

fn quoted(url: &str, replace: &mut impl FnMut(&str) -> Option<String>) -> Option<String> {
    let outside = url.is_empty()
        || url.starts_with('#')
        || url.starts_with("//")
        || url.split(['/', '?', '#']).next().is_some_and(|head| head.contains(':'));
    if outside {
        return None;
    }
    Some(format!("\"{}\"", replace(url)?.replace('"', "%22")))
}

fn starts_name(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '-' | '_' | '\\')
}
