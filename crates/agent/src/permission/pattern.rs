//! Path patterns of grants: `*` within a name, `**` across folders.
//!
//! There are no classes, braces or negations: a person must see at a glance what is allowed.

/// Tells whether a path fits a pattern.
pub fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    parts_match(&pattern, &path)
}

/// Remembers where the last `**` could take one part more, so the time is at most quadratic.
fn parts_match(pattern: &[&str], path: &[&str]) -> bool {
    let (mut p, mut s) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while s < path.len() {
        if p < pattern.len() && pattern[p] == "**" {
            // At the end it stands for everything below, not for the folder itself.
            if p + 1 == pattern.len() {
                return true;
            }
            retry = Some((p, s));
            p += 1;
        } else if p < pattern.len() && name_matches(pattern[p], path[s]) {
            p += 1;
            s += 1;
        } else if let Some((back, at)) = retry {
            retry = Some((back, at + 1));
            p = back + 1;
            s = at + 1;
        } else {
            return false;
        }
    }
    p == pattern.len()
}

fn name_matches(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut rest) = name.strip_prefix(head) else { return false };
    let mut pieces = tail.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_in_a_name_and_double_stars_cross_folders() {
        let check = |pattern: &str, path: &str, fits: bool| {
            assert_eq!(matches(pattern, path), fits, "{pattern} {path}");
        };
        check("src/**", "src/a.ts", true);
        check("src/**", "src/a/b/c.ts", true);
        check("src/**", "src", false);
        check("src/**", "source/a.ts", false);
        check("src/*", "src/a/b.ts", false);
        check("*.css", "a.css", true);
        check("*.css", "a/b.css", false);
        check("**/*.css", "b.css", true);
        check("**/*.css", "a/c/b.css", true);
        check("a*b*c", "aXbYc", true);
        check("a*b*c", "ac", false);
        check("a*a", "a", false);
        check("**/x/**/y", "a/x/b/x/c/y", true);
        check("**", "anything/at/all", true);
        check("a.ts", "a.ts", true);
        check("a.ts", "aXts", false);
    }

    #[test]
    fn a_hostile_pattern_is_answered_soon() {
        let path = "a/".repeat(300) + "b";
        assert!(!matches(&("**/a/".repeat(100) + "c"), &path));
        assert!(!matches(&"*a".repeat(500), &("a".repeat(400) + "b")));
    }
}
